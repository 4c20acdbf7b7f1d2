"""How well could anybody do, knowing the future: the best sequence found by local search.

The measure is the mean of |lag| over party × stratum at every moment of the year. What is found is
an upper bound of the true optimum, so the ratio printed can only be too severe for it by a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from server.bench.flux.lives import Vacancy
from server.bench.flux.worlds import World
from server.domain.flux import UNIT
from server.domain.ledger import Family, Stratum

TRIES = 60_000
HEAT = 0.0006
"""What a step may worsen the measure by at the beginning; it cools to nothing (annealing)."""


class Year:
    """A year as arrays: what is due at each moment, and what an assignment of it costs."""

    def __init__(self, world: World, vacancies: Sequence[Vacancy]) -> None:
        self.bodies = {key: index for index, key in enumerate(world.bodies)}
        families = [
            [one for one in vacancy.dwelling.strata if one[0] is not Family.TOTAL]
            for vacancy in vacancies
        ]
        strata: dict[Stratum, int] = {}
        for one in families:
            for stratum in one:
                strata.setdefault(stratum, len(strata))
        length = len(vacancies)
        self.hits = np.zeros((length, len(strata)))
        shares = np.zeros((length, len(self.bodies)))
        self.allowed: list[list[int]] = []
        for at, (vacancy, one) in enumerate(zip(vacancies, families, strict=True)):
            self.hits[at, [strata[stratum] for stratum in one]] = 1
            parties = world.entitled[vacancy.dwelling.commune]
            self.allowed.append([self.bodies[party.key] for party in parties])
            shares[at, self.allowed[-1]] = [party.rate_bp / UNIT for party in parties]
        self.due = np.cumsum(shares[:, :, None] * self.hits[:, None, :], axis=0)
        self.met = self.due[-1] > 0

    def received(self, winners: Sequence[int]) -> NDArray[np.float64]:
        given = np.zeros(self.due.shape)
        for at, body in enumerate(winners):
            given[at, body] = self.hits[at]
        return np.cumsum(given, axis=0)

    def cost(self, lags: NDArray[np.float64]) -> float:
        return float(np.abs(lags).mean(axis=0)[self.met].mean())

    def error(self, winners: Sequence[str]) -> float:
        """The measure of a sequence of winners."""
        return self.cost(self.due - self.received([self.bodies[key] for key in winners]))

    def best(self, winners: Sequence[str], random: Random, tries: int = TRIES) -> float:
        """The smallest measure found from this sequence: give one away, or exchange two."""
        current = [self.bodies[key] for key in winners]
        lags = self.due - self.received(current)
        cost = least = self.cost(lags)
        for step in range(tries):
            changes = self._changes(current, random)
            for at, body in changes:
                lags[at:, current[at]] += self.hits[at]
                lags[at:, body] -= self.hits[at]
            tried = self.cost(lags)
            heat = HEAT * (1 - step / tries)
            if tried <= cost + heat * random.random():
                cost, least = tried, min(least, tried)
                for at, body in changes:
                    current[at] = body
            else:
                for at, body in changes:
                    lags[at:, current[at]] -= self.hits[at]
                    lags[at:, body] += self.hits[at]
        return least

    def _changes(self, current: Sequence[int], random: Random) -> list[tuple[int, int]]:
        first, second = random.sample(range(len(current)), 2)
        mine, other = current[first], current[second]
        is_exchange = other in self.allowed[first] and mine in self.allowed[second]
        if is_exchange and random.random() * 2 < 1:
            return [(first, other), (second, mine)]
        return [(first, random.choice(self.allowed[first]))]
