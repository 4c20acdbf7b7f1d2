"""Answering an offer from the mailbox that several people read (convention, art. 5.3).

Whoever has the link sees the dwelling and the deadline, and answers under the name and the
function that she gives; the organisme may close this way.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.db import answer_links as rows
from server.db.answer_links import LinkDecision
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.errors import Conflict, Forbidden, Invalid, Motif
from server.logs import security
from server.operations import orientations
from server.tenants.actors import Capacity
from server.tenants.answer_links import AnswerLink
from server.tenants.permissions import Permission, require
from server.tenants.transactions import Database, TenantTransaction

LONGEST = 100
"""Characters of a name, of a function."""

HISTORY = 20
CLOSED = Motif(
    code="answer_link_closed",
    message="Votre organisme n'accepte plus les réponses par le lien du courriel : "
    "connectez-vous pour répondre.",
)


@dataclass(frozen=True, kw_only=True)
class LinkedAnswer:
    """What is answered, by whom: a name and a function, as declared."""

    is_accepted: bool
    name: str
    function: str
    motif: str | None = None


@dataclass(frozen=True, kw_only=True)
class LinkedOffer:
    """The offer behind a link; `is_open`: whether its organisme lets the link answer."""

    row: Orientation
    is_open: bool


def check_person(name: str, function: str) -> None:
    """Invalid without a name and a function, short and on one line each."""
    asked = (
        ("name", name, "Indiquez votre nom."),
        ("function", function, "Indiquez votre fonction."),
    )
    motifs = [
        Motif(code=f"{field}_required", message=message, field=field)
        for field, value, message in asked
        if not value.strip() or len(value) > LONGEST or not value.isprintable()
    ]
    if motifs:
        raise Invalid(*motifs)


async def is_open(tx: TenantTransaction) -> bool:
    """Open until the organisme says otherwise."""
    last = await rows.list_link_decisions(tx, length=1)
    return not last or last[0].is_open


async def find(tx: TenantTransaction, link: AnswerLink) -> LinkedOffer:
    """NotFound when the offer is no longer this addressee's."""
    row = await orientations.get(tx, link.orientation_id)
    return LinkedOffer(row=row, is_open=await is_open(tx))


async def answer(database: Database, link: AnswerLink, given: LinkedAnswer) -> Orientation:
    """Accept or refuse (T3, T4), in one transaction under the declared name and function.

    Codes: name_required, function_required, answer_link_closed, and those of an answer.
    """
    check_person(given.name, given.function)
    actor = link.holder(f"{given.name.strip()}, {given.function.strip()}")
    async with database.write_transaction(actor) as tx:
        if not await is_open(tx):
            raise Conflict(CLOSED)
        if given.is_accepted:
            row = await orientations.accept(tx, link.orientation_id)
        else:
            row = await orientations.refuse(tx, link.orientation_id, motif=given.motif)
    security("answered_by_link", subject=str(row.id), tenant=str(row.reservataire_id))
    return row


# --- The organisme decides ----------------------------------------------------------------------


def _require_responsable(tx: TenantTransaction) -> None:
    """Who may answer for the organisme is decided by who invites its people."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    if tx.actor.capacity is not Capacity.RESERVATAIRE:
        raise Forbidden


async def history(tx: TenantTransaction) -> list[LinkDecision]:
    _require_responsable(tx)
    return await rows.list_link_decisions(tx, length=HISTORY)


async def decide(tx: TenantTransaction, *, is_open_now: bool) -> None:
    """Open or close the way; the same decision twice changes nothing."""
    _require_responsable(tx)
    if await is_open(tx) == is_open_now:
        return
    await rows.insert_decision(
        tx,
        {
            "id": new_id(),
            "tenant_id": tx.actor.tenant_id,
            "is_open": is_open_now,
            "decided_at": tx.now,
            "person_id": tx.actor.person_id,
            "person_name": tx.actor.person_name,
        },
    )
    security("answer_link_decided", tenant=str(tx.actor.tenant_id), is_open=is_open_now)
