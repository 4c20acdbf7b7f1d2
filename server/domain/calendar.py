"""Working days (jours ouvrés): Monday to Friday minus public holidays.

Bridges and local feasts do not stop the clock; the closures of an organisme do where its convention
says so, and are then given to each count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

CALENDAR_VERSION = "jours-ouvres-1"
"""Stored with each deadline: a later calendar never moves a deadline already announced."""

OPENING, CLOSING = time(8), time(18)
"""The hours of a working day, in Paris: an outage counts within them, and reminders go then."""

CLOSED = "fermeture"
"""How the reason of a day that an organisme declared closed begins."""

_ONE_DAY = timedelta(days=1)
_WEEKEND = MappingProxyType({5: "samedi", 6: "dimanche"})


class Zone(StrEnum):
    """Where the public holidays apply: Code du travail L3133-1, and L3134-13 for 57, 67, 68."""

    METROPOLE = "metropole"
    ALSACE_MOSELLE = "alsace_moselle"


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Days when an organisme is closed, both ends included, and why, in French."""

    first_day: date
    last_day: date
    reason: str

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


Closures: TypeAlias = tuple[Closure, ...]
"""Those that stop the clock; most often none."""


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar (the anonymous rule, exact for every year from 1583)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_correction + 15) % 30
    leap_years, year_rest = divmod(rest, 4)
    weekday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _named_days(year: int, zone: Zone) -> Iterator[tuple[date, str]]:
    easter = easter_sunday(year)
    yield date(year, 1, 1), "Jour de l'an"
    if zone is Zone.ALSACE_MOSELLE:
        yield easter - timedelta(days=2), "Vendredi saint"
    yield easter + timedelta(days=1), "Lundi de Pâques"
    yield date(year, 5, 1), "Fête du Travail"
    yield date(year, 5, 8), "Victoire de 1945"
    yield easter + timedelta(days=39), "Ascension"
    yield easter + timedelta(days=50), "Lundi de Pentecôte"
    yield date(year, 7, 14), "Fête nationale"
    yield date(year, 8, 15), "Assomption"
    yield date(year, 11, 1), "Toussaint"
    yield date(year, 11, 11), "Armistice de 1918"
    yield date(year, 12, 25), "Noël"
    if zone is Zone.ALSACE_MOSELLE:
        yield date(year, 12, 26), "Saint-Étienne"


@lru_cache(maxsize=256)
def _holidays(year: int, zone: Zone) -> Mapping[date, str]:
    names: dict[date, str] = {}
    for day, name in _named_days(year, zone):
        names[day] = f"{names[day]}, {name}" if day in names else name
    return MappingProxyType(names)


def holidays(year: int, zone: Zone = Zone.METROPOLE) -> dict[date, str]:
    """Public holidays of a year with their French names (Code du travail L3133-1, L3134-13)."""
    return dict(_holidays(year, zone))


def closed_reason(day: date, zone: Zone = Zone.METROPOLE, closures: Closures = ()) -> str | None:
    """Why this day does not count, in French; None if it does."""
    name = _holidays(day.year, zone).get(day)
    if name is not None:
        return name
    if day.weekday() in _WEEKEND:
        return _WEEKEND[day.weekday()]
    return next((f"{CLOSED} : {one.reason}" for one in closures if one.covers(day)), None)


def is_working_day(day: date, zone: Zone = Zone.METROPOLE) -> bool:
    return closed_reason(day, zone) is None


def next_working_day(day: date, zone: Zone = Zone.METROPOLE) -> date:
    """The day itself if it is a working day, else the first one after it."""
    while not is_working_day(day, zone):
        day += _ONE_DAY
    return day


@lru_cache(maxsize=512)
def _counting_days(year: int, zone: Zone, closures: Closures) -> tuple[date, ...]:
    """The days of a year that count, in order: the place of each is its ordinal."""
    days = days_between(date(year, 1, 1) - _ONE_DAY, date(year, 12, 31))
    return tuple(day for day in days if closed_reason(day, zone, closures) is None)


def add_working_days(
    day: date, count: int, zone: Zone = Zone.METROPOLE, closures: Closures = ()
) -> date:
    """The count-th working day after this day, which itself never counts (CPC art. 641).

    Raise ValueError if count is under 1.
    """
    if count < 1:
        raise ValueError("a period in working days has at least one day")
    year, days = day.year, _counting_days(day.year, zone, closures)
    rank = bisect_right(days, day) + count
    while rank > len(days):
        year, rank = year + 1, rank - len(days)
        days = _counting_days(year, zone, closures)
    return days[rank - 1]


def days_between(after: date, until: date) -> Iterator[date]:
    """Every day after the first one, up to the last one included."""
    for offset in range(1, (until - after).days + 1):
        yield after + timedelta(days=offset)


def working_days_between(
    after: date, until: date, zone: Zone = Zone.METROPOLE, closures: Closures = ()
) -> int:
    """How many working days there are after the first day, up to the last one included."""
    if until <= after:
        return 0
    years = range(after.year, until.year + 1)
    whole = sum(len(_counting_days(year, zone, closures)) for year in years[:-1])
    first = bisect_right(_counting_days(after.year, zone, closures), after)
    return whole + bisect_right(_counting_days(until.year, zone, closures), until) - first
