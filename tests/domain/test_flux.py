from __future__ import annotations

from datetime import date
from decimal import Decimal

from server.domain.annexe import CommuneStock, Contingent, Line, compute
from server.domain.flux import (
    BAILLEUR,
    UNIT,
    Account,
    CommuneRates,
    Indicator,
    Position,
    RateBook,
    add_up,
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


def test_a_vacancy_gives_each_party_its_rate_and_the_bailleur_the_rest() -> None:
    """R441-5: the rates of the commune, signed and rounded."""
    book = RateBook(HISTORY)
    assert book.shares(DOUSSARD, START) == {**dict(ON_DOUSSARD), BAILLEUR: 2072}
    assert book.shares(FAVERGES, START)[BAILLEUR] == 4076


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


def test_a_commune_without_annexe_is_wholly_the_bailleurs() -> None:
    assert RateBook(HISTORY).shares(LATHUILE, START) == {BAILLEUR: UNIT}


def test_rates_change_with_the_annexe_and_the_past_stays() -> None:
    new = CommuneRates(insee=DOUSSARD, valid_from=date(2026, 2, 27), rates=(("doussard", 3000),))
    book = RateBook((new, *HISTORY))
    assert book.on(DOUSSARD, date(2025, 12, 31)) is None
    assert book.shares(DOUSSARD, date(2026, 2, 26))["doussard"] == 2963
    assert book.shares(DOUSSARD, date(2026, 2, 27)) == {"doussard": 3000, BAILLEUR: 7000}


def test_an_account_adds_up_to_the_lag() -> None:
    """« Solde reporté », « quota de l'année », what was counted, what expired parties left."""
    account = Account(due=8889, received=2 * UNIT, carried=3_000, moved=-500)
    assert account.lag == 3_000 + 8889 - 2 * UNIT - 500
    position = Position(
        party_key="doussard", oriented=UNIT, attributed=0, leased=0,
        accounts={Indicator.ORIENTED: account},
    )  # fmt: skip
    assert position.account(Indicator.ORIENTED) is account
    assert position.account(Indicator.LEASED).lag == 0


def test_the_trajectory_cumulates_what_is_due_and_received_month_by_month() -> None:
    points = trajectory({1: 2963, 3: 5926}, {2: 1}, date(2026, 4, 30))
    assert [(one.month, one.due, one.received) for one in points] == [
        (1, 2963, 0), (2, 2963, UNIT), (3, 8889, UNIT), (4, 8889, UNIT)
    ]  # fmt: skip
    both = add_up([points, trajectory({1: 7500}, {}, date(2026, 4, 30))])
    assert [(one.due, one.received) for one in both][-1] == (8889 + 7500, UNIT)
    assert add_up([]) == ()
