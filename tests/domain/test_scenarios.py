"""What if: the annexe of the Sources du Lac under other rights, exclusions, programmes, rules."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from server.domain.annexe import CommuneStock, Contingent, ExclusionCode, Line
from server.domain.flux import BAILLEUR, Indicator
from server.domain.ledger import TOTAL, Family
from server.domain.scenarios import (
    Alike,
    Base,
    Change,
    ChangeKind,
    Hypotheses,
    Scenario,
    Territory,
    change_motifs,
    expect,
    hypotheses_motifs,
    lay_out,
    warnings,
)
from server.domain.scenarios.applying import taken
from server.domain.scenarios.wording import change_day, change_sentence, signed_text

SIREN, DOUSSARD, FAVERGES = "200000001", "74104", "74123"
BOTH = frozenset({DOUSSARD, FAVERGES})
YEAR = 2027
NEW_YEAR = date(YEAR, 1, 1)
MIDYEAR = date(YEAR, 7, 2)
"""The 183rd day: 182 days of 365 before it."""


def line(key: str, perimeter: frozenset[str], droits: int | None, rate: int | None = None) -> Line:
    return Line(
        key=key,
        reservataire=key,
        contingent=Contingent.NONE if rate is None else Contingent.RS,
        perimeter=perimeter,
        droits=None if droits is None else Decimal(droits),
        imposed_rate_bp=rate,
    )


def alike(insee: str, typology: str, count: int) -> Alike:
    strata = (TOTAL, (Family.TYPOLOGY, typology), (Family.COMMUNE, insee))
    return Alike(insee=insee, strata=strata, count=count)


BASE = Base(
    counted_on=date(2026, 4, 30),
    territories=(
        Territory(
            epci_siren=SIREN,
            epci_name="CC des Sources du Lac",
            communes=(
                CommuneStock(insee=DOUSSARD, name="Doussard", total=54, exclusions={}),
                CommuneStock(
                    insee=FAVERGES,
                    name="Faverges",
                    total=586,
                    exclusions={ExclusionCode.PLAN_VENTE: 33},
                ),
            ),
            lines=(
                line("al", BOTH, 31),
                line("doussard", frozenset({DOUSSARD}), 16),
                line("faverges", frozenset({FAVERGES}), 143),
                line("rs", BOTH, None, 2500),
            ),
            source_year=2026,
            source_version=1,
        ),
    ),
    dwellings=(alike(DOUSSARD, "t2", 20), alike(DOUSSARD, "t3", 34), alike(FAVERGES, "t3", 553)),
    areas={DOUSSARD: "less_tense", FAVERGES: "tense"},
)
NINE = Hypotheses(turnover_bp=900, mutation_bp=1000, caleol_failure_bp=0, lease_failure_bp=0)


def scenario(*changes: Change, hypotheses: Hypotheses = NINE) -> Scenario:
    return Scenario(year=YEAR, base=BASE, hypotheses=hypotheses, changes=changes)


def change(kind: str, from_on: date = NEW_YEAR, **fields: object) -> Change:
    return Change(kind=ChangeKind(kind), from_on=from_on, epci_siren=SIREN, **fields)  # type: ignore[arg-type] # fields of a case


def mean(found: Scenario, party: str, insee: str | None = None) -> float:
    stratum = TOTAL if insee is None else (Family.COMMUNE, insee)
    return expect(found).parties[party][stratum].mean


def test_without_a_change_it_is_the_annexe_that_was_signed() -> None:
    """§6 of the arithmetic: 4.37 dwellings in Doussard, 1.30 of them for the commune."""
    found = scenario()
    assert mean(found, "doussard") == pytest.approx(54 * 0.081 * 0.2963)
    assert mean(found, "faverges") == pytest.approx(553 * 0.081 * 0.2440)
    assert sum(mean(found, one) for one in expect(found).parties) == pytest.approx(607 * 0.081)
    assert expect(found).vacancies == pytest.approx(607 * 0.081)


CHANGES = {
    "more rights, all year": (
        change("droits", party_key="doussard", droits=Decimal(20)),
        {"doussard": 54 * 0.081 * 0.3704, "faverges": 553 * 0.081 * 0.2440},
    ),
    "more rights in July: half a year at each rate, the first half never rewritten": (
        change("droits", MIDYEAR, party_key="doussard", droits=Decimal(20)),
        {"doussard": 54 * 0.081 * (0.2963 * 182 + 0.3704 * 183) / 365},
    ),
    "a rate of the State": (
        change("rate", party_key="rs", rate_bp=3000),
        {"rs": 607 * 0.081 * 0.30, "doussard": 54 * 0.081 * 0.2963},
    ),
    "ten dwellings sold: the rights are still divided by A (Q2)": (
        change("exclusion", insee=FAVERGES, number=10, code="plan_vente"),
        {"faverges": 543 * 0.081 * 0.2440, "al": 597 * 0.081 * 0.0484},
    ),
    "ten dwellings sold in July": (
        change("exclusion", MIDYEAR, insee=FAVERGES, number=10, code="plan_vente"),
        {"faverges": (543 + 10 * 182 / 365) * 0.081 * 0.2440},
    ),
    "a programme of last year: A grows, the same rights weigh less": (
        change("programme", date(2026, 6, 1), insee=DOUSSARD, number=10, typology="t3",
               financing="plus", name="Les Tilleuls"),
        {"doussard": 64 * 0.081 * 0.2500, "al": 617 * 0.081 * 0.0477},
    ),
    "a programme of the year: outside the flux until 31 December (art. 3)": (
        change("programme", MIDYEAR, insee=DOUSSARD, number=10, typology="t3",
               financing="plus", name="Les Tilleuls"),
        {"doussard": 54 * 0.081 * 0.2963},
    ),
    "more mutations from July (art. 2.3)": (
        change("mutation_share", MIDYEAR, rate_bp=2000),
        {"doussard": 54 * 0.09 * (0.9 * 182 + 0.8 * 183) / 365 * 0.2963},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_moves_what_it_must_and_nothing_else(case: str) -> None:
    one, expected = CHANGES[case]
    assert change_motifs(scenario(), one) == ()
    for party, value in expected.items():
        assert mean(scenario(one), party) == pytest.approx(value), party


def test_what_comes_back_counts_again_until_the_lease() -> None:
    """art. 7: 8 % lost in commission, 10 % after; an orientation counts each time it is sent."""
    failing = replace(NINE, caleol_failure_bp=800, lease_failure_bp=1000)
    own = 54 * 0.081 * 0.2963
    for indicator, times in (("oriented", 1 / 0.828), ("attributed", 1 / 0.9), ("leased", 1)):
        one = replace(failing, indicator=Indicator(indicator))
        assert mean(scenario(hypotheses=one), "doussard") == pytest.approx(own * times)
        dated = scenario(change("indicator", code=indicator), hypotheses=failing)
        assert mean(dated, "doussard") == pytest.approx(own * times)


def test_the_interval_is_that_of_drawn_years() -> None:
    """Due in 20 000 drawn years, a dwelling of each side of July by its own chance."""
    failing = replace(NINE, caleol_failure_bp=800, lease_failure_bp=1000)
    found = scenario(
        change("droits", MIDYEAR, party_key="faverges", droits=Decimal(300)), hypotheses=failing
    )
    one = expect(found).parties["faverges"][TOTAL]
    generator = np.random.default_rng(74)
    first = generator.binomial(553, 0.081 * 182 / 365, 20_000)
    second = generator.binomial(553 - first, 0.081 * 183 / 365 / (1 - 0.081 * 182 / 365))
    tries = [
        np.where(freed, freed + generator.negative_binomial(np.maximum(freed, 1), 0.828), 0)
        for freed in (first, second)
    ]
    due = tries[0] * 0.2440 + tries[1] * 0.5119
    assert one.mean == pytest.approx(due.mean(), rel=0.01)
    width = 1.6448536 * np.sqrt(due.var() + 0.39**2)
    assert one.high - one.mean == pytest.approx(width, rel=0.03)


def test_every_stratum_adds_up_to_its_dwellings() -> None:
    found = expect(scenario(change("exclusion", MIDYEAR, insee=DOUSSARD, number=7,
                                   code="demolition")))  # fmt: skip
    for stratum, count in {
        (Family.TYPOLOGY, "t2"): 20 - 3,
        (Family.TYPOLOGY, "t3"): 587 - 4,
    }.items():
        gone = 3 if stratum[1] == "t2" else 4
        total = sum(one[stratum].mean for one in found.parties.values() if stratum in one)
        assert total == pytest.approx((count + gone * 182 / 365) * 0.081)


@pytest.mark.parametrize(
    ("counts", "number", "given"),
    [([20, 34], 7, [3, 4]), ([1, 1, 1], 2, [1, 1, 0]), ([5], 9, [5]), ([10, 0, 30], 4, [1, 0, 3])],
)
def test_whole_dwellings_leave_in_proportion(
    counts: list[int], number: int, given: list[int]
) -> None:
    assert taken(counts, number) == given


REFUSED = {
    "line_unknown": change("droits", party_key="nobody", droits=Decimal(1)),
    "droits_invalid": change("droits", party_key="doussard", droits=Decimal(-1)),
    "rate_not_imposed": change("rate", party_key="doussard", rate_bp=100),
    "rate_invalid": change("rate", party_key="rs", rate_bp=10_001),
    "exclusions_exceed_flux": change("exclusion", insee=DOUSSARD, number=55, code="demolition"),
    "exclusion_unknown": change("exclusion", insee=DOUSSARD, number=1, code="other"),
    "commune_unknown": change("exclusion", insee="74010", number=0, code="demolition"),
    "number_invalid": change("programme", insee=DOUSSARD, number=0, typology="t1",
                             financing="plus"),
    "typology_unknown": change("programme", insee=DOUSSARD, number=1, financing="plus"),
    "financing_unknown": change("programme", insee=DOUSSARD, number=1, typology="t1"),
    "indicator_unknown": change("indicator", code="signed"),
    "after_the_year": change("mutation_share", date(2028, 1, 1), rate_bp=1000),
    "sum_over_whole": change("droits", party_key="doussard", droits=Decimal(50)),
}  # fmt: skip


@pytest.mark.parametrize("code", REFUSED)
def test_what_no_annexe_could_say_is_refused(code: str) -> None:
    assert code in [one.code for one in change_motifs(scenario(), REFUSED[code])]


def test_hypotheses_have_limits() -> None:
    wrong = replace(NINE, turnover_bp=6000, mutation_bp=-1, lease_failure_bp=9000)
    assert [one.field for one in hypotheses_motifs(wrong)] == [
        "turnover", "mutation", "lease_failure",
    ]  # fmt: skip
    assert hypotheses_motifs(NINE) == ()


def test_the_reader_is_warned() -> None:
    """R441-5-2: 30 % of the State; art. 2.3: 10 % of mutations; art. 3: new housing."""
    found = scenario(
        change("rate", MIDYEAR, party_key="rs", rate_bp=3500),
        change("mutation_share", rate_bp=1500),
        change("programme", MIDYEAR, insee=DOUSSARD, number=1, typology="t1", financing="plai",
               name="Le Bief"),
    )  # fmt: skip
    told = {one.code for one in warnings(found, lay_out(found))}
    assert told == {
        "state_over_ceiling", "mutations_over_ceiling", "programme_too_late",
        "rate_changes_midyear",
    }  # fmt: skip
    assert warnings(scenario(), lay_out(scenario())) == ()


def test_a_change_is_a_sentence() -> None:
    names = {"doussard": "Commune de Doussard", "rs": "Préfecture"}
    said = {
        "Commune de Doussard : 20 droits (16 dans l'annexe)": REFUSED["line_unknown"],
        "Préfecture : taux de 30,00\u00a0% (25,00\u00a0% dans l'annexe)": CHANGES[
            "a rate of the State"
        ][0],
        "Faverges : 10 logements hors de l'assiette (plan de vente)": CHANGES[
            "ten dwellings sold in July"
        ][0],
        "« Les Tilleuls », Doussard : 10 logements T3 PLUS": CHANGES[
            "a programme of the year: outside the flux until 31 December (art. 3)"
        ][0],
        "Mutations internes : 20,00\u00a0% des libérations": CHANGES[
            "more mutations from July (art. 2.3)"
        ][0],
        "Le flux compte les logements attribués en CALEOL": change("indicator", code="attributed"),
    }
    said["Commune de Doussard : 20 droits (16 dans l'annexe)"] = CHANGES["more rights, all year"][0]
    for sentence, one in said.items():
        assert change_sentence(one, BASE, names) == sentence
    assert change_day(change("rate"), YEAR) == "toute l'année"
    assert change_day(change("rate", MIDYEAR), YEAR) == "à compter du 2 juillet 2027"
    assert [signed_text(one) for one in (1.26, -0.44, 0.04, -0.01)] == [
        "+1,3",
        "−0,4",
        "0,0",
        "0,0",
    ]


def test_the_bailleur_keeps_the_remainder() -> None:
    """Doussard: 100 − 4.84 − 29.63 − 25.00 = 40.53 %."""
    season = lay_out(scenario()).seasons[0]
    assert season.shares(SIREN, DOUSSARD)[BAILLEUR] == 10_000 - 484 - 2963 - 2500


def test_a_department_is_expected_within_a_request() -> None:
    """60 000 dwellings in 279 communes, 40 kinds in each; about 0.2 s of one processor."""
    places = [f"74{number:03d}" for number in range(279)]
    kinds = [
        (TOTAL, (Family.TYPOLOGY, f"t{number % 6 + 1}"), (Family.PERIOD, str(number // 6)))
        for number in range(40)
    ]
    stock = [CommuneStock(insee=one, name=one, total=216, exclusions={}) for one in places]
    everywhere = frozenset(places)
    lines = [line("al", everywhere, 3000), line("rs", everywhere, None, 2500)]
    lines += [line(one, frozenset({one}), 20) for one in places]
    territory = replace(BASE.territories[0], communes=tuple(stock), lines=tuple(lines))
    dwellings = [
        Alike(insee=one, strata=(*strata, (Family.COMMUNE, one)), count=5 + number % 2)
        for one in places
        for number, strata in enumerate(kinds)
    ]
    base = replace(BASE, territories=(territory,), dwellings=tuple(dwellings))
    begun = time.process_time()
    found = expect(replace(scenario(change("mutation_share", MIDYEAR, rate_bp=500)), base=base))
    assert time.process_time() - begun < 2
    assert base.flux_count > 60_000
    assert found.parties["al"][TOTAL].mean > 100
