"""What happens to a bailleur's flux: dwellings freed in some order, refusals, failures, crises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from server.bench.flux.worlds import Dwelling, World

TURNOVER = 0.09
MUTATIONS = 0.10
"""Of the vacancies, those kept for the bailleur's own tenants: they never enter the flux."""


@dataclass(frozen=True, kw_only=True)
class Hazards:
    """Chances of what goes wrong with one vacancy."""

    refusal: float = 0.0
    caleol_failure: float = 0.0
    lease_failure: float = 0.0
    diversion: float = 0.0


CLEAN = Hazards()
REAL_LIFE = Hazards(refusal=0.15, caleol_failure=0.08, lease_failure=0.10, diversion=0.01)


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    """One vacancy of the flux, with the dice thrown beforehand: every rule meets the same luck."""

    dwelling: Dwelling
    draw: float
    is_refused: bool = False
    is_failed: bool = False
    diverted: float | None = None


def year(world: World, random: Random, hazards: Hazards = CLEAN) -> Iterator[Vacancy]:
    """The vacancies of one year that enter the flux, in the order in which they come."""
    leaving = [
        dwelling
        for dwelling in world.dwellings
        if random.random() < TURNOVER and random.random() >= MUTATIONS
    ]
    random.shuffle(leaving)
    for dwelling in leaving:
        failure = hazards.caleol_failure + hazards.lease_failure
        yield Vacancy(
            dwelling=dwelling,
            draw=random.random(),
            is_refused=random.random() < hazards.refusal,
            is_failed=random.random() < failure,
            diverted=random.random() if random.random() < hazards.diversion else None,
        )


def years(world: World, seed: int, count: int = 1, hazards: Hazards = CLEAN) -> list[list[Vacancy]]:
    random = Random(seed)
    return [list(year(world, random, hazards)) for _ in range(count)]
