"""Queries on annexes 1 and on the counts that make the position of the flux."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from server.db.columns import EXCLUSIONS
from server.db.mergers import code_on
from server.db.organismes import name_at
from server.db.orientations import LINE_CONTINGENT, LINE_PARTY, counted, dated
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
    origin: str = "autre"
    denominator: str = "total"
    source: str = "entered"
    previous_droits: Decimal | None = None
    expired: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    change_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class DroitUniqueLeft:
    """A row of table 3: lettings still owed once, for a programme."""

    reservataire_id: UUID
    reservataire_name: str
    programme: str
    remaining: int


@dataclass(frozen=True, kw_only=True)
class AnnexeFacts:
    """An annexe 1 as stored: droits and perimeters, never a computed rate.

    `droits_uniques` is read with one annexe only (`server.db.annexes`), empty in a list.
    """

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
    revision: int = 1
    photo_on: date | None = None
    published_by: str | None = None
    reason: str | None = None
    droits_uniques: tuple[DroitUniqueLeft, ...] = ()


@dataclass(frozen=True, kw_only=True)
class VacancyCount:
    """How many dwellings entered the flux in a commune; `own`: kept on the bailleur's share."""

    bailleur_id: UUID
    insee: str
    number: int
    own: int


@dataclass(frozen=True, kw_only=True)
class CreditCount:
    """What a réservataire received in a commune, per indicator; None: the bailleur, by its droits
    uniques.
    """

    bailleur_id: UUID
    reservataire_id: UUID | None
    contingent: str
    insee: str
    oriented: int
    attributed: int
    leased: int


def _newest(year: int) -> Select[Any]:
    """The newest published version of each annexe of the year."""
    return (
        select(annexes.c.id)
        .where(annexes.c.year == year, annexes.c.published_at.is_not(None))
        .ext(distinct_on(annexes.c.bailleur_id, annexes.c.epci_siren))
        .order_by(annexes.c.bailleur_id, annexes.c.epci_siren, annexes.c.version.desc())
    )


def heads() -> Select[Any]:
    return (
        select(
            annexes.c.id,
            annexes.c.bailleur_id,
            name_at(tenants.c.id, tenants.c.name, annexes.c.published_at).label("bailleur_name"),
            annexes.c.epci_siren,
            epcis.c.name.label("epci_name"),
            annexes.c.year,
            annexes.c.version,
            annexes.c.published_at,
            annexes.c.revision,
            annexes.c.photo_on,
            annexes.c.published_by,
            annexes.c.reason,
        )
        .join(tenants, tenants.c.id == annexes.c.bailleur_id)
        .join(epcis, epcis.c.siren == annexes.c.epci_siren)
    )


async def list_annexes(
    db: Executor, year: int, *, bailleur_id: UUID | None = None, epci_siren: str | None = None
) -> list[AnnexeFacts]:
    """The annexes in force that year and visible to the actor: three statements in all."""
    statement = (
        heads().where(annexes.c.id.in_(_newest(year))).order_by(tenants.c.name, epcis.c.name)
    )
    if bailleur_id is not None:
        statement = statement.where(annexes.c.bailleur_id == bailleur_id)
    if epci_siren is not None:
        statement = statement.where(annexes.c.epci_siren == epci_siren)
    return await read_annexes(db, statement)


async def find_annexe(db: Executor, annexe_id: UUID) -> AnnexeFacts | None:
    """A published annexe, of any year and version."""
    found = await read_annexes(
        db, heads().where(annexes.c.id == annexe_id, annexes.c.published_at.is_not(None))
    )
    return found[0] if found else None


@dataclass(frozen=True, kw_only=True)
class AnnexeVersion:
    """A published version of an annexe 1 that has a line of somebody."""

    annexe_id: UUID
    epci_name: str
    year: int
    version: int
    published_at: datetime


async def list_versions(
    db: Executor, bailleur_id: UUID, reservataire_id: UUID
) -> list[AnnexeVersion]:
    """Those of a bailleur that name a réservataire, the newest first."""
    named = select(annexe_lines.c.annexe_id).where(
        annexe_lines.c.reservataire_id == reservataire_id
    )
    rows = await db.execute(
        select(
            annexes.c.id.label("annexe_id"),
            epcis.c.name.label("epci_name"),
            annexes.c.year,
            annexes.c.version,
            annexes.c.published_at,
        )
        .join(epcis, epcis.c.siren == annexes.c.epci_siren)
        .where(
            annexes.c.bailleur_id == bailleur_id,
            annexes.c.published_at.is_not(None),
            annexes.c.id.in_(named),
        )
        .order_by(annexes.c.year.desc(), epcis.c.name, annexes.c.version.desc())
    )
    return [AnnexeVersion(**row._mapping) for row in rows]


async def read_annexes(db: Executor, statement: Select[Any]) -> list[AnnexeFacts]:
    """The annexes whose heads a statement gives (see `heads`), in its order."""
    found = (await db.execute(statement)).all()
    if not found:
        return []
    ids = [head.id for head in found]
    stock = await _annexe_communes(db, ids)
    lines = await _annexe_lines(db, ids)
    return [
        AnnexeFacts(
            **head._mapping,
            communes=tuple(stock.get(head.id, ())),
            lines=tuple(lines.get(head.id, ())),
        )
        for head in found
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


_PREPARED = (
    *("origin", "denominator", "source"),
    *("previous_droits", "expired", "added", "change_reason"),
)


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
            name_at(tenants.c.id, tenants.c.name, annexes.c.published_at).label(
                "reservataire_name"
            ),
            annexe_lines.c.contingent,
            annexe_lines.c.droits,
            annexe_lines.c.imposed_rate_bp,
            *(annexe_lines.c[name] for name in _PREPARED),
            perimeter,
        )
        .join(tenants, tenants.c.id == annexe_lines.c.reservataire_id)
        .join(annexes, annexes.c.id == annexe_lines.c.annexe_id)
        .where(annexe_lines.c.annexe_id.in_(ids))
        # as printed: the State's lines come last, whatever was added after them
        .order_by(annexe_lines.c.contingent != "none", annexe_lines.c.position)
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
    """Vacancies of the flux registered in [from_on, until_on], per bailleur and commune of the last
    day: one that merged may have several rows.
    """
    statement = (
        select(
            vacancies.c.bailleur_id,
            code_on(vacancies.c.insee, until_on).label("insee"),
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


@dataclass(frozen=True, kw_only=True)
class Days:
    """The same days of a year, as dates (both included) and as instants (the end excluded)."""

    first: date
    last: date
    from_at: datetime
    until_at: datetime


async def count_credits(
    db: Executor, days: Days, *, bailleur_id: UUID | None = None
) -> list[CreditCount]:
    """What each réservataire received in each commune, per indicator (`counted`), and the urgency
    allocations charged to it: oriented and attributed (art. 2.4). One statement.
    """
    found = union_all(_offered(days), _charged(days)).subquery()
    statement = select(found)
    if bailleur_id is not None:
        statement = statement.where(found.c.bailleur_id == bailleur_id)
    return [CreditCount(**row._mapping) for row in await db.execute(statement)]


def _offered(days: Days) -> Select[Any]:
    # a droit unique is taken on the bailleur's own share: no line of the annexe has it
    line = case((orientations.c.droit_unique_id.is_(None), LINE_PARTY.element)).label(
        LINE_PARTY.name
    )
    return (
        select(
            orientations.c.bailleur_id,
            line,
            LINE_CONTINGENT,
            code_on(orientations.c.insee, days.last).label("insee"),
            *(
                func.count().filter(counted(name, days.first, days.last)).label(name)
                for name in ("oriented", "attributed", "leased")
            ),
        )
        .where(dated(days.first, days.last))
        .group_by(
            orientations.c.bailleur_id,
            line.element,
            LINE_CONTINGENT.element,
            orientations.c.insee,
        )
    )


def _charged(days: Days) -> Select[Any]:
    number = func.count()
    keys = (
        urgences.c.bailleur_id,
        urgences.c.charged_reservataire_id,
        urgences.c.charged_contingent,
        urgences.c.insee,
    )
    return (
        select(*keys[:3], code_on(urgences.c.insee, days.last).label("insee"),
               number.label("oriented"), number.label("attributed"), literal(0).label("leased"))
        .where(
            urgences.c.charged_reservataire_id.is_not(None),
            urgences.c.decided_at >= days.from_at,
            urgences.c.decided_at < days.until_at,
        )
        .group_by(*keys)
    )  # fmt: skip
