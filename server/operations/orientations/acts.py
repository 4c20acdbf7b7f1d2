"""What the parties and the silence do with an offer that was sent (art. 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from server.db import orientations
from server.db.orientations import Orientation
from server.domain import orientations as law
from server.domain.deadlines import end_of_day
from server.domain.orientations import OrientationFacts, Transition, Verdict
from server.errors import Conflict, Motif, NotFound
from server.operations.journal import Act, Recipient, announce, record
from server.operations.orientations.reading import facts_of, get
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

STALE = Motif(
    code="stale_version",
    message="Une autre personne vient de modifier cette orientation : rechargez la page.",
)
Decide = Callable[[OrientationFacts], Verdict]


async def locked(tx: TenantTransaction, orientation_id: UUID) -> Orientation:
    """The orientation, locked until the end of the transaction."""
    require(tx.actor, Permission.ORIENTATION_READ)
    if not await orientations.lock_orientation(tx, orientation_id):
        raise NotFound
    return await get(tx, orientation_id)


def _values(transition: Transition) -> dict[str, Any]:
    values: dict[str, Any] = {"state": transition.to_state.value}
    if transition.acceptance is not None:
        values["acceptance_mode"] = transition.acceptance.value
        values["accepted_on"] = transition.accepted_on
    if transition.candidates is not None:
        values["candidates_due_at"] = transition.candidates.due_at
        values["candidates_last_day"] = transition.candidates.last_day
    if transition.searched_by is not None:
        values["searched_by"] = transition.searched_by.value
    if transition.extension_count is not None:
        values["extension_count"] = transition.extension_count
    return values


async def store(
    tx: TenantTransaction,
    row: Orientation,
    transition: Transition,
    *,
    extra: dict[str, Any] | None = None,
) -> tuple[Orientation, UUID]:
    """Write a transition and its line of the journal; answers the fresh row and the line's id."""
    if not await orientations.update_orientation(tx, row, **_values(transition), **(extra or {})):
        raise Conflict(STALE)
    by_portal = transition.actor is law.Actor.SYSTEM
    at = end_of_day(transition.on) if by_portal else None
    entry = await record(
        tx,
        Act(
            act=f"orientation.{transition.step.value}",
            subject_kind="orientation",
            subject_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            contingent=row.contingent,
            dwelling_id=row.dwelling_id,
            from_state=transition.from_state.value,
            to_state=transition.to_state.value,
            reason=transition.reason,
            facts={"on": transition.on.isoformat()},
        ),
        at=at,
        by_portal=by_portal,
    )
    fresh = await get(tx, row.id)
    return fresh, entry


async def catch_up(tx: TenantTransaction, row: Orientation) -> Orientation:
    """Record what time alone has done (tacit acceptance, end of the search) and tell both."""
    while (due := law.due_transition(facts_of(row), tx.now)) is not None:
        row, entry = await store(tx, row, due)
        await _tell_both(tx, entry, row, due.step.value)
    return row


async def _tell_both(tx: TenantTransaction, entry: UUID, row: Orientation, step: str) -> None:
    await announce(
        tx,
        entry,
        [bailleur_of(row), reservataire_of(row)],
        template=f"orientation.{step}",
        subject_kind="orientation",
        subject_id=row.id,
    )


def bailleur_of(row: Orientation) -> Recipient:
    return Recipient(tenant_id=row.bailleur_id, capacity="bailleur")


def reservataire_of(row: Orientation) -> Recipient:
    return Recipient(
        tenant_id=row.reservataire_id, capacity="reservataire", contingent=row.contingent
    )


async def perform(
    tx: TenantTransaction,
    row: Orientation,
    decide: Decide,
    *,
    extra: dict[str, Any] | None = None,
) -> tuple[Orientation, UUID]:
    """Decide on a locked row, record what was due before, then the act itself."""
    verdict = decide(facts_of(row))
    if not isinstance(verdict, Transition):
        raise Conflict(*verdict)
    row = await catch_up(tx, row)
    return await store(tx, row, verdict, extra=extra)


async def accept(
    tx: TenantTransaction, orientation_id: UUID, *, expected_version: int | None = None
) -> Orientation:
    """The réservataire accepts; fifteen working days begin (T3)."""
    require(tx.actor, Permission.ORIENTATION_ANSWER)
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.accept(facts, now=tx.now, expected_version=expected_version),
        extra={"answered_at": tx.now},
    )
    await _tell_bailleur(tx, entry, fresh, "orientation.accept")
    return fresh


async def refuse(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    motif: str | None = None,
    expected_version: int | None = None,
) -> Orientation:
    """The réservataire refuses; the bailleur turns to a second one (T4)."""
    require(tx.actor, Permission.ORIENTATION_ANSWER)
    row = await locked(tx, orientation_id)
    reason = (motif or "").strip() or None
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.refuse(
            facts, now=tx.now, reason=reason, expected_version=expected_version
        ),
        extra={"answered_at": tx.now, "refusal_motif": reason},
    )
    await _tell_bailleur(tx, entry, fresh, "orientation.refuse")
    return fresh


async def _tell_bailleur(
    tx: TenantTransaction, entry: UUID, row: Orientation, template: str
) -> None:
    await announce(
        tx,
        entry,
        [bailleur_of(row)],
        template=template,
        subject_kind="orientation",
        subject_id=row.id,
    )


async def withdraw(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    reason: str,
    expected_version: int | None = None,
) -> Orientation:
    """The bailleur takes the offer back before the commission, with its reason (T6)."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.withdraw(
            facts, now=tx.now, reason=reason, expected_version=expected_version
        ),
        extra={"withdrawal_reason": reason.strip()},
    )
    await announce(
        tx,
        entry,
        [reservataire_of(fresh)],
        template="orientation.withdraw",
        subject_kind="orientation",
        subject_id=fresh.id,
    )
    return fresh


async def divert(tx: TenantTransaction, orientation_id: UUID, *, reason: str) -> Orientation:
    """An approved urgency takes the dwelling back, with notice to the réservataire (art. 2.4)."""
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.divert(facts, now=tx.now, reason=reason),
        extra={"withdrawal_reason": reason},
    )
    await announce(
        tx,
        entry,
        [reservataire_of(fresh)],
        template="orientation.withdraw",
        subject_kind="orientation",
        subject_id=fresh.id,
    )
    return fresh


async def record_due(tx: TenantTransaction, orientation_id: UUID) -> bool:
    """The sweep's part: record what is due on one offer; False if another worker has it."""
    if not await orientations.lock_orientation(tx, orientation_id, skip_locked=True):
        return False
    row = await get(tx, orientation_id)
    return await catch_up(tx, row) is not row
