"""A list advised at once: fairer on the strata, and not one total moved."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from server.domain.flux import BAILLEUR, UNIT
from server.domain.ledger import (
    TOTAL,
    WEIGHTS,
    Entitled,
    Family,
    Ledger,
    Stratum,
    decide,
    freed,
    oriented,
)
from server.domain.lots import Freed, decide_together

RATES = {"al": 484, "doussard": 2963, "cd": 1481, "agents": 500, "rs": 2500}
SHARES = {**RATES, BAILLEUR: UNIT - sum(RATES.values())}
FAVERGES = {"al": 484, "faverges": 2440, "agents": 500, "rs": 2500, BAILLEUR: 4076}


def vacancy(kind: str, place: str) -> Freed:
    shares = SHARES if place == "doussard" else FAVERGES
    strata: tuple[Stratum, ...] = (TOTAL, (Family.TYPOLOGY, kind), (Family.COMMUNE, place))
    parties = tuple(Entitled(key=key, rate_bp=rate) for key, rate in shares.items())
    return Freed(strata=strata, shares=shares, entitled=parties)


VACANCIES = st.builds(
    vacancy, st.sampled_from(("t2", "t3", "t4")), st.sampled_from(("doussard", "faverges"))
)
LISTS = st.lists(VACANCIES, min_size=1, max_size=14)


def one_by_one(ledger: Ledger, vacancies: list[Freed]) -> list[str]:
    winners = []
    for one in vacancies:
        ledger.apply(freed(one.strata, one.shares))
        winners.append(decide(ledger, one.entitled, one.strata).winner.key)
        ledger.apply(oriented(one.strata, winners[-1]))
    return winners


def served(ledger: Ledger, vacancies: list[Freed], winners: list[str]) -> Ledger:
    after = ledger.copy()
    for one, key in zip(vacancies, winners, strict=True):
        after.apply(freed(one.strata, one.shares))
        after.apply(oriented(one.strata, key))
    return after


def unfairness(ledger: Ledger) -> int:
    return sum(
        WEIGHTS[family] * lag**2
        for (family, _), lags in ledger.lags.items()
        for lag in lags.values()
    )


@given(LISTS, LISTS)
def test_a_list_moves_no_total_and_is_never_less_fair(
    past: list[Freed], today: list[Freed]
) -> None:
    """Whatever came before: an exchange keeps everybody's number of dwellings."""
    ledger = Ledger()
    one_by_one(ledger, past)
    alone = one_by_one(ledger.copy(), today)
    before = {stratum: dict(lags) for stratum, lags in ledger.lags.items()}
    together = list(decide_together(ledger, today))
    assert ledger.lags == before
    assert Counter(together) == Counter(alone)
    after, otherwise = served(ledger, today, together), served(ledger, today, alone)
    assert after.lags[TOTAL] == otherwise.lags[TOTAL]
    assert unfairness(after) <= unfairness(otherwise)
    assert all(one.may_go_to(key) for one, key in zip(today, together, strict=True))
    assert list(decide_together(ledger, today)) == together


def test_an_exchange_that_helps_is_made() -> None:
    """One is behind on T2, another on T3, and each was about to have the other's."""
    t2: Stratum = (Family.TYPOLOGY, "t2")
    t3: Stratum = (Family.TYPOLOGY, "t3")
    parties = tuple(Entitled(key=key, rate_bp=5_000) for key in ("a", "b"))
    shares = {"a": 5_000, "b": 5_000}
    ledger = Ledger()
    ledger.lags = {TOTAL: {"a": 5_000, "b": 0}, t2: {"a": 1_000, "b": 9_000}, t3: {"a": 9_000}}
    today = [Freed(strata=(TOTAL, kind), shares=shares, entitled=parties) for kind in (t2, t3)]
    assert one_by_one(ledger.copy(), today) == ["a", "b"]
    assert decide_together(ledger, today) == ("b", "a")
