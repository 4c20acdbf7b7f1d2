"""Legal deadlines: days of Europe/Paris, ended by the exclusive bound 24:00.

The day of the event does not count and the last day ends at 24:00 (CPC art. 641 and 642).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.calendar import (
    CALENDAR_VERSION,
    Closures,
    Zone,
    add_working_days,
    closed_reason,
    days_between,
    is_working_day,
    next_working_day,
    working_days_between,
)

PARIS = ZoneInfo("Europe/Paris")

ANSWER_DAYS = 2
"""Working days given to the reservataire to answer an offer (art. 5.3)."""

CANDIDATES_DAYS = 15
"""Working days given to the reservataire to present its candidates (art. 5.3)."""

REPLY_DAYS = 10
"""Calendar days that a candidate has at least to answer an offer (R441-10)."""


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A period, told so that anybody can count it again.

    `start_on` is the day of the event, which does not count; `last_day` is included; `due_at` is
    the exclusive bound, 24:00 of the last day in Paris, given in UTC; `skipped` lists the days
    that did not count, each with its reason in French; `closures` are those of the addressee, where
    its convention says that they stop the clock.
    """

    start_on: date
    last_day: date
    due_at: datetime
    days: int
    skipped: tuple[tuple[date, str], ...]
    calendar_version: str = CALENDAR_VERSION
    closures: Closures = ()


def local_day(instant: datetime) -> date:
    """The civil day in Paris of an aware instant; ValueError if it is naive."""
    if instant.tzinfo is None:
        raise ValueError("an instant without time zone has no civil day")
    return instant.astimezone(PARIS).date()


def end_of_day(day: date) -> datetime:
    """24:00 of this day in Paris, in UTC: the first instant that is too late."""
    midnight = datetime.combine(day + timedelta(days=1), time.min, PARIS)
    return midnight.astimezone(UTC)


def last_day(due_at: datetime) -> date:
    """The last civil day of a period, from its exclusive bound."""
    return local_day(due_at - timedelta(microseconds=1))


def _skipped(
    start_on: date, until: date, zone: Zone, closures: Closures = ()
) -> tuple[tuple[date, str], ...]:
    days = ((day, closed_reason(day, zone, closures)) for day in days_between(start_on, until))
    return tuple((day, reason) for day, reason in days if reason is not None)


def counted(
    start_on: date, days: int, *, zone: Zone = Zone.METROPOLE, closures: Closures = ()
) -> Deadline:
    """A period from nothing but its first day and its number of working days (CPC art. 641)."""
    until = add_working_days(start_on, days, zone, closures)
    return Deadline(
        start_on=start_on,
        last_day=until,
        due_at=end_of_day(until),
        days=days,
        skipped=_skipped(start_on, until, zone, closures),
        closures=closures,
    )


def answer_deadline(
    sent_at: datetime,
    *,
    answer_days: int = ANSWER_DAYS,
    zone: Zone = Zone.METROPOLE,
    closures: Closures = (),
) -> Deadline:
    """Until when the reservataire may accept or refuse; silence is acceptance (art. 5.3).

    `sent_at` is the aware instant of sending; ValueError if it is naive or days are under 1.
    """
    return counted(local_day(sent_at), answer_days, zone=zone, closures=closures)


def candidates_deadline(
    accepted_on: date,
    *,
    days: int = CANDIDATES_DAYS,
    zone: Zone = Zone.METROPOLE,
    closures: Closures = (),
) -> Deadline:
    """Until when the reservataire may present candidates, from the acceptance (art. 5.3)."""
    return counted(accepted_on, days, zone=zone, closures=closures)


def ordinals(period: Deadline) -> tuple[tuple[date, int | None], ...]:
    """Each day of a period with its rank among those that count; None for one that does not."""
    closed, rank, found = dict(period.skipped), 0, []
    for day in days_between(period.start_on, period.last_day):
        rank += day not in closed
        found.append((day, None if day in closed else rank))
    return tuple(found)


def closed_starts(now: datetime, most: int, *, zone: Zone = Zone.METROPOLE) -> tuple[date, ...]:
    """For periods of 1 to `most` working days, the last day of an event whose period is over."""
    found: list[date] = []
    day = local_day(now)
    while len(found) < most:
        day -= timedelta(days=1)
        if is_working_day(day, zone):
            found.append(day - timedelta(days=1))
    return tuple(found)


def candidate_reply_deadline(
    notified_on: date, days: int = REPLY_DAYS, *, zone: Zone = Zone.METROPOLE
) -> Deadline:
    """Until when a candidate may answer; silence is refusal (R441-10, CPC art. 642).

    Calendar days; an end on a Saturday, a Sunday or a holiday moves to the next working day.
    ValueError under 10 days, which R441-10 forbids.
    """
    if days < REPLY_DAYS:
        raise ValueError("R441-10 gives a candidate at least 10 days to answer")
    nominal = notified_on + timedelta(days=days)
    until = next_working_day(nominal, zone)
    return Deadline(
        start_on=notified_on,
        last_day=until,
        due_at=end_of_day(until),
        days=days,
        skipped=_skipped(nominal - timedelta(days=1), until, zone),
    )


def is_over(now: datetime, due_at: datetime) -> bool:
    """Whether the period has ended: at 24:00 sharp it is over."""
    return now >= due_at


def working_days_left(
    now: datetime, due_at: datetime, zone: Zone = Zone.METROPOLE, closures: Closures = ()
) -> int:
    """Working days after today up to the last day included: 0 on the last day and afterwards."""
    return working_days_between(local_day(now), last_day(due_at), zone, closures)
