"""What each party does with an offer: accept, refuse, take it back, record the lease."""

from __future__ import annotations

from datetime import date
from typing import TypedDict
from uuid import UUID

from starlette.responses import Response

from server.db.orientations import Orientation
from server.domain import labels
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif, NotFound, PortalError
from server.operations import caleol, orientations
from server.pages import views
from server.pages.orientations.showing import LIST, LISTS, offer_header, read_offer, show_offer
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIELDS = {"reason": "motif", "signed_on": "signe_le", "days": "jours"}


class LeaseFacts(TypedDict):
    signed_on: date
    expected_version: int | None


async def refused(visit: Visit, error: PortalError, **typed: str) -> Response:
    """The page of the offer as it is now, with what forbids the act."""
    motifs = views.renamed(error.motifs, FIELDS)
    return await show_offer(visit, motifs=motifs, typed=typed, status=error.status)


async def accept(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id = visit.path_id()
    try:
        version = form.integer("version", required=False)
        form.check()
        async with visit.writing() as tx:
            row = await orientations.accept(tx, offer_id, expected_version=version)
    except (Invalid, Conflict) as error:
        return await refused(visit, error)
    due = row.candidates_due_at
    until = f" Présentez vos candidats jusqu'au {labels.french_deadline(due)}." if due else ""
    return visit.redirect(f"/orientations/{offer_id}", message=f"Offre acceptée.{until}")


async def refuse_check(visit: Visit) -> Response:
    """What a refusal does, before it is given."""
    async with visit.reading() as tx:
        require(tx.actor, Permission.ORIENTATION_ANSWER)
        offer = await read_offer(tx, visit.path_id())
    title = views.offer_title(offer.row)
    here = {"label": title, "href": f"/orientations/{offer.row.id}"}
    crumbs = (LISTS.get(visit.actor.capacity, LIST), here, {"label": "Refuser"})
    visit.breadcrumb = list(crumbs)
    return visit.render(
        "orientation_refuser.html",
        title="Refuser l'offre",
        offer=offer_header(offer, visit.actor),
        home=title,
        is_open=offer.state == "sent",
        deadline=views.running_deadline(offer.row, offer.now),
    )


async def refuse(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id, motif = visit.path_id(), form.text("motif")
    try:
        version = form.integer("version", required=False)
        form.check()
        async with visit.writing() as tx:
            row = await orientations.refuse(
                tx, offer_id, motif=motif or None, expected_version=version
            )
    except (Invalid, Conflict) as error:
        return await refused(visit, error, motif=motif)
    message = f"Offre refusée : {views.named(row.bailleur_name)} en est prévenu."
    return visit.redirect(f"/orientations/{offer_id}", message=message)


async def withdraw(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id, motif = visit.path_id(), form.text("motif")
    try:
        version = form.integer("version", required=False)
        form.check()
        async with visit.writing() as tx:
            row = await orientations.withdraw(tx, offer_id, reason=motif, expected_version=version)
    except (Invalid, Conflict) as error:
        return await refused(visit, error, motif=motif)
    message = f"Offre retirée : {views.named(views.reservataire_of(row))} lira votre motif."
    return visit.redirect(f"/orientations/{offer_id}", message=message)


async def follow(visit: Visit) -> Response:
    """The search ended without candidate: the bailleur chooses among the three ways of art. 5.3."""
    form = Form(data=await visit.form())
    offer_id, way, days = visit.path_id(), form.text("suite"), form.text("jours")
    try:
        async with visit.writing() as tx:
            row = await _follow(tx, offer_id, form)
    except (Invalid, Conflict) as error:
        return await refused(visit, error, suite=way, jours=days)
    if row.state == State.REORIENTED:
        message = "Logement à nouveau à orienter."
        return visit.redirect(f"/liberations/{row.vacancy_id}", message=message)
    return visit.redirect(f"/orientations/{offer_id}", message="Choix enregistré.")


async def _follow(tx: TenantTransaction, offer_id: UUID, form: Form) -> Orientation:
    version, way = form.integer("version", required=False), form.text("suite")
    days = form.integer("jours") if way == "delai" else 0
    form.check()
    if way == "compte":
        return await orientations.search_on_behalf(tx, offer_id, expected_version=version)
    if way == "reorienter":
        return await orientations.reorient(tx, offer_id, expected_version=version)
    if way == "delai":
        return await orientations.extend(tx, offer_id, days=days or 0, expected_version=version)
    raise Invalid(Motif(code="choice_required", message="Choisissez la suite.", field="suite"))


def _lease_facts(form: Form) -> LeaseFacts:
    version, signed_on = form.integer("version", required=False), form.day("signe_le")
    form.check()
    if signed_on is None:
        raise NotFound
    return {"signed_on": signed_on, "expected_version": version}


async def lease(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            await caleol.record_lease(tx, offer_id, **_lease_facts(form))
    except (Invalid, Conflict) as error:
        return await refused(visit, error, signe_le=form.text("signe_le"))
    return visit.redirect(f"/orientations/{offer_id}", message="Bail enregistré.")
