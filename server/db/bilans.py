"""Queries on the yearly bilan: its facts, its frozen versions, its deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update

from server.db.mergers import code_on
from server.db.organismes import name_at
from server.db.orientations import (
    LINE_CONTINGENT,
    LINE_PARTY,
    acceptance_at,
    accepted_on_at,
    of_candidates,
    state_at,
)
from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page
from server.db.tables import (
    bilan_agreements,
    bilan_deliveries,
    bilans,
    caleol_items,
    caleol_sessions,
    candidates,
    communes,
    dwellings,
    orientations,
    tenant_capacities,
    tenants,
    vacancies,
)


@dataclass(frozen=True, kw_only=True)
class Bilan:
    """A version of the bilan of a year; `workbook_hash` is None while it is being prepared."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    year: int
    version: int
    state: str
    published_at: datetime
    distributed_at: datetime | None
    content_hash: str
    workbook_hash: str | None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """To whom a bilan was given, and when it was first opened."""

    id: UUID
    bilan_id: UUID
    tenant_id: UUID
    tenant_name: str
    capacity: str
    created_at: datetime
    opened_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class BilanRow:
    """A vacancy and one of its orientations (or none), as the volets of the bilan read it."""

    vacancy_id: UUID
    nature: str
    registered_on: date
    free_on: date
    reference: str
    rpls_id: str
    insee: str
    commune_name: str
    epci_siren: str | None
    address: str
    typology: str
    surface_m2: Any
    financing: str
    built_year: int
    is_qpv: bool
    charged_reservataire_id: UUID | None
    charged_contingent: str
    orientation_id: UUID | None
    is_droit_unique: bool
    reservataire_id: UUID | None
    reservataire_name: str | None
    contingent: str | None
    state: str | None
    rank: int | None
    sent_on: date | None
    acceptance_mode: str | None
    accepted_on: date | None
    answered_at: datetime | None
    candidates_at: datetime | None
    candidate_count: int
    caleol_at: datetime | None
    attributed_on: date | None
    leased_on: date | None


_HEAD = (
    bilans.c.id,
    bilans.c.bailleur_id,
    name_at(tenants.c.id, tenants.c.name, bilans.c.published_at).label("bailleur_name"),
    bilans.c.year,
    bilans.c.version,
    bilans.c.state,
    bilans.c.published_at,
    bilans.c.distributed_at,
    bilans.c.content_hash,
    bilans.c.workbook_hash,
)


def _heads() -> Select[Any]:
    return select(*_HEAD).join(tenants, tenants.c.id == bilans.c.bailleur_id)


def _bilan(row: Row[Any]) -> Bilan:
    return Bilan(**row._mapping)


ORDERS: Mapping[str, ColumnElement[Any]] = {
    "annee": bilans.c.year,
    "bailleur": tenants.c.name,
    "recu": func.coalesce(bilans.c.distributed_at, bilans.c.published_at),
}


async def list_bilans(
    db: Executor,
    *,
    year: int | None = None,
    bailleur_id: UUID | None = None,
    limit: int = 100,
    sort: Sort | None = None,
) -> list[Bilan]:
    """Newest years and versions first, unless `sort` says otherwise."""
    wanted = sort if sort and sort.code in ORDERS else Sort(code="annee", is_descending=True)
    key = ORDERS[wanted.code]
    statement = _heads().order_by(
        key.desc() if wanted.is_descending else key,
        bilans.c.year.desc(),
        tenants.c.name,
        bilans.c.version.desc(),
        bilans.c.id,
    )
    if year is not None:
        statement = statement.where(bilans.c.year == year)
    if bailleur_id is not None:
        statement = statement.where(bilans.c.bailleur_id == bailleur_id)
    return [_bilan(row) for row in await db.execute(statement.limit(limit))]


async def find_bilan(db: Executor, bilan_id: UUID) -> Bilan | None:
    row = (await db.execute(_heads().where(bilans.c.id == bilan_id))).one_or_none()
    return _bilan(row) if row else None


async def find_owner(db: Executor, bilan_id: UUID) -> UUID | None:
    """Whose bilan it is (role system, which reads nothing else of it)."""
    row = (
        await db.execute(select(bilans.c.bailleur_id).where(bilans.c.id == bilan_id))
    ).one_or_none()
    return row.bailleur_id if row else None


async def page_bilans(db: Executor, request: PageRequest) -> Page[Bilan]:
    """Those that the actor may see, the last published first."""

    def read(row: Row[Any]) -> Bilan:
        values = dict(row._mapping)
        values.pop("cursor_at")
        return Bilan(**values)

    return await fetch_page(
        db,
        _heads().add_columns(bilans.c.published_at.label("cursor_at")),
        instant=bilans.c.published_at,
        row_id=bilans.c.id,
        request=request,
        read=read,
    )


async def lock_bilan(db: Executor, bilan_id: UUID) -> bool:
    """Lock the row until the end of the transaction; False if absent."""
    found = await db.execute(
        select(bilans.c.id).where(bilans.c.id == bilan_id).with_for_update(key_share=True)
    )
    return found.first() is not None


async def read_content(db: Executor, bilan_id: UUID) -> dict[str, Any] | None:
    row = (await db.execute(select(bilans.c.content).where(bilans.c.id == bilan_id))).one_or_none()
    return row.content if row else None


async def read_workbook(db: Executor, bilan_id: UUID) -> bytes | None:
    row = (await db.execute(select(bilans.c.workbook).where(bilans.c.id == bilan_id))).one_or_none()
    return row.workbook if row else None


async def insert_bilan(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(bilans).values(**values))


async def update_bilan(db: Executor, bilan_id: UUID, **values: Any) -> None:
    await db.execute(update(bilans).where(bilans.c.id == bilan_id).values(**values))


async def insert_deliveries(db: Executor, rows: list[dict[str, Any]]) -> None:
    await db.execute(insert(bilan_deliveries), rows)


async def list_deliveries(db: Executor, bilan_ids: Iterable[UUID]) -> dict[UUID, list[Delivery]]:
    rows = await db.execute(
        select(
            bilan_deliveries.c.id,
            bilan_deliveries.c.bilan_id,
            bilan_deliveries.c.tenant_id,
            name_at(tenants.c.id, tenants.c.name, bilan_deliveries.c.created_at).label(
                "tenant_name"
            ),
            bilan_deliveries.c.capacity,
            bilan_deliveries.c.created_at,
            bilan_deliveries.c.opened_at,
        )
        .join(tenants, tenants.c.id == bilan_deliveries.c.tenant_id)
        .where(bilan_deliveries.c.bilan_id.in_(set(bilan_ids)))
        .order_by(bilan_deliveries.c.capacity, tenants.c.name)
    )
    found: dict[UUID, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.bilan_id, []).append(Delivery(**row._mapping))
    return found


async def mark_opened(db: Executor, bilan_id: UUID, tenant_id: UUID, at: datetime) -> bool:
    """The first opening by a recipient; False if it had been opened before."""
    changed = await db.execute(
        update(bilan_deliveries)
        .where(
            bilan_deliveries.c.bilan_id == bilan_id,
            bilan_deliveries.c.tenant_id == tenant_id,
            bilan_deliveries.c.opened_at.is_(None),
        )
        .values(opened_at=at)
    )
    return bool(changed.rowcount)


async def agreed_epcis(db: Executor, bailleur_id: UUID, on: date) -> list[tuple[UUID, str]]:
    """EPCI not LEC that receive the bilan by a recorded agreement (domain.md Q24)."""
    rows = await db.execute(
        select(tenants.c.id, tenants.c.name)
        .join(bilan_agreements, bilan_agreements.c.tenant_id == tenants.c.id)
        .join(tenant_capacities, tenant_capacities.c.tenant_id == tenants.c.id)
        .where(
            bilan_agreements.c.bailleur_id == bailleur_id,
            bilan_agreements.c.since_on <= on,
            tenant_capacities.c.capacity == "epci",
        )
    )
    return [(row.id, row.name) for row in rows]


async def stock_communes(db: Executor) -> set[str]:
    """INSEE codes where the bailleur has dwellings."""
    rows = await db.execute(select(dwellings.c.insee).distinct())
    return {row.insee for row in rows}


_RESERVATAIRE = tenants.alias("reservataire")


def _caleol_at() -> Any:
    """The last session on whose agenda the orientation stands."""
    return (
        select(func.max(caleol_sessions.c.starts_at))
        .join(caleol_items, caleol_items.c.session_id == caleol_sessions.c.id)
        .where(
            caleol_items.c.orientation_id == orientations.c.id,
            caleol_sessions.c.state != "cancelled",
        )
        .correlate(orientations)
        .scalar_subquery()
        .label("caleol_at")
    )


_ROW = (
    vacancies.c.id.label("vacancy_id"),
    vacancies.c.nature,
    vacancies.c.registered_on,
    vacancies.c.free_on,
    dwellings.c.reference,
    dwellings.c.rpls_id,
    communes.c.insee,
    communes.c.name.label("commune_name"),
    communes.c.epci_siren,
    dwellings.c.address,
    dwellings.c.typology,
    dwellings.c.surface_m2,
    dwellings.c.financing,
    dwellings.c.built_year,
    dwellings.c.is_qpv,
    vacancies.c.charged_reservataire_id,
    vacancies.c.charged_contingent,
    orientations.c.id.label("orientation_id"),
    orientations.c.droit_unique_id.is_not(None).label("is_droit_unique"),
    LINE_PARTY,
    _RESERVATAIRE.c.name.label("reservataire_name"),
    LINE_CONTINGENT,
    orientations.c.rank,
    orientations.c.sent_on,
    orientations.c.answered_at,
    of_candidates(func.max(candidates.c.presented_at)).label("candidates_at"),
    of_candidates(func.count()).label("candidate_count"),
    _caleol_at(),
    orientations.c.attributed_on,
    orientations.c.leased_on,
)


async def list_rows(db: Executor, year: int, *, at: datetime) -> list[BilanRow]:
    """Every vacancy and orientation with an event in the year: registered, sent, attributed or
    leased. Nothing of a household is read: no NUD, no criterion, no DALO flag (domain.md Q22).
    Silence is told as the law has it at `at`.
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    statement = (
        select(
            *_ROW,
            state_at(at).label("state"),
            acceptance_at(at).label("acceptance_mode"),
            accepted_on_at(at).label("accepted_on"),
        )
        .join(dwellings, dwellings.c.id == vacancies.c.dwelling_id)
        .join(communes, communes.c.insee == code_on(dwellings.c.insee, last))
        .outerjoin(orientations, orientations.c.vacancy_id == vacancies.c.id)
        .outerjoin(_RESERVATAIRE, _RESERVATAIRE.c.id == orientations.c.line_party_id)
        .where(
            vacancies.c.state != "cancelled",
            or_(
                vacancies.c.registered_on.between(first, last),
                orientations.c.sent_on.between(first, last),
                orientations.c.attributed_on.between(first, last),
                orientations.c.leased_on.between(first, last),
            ),
        )
        .order_by(vacancies.c.registered_on, vacancies.c.id, orientations.c.rank)
    )
    return [BilanRow(**row._mapping) for row in await db.execute(statement)]
