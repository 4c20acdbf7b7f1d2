"""Queries on annexes 1 and on the counts that make the position of the flux."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from server.db.columns import EXCLUSIONS
from server.db.orientations import counted
from server.db.paging import Executor
from server.db.tables import (
    annexe_communes,
    annexe_line_communes,
    annexe_lines,
    annexes,
    communes,
    epcis,
    orientations,
    tenants,
    urgences,
    vacancies,
)
from server.db.tables.orientations import FLUX_NATURES


@dataclass(frozen=True, kw_only=True)
class AnnexeCommune:
    """A row of table 1: A, the six columns of B."""

    insee: str
    name: str
    total: int
    exclusions: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class AnnexeLine:
    """A row of table 2: droits, or the rate imposed by the State's convention."""

    id: UUID
    reservataire_id: UUID
    reservataire_name: str
    contingent: str
    droits: Decimal | None
    imposed_rate_bp: int | None
    perimeter: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class AnnexeFacts:
    """An annexe 1 as stored: droits and perimeters, never a computed rate."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    epci_siren: str
    epci_name: str
    year: int
    version: int
    published_at: datetime | None
    communes: tuple[AnnexeCommune, ...]
    lines: tuple[AnnexeLine, ...]


@dataclass(frozen=True, kw_only=True)
class VacancyCount:
    """How many dwellings entered the flux in a commune; `own`: kept on the bailleur's share."""

    bailleur_id: UUID
    insee: str
    number: int
    own: int


@dataclass(frozen=True, kw_only=True)
class CreditCount:
    """What a réservataire received in a commune, per indicator and per engagement."""

    bailleur_id: UUID
    reservataire_id: UUID
    contingent: str
    insee: str
    oriented: int
    attributed: int
    leased: int
    engaged: int


def _newest(year: int) -> Select[Any]:
    """The newest published version of each annexe of the year."""
    return (
        select(annexes.c.id)
        .where(annexes.c.year == year, annexes.c.published_at.is_not(None))
        .ext(distinct_on(annexes.c.bailleur_id, annexes.c.epci_siren))
        .order_by(annexes.c.bailleur_id, annexes.c.epci_siren, annexes.c.version.desc())
    )


def _heads() -> Select[Any]:
    return (
        select(
            annexes.c.id,
            annexes.c.bailleur_id,
            tenants.c.name.label("bailleur_name"),
            annexes.c.epci_siren,
            epcis.c.name.label("epci_name"),
            annexes.c.year,
            annexes.c.version,
            annexes.c.published_at,
        )
        .join(tenants, tenants.c.id == annexes.c.bailleur_id)
        .join(epcis, epcis.c.siren == annexes.c.epci_siren)
    )


async def list_annexes(
    db: Executor, year: int, *, bailleur_id: UUID | None = None, epci_siren: str | None = None
) -> list[AnnexeFacts]:
    """The annexes in force that year and visible to the actor: three statements in all."""
    statement = (
        _heads().where(annexes.c.id.in_(_newest(year))).order_by(tenants.c.name, epcis.c.name)
    )
    if bailleur_id is not None:
        statement = statement.where(annexes.c.bailleur_id == bailleur_id)
    if epci_siren is not None:
        statement = statement.where(annexes.c.epci_siren == epci_siren)
    return await _annexes(db, statement)


async def find_annexe(db: Executor, annexe_id: UUID) -> AnnexeFacts | None:
    """A published annexe, of any year and version."""
    found = await _annexes(
        db, _heads().where(annexes.c.id == annexe_id, annexes.c.published_at.is_not(None))
    )
    return found[0] if found else None


async def _annexes(db: Executor, statement: Select[Any]) -> list[AnnexeFacts]:
    heads = (await db.execute(statement)).all()
    ids = [head.id for head in heads]
    stock = await _annexe_communes(db, ids)
    lines = await _annexe_lines(db, ids)
    return [
        AnnexeFacts(
            **head._mapping,
            communes=tuple(stock.get(head.id, ())),
            lines=tuple(lines.get(head.id, ())),
        )
        for head in heads
    ]


async def _annexe_communes(db: Executor, ids: list[UUID]) -> dict[UUID, list[AnnexeCommune]]:
    rows = await db.execute(
        select(annexe_communes, communes.c.name)
        .join(communes, communes.c.insee == annexe_communes.c.insee)
        .where(annexe_communes.c.annexe_id.in_(ids))
        .order_by(annexe_communes.c.position)
    )
    found: dict[UUID, list[AnnexeCommune]] = {}
    for row in rows:
        values = row._mapping
        commune = AnnexeCommune(
            insee=row.insee,
            name=row.name,
            total=row.total,
            exclusions={code: values[code] for code in EXCLUSIONS},
        )
        found.setdefault(row.annexe_id, []).append(commune)
    return found


async def _annexe_lines(db: Executor, ids: list[UUID]) -> dict[UUID, list[AnnexeLine]]:
    perimeter = (
        select(func.array_agg(annexe_line_communes.c.insee))
        .where(annexe_line_communes.c.line_id == annexe_lines.c.id)
        .scalar_subquery()
        .label("perimeter")
    )
    rows = await db.execute(
        select(
            annexe_lines.c.annexe_id,
            annexe_lines.c.id,
            annexe_lines.c.reservataire_id,
            tenants.c.name.label("reservataire_name"),
            annexe_lines.c.contingent,
            annexe_lines.c.droits,
            annexe_lines.c.imposed_rate_bp,
            perimeter,
        )
        .join(tenants, tenants.c.id == annexe_lines.c.reservataire_id)
        .where(annexe_lines.c.annexe_id.in_(ids))
        .order_by(annexe_lines.c.position)
    )
    found: dict[UUID, list[AnnexeLine]] = {}
    for row in rows:
        values = dict(row._mapping)
        annexe_id = values.pop("annexe_id")
        values["perimeter"] = frozenset(row.perimeter or ())
        found.setdefault(annexe_id, []).append(AnnexeLine(**values))
    return found


async def count_vacancies(
    db: Executor, *, from_on: date, until_on: date, bailleur_id: UUID | None = None
) -> list[VacancyCount]:
    """Vacancies of the flux registered in [from_on, until_on], per bailleur and commune."""
    statement = (
        select(
            vacancies.c.bailleur_id,
            vacancies.c.insee,
            func.count().label("number"),
            func.count().filter(vacancies.c.nature == "own").label("own"),
        )
        .where(
            vacancies.c.registered_on >= from_on,
            vacancies.c.registered_on <= until_on,
            vacancies.c.state != "cancelled",
            vacancies.c.nature.in_(FLUX_NATURES),
        )
        .group_by(vacancies.c.bailleur_id, vacancies.c.insee)
    )
    if bailleur_id is not None:
        statement = statement.where(vacancies.c.bailleur_id == bailleur_id)
    return [VacancyCount(**row._mapping) for row in await db.execute(statement)]


async def count_natures(db: Executor, *, from_on: date, until_on: date) -> dict[str, int]:
    """Own vacancies of the period per nature, for the share of the mutations."""
    rows = await db.execute(
        select(vacancies.c.nature, func.count().label("number"))
        .where(
            vacancies.c.registered_on >= from_on,
            vacancies.c.registered_on <= until_on,
            vacancies.c.state != "cancelled",
        )
        .group_by(vacancies.c.nature)
    )
    return {row.nature: row.number for row in rows}


async def count_credits(
    db: Executor, *, from_on: date, until_on: date, bailleur_id: UUID | None = None
) -> list[CreditCount]:
    """What each réservataire received in each commune, per indicator (`counted`)."""
    state = orientations.c.state
    sent = orientations.c.sent_on.between(from_on, until_on)
    statement = select(
        orientations.c.bailleur_id,
        orientations.c.reservataire_id,
        orientations.c.contingent,
        orientations.c.insee,
        *(
            func.count().filter(counted(name, from_on, until_on)).label(name)
            for name in ("oriented", "attributed", "leased")
        ),
        func.count()
        .filter(
            and_(
                sent,
                state.not_in(
                    ("refused", "withdrawn", "reoriented", "renounced", "not_attributed",
                     "lease_failed")
                ),
            )
        )
        .label("engaged"),
    ).group_by(
        orientations.c.bailleur_id,
        orientations.c.reservataire_id,
        orientations.c.contingent,
        orientations.c.insee,
    )  # fmt: skip
    if bailleur_id is not None:
        statement = statement.where(orientations.c.bailleur_id == bailleur_id)
    return [CreditCount(**row._mapping) for row in await db.execute(statement)]


async def count_charged(
    db: Executor, *, from_on: datetime, until_on: datetime, bailleur_id: UUID | None = None
) -> list[CreditCount]:
    """Urgency allocations charged to a réservataire: oriented and attributed (art. 2.4)."""
    number = func.count()
    statement = (
        select(
            urgences.c.bailleur_id,
            urgences.c.charged_reservataire_id.label("reservataire_id"),
            urgences.c.charged_contingent.label("contingent"),
            urgences.c.insee,
            number.label("oriented"),
            number.label("attributed"),
            literal(0).label("leased"),
            number.label("engaged"),
        )
        .where(
            urgences.c.charged_reservataire_id.is_not(None),
            urgences.c.decided_at >= from_on,
            urgences.c.decided_at < until_on,
        )
        .group_by(
            urgences.c.bailleur_id,
            urgences.c.charged_reservataire_id,
            urgences.c.charged_contingent,
            urgences.c.insee,
        )
    )
    if bailleur_id is not None:
        statement = statement.where(urgences.c.bailleur_id == bailleur_id)
    return [CreditCount(**row._mapping) for row in await db.execute(statement)]
