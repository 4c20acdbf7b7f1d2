"""The charte by version, communes that merge, what may be excluded (art. 2.2, 2.3, 5.3, 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.annexe import ExclusionCode
from server.domain.charte import (
    PARAMETERS,
    Category,
    Parameters,
    Version,
    changes,
    differences,
    in_force,
    of_year,
    revision_motifs,
    value_words,
)
from server.domain.communes import Merger, codes_at, commune_at, perimeter_at
from server.domain.dwellings import ExcludedPeriod, Kind, ending_motifs, exclusion_motifs
from server.reference import load_mergers, load_zones

FIRST = Version(
    code="2023", from_on=date(2023, 1, 1), decision="Conventions", parameters=Parameters()
)
SECOND = Version(
    code="2026-07",
    from_on=date(2026, 7, 1),
    decision="Comité technique",
    parameters=Parameters(mutation_rate_bp=800, keeps_npnru=False, excludes_plai_adapte=False),
)
BOTH = (SECOND, FIRST)
TODAY = date(2026, 4, 30)
MERGERS = tuple(
    Merger(
        old_insee=one["old_insee"],
        new_insee=one["new_insee"],
        on_date=one["on_date"],
        old_name=one["old_name"],
    )
    for one in load_mergers()
)


# --- Versions --------------------------------------------------------------------------------


def test_a_version_holds_from_its_first_day_until_the_next_one() -> None:
    assert in_force(BOTH, date(2026, 6, 30)) is FIRST
    assert in_force(BOTH, date(2026, 7, 1)) is SECOND
    assert in_force(BOTH, date(2020, 1, 1)) is FIRST


def test_a_year_is_judged_by_the_rules_of_its_first_of_january() -> None:
    """Art. 2.3: the ceiling is on the year; last year's bilan keeps last year's rules."""
    assert of_year(BOTH, 2026).parameters.mutation_rate_bp == 1_000
    assert of_year(BOTH, 2027).parameters.mutation_rate_bp == 800


def test_the_charte_of_the_departement_withdraws_internal_moves_alone() -> None:
    """Domain §4: NPNRU, ORCOD and insalubrité stay in the flux, sale is off by default (Q6)."""
    assert Parameters().withdrawn == (Category.MUTATION,)
    assert SECOND.parameters.withdrawn == (Category.MUTATION, Category.NPNRU)


def test_two_columns_of_the_annexe_come_from_the_charte_only() -> None:
    """Art. 2.2: four exclusions by decree, PLAI adaptés and gens du voyage by the charte."""
    assert Parameters().exclusions == tuple(ExclusionCode)
    closed = Parameters(excludes_plai_adapte=False, excludes_gens_du_voyage=False)
    assert set(ExclusionCode) - set(closed.exclusions) == {
        ExclusionCode.PLAI_ADAPTE,
        ExclusionCode.GENS_DU_VOYAGE,
    }


def test_each_parameter_has_its_words() -> None:
    for name in PARAMETERS:
        assert value_words(name, Parameters())
    assert value_words("keeps_npnru", SECOND.parameters) == "soustraits du flux"


def test_what_a_revision_changes_in_a_running_convention() -> None:
    agreed: dict[str, Any] = {
        "mutation_rate_bp": 1_000,
        "answer_days": 2,
        "candidate_days": 15,
        "indicator": "oriented",
    }
    assert differences(agreed, FIRST) == ()
    (one,) = differences(agreed, SECOND)
    assert one.name == "mutation_rate_bp"
    assert "10,00" in one.convention
    assert "8,00" in one.charte


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": " "}, "code_required"),
        ({"code": "2023"}, "code_taken"),
        ({"decision": ""}, "decision_required"),
        ({"from_on": TODAY}, "from_past"),
        ({"from_on": date(2026, 7, 1)}, "day_taken"),
        ({"parameters": Parameters(mutation_rate_bp=10_001)}, "rate_invalid"),
        ({"parameters": Parameters(answer_days=0)}, "days_invalid"),
        ({"parameters": Parameters(indicator="autre")}, "indicator_invalid"),
        ({"parameters": SECOND.parameters}, "nothing_changes"),
    ],
)
def test_a_revision_that_cannot_be(changed: dict[str, Any], code: str) -> None:
    sound = Version(
        code="2027",
        from_on=date(2027, 1, 1),
        decision="Comité technique du 3 novembre 2026",
        parameters=Parameters(mutation_rate_bp=900),
    )
    assert revision_motifs(sound, BOTH, today=TODAY) == ()
    found = revision_motifs(replace(sound, **changed), BOTH, today=TODAY)
    assert code in [one.code for one in found]


@given(
    st.builds(Parameters, mutation_rate_bp=st.integers(0, 10_000), keeps_orcod=st.booleans()),
    st.builds(Parameters, answer_days=st.integers(1, 90), keeps_vente=st.booleans()),
)
def test_versions_are_the_same_when_nothing_changes(one: Parameters, other: Parameters) -> None:
    assert (changes(one, other) == ()) == (one == other)
    assert changes(one, other) == changes(other, one)


# --- Communes that merge ---------------------------------------------------------------------


def test_the_real_mergers_of_the_departement() -> None:
    """Seynod is Annecy since 1 January 2017; Seythenex is Faverges-Seythenex since 2016."""
    assert commune_at("74268", MERGERS, date(2016, 12, 31)) == "74268"
    assert commune_at("74268", MERGERS, date(2017, 1, 1)) == "74010"
    assert commune_at("74270", MERGERS, TODAY) == "74123"
    assert commune_at("74104", MERGERS, TODAY) == "74104"
    assert codes_at("74010", MERGERS, TODAY) == {
        *("74010", "74011", "74093", "74182", "74217", "74268"),
    }
    assert perimeter_at(["74268", "74011", "74104"], MERGERS, TODAY) == {"74010", "74104"}


def test_mergers_follow_one_another_and_never_turn_in_a_circle() -> None:
    def merger(old: str, new: str, year: int) -> Merger:
        return Merger(old_insee=old, new_insee=new, on_date=date(year, 1, 1))

    chain = (merger("1", "2", 2020), merger("2", "3", 2024))
    assert commune_at("1", chain, date(2022, 1, 1)) == "2"
    assert commune_at("1", chain, date(2024, 1, 1)) == "3"
    circle = (merger("1", "2", 2020), merger("2", "1", 2020))
    assert commune_at("1", circle, TODAY) in {"1", "2"}


def test_each_commune_has_its_zone_before_and_since_july_2024() -> None:
    zones = {(one["insee"], one["from_on"]): one["zone"] for one in load_zones()}
    assert len(zones) == 2 * 279
    assert zones["74104", date(2022, 1, 1)] == "b1"
    assert zones["74104", date(2024, 7, 5)] == "a"


# --- Exclusions ------------------------------------------------------------------------------


def excluded(code: str = "sante", start: date = TODAY, until: date | None = None) -> ExcludedPeriod:
    return ExcludedPeriod(code=code, from_on=start, until_on=until)


@pytest.mark.parametrize(
    ("wanted", "kind", "periods", "code"),
    [
        (excluded(), Kind.SOCIAL, [], None),
        (excluded(), Kind.FOYER, [], "dwelling_never_in_assiette"),
        (excluded("autre"), Kind.SOCIAL, [], "exclusion_unknown"),
        (excluded("plai_adapte"), Kind.SOCIAL, [], "exclusion_not_in_charte"),
        (excluded(start=TODAY + timedelta(1)), Kind.SOCIAL, [], "exclusion_in_future"),
        (excluded(), Kind.SOCIAL, [excluded("sante", date(2020, 1, 1))], "exclusion_unchanged"),
        (excluded(), Kind.SOCIAL, [excluded("demolition", date(2020, 1, 1))], None),
        (
            excluded(start=date(2019, 1, 1)),
            Kind.SOCIAL,
            [excluded("demolition", date(2020, 1, 1))],
            "exclusion_overlaps",
        ),
        (
            excluded(start=date(2020, 6, 1)),
            Kind.SOCIAL,
            [excluded("demolition", date(2020, 1, 1), date(2021, 1, 1))],
            "exclusion_overlaps",
        ),
        (
            excluded(start=date(2021, 1, 1)),
            Kind.SOCIAL,
            [excluded("demolition", date(2020, 1, 1), date(2021, 1, 1))],
            None,
        ),
    ],
)
def test_one_exclusion_at_a_time_and_never_in_advance(
    wanted: ExcludedPeriod, kind: Kind, periods: list[ExcludedPeriod], code: str | None
) -> None:
    """Art. 2.2: a dwelling is in one column of the annexe at most."""
    opened = SECOND.parameters.exclusions
    found = exclusion_motifs(wanted, kind, periods, opened=opened, today=TODAY)
    assert [one.code for one in found] == ([code] if code else [])


def test_an_exclusion_ends_the_day_it_ends_or_later() -> None:
    running = excluded(start=date(2026, 1, 1))
    assert ending_motifs(running, date(2026, 1, 1), today=TODAY) == ()
    assert ending_motifs(running, TODAY, today=TODAY) == ()
    (early,) = ending_motifs(running, date(2025, 12, 31), today=TODAY)
    (late,) = ending_motifs(running, TODAY + timedelta(1), today=TODAY)
    assert (early.code, late.code) == ("end_before_start", "end_in_future")
