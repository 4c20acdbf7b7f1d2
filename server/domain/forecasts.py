"""Next year's flux, expected at once: no drawing of lots, a mean and a 90 % interval.

A dwelling is freed or not, by its own chance, and a mutation of the bailleur's own tenants takes
some of what is freed: what a party will be due is a sum of independent chances, and what it will
receive stays within about half a dwelling of what it is due (the rule of `server.domain.ledger`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from server.domain.flux import UNIT
from server.domain.ledger import Stratum

NINETY_PERCENT = 1.6448536269514722
"""Standard deviations on each side that hold nine cases out of ten."""

SERVED_AROUND_DUE = 0.39
"""Standard deviation of received less due, in dwellings, over many simulated years."""


def served_corridor(parties: int) -> int:
    """How far what several parties receive together may be from what they are due, in 1/10 000
    dwelling: one dwelling, or the bounds of nine cases out of ten if they are wider.
    """
    return max(UNIT, round(NINETY_PERCENT * SERVED_AROUND_DUE * sqrt(parties) * UNIT))


@dataclass(frozen=True, kw_only=True)
class Group:
    """Dwellings alike: `count` of them in one place, the same strata, the same turnover a year."""

    place: str
    strata: tuple[Stratum, ...]
    count: int
    turnover: float


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Dwellings of a year: the mean, and the bounds that nine years out of ten respect."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Chance:
    """A sum of independent chances, in dwellings."""

    mean: float = 0.0
    variance: float = 0.0

    def plus(self, share: float, odds: float, count: int) -> Chance:
        return Chance(
            mean=self.mean + share * odds * count,
            variance=self.variance + share**2 * odds * (1 - odds) * count,
        )

    def interval(self) -> Expected:
        width = NINETY_PERCENT * sqrt(self.variance + SERVED_AROUND_DUE**2)
        return Expected(mean=self.mean, low=max(0.0, self.mean - width), high=self.mean + width)


def forecast(
    groups: Iterable[Group],
    shares: Mapping[str, Mapping[str, int]],
    *,
    mutation_share: float,
) -> dict[tuple[str, Stratum], Expected]:
    """What each party may expect in each stratum, in dwellings a year.

    `shares` gives the rates of each place in 1/10 000, the bailleur's included; `mutation_share`
    is the part of the vacancies that never enters the flux, from 0 to 1 (art. 2.3).
    """
    chances: dict[tuple[str, Stratum], Chance] = {}
    nothing = Chance()
    for group in groups:
        odds = group.turnover * (1 - mutation_share)
        for party, rate in shares[group.place].items():
            for stratum in group.strata:
                at = (party, stratum)
                chances[at] = chances.get(at, nothing).plus(rate / UNIT, odds, group.count)
    return {at: chance.interval() for at, chance in chances.items()}
