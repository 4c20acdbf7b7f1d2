"""Queries on the charte, and on what each bailleur expects to withdraw in a year."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import (
    charte_versions,
    communes,
    conventions,
    dwellings,
    epcis,
    soustraction_forecasts,
    tenants,
    vacancies,
)
from server.domain.charte import IN_CONVENTIONS, Parameters, Version
from server.domain.conventions import last_expired_start

_BAILLEUR = tenants.alias("bailleur")
_RESERVATAIRE = tenants.alias("reservataire")
_PARAMETERS = tuple(field.name for field in fields(Parameters))


@dataclass(frozen=True, kw_only=True)
class CharteVersion(Version):
    """A version as recorded; `prefecture_id` None for the parameters that conventions printed."""

    id: UUID
    prefecture_id: UUID | None
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class WithdrawnVacancy:
    """A vacancy kept for an operation of the decree, as the list of the year shows it."""

    id: UUID
    category: str
    registered_on: date
    free_on: date
    reference: str
    address: str
    typology: str
    insee: str
    commune_name: str
    epci_siren: str | None
    epci_name: str | None


def _version(row: Row[Any]) -> CharteVersion:
    values = row._mapping
    head = ("id", "prefecture_id", "recorded_at", "code", "from_on", "decision")
    return CharteVersion(
        **{name: values[name] for name in head},
        parameters=Parameters(**{name: values[name] for name in _PARAMETERS}),
    )


async def list_versions(db: Executor) -> list[CharteVersion]:
    """The oldest first."""
    rows = await db.execute(select(charte_versions).order_by(charte_versions.c.from_on))
    return [_version(row) for row in rows]


@dataclass(frozen=True, kw_only=True)
class RunningConvention:
    """The parameters that a convention in force writes down itself."""

    id: UUID
    bailleur_name: str
    reservataire_name: str
    mutation_rate_bp: int
    answer_days: int
    candidate_days: int
    indicator: str


async def list_differing(
    db: Executor, parameters: Parameters, on: date, *, limit: int
) -> list[RunningConvention]:
    """The conventions in force that day that do not say what the charte says, by bailleur."""
    column, bailleur, reservataire = conventions.c, _BAILLEUR.c, _RESERVATAIRE.c
    own = {name: column[name] for name in IN_CONVENTIONS}
    rows = await db.execute(
        select(
            column.id,
            bailleur.name.label("bailleur_name"),
            reservataire.name.label("reservataire_name"),
            *own.values(),
        )
        .join(_BAILLEUR, bailleur.id == column.bailleur_id)
        .join(_RESERVATAIRE, reservataire.id == column.reservataire_id)
        .where(
            column.state.not_in(("draft", "deliberated")),
            column.starts_on <= on,
            column.starts_on > last_expired_start(on),
            or_(column.ended_on.is_(None), column.ended_on >= on),
            or_(*(known != getattr(parameters, name) for name, known in own.items())),
        )
        .order_by(bailleur.name, reservataire.name, column.id)
        .limit(limit)
    )
    return [RunningConvention(**row._mapping) for row in rows]


async def insert_version(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(charte_versions).values(**values))


# --- Soustraction --------------------------------------------------------------------------------


async def list_withdrawn(
    db: Executor, year: int, natures: tuple[str, ...]
) -> list[WithdrawnVacancy]:
    """The vacancies of the year kept for one of these operations, the newest first."""
    rows = await db.execute(
        select(
            vacancies.c.id,
            vacancies.c.nature.label("category"),
            vacancies.c.registered_on,
            vacancies.c.free_on,
            dwellings.c.reference,
            dwellings.c.address,
            dwellings.c.typology,
            vacancies.c.insee,
            communes.c.name.label("commune_name"),
            communes.c.epci_siren,
            epcis.c.name.label("epci_name"),
        )
        .join(dwellings, dwellings.c.id == vacancies.c.dwelling_id)
        .join(communes, communes.c.insee == vacancies.c.insee)
        .outerjoin(epcis, epcis.c.siren == communes.c.epci_siren)
        .where(
            vacancies.c.nature.in_(natures),
            vacancies.c.state != "cancelled",
            vacancies.c.registered_on.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .order_by(vacancies.c.registered_on.desc(), vacancies.c.id)
    )
    return [WithdrawnVacancy(**row._mapping) for row in rows]


async def count_by_epci(db: Executor, year: int, until_on: date) -> list[tuple[str, str, int]]:
    """(EPCI, nature, number) of the year's vacancies so far, by name of EPCI."""
    name = func.coalesce(epcis.c.name, "Hors EPCI")
    rows = await db.execute(
        select(name.label("epci"), vacancies.c.nature, func.count().label("number"))
        .join(communes, communes.c.insee == vacancies.c.insee)
        .outerjoin(epcis, epcis.c.siren == communes.c.epci_siren)
        .where(
            vacancies.c.state != "cancelled",
            vacancies.c.registered_on.between(date(year, 1, 1), until_on),
        )
        .group_by(name, vacancies.c.nature)
        .order_by(name, vacancies.c.nature)
    )
    return [(row.epci, row.nature, row.number) for row in rows]


async def list_forecasts(db: Executor, year: int) -> dict[str, int]:
    """Category → number expected by the bailleur; nothing until it is given."""
    rows = await db.execute(
        select(soustraction_forecasts.c.category, soustraction_forecasts.c.number).where(
            soustraction_forecasts.c.year == year
        )
    )
    return {row.category: row.number for row in rows}


_CEILING = "ceiling"


async def read_bilan_rules(db: Executor, year: int) -> tuple[int, dict[str, int]]:
    """In one statement: the ceiling of that year in 1/100 % (the version of its 1 January, as
    `domain.charte.of_year`), and what is expected the year after, by category.
    """
    begins = date(year, 1, 1)
    from_on, table = charte_versions.c.from_on, soustraction_forecasts.c
    ceiling = (
        select(literal(_CEILING).label("category"), charte_versions.c.mutation_rate_bp)
        .order_by((from_on <= begins).desc(), func.abs(from_on - begins))
        .limit(1)
        .subquery()
    )
    rows = await db.execute(
        union_all(
            select(ceiling.c.category, ceiling.c.mutation_rate_bp.label("number")),
            select(table.category, table.number).where(table.year == year + 1),
        )
    )
    found = {row.category: int(row.number) for row in rows}
    return found.pop(_CEILING), found


async def save_forecasts(
    db: Executor, bailleur_id: UUID, year: int, numbers: dict[str, int], at: datetime
) -> None:
    """Replace what was expected of that year."""
    statement = upsert(soustraction_forecasts)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["bailleur_id", "year", "category"],
            set_={
                "number": statement.excluded.number,
                "recorded_at": statement.excluded.recorded_at,
            },
        ),
        [
            {
                "bailleur_id": bailleur_id,
                "year": year,
                "category": category,
                "number": number,
                "recorded_at": at,
            }
            for category, number in numbers.items()
        ],
    )
