"""Offers that await their answer: since when it is counted, what proves that they arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, cast, func, or_, select
from sqlalchemy.types import Date

from server.db.tables import orientations, outages

CLOCK_AT: ColumnElement[datetime] = func.coalesce(orientations.c.clock_at, orientations.c.sent_at)


def outage_until(is_awaited: ColumnElement[bool]) -> ColumnElement[datetime | None]:
    """The end of the last outage that fell in the answer period, where the answer is awaited."""
    last = (
        select(func.max(outages.c.ended_at))
        .where(
            outages.c.ended_at > CLOCK_AT,
            outages.c.started_at < orientations.c.answer_due_at,
        )
        .correlate(orientations)
        .scalar_subquery()
    )
    return case((is_awaited, last))


def is_silent(at: datetime) -> ColumnElement[bool]:
    """Whether the silence of an offer that arrived is an acceptance by this instant (art. 5.3)."""
    return and_(
        orientations.c.state == "sent",
        orientations.c.delivery == "delivered",
        orientations.c.answer_due_at <= at,
        outage_until(orientations.c.state == "sent").is_(None),
    )


def is_to_look_at() -> ColumnElement[bool]:
    """Of an offer that arrived and awaits its answer: an arrival on a later day, an outage.

    The domain decides: a mail that arrives before the offices open changes nothing.
    """
    arrived_later = _day(orientations.c.delivered_at) > _day(CLOCK_AT)
    met_an_outage = outage_until(orientations.c.state == "sent").is_not(None)
    is_awaited = and_(orientations.c.state == "sent", orientations.c.delivery == "delivered")
    return and_(is_awaited, or_(arrived_later, met_an_outage))


def _day(instant: ColumnElement[datetime]) -> ColumnElement[object]:
    return cast(func.timezone("Europe/Paris", instant), Date)
