from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.annexe import CommuneStock, Contingent, Line, compute
from server.domain.flux import (
    BAILLEUR,
    UNIT,
    CommuneRates,
    FluxEvent,
    Indicator,
    Party,
    Position,
    Proposal,
    RateBook,
    SetAsideCode,
    Tally,
    Vacancy,
    accrue,
    add_up,
    advise,
    positions,
    published_rates,
    trajectory,
)

DOUSSARD, FAVERGES, LATHUILE = "74104", "74123", "74147"
START = date(2026, 1, 1)

ON_DOUSSARD = (
    ("action_logement", 484),
    ("doussard", 2963),
    ("departement", 1481),
    ("fonctionnaires", 500),
    ("rs", 2500),
)
ON_FAVERGES = (
    ("action_logement", 484),
    ("faverges", 2440),
    ("fonctionnaires", 500),
    ("rs", 2500),
)
HISTORY = (
    CommuneRates(insee=DOUSSARD, valid_from=START, rates=ON_DOUSSARD),
    CommuneRates(insee=FAVERGES, valid_from=START, rates=ON_FAVERGES),
)

NAMES = {
    "action_logement": "Action Logement",
    "doussard": "Commune de Doussard",
    "faverges": "Commune de Faverges",
    "departement": "Conseil départemental",
    "fonctionnaires": "Préfecture, fonctionnaires",
    "rs": "Préfecture, RS",
}
PARTIES = tuple(
    Party(
        key=key,
        name=name,
        perimeter=frozenset({DOUSSARD, FAVERGES}),
        is_convention_in_force=True,
        has_address=True,
    )
    for key, name in NAMES.items()
)
RS = PARTIES[5]
VACANCY = Vacancy(insee=FAVERGES, commune_name="Faverges-Seythenex", rates=ON_FAVERGES)


def events(insee: str, count: int) -> list[FluxEvent]:
    return [FluxEvent(insee=insee, on=START + timedelta(days=index)) for index in range(count)]


def position(key: str, lag: int) -> Position:
    return Position(party_key=key, due=lag, oriented=0, attributed=0, leased=0, gap=-lag, lag=lag)


def order(proposals: Sequence[Proposal]) -> list[str]:
    return [proposal.party_key for proposal in proposals]


def test_a_vacancy_gives_each_party_its_rate_and_the_bailleur_the_rest() -> None:
    """R441-5: the rates of the commune, signed and rounded."""
    due = accrue(events(DOUSSARD, 1), HISTORY)
    assert due == {**dict(ON_DOUSSARD), BAILLEUR: 2072}
    assert accrue(events(FAVERGES, 1), HISTORY)[BAILLEUR] == 4076


def test_the_annexe_gives_the_rates_by_commune() -> None:
    commune = CommuneStock(insee=DOUSSARD, name="Doussard", total=54, exclusions={})
    line = Line(
        key="doussard",
        reservataire="Commune de Doussard",
        contingent=Contingent.NONE,
        perimeter=frozenset({DOUSSARD}),
        droits=Decimal(16),
    )
    rates = published_rates(compute([commune], [line]), START)
    assert rates == (CommuneRates(insee=DOUSSARD, valid_from=START, rates=(("doussard", 2963),)),)


def test_less_than_one_dwelling_a_year_is_kept_as_a_fraction() -> None:
    due = accrue(events(DOUSSARD, 4), HISTORY)
    assert (due["fonctionnaires"], due["action_logement"]) == (2000, 1936)


def test_a_commune_without_annexe_is_wholly_the_bailleurs() -> None:
    assert accrue(events(LATHUILE, 3), HISTORY) == {BAILLEUR: 3 * UNIT}


def test_rates_change_with_the_annexe_and_the_past_stays() -> None:
    new = CommuneRates(insee=DOUSSARD, valid_from=date(2026, 2, 27), rates=(("doussard", 3000),))
    book = RateBook((new, *HISTORY))
    assert book.on(DOUSSARD, date(2025, 12, 31)) is None
    assert book.shares(DOUSSARD, date(2026, 2, 26))["doussard"] == 2963
    assert book.shares(DOUSSARD, date(2026, 2, 27)) == {"doussard": 3000, BAILLEUR: 7000}


@pytest.mark.parametrize(
    ("basis", "gap"),
    [(Indicator.ORIENTED, 7037), (Indicator.ATTRIBUTED, 7037), (Indicator.LEASED, -2963)],
)
def test_positions_count_by_the_chosen_indicator(basis: Indicator, gap: int) -> None:
    """Art. 7: three counts, one of them for the décompte; negative is late."""
    tally = Tally(party_key="doussard", oriented=1, attributed=1, engaged=1)
    rows = {
        one.party_key: one for one in positions(events(DOUSSARD, 1), HISTORY, [tally], basis=basis)
    }
    doussard = rows["doussard"]
    assert (doussard.due, doussard.oriented, doussard.leased) == (2963, UNIT, 0)
    assert (doussard.gap, doussard.lag) == (gap, 2963 - UNIT)
    assert rows["departement"].gap == -1481


def test_positions_come_in_the_order_of_the_annexe_bailleur_last() -> None:
    keys = [one.party_key for one in positions([], HISTORY, [Tally(party_key="ancien", engaged=1)])]
    assert keys == [
        "action_logement",
        "doussard",
        "departement",
        "fonctionnaires",
        "rs",
        "faverges",
        "ancien",
        BAILLEUR,
    ]


def test_a_refusal_counts_as_oriented_and_leaves_the_lag() -> None:
    """Art. 7; the ledger of the advice forgets refusals, so that refusing wins nothing."""
    refused = Tally(party_key="doussard", oriented=1)
    rows = {one.party_key: one for one in positions(events(DOUSSARD, 1), HISTORY, [refused])}
    assert (rows["doussard"].gap, rows["doussard"].lag) == (UNIT - 2963, 2963)


def test_the_most_late_is_proposed_first_in_words_for_a_mayor() -> None:
    standing = [position("faverges", 13_700), position("rs", 9_000), position(BAILLEUR, -4_000)]
    advice = advise(VACANCY, standing, PARTIES, bailleur_name="Haute-Savoie Habitat")
    assert order(advice.proposals) == [
        "faverges",
        "rs",
        "fonctionnaires",
        "action_logement",
        BAILLEUR,
    ]
    assert [one.rank for one in advice.proposals] == [1, 2, 3, 4, 5]
    assert advice.proposals[0].rate_bp == 2440
    assert advice.proposals[0].sentence == (
        "Commune de Faverges : en retard de 1,37\u00a0logement sur son quota, le plus en retard "
        "des organismes qui peuvent recevoir ce logement."
    )
    assert advice.proposals[1].sentence == (
        "Préfecture, RS : en retard de 0,90\u00a0logement sur son quota, 2e rang des organismes "
        "qui peuvent recevoir ce logement."
    )
    assert advice.proposals[4].sentence == (
        "Haute-Savoie Habitat, part non réservée : en avance de 0,40\u00a0logement sur son quota, "
        "5e rang des organismes qui peuvent recevoir ce logement."
    )
    assert advice.note is None


@pytest.mark.parametrize(
    ("lags", "first", "words"),
    [
        (
            {"faverges": 5000, "rs": 5000},
            ["rs", "faverges"],
            "à égalité avec Commune de Faverges ; son taux dans la commune est plus élevé.",
        ),
        (
            {"rs": 5000, BAILLEUR: 5000},
            ["rs", BAILLEUR],
            "part non réservée ; le réservataire passe avant le bailleur.",
        ),
        (
            {"faverges": -100, "rs": -200, "fonctionnaires": -300, "action_logement": -300},
            [BAILLEUR, "faverges"],
            "exactement à son quota, le moins en avance des organismes",
        ),
    ],
)
def test_ties(lags: dict[str, int], first: list[str], words: str) -> None:
    """Larger lag, then larger rate, then the annexe's order; the bailleur last."""
    advice = advise(VACANCY, [position(key, lag) for key, lag in lags.items()], PARTIES)
    assert order(advice.proposals)[:2] == first
    assert words in advice.proposals[0].sentence


def test_equal_lag_and_rate_keep_the_order_of_the_annexe() -> None:
    rates = (("rs", 1000), ("fonctionnaires", 1000))
    vacancy = replace(VACANCY, rates=rates)
    advice = advise(vacancy, [position(BAILLEUR, -1)], (RS, PARTIES[4]))
    assert order(advice.proposals) == ["rs", "fonctionnaires", BAILLEUR]
    assert "l'ordre de l'annexe 1 les départage" in advice.proposals[0].sentence


@pytest.mark.parametrize(
    ("party", "code", "words"),
    [
        (
            replace(RS, perimeter=frozenset({DOUSSARD})),
            SetAsideCode.PERIMETER,
            "son périmètre ne comprend pas Faverges-Seythenex (art. 5.1).",
        ),
        (
            replace(RS, is_convention_in_force=False),
            SetAsideCode.CONVENTION,
            "aucune convention en vigueur (art. 8).",
        ),
        (
            replace(RS, has_address=False),
            SetAsideCode.ADDRESS,
            "l'adresse de la convention est restée en blanc (art. 5.3).",
        ),
        (
            replace(RS, key="new"),
            SetAsideCode.NO_RATE,
            "n'a pas de taux à Faverges-Seythenex dans l'annexe 1.",
        ),
    ],
)
def test_who_is_set_aside_and_why(party: Party, code: SetAsideCode, words: str) -> None:
    advice = advise(VACANCY, [], [party])
    assert [(one.code, one.sentence) for one in advice.set_aside] == [
        (code, f"Préfecture, RS : {words}")
    ]
    assert order(advice.proposals) == [BAILLEUR]


def test_a_refuser_is_not_asked_again_for_the_same_dwelling() -> None:
    vacancy = replace(VACANCY, refused_by=frozenset({"faverges"}))
    advice = advise(vacancy, [position("faverges", UNIT)], PARTIES)
    assert "faverges" not in order(advice.proposals)
    aside = {one.party_key: one.code for one in advice.set_aside}
    assert aside == {
        "doussard": SetAsideCode.NO_RATE,
        "departement": SetAsideCode.NO_RATE,
        "faverges": SetAsideCode.REFUSED,
    }


def test_without_annexe_the_advice_says_so() -> None:
    vacancy = Vacancy(insee=LATHUILE, commune_name="Lathuile", rates=None)
    advice = advise(vacancy, [], PARTIES)
    assert order(advice.proposals) == [BAILLEUR]
    assert advice.proposals[0].rate_bp == UNIT
    assert advice.note == (
        "Aucune annexe 1 publiée ne donne de taux pour Lathuile : "
        "ce logement compte en entier dans la part du bailleur."
    )


def test_the_only_receiver_is_told_so() -> None:
    advice = advise(replace(VACANCY, rates=()), [], [])
    assert advice.proposals[0].sentence.endswith("le seul organisme qui peut recevoir ce logement.")
    assert advice.note is None


def test_the_trajectory_cumulates_what_is_due_and_received_month_by_month() -> None:
    on = [date(2026, 1, 5), date(2026, 3, 2), date(2026, 3, 30)]
    freed = [FluxEvent(insee=DOUSSARD, on=day) for day in on]
    points = trajectory(freed, HISTORY, {2: 1}, {"doussard"}, date(2026, 4, 30))
    assert [(one.month, one.due, one.received) for one in points] == [
        (1, 2963, 0), (2, 2963, UNIT), (3, 8889, UNIT), (4, 8889, UNIT)
    ]  # fmt: skip
    both = add_up([points, trajectory(freed, HISTORY, {}, {"rs"}, date(2026, 4, 30))])
    assert [(one.due, one.received) for one in both][-1] == (8889 + 7500, UNIT)
    assert add_up([]) == ()


@given(st.lists(st.dates(START, date(2026, 12, 31))))
def test_the_trajectory_ends_where_the_position_is(days: list[date]) -> None:
    freed = [FluxEvent(insee=FAVERGES, on=day) for day in days]
    keys = {*NAMES, BAILLEUR}
    last = trajectory(freed, HISTORY, {}, keys, date(2026, 12, 31))[-1]
    assert last.due == sum(accrue(freed, HISTORY).values())


INSEES = st.sampled_from([DOUSSARD, FAVERGES, LATHUILE])
EVENTS = st.lists(st.builds(FluxEvent, insee=INSEES, on=st.dates(START, date(2027, 12, 31))))


@given(EVENTS, st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_what_is_due_always_adds_up_to_the_vacancies(
    vacancies: list[FluxEvent], engaged: list[int]
) -> None:
    tallies = [
        Tally(party_key=key, engaged=count) for key, count in zip(NAMES, engaged, strict=True)
    ]
    rows = positions(vacancies, HISTORY, tallies)
    assert sum(row.due for row in rows) == UNIT * len(vacancies)
    assert sum(row.lag for row in rows) == UNIT * (len(vacancies) - sum(engaged))


@given(EVENTS, INSEES)
def test_the_same_facts_give_the_same_advice(vacancies: list[FluxEvent], insee: str) -> None:
    """And while nothing is served, the first one proposed is late."""
    everything = [*vacancies, FluxEvent(insee=insee, on=date(2027, 12, 31))]
    rates = RateBook(HISTORY).on(insee, START)
    vacancy = Vacancy(insee=insee, commune_name="X", rates=rates.rates if rates else None)
    advice = advise(vacancy, positions(everything, HISTORY, []), PARTIES)
    assert advice == advise(vacancy, positions(everything, HISTORY, []), PARTIES)
    assert advice.proposals[0].lag > 0
