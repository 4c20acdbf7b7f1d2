"""Queries on dwellings and on their vacancies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, insert, or_, select, update

from server.db.columns import LIVE_STATES
from server.db.paging import Executor, Order, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import communes, dwellings, orientations, vacancies
from server.reference import sort_key

LIST_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class Dwelling:
    """A social dwelling; `address` and `reference` are None for whom they are hidden."""

    id: UUID
    bailleur_id: UUID
    reference: str | None
    rpls_id: str | None
    insee: str
    commune_name: str
    address: str | None
    kind: str
    typology: str
    surface_m2: Decimal
    financing: str
    built_year: int
    delivered_on: date | None
    is_qpv: bool
    exclusion: str | None
    left_on: date | None


@dataclass(frozen=True, kw_only=True)
class Vacancy:
    """A dwelling that becomes free."""

    id: UUID
    bailleur_id: UUID
    dwelling: Dwelling
    nature: str
    state: str
    notice_on: date | None
    free_on: date
    registered_at: datetime
    registered_on: date
    charged_reservataire_id: UUID | None
    charged_contingent: str
    version: int


_PUBLIC = (
    dwellings.c.id,
    dwellings.c.bailleur_id,
    dwellings.c.insee,
    dwellings.c.kind,
    dwellings.c.typology,
    dwellings.c.surface_m2,
    dwellings.c.financing,
    dwellings.c.built_year,
    dwellings.c.delivered_on,
    dwellings.c.is_qpv,
    dwellings.c.exclusion,
    dwellings.c.left_on,
)
_PARTY = (*_PUBLIC, dwellings.c.reference, dwellings.c.rpls_id, dwellings.c.address)
_HIDDEN: Mapping[str, None] = {"reference": None, "rpls_id": None, "address": None}


def _dwelling(row: Row[Any]) -> Dwelling:
    return Dwelling(**{**_HIDDEN, **row._mapping})


async def get_dwellings(
    db: Executor, ids: Iterable[UUID], *, with_address: bool
) -> dict[UUID, Dwelling]:
    """By id; without the address for those to whom the database does not grant it."""
    columns = _PARTY if with_address else _PUBLIC
    rows = await db.execute(
        select(*columns, communes.c.name.label("commune_name"))
        .join(communes, communes.c.insee == dwellings.c.insee)
        .where(dwellings.c.id.in_(set(ids)))
    )
    return {row.id: _dwelling(row) for row in rows}


async def find_dwelling(db: Executor, dwelling_id: UUID) -> Dwelling | None:
    return (await get_dwellings(db, [dwelling_id], with_address=True)).get(dwelling_id)


DWELLING_ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "commune": (communes.c.sort_name, dwellings.c.sort_address),
    "reference": (dwellings.c.reference,),
}


async def search_dwellings(
    db: Executor,
    text: str,
    *,
    insee: str | None = None,
    limit: int = LIST_LIMIT,
    sort: Sort | None = None,
) -> list[Dwelling]:
    """Own dwellings whose reference or address holds the words; the first `limit`, by address
    unless `sort` says otherwise.
    """
    wanted = sort if sort and sort.code in DWELLING_ORDERS else Sort(code="commune")
    keys = (*DWELLING_ORDERS[wanted.code], dwellings.c.id)
    statement = (
        select(*_PARTY, communes.c.name.label("commune_name"))
        .join(communes, communes.c.insee == dwellings.c.insee)
        .where(dwellings.c.left_on.is_(None))
        .order_by(*(key.desc() if wanted.is_descending else key for key in keys))
        .limit(limit)
    )
    if insee:
        statement = statement.where(dwellings.c.insee == insee)
    for word in sort_key(text).split():
        pattern = "%" + word.replace("\\", "").replace("%", "").replace("_", "") + "%"
        statement = statement.where(
            or_(
                func.lower(dwellings.c.reference).like(pattern),
                dwellings.c.sort_address.like(pattern),
                communes.c.sort_name.like(pattern),
            )
        )
    return [_dwelling(row) for row in await db.execute(statement)]


async def list_stock_communes(db: Executor) -> dict[str, str]:
    """INSEE code → name of the communes where the actor sees dwellings, in alphabetical order."""
    here = exists().where(dwellings.c.insee == communes.c.insee, dwellings.c.left_on.is_(None))
    rows = await db.execute(
        select(communes.c.insee, communes.c.name).where(here).order_by(communes.c.sort_name)
    )
    return {row.insee: row.name for row in rows}


# --- Vacancies --------------------------------------------------------------------------------


VACANCY_ORDERS: Mapping[str, ColumnElement[Any]] = {
    "enregistree": vacancies.c.registered_at,
    "libre": vacancies.c.free_on,
    "commune": communes.c.sort_name,
}
NEWEST = Sort(code="enregistree", is_descending=True)


def _vacancies(order: Order | None = None) -> Select[Any]:
    return (
        select(
            vacancies.c.id.label("vacancy_id"),
            vacancies.c.nature,
            vacancies.c.state,
            vacancies.c.notice_on,
            vacancies.c.free_on,
            vacancies.c.registered_at,
            (order.key if order else vacancies.c.registered_at).label("cursor_at"),
            vacancies.c.registered_on,
            vacancies.c.charged_reservataire_id,
            vacancies.c.charged_contingent,
            vacancies.c.version,
            *(column for column in _PARTY if column.name != "id"),
            dwellings.c.id.label("dwelling_id"),
            vacancies.c.id,
            communes.c.name.label("commune_name"),
        )
        .join(dwellings, dwellings.c.id == vacancies.c.dwelling_id)
        .join(communes, communes.c.insee == dwellings.c.insee)
    )


_VACANCY_FIELDS = (
    "nature",
    "state",
    "notice_on",
    "free_on",
    "registered_at",
    "registered_on",
    "charged_reservataire_id",
    "charged_contingent",
    "version",
)
_DWELLING_FIELDS = tuple(column.name for column in _PARTY if column.name != "id")


def _vacancy(row: Row[Any]) -> Vacancy:
    values = row._mapping
    dwelling = Dwelling(
        id=row.dwelling_id,
        commune_name=row.commune_name,
        **{name: values[name] for name in _DWELLING_FIELDS},
    )
    return Vacancy(
        id=row.id,
        bailleur_id=row.bailleur_id,
        dwelling=dwelling,
        **{name: values[name] for name in _VACANCY_FIELDS},
    )


async def list_vacancies(
    db: Executor,
    request: PageRequest,
    *,
    state: str | None = None,
    awaiting: bool = False,
    dwelling_id: UUID | None = None,
    insee: str | None = None,
) -> Page[Vacancy]:
    """Newest first unless `request` says otherwise; `awaiting`: open, in the flux and without a
    live orientation.
    """
    order = sorted_by(request, VACANCY_ORDERS, NEWEST)
    statement = _vacancies(order)
    if insee:
        statement = statement.where(vacancies.c.insee == insee)
    if dwelling_id:
        statement = statement.where(vacancies.c.dwelling_id == dwelling_id)
    if state:
        statement = statement.where(vacancies.c.state == state)
    if awaiting:
        statement = statement.where(awaits_orientation())
    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=vacancies.c.id,
        request=request,
        read=_vacancy,
        ascending=not order.is_descending,
    )


async def count_awaiting(db: Executor) -> int:
    rows = await db.execute(select(func.count()).select_from(vacancies).where(awaits_orientation()))
    return int(rows.scalar_one())


def awaits_orientation() -> Any:
    """Open, in the flux, and offered to nobody now."""
    from_live = live_orientation_of(vacancies.c.id)
    return and_(vacancies.c.state == "open", vacancies.c.nature == "flux", ~from_live)


def live_orientation_of(vacancy_id: Any) -> Any:
    return exists().where(
        orientations.c.vacancy_id == vacancy_id, orientations.c.state.in_(LIVE_STATES)
    )


async def find_vacancy(
    db: Executor, vacancy_id: UUID, *, for_update: bool = False
) -> Vacancy | None:
    statement = _vacancies().where(vacancies.c.id == vacancy_id)
    if for_update:
        statement = statement.with_for_update(of=vacancies)
    row = (await db.execute(statement)).one_or_none()
    return _vacancy(row) if row else None


async def has_open_vacancy(db: Executor, dwelling_id: UUID) -> bool:
    found = await db.execute(
        select(vacancies.c.id).where(
            vacancies.c.dwelling_id == dwelling_id, vacancies.c.state == "open"
        )
    )
    return found.first() is not None


async def has_live_orientation(db: Executor, vacancy_id: UUID) -> bool:
    found = await db.execute(
        select(orientations.c.id).where(
            orientations.c.vacancy_id == vacancy_id, orientations.c.state.in_(LIVE_STATES)
        )
    )
    return found.first() is not None


async def insert_vacancy(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(vacancies).values(**values))


async def update_vacancy(db: Executor, vacancy_id: UUID, **values: Any) -> None:
    await db.execute(
        update(vacancies)
        .where(vacancies.c.id == vacancy_id)
        .values(version=vacancies.c.version + 1, **values)
    )
