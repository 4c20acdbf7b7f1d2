"""What the drawn years of a scenario say of each party, and of two scenarios year by year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.domain.ledger import Stratum
from server.operations.simulations.masses import Ints
from server.operations.simulations.tallying import unpacked

LOW, MIDDLE, HIGH = 5, 50, 95


def drawn_json(
    number: int, served: Ints, tally: Mapping[str, Any], strata: Mapping[int, Stratum]
) -> dict[str, Any]:
    """Of the party `number`: the year, its months, its strata.

    `histogram` is [dwellings, years]; `months` [mean, standard deviation] since 1 January;
    `late` the years in which it was late by more than one dwelling at the month's end; `strata`
    [family, value, mean, standard deviation].
    """
    mine = served[:, number]
    years = len(mine)
    values, counts = np.unique(mine, return_counts=True)
    low, middle, high = (float(one) for one in np.percentile(mine, (LOW, MIDDLE, HIGH)))
    return {
        "years": years,
        "mean": round(float(mine.mean()), 4),
        "low": low,
        "median": middle,
        "high": high,
        "histogram": [[int(v), int(n)] for v, n in zip(values, counts, strict=True)],
        "months": [_moments(cell, years) for cell in tally["months"][number]],
        "late": list(tally["late"][number]),
        "strata": [
            [strata[int(at)][0].value, strata[int(at)][1], *_moments(cell, years)]
            for at, cell in sorted(
                tally["strata"][str(number)].items(), key=lambda one: int(one[0])
            )
            if int(at) != 0
        ],
    }


def _moments(cell: list[int], years: int) -> list[float]:
    total, square = cell
    mean = total / years
    return [round(mean, 4), round(sqrt(max(0.0, square / years - mean**2)), 4)]


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A party under two scenarios, in the same years: dwellings of the second less the first.

    `more`, `less` and `same` count the years.
    """

    mean: float
    low: float
    high: float
    more: int
    less: int
    same: int


def paired(first: tuple[list[str], bytes], second: tuple[list[str], bytes]) -> dict[str, Paired]:
    """Party → what changes, year by year; for the parties that both know."""
    (keys, kept), (other_keys, other_kept) = first, second
    mine, other = unpacked(kept, len(keys)), unpacked(other_kept, len(other_keys))
    years = min(len(mine), len(other))
    return {
        key: _paired(other[:years, other_keys.index(key)] - mine[:years, keys.index(key)])
        for key in keys
        if key in other_keys
    }


def _paired(moved: NDArray[np.int64]) -> Paired:
    low, high = np.percentile(moved, (LOW, HIGH))
    return Paired(
        mean=float(moved.mean()),
        low=float(low),
        high=float(high),
        more=int((moved > 0).sum()),
        less=int((moved < 0).sum()),
        same=int((moved == 0).sum()),
    )
