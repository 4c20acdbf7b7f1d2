"""Next year's flux in closed form: the figures of the real annexe, and what drawing lots gives."""

from __future__ import annotations

import numpy as np
import pytest

from server.bench.flux.worlds import sources_du_lac
from server.domain.flux import BAILLEUR
from server.domain.forecasts import Group, forecast, served_corridor
from server.domain.ledger import TOTAL
from server.operations.simulations.masses import Masses, draw

DOUSSARD = {"al": 484, "commune": 2963, "cd": 1481, "agents": 500, "rs": 2500, BAILLEUR: 2072}
FAVERGES = {"al": 484, "faverges": 2440, "agents": 500, "rs": 2500, BAILLEUR: 4076}
SHARES = {"doussard": DOUSSARD, "faverges": FAVERGES}


def groups(turnover: float) -> list[Group]:
    return [
        Group(place="doussard", strata=(TOTAL,), count=54, turnover=turnover),
        Group(place="faverges", strata=(TOTAL,), count=553, turnover=turnover),
    ]


@pytest.mark.parametrize(
    ("party", "mean"),
    [("commune", 1.30), ("cd", 0.65), ("faverges", 10.93), ("al", 2.38), (BAILLEUR, 19.16)],
)
def test_what_the_signed_rates_promise(party: str, mean: float) -> None:
    """9 % turnover and 10 % mutations on C: Doussard 4.37 dwellings, of which 1.30 its own."""
    found = forecast(groups(0.09), SHARES, mutation_share=0.10)[party, TOTAL]
    assert found.mean == pytest.approx(mean, abs=0.01)
    assert 0 <= found.low < found.mean < found.high


def test_everything_freed_is_somebody_s() -> None:
    found = forecast(groups(0.09), SHARES, mutation_share=0.10)
    assert sum(one.mean for one in found.values()) == pytest.approx(607 * 0.081)


def test_nothing_freed_promises_nothing_but_a_place_in_turn() -> None:
    found = forecast(groups(0.0), SHARES, mutation_share=0.10)
    assert all((one.mean, one.low) == (0, 0) and one.high < 1 for one in found.values())


def test_nine_drawn_years_out_of_ten_are_within_the_interval() -> None:
    """The closed form against 600 years served by the rule itself."""
    world = sources_du_lac()
    masses = Masses(world.entitled, [(one.commune, one.strata) for one in world.dwellings])
    sequences = draw(np.full(len(world.dwellings), 0.081), 600, np.random.default_rng(11))
    served = masses.run(sequences).served
    shares = {
        str(place): {party.key: party.rate_bp for party in parties}
        for place, parties in enumerate(world.entitled)
    }
    alike = [
        Group(place=str(one.commune), strata=(TOTAL,), count=1, turnover=0.09)
        for one in world.dwellings
    ]
    found = forecast(alike, shares, mutation_share=0.10)
    for key, row in masses.parties.items():
        one = found[key, TOTAL]
        within = ((served[:, row] >= one.low) & (served[:, row] <= one.high)).mean()
        assert served[:, row].mean() == pytest.approx(one.mean, abs=0.35)
        assert within >= 0.84, key


@pytest.mark.parametrize(("parties", "units"), [(1, 10_000), (2, 10_000), (4, 12_830), (9, 19_245)])
def test_the_corridor_is_one_dwelling_or_wider_for_many(parties: int, units: int) -> None:
    assert served_corridor(parties) == units
