"""How a deadline was counted, kept with it so that anybody can count it again."""

from __future__ import annotations

from typing import Any

from server.db.orientations import Orientation
from server.domain.calendar import Closures
from server.domain.deadlines import Deadline, candidates_deadline
from server.domain.orientations import OrientationFacts, Restart


def receipt(deadline: Deadline, *, restart: Restart | None = None) -> dict[str, Any]:
    """`restart`: why this period replaces the one that was announced first."""
    counted: dict[str, Any] = {
        "start_on": deadline.start_on.isoformat(),
        "last_day": deadline.last_day.isoformat(),
        "days": deadline.days,
        "skipped": [{"day": day.isoformat(), "reason": why} for day, why in deadline.skipped],
        "calendar_version": deadline.calendar_version,
    }
    if deadline.closures:
        counted["closures"] = kept_closures(deadline.closures)
    return counted if restart is None else {**counted, "restart": restart.value}


def kept_closures(closures: Closures) -> list[dict[str, str]]:
    return [
        {
            "first_day": one.first_day.isoformat(),
            "last_day": one.last_day.isoformat(),
            "reason": one.reason,
        }
        for one in closures
    ]


def answer_values(deadline: Deadline, candidate_days: int) -> dict[str, Any]:
    """What the row of an offer keeps of its answer period.

    Where closures stop the clock, also the end of the search that a silence would open: lists tell
    it in SQL, which knows no closure.
    """
    searched = candidates_deadline(
        deadline.last_day, days=candidate_days, closures=deadline.closures
    )
    return {
        "answer_due_at": deadline.due_at,
        "answer_last_day": deadline.last_day,
        "silent_search_last_day": searched.last_day if deadline.closures else None,
    }


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
    counted = candidates_deadline(
        facts.accepted_on, days=facts.candidates_days, zone=facts.zone, closures=facts.closures
    )
    return receipt(counted) if counted.due_at == facts.candidates_due_at else None
