"""Run every trial with fixed seeds and print the tables; 1 when a goal is missed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import fmean

from server.bench.flux import goals, speed
from server.bench.flux.goals import Goal, lived
from server.bench.flux.lives import REAL_LIFE
from server.bench.flux.rules import RULES
from server.bench.flux.worlds import World, department, sources_du_lac

SMALL_SEEDS, LARGE_SEEDS, OPTIMA = range(200), range(5), range(12)
LARGEST = 60_000
SIMULATED = 1_000
SECONDS_FOR_A_MILLION = 0.029
"""What the bare loop takes on the machine where the goals were set: it scales the limits."""


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run() -> int:
    """Print the rules side by side, then each goal with its limit."""
    small, large = sources_du_lac(), department()
    for world, seeds in ((small, range(60)), (large, range(3))):
        _print_rules(world, seeds)
    found = [*_fairness(small, large), *_long_run(small, large), *_speed(small)]
    width = max(len(goal.name) for goal in found)
    print(f"\n{'objectif':{width}}  {'limite':>9}  {'mesuré':>9}")
    for goal in found:
        sign = "≥" if goal.is_floor else "≤"
        verdict = "" if goal.is_met else "  MANQUÉ"
        print(f"{goal.name:{width}}  {sign} {goal.limit:7.3f}  {goal.measured:9.3f}{verdict}")
    missed = sum(not goal.is_met for goal in found)
    print(f"\n{len(found) - missed} objectifs tenus sur {len(found)}.")
    return 1 if missed else 0


def _print_rules(world: World, seeds: Sequence[int]) -> None:
    tell(f"Les règles côte à côte : {world.name}…")
    print(f"\n{world.name} : {len(world.dwellings)} logements, {len(world.bodies)} parties, "
          f"{len(seeds)} années")  # fmt: skip
    print(f"{'règle':24} {'pire total':>10} {'≤ 1 logt':>9} {'strates':>8} {'attrait':>8}")
    for name, rule in RULES.items():
        trials = lived(world, seeds, rule=rule)
        print(
            f"{name:24} {fmean(one.worst_total for one in trials):10.2f} "
            f"{fmean(one.within_one() for one in trials):9.3f} "
            f"{fmean(one.strata() for one in trials):8.3f} "
            f"{fmean(one.appeal_gap() for one in trials):8.3f}"
        )


def _fairness(small: World, large: World) -> list[Goal]:
    tell("Une année sans accroc…")
    found = [goals.exactness(small), goals.exactness(large)]
    found += goals.one_year(
        small,
        lived(small, SMALL_SEEDS),
        {
            "retard ou avance au total, le pire moment": 1.25,
            "à moins d'un logement du quota": 0.99,
            "écart moyen par strate, fin d'année": 0.48,
            "écart d'attractivité": 0.12,
        },
    )
    found.append(goals.at_every_moment(small, SMALL_SEEDS))
    found += goals.one_year(
        large,
        lived(large, LARGE_SEEDS),
        {
            "retard ou avance au total, le pire moment": 1.5,
            "à moins d'un logement du quota": 0.99,
            "écart moyen par strate, fin d'année": 0.43,
            "pire écart d'une strate": 4.5,
        },
    )
    tell("Des listes décidées ensemble…")
    found += [*goals.by_lists(small, range(60), 12), *goals.by_lists(large, LARGE_SEEDS, 52)]
    tell("Le meilleur possible, par recherche…")
    found.append(goals.against_the_optimum(small, OPTIMA))
    found += [goals.return_from_diversion(small), goals.return_from_diversion(large)]
    return [*found, goals.explained(small), goals.explained(large)]


def _long_run(small: World, large: World) -> list[Goal]:
    tell("Refus, échecs et urgences ; trois, cinq et trente ans…")
    found = []
    for world, seeds, strata in ((small, SMALL_SEEDS, 0.58), (large, LARGE_SEEDS, 0.49)):
        trials = lived(world, seeds, hazards=REAL_LIFE)
        found += [
            Goal(name=f"{world.name}, 1 an avec accrocs : à moins d'un logement", limit=0.94,
                 measured=fmean(one.within_one() for one in trials), is_floor=True),
            Goal(name=f"{world.name}, 1 an avec accrocs : écart par strate", limit=strata,
                 measured=fmean(one.strata() for one in trials)),
        ]  # fmt: skip
    three = lived(large, range(3), 3)
    found += [
        Goal(name=f"{large.name}, 3 ans : écart par strate", limit=0.52,
             measured=fmean(one.strata() for one in three)),
        Goal(name=f"{large.name}, 3 ans : pire total", limit=1.6,
             measured=max(one.worst_total for one in three)),
    ]  # fmt: skip
    for world, seeds in ((small, range(20)), (large, range(1))):
        five, thirty = lived(world, seeds, 5), lived(world, seeds, 30)
        found += [
            Goal(name=f"{world.name}, 5 ans cumulés : à moins d'un logement", limit=0.98,
                 measured=fmean(one.within_one() for one in five), is_floor=True),
            Goal(name=f"{world.name}, 30 ans : écart par strate", limit=0.70,
                 measured=fmean(one.strata() for one in thirty)),
        ]  # fmt: skip
    return found


def _speed(small: World) -> list[Goal]:
    tell(f"{SIMULATED} années simulées à {LARGEST} logements…")
    unit = speed.reference_loop()
    huge = department(LARGEST, 230)
    spent = speed.simulated_years(huge, SIMULATED, lambda done: tell(f"  {done} / {SIMULATED}"))
    return [
        Goal(name="une décision expliquée / mille additions",
             measured=speed.decision(small) * 1_000 / unit,
             limit=50e-6 * 1_000 / SECONDS_FOR_A_MILLION),
        Goal(name=f"{SIMULATED} années à {LARGEST} logements / million d'additions",
             measured=spent / unit, limit=15 / SECONDS_FOR_A_MILLION),
    ]  # fmt: skip
