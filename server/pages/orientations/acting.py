"""What each party does with an offer: accept, refuse, renounce, take back, what follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from starlette.responses import Response

from server.db.orientations import Orientation
from server.domain import labels
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif, PortalError
from server.operations import orientations
from server.pages import views
from server.pages.orientations.showing import LIST, LISTS, offer_header, read_offer, show_offer
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIELDS = {"reason": "motif", "signed_on": "signe_le", "days": "jours", "mailbox": "adresse"}


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
    return await _check(visit, "orientation_refuser.html", "Refuser", State.SENT)


async def renounce_check(visit: Visit) -> Response:
    """What a renunciation does, before it is given (T17)."""
    return await _check(visit, "orientation_renoncer.html", "Renoncer", State.SEARCHING)


async def _check(visit: Visit, template: str, word: str, open_state: State) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ORIENTATION_ANSWER)
        offer = await read_offer(tx, visit.path_id())
    title = views.offer_title(offer.row)
    here = {"label": title, "href": f"/orientations/{offer.row.id}"}
    visit.breadcrumb = [LISTS.get(visit.actor.capacity, LIST), here, {"label": word}]
    object_ = "l'offre" if open_state is State.SENT else "au logement"
    return visit.render(
        template,
        title=f"{word} {object_}",
        offer=offer_header(offer, visit.actor),
        home=title,
        is_open=offer.state is open_state,
        deadline=views.running_deadline(offer.row, offer.now),
    )


async def refuse(visit: Visit) -> Response:
    return await _with_motif(
        visit,
        lambda tx, offer_id, motif, version: orientations.refuse(
            tx, offer_id, motif=motif or None, expected_version=version
        ),
        lambda row: f"Offre refusée : {views.named(row.bailleur_name)} en est prévenu.",
    )


async def renounce(visit: Visit) -> Response:
    return await _with_motif(
        visit,
        lambda tx, offer_id, motif, version: orientations.renounce(
            tx, offer_id, motif=motif or None, expected_version=version
        ),
        lambda row: f"Renonciation enregistrée : {views.named(row.bailleur_name)} en est prévenu.",
    )


async def withdraw(visit: Visit) -> Response:
    return await _with_motif(
        visit,
        lambda tx, offer_id, motif, version: orientations.withdraw(
            tx, offer_id, reason=motif, expected_version=version
        ),
        lambda row: f"Offre retirée : {views.named(views.reservataire_of(row))} lira votre motif.",
    )


Ends = Callable[[TenantTransaction, UUID, str, int | None], Awaitable[Orientation]]


async def _with_motif(visit: Visit, act: Ends, said: Callable[[Orientation], str]) -> Response:
    """One act with its motif, on the version that was read; what was typed is kept if refused."""
    form = Form(data=await visit.form())
    offer_id, motif = visit.path_id(), form.text("motif")
    try:
        version = form.integer("version", required=False)
        form.check()
        async with visit.writing() as tx:
            row = await act(tx, offer_id, motif, version)
    except (Invalid, Conflict) as error:
        return await refused(visit, error, motif=motif)
    return visit.redirect(f"/orientations/{offer_id}", message=said(row))


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
