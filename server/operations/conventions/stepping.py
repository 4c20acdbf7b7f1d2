"""The steps of a convention, each by its party: the vote, the signatures, its end (art. 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions as rows
from server.db.conventions import ConventionRecord
from server.domain import convention_steps as law
from server.domain.convention_steps import (
    ConventionStep,
    Moved,
    Reminder,
    Side,
    StepAsked,
    StepFacts,
    due_reminder,
)
from server.domain.conventions import ConventionState, last_day
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.conventions.preparing import STALE, get_record, side_of, tell
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction

TYPED = frozenset({"told_required", "day_in_the_future", "day_too_early", "day_too_late"})
TWO_IN_FORCE = Motif(
    code="two_in_force",
    message="Une autre convention entre les mêmes parties couvre déjà cette période (R441-5).",
)


@dataclass(frozen=True, kw_only=True)
class MakeStep:
    """What a party records of its step; see `domain.convention_steps.StepAsked`."""

    convention_id: UUID
    step: ConventionStep
    on: date
    told: str = ""
    transmitted_on: date | None = None
    expected_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What the check page shows: nothing is written. `replaced` is what this signature ends."""

    row: ConventionRecord
    moved: Moved
    last_day: date
    replaced: ConventionRecord | None


def facts_of(row: ConventionRecord) -> StepFacts:
    return StepFacts(
        state=ConventionState(row.state),
        starts_on=row.starts_on,
        start_rule=law.StartRule(row.start_rule),
        category=row.category,
        version=row.version,
        ended_on=row.ended_on,
        deliberated_on=row.deliberated_on,
        transmitted_on=row.transmitted_on,
        bailleur_signed_on=row.bailleur_signed_on,
        reservataire_signed_on=row.reservataire_signed_on,
    )


def steps_open(tx: TenantTransaction, row: ConventionRecord) -> tuple[ConventionStep, ...]:
    """Those that the actor may make today: its buttons."""
    side = side_of(tx, row)
    if side is None or not may(tx.actor, Permission.CONVENTION_SIGN):
        return ()
    return law.steps_open(facts_of(row), side, today=local_day(tx.now))


async def preview_step(tx: TenantTransaction, command: MakeStep) -> Foreseen:
    """What the step would do; Invalid or Conflict says why it is refused."""
    return await _foresee(tx, command, lock=False)


async def _foresee(tx: TenantTransaction, command: MakeStep, *, lock: bool) -> Foreseen:
    require(tx.actor, Permission.CONVENTION_SIGN)
    row = await get_record(tx, command.convention_id)
    side = side_of(tx, row)
    if side is None:
        raise NotFound
    if lock:
        row = await get_record(tx, command.convention_id, lock=True)
    asked = StepAsked(
        step=command.step,
        side=side,
        on=command.on,
        told=command.told,
        transmitted_on=command.transmitted_on,
        expected_version=command.expected_version,
    )
    moved = law.step(facts_of(row), asked, today=local_day(tx.now))
    if not isinstance(moved, Moved):
        raise (Invalid if all(one.code in TYPED for one in moved) else Conflict)(*moved)
    replaced = await _replaced(tx, row, moved, lock=lock) if moved.is_signed else None
    until = moved.ended_on or last_day(moved.starts_on)
    return Foreseen(row=row, moved=moved, last_day=until, replaced=replaced)


async def _replaced(
    tx: TenantTransaction, row: ConventionRecord, moved: Moved, *, lock: bool
) -> ConventionRecord | None:
    """The convention that this one takes the place of: it ends the day before."""
    others = await rows.list_signed(
        tx,
        bailleur_id=row.bailleur_id,
        reservataire_id=row.reservataire_id,
        but=row.id,
        lock=lock,
    )
    overlapping = [
        one
        for one in others
        if one.starts_on <= last_day(moved.starts_on)
        and moved.starts_on <= (one.ended_on or last_day(one.starts_on))
    ]
    if len(overlapping) > 1 or any(one.starts_on >= moved.starts_on for one in overlapping):
        raise Conflict(TWO_IN_FORCE)
    return overlapping[0] if overlapping else None


async def make_step(tx: TenantTransaction, command: MakeStep) -> ConventionRecord:
    """Recorded, written in the journal, told to the other party; the row after it."""
    foreseen = await _foresee(tx, command, lock=True)
    row, moved = foreseen.row, foreseen.moved
    if foreseen.replaced is not None:
        await _end_replaced(tx, foreseen.replaced, moved)
    values = {"state": moved.state.value, "starts_on": moved.starts_on, "ended_on": moved.ended_on}
    try:
        changed = await rows.update_convention(
            tx, row.id, version=row.version, **{**values, **_written(tx, row, command)}
        )
    except IntegrityError as error:
        raise Conflict(TWO_IN_FORCE) from error
    if not changed:
        raise Conflict(STALE)
    if moved.is_signed:
        await rows.agree_perimeter(tx, row.id)
    await tell(
        tx,
        row,
        command.step.value,
        to_state=moved.state,
        reason=_reason(command),
        facts={"told": command.told, "day": command.on.isoformat()},
    )
    return await get_record(tx, row.id)


def _reason(command: MakeStep) -> str | None:
    said = (ConventionStep.REOPEN, ConventionStep.DENOUNCE, ConventionStep.TERMINATE)
    return command.told if command.step in said else None


def _written(tx: TenantTransaction, row: ConventionRecord, command: MakeStep) -> dict[str, Any]:
    told = command.told.strip()
    if command.step is ConventionStep.DELIBERATE:
        return {
            "deliberated_on": command.on,
            "deliberation_reference": told,
            "transmitted_on": command.transmitted_on,
        }
    if command.step is ConventionStep.SIGN:
        side = side_of(tx, row)
        return {f"{side}_signed_on": command.on, f"{side}_signatory": told}
    if command.step is ConventionStep.REOPEN:
        columns = ("deliberated_on", "deliberation_reference", "transmitted_on")
        signed = (f"{side}_{what}" for side in Side for what in ("signed_on", "signatory"))
        return dict.fromkeys((*columns, *signed))
    return {"ending_motif": told}


async def _end_replaced(tx: TenantTransaction, row: ConventionRecord, moved: Moved) -> None:
    ended_on = moved.starts_on - timedelta(days=1)
    changed = await rows.update_convention(
        tx,
        row.id,
        version=row.version,
        state=ConventionState.REPLACED.value,
        ended_on=ended_on,
    )
    if not changed:
        raise Conflict(STALE)
    await tell(
        tx,
        row,
        "replaced",
        to_state=ConventionState.REPLACED,
        facts={"day": ended_on.isoformat()},
    )


# --- What is expected of a party ------------------------------------------------------------------

WINDOW_DAYS = 93
"""Three months, at their longest."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A convention that waits for the actor, or of which a year ends within three months."""

    row: ConventionRecord
    steps: tuple[ConventionStep, ...]
    reminder: Reminder | None


async def agenda(tx: TenantTransaction) -> list[Expected]:
    """For the home page of a party: the steps that are its own, the terms that come near."""
    require(tx.actor, Permission.CONVENTION_READ)
    today = local_day(tx.now)
    found = await rows.list_agenda(tx, today, window_days=WINDOW_DAYS)
    return [
        Expected(
            row=row,
            steps=tuple(step for step in steps_open(tx, row) if step in OWN_TURN),
            reminder=due_reminder(facts_of(row).in_time, today),
        )
        for row in found
        if side_of(tx, row) is not None
    ]


OWN_TURN = frozenset({ConventionStep.DELIBERATE, ConventionStep.SIGN})
