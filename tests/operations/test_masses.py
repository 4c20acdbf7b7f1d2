"""Many years at once give what the ledger gives, run by run, to the digit."""

from __future__ import annotations

import numpy as np
import pytest

from server.bench.flux.worlds import World, department, sources_du_lac
from server.domain.flux import BAILLEUR
from server.domain.ledger import Ledger, decide, freed, oriented
from server.operations.simulations.masses import NOBODY, Masses, draw


def one_by_one(world: World, sequence: list[int], refused: list[bool]) -> Ledger:
    ledger = Ledger()
    for index, is_refused in zip(sequence, refused, strict=True):
        if index == NOBODY:
            break
        dwelling = world.dwellings[index]
        parties = world.entitled[dwelling.commune]
        ledger.apply(freed(dwelling.strata, {one.key: one.rate_bp for one in parties}))
        winner = decide(ledger, parties, dwelling.strata).winner.key
        if is_refused and winner != BAILLEUR:
            others = [one for one in parties if one.key != winner]
            winner = decide(ledger, others, dwelling.strata).winner.key
        ledger.apply(oriented(dwelling.strata, winner))
    return ledger


@pytest.mark.parametrize("world", [sources_du_lac(), department(3_000, 40)], ids=lambda w: w.name)
@pytest.mark.parametrize("refusals", [0.0, 0.15])
def test_a_run_is_the_ledger(world: World, refusals: float) -> None:
    generator = np.random.default_rng(7)
    masses = Masses(world.entitled, [(one.commune, one.strata) for one in world.dwellings])
    sequences = draw(np.full(len(world.dwellings), 0.08), 4, generator)
    refused = generator.random(sequences.shape) < refusals
    outcome = masses.run(sequences, refused)
    for run, sequence in enumerate(sequences):
        ledger = one_by_one(world, sequence.tolist(), refused[run].tolist())
        for stratum, column in masses.strata.items():
            for key, row in masses.parties.items():
                assert outcome.lags[run, row, column] == ledger.lag(key, stratum)
    assert outcome.served.sum() == (sequences != NOBODY).sum()
    assert not outcome.lags.sum(axis=1).any()


def test_a_year_frees_as_many_as_the_chances_say() -> None:
    sequences = draw(np.full(1_000, 0.08), 400, np.random.default_rng(3))
    freed_a_year = (sequences != NOBODY).sum(axis=1)
    assert freed_a_year.mean() == pytest.approx(80, abs=2)
    assert all(len(set(row[row != NOBODY])) == (row != NOBODY).sum() for row in sequences)


def test_nothing_freed_is_a_year_too() -> None:
    world = sources_du_lac()
    masses = Masses(world.entitled, [(one.commune, one.strata) for one in world.dwellings])
    outcome = masses.run(draw(np.zeros(len(world.dwellings)), 3, np.random.default_rng(1)))
    assert not outcome.served.any()
