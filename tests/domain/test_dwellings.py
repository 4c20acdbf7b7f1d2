from __future__ import annotations

from datetime import date

import pytest

from server.domain.annexe import ExclusionCode
from server.domain.dwellings import (
    DwellingFacts,
    Kind,
    Level,
    Period,
    Typology,
    assiette_motifs,
    construction_period,
    enters_on,
    mutation_share,
    typology,
)

TODAY = date(2026, 4, 30)


@pytest.mark.parametrize(
    ("dwelling", "expected"),
    [
        (DwellingFacts(), []),
        (DwellingFacts(kind=Kind.FOYER), ["dwelling_never_in_assiette"]),
        (DwellingFacts(kind=Kind.STUDENT), ["dwelling_never_in_assiette"]),
        (DwellingFacts(kind=Kind.INTERMEDIATE), ["dwelling_never_in_assiette"]),
        *((DwellingFacts(exclusion=code), ["dwelling_excluded"]) for code in ExclusionCode),
        (DwellingFacts(delivered_on=date(2026, 1, 15)), ["dwelling_new"]),
        (DwellingFacts(delivered_on=date(2025, 12, 31)), []),
        (DwellingFacts(exited_on=TODAY), ["dwelling_exited"]),
        (DwellingFacts(exited_on=date(2026, 5, 1)), []),
        (
            DwellingFacts(kind=Kind.FOYER, exclusion=ExclusionCode.SANTE),
            ["dwelling_never_in_assiette", "dwelling_excluded"],
        ),
    ],
)
def test_the_assiette(dwelling: DwellingFacts, expected: list[str]) -> None:
    """Art. 2.1, 2.2 and 3."""
    assert [motif.code for motif in assiette_motifs(dwelling, TODAY)] == expected


@pytest.mark.parametrize(
    ("dwelling", "message"),
    [
        (
            DwellingFacts(exclusion=ExclusionCode.PLAN_VENTE),
            "Hors flux : plan de vente (art. 2.2).",
        ),
        (
            DwellingFacts(delivered_on=date(2026, 1, 15)),
            "Hors flux : logement neuf, dans l'assiette à partir du 1er janvier 2027 (art. 3).",
        ),
    ],
)
def test_the_reason_is_told(dwelling: DwellingFacts, message: str) -> None:
    assert assiette_motifs(dwelling, TODAY)[0].message == message


@pytest.mark.parametrize("delivered", [date(2026, 1, 1), date(2026, 12, 31)])
def test_new_housing_enters_the_next_first_of_january(delivered: date) -> None:
    """Art. 3."""
    assert enters_on(delivered) == date(2027, 1, 1)
    dwelling = DwellingFacts(delivered_on=delivered)
    assert assiette_motifs(dwelling, date(2026, 12, 31))
    assert not assiette_motifs(dwelling, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("year", "period"),
    [
        (1890, Period.BEFORE_1949),
        (1948, Period.BEFORE_1949),
        (1949, Period.FROM_1949),
        (1970, Period.FROM_1949),
        (1971, Period.FROM_1971),
        (1990, Period.FROM_1971),
        (1991, Period.FROM_1991),
        (2000, Period.FROM_1991),
        (2001, Period.FROM_2001),
        (2010, Period.FROM_2001),
        (2011, Period.FROM_2011),
        (2026, Period.FROM_2011),
        (None, Period.UNKNOWN),
    ],
)
def test_periods_of_construction(year: int | None, period: Period) -> None:
    """R441-5-1 asks for periods and gives no bands."""
    assert construction_period(year) is period


@pytest.mark.parametrize(
    ("rooms", "expected"), [(1, Typology.T1), (6, Typology.T6), (9, Typology.T6)]
)
def test_typology(rooms: int, expected: Typology) -> None:
    assert typology(rooms) is expected


def test_a_dwelling_has_a_room() -> None:
    with pytest.raises(ValueError, match="room"):
        typology(0)


@pytest.mark.parametrize(
    ("count", "total", "expected_total", "ratio", "level"),
    [
        (0, 0, None, None, Level.GREEN),
        (1, 10, None, 1000, Level.GREEN),
        (5, 46, None, 1087, Level.AMBER),
        (5, 46, 52, 1087, Level.AMBER),
        (6, 46, 52, 1304, Level.RED),
        (1, 1, 52, 10_000, Level.AMBER),
        (1, 3, None, 3333, Level.AMBER),
        (2, 3, None, 6667, Level.AMBER),
    ],
)
def test_the_ten_percent_warn_and_never_block(
    count: int, total: int, expected_total: int | None, ratio: int | None, level: Level
) -> None:
    """Art. 2.3: 10 % of the yearly vacancies, as they come."""
    share = mutation_share(count=count, total=total, expected_total=expected_total)
    assert (share.ratio_bp, share.level) == (ratio, level)
