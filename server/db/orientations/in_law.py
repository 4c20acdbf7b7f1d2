"""What silence has made of an offer by an instant, in SQL: a late sweep hides nothing.

The same as `domain.orientations.caught_up`, which a test holds against it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Date, and_, bindparam, case, func, select, text

from server.db.orientations.awaiting import is_silent
from server.db.tables import candidates, orientations
from server.domain.convention_terms import MOST_DAYS
from server.domain.deadlines import closed_starts, local_day

_STATE = orientations.c.state
# counted when the offer went, where closures stop its clock
_SILENT_END = orientations.c.silent_search_last_day
# the last day of acceptance whose search is over, by its number of days
CLOSED_START = text("(cast(:closed as date[]))[orientations.candidate_days]")


def of_candidates(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """An aggregate on the candidates of the offer that the reader sees."""
    return (
        select(value)
        .where(
            candidates.c.orientation_id == orientations.c.id, candidates.c.withdrawn_at.is_(None)
        )
        .correlate(orientations)
        .scalar_subquery()
    )


def is_tacit_at(at: datetime) -> ColumnElement[bool]:
    """Accepted by a silence that is not recorded yet; what did not arrive is not (Q5)."""
    return is_silent(at)


def state_at(at: datetime, *, sees_candidates: bool = True) -> ColumnElement[str]:
    """The state in law; both periods may have ended since the offer was recorded as sent.

    Who does not see every candidate cannot tell an empty list from a partial one: the end of a
    search is then shown once it is recorded.
    """
    closed = list(closed_starts(at, MOST_DAYS))
    never_searched = case(
        (_SILENT_END.is_not(None), local_day(at) > _SILENT_END),
        else_=orientations.c.answer_last_day
        <= CLOSED_START.bindparams(bindparam("closed", closed, ARRAY(Date), unique=True)),
    )
    silent = [
        (and_(is_tacit_at(at), never_searched), "no_candidate"),
        (is_tacit_at(at), "searching"),
    ]
    if not sees_candidates:
        return case(*silent, else_=_STATE)
    search_over = and_(_STATE == "searching", orientations.c.candidates_due_at <= at)
    return case(
        *silent,
        (and_(search_over, of_candidates(func.count()) == 0), "no_candidate"),
        (search_over, "candidates_partial"),
        else_=_STATE,
    )


def acceptance_at(at: datetime) -> ColumnElement[str]:
    return case((is_tacit_at(at), "tacit"), else_=orientations.c.acceptance_mode)


def accepted_on_at(at: datetime) -> ColumnElement[date]:
    return case((is_tacit_at(at), orientations.c.answer_last_day), else_=orientations.c.accepted_on)
