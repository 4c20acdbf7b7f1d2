"""Who moves a convention, and when its terms are recalled (art. 8; domain.md §10, Q11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.domain.convention_steps import (
    ConventionStep,
    Moved,
    Side,
    StartRule,
    StepAsked,
    StepFacts,
    due_reminder,
    months_before,
    step,
    steps_open,
)
from server.domain.conventions import ConventionFacts, ConventionState

TODAY = date(2026, 4, 30)
PROJECT = StepFacts(
    state=ConventionState.DRAFT,
    starts_on=date(2026, 11, 23),
    start_rule=StartRule.FIXED,
    category="commune",
    version=1,
)
VOTED = replace(
    PROJECT,
    state=ConventionState.DELIBERATED,
    deliberated_on=date(2026, 4, 1),
    transmitted_on=date(2026, 4, 10),
)
RUNNING = replace(PROJECT, state=ConventionState.SIGNED, starts_on=date(2025, 5, 1))
BAILLEUR, RESERVATAIRE = Side.BAILLEUR, Side.RESERVATAIRE
S = ConventionStep


@pytest.mark.parametrize(
    ("facts", "bailleur", "reservataire"),
    [
        (PROJECT, {S.SIGN}, {S.DELIBERATE}),
        (replace(PROJECT, category="association"), {S.SIGN}, {S.SIGN}),
        (VOTED, {S.SIGN, S.REOPEN}, {S.SIGN, S.DELIBERATE}),
        (replace(VOTED, reservataire_signed_on=TODAY), {S.SIGN, S.REOPEN}, set()),
        (replace(VOTED, bailleur_signed_on=TODAY), {S.REOPEN}, {S.SIGN, S.DELIBERATE}),
        (RUNNING, {S.DENOUNCE, S.TERMINATE}, {S.DENOUNCE, S.TERMINATE}),
        (replace(RUNNING, starts_on=date(2023, 11, 23)), {S.TERMINATE}, {S.TERMINATE}),
        (replace(RUNNING, starts_on=date(2020, 1, 1)), set(), set()),
        (replace(RUNNING, state=ConventionState.DENOUNCED), set(), set()),
    ],
)
def test_the_steps_of_each_party(
    facts: StepFacts, bailleur: set[ConventionStep], reservataire: set[ConventionStep]
) -> None:
    assert set(steps_open(facts, BAILLEUR, today=TODAY)) == bailleur
    assert set(steps_open(facts, RESERVATAIRE, today=TODAY)) == reservataire


@pytest.mark.parametrize("made", list(ConventionStep))
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("state", list(ConventionState))
def test_a_button_is_there_when_the_step_is_accepted(
    made: ConventionStep, side: Side, state: ConventionState
) -> None:
    """What is typed is right: then the step is open or refused, in both places alike."""
    facts = replace(RUNNING, state=state)
    asked = StepAsked(step=made, side=side, on=TODAY, told="Maire")
    is_made = isinstance(step(facts, asked, today=TODAY), Moved)
    assert is_made == (made in steps_open(facts, side, today=TODAY))


def refused(facts: StepFacts, asked: StepAsked) -> list[str]:
    found = step(facts, asked, today=TODAY)
    assert isinstance(found, tuple)
    return [motif.code for motif in found]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (StepAsked(step=S.SIGN, side=BAILLEUR, on=TODAY + timedelta(days=1), told="Maire"),
         "day_in_the_future"),
        (StepAsked(step=S.SIGN, side=BAILLEUR, on=TODAY), "told_required"),
        (StepAsked(step=S.SIGN, side=RESERVATAIRE, on=date(2026, 4, 9), told="Maire"),
         "day_too_early"),
        (StepAsked(step=S.DELIBERATE, side=RESERVATAIRE, on=TODAY, told="n° 1",
                   transmitted_on=TODAY - timedelta(days=1)), "day_too_early"),
        (StepAsked(step=S.SIGN, side=BAILLEUR, on=TODAY, told="Maire", expected_version=7),
         "stale_version"),
    ],
)  # fmt: skip
def test_what_is_typed_wrongly(asked: StepAsked, code: str) -> None:
    assert refused(VOTED, asked) == [code]


def test_the_second_signature_makes_it() -> None:
    facts = replace(VOTED, reservataire_signed_on=date(2026, 4, 20))
    asked = StepAsked(step=S.SIGN, side=BAILLEUR, on=date(2026, 4, 15), told="Directeur")
    moved = step(facts, asked, today=TODAY)
    assert moved == Moved(state=ConventionState.SIGNED, starts_on=date(2026, 11, 23))
    later = step(replace(facts, start_rule=StartRule.SIGNATURE), asked, today=TODAY)
    assert later == Moved(state=ConventionState.SIGNED, starts_on=date(2026, 4, 20))


def test_a_denunciation_ends_with_the_year() -> None:
    """Until the eve of the anniversary: on 30 April 2026 for a year begun on 1 May 2025."""
    asked = StepAsked(step=S.DENOUNCE, side=RESERVATAIRE, on=TODAY, told="Périmètre")
    moved = step(RUNNING, asked, today=TODAY)
    assert moved == Moved(
        state=ConventionState.DENOUNCED, starts_on=RUNNING.starts_on, ended_on=TODAY
    )


# --- Reminders --------------------------------------------------------------------------------

DOUSSARD = ConventionFacts(state=ConventionState.SIGNED, starts_on=date(2023, 11, 23))


@pytest.mark.parametrize(
    ("on", "months", "is_last"),
    [
        (date(2024, 8, 22), None, None),
        (date(2024, 8, 23), 3, False),
        (date(2024, 10, 22), 3, False),
        (date(2024, 10, 23), 1, False),
        (date(2024, 11, 22), 1, False),
        (date(2024, 11, 23), None, None),
        (date(2026, 8, 23), 3, True),
        (date(2026, 11, 22), 1, True),
        (date(2026, 11, 23), None, None),
    ],
)
def test_reminders_three_months_and_one_month_before(
    on: date, months: int | None, *, is_last: bool | None
) -> None:
    found = due_reminder(DOUSSARD, on)
    assert (found and found.months) == months
    assert (found and found.is_last) == is_last


def test_what_is_ended_is_not_recalled() -> None:
    facts = replace(DOUSSARD, state=ConventionState.DENOUNCED, ended_on=date(2024, 11, 22))
    assert due_reminder(facts, date(2024, 11, 1)) is None


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 5, 31), 3, date(2026, 2, 28)),
        (date(2024, 5, 31), 3, date(2024, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
    ],
)
def test_months_are_counted_date_to_date(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
