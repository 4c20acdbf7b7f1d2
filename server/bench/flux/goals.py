"""The goals of the advice, each with what was measured in this run: printed side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from server.bench.flux.lives import CLEAN, REAL_LIFE, Hazards, Vacancy, years
from server.bench.flux.optimum import Year
from server.bench.flux.rules import Rule, State, bounded_margins
from server.bench.flux.trials import Trial
from server.bench.flux.worlds import World
from server.domain.flux import UNIT
from server.domain.ledger import Entitled, Ledger, Step, decide, oriented


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One line of the table; `is_met` by the measure against its limit."""

    name: str
    limit: float
    measured: float
    is_floor: bool = False

    @property
    def is_met(self) -> bool:
        return self.measured >= self.limit if self.is_floor else self.measured <= self.limit


def lived(
    world: World, seeds: Sequence[int], count: int = 1, hazards: Hazards = CLEAN,
    rule: Rule = bounded_margins,
) -> list[Trial]:  # fmt: skip
    """One trial a seed, each through `count` years."""
    trials = []
    for seed in seeds:
        trial = Trial(world=world, rule=rule)
        for vacancies in years(world, seed, count, hazards):
            trial.live(vacancies)
        trials.append(trial)
    return trials


def one_year(world: World, trials: Sequence[Trial], limits: dict[str, float]) -> list[Goal]:
    """Scenario A: nothing goes wrong."""
    measures = {
        "retard ou avance au total, le pire moment": max(one.worst_total for one in trials),
        "à moins d'un logement du quota": fmean(one.within_one() for one in trials),
        "écart moyen par strate, fin d'année": fmean(one.strata() for one in trials),
        "écart d'attractivité": fmean(one.appeal_gap() for one in trials),
        "pire écart d'une strate": fmean(one.worst_stratum() for one in trials),
    }
    return [
        Goal(
            name=f"{world.name}, 1 an : {name}",
            limit=limits[name],
            measured=measures[name],
            is_floor=name.startswith("à moins"),
        )
        for name in measures
        if name in limits
    ]


def exactness(world: World, seed: int = 1) -> Goal:
    """Zero-sum in each stratum after every event, and the journal replays to the digit."""
    trial = Trial(world=world, rule=bounded_margins, journal=[])
    faults = 0
    for vacancy in years(world, seed, 1, REAL_LIFE)[0]:
        trial.live([vacancy])
        faults += not trial.is_balanced()
    faults += Ledger(trial.journal or ()).lags != trial.state.ledger.lags
    return Goal(
        name=f"{world.name} : sommes non nulles ou rejeu différent", limit=0, measured=faults
    )


class Noted:
    """The portal's rule, and whom it chose."""

    def __init__(self) -> None:
        self.winners: list[str] = []

    def __call__(self, state: State, parties: Sequence[Entitled], vacancy: Vacancy) -> str:
        self.winners.append(bounded_margins(state, parties, vacancy))
        return self.winners[-1]


def _noted_year(world: World, seed: int) -> tuple[Year, list[str]]:
    """A clean year, and whom the portal's rule chose at each of its moments."""
    vacancies, rule = years(world, seed)[0], Noted()
    Trial(world=world, rule=rule).live(vacancies)
    return Year(world, vacancies), rule.winners


def at_every_moment(world: World, seeds: Sequence[int]) -> Goal:
    """The mean error by stratum over all the moments of a clean year."""
    lived_years = [_noted_year(world, seed) for seed in seeds]
    return Goal(
        name=f"{world.name}, 1 an : écart moyen par strate, à tout moment",
        limit=0.37,
        measured=fmean(year.error(winners) for year, winners in lived_years),
    )


def against_the_optimum(world: World, seeds: Sequence[int]) -> Goal:
    """The mean error at every moment, over the best that knowing the future allows."""
    ratios = []
    for seed in seeds:
        year, winners = _noted_year(world, seed)
        ratios.append(year.error(winners) / year.best(winners, Random(seed)))
    return Goal(
        name=f"{world.name} : strates à tout moment / meilleur possible connu",
        limit=1.25,
        measured=fmean(ratios),
    )


def listed(world: World, seeds: Sequence[int], lists: int) -> tuple[float, float]:
    """A year advised by lists: worst total, and mean error by stratum at its end."""
    trials = []
    for seed in seeds:
        vacancies = years(world, seed)[0]
        trial = Trial(world=world, rule=bounded_margins)
        size = max(1, round(len(vacancies) / lists))
        for begun in range(0, len(vacancies), size):
            trial.live_list(vacancies[begun : begun + size])
        trials.append(trial)
    return max(one.worst_total for one in trials), fmean(one.strata() for one in trials)


def by_lists(world: World, seeds: Sequence[int], lists: int) -> list[Goal]:
    """What deciding a list together gains on deciding one by one, totals kept."""
    alone = fmean(one.strata() for one in lived(world, seeds))
    worst, together = listed(world, seeds, lists)
    return [
        Goal(
            name=f"{world.name}, {lists} listes par an : strates / une par une",
            limit=0.95,
            measured=together / alone,
        ),
        Goal(
            name=f"{world.name}, {lists} listes par an : pire total",
            limit=1.25,
            measured=worst,
        ),
    ]


def return_from_diversion(world: World, seed: int = 3, count: int = 15) -> Goal:
    """How soon a party charged with `count` dwellings by the préfet is back at its quota.

    The ratio of the dwellings freed meanwhile to the fewest that its rate allows.
    """
    vacancies = [one for year in years(world, seed, 12) for one in year]
    trial = Trial(world=world, rule=bounded_margins)
    diverted, rest = vacancies[:count], vacancies[count:]
    party = "État RS"
    for vacancy in diverted:
        trial.free(vacancy)
        trial.state.ledger.apply(oriented(vacancy.dwelling.strata, party))
    debt = -trial.state.ledger.lag(party)
    needed = 0
    for vacancy in rest:
        rates = {one.key: one.rate_bp for one in world.entitled[vacancy.dwelling.commune]}
        needed += debt > UNIT // 4
        debt -= rates.get(party, 0)
    waited = 0
    for vacancy in rest:
        if trial.state.ledger.lag(party) >= -(UNIT // 4):
            break
        trial.live([vacancy])
        waited += 1
    return Goal(
        name=f"{world.name} : retour après {count} affectations d'urgence / minimum",
        limit=1.1,
        measured=waited / max(needed, 1),
    )


def explained(world: World, seed: int = 5) -> Goal:
    """Decisions whose reason is a rank, in total or in a stratum, and not only the sum."""
    trial, steps = Trial(world=world, rule=bounded_margins), []
    for vacancy in years(world, seed)[0]:
        parties = trial.free(vacancy)
        decision = decide(trial.state.ledger, parties, vacancy.dwelling.strata)
        steps.append(decision.step)
        trial.state.ledger.apply(oriented(vacancy.dwelling.strata, decision.winner.key))
    named = fmean(step is not Step.SCORE for step in steps)
    return Goal(
        name=f"{world.name} : décisions expliquées par un rang",
        limit=0.95,
        measured=named,
        is_floor=True,
    )
