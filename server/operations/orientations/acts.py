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
from server.operations.orientations.addressing import answered_by_another, is_held_by
from server.operations.orientations.reading import facts_of, get
from server.operations.orientations.receipts import answer_values, receipt, search_values
from server.tenants.actors import Capacity
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
        await _refuse_holder(tx, orientation_id)
        raise NotFound
    return await get(tx, orientation_id)


async def _refuse_holder(tx: TenantTransaction, orientation_id: UUID) -> None:
    """A commune substituted by the préfet reads its offer; the database lets it write nothing."""
    row = await get(tx, orientation_id)
    if is_held_by(row, tx.actor.tenant_id):
        raise Conflict(answered_by_another(row))


def _values(row: Orientation, transition: Transition) -> dict[str, Any]:
    values: dict[str, Any] = {"state": transition.to_state.value}
    if transition.answer is not None:
        values |= {
            "clock_at": transition.clock_at,
            "answer_receipt": receipt(transition.answer, restart=transition.restart),
            **answer_values(transition.answer, row.candidate_days),
        }
    if transition.acceptance is not None:
        values["acceptance_mode"] = transition.acceptance.value
        values["accepted_on"] = transition.accepted_on
    if transition.candidates is not None:
        values |= search_values(transition.candidates)
    if transition.searched_by is not None:
        values["searched_by"] = transition.searched_by.value
    if transition.extension_count is not None:
        values["extension_count"] = transition.extension_count
    return values


def act_on(
    row: Orientation,
    act: str,
    *,
    from_state: str | None = None,
    to_state: str | None = None,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> Act:
    """A line of the journal about this offer: its two parties may read it."""
    return Act(
        act=act,
        subject_kind="orientation",
        subject_id=row.id,
        bailleur_id=row.bailleur_id,
        reservataire_id=row.reservataire_id,
        contingent=row.contingent,
        dwelling_id=row.dwelling_id,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        facts=facts,
    )


async def store(
    tx: TenantTransaction,
    row: Orientation,
    transition: Transition,
    *,
    extra: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
) -> tuple[Orientation, UUID]:
    """Write a transition and its line of the journal, with more `facts` if there are any; answers
    the fresh row and the line's id.
    """
    values = {**_values(row, transition), **(extra or {})}
    if not await orientations.update_orientation(tx, row, **values):
        raise Conflict(STALE)
    by_portal = transition.actor is law.Actor.SYSTEM
    at = (transition.clock_at or end_of_day(transition.on)) if by_portal else None
    entry = await record(
        tx,
        act_on(
            row,
            f"orientation.{transition.step.value}",
            from_state=transition.from_state.value,
            to_state=transition.to_state.value,
            reason=transition.reason,
            facts={**_facts(transition), **(facts or {})},
        ),
        at=at,
        by_portal=by_portal,
    )
    fresh = await get(tx, row.id)
    return fresh, entry


def _facts(transition: Transition) -> dict[str, Any]:
    facts = {"on": transition.on.isoformat()}
    if transition.restart is not None and transition.answer is not None:
        facts |= {
            "cause": transition.restart.value,
            "answer_last_day": transition.answer.last_day.isoformat(),
        }
    return facts


async def catch_up(tx: TenantTransaction, row: Orientation) -> Orientation:
    """Record what time alone has done (tacit acceptance, end of the search) and tell both.

    Only the bailleur writes an answer period: for the others a new one waits for the sweep.
    """
    while (due := law.due_transition(facts_of(row), tx.now)) is not None:
        if due.step is law.Step.RESTART and tx.actor.capacity is not Capacity.BAILLEUR:
            break
        row, entry = await store(tx, row, due)
        await tell_both(tx, entry, row, f"orientation.{due.step.value}")
    return row


def bailleur_of(row: Orientation) -> Recipient:
    return Recipient(tenant_id=row.bailleur_id, capacity="bailleur")


def reservataire_of(row: Orientation) -> Recipient:
    return Recipient(
        tenant_id=row.reservataire_id, capacity="reservataire", contingent=row.contingent
    )


async def tell_both(tx: TenantTransaction, entry: UUID, row: Orientation, template: str) -> None:
    """Announce an act of the journal about this offer to its two parties."""
    await _tell(tx, entry, row, [bailleur_of(row), reservataire_of(row)], template)


async def tell_bailleur(
    tx: TenantTransaction, entry: UUID, row: Orientation, template: str
) -> None:
    await _tell(tx, entry, row, [bailleur_of(row)], template)


async def tell_reservataire(
    tx: TenantTransaction,
    entry: UUID,
    row: Orientation,
    template: str,
    *,
    notification_id: UUID | None = None,
) -> None:
    await _tell(tx, entry, row, [reservataire_of(row)], template, notification_id)


async def _tell(
    tx: TenantTransaction,
    entry: UUID,
    row: Orientation,
    told: list[Recipient],
    template: str,
    notification_id: UUID | None = None,
) -> None:
    await announce(
        tx,
        entry,
        told,
        template=template,
        subject_kind="orientation",
        subject_id=row.id,
        notification_id=notification_id,
    )


async def perform(
    tx: TenantTransaction,
    row: Orientation,
    decide: Decide,
    *,
    extra: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
) -> tuple[Orientation, UUID]:
    """Decide on a locked row, record what was due before, then the act itself."""
    verdict = decide(facts_of(row))
    if not isinstance(verdict, Transition):
        raise Conflict(*verdict)
    row = await catch_up(tx, row)
    if row.state != verdict.from_state:
        raise Conflict(STALE)
    return await store(tx, row, verdict, extra=extra, facts=facts)


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
    await tell_bailleur(tx, entry, fresh, "orientation.accept")
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
    await tell_bailleur(tx, entry, fresh, "orientation.refuse")
    return fresh


async def renounce(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    motif: str | None = None,
    expected_version: int | None = None,
) -> Orientation:
    """The réservataire gives up after its acceptance; the bailleur chooses what follows (T17)."""
    require(tx.actor, Permission.ORIENTATION_ANSWER)
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(
        tx,
        row,
        lambda facts: law.renounce(
            facts, now=tx.now, reason=motif, expected_version=expected_version
        ),
    )
    await tell_bailleur(tx, entry, fresh, "orientation.renounce")
    return fresh


async def withdraw(
    tx: TenantTransaction,
    orientation_id: UUID,
    *,
    reason: str,
    expected_version: int | None = None,
) -> Orientation:
    """The bailleur takes the offer back before the commission, with its reason (T6)."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    return await _take_back(
        tx,
        orientation_id,
        lambda facts: law.withdraw(
            facts, now=tx.now, reason=reason, expected_version=expected_version
        ),
        reason.strip(),
    )


async def divert(tx: TenantTransaction, orientation_id: UUID, *, reason: str) -> Orientation:
    """An approved urgency takes the dwelling back, with notice to the réservataire (art. 2.4)."""
    return await _take_back(
        tx, orientation_id, lambda facts: law.divert(facts, now=tx.now, reason=reason), reason
    )


async def _take_back(
    tx: TenantTransaction, orientation_id: UUID, decide: Decide, reason: str
) -> Orientation:
    row = await locked(tx, orientation_id)
    fresh, entry = await perform(tx, row, decide, extra={"withdrawal_reason": reason})
    await tell_reservataire(tx, entry, fresh, "orientation.withdraw")
    return fresh


async def record_due(tx: TenantTransaction, orientation_id: UUID) -> bool:
    """The sweep's part: record what is due on one offer; False if another worker has it."""
    if not await orientations.lock_orientation(tx, orientation_id, skip_locked=True):
        return False
    row = await get(tx, orientation_id)
    return await catch_up(tx, row) is not row
