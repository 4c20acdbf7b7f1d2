"""What the bailleur does beside an answer: recording one it received, reminding (art. 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import notifications
from server.db.orientations import Orientation
from server.domain import orientations as law
from server.domain.deadlines import local_day
from server.domain.orientations import Received
from server.errors import Conflict, Invalid, Motif
from server.operations.journal import record
from server.operations.orientations.acts import act_on, locked, perform, tell_reservataire
from server.operations.orientations.reading import facts_of
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

REMINDED = "orientation.remind"


@dataclass(frozen=True, kw_only=True)
class ReceivedAnswer:
    """An answer that reached the bailleur on paper, by telephone or by mail: from whom, when."""

    orientation_id: UUID
    is_accepted: bool
    received_on: date
    channel: str
    person: str
    motif: str | None = None
    expected_version: int | None = None


def _motifs(command: ReceivedAnswer) -> tuple[Motif, ...]:
    motifs = []
    if command.channel not in {one.value for one in Received}:
        message = "Indiquez comment la réponse vous est parvenue."
        motifs.append(Motif(code="channel_invalid", message=message, field="channel"))
    if not command.person.strip():
        message = "Indiquez qui a répondu : son nom ou sa fonction."
        motifs.append(Motif(code="person_required", message=message, field="person"))
    return tuple(motifs)


async def record_received(tx: TenantTransaction, command: ReceivedAnswer) -> Orientation:
    """The réservataire answered outside the portal; it is told that its answer is recorded."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    motifs = _motifs(command)
    if motifs:
        raise Invalid(*motifs)
    row = await locked(tx, command.orientation_id)
    motif = None if command.is_accepted else (command.motif or "").strip() or None
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.receive(
            facts,
            now=tx.now,
            sent_on=row.sent_on,
            received_on=command.received_on,
            is_accepted=command.is_accepted,
            reason=motif,
            expected_version=command.expected_version,
        ),
        extra={"answered_at": tx.now, "refusal_motif": motif},
        facts={"received": command.channel, "by": command.person.strip()},
    )
    await tell_reservataire(tx, entry, fresh, "orientation.received")
    return fresh


async def remind(tx: TenantTransaction, orientation_id: UUID) -> Orientation:
    """The bailleur reminds the réservataire of its deadline, at most once an offer and a day."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    last_at = await notifications.last_act_at(tx, row.id, REMINDED)
    last_on = local_day(last_at) if last_at else None
    motifs = law.reminding_motifs(facts_of(row), now=tx.now, last_on=last_on)
    if motifs:
        raise Conflict(*motifs)
    entry = await record(
        tx,
        act_on(
            row,
            REMINDED,
        ),
    )
    await tell_reservataire(tx, entry, row, REMINDED)
    return row
