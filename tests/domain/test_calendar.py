from __future__ import annotations

from datetime import date, timedelta

import pytest
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calendar import (
    Zone,
    add_working_days,
    closed_reason,
    easter_sunday,
    holidays,
    is_working_day,
    next_working_day,
    working_days_between,
)

YEARS = range(2020, 2041)
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 12, 31))
ZONES = st.sampled_from(Zone)


@pytest.mark.parametrize(
    "sunday",
    [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2028, 4, 16),
        date(2029, 4, 1),
        date(2030, 4, 21),
    ],
)
def test_easter_sunday(sunday: date) -> None:
    assert easter_sunday(sunday.year) == sunday


@pytest.mark.parametrize(
    ("zone", "subdivision"), [(Zone.METROPOLE, None), (Zone.ALSACE_MOSELLE, "57")]
)
@pytest.mark.parametrize("year", YEARS)
def test_public_holidays_agree_with_an_independent_calendar(
    year: int, zone: Zone, subdivision: str | None
) -> None:
    """Code du travail L3133-1, and L3134-13 in 57, 67 and 68."""
    assert set(holidays(year, zone)) == set(country_holidays("FR", subdivision, years=year))


@pytest.mark.parametrize(("zone", "count"), [(Zone.METROPOLE, 11), (Zone.ALSACE_MOSELLE, 13)])
@pytest.mark.parametrize("year", YEARS)
def test_number_of_public_holidays(year: int, zone: Zone, count: int) -> None:
    assert len(holidays(year, zone)) == count


@pytest.mark.parametrize(
    ("year", "count"), [(2024, 252), (2025, 251), (2026, 252), (2027, 254), (2028, 251)]
)
def test_working_days_in_a_year(year: int, count: int) -> None:
    assert working_days_between(date(year - 1, 12, 31), date(year, 12, 31)) == count


@pytest.mark.parametrize(
    ("day", "zone", "reason"),
    [
        (date(2026, 5, 1), Zone.METROPOLE, "Fête du Travail"),
        (date(2026, 5, 14), Zone.METROPOLE, "Ascension"),
        (date(2026, 5, 15), Zone.METROPOLE, None),
        (date(2026, 5, 25), Zone.METROPOLE, "Lundi de Pentecôte"),
        (date(2026, 5, 2), Zone.METROPOLE, "samedi"),
        (date(2026, 5, 3), Zone.METROPOLE, "dimanche"),
        (date(2026, 4, 3), Zone.METROPOLE, None),
        (date(2026, 4, 3), Zone.ALSACE_MOSELLE, "Vendredi saint"),
        (date(2025, 12, 26), Zone.METROPOLE, None),
        (date(2025, 12, 26), Zone.ALSACE_MOSELLE, "Saint-Étienne"),
        (date(2008, 5, 1), Zone.METROPOLE, "Fête du Travail, Ascension"),
    ],
)
def test_why_a_day_does_not_count(day: date, zone: Zone, reason: str | None) -> None:
    """A bridge counts, Whit Monday does not; Good Friday is worked in Haute-Savoie."""
    assert closed_reason(day, zone) == reason


def test_the_calendar_given_out_is_a_copy() -> None:
    holidays(2026).clear()
    assert not is_working_day(date(2026, 5, 1))


def test_a_period_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        add_working_days(date(2026, 4, 30), 0)


@given(DAYS, st.integers(min_value=1, max_value=60), ZONES)
def test_adding_working_days_ends_on_a_working_day(day: date, count: int, zone: Zone) -> None:
    end = add_working_days(day, count, zone)
    assert is_working_day(end, zone)
    assert working_days_between(day, end, zone) == count


@given(DAYS, st.integers(min_value=1, max_value=60), ZONES)
def test_a_later_event_never_ends_earlier(day: date, count: int, zone: Zone) -> None:
    later = day + timedelta(days=1)
    assert add_working_days(day, count, zone) <= add_working_days(later, count, zone)


@given(DAYS, ZONES)
def test_next_working_day_is_the_first_one(day: date, zone: Zone) -> None:
    end = next_working_day(day, zone)
    assert is_working_day(end, zone)
    assert working_days_between(day - timedelta(days=1), end, zone) == 1
