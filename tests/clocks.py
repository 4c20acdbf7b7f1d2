"""Days and instants from 2020 to 2040, and a count of theirs that owes nothing to the portal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from holidays import country_holidays
from hypothesis import strategies as st

from server.domain.deadlines import PARIS

MICROSECOND = timedelta(microseconds=1)
FRANCE = country_holidays("FR", years=range(2019, 2043))


def counted(start_on: date, days: int) -> date:
    """The last day of a period of working days, one day after the other."""
    day = start_on
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5 and day not in FRANCE
    return day


def midnight_after(day: date) -> datetime:
    """24:00 in Paris by the rule of the European Union: summer from 1:00 UTC on the last Sunday
    of March to 1:00 UTC on the last Sunday of October.
    """
    begins, ends = (
        datetime.combine(last_sunday(day.year, month), time(1), UTC) for month in (3, 10)
    )
    wall = datetime.combine(day + timedelta(days=1), time(), UTC)
    is_summer = begins < wall - timedelta(hours=1) and wall - timedelta(hours=2) < ends
    return wall - timedelta(hours=2 if is_summer else 1)


def last_sunday(year: int, month: int) -> date:
    """Of a month of 31 days."""
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _remarkable() -> list[date]:
    found = [day for day in FRANCE if 2020 <= day.year <= 2040]
    for year in range(2020, 2041):
        found += [date(year, 2, 28), date(year, 3, 1), date(year, 12, 31)]
        found += [date(year, month, 31) for month in (1, 3, 5, 7, 8)]
        found += [last_sunday(year, month) for month in (3, 10)]
    return sorted(found)


DAYS = st.one_of(
    st.builds(
        lambda day, shift: day + timedelta(days=shift),
        st.sampled_from(_remarkable()),
        st.integers(min_value=-6, max_value=3),
    ),
    st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31)),
)
INSTANTS = st.builds(
    lambda day, at, fold: datetime.combine(day, at, PARIS).replace(fold=fold).astimezone(UTC),
    DAYS,
    st.one_of(st.times(), st.sampled_from([time(), time(2, 30), time(23, 59, 59, 999_999)])),
    st.sampled_from([0, 1]),
)
