"""Who may receive a freed dwelling, in which order and why (art. 5.1, R441-5)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import labels
from server.domain.advice import Advice, Party, SetAsideCode, Vacancy, advise
from server.domain.flux import BAILLEUR, UNIT
from server.domain.ledger import TOTAL, Family, Ledger, Move, Step, Stratum
from server.domain.ledger_sentences import signed

DOUSSARD, FAVERGES = "74104", "74123"
T3: Stratum = (Family.TYPOLOGY, "t3")
STRATA = (TOTAL, T3)
COMMUNES = {FAVERGES: "Faverges-Seythenex"}
RATES = (("action_logement", 484), ("faverges", 2440), ("fonctionnaires", 500), ("rs", 2500))
NAMES = {
    "action_logement": "Action Logement",
    "faverges": "Commune de Faverges",
    "fonctionnaires": "Préfecture, fonctionnaires",
    "rs": "Préfecture, RS",
}
HERE = frozenset({FAVERGES})
PARTIES = tuple(
    Party(key=key, name=name, perimeter=HERE, is_convention_in_force=True, has_address=True)
    for key, name in NAMES.items()
)
RS = PARTIES[-1]
VACANCY = Vacancy(insee=FAVERGES, commune_name="Faverges-Seythenex", strata=STRATA, rates=RATES)


def ledger(lags: dict[str, int], of_t3: dict[str, int] | None = None) -> Ledger:
    """Balances that add up to zero: the bailleur's row holds the rest."""
    moves = [
        Move(strata=(stratum,), amounts=((key, lag), (BAILLEUR, -lag)))
        for stratum, found in ((TOTAL, lags), (T3, of_t3 or {}))
        for key, lag in found.items()
    ]
    return Ledger(moves)


def ask(vacancy: Vacancy, book: Ledger, parties: tuple[Party, ...] = PARTIES) -> Advice:
    return advise(vacancy, book, parties, COMMUNES, bailleur_name="Haute-Savoie Habitat")


def order(advice: Advice) -> list[str]:
    return [one.party_key for one in advice.proposals]


def test_the_order_is_the_one_of_the_rule_and_says_why() -> None:
    """Late by a dwelling first; then the weighted sum; who is ahead waits its turn."""
    book = ledger(
        {"rs": 12_000, "faverges": 3_000, "fonctionnaires": -6_000},
        {"rs": 2_000, "action_logement": 9_000},
    )
    advice = ask(VACANCY, book)
    assert order(advice) == ["rs", "action_logement", "faverges"]
    assert [one.rank for one in advice.proposals] == [1, 2, 3]
    assert [one.step for one in advice.proposals][:2] == [Step.CATCH_UP, Step.STRATA]
    assert advice.proposals[0].sentence == (
        "Préfecture, RS : en retard d'au moins un logement sur son quota total (+1,20), servi en "
        "premier ; attendent leur tour, déjà en avance : Préfecture, fonctionnaires, "
        "Haute-Savoie Habitat, part non réservée."
    )
    assert advice.proposals[1].sentence == (
        "Action Logement : le plus en retard sur T3 (+0,90) (total 0,00)."
    )
    waiting = {one.party_key: one for one in advice.set_aside}
    assert waiting.keys() == {"fonctionnaires", BAILLEUR}
    assert waiting["fonctionnaires"].code is SetAsideCode.AHEAD
    assert waiting["fonctionnaires"].lags == (-6_000, 0)
    assert waiting["fonctionnaires"].sentence == (
        "Préfecture, fonctionnaires : attend son tour, en avance de 0,60\u00a0logement sur son "
        "quota total, plus d'un quart de logement."
    )


def test_somebody_is_served_even_if_all_are_ahead() -> None:
    book = ledger(dict.fromkeys(NAMES, -5000))
    book.lags[TOTAL][BAILLEUR] = -5_000
    advice = ask(VACANCY, book)
    assert len(advice.proposals) == 5
    assert advice.set_aside == ()


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
    advice = ask(VACANCY, Ledger(), (party,))
    assert [(one.code, one.sentence) for one in advice.set_aside] == [
        (code, f"Préfecture, RS : {words}")
    ]
    assert order(advice) == [BAILLEUR]


def test_a_refuser_is_not_asked_again_for_the_same_dwelling() -> None:
    vacancy = replace(VACANCY, refused_by=frozenset({"faverges"}))
    advice = ask(vacancy, ledger({"faverges": UNIT}))
    assert "faverges" not in order(advice)
    assert ("faverges", SetAsideCode.REFUSED) in {
        (one.party_key, one.code) for one in advice.set_aside
    }


def test_without_annexe_the_advice_says_so() -> None:
    advice = ask(replace(VACANCY, rates=None), Ledger())
    assert order(advice) == [BAILLEUR]
    assert advice.proposals[0].rate_bp == UNIT
    assert advice.note == (
        "Aucune annexe 1 publiée ne donne de taux pour Faverges-Seythenex : "
        "ce logement compte en entier dans la part du bailleur."
    )


LAGS = st.fixed_dictionaries({key: st.integers(-30_000, 30_000) for key in NAMES})
NUMBER = re.compile(r"([+−]?\d+,\d+)")


@given(LAGS, LAGS)
def test_every_number_of_an_explanation_is_in_the_ledger(
    lags: dict[str, int], of_t3: dict[str, int]
) -> None:
    """Each figure of a sentence is a lag of a party in a stratum, or a weighted sum of them."""
    book = ledger(lags, of_t3)
    advice = ask(VACANCY, book)
    assert advice == ask(VACANCY, book)
    known = {signed(lag) for found in book.lags.values() for lag in found.values()} | {"0,00"}
    known |= {signed(one.score) for one in advice.proposals}
    known |= {labels.dwelling_count(-lag) for lag in book.lags.get(TOTAL, {}).values()}
    sentences = [one.sentence for one in advice.proposals]
    for sentence in (*sentences, *(one.sentence for one in advice.set_aside)):
        assert set(NUMBER.findall(sentence)) <= known, sentence
