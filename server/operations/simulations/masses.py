"""Many years at once: the rule of `server.domain.ledger.decide`, step by step on arrays.

One column a run: a step serves the next vacancy of every run together. The amounts are the same
integers and the ties are settled alike, so that a run gives exactly what the ledger would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.domain.flux import UNIT
from server.domain.ledger import ADVANCE, CATCH_UP, WEIGHTS, Entitled, Family, Stratum

Ints: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

NOBODY = -1
"""In a sequence: no vacancy any more in this run."""

SCORE_BITS, TOTAL_BITS, RATE_BITS, ORDER_BITS = 24, 20, 14, 5
"""Of the precedence, from the strongest: 2^19 tenths of thousandths are 52 dwellings."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the runs ended with: `lags` run × party × stratum, `served` run × party.

    Lags are in 1/10 000 dwelling; the first stratum is the total. `winners` run × step says which
    party each vacancy went to, or `NOBODY`.
    """

    lags: Ints
    served: Ints
    winners: Ints


class Masses:
    """A world as arrays: who is entitled where, and the strata of each dwelling."""

    def __init__(
        self,
        entitled: Sequence[Sequence[Entitled]],
        dwellings: Sequence[tuple[int, tuple[Stratum, ...]]],
        weights: Mapping[Family, int] = WEIGHTS,
    ) -> None:
        keys = dict.fromkeys(one.key for parties in entitled for one in parties)
        self.parties = {key: index for index, key in enumerate(keys)}
        self.strata: dict[Stratum, int] = {}
        for _, strata in dwellings:
            for stratum in strata:
                self.strata.setdefault(stratum, len(self.strata))
        width = max(len(parties) for parties in entitled)
        self._party = np.full((len(entitled), width), len(self.parties), dtype=np.int64)
        self._rate = np.zeros((len(entitled), width), dtype=np.int64)
        for place, parties in enumerate(entitled):
            for column, one in enumerate(parties):
                self._party[place, column] = self.parties[one.key]
                self._rate[place, column] = one.rate_bp
        self._is_real: Flags = self._party < len(self.parties)
        self._place: Ints = np.array([place for place, _ in dwellings], dtype=np.int64)
        self._strata: Ints = np.array(
            [[self.strata[one] for one in strata] for _, strata in dwellings], dtype=np.int64
        )
        self._weights: Ints = np.array(
            [weights[family] for family, _ in dwellings[0][1]], dtype=np.int64
        )
        order = np.arange(width, 0, -1, dtype=np.int64)
        self._tie: Ints = (self._rate << ORDER_BITS) + order

    def run(self, sequences: Ints, refused: Flags | None = None) -> Outcome:
        """Serve the vacancies of every run in order; a refusal erases nothing and asks the next.

        `sequences` is run × step, the index of a dwelling or `NOBODY`; `refused` likewise says
        whether a réservataire that is asked first declines.
        """
        runs = len(sequences)
        size = len(self.strata)
        lags = np.zeros((runs, (len(self.parties) + 1) * size), dtype=np.int64)
        served = np.zeros((runs, len(self.parties) + 1), dtype=np.int64)
        winners = np.full(sequences.shape, NOBODY, dtype=np.int64)
        for step in range(sequences.shape[1]):
            rows = np.flatnonzero(sequences[:, step] != NOBODY)
            if not len(rows):
                break
            chosen = self._step(
                lags, rows, sequences[rows, step],
                None if refused is None else refused[rows, step],
            )  # fmt: skip
            served[rows, chosen] += 1
            winners[rows, step] = chosen
        shaped = lags.reshape(runs, len(self.parties) + 1, size)
        return Outcome(lags=shaped[:, :-1], served=served[:, :-1], winners=winners)

    def rates_of(self, dwellings: Ints) -> tuple[Ints, Ints]:
        """Who is entitled to each of these dwellings and at which rate, padded with rate 0."""
        place = self._place[dwellings]
        return self._party[place], self._rate[place]

    def strata_of(self, dwellings: Ints) -> Ints:
        return self._strata[dwellings]

    def _step(self, lags: Ints, rows: Ints, dwellings: Ints, refused: Flags | None) -> Ints:
        """Serve one vacancy of each of these runs; the parties that received it."""
        place = self._place[dwellings]
        party = self._party[place]
        cells = party[:, :, None] * len(self.strata) + self._strata[dwellings][:, None, :]
        here = lags[rows[:, None, None], cells] + self._rate[place][:, :, None]
        winner = self._winner(here, place, self._is_real[place])
        if refused is not None:
            winner = self._after_refusals(here, place, winner, refused)
        every = np.arange(len(rows))
        here[every, winner] -= UNIT
        lags[rows[:, None, None], cells] = here
        chosen: Ints = party[every, winner]
        return chosen

    def _winner(self, here: Ints, place: Ints, allowed: Flags) -> Ints:
        """The column of who is served in each run: `_candidates` and `_precedence` on arrays."""
        total = here[:, :, 0]
        floor = np.iinfo(np.int64).min
        latest = np.where(allowed, total, floor).max(axis=1, keepdims=True)
        near = allowed & (total >= -ADVANCE)
        open_to = np.where(near.any(axis=1, keepdims=True), near, allowed)
        candidates = np.where(latest >= CATCH_UP, allowed & (total == latest), open_to)
        score = here @ self._weights
        rank = (score << (TOTAL_BITS + RATE_BITS + ORDER_BITS)) + (
            (total + (1 << (TOTAL_BITS - 1))) << (RATE_BITS + ORDER_BITS)
        ) + self._tie[place]  # fmt: skip
        winners: Ints = np.where(candidates, rank, floor).argmax(axis=1)
        return winners

    def _after_refusals(self, here: Ints, place: Ints, winner: Ints, refused: Flags) -> Ints:
        """The bailleur, last of its commune, never declines."""
        last = self._is_real[place].sum(axis=1) - 1
        asked = np.flatnonzero(refused & (winner != last))
        if len(asked):
            allowed = self._is_real[place[asked]].copy()
            allowed[np.arange(len(asked)), winner[asked]] = False
            winner = winner.copy()
            winner[asked] = self._winner(here[asked], place[asked], allowed)
        return winner


def draw(chances: NDArray[np.float64], runs: int, generator: np.random.Generator) -> Ints:
    """One year per run: which dwellings are freed, each by its own chance, in a random order.

    `chances` holds one probability a dwelling; the answer is run × step, padded with `NOBODY`.
    """
    rows = []
    for _ in range(runs):
        freed = np.flatnonzero(generator.random(len(chances)) < chances)
        rows.append(generator.permutation(freed))
    length = max((len(row) for row in rows), default=0)
    sequences = np.full((runs, length), NOBODY, dtype=np.int64)
    for index, row in enumerate(rows):
        sequences[index, : len(row)] = row
    return sequences
