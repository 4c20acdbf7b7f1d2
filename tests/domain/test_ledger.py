"""The ledger and the rule that advises from it: exact, zero-sum, capped, explained (art. 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.flux import BAILLEUR, UNIT
from server.domain.ledger import (
    ADVANCE,
    CATCH_UP,
    PENDING,
    TOTAL,
    Decision,
    Entitled,
    Family,
    Ledger,
    Move,
    Step,
    Stratum,
    decide,
    expired,
    freed,
    oriented,
    rank,
    released,
    withdrawn,
)
from server.domain.ledger_sentences import sentence, signed

# The signed rates of Doussard: Action Logement, the commune, the département, the State twice.
RATES = {"al": 484, "doussard": 2963, "cd": 1481, "agents": 500, "rs": 2500}
SHARES = {**RATES, BAILLEUR: UNIT - sum(RATES.values())}
NAMES = {key: key.upper() for key in SHARES}

T2: Stratum = (Family.TYPOLOGY, "t2")
T3: Stratum = (Family.TYPOLOGY, "t3")
PLUS: Stratum = (Family.FINANCING, "plus")
PLAI: Stratum = (Family.FINANCING, "plai")

Dwelling = tuple[Stratum, ...]
DWELLINGS: tuple[Dwelling, ...] = (
    (TOTAL, T2, PLUS),
    (TOTAL, T2, PLAI),
    (TOTAL, T3, PLUS),
    (TOTAL, T3, PLAI),
)


def entitled(shares: Mapping[str, int] = SHARES) -> list[Entitled]:
    return [Entitled(key=key, rate_bp=rate) for key, rate in shares.items()]


def ledger_of(**totals: int) -> Ledger:
    """A ledger where only these totals differ from zero, in hundredths of a dwelling."""
    lags = {key: value * 100 for key, value in totals.items()}
    balance = (PENDING, -sum(lags.values()))
    return Ledger([Move(strata=(TOTAL,), amounts=(*lags.items(), balance))])


def serve(ledger: Ledger, dwelling: Dwelling, shares: Mapping[str, int] = SHARES) -> Decision:
    """One dwelling freed and oriented as advised."""
    ledger.apply(freed(dwelling, shares))
    decision = decide(ledger, entitled(shares), dwelling)
    ledger.apply(oriented(dwelling, decision.winner.key))
    return decision


def is_balanced(ledger: Ledger) -> bool:
    return all(sum(lags.values()) == 0 for lags in ledger.lags.values())


# --- The steps of the rule, one by one ------------------------------------------------------------


@pytest.mark.parametrize(
    ("totals", "winner", "step"),
    [
        # « au moins un logement de retard » : before everything else
        ({"al": 100, "doussard": 99}, "al", Step.CATCH_UP),
        ({"al": 100, "rs": 140}, "rs", Step.CATCH_UP),
        # otherwise the weighted lags; on the total alone, the latest
        ({"al": 20, "rs": 52}, "rs", Step.TOTAL),
        # nobody late: the least ahead
        ({"al": -1, "doussard": -2, "cd": -3, "agents": -4, "rs": -5, BAILLEUR: -6}, "al",
         Step.TOTAL),
        # more than a quarter ahead: out of turn
        ({"al": -26, "doussard": -26, "cd": -26, "agents": -26, "rs": -26, BAILLEUR: -25},
         BAILLEUR, Step.ALONE),
        # everybody out of turn: all of them again
        ({"al": -30, "doussard": -40, "cd": -40, "agents": -40, "rs": -40, BAILLEUR: -40}, "al",
         Step.TOTAL),
    ],
)  # fmt: skip
def test_the_steps_in_their_order(totals: dict[str, int], winner: str, step: Step) -> None:
    """Corridor: late by a dwelling first, more than a quarter ahead last."""
    decision = decide(ledger_of(**totals), entitled(), (TOTAL,))
    assert (decision.winner.key, decision.step) == (winner, step)


def test_equal_lags_go_to_the_larger_rate_then_to_the_earlier_line() -> None:
    ledger = ledger_of(al=50, rs=50)
    assert decide(ledger, entitled(), (TOTAL,)).winner.key == "rs"
    twins = [Entitled(key=key, rate_bp=500) for key in ("b", "a", BAILLEUR)]
    assert decide(Ledger(), twins, (TOTAL,)).winner.key == "b"


def test_a_stratum_can_decide_against_the_total() -> None:
    """The less attractive stock too is shared: the family lags weigh one each, the total two."""
    moves = [
        Move(strata=(TOTAL,), amounts=(("rs", 1_000), (PENDING, -1_000))),
        Move(strata=(T3,), amounts=(("doussard", 9_000), (PENDING, -9_000))),
    ]
    decision = decide(Ledger(moves), entitled(), (TOTAL, T3, PLUS))
    assert (decision.winner.key, decision.step, decision.leading) == (
        "doussard",
        Step.STRATA,
        (T3,),
    )


def test_who_refused_is_asked_no_more_and_the_next_one_is_known() -> None:
    ranked = [one.winner.key for one in rank(ledger_of(al=60, rs=50, cd=40), entitled(), (TOTAL,))]
    assert ranked[:3] == ["al", "rs", "cd"]
    assert sorted(ranked) == sorted(SHARES)


def test_somebody_is_always_entitled() -> None:
    with pytest.raises(ValueError, match="bailleur"):
        decide(Ledger(), [], (TOTAL,))


# --- Events ---------------------------------------------------------------------------------------


def test_a_move_adds_up_to_zero_or_is_none() -> None:
    with pytest.raises(ValueError, match="zero"):
        Move(strata=(TOTAL,), amounts=(("al", 1),))


@pytest.mark.parametrize("dwelling", DWELLINGS)
def test_a_refusal_that_is_not_counted_leaves_no_trace(dwelling: Dwelling) -> None:
    """By default a refusal erases nothing: the refuser keeps its lag, in total and in stratum."""
    ledger = Ledger([freed(dwelling, SHARES)])
    before = {stratum: dict(lags) for stratum, lags in ledger.lags.items()}
    ledger.apply(oriented(dwelling, "rs"))
    ledger.apply(released(dwelling, "rs"))
    assert ledger.lags == before


def test_a_dwelling_taken_out_of_the_flux_leaves_no_trace() -> None:
    ledger = Ledger([freed(DWELLINGS[0], SHARES), withdrawn(DWELLINGS[0], SHARES)])
    assert not any(lag for lags in ledger.lags.values() for lag in lags.values())


def test_an_expired_party_leaves_its_balance_to_the_bailleur() -> None:
    ledger = Ledger()
    for dwelling in DWELLINGS * 3:
        serve(ledger, dwelling)
    kept = {stratum: lags.get("rs", 0) + lags.get(BAILLEUR, 0) for stratum, lags in
            ledger.lags.items()}  # fmt: skip
    for move in expired(ledger.lags, "rs"):
        ledger.apply(move)
    assert all(lags.get("rs", 0) == 0 for lags in ledger.lags.values())
    assert {stratum: lags[BAILLEUR] for stratum, lags in ledger.lags.items()} == kept
    assert is_balanced(ledger)


# --- Properties -----------------------------------------------------------------------------------

STORIES = st.lists(st.sampled_from(DWELLINGS), min_size=1, max_size=120)
POLICIES = st.lists(
    st.tuples(
        st.sampled_from(DWELLINGS),
        st.sampled_from(("served", "refused", "counted", "withdrawn", "forced")),
        st.sampled_from(sorted(SHARES)),
    ),
    max_size=60,
)


@given(STORIES)
def test_on_one_territory_nobody_is_ever_more_than_one_and_a_quarter_ahead(
    story: list[Dwelling],
) -> None:
    """Guarantee ii: proven on a single territory, whatever the order of the vacancies."""
    ledger = Ledger()
    for dwelling in story:
        serve(ledger, dwelling)
        totals = [lag for key, lag in ledger.lags[TOTAL].items() if key != PENDING]
        assert min(totals) >= -(CATCH_UP + ADVANCE)
        assert sum(totals) == 0
    assert is_balanced(ledger)


def play(story: Sequence[tuple[Dwelling, str, str]]) -> tuple[Ledger, list[Move]]:
    """A story with refusals, withdrawals and the préfet's designations; its journal."""
    ledger, journal = Ledger(), []

    def note(move: Move) -> None:
        journal.append(move)
        ledger.apply(move)

    for dwelling, fate, party in story:
        note(freed(dwelling, SHARES))
        winner = decide(ledger, entitled(), dwelling).winner.key
        if fate == "withdrawn":
            note(withdrawn(dwelling, SHARES))
            continue
        served = party if fate == "forced" else winner
        note(oriented(dwelling, served))
        if fate == "refused":
            note(released(dwelling, served))
            others = [one for one in entitled() if one.key != served]
            note(oriented(dwelling, decide(ledger, others, dwelling).winner.key))
        if fate == "counted":
            note(freed(dwelling, SHARES))
            note(oriented(dwelling, decide(ledger, entitled(), dwelling).winner.key))
    return ledger, journal


@given(POLICIES)
def test_every_stratum_adds_up_to_zero_and_the_journal_replays_to_the_digit(
    story: list[tuple[Dwelling, str, str]],
) -> None:
    ledger, journal = play(story)
    assert is_balanced(ledger)
    assert Ledger(journal).lags == ledger.lags
    assert play(story)[0].lags == ledger.lags


SIGNED = re.compile(r"[+−]?\d+,\d+")


@given(STORIES)
def test_the_numbers_of_a_sentence_are_in_the_ledger(story: list[Dwelling]) -> None:
    ledger = Ledger()
    for dwelling in story:
        ledger.apply(freed(dwelling, SHARES))
        decision = decide(ledger, entitled(), dwelling)
        told = sentence(decision, NAMES, {})
        known = {signed(value) for one in decision.standings for value in (*one.lags, one.score)}
        numbers = SIGNED.findall(told)
        assert numbers
        assert set(numbers) <= known, told
        assert told.startswith(f"{NAMES[decision.winner.key]} : ")
        ledger.apply(oriented(dwelling, decision.winner.key))
