"""What drawn years say, added up block after block in whole numbers: no order changes the sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.domain.flux import UNIT
from server.operations.simulations.drawing import MONTHS, Plan, Years
from server.operations.simulations.masses import NOBODY, Ints, Masses, Outcome


@dataclass(frozen=True, kw_only=True)
class Tally:
    """A block of years: `served` run × party; the rest are sums over the runs.

    `months` party × month × (sum, sum of squares) of what was received since 1 January; `late`
    party × month, the years in which it was late by more than one dwelling at the month's end;
    `strata` party × stratum × (sum, sum of squares) of the year.
    """

    served: Ints
    months: Ints
    late: Ints
    strata: Ints


def play(plan: Plan, *, seed: int, block: int, runs: int) -> Tally:
    """Draw a block of years and serve it by the rule."""
    years = plan.draw(seed, block, runs)
    return add_up(plan.masses, years, plan.masses.run(years.kinds, years.refused))


def add_up(masses: Masses, years: Years, outcome: Outcome) -> Tally:
    runs, parties = outcome.served.shape
    run, step = np.nonzero(years.kinds != NOBODY)
    kind, month = years.kinds[run, step], years.months[run, step]
    winner = outcome.winners[run, step]
    received = _by_month(run * parties + winner, month, runs * parties)
    received = received.reshape(runs, parties, MONTHS)
    late = _due(masses, run, kind, month, runs) - received * UNIT > UNIT
    strata = _by_stratum(masses, run * parties + winner, kind, runs * parties)
    strata = strata.reshape(runs, parties, len(masses.strata))
    return Tally(
        served=outcome.served,
        months=_moments(received),
        late=late.sum(axis=0),
        strata=_moments(strata),
    )


def _by_month(cell: Ints, month: Ints, cells: int) -> Ints:
    counts = np.bincount(cell * MONTHS + month, minlength=cells * MONTHS)
    found: Ints = counts.reshape(cells, MONTHS).cumsum(axis=1)
    return found


def _due(masses: Masses, run: Ints, kind: Ints, month: Ints, runs: int) -> Ints:
    """Run × party × month: what each is due since 1 January, in 1/10 000 dwelling."""
    party, rate = masses.rates_of(kind)
    size = len(masses.parties) + 1
    cell = ((run[:, None] * size + party) * MONTHS + month[:, None]).ravel()
    due = np.bincount(cell, weights=rate.ravel(), minlength=runs * size * MONTHS)
    found: Ints = due.astype(np.int64).reshape(runs, size, MONTHS).cumsum(axis=2)[:, :-1]
    return found


def _by_stratum(masses: Masses, cell: Ints, kind: Ints, cells: int) -> Ints:
    size = len(masses.strata)
    at = (cell[:, None] * size + masses.strata_of(kind)).ravel()
    found: Ints = np.bincount(at, minlength=cells * size)
    return found


def _moments(counts: Ints) -> Ints:
    return np.stack([counts.sum(axis=0), (counts**2).sum(axis=0)], axis=-1)


# --- As it is kept --------------------------------------------------------------------------------

Kept = dict[str, Any]


def kept(tally: Tally, before: Mapping[str, Any] | None) -> Kept:
    """The sums as JSON, added to those of the blocks before; strata that nobody met are left."""
    months, late = tally.months, tally.late
    strata = {
        str(party): {str(at): cell.tolist() for at, cell in enumerate(row) if cell[0]}
        for party, row in enumerate(tally.strata)
    }
    if before:
        months = months + np.array(before["months"], dtype=np.int64)
        late = late + np.array(before["late"], dtype=np.int64)
        strata = _added(strata, before["strata"])
    return {"months": months.tolist(), "late": late.tolist(), "strata": strata}


def _added(now: dict[str, dict[str, list[int]]], before: Mapping[str, Any]) -> Any:
    for party, row in before.items():
        sums = now.setdefault(party, {})
        for at, (total, square) in row.items():
            first, second = sums.get(at, (0, 0))
            sums[at] = [first + total, second + square]
    return now


def packed(served: Ints) -> bytes:
    """Two octets a number, run after run: what block after block is appended."""
    return served.astype("<u2").tobytes()


def unpacked(content: bytes, parties: int) -> Ints:
    """Run × party."""
    found: Ints = np.frombuffer(content, dtype="<u2").reshape(-1, parties).astype(np.int64)
    return found
