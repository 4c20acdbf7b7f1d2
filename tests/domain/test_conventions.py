from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.domain.conventions import (
    STORED_STATES,
    ConventionFacts,
    ConventionState,
    effective_state,
    in_force,
    last_day,
    last_expired_start,
    period_number,
    periods,
)

DOUSSARD = ConventionFacts(state=ConventionState.SIGNED, starts_on=date(2023, 11, 23))


@pytest.mark.parametrize(
    ("starts_on", "until"),
    [
        (date(2023, 11, 23), date(2026, 11, 22)),
        (date(2024, 1, 1), date(2026, 12, 31)),
        (date(2024, 2, 29), date(2027, 2, 28)),
    ],
)
def test_one_year_renewed_twice(starts_on: date, until: date) -> None:
    """Art. 8."""
    assert last_day(starts_on) == until


@pytest.mark.parametrize(
    ("on", "period", "state"),
    [
        (date(2023, 11, 22), None, ConventionState.SIGNED),
        (date(2023, 11, 23), 1, ConventionState.IN_FORCE),
        (date(2024, 11, 22), 1, ConventionState.IN_FORCE),
        (date(2024, 11, 23), 2, ConventionState.RENEWED),
        (date(2026, 4, 30), 3, ConventionState.RENEWED),
        (date(2026, 11, 22), 3, ConventionState.RENEWED),
        (date(2026, 11, 23), None, ConventionState.EXPIRED),
    ],
)
def test_the_life_of_doussards_convention(
    on: date, period: int | None, state: ConventionState
) -> None:
    """Art. 8: from 23 November 2023 to 22 November 2026."""
    assert period_number(DOUSSARD, on) == period
    assert in_force(DOUSSARD, on) is (period is not None)
    assert effective_state(DOUSSARD, on) is state


@pytest.mark.parametrize("state", [ConventionState.DRAFT, ConventionState.DELIBERATED])
def test_an_unsigned_convention_binds_nobody(state: ConventionState) -> None:
    facts = replace(DOUSSARD, state=state)
    assert not in_force(facts, date(2026, 4, 30))
    assert effective_state(facts, date(2026, 4, 30)) is state


@pytest.mark.parametrize(
    "state", [ConventionState.DENOUNCED, ConventionState.TERMINATED, ConventionState.REPLACED]
)
def test_an_early_end_binds_until_its_last_day(state: ConventionState) -> None:
    facts = replace(DOUSSARD, state=state, ended_on=date(2025, 11, 22))
    assert in_force(facts, date(2025, 11, 22))
    assert not in_force(facts, date(2025, 11, 23))
    assert effective_state(facts, date(2025, 11, 23)) is state


def test_a_convention_without_renewal_lasts_one_year() -> None:
    facts = replace(DOUSSARD, renewals=0)
    assert in_force(facts, date(2024, 11, 22))
    assert not in_force(facts, date(2024, 11, 23))


def test_time_makes_three_states_that_are_never_stored() -> None:
    assert set(ConventionState) - STORED_STATES == {
        ConventionState.IN_FORCE,
        ConventionState.RENEWED,
        ConventionState.EXPIRED,
    }


def test_the_three_years_follow_one_another() -> None:
    """Art. 8."""
    years = [(one.number, one.from_on, one.until_on) for one in periods(DOUSSARD)]
    assert years == [
        (1, date(2023, 11, 23), date(2024, 11, 22)),
        (2, date(2024, 11, 23), date(2025, 11, 22)),
        (3, date(2025, 11, 23), date(2026, 11, 22)),
    ]


def test_an_early_end_cuts_the_years() -> None:
    ended = replace(DOUSSARD, state=ConventionState.DENOUNCED, ended_on=date(2025, 3, 1))
    assert [(one.number, one.until_on) for one in periods(ended)] == [
        (1, date(2024, 11, 22)),
        (2, date(2025, 3, 1)),
    ]


@pytest.mark.parametrize(
    "on", [date(2026, 11, 22), date(2027, 2, 28), date(2027, 3, 1), date(2028, 2, 29)]
)
def test_the_last_start_that_has_run_out_is_the_limit_of_the_law(on: date) -> None:
    """So that a list may ask the database who is in force, 29 February included (art. 8)."""
    last = last_expired_start(on)
    for days in range(-400, 400):
        starts_on = last + timedelta(days=days)
        facts = ConventionFacts(state=ConventionState.SIGNED, starts_on=starts_on)
        assert in_force(facts, on) is (last < starts_on <= on)
