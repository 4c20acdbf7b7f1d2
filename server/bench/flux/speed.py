"""What a decision costs, and a thousand years of the largest bailleur: ratios to a bare loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from random import Random

import numpy as np
from numpy.typing import NDArray

from server.bench.flux.lives import MUTATIONS, TURNOVER, years
from server.bench.flux.rules import bounded_margins
from server.bench.flux.trials import Trial
from server.bench.flux.worlds import World
from server.domain.ledger import decide, oriented
from server.domain.ledger_sentences import sentence
from server.operations.simulations.masses import Masses, draw

LOOP = 1_000_000
BATCH = 100


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds of this process."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def reference_loop() -> float:
    """Seconds of a million bare additions: the unit of the ratios, whatever the machine."""

    def count() -> int:
        total = 0
        for number in range(LOOP):
            total += number & 7
        return total

    return min(cpu(count) for _ in range(5))


def decision(world: World) -> float:
    """Seconds of one decision with its sentence, on a ledger that has lived a year."""
    trial = Trial(world=world, rule=bounded_margins)
    trial.live(years(world, 1)[0])
    names = {key: key for key in world.bodies}
    spent, served = 0.0, 0
    for vacancy in years(world, 2)[0]:
        parties = trial.free(vacancy)
        begun = time.process_time()
        decided = decide(trial.state.ledger, parties, vacancy.dwelling.strata)
        sentence(decided, names, {})
        spent += time.process_time() - begun
        served += 1
        trial.state.ledger.apply(oriented(vacancy.dwelling.strata, decided.winner.key))
    return spent / served


def _draw_and_run(
    masses: Masses, chances: NDArray[np.float64], runs: int, generator: np.random.Generator
) -> None:
    masses.run(draw(chances, runs, generator))


def simulated_years(world: World, count: int, told: Callable[[int], None]) -> float:
    """Seconds of `count` simulated years by arrays; `told` hears how many are done."""
    masses = Masses(world.entitled, [(one.commune, one.strata) for one in world.dwellings])
    chances = np.full(len(world.dwellings), TURNOVER * (1 - MUTATIONS))
    generator = np.random.default_rng(Random(74).randrange(1 << 32))
    spent = 0.0
    for begun in range(0, count, BATCH):
        runs = min(BATCH, count - begun)
        spent += cpu(partial(_draw_and_run, masses, chances, runs, generator))
        told(begun + runs)
    return spent
