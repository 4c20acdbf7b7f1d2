"""Where the rules are tried: the real Sources du Lac, and a bailleur of a whole département.

The dwellings are drawn with fixed seeds after the shares of the département's stock; the rates of
the Sources du Lac are those that were signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from server.domain.annexe import CommuneStock, Contingent, ExclusionCode, Line, compute, rates_on
from server.domain.flux import BAILLEUR, UNIT
from server.domain.ledger import TOTAL, Entitled, Family, Stratum

TYPOLOGIES = {"t1": 8, "t2": 21, "t3": 38, "t4": 27, "t5": 6}
FINANCINGS = {"plai": 16, "plus": 70, "pls": 9, "other": 5}
PERIODS = {"before_1949": 4, "1949_1970": 20, "1971_1990": 34, "1991_2000": 14, "2001_2010": 12,
           "since_2011": 16}  # fmt: skip
APPEALS = {"low": 30, "medium": 45, "high": 25}
AREAS = {"qpv": 7, "tense": 60, "less_tense": 33}


@dataclass(frozen=True, kw_only=True)
class Dwelling:
    """A dwelling of the flux: where it is, and the strata in which it counts."""

    commune: int
    strata: tuple[Stratum, ...]


@dataclass(frozen=True, kw_only=True)
class World:
    """A bailleur's flux: its dwellings, and who has which rate on each commune (bailleur last)."""

    name: str
    entitled: tuple[tuple[Entitled, ...], ...]
    dwellings: tuple[Dwelling, ...]

    @property
    def bodies(self) -> tuple[str, ...]:
        keys = dict.fromkeys(party.key for parties in self.entitled for party in parties)
        return (*(key for key in keys if key != BAILLEUR), BAILLEUR)


def _happens(random: Random, percent: int) -> bool:
    return random.random() * 100 < percent


def _drawn(random: Random, shares: Mapping[str, int]) -> str:
    return random.choices(list(shares), list(shares.values()))[0]


def _dwelling(random: Random, commune: int, area: str | None = None) -> Dwelling:
    return Dwelling(
        commune=commune,
        strata=(
            TOTAL,
            (Family.TYPOLOGY, _drawn(random, TYPOLOGIES)),
            (Family.FINANCING, _drawn(random, FINANCINGS)),
            (Family.PERIOD, _drawn(random, PERIODS)),
            (Family.AREA, area or _drawn(random, AREAS)),
            (Family.COMMUNE, str(commune)),
            (Family.APPEAL, _drawn(random, APPEALS)),
        ),
    )


def sources_du_lac() -> World:
    """Haute-Savoie Habitat, CC des Sources du Lac: 54 dwellings and 586, 33 of them excluded."""
    doussard, faverges = "74104", "74123"
    both = frozenset({doussard, faverges})
    communes = [
        CommuneStock(insee=doussard, name="Doussard", total=54, exclusions={}),
        CommuneStock(
            insee=faverges, name="Faverges", total=586, exclusions={ExclusionCode.PLAN_VENTE: 33}
        ),
    ]
    annexe = compute(
        communes,
        [
            _line("Action Logement", both, droits=31),
            _line("Doussard", {doussard}, droits=16),
            _line("Faverges", {faverges}, droits=143),
            _line("Département", {doussard}, droits=8),
            _line("État fonctionnaires", both, rate=500, contingent=Contingent.FONCTIONNAIRES),
            _line("État RS", both, rate=2500, contingent=Contingent.RS),
        ],
    )
    random = Random(74104)
    return World(
        name="Sources du Lac",
        entitled=tuple(
            _entitled([(rate.line.key, bp) for rate, bp in rates_on(annexe, commune.insee)])
            for commune in communes
        ),
        dwellings=tuple(
            _dwelling(random, index)
            for index, commune in enumerate(communes)
            for _ in range(commune.flux)
        ),
    )


def _line(
    name: str,
    perimeter: set[str] | frozenset[str],
    *,
    droits: int | None = None,
    rate: int | None = None,
    contingent: Contingent = Contingent.NONE,
) -> Line:
    return Line(
        key=name,
        reservataire=name,
        contingent=contingent,
        perimeter=frozenset(perimeter),
        droits=None if droits is None else Decimal(droits),
        imposed_rate_bp=rate,
    )


def _entitled(rates: Sequence[tuple[str, int]]) -> tuple[Entitled, ...]:
    own = UNIT - sum(rate for _, rate in rates)
    return (
        *(Entitled(key=key, rate_bp=rate) for key, rate in rates),
        Entitled(key=BAILLEUR, rate_bp=own),
    )


def department(dwellings: int = 16_000, communes: int = 120, seed: int = 74) -> World:
    """A bailleur of the whole département: 9 EPCI, about one réservataire per commune."""
    random = Random(seed)
    epcis = [random.randrange(9) for _ in range(communes)]
    of_epci = {epci: random.randint(200, 900) for epci in range(8)}
    rates = [_commune_rates(random, index, of_epci, epcis[index]) for index in range(communes)]
    sizes = [random.paretovariate(1.1) for _ in range(communes)]
    areas = [_drawn(random, {"tense": 65, "less_tense": 35}) for _ in range(communes)]
    places = random.choices(range(communes), sizes, k=dwellings)
    qpvs = {index for index in range(communes) if _happens(random, 5)}
    return World(
        name="département",
        entitled=tuple(_entitled(one) for one in rates),
        dwellings=tuple(
            _dwelling(random, place, _area(random, areas[place], is_split=place in qpvs))
            for place in places
        ),
    )


def _area(random: Random, area: str, *, is_split: bool) -> str:
    return "qpv" if is_split and _happens(random, 50) else area


def _commune_rates(
    random: Random, index: int, of_epci: Mapping[int, int], epci: int
) -> list[tuple[str, int]]:
    """Communes hold the most, then the State everywhere, then the others here and there."""
    rates = [("Action Logement", 700)]
    if _happens(random, 83):
        rates.append((f"commune {index}", random.randint(300, 2_800)))
    if epci in of_epci:
        rates.append((f"EPCI {epci}", of_epci[epci]))
    if _happens(random, 30):
        rates.append(("Département", random.randint(100, 1_200)))
    return [*rates, ("État fonctionnaires", 500), ("État RS", 2_500)]
