"""The bailleur's acts beside an answer: what it received, whom it reminds, one or several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from starlette.responses import Response

from server.errors import Conflict, Forbidden, Invalid, Motif, NotFound, PortalError
from server.operations import orientations
from server.operations.orientations import ReceivedAnswer
from server.pages import views
from server.pages.orientations.showing import LIST, show_offer
from server.pages.views import View
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.permissions import Permission, require

FIELDS = {
    "received_on": "recue_le",
    "channel": "recue_par",
    "person": "recue_de",
}
TYPED = ("recue", "recue_le", "recue_par", "recue_de", "recue_motif", "recue_confirme")
MOST = 50


async def record(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.ORIENTATION_SEND)
            await orientations.record_received(tx, _received(offer_id, form))
    except (Invalid, Conflict) as error:
        typed = {name: form.text(name) for name in TYPED}
        motifs = views.renamed(error.motifs, FIELDS)
        return await show_offer(visit, motifs=motifs, typed=typed, status=error.status)
    message = "Réponse enregistrée : le réservataire en est prévenu."
    return visit.redirect(f"/orientations/{offer_id}", message=message)


def _received(offer_id: UUID, form: Form) -> ReceivedAnswer:
    answer, received_on = form.text("recue"), form.day("recue_le")
    if answer not in ("accepter", "refuser"):
        message = "Choisissez la réponse que vous avez reçue."
        form.motifs.append(Motif(code="answer_required", message=message, field="recue"))
    if not form.flag("recue_confirme"):
        message = "Confirmez que vous avez relu cette réponse."
        motif = Motif(code="confirmation_required", message=message, field="recue_confirme")
        form.motifs.append(motif)
    version = form.integer("version", required=False)
    form.check()
    return ReceivedAnswer(
        orientation_id=offer_id,
        is_accepted=answer == "accepter",
        received_on=received_on or date.max,
        channel=form.text("recue_par"),
        person=form.text("recue_de"),
        motif=form.text("recue_motif") or None,
        expected_version=version,
    )


async def remind(visit: Visit) -> Response:
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            row = await orientations.remind(tx, offer_id)
    except Conflict as error:
        return await show_offer(visit, motifs=error.motifs, status=error.status)
    message = f"{views.capital(views.named(views.reservataire_of(row)))} est relancé."
    return visit.redirect(f"/orientations/{offer_id}", message=message)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one line of several."""

    offer_id: UUID
    refusal: str = ""


async def remind_several(visit: Visit) -> Response:
    """Each its own transaction and its own result; what fails stops nothing."""
    require(visit.actor, Permission.ORIENTATION_SEND)
    data = await visit.form()
    ids = [found for text in data.getlist("offre") if (found := parse_uuid(str(text)))]
    if not ids:
        message = "Choisissez au moins une offre à relancer."
        raise Invalid(Motif(code="choice_required", message=message))
    outcomes = [await _remind_one(visit, one) for one in list(dict.fromkeys(ids))[:MOST]]
    return await _told(visit, outcomes)


async def _remind_one(visit: Visit, offer_id: UUID) -> Outcome:
    try:
        async with visit.writing() as tx:
            await orientations.remind(tx, offer_id)
    except Forbidden:
        raise
    except PortalError as error:
        return Outcome(offer_id=offer_id, refusal=error.message)
    return Outcome(offer_id=offer_id)


async def _told(visit: Visit, outcomes: list[Outcome]) -> Response:
    async with visit.reading() as tx:
        rows = await orientations.visible_of(tx, [one.offer_id for one in outcomes])
    if not rows:
        raise NotFound
    lines: list[View] = [
        {
            "title": views.offer_title(rows[one.offer_id]),
            "href": f"/orientations/{one.offer_id}",
            "party": views.reservataire_of(rows[one.offer_id]),
            "is_done": not one.refusal,
            "detail": one.refusal or "Rappel envoyé.",
        }
        for one in outcomes
        if one.offer_id in rows
    ]
    visit.breadcrumb = [LIST, {"label": "Relances"}]
    return visit.render(
        "orientations_resultat.html",
        title="Relances",
        lines=lines,
        done=sum(one["is_done"] for one in lines),
        back="/orientations",
    )
