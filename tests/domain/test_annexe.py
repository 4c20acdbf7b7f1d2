from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.annexe import (
    Annexe,
    CommuneStock,
    Contingent,
    ExclusionCode,
    Line,
    compute,
    rate_bp,
    rate_text,
    rates_on,
)

DOUSSARD, FAVERGES = "74104", "74123"
BOTH = frozenset({DOUSSARD, FAVERGES})

COMMUNES = (
    CommuneStock(insee=DOUSSARD, name="DOUSSARD", total=54, exclusions={}),
    CommuneStock(
        insee=FAVERGES,
        name="FAVERGES SEYTHENEX",
        total=586,
        exclusions={ExclusionCode.PLAN_VENTE: 33},
    ),
)


def line(
    key: str,
    droits: str | None,
    perimeter: frozenset[str],
    *,
    contingent: Contingent = Contingent.NONE,
    imposed: int | None = None,
) -> Line:
    return Line(
        key=key,
        reservataire=key,
        contingent=contingent,
        perimeter=perimeter,
        droits=None if droits is None else Decimal(droits),
        imposed_rate_bp=imposed,
    )


LINES = (
    line("action_logement", "31", BOTH),
    line("doussard", "16", frozenset({DOUSSARD})),
    line("faverges", "143", frozenset({FAVERGES})),
    line("departement", "8", frozenset({DOUSSARD})),
    line("fonctionnaires", None, BOTH, contingent=Contingent.FONCTIONNAIRES, imposed=500),
    line("rs", None, BOTH, contingent=Contingent.RS, imposed=2500),
)


def the_annexe() -> Annexe:
    return compute(COMMUNES, LINES)


def codes(annexe: Annexe) -> list[str]:
    return [motif.code for motif in annexe.motifs]


@pytest.mark.parametrize(
    ("key", "droits", "denominator", "printed"),
    [
        ("action_logement", 31, 640, "4.84"),
        ("doussard", 16, 54, "29.63"),
        ("faverges", 143, 586, "24.40"),
        ("departement", 8, 54, "14.81"),
        ("fonctionnaires", 32, 640, "5.00"),
        ("rs", 160, 640, "25.00"),
    ],
)
def test_the_real_annexe_to_the_digit(
    key: str, droits: int, denominator: int, printed: str
) -> None:
    """Art. 4: rights over A of the line's perimeter (Haute-Savoie Habitat, Sources du Lac)."""
    rate = next(rate for rate in the_annexe().lines if rate.line.key == key)
    assert (rate.droits, rate.denominator) == (Decimal(droits), denominator)
    assert rate_text(rate.rate_bp) == printed


def test_the_assiette_of_the_real_annexe() -> None:
    """Art. 2.2: C = A - B."""
    annexe = the_annexe()
    rows = [
        (share.stock.total, share.stock.excluded, share.stock.flux) for share in annexe.communes
    ]
    assert rows == [(54, 0, 54), (586, 33, 553)]
    totals = annexe.totals
    assert (totals.total, totals.excluded, totals.flux) == (640, 33, 607)
    assert totals.exclusions == {**dict.fromkeys(ExclusionCode, 0), ExclusionCode.PLAN_VENTE: 33}


def test_rights_add_up_and_rates_do_not() -> None:
    annexe = the_annexe()
    assert (annexe.total_droits, annexe.bailleur_droits) == (Decimal(390), Decimal(250))
    assert not any("rate" in name for name in Annexe.__dataclass_fields__)


@pytest.mark.parametrize(
    ("insee", "signed", "exact"),
    [
        (DOUSSARD, "20.72", Fraction(1193, 5760)),
        (FAVERGES, "40.76", Fraction(76421, 187520)),
    ],
)
def test_the_bailleur_has_what_the_signed_rates_leave(
    insee: str, signed: str, exact: Fraction
) -> None:
    share = the_annexe().commune(insee)
    assert share is not None
    assert rate_text(share.bailleur_share_bp) == signed
    assert share.exact_bailleur_share == exact


def test_exact_shares_conserve_the_rights() -> None:
    annexe = the_annexe()
    kept = sum(share.exact_bailleur_share * share.stock.total for share in annexe.communes)
    assert kept == annexe.bailleur_droits


def test_rates_of_a_commune_in_the_printed_order() -> None:
    rates = [(rate.line.key, bp) for rate, bp in rates_on(the_annexe(), DOUSSARD)]
    assert rates == [
        ("action_logement", 484),
        ("doussard", 2963),
        ("departement", 1481),
        ("fonctionnaires", 500),
        ("rs", 2500),
    ]


def test_the_real_annexe_may_be_published() -> None:
    annexe = the_annexe()
    assert (annexe.motifs, annexe.warnings) == ((), ())


def test_one_right_more_moves_the_rate_and_the_share() -> None:
    lines = [replace(one, droits=Decimal(17)) if one.key == "doussard" else one for one in LINES]
    annexe = compute(COMMUNES, lines)
    assert rate_text(annexe.lines[1].rate_bp) == "31.48"
    assert rate_text(annexe.communes[0].bailleur_share_bp) == "18.87"
    assert annexe.total_droits == 391


def test_rights_of_an_imposed_rate_stay_decimal() -> None:
    """25 % of 607 is 151.75 rights; the rate stays 25.00."""
    commune = CommuneStock(insee="74001", name="A", total=607, exclusions={})
    state = line("rs", None, frozenset({"74001"}), contingent=Contingent.RS, imposed=2500)
    rate = compute((commune,), (state,)).lines[0]
    assert (rate.droits, rate.rate_bp) == (Decimal("151.75"), 2500)


@pytest.mark.parametrize(
    ("droits", "denominator", "expected"),
    [(1, 20_000, 1), (3, 20_000, 2), (16, 54, 2963), (8, 54, 1481), (0, 54, 0), (54, 54, 10_000)],
)
def test_rates_round_half_up(droits: int, denominator: int, expected: int) -> None:
    assert rate_bp(droits, denominator) == expected


def test_a_rate_needs_dwellings() -> None:
    with pytest.raises(ValueError, match="perimeter"):
        rate_bp(1, 0)


@pytest.mark.parametrize(
    ("bp", "text"), [(0, "0.00"), (484, "4.84"), (-2, "-0.02"), (-150, "-1.50")]
)
def test_rate_text(bp: int, text: str) -> None:
    assert rate_text(bp) == text


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([line("x", "1", frozenset())], "perimeter_empty"),
        ([line("x", "1", frozenset({"74999"}))], "perimeter_unknown"),
        ([line("x", None, BOTH)], "line_without_droits"),
        ([line("x", "-1", BOTH)], "negative_number"),
        ([line("x", "1", BOTH), line("x", "2", BOTH)], "line_duplicated"),
        ([line("x", "159", BOTH, imposed=2500)], "droits_contradict_rate"),
        ([line("x", "55", frozenset({DOUSSARD}))], "rate_over_whole"),
        ([line("x", "40", frozenset({DOUSSARD})), line("y", "300", BOTH)], "sum_over_whole"),
    ],
)
def test_what_forbids_publication(lines: Sequence[Line], code: str) -> None:
    assert code in codes(compute(COMMUNES, lines))


def test_rights_that_agree_with_the_imposed_rate_are_accepted() -> None:
    assert codes(compute(COMMUNES, [line("rs", "160", BOTH, imposed=2500)])) == []


@pytest.mark.parametrize(
    ("exclusions", "code"),
    [
        ({ExclusionCode.PLAN_VENTE: 40, ExclusionCode.DEMOLITION: 15}, "exclusions_exceed_total"),
        ({ExclusionCode.SANTE: -1}, "negative_number"),
    ],
)
def test_a_dwelling_has_one_exclusion_at_most(
    exclusions: dict[ExclusionCode, int], code: str
) -> None:
    """Art. 2.2: B cannot exceed A."""
    commune = CommuneStock(insee=DOUSSARD, name="DOUSSARD", total=54, exclusions=exclusions)
    assert codes(compute((commune,), ())) == [code]


@pytest.mark.parametrize(
    ("fonctionnaires", "rs", "expected"),
    [
        (500, 2500, []),
        (500, 2501, ["state_over_ceiling"]),
        (501, 2499, ["fonctionnaires_over_ceiling"]),
        (600, 2500, ["state_over_ceiling", "fonctionnaires_over_ceiling"]),
    ],
)
def test_ceilings_of_the_state(fonctionnaires: int, rs: int, expected: list[str]) -> None:
    """R441-5-2 I: 30 % of the flux, of which 5 % for agents; a warning."""
    lines = (
        line("f", None, BOTH, contingent=Contingent.FONCTIONNAIRES, imposed=fonctionnaires),
        line("rs", None, BOTH, contingent=Contingent.RS, imposed=rs),
    )
    assert [motif.code for motif in compute(COMMUNES, lines).warnings] == expected


def test_messages_name_the_commune_and_the_figures() -> None:
    lines = [line("x", "40", frozenset({DOUSSARD})), line("y", "300", BOTH)]
    motif = compute(COMMUNES, lines).motifs[0]
    assert motif.field == DOUSSARD
    assert motif.message == ("DOUSSARD : la somme des taux est de 120,95\u00a0%, plus de 100 %.")


STOCKS = st.lists(st.integers(min_value=1, max_value=5000), min_size=1, max_size=6)


@given(STOCKS, st.data())
def test_a_publishable_annexe_leaves_no_negative_share(
    stocks: list[int], data: st.DataObject
) -> None:
    communes = [
        CommuneStock(insee=str(index), name=str(index), total=total, exclusions={})
        for index, total in enumerate(stocks)
    ]
    perimeters = st.sets(st.sampled_from([one.insee for one in communes]), min_size=1)
    droits = st.lists(st.tuples(st.integers(0, 3000), perimeters), max_size=6)
    lines = [
        line(str(index), str(rights), frozenset(perimeter))
        for index, (rights, perimeter) in enumerate(data.draw(droits))
    ]
    annexe = compute(communes, lines)
    signed = [share.bailleur_share_bp for share in annexe.communes]
    assert ("sum_over_whole" in codes(annexe)) == any(share < 0 for share in signed)
    kept = sum(share.exact_bailleur_share * share.stock.total for share in annexe.communes)
    assert kept == annexe.bailleur_droits


@given(
    st.lists(
        st.tuples(*(st.integers(min_value=0, max_value=400) for _ in (*ExclusionCode, "C"))),
        min_size=1,
        max_size=6,
    )
)
def test_the_columns_of_b_are_all_that_is_excluded(counts: list[tuple[int, ...]]) -> None:
    """Art. 2.2: a dwelling has one reason at most, so the six columns add up to A - C."""
    communes = [
        CommuneStock(
            insee=str(index),
            name=str(index),
            total=sum(drawn),
            exclusions=dict(zip(ExclusionCode, drawn, strict=False)),
        )
        for index, drawn in enumerate(counts)
    ]
    totals = compute(communes, []).totals
    columns = sum(totals.exclusions.get(code, 0) for code in ExclusionCode)
    assert columns == totals.excluded == sum(sum(drawn[:-1]) for drawn in counts)
    assert totals.flux == totals.total - columns == sum(drawn[-1] for drawn in counts)


@given(st.integers(min_value=1, max_value=4999), st.data())
def test_rights_give_a_rate_that_gives_the_rights(total: int, data: st.DataObject) -> None:
    """Whole rights survive the signed rate (1/100 %) up to 5 000 dwellings; the rate itself is
    the one that they give again.
    """
    droits = data.draw(st.integers(0, total))
    rate = rate_bp(Decimal(droits), total)
    back = (Decimal(rate) * total / 10_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert back == droits
    assert rate_bp(back, total) == rate
