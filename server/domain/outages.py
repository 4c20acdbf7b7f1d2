"""When the portal was out of reach so long that offers are counted anew (domain.md Q5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from server.domain.calendar import CLOSING, OPENING, Zone, days_between, is_working_day
from server.domain.deadlines import PARIS, local_day

LONGEST_SILENCE = timedelta(minutes=30)
"""A longer silence of the portal, within these hours of one day, is an outage."""

LONGEST_SPAN = timedelta(days=31)
"""Beyond, one working day at least was lost: no need to look at each."""


def is_outage(last_beat: datetime, next_beat: datetime, zone: Zone = Zone.METROPOLE) -> bool:
    """Whether the silence between two heartbeats took more than 30 minutes of a working day.

    Aware instants; hours of Paris, so that the nights of the clock change weigh nothing.
    """
    if next_beat - last_beat <= LONGEST_SILENCE:
        return False
    if next_beat - last_beat > LONGEST_SPAN:
        return True
    eve = local_day(last_beat) - timedelta(days=1)
    return any(
        _silence_on(day, last_beat, next_beat) > LONGEST_SILENCE
        for day in days_between(eve, local_day(next_beat))
        if is_working_day(day, zone)
    )


def _silence_on(day: date, last_beat: datetime, next_beat: datetime) -> timedelta:
    """How long, within the hours of this day, nothing was heard; negative or zero: it was."""
    opening, closing = (datetime.combine(day, hour, PARIS) for hour in (OPENING, CLOSING))
    begin = max(last_beat.astimezone(UTC), opening.astimezone(UTC))
    end = min(next_beat.astimezone(UTC), closing.astimezone(UTC))
    return end - begin
