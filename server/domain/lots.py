"""A morning's list advised at once: as one by one, then exchanged where that is fairer.

An exchange gives each of two parties the dwelling of the other: nobody's total changes, so every
bound that holds on totals one by one still holds; only the strata come closer to their quotas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from server.domain.flux import UNIT
from server.domain.ledger import (
    WEIGHTS,
    Entitled,
    Family,
    Ledger,
    Stratum,
    decide,
    freed,
    oriented,
    released,
)


@dataclass(frozen=True, kw_only=True)
class Freed:
    """A vacancy of the list, which the ledger does not owe yet: its strata, what it gives each
    party, and who may receive it, in the order of the annexe.
    """

    strata: tuple[Stratum, ...]
    shares: Mapping[str, int]
    entitled: tuple[Entitled, ...]

    def may_go_to(self, key: str) -> bool:
        return any(party.key == key for party in self.entitled)


def decide_together(
    ledger: Ledger, vacancies: Sequence[Freed], weights: Mapping[Family, int] = WEIGHTS
) -> tuple[str, ...]:
    """Who is advised for each vacancy of the list; same facts, same answer, whatever the clock."""
    trial = ledger.copy()
    winners = []
    for vacancy in vacancies:
        trial.apply(freed(vacancy.strata, vacancy.shares))
        key = decide(trial, vacancy.entitled, vacancy.strata, weights).winner.key
        trial.apply(oriented(vacancy.strata, key))
        winners.append(key)
    while _exchange_once(trial, vacancies, winners, weights):
        pass
    return tuple(winners)


def _exchange_once(
    trial: Ledger,
    vacancies: Sequence[Freed],
    winners: list[str],
    weights: Mapping[Family, int],
) -> bool:
    """Make every exchange that helps, in the order of the list; False when none did.

    The sum of squares falls each time and is never negative: it ends.
    """
    is_better = False
    for first, second in combinations(range(len(vacancies)), 2):
        mine, other = winners[first], winners[second]
        one, two = vacancies[first], vacancies[second]
        if mine == other or not (one.may_go_to(other) and two.may_go_to(mine)):
            continue
        gain = _gain(trial, mine, one.strata, two.strata, weights)
        if gain + _gain(trial, other, two.strata, one.strata, weights) > 0:
            for key, lost, won in ((mine, one, two), (other, two, one)):
                trial.apply(released(lost.strata, key))
                trial.apply(oriented(won.strata, key))
            winners[first], winners[second] = other, mine
            is_better = True
    return is_better


def _gain(
    trial: Ledger,
    key: str,
    lost: Sequence[Stratum],
    won: Sequence[Stratum],
    weights: Mapping[Family, int],
) -> int:
    """How much the weighted sum of squares falls when the party changes dwelling."""
    gain = 0
    for before, after in zip(lost, won, strict=True):
        if before != after:
            back, further = trial.lag(key, before), trial.lag(key, after)
            gain += weights[before[0]] * (back**2 - (back + UNIT) ** 2)
            gain += weights[before[0]] * (further**2 - (further - UNIT) ** 2)
    return gain
