"""What a new scenario starts from: the stock at the photograph, the rights of the last annexes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from server.db import annexes as annexe_rows
from server.db import assiette, charte
from server.db import scenarios as rows
from server.db.annexes import Version
from server.db.flux import AnnexeFacts
from server.domain.annexe import CommuneStock, Line
from server.domain.annexe_drafts import photo_day
from server.domain.charte import of_year
from server.domain.deadlines import local_day
from server.domain.flux import Indicator
from server.domain.ledger import TOTAL, Family, Stratum
from server.domain.scenarios import Alike, Base, Hypotheses, Territory
from server.operations.annexe_rates import compute
from server.operations.flux import party_name
from server.tenants.transactions import TenantTransaction

DEPARTMENT_TURNOVER_BP = 740
"""Mobility of the social housing of Haute-Savoie on 1 January 2024 (DREAL)."""

ENOUGH_VACANCIES = 30
"""Under this, a year of vacancies says more about chance than about the stock."""

WHOLE_BP = 10_000
MOST_TURNOVER_BP = 5_000


@dataclass(frozen=True, kw_only=True)
class _Stock:
    """A and B of each EPCI, by SIREN, with its name."""

    communes: dict[str, list[CommuneStock]]
    names: dict[str, str]


async def count_base(tx: TenantTransaction, year: int, epci_siren: str | None) -> Base:
    """As the annexe 1 of the year would count it, in one EPCI or in all of them."""
    owner, photo_on = tx.actor.tenant_id, photo_day(year)
    stock = await _stock(tx, year, epci_siren)
    here = {one.insee for communes in stock.communes.values() for one in communes}
    areas = await rows.list_areas(tx, photo_on)
    groups = await rows.count_alike(tx, photo_on, year, owner, here=here)
    sources = await _sources(tx, year)
    return Base(
        counted_on=photo_on,
        territories=tuple(
            _territory(siren, name, stock.communes[siren], sources.get(siren))
            for siren, name in sorted(stock.names.items(), key=lambda one: one[1])
        ),
        dwellings=tuple(
            Alike(insee=one.insee, strata=_strata(one, areas), count=one.count) for one in groups
        ),
        areas={insee: areas.get(insee, "less_tense") for insee in sorted(here)},
    )


async def _stock(tx: TenantTransaction, year: int, epci_siren: str | None) -> _Stock:
    counted = await assiette.count_photograph(
        tx, year, bailleur_id=tx.actor.tenant_id, epci_siren=epci_siren
    )
    places = await rows.list_epcis(tx)
    found = _Stock(communes={}, names={})
    for one in counted:
        siren, name = places[one.insee]
        found.communes.setdefault(siren, []).append(one)
        found.names[siren] = name
    return found


def _strata(group: rows.Group, areas: dict[str, str]) -> tuple[Stratum, ...]:
    area = "qpv" if group.is_qpv else areas.get(group.insee, "less_tense")
    return (
        TOTAL,
        (Family.TYPOLOGY, group.typology),
        (Family.FINANCING, group.financing),
        (Family.PERIOD, group.period),
        (Family.AREA, area),
        (Family.COMMUNE, group.insee),
    )


async def _sources(tx: TenantTransaction, year: int) -> dict[str, AnnexeFacts]:
    """The annexe 1 whose rights each EPCI takes: that of the year, its draft first, else the last
    one published before.
    """
    versions = await annexe_rows.list_versions(tx, bailleur_id=tx.actor.tenant_id)
    chosen: dict[str, Version] = {}
    for one in sorted(versions, key=_newness):
        if one.year == year or (one.year < year and one.published_at is not None):
            chosen[one.epci_siren] = one
    found = await annexe_rows.find_versions(tx, [one.id for one in chosen.values()])
    return {one.epci_siren: one for one in found}


def _newness(one: Version) -> tuple[int, bool, int]:
    return (one.year, one.published_at is None, one.version)


def _territory(
    siren: str, name: str, communes: list[CommuneStock], source: AnnexeFacts | None
) -> Territory:
    here = frozenset(one.insee for one in communes)
    return Territory(
        epci_siren=siren,
        epci_name=name,
        communes=tuple(communes),
        lines=tuple(_lines(source, here)) if source else (),
        source_year=source.year if source else 0,
        source_version=source.version if source and source.published_at else 0,
    )


def _lines(source: AnnexeFacts, here: frozenset[str]) -> Iterable[Line]:
    """On the communes where the bailleur has dwellings: elsewhere a right has no flux."""
    everywhere = {one.insee for one in source.communes}
    for rate in compute(source).annexe.lines:
        line = rate.line
        perimeter = here if everywhere <= line.perimeter else line.perimeter & here
        if perimeter:
            yield replace(
                line,
                reservataire=party_name(line.reservataire, line.contingent),
                perimeter=perimeter,
                droits=None if line.imposed_rate_bp is not None else line.droits,
            )


async def first_hypotheses(tx: TenantTransaction, year: int, base: Base) -> Hypotheses:
    """What was seen over the last twelve months, what the charte of the year says."""
    parameters = of_year(await charte.list_versions(tx), year).parameters
    today = local_day(tx.now)
    freed = await rows.count_freed(
        tx, from_on=today - timedelta(days=365), until_on=today, here=list(base.areas)
    )
    return Hypotheses(
        turnover_bp=_turnover(freed, base),
        mutation_bp=parameters.mutation_rate_bp,
        indicator=Indicator(parameters.indicator),
    )


def _turnover(freed: int, base: Base) -> int:
    if freed < ENOUGH_VACANCIES or not base.flux_count:
        return DEPARTMENT_TURNOVER_BP
    return min(MOST_TURNOVER_BP, round(freed * WHOLE_BP / base.flux_count))
