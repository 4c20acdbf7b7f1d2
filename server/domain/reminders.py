"""When a deadline is recalled, and when a morning has its digest: never on a day off."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

from server.domain.calendar import (
    CLOSING,
    OPENING,
    Zone,
    add_working_days,
    is_working_day,
    working_days_between,
)
from server.domain.deadlines import PARIS

NOON = time(12)
"""A digest of the morning that could not go before noon waits for the next one."""


class Stage(StrEnum):
    """Twice at most for a period: half-way, and on the morning of its last day."""

    HALF_WAY = "half_way"
    LAST_DAY = "last_day"


def due_stage(
    start_on: date | None, last_day: date, now: datetime, zone: Zone = Zone.METROPOLE
) -> Stage | None:
    """Which reminder this moment calls for, before silence decides; None if none.

    Out of office hours nobody would read it: what could not go in the day does not go.

    `start_on` is the day that does not count, None when the period has no beginning of its own
    (an extension): it is then recalled on its last day only.
    """
    local = now.astimezone(PARIS)
    today = local.date()
    is_office_hour = OPENING <= local.time() < CLOSING
    if not is_office_hour or not is_working_day(today, zone) or today > last_day:
        return None
    if today == last_day:
        return Stage.LAST_DAY
    if start_on is None:
        return None
    half = working_days_between(start_on, last_day, zone) // 2
    if half and add_working_days(start_on, half, zone) <= today:
        return Stage.HALF_WAY
    return None


def is_digest_time(now: datetime, zone: Zone = Zone.METROPOLE) -> bool:
    """Whether this is a working morning."""
    local = now.astimezone(PARIS)
    return is_working_day(local.date(), zone) and OPENING <= local.time() < NOON
