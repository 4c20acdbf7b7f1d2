from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest

from server.domain import labels, ledger_sentences
from server.domain.advice import SetAsideCode
from server.domain.annexe import Contingent, ExclusionCode
from server.domain.bilans import Dimension, Nature
from server.domain.caleol import Outcome, Reason
from server.domain.candidates import CRITERIA, FirstQuartile, Presenter
from server.domain.conventions import ConventionState
from server.domain.deadlines import end_of_day
from server.domain.dwellings import Financing, Kind, Level, Period, Typology
from server.domain.flux import Indicator
from server.domain.orientations import Acceptance, Actor, Searcher, State, Step
from server.domain.postings import Kind as MoveKind
from server.domain.urgencies import UrgencyKind, UrgencyState


@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (State, labels.ORIENTATION_STATES),
        (Step, labels.STEPS),
        (Acceptance, labels.ACCEPTANCES),
        (Searcher, labels.SEARCHERS),
        (Actor, labels.ACTORS),
        (Presenter, labels.PRESENTERS),
        (FirstQuartile, labels.FIRST_QUARTILE),
        (Outcome, labels.OUTCOMES),
        (Reason, labels.REASONS),
        (ExclusionCode, labels.EXCLUSIONS),
        (ExclusionCode, labels.EXCLUSION_REASONS),
        (Contingent, labels.CONTINGENTS),
        (Indicator, labels.INDICATORS),
        (SetAsideCode, ledger_sentences.SET_ASIDE),
        (MoveKind, ledger_sentences.MOVES),
        (Nature, labels.NATURES),
        (Dimension, labels.DIMENSIONS),
        (Kind, labels.KINDS),
        (Typology, labels.TYPOLOGIES),
        (Financing, labels.FINANCINGS),
        (Period, labels.PERIODS),
        (Level, labels.LEVELS),
        (ConventionState, labels.CONVENTION_STATES),
        (UrgencyState, labels.URGENCY_STATES),
        (UrgencyKind, labels.URGENCY_KINDS),
    ],
)
def test_every_code_has_its_french_word(codes: type[StrEnum], table: Mapping[str, str]) -> None:
    assert set(table) == set(codes)


def test_every_criterion_has_its_french_words() -> None:
    assert list(labels.CRITERIA) == [criterion.code for criterion in CRITERIA]


@pytest.mark.parametrize(
    ("day", "short", "long"),
    [
        (date(2026, 5, 5), "5 mai 2026", "mardi 5 mai 2026"),
        (date(2026, 5, 1), "1er mai 2026", "vendredi 1er mai 2026"),
        (date(2025, 8, 31), "31 août 2025", "dimanche 31 août 2025"),
    ],
)
def test_french_days(day: date, short: str, long: str) -> None:
    assert labels.french_day(day) == short
    assert labels.french_weekday(day) == long
    assert labels.french_deadline(end_of_day(day)) == f"{long} à 24 h"


@pytest.mark.parametrize(
    ("bp", "text"),
    [
        (484, "4,84\u00a0%"),
        (2963, "29,63\u00a0%"),
        (2500, "25,00\u00a0%"),
        (0, "0,00\u00a0%"),
        (-2, "-0,02\u00a0%"),
    ],
)
def test_percents(bp: int, text: str) -> None:
    assert labels.percent(bp) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(390), "390"),
        (Decimal("151.75"), "151,75"),
        (Decimal("1234567.5"), "1\u00a0234\u00a0567,5"),
        (Decimal("8.00"), "8"),
        (0, "0"),
    ],
)
def test_numbers(value: Decimal | int, text: str) -> None:
    assert labels.number(value) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(Decimal("1.065"), 2, "1,07"), (Decimal("151.5"), 0, "152"), (Decimal(4), 1, "4,0")],
)
def test_decimals_round_half_up(value: Decimal, places: int, text: str) -> None:
    assert labels.decimal(value, places) == text


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (10_700, "1,07\u00a0logement"),
        (13_700, "1,37\u00a0logement"),
        (20_000, "2,00\u00a0logements"),
        (1_800, "0,18\u00a0logement"),
        (17, "0,0017\u00a0logement"),
        (0, "0,00\u00a0logement"),
        (-23_000, "-2,30\u00a0logements"),
    ],
)
def test_fractions_of_a_dwelling_are_never_rounded_to_nothing(units: int, text: str) -> None:
    """Most lines are under one dwelling a year."""
    assert labels.dwellings(units) == text


def test_an_instant_is_told_in_paris() -> None:
    instant = datetime(2026, 4, 30, 8, 5, tzinfo=UTC)
    assert labels.french_instant(instant) == "jeudi 30 avril 2026 à 10\u00a0h\u00a005"
