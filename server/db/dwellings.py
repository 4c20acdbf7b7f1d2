"""Queries on dwellings and on their vacancies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, insert, or_, select, update

from server.db.assiette import in_assiette
from server.db.columns import LIVE_STATES
from server.db.mergers import code_on, is_in
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
    strata: dict[str, str] | None = None


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
_CURSOR = frozenset({"cursor_at", "cursor_then"})
_HIDDEN: Mapping[str, None] = {"reference": None, "rpls_id": None, "address": None}


def _dwelling(row: Row[Any]) -> Dwelling:
    found = {name: value for name, value in row._mapping.items() if name not in _CURSOR}
    return Dwelling(**{**_HIDDEN, **found})


async def get_dwellings(
    db: Executor, ids: Iterable[UUID], *, with_address: bool
) -> dict[UUID, Dwelling]:
    """By id; without the address for those to whom the database does not grant it."""
    wanted = set(ids)
    if not wanted:
        return {}
    columns = _PARTY if with_address else _PUBLIC
    rows = await db.execute(
        select(*columns, communes.c.name.label("commune_name"))
        .join(communes, communes.c.insee == dwellings.c.insee)
        .where(dwellings.c.id.in_(wanted))
    )
    return {row.id: _dwelling(row) for row in rows}


async def find_dwelling(db: Executor, dwelling_id: UUID) -> Dwelling | None:
    return (await get_dwellings(db, [dwelling_id], with_address=True)).get(dwelling_id)


DWELLING_ORDERS: Mapping[str, ColumnElement[Any]] = {
    "commune": communes.c.sort_name,
    "reference": dwellings.c.reference,
}
BY_ADDRESS = Sort(code="commune")


@dataclass(frozen=True, kw_only=True)
class DwellingFilter:
    """What a list of dwellings keeps; `exclusion` is a code, or EXCLUDED for any of the six.

    `is_in_assiette` and `exclusion` are judged on the day `on`, `insee` in the codes of that day.
    """

    text: str = ""
    insee: str | None = None
    typology: str | None = None
    financing: str | None = None
    is_qpv: bool | None = None
    exclusion: str | None = None
    is_in_assiette: bool | None = None
    on: date | None = None


EXCLUDED = "toutes"


def _matching(wanted: DwellingFilter) -> Iterator[ColumnElement[bool]]:
    column = dwellings.c
    if wanted.insee:
        yield (
            is_in(column.insee, wanted.insee, wanted.on)
            if wanted.on
            else (column.insee == wanted.insee)
        )
    if wanted.typology:
        yield column.typology == wanted.typology
    if wanted.financing:
        yield column.financing == wanted.financing
    if wanted.is_qpv is not None:
        yield column.is_qpv == wanted.is_qpv
    if wanted.exclusion == EXCLUDED:
        yield column.exclusion.is_not(None)
    elif wanted.exclusion:
        yield column.exclusion == wanted.exclusion
    if wanted.is_in_assiette is not None and wanted.on is not None:
        yield in_assiette(wanted.on, wanted=wanted.is_in_assiette)


def _search(wanted: DwellingFilter) -> Select[Any]:
    """The dwellings still owned whose reference, address or commune holds each of the words."""
    statement = (
        select(*_PARTY, communes.c.name.label("commune_name"))
        .join(communes, communes.c.insee == dwellings.c.insee)
        .where(dwellings.c.left_on.is_(None), *_matching(wanted))
    )
    for word in sort_key(wanted.text).split():
        pattern = "%" + word.replace("\\", "").replace("%", "").replace("_", "") + "%"
        statement = statement.where(
            or_(
                func.lower(dwellings.c.reference).like(pattern),
                dwellings.c.sort_address.like(pattern),
                communes.c.sort_name.like(pattern),
            )
        )
    return statement


def _then(order: Order) -> tuple[ColumnElement[str], ...]:
    """Inside a commune, by address: as the index of a bailleur's dwellings has them."""
    return (dwellings.c.sort_address,) if order.key is communes.c.sort_name else ()


async def search_dwellings(
    db: Executor,
    wanted: DwellingFilter,
    *,
    limit: int = LIST_LIMIT,
    sort: Sort | None = None,
) -> list[Dwelling]:
    """The first `limit` in one statement, by commune and address unless `sort` says otherwise."""
    order = sorted_by(PageRequest(sort=sort), DWELLING_ORDERS, BY_ADDRESS)
    keys = (order.key, *_then(order), dwellings.c.id)
    statement = _search(wanted).limit(limit)
    rows = await db.execute(
        statement.order_by(*(key.desc() if order.is_descending else key for key in keys))
    )
    return [_dwelling(row) for row in rows]


async def list_dwellings(
    db: Executor, request: PageRequest, wanted: DwellingFilter
) -> Page[Dwelling]:
    """The same, page by page."""
    order = sorted_by(request, DWELLING_ORDERS, BY_ADDRESS)
    then = _then(order)
    labelled = [order.key.label("cursor_at"), *(one.label("cursor_then") for one in then)]
    return await fetch_page(
        db,
        _search(wanted).add_columns(*labelled),
        instant=order.key,
        row_id=dwellings.c.id,
        request=request,
        read=_dwelling,
        ascending=not order.is_descending,
        then=then[0] if then else None,
    )


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


def _vacancies(on: date, order: Order | None = None) -> Select[Any]:
    """The commune is the one of that day."""
    insee = code_on(dwellings.c.insee, on)
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
            vacancies.c.strata,
            *(column for column in _PARTY if column.name not in ("id", "insee")),
            insee.label("insee"),
            dwellings.c.id.label("dwelling_id"),
            vacancies.c.id,
            communes.c.name.label("commune_name"),
        )
        .join(dwellings, dwellings.c.id == vacancies.c.dwelling_id)
        .join(communes, communes.c.insee == insee)
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
    "strata",
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
    on: date,
    state: str | None = None,
    awaiting: bool = False,
    dwelling_id: UUID | None = None,
    insee: str | None = None,
) -> Page[Vacancy]:
    """Newest first unless `request` says otherwise; `awaiting`: open, in the flux and without a
    live orientation; in the communes of the day `on`.
    """
    order = sorted_by(request, VACANCY_ORDERS, NEWEST)
    statement = _vacancies(on, order)
    if insee:
        statement = statement.where(is_in(vacancies.c.insee, insee, on))
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
    db: Executor, vacancy_id: UUID, *, on: date, for_update: bool = False
) -> Vacancy | None:
    """Its dwelling in the commune of the day `on`."""
    statement = _vacancies(on).where(vacancies.c.id == vacancy_id)
    if for_update:
        statement = statement.with_for_update(of=vacancies, key_share=True)
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
