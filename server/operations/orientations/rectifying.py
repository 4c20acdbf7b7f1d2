"""A wrong act, corrected by a new dated one with its reason (convention, art. 5.3 to 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from server.db import dwellings, orientations
from server.db.orientations import Orientation
from server.domain import orientations as law
from server.domain.orientations import Mistake, RecordedFacts, Rectification
from server.errors import Conflict, Invalid, Motif
from server.operations.journal import record
from server.operations.orientations.acts import STALE, act_on, catch_up, locked, tell_reservataire
from server.operations.orientations.reading import facts_of, get
from server.operations.orientations.receipts import search_values
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

RECTIFIED = "orientation.rectified"


@dataclass(frozen=True, kw_only=True)
class Rectify:
    """Which mistake, the exact day (none for a wrong organisme), why."""

    orientation_id: UUID
    mistake: str
    reason: str
    day: date | None = None
    expected_version: int | None = None


def _decided(tx: TenantTransaction, row: Orientation, command: Rectify) -> Rectification:
    if command.mistake not in {one.value for one in Mistake}:
        message = "Choisissez ce qui est à rectifier."
        raise Invalid(Motif(code="mistake_invalid", message=message, field="mistake"))
    verdict = law.rectify(
        RecordedFacts(
            orientation=facts_of(row),
            sent_on=row.sent_on,
            answer_last_day=row.answer_last_day,
            leased_on=row.leased_on,
        ),
        now=tx.now,
        mistake=Mistake(command.mistake),
        day=command.day,
        reason=command.reason,
        expected_version=command.expected_version,
    )
    if not isinstance(verdict, Rectification):
        raise Conflict(*verdict)
    return verdict


async def rehearse_rectification(tx: TenantTransaction, command: Rectify) -> Rectification:
    """What the correction would change, counters included; nothing is written."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    return _decided(tx, await get(tx, command.orientation_id), command)


async def rectify(tx: TenantTransaction, command: Rectify) -> Orientation:
    """Write the correction, told to the réservataire; the journal keeps both facts."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    row = await locked(tx, command.orientation_id)
    decided = _decided(tx, row, command)
    row = await catch_up(tx, row)
    if not await orientations.update_orientation(tx, row, **_values(decided)):
        raise Conflict(STALE)
    if decided.mistake is Mistake.LEASE and decided.day is not None:
        await dwellings.update_vacancy(tx, row.vacancy_id, closed_on=decided.day)
    entry = await record(
        tx,
        act_on(
            row,
            RECTIFIED,
            from_state=decided.from_state.value,
            to_state=decided.to_state.value,
            reason=decided.reason,
            facts=_facts(decided),
        ),
    )
    await tell_reservataire(tx, entry, row, RECTIFIED)
    return await get(tx, row.id)


def _values(decided: Rectification) -> dict[str, Any]:
    if decided.mistake is Mistake.ADDRESSEE:
        return {
            "state": decided.to_state.value,
            "acceptance_mode": None,
            "accepted_on": None,
            **search_values(None),
            "withdrawal_reason": decided.reason,
        }
    column = {
        Mistake.ANSWER: "accepted_on",
        Mistake.ATTRIBUTION: "attributed_on",
        Mistake.LEASE: "leased_on",
    }[decided.mistake]
    values: dict[str, Any] = {column: decided.day}
    if decided.candidates is not None:
        values |= search_values(decided.candidates)
    return values


def _facts(decided: Rectification) -> dict[str, Any]:
    """What the ledger posts: the fact as it was and as it is, the counters that it moves."""
    old = decided.from_day.isoformat() if decided.from_day else None
    new = decided.day.isoformat() if decided.day else None
    return {
        "mistake": decided.mistake.value,
        "from": {"state": decided.from_state.value, "day": old},
        "to": {"state": decided.to_state.value, "day": new},
        "counters": [
            {"indicator": one.indicator.value, "year": one.year, "change": one.change}
            for one in decided.changes
        ],
    }
