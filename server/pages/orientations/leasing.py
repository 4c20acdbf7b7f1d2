"""What the bailleur records after the commission: told, answered, next rank, lease, no lease."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from starlette.responses import Response

from server.domain.deadlines import REPLY_DAYS
from server.errors import Conflict, Invalid, NotFound
from server.operations import caleol
from server.operations.caleol import RecordReply, TellCandidate
from server.pages import views
from server.pages.orientations.showing import show_offer
from server.pages.visits import Form, Visit
from server.tenants.transactions import TenantTransaction

FIELDS = {
    "signed_on": "signe_le",
    "notified_on": "notifie_le",
    "days": "delai",
    "reply": "reponse",
    "replied_on": "repondu_le",
    "reason": "motif_echec",
}
TYPED = (
    "signe_le",
    "notifie_le",
    "delai",
    "reponse",
    "repondu_le",
    "motif_candidat",
    "motif_echec",
)
Record = Callable[[TenantTransaction, UUID, Form], Awaitable[str]]


async def _recorded(visit: Visit, record: Record) -> Response:
    form = Form(data=await visit.form())
    offer_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            message = await record(tx, offer_id, form)
    except (Invalid, Conflict) as error:
        typed = {name: form.text(name) for name in TYPED}
        motifs = views.renamed(error.motifs, FIELDS)
        return await show_offer(visit, motifs=motifs, typed=typed, status=error.status)
    return visit.redirect(f"/orientations/{offer_id}", message=message)


def _day(form: Form, name: str) -> date:
    found = form.day(name)
    form.check()
    if found is None:
        raise NotFound
    return found


async def tell(visit: Visit) -> Response:
    return await _recorded(visit, _tell)


async def _tell(tx: TenantTransaction, offer_id: UUID, form: Form) -> str:
    days = form.integer("delai", required=False)
    command = TellCandidate(
        orientation_id=offer_id,
        notified_on=_day(form, "notifie_le"),
        days=REPLY_DAYS if days is None else days,
    )
    await caleol.tell(tx, command)
    return "Notification enregistrée : le délai du candidat court."


async def hear(visit: Visit) -> Response:
    return await _recorded(visit, _hear)


async def _hear(tx: TenantTransaction, offer_id: UUID, form: Form) -> str:
    command = RecordReply(
        orientation_id=offer_id,
        reply=form.text("reponse"),
        replied_on=_day(form, "repondu_le"),
        reason=form.text("motif_candidat") or None,
    )
    await caleol.hear(tx, command)
    return "Réponse du candidat enregistrée."


async def next_rank(visit: Visit) -> Response:
    return await _recorded(visit, _next_rank)


async def _next_rank(tx: TenantTransaction, offer_id: UUID, form: Form) -> str:
    version = form.integer("version", required=False)
    form.check()
    await caleol.next_rank(tx, offer_id, expected_version=version)
    return "Le logement va au candidat suivant : informez-le, puis enregistrez la notification."


async def fail(visit: Visit) -> Response:
    return await _recorded(visit, _fail)


async def _fail(tx: TenantTransaction, offer_id: UUID, form: Form) -> str:
    version = form.integer("version", required=False)
    form.check()
    await caleol.fail_lease(tx, offer_id, reason=form.text("motif_echec"), expected_version=version)
    return "Aucun bail : le logement est à nouveau à orienter."


async def lease(visit: Visit) -> Response:
    return await _recorded(visit, _lease)


async def _lease(tx: TenantTransaction, offer_id: UUID, form: Form) -> str:
    version = form.integer("version", required=False)
    signed_on = _day(form, "signe_le")
    await caleol.record_lease(tx, offer_id, signed_on=signed_on, expected_version=version)
    return "Bail enregistré."
