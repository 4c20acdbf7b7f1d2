"""How a deadline was counted, kept with it so that anybody can count it again."""

from __future__ import annotations

from typing import Any

from server.db.orientations import Orientation
from server.domain.deadlines import Deadline, candidates_deadline
from server.domain.orientations import OrientationFacts, Restart


def receipt(deadline: Deadline, *, restart: Restart | None = None) -> dict[str, Any]:
    """`restart`: why this period replaces the one that was announced first."""
    counted = {
        "start_on": deadline.start_on.isoformat(),
        "last_day": deadline.last_day.isoformat(),
        "days": deadline.days,
        "skipped": [{"day": day.isoformat(), "reason": why} for day, why in deadline.skipped],
        "calendar_version": deadline.calendar_version,
    }
    return counted if restart is None else {**counted, "restart": restart.value}


def search_values(deadline: Deadline | None) -> dict[str, Any]:
    """What the row of an offer keeps of the search for candidates; nothing without a period."""
    return {
        "candidates_due_at": deadline.due_at if deadline else None,
        "candidates_last_day": deadline.last_day if deadline else None,
        "candidates_receipt": receipt(deadline) if deadline else None,
    }


def candidates_receipt(row: Orientation, facts: OrientationFacts) -> dict[str, Any] | None:
    """How the search is counted: kept with it, or that of a silence not recorded yet; `facts` are
    those of the row in law.
    """
    if row.candidates_receipt or facts.accepted_on is None:
        return row.candidates_receipt
    counted = candidates_deadline(facts.accepted_on, days=facts.candidates_days, zone=facts.zone)
    return receipt(counted) if counted.due_at == facts.candidates_due_at else None
