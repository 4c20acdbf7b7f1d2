from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.bilans import (
    OUT_NATURES,
    Bilan,
    Check,
    Dimension,
    Figures,
    Nature,
    OrientationRow,
    VacancyRow,
    bilan_last_day,
    cil_last_day,
    compile_bilan,
    is_late,
    is_provisional,
)
from server.domain.deadlines import PARIS
from server.domain.dwellings import Financing, Level, Typology
from server.domain.flux import BAILLEUR, UNIT, CommuneRates, Indicator
from server.domain.labels import CHECKS
from server.domain.orientations import State

DOUSSARD, FAVERGES = "74104", "74123"
HISTORY = (
    CommuneRates(
        insee=DOUSSARD,
        valid_from=date(2025, 1, 1),
        rates=(("doussard", 2963), ("rs", 2500)),
    ),
    CommuneRates(
        insee=FAVERGES, valid_from=date(2025, 1, 1), rates=(("faverges", 2440), ("rs", 2500))
    ),
)


def vacancy(key: str, *, nature: Nature = Nature.FLUX, on: date = date(2026, 3, 2)) -> VacancyRow:
    return VacancyRow(
        key=key,
        on=on,
        nature=nature,
        insee=DOUSSARD,
        commune_name="Doussard",
        address="1 place de la Mairie",
        dwelling_ref=f"HSH-{key}",
        typology=Typology.T3,
        financing=Financing.PLUS,
        is_qpv=False,
        built_year=1985,
    )


def orientation(
    key: str, vacancy_key: str, party: str, state: State, *, sent_on: date = date(2026, 3, 4)
) -> OrientationRow:
    return OrientationRow(
        key=key, vacancy_key=vacancy_key, party_key=party, rank=1, state=state, sent_on=sent_on
    )


def leased(row: OrientationRow, attributed_on: date, leased_on: date) -> OrientationRow:
    return replace(row, state=State.LEASED, attributed_on=attributed_on, leased_on=leased_on)


def figures(bilan: Bilan, party: str) -> Figures:
    return next(one.figures for one in bilan.parties if one.party_key == party)


def counts(one: Figures) -> tuple[int, int, int]:
    return one.oriented, one.attributed, one.leased


def failed(checks: Sequence[Check]) -> list[str]:
    return [check.code for check in checks if not check.is_ok]


def test_a_dwelling_from_vacancy_to_lease() -> None:
    """Art. 7: due, oriented, attributed and leased, by réservataire."""
    row = orientation("o1", "v1", "doussard", State.SENT)
    row = leased(row, date(2026, 5, 6), date(2026, 6, 1))
    bilan = compile_bilan(2026, [vacancy("v1")], [row], HISTORY)
    assert figures(bilan, "doussard") == Figures(
        due=2963, oriented=1, attributed=1, leased=1, gap=UNIT - 2963
    )
    assert figures(bilan, BAILLEUR).due == UNIT - 2963 - 2500
    assert [one.party_key for one in bilan.parties] == ["doussard", "rs", "faverges", BAILLEUR]
    assert failed(bilan.checks) == []


@pytest.mark.parametrize(
    ("state", "oriented"),
    [
        (State.DRAFT, 0),
        (State.SENT, 1),
        (State.REFUSED, 1),
        (State.WITHDRAWN, 0),
        (State.NO_CANDIDATE, 1),
        (State.RENOUNCED, 1),
        (State.REORIENTED, 1),
        (State.NOT_ATTRIBUTED, 1),
    ],
)
def test_what_counts_as_oriented(state: State, oriented: int) -> None:
    """Art. 7: refused yes, withdrawn no, accepted then without candidate yes."""
    row = orientation("o1", "v1", "doussard", state)
    bilan = compile_bilan(2026, [vacancy("v1")], [row], HISTORY)
    assert figures(bilan, "doussard").oriented == oriented


def test_a_refusal_then_another_reservataire_are_two_offers_and_one_lease() -> None:
    first = orientation("o1", "v1", "doussard", State.REFUSED)
    second = leased(orientation("o2", "v1", "rs", State.SENT), date(2026, 5, 6), date(2026, 6, 1))
    bilan = compile_bilan(2026, [vacancy("v1")], [first, second], HISTORY)
    assert counts(figures(bilan, "doussard")) == (1, 0, 0)
    assert counts(figures(bilan, "rs")) == (1, 1, 1)
    assert len(bilan.detailed) == 2


def test_one_attribution_a_dwelling_and_a_commission() -> None:
    """Art. 7: two commissions count two attributions, the lease counts once."""
    first = replace(
        orientation("o1", "v1", "doussard", State.LEASE_FAILED), attributed_on=date(2026, 4, 1)
    )
    second = leased(
        orientation("o2", "v1", "doussard", State.SENT), date(2026, 5, 6), date(2026, 6, 1)
    )
    same_day = replace(second, key="o3", leased_on=None, state=State.LEASE_FAILED)
    bilan = compile_bilan(2026, [vacancy("v1")], [first, second, same_day], HISTORY)
    assert counts(figures(bilan, "doussard")) == (3, 2, 1)


def test_a_chain_may_cross_31_december() -> None:
    """Each act counts in the year of its own date."""
    row = leased(
        orientation("o1", "v1", "doussard", State.SENT, sent_on=date(2025, 12, 15)),
        date(2026, 1, 14),
        date(2026, 2, 1),
    )
    vacancies = [vacancy("v1", on=date(2025, 12, 12))]
    before = figures(compile_bilan(2025, vacancies, [row], HISTORY), "doussard")
    after = figures(compile_bilan(2026, vacancies, [row], HISTORY), "doussard")
    assert (before.due, counts(before)) == (2963, (1, 0, 0))
    assert (after.due, counts(after)) == (0, (0, 1, 1))


def test_the_chosen_indicator_makes_the_gap() -> None:
    row = orientation("o1", "v1", "doussard", State.SENT)
    bilan = compile_bilan(2026, [vacancy("v1")], [row], HISTORY, basis=Indicator.LEASED)
    assert figures(bilan, "doussard").gap == -2963


def test_a_droit_unique_is_taken_on_the_bailleurs_share() -> None:
    """Art. 4."""
    refused = orientation("o0", "v1", "doussard", State.REFUSED)
    row = leased(orientation("o1", "v1", "rs", State.SENT), date(2026, 5, 6), date(2026, 6, 1))
    single = replace(row, is_droit_unique=True)
    vacancies = [vacancy("v1", nature=Nature.DROIT_UNIQUE)]
    bilan = compile_bilan(2026, vacancies, [refused, single], HISTORY)
    assert counts(figures(bilan, "doussard")) == (1, 0, 0)
    assert counts(figures(bilan, "rs")) == (0, 0, 0)
    assert counts(figures(bilan, BAILLEUR)) == (1, 1, 1)


def test_an_urgency_counts_for_the_party_charged() -> None:
    """Art. 2.4: even when it withdrew an offer to somebody else."""
    urgent = replace(vacancy("v1", nature=Nature.URGENCY), charged_to="rs")
    withdrawn = orientation("o1", "v1", "doussard", State.WITHDRAWN)
    bilan = compile_bilan(2026, [urgent], [withdrawn], HISTORY)
    assert counts(figures(bilan, "rs")) == (1, 1, 0)
    assert counts(figures(bilan, "doussard")) == (0, 0, 0)
    assert failed(bilan.checks) == []


def test_volet_3_tells_what_left_the_flux() -> None:
    """Art. 2.3 and 7: internal moves notably, against the 10 %."""
    vacancies = [
        *(vacancy(f"v{index}") for index in range(8)),
        vacancy("m1", nature=Nature.MUTATION),
        vacancy("m2", nature=Nature.MUTATION),
        vacancy("n1", nature=Nature.FIRST_LETTING),
    ]
    bilan = compile_bilan(2026, vacancies, [], HISTORY)
    rows = [(row.nature, row.insee, row.typology, row.count) for row in bilan.out_of_flux]
    assert rows == [
        (Nature.MUTATION, DOUSSARD, Typology.T3, 2),
        (Nature.FIRST_LETTING, DOUSSARD, Typology.T3, 1),
    ]
    assert (bilan.mutations.count, bilan.mutations.total) == (2, 10)
    assert (bilan.mutations.ratio_bp, bilan.mutations.level) == (2000, Level.AMBER)
    assert len(bilan.detailed) == 11
    assert sum(one.figures.due for one in bilan.parties) == 8 * UNIT


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Dimension.TYPOLOGY, "t3"),
        (Dimension.FINANCING, "plus"),
        (Dimension.QPV, "no"),
        (Dimension.COMMUNE, DOUSSARD),
        (Dimension.PERIOD, "1971_1990"),
    ],
)
def test_volet_2_by_each_dimension_of_the_decree(dimension: Dimension, value: str) -> None:
    """R441-5-1."""
    row = orientation("o1", "v1", "doussard", State.SENT)
    bilan = compile_bilan(2026, [vacancy("v1")], [row], HISTORY)
    cell = next(one for one in bilan.consolidated[dimension] if one.party_key == "doussard")
    assert cell.value == value
    assert cell.figures == figures(bilan, "doussard")


def test_values_come_in_their_own_order() -> None:
    big, small = replace(vacancy("v1"), typology=Typology.T5), vacancy("v2")
    bilan = compile_bilan(2026, [big, small], [], HISTORY)
    values = [one.value for one in bilan.consolidated[Dimension.TYPOLOGY]]
    assert values == ["t3", "t5", "t3", "t5", "t3", "t5"]


def test_a_lease_without_attribution_fails_the_controls() -> None:
    row = replace(orientation("o1", "v1", "doussard", State.LEASED), leased_on=date(2026, 6, 1))
    bilan = compile_bilan(2026, [vacancy("v1")], [row], HISTORY)
    assert failed(bilan.checks) == ["leases_without_attribution"]


def test_every_control_has_its_french_words() -> None:
    bilan = compile_bilan(2026, [], [], HISTORY)
    assert {check.code for check in bilan.checks} == set(CHECKS)


def test_no_household_datum_can_enter() -> None:
    """Art. 6.1 and the RGPD: the detailed volet knows the address, not the household."""
    names = {field.name for row in (VacancyRow, OrientationRow) for field in fields(row)}
    assert not {name for name in names if "nud" in name or "criteri" in name or "dalo" in name}


def test_the_yearly_dates() -> None:
    """R441-5-1 and art. 7: before 28 February, before 31 March."""
    assert bilan_last_day(2025) == date(2026, 2, 27)
    assert cil_last_day(2025) == date(2026, 3, 30)
    assert bilan_last_day(2027) == date(2028, 2, 27)


@pytest.mark.parametrize(("now", "late"), [("2026-02-27T23:59", False), ("2026-02-28T00:00", True)])
def test_late_from_the_28th(now: str, late: bool) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=PARIS)
    assert is_late(instant, bilan_last_day(2025)) is late


def test_a_running_year_is_provisional() -> None:
    assert is_provisional(2026, date(2026, 12, 31))
    assert not is_provisional(2026, date(2027, 1, 1))


@st.composite
def years(draw: st.DrawFn) -> tuple[list[VacancyRow], list[OrientationRow]]:
    days = st.dates(date(2025, 10, 1), date(2027, 3, 31))
    vacancies = [
        replace(
            vacancy(str(index), on=draw(days), nature=draw(st.sampled_from(Nature))),
            insee=draw(st.sampled_from([DOUSSARD, FAVERGES, "74999"])),
            typology=draw(st.sampled_from(Typology)),
            financing=draw(st.sampled_from(Financing)),
            is_qpv=draw(st.booleans()),
            built_year=draw(st.none() | st.integers(1900, 2026)),
        )
        for index in range(draw(st.integers(1, 8)))
    ]
    rows = []
    for index in range(draw(st.integers(0, 10))):
        attributed_on = draw(st.none() | days)
        row = OrientationRow(
            key=f"o{index}",
            vacancy_key=draw(st.sampled_from(vacancies)).key,
            party_key=draw(st.sampled_from(["doussard", "faverges", "rs", BAILLEUR])),
            rank=1,
            state=draw(st.sampled_from(State)),
            sent_on=draw(days),
            attributed_on=attributed_on,
            leased_on=draw(st.none() | days) if attributed_on else None,
        )
        rows.append(row)
    return vacancies, rows


@given(years())
def test_the_same_totals_whichever_breakdown(
    drawn: tuple[list[VacancyRow], list[OrientationRow]],
) -> None:
    vacancies, rows = drawn
    bilan = compile_bilan(2026, vacancies, rows, HISTORY)
    assert failed(bilan.checks) == []
    of_year = [one for one in vacancies if one.on.year == 2026]
    out = sum(row.count for row in bilan.out_of_flux)
    assert out == sum(one.nature in OUT_NATURES for one in of_year)
    assert sum(one.figures.due for one in bilan.parties) == UNIT * (len(of_year) - out)
    for cells in bilan.consolidated.values():
        for party in bilan.parties:
            mine = [cell.figures for cell in cells if cell.party_key == party.party_key]
            for name in ("due", "oriented", "attributed", "leased", "gap"):
                assert sum(getattr(one, name) for one in mine) == getattr(party.figures, name)
