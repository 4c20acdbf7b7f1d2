"""The stock that a scenario starts from: dwellings of the flux, group by group."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, literal, select

from server.db.assiette import in_assiette, list_mergers
from server.db.paging import Executor
from server.db.tables import commune_zones, communes, dwellings, epcis, vacancies
from server.domain.communes import commune_at
from server.domain.dwellings import LAST_YEARS, Period

TENSE = ("abis", "a", "b1")
"""Zones where housing is short; the others are less tense."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Dwellings alike in one commune; codes of R441-5-1."""

    insee: str
    typology: str
    financing: str
    period: str
    is_qpv: bool
    count: int


def _period() -> ColumnElement[str]:
    year = dwellings.c.built_year
    return case(
        *((year <= last, literal(period.value)) for last, period in LAST_YEARS),
        else_=literal(Period.FROM_2011.value),
    )


async def count_alike(
    db: Executor, on: date, year: int, bailleur_id: UUID, *, here: Collection[str]
) -> list[Group]:
    """Dwellings in the flux that day, as they count in the assiette of `year`, always in the same
    order; in the communes of `here`, in the codes of that year.
    """
    columns = (
        dwellings.c.insee, dwellings.c.typology, dwellings.c.financing, _period().label("period"),
        dwellings.c.is_qpv,
    )  # fmt: skip
    rows = await db.execute(
        select(*columns, func.count().label("number"))
        .where(
            dwellings.c.bailleur_id == bailleur_id, in_assiette(on, year=year, wanted=True)
        )
        .group_by(*columns)
    )  # fmt: skip
    mergers = await list_mergers(db)
    counts: dict[tuple[str, str, str, str, bool], int] = {}
    for row in rows:
        insee = commune_at(row.insee, mergers, max(on, date(year, 1, 1)))
        if insee in here:
            key = (insee, row.typology, row.financing, row.period, row.is_qpv)
            counts[key] = counts.get(key, 0) + row.number
    return [
        Group(insee=key[0], typology=key[1], financing=key[2], period=key[3], is_qpv=key[4],
              count=number)
        for key, number in sorted(counts.items())
    ]  # fmt: skip


async def list_epcis(db: Executor) -> dict[str, tuple[str, str]]:
    """INSEE code → SIREN and name of its EPCI."""
    rows = await db.execute(
        select(communes.c.insee, epcis.c.siren, epcis.c.name).join(
            epcis, epcis.c.siren == communes.c.epci_siren
        )
    )
    return {row.insee: (row.siren, row.name) for row in rows}


async def list_areas(db: Executor, on: date) -> dict[str, str]:
    """INSEE code → the stratum of its dwellings outside the quartiers prioritaires, that day."""
    table = commune_zones.c
    rows = await db.execute(
        select(table.insee, table.zone).where(table.from_on <= on).order_by(table.from_on)
    )
    return {row.insee: "tense" if row.zone in TENSE else "less_tense" for row in rows}


async def count_freed(db: Executor, *, from_on: date, until_on: date, here: Collection[str]) -> int:
    """The bailleur's vacancies registered in [from_on, until_on] in these communes, new housing
    left aside.
    """
    table = vacancies.c
    found = await db.execute(
        select(func.count())
        .select_from(vacancies)
        .where(
            table.registered_on >= from_on,
            table.registered_on <= until_on,
            table.state != "cancelled",
            table.nature != "first_letting",
            table.insee.in_(here),
        )
    )
    return int(found.scalar_one())
