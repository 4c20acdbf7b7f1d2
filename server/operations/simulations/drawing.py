"""Drawn years of a scenario: which dwellings are freed, when, who declines, what comes back.

Each dwelling of each commune has numbers of its own, that only the seed and the block decide: two
scenarios of the same base meet the same vacancies and the same refusals, and whatever differs
between their years comes from what they change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.domain.flux import UNIT
from server.domain.ledger import Entitled, Stratum
from server.domain.scenarios import Scenario, comes_back, lay_out
from server.domain.scenarios.applying import Held
from server.operations.simulations.masses import NOBODY, Flags, Ints, Masses

BLOCK = 100
"""Years drawn together: what is kept at once, and what a killed worker begins again."""

MONTHS = 12
FREED, WHEN, MUTATION, REFUSAL, RETURN = range(5)


@dataclass(frozen=True, kw_only=True)
class Years:
    """A block of years; everything is run × step, `NOBODY` where a year has no vacancy left.

    `kinds` are the dwellings of `Plan.masses`, `months` go from 0 to 11.
    """

    kinds: Ints
    months: Ints
    refused: Flags


@dataclass(frozen=True, kw_only=True)
class _Commune:
    """The dwellings of a commune in the order of the base: the number of each, and its last
    season.
    """

    code: int
    groups: Ints
    until: Ints


class Plan:
    """A scenario as arrays; a kind is a group of dwellings alike in one season.

    The scenario has at least one dwelling.
    """

    def __init__(self, scenario: Scenario) -> None:
        year = lay_out(scenario)
        self.seasons = year.seasons
        self._odds = scenario.hypotheses.turnover_bp / UNIT
        self._refusal = scenario.hypotheses.refusal_bp / UNIT
        self._mutation = np.array([one.mutation_bp / UNIT for one in year.seasons])
        self._again = np.array(
            [comes_back(scenario.hypotheses, one.indicator) for one in year.seasons]
        )
        self._ends = np.cumsum([one.part for one in year.seasons])
        dwellings = sorted(year.dwellings, key=lambda one: (one.rank, -one.until))
        groups = _groups(dwellings)
        places = {insee: index for index, insee in enumerate(dict.fromkeys(at[0] for at in groups))}
        self._communes = list(_communes(dwellings, groups))
        entitled = [
            _entitled(season.shares(year.epci_of[insee], insee))
            for insee in places
            for season in year.seasons
        ]
        seasons = range(len(year.seasons))
        kinds = [
            (places[insee] * len(seasons) + season, strata)
            for insee, strata in groups
            for season in seasons
        ]
        self.masses = Masses(entitled, kinds)

    def draw(self, seed: int, block: int, runs: int) -> Years:
        """The vacancies of a block of years; the same for the same seed, block and base."""
        parts = [self._freed(one, seed, block, runs) for one in self._communes]
        run, when, kind, refused = (
            np.concatenate([part[place] for part in parts]) for place in range(4)
        )
        order = np.lexsort((when, run))
        run, when, kind, refused = run[order], when[order], kind[order], refused[order]
        lengths = np.bincount(run, minlength=runs)
        step = np.arange(len(run)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        shape = (runs, int(lengths.max(initial=0)))
        kinds = np.full(shape, NOBODY, dtype=np.int64)
        months = np.zeros(shape, dtype=np.int64)
        declined = np.zeros(shape, dtype=np.bool_)
        kinds[run, step] = kind
        months[run, step] = np.minimum((when * MONTHS).astype(np.int64), MONTHS - 1)
        declined[run, step] = refused
        return Years(kinds=kinds, months=months, refused=declined)

    def _freed(
        self, commune: _Commune, seed: int, block: int, runs: int
    ) -> tuple[Ints, NDArray[np.float64], Ints, Flags]:
        """Run, instant from 0 to 1, kind and refusal of each vacancy that enters the flux."""
        generator = np.random.default_rng([seed, block, commune.code])
        number = len(commune.groups)
        # one dwelling after the other, so that those added at the end change no number before
        drawn = generator.random((number, 5, runs), dtype=np.float32)
        dwelling, run = np.nonzero(drawn[:, FREED] < self._odds)
        when = drawn[dwelling, WHEN, run].astype(np.float64)
        season = np.minimum(np.searchsorted(self._ends, when, side="right"), len(self._ends) - 1)
        stays = (season < commune.until[dwelling]) & (
            drawn[dwelling, MUTATION, run] >= self._mutation[season]
        )
        dwelling, run, when, season = dwelling[stays], run[stays], when[stays], season[stays]
        times = _tries(drawn[dwelling, RETURN, run], self._again[season])
        refused = drawn[dwelling, REFUSAL, run] < self._refusal
        kind = commune.groups[dwelling] * len(self.seasons) + season
        return (
            np.repeat(run, times), np.repeat(when, times), np.repeat(kind, times),
            np.repeat(refused, times),
        )  # fmt: skip


def _tries(drawn: NDArray[np.float32], again: NDArray[np.float64]) -> Ints:
    """How often each is counted: once, and again at each failure."""
    known = np.maximum(again, np.finfo(np.float64).tiny)
    failures = np.log(np.maximum(drawn, np.finfo(np.float32).tiny)) / np.log(known)
    times: Ints = 1 + np.where(again > 0, np.floor(failures), 0).astype(np.int64)
    return times


Groups = Mapping[tuple[str, tuple[Stratum, ...]], int]


def _groups(dwellings: Sequence[Held]) -> Groups:
    """Dwellings alike, whether they leave during the year or not, numbered in their order."""
    found: dict[tuple[str, tuple[Stratum, ...]], int] = {}
    for one in dwellings:
        found.setdefault((one.alike.insee, one.alike.strata), len(found))
    return found


def _communes(dwellings: Sequence[Held], groups: Groups) -> Iterator[_Commune]:
    """Those that leave are the last of their group: the others keep their numbers."""
    found: dict[str, list[Held]] = {}
    for one in dwellings:
        found.setdefault(one.alike.insee, []).append(one)
    for insee, here in found.items():
        counts = [one.alike.count for one in here]
        numbers = [groups[insee, one.alike.strata] for one in here]
        yield _Commune(
            code=int(insee, 36),
            groups=np.repeat(numbers, counts).astype(np.int64),
            until=np.repeat([one.until for one in here], counts).astype(np.int64),
        )


def _entitled(shares: Mapping[str, int]) -> list[Entitled]:
    return [Entitled(key=key, rate_bp=rate) for key, rate in shares.items()]
