"""The year of a scenario cut at the days when something changes: what holds in each part.

A change of rights or of rates opens a new part of the year and rewrites none that is over. A
programme counts in A and in the flux from the 1 January after its delivery (art. 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from server.domain.annexe import Annexe, CommuneStock, ExclusionCode, Line, compute, rates_on
from server.domain.flux import BAILLEUR, Indicator
from server.domain.ledger import TOTAL, Family
from server.domain.scenarios.terms import Alike, Change, ChangeKind, Scenario, Territory

DATED = frozenset({
    ChangeKind.DROITS, ChangeKind.RATE, ChangeKind.EXCLUSION, ChangeKind.MUTATION_SHARE,
    ChangeKind.INDICATOR,
})  # fmt: skip
BUILT = "since_2011"
"""The period of construction of a programme to come."""


@dataclass(frozen=True, kw_only=True)
class Season:
    """A part of the year during which nothing changes; `part` is its share of the days.

    `annexes` are the tables of each EPCI computed with what holds then, by SIREN.
    """

    from_on: date
    part: float
    mutation_bp: int
    indicator: Indicator
    annexes: Mapping[str, Annexe]

    def shares(self, epci_siren: str, insee: str) -> dict[str, int]:
        """The rates of a commune in 1/10 000, the bailleur's remainder included and last."""
        annexe = self.annexes[epci_siren]
        rates = {rate.line.key: signed for rate, signed in rates_on(annexe, insee) if signed}
        return {**rates, BAILLEUR: 10_000 - sum(rates.values())}


@dataclass(frozen=True, kw_only=True)
class Held:
    """Dwellings alike that stay in the flux until the season `until` begins.

    `rank` is the place of their group: those of the base first, in its order.
    """

    rank: int
    alike: Alike
    until: int


@dataclass(frozen=True, kw_only=True)
class Year:
    """The scenario laid out: its seasons, and which dwellings are in the flux in each."""

    seasons: tuple[Season, ...]
    dwellings: tuple[Held, ...]
    epci_of: Mapping[str, str]

    def vacancies(self, turnover_bp: int) -> float:
        """Expected vacancies of the flux in the year, in dwellings."""
        return sum(
            one.alike.count * season.part * (10_000 - season.mutation_bp) / 10_000
            for index, season in enumerate(self.seasons)
            for one in self.dwellings
            if index < one.until
        ) * (turnover_bp / 10_000)


def lay_out(scenario: Scenario) -> Year:
    """What holds in each part of the year, once every change is applied."""
    days = _turning_days(scenario)
    built = [one for one in scenario.changes if one.kind is ChangeKind.PROGRAMME]
    entered = [one for one in built if not scenario.is_new_housing(one)]
    return Year(
        seasons=tuple(_season(scenario, entered, *one) for one in pairwise(days)),
        dwellings=tuple(_dwellings(scenario, entered, days[:-1])),
        epci_of={
            one.insee: place.epci_siren
            for place in scenario.base.territories
            for one in place.communes
        },
    )


def _turning_days(scenario: Scenario) -> list[date]:
    """1 January, each day of a change inside the year, 1 January of the next."""
    inside = {
        one.from_on
        for one in scenario.changes
        if one.kind in DATED and scenario.first_day < one.from_on <= scenario.last_day
    }
    return [scenario.first_day, *sorted(inside), scenario.last_day + timedelta(days=1)]


def _season(scenario: Scenario, entered: Iterable[Change], start: date, end: date) -> Season:
    known = [one for one in scenario.changes if one.from_on <= start]
    days = (scenario.last_day - scenario.first_day).days + 1
    last = {one.kind: one for one in sorted(known, key=lambda one: one.from_on)}
    share, indicator = last.get(ChangeKind.MUTATION_SHARE), last.get(ChangeKind.INDICATOR)
    hypotheses = scenario.hypotheses
    return Season(
        from_on=start,
        part=(end - start).days / days,
        mutation_bp=hypotheses.mutation_bp if share is None else share.rate_bp or 0,
        indicator=hypotheses.indicator if indicator is None else Indicator(indicator.code),
        annexes={
            place.epci_siren: compute(_stock(scenario, place, entered), _lines(place, known))
            for place in scenario.base.territories
        },
    )


# --- The two tables -------------------------------------------------------------------------------


def _stock(scenario: Scenario, place: Territory, entered: Iterable[Change]) -> list[CommuneStock]:
    """A and B of the annexe of the year: programmes delivered before it, exclusions of before."""
    excluded = [
        one
        for one in scenario.changes
        if one.kind is ChangeKind.EXCLUSION and one.from_on <= scenario.first_day
    ]
    return [
        replace(
            one,
            total=one.total + sum(c.number for c in entered if c.insee == one.insee),
            exclusions=_exclusions(one, excluded),
        )
        for one in place.communes
    ]


def _exclusions(stock: CommuneStock, excluded: Iterable[Change]) -> dict[ExclusionCode, int]:
    found = dict(stock.exclusions)
    for one in excluded:
        if one.insee == stock.insee:
            code = ExclusionCode(one.code)
            found[code] = found.get(code, 0) + one.number
    return found


def _lines(place: Territory, known: Iterable[Change]) -> list[Line]:
    last = {
        one.party_key: one
        for one in sorted(known, key=lambda one: one.from_on)
        if one.kind in (ChangeKind.DROITS, ChangeKind.RATE) and one.epci_siren == place.epci_siren
    }
    return [_line(line, last.get(line.key)) for line in place.lines]


def _line(line: Line, change: Change | None) -> Line:
    if change is None:
        return line
    if change.kind is ChangeKind.RATE:
        return replace(line, imposed_rate_bp=change.rate_bp, droits=None)
    return replace(line, droits=change.droits, imposed_rate_bp=None)


# --- The dwellings --------------------------------------------------------------------------------


def _dwellings(scenario: Scenario, entered: Iterable[Change], starts: list[date]) -> Iterator[Held]:
    last = len(starts)
    stock = [*scenario.base.dwellings, *(_built(scenario, one) for one in entered)]
    leaving = sorted(
        (one for one in scenario.changes if one.kind is ChangeKind.EXCLUSION),
        key=lambda one: one.from_on,
    )
    for insee, here in _by_commune(stock).items():
        left = dict(here)
        for change in leaving:
            if change.insee == insee and change.from_on <= scenario.last_day:
                gone = taken(list(left.values()), change.number)
                until = _season_of(starts, change.from_on)
                yield from _held(stock, dict(zip(left, gone, strict=True)), until)
                left = {
                    rank: count - number
                    for (rank, count), number in zip(left.items(), gone, strict=True)
                }
        yield from _held(stock, left, last)


def _by_commune(stock: list[Alike]) -> dict[str, dict[int, int]]:
    """INSEE code → rank of each group → its dwellings."""
    found: dict[str, dict[int, int]] = {}
    for rank, one in enumerate(stock):
        found.setdefault(one.insee, {})[rank] = one.count
    return found


def _season_of(starts: list[date], day: date) -> int:
    """The season that a day opens; what was decided before the year holds from its first one."""
    return max((index for index, start in enumerate(starts) if start <= day), default=0)


def _held(stock: list[Alike], numbers: Mapping[int, int], until: int) -> Iterator[Held]:
    for rank, number in numbers.items():
        if number:
            yield Held(rank=rank, alike=replace(stock[rank], count=number), until=until)


def taken(counts: list[int], number: int) -> list[int]:
    """How many of `number` dwellings each group gives, in proportion, to the unit.

    Largest remainders, the first group first: whole dwellings, whose sum is `number` or all.
    """
    total = sum(counts)
    if number >= total:
        return list(counts)
    whole = [count * number // total for count in counts]
    rests = sorted(range(len(counts)), key=lambda i: (-(counts[i] * number % total), i))
    for index in rests[: number - sum(whole)]:
        whole[index] += 1
    return whole


def _built(scenario: Scenario, change: Change) -> Alike:
    area = scenario.base.areas.get(change.insee, "less_tense")
    return Alike(
        insee=change.insee,
        count=change.number,
        strata=(
            TOTAL,
            (Family.TYPOLOGY, change.typology),
            (Family.FINANCING, change.financing),
            (Family.PERIOD, BUILT),
            (Family.AREA, area),
            (Family.COMMUNE, change.insee),
        ),
    )
