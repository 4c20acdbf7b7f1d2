"""What each party may expect of the year of a scenario: no drawing of lots, at once.

Each dwelling is freed or not by its own chance, in one of the seasons of the year, and what comes
back after it was counted counts again: means and variances are exact, the interval is the normal
one, widened by what separates a dwelling received from a dwelling due.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from server.domain.flux import UNIT, Indicator
from server.domain.forecasts import Chance, Expected
from server.domain.ledger import Stratum
from server.domain.scenarios.applying import Held, Season, Year, lay_out
from server.domain.scenarios.terms import Hypotheses, Scenario


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Party → stratum → dwellings of the year; `vacancies` are those of the whole flux."""

    year: Year
    vacancies: float
    parties: Mapping[str, Mapping[Stratum, Expected]]


@dataclass(frozen=True, kw_only=True)
class Count:
    """How often a freed dwelling is counted: mean and mean square of a whole number, at least 1."""

    mean: float
    square: float


def comes_back(hypotheses: Hypotheses, indicator: Indicator) -> float:
    """The chance that a dwelling comes back once it has been counted (art. 7), from 0 to 1.

    Counted when oriented, it may fail in commission or after; when attributed, only after; when
    leased it is let.
    """
    caleol = hypotheses.caleol_failure_bp / UNIT
    lease = hypotheses.lease_failure_bp / UNIT
    return {
        Indicator.ORIENTED: 1 - (1 - caleol) * (1 - lease),
        Indicator.ATTRIBUTED: lease,
        Indicator.LEASED: 0.0,
    }[indicator]


def counted(hypotheses: Hypotheses, indicator: Indicator) -> Count:
    """Offered until it is let: each try is independent, and counted."""
    again = comes_back(hypotheses, indicator)
    return Count(mean=1 / (1 - again), square=(1 + again) / (1 - again) ** 2)


def expect(scenario: Scenario) -> Expectation:
    """The mean of each party in each stratum, and what nine years out of ten respect."""
    year = lay_out(scenario)
    moments = _Moments(scenario.hypotheses, year)
    chances: defaultdict[str, dict[Stratum, Chance]] = defaultdict(dict)
    nothing = Chance()
    for (insee, until), strata in _counts(year.dwellings).items():
        for party, one in moments.of(insee, until).items():
            found = chances[party]
            for stratum, number in strata.items():
                before = found.get(stratum, nothing)
                found[stratum] = Chance(
                    mean=before.mean + one.mean * number,
                    variance=before.variance + one.variance * number,
                )
    return Expectation(
        year=year,
        vacancies=year.vacancies(scenario.hypotheses.turnover_bp),
        parties={
            party: {stratum: one.interval() for stratum, one in found.items()}
            for party, found in chances.items()
        },
    )


def _counts(dwellings: Sequence[Held]) -> dict[tuple[str, int], dict[Stratum, int]]:
    """(commune, until) → stratum → dwellings: what a party expects depends on nothing else."""
    found: defaultdict[tuple[str, int], defaultdict[Stratum, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    for one in dwellings:
        strata = found[one.alike.insee, one.until]
        for stratum in one.alike.strata:
            strata[stratum] += one.alike.count
    return {at: dict(strata) for at, strata in found.items()}


@dataclass
class _Moments:
    """What one dwelling of a commune brings to each party over the year."""

    hypotheses: Hypotheses
    year: Year
    _known: dict[tuple[str, int], dict[str, Chance]] = field(default_factory=dict)

    def of(self, insee: str, until: int) -> dict[str, Chance]:
        if (insee, until) not in self._known:
            self._known[insee, until] = self._computed(insee, until)
        return self._known[insee, until]

    def _computed(self, insee: str, until: int) -> dict[str, Chance]:
        means: defaultdict[str, float] = defaultdict(float)
        squares: defaultdict[str, float] = defaultdict(float)
        for season, odds in self._odds(until):
            times = counted(self.hypotheses, season.indicator)
            for party, rate in season.shares(self.year.epci_of[insee], insee).items():
                share = rate / UNIT
                means[party] += share * odds * times.mean
                squares[party] += share**2 * odds * times.square
        return {
            party: Chance(mean=mean, variance=squares[party] - mean**2)
            for party, mean in means.items()
        }

    def _odds(self, until: int) -> Iterator[tuple[Season, float]]:
        """The chance that a dwelling enters the flux in each season where it may."""
        turnover = self.hypotheses.turnover_bp / UNIT
        for season in self.year.seasons[:until]:
            yield season, turnover * season.part * (1 - season.mutation_bp / UNIT)
