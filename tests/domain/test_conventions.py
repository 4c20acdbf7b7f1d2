from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from server.domain.conventions import (
    STORED_STATES,
    ConventionFacts,
    ConventionState,
    effective_state,
    in_force,
    last_day,
    period_number,
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
