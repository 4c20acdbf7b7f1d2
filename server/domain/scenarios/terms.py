"""What a scenario is made of: the base it starts from, its hypotheses, its dated changes.

Nothing here is the law of any year: a scenario says what would be expected, it signs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from server.domain.annexe import CommuneStock, Line
from server.domain.flux import Indicator
from server.domain.ledger import Stratum

MOST_CHANGES = 60
"""More would be another annexe, not a question about this one."""


class ChangeKind(StrEnum):
    """What a scenario may change."""

    DROITS = "droits"
    RATE = "rate"
    EXCLUSION = "exclusion"
    PROGRAMME = "programme"
    MUTATION_SHARE = "mutation_share"
    INDICATOR = "indicator"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change from `from_on` on; each kind uses its own fields, the others stay as they are.

    DROITS: `droits` of the line (`epci_siren`, `party_key`). RATE: `rate_bp` of a line of the
    State. EXCLUSION: `number` dwellings of `insee` leave the assiette for the reason `code`.
    PROGRAMME: `number` dwellings called `name` in `insee`, all of one `typology` and `financing`.
    MUTATION_SHARE: `rate_bp` of the vacancies (art. 2.3). INDICATOR: `code` (art. 7).
    """

    kind: ChangeKind
    from_on: date
    epci_siren: str = ""
    party_key: str = ""
    insee: str = ""
    number: int = 0
    droits: Decimal | None = None
    rate_bp: int | None = None
    code: str = ""
    typology: str = ""
    financing: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Hypotheses:
    """What nobody knows of a year that has not begun, in 1/100 %; they hold all year long.

    `turnover_bp`: dwellings freed in a year. `refusal_bp`: offers refused by who is asked first.
    `caleol_failure_bp` and `lease_failure_bp`: dwellings that come back from the commission, or
    after it. `mutation_bp` and `indicator` hold until a dated change of the scenario.
    """

    turnover_bp: int
    mutation_bp: int
    refusal_bp: int = 1_500
    caleol_failure_bp: int = 800
    lease_failure_bp: int = 1_000
    indicator: Indicator = Indicator.ORIENTED


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Dwellings of the flux that are alike: `count` of them in a commune, in the same strata.

    `strata` begins with the total, as everywhere in the ledger.
    """

    insee: str
    strata: tuple[Stratum, ...]
    count: int


@dataclass(frozen=True, kw_only=True)
class Territory:
    """An EPCI of the base: its two tables, and the annexe 1 that gave the rights.

    `source_year` and `source_version` name it; the version is 0 for a draft.
    """

    epci_siren: str
    epci_name: str
    communes: tuple[CommuneStock, ...]
    lines: tuple[Line, ...]
    source_year: int
    source_version: int


@dataclass(frozen=True, kw_only=True)
class Base:
    """What every change starts from: counted once, so that two scenarios compare.

    `areas` says the stratum of each commune outside its quartiers prioritaires.
    """

    counted_on: date
    territories: tuple[Territory, ...]
    dwellings: tuple[Alike, ...]
    areas: Mapping[str, str]

    @property
    def flux_count(self) -> int:
        return sum(one.count for one in self.dwellings)

    def territory(self, epci_siren: str) -> Territory | None:
        return next((one for one in self.territories if one.epci_siren == epci_siren), None)

    def line(self, change: Change) -> Line | None:
        """The line of the annexe that a change of droits or of rate is about."""
        place = self.territory(change.epci_siren)
        lines = place.lines if place else ()
        return next((one for one in lines if one.key == change.party_key), None)

    def commune_names(self) -> dict[str, str]:
        return {one.insee: one.name for place in self.territories for one in place.communes}

    def party_names(self) -> dict[str, str]:
        return {one.key: one.reservataire for place in self.territories for one in place.lines}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question about one year: what would each party be due?"""

    year: int
    base: Base
    hypotheses: Hypotheses
    changes: tuple[Change, ...] = ()

    @property
    def first_day(self) -> date:
        return date(self.year, 1, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, 12, 31)

    def is_new_housing(self, change: Change) -> bool:
        """Delivered in the year or later: outside the assiette until 31 December (art. 3)."""
        return change.from_on >= self.first_day
