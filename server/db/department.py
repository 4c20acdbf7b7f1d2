"""Figures of every commune of the department, as the préfecture may read them: no address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, func, not_, or_, select

from server.db.orientations.awaiting import is_silent
from server.db.paging import Executor
from server.db.tables import (
    candidates,
    communes,
    dwellings,
    epcis,
    orientations,
    tenant_capacities,
    tenants,
    vacancies,
)
from server.db.tables.orientations import FLUX_NATURES


@dataclass(frozen=True, kw_only=True)
class CommuneFigures:
    """A commune: what is in the flux, and what happened there in a period."""

    insee: str
    name: str
    sort_name: str
    epci_siren: str | None
    epci_name: str | None
    dwellings: int
    vacancies: int
    oriented: int
    waiting: int
    answered: int
    refused: int
    dalo: int


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days counted; `on` and `at` are today, for the stock and for what is waiting."""

    from_on: date
    until_on: date
    on: date
    at: datetime


async def count_by_commune(
    db: Executor, period: Period, *, bailleur_id: UUID | None = None
) -> list[CommuneFigures]:
    """All the communes in alphabetical order: one statement."""
    counts = (
        _stock(period, bailleur_id),
        _vacancies(period, bailleur_id),
        _offers(period, bailleur_id),
        _dalo(period, bailleur_id),
    )
    figures = [
        func.coalesce(column, 0).label(column.name)
        for part in counts
        for column in part.columns
        if column.name != "insee"
    ]
    joined = communes.outerjoin(epcis, epcis.c.siren == communes.c.epci_siren)
    for part in counts:
        joined = joined.outerjoin(part, part.c.insee == communes.c.insee)
    rows = await db.execute(
        select(
            communes.c.insee,
            communes.c.name,
            communes.c.sort_name,
            communes.c.epci_siren,
            epcis.c.name.label("epci_name"),
            *figures,
        )
        .select_from(joined)
        .order_by(communes.c.sort_name)
    )
    return [CommuneFigures(**row._mapping) for row in rows]


def _per_commune(
    table: Any,
    figures: Mapping[str, ColumnElement[int]],
    bailleur_id: UUID | None,
    *conditions: ColumnElement[bool],
) -> Subquery:
    statement = (
        select(table.c.insee, *(figure.label(name) for name, figure in figures.items()))
        .where(*conditions)
        .group_by(table.c.insee)
    )
    if bailleur_id is not None:
        statement = statement.where(table.c.bailleur_id == bailleur_id)
    return statement.subquery()


def _stock(period: Period, bailleur_id: UUID | None) -> Subquery:
    """Dwellings whose vacancy today would be in the flux (art. 2 and 3)."""
    column = dwellings.c
    return _per_commune(
        dwellings,
        {"dwellings": func.count()},
        bailleur_id,
        column.kind == "social",
        column.exclusion.is_(None),
        or_(column.left_on.is_(None), column.left_on > period.on),
        or_(
            column.delivered_on.is_(None),
            column.delivered_on < date(period.on.year, 1, 1),
        ),
    )


def _vacancies(period: Period, bailleur_id: UUID | None) -> Subquery:
    return _per_commune(
        vacancies,
        {"vacancies": func.count()},
        bailleur_id,
        vacancies.c.registered_on.between(period.from_on, period.until_on),
        vacancies.c.state != "cancelled",
        vacancies.c.nature.in_(FLUX_NATURES),
    )


def _offers(period: Period, bailleur_id: UUID | None) -> Subquery:
    """Silence is an acceptance once its deadline has passed, recorded or not (art. 5.3); an offer
    withdrawn before any answer counts nowhere.
    """
    column = orientations.c
    is_tacit = is_silent(period.at)
    is_waiting = and_(column.state == "sent", not_(is_tacit))
    is_accepted = or_(column.accepted_on.is_not(None), is_tacit)
    is_refused = column.state == "refused"
    return _per_commune(
        orientations,
        {
            "oriented": func.count(),
            "waiting": func.count().filter(is_waiting),
            "answered": func.count().filter(or_(is_accepted, is_refused)),
            "refused": func.count().filter(is_refused),
        },
        bailleur_id,
        column.sent_on.between(period.from_on, period.until_on),
        or_(column.state != "withdrawn", column.accepted_on.is_not(None)),
    )


def _dalo(period: Period, bailleur_id: UUID | None) -> Subquery:
    """Attributions to a household recognised as DALO, the only candidates the préfecture reads."""
    is_dalo = select(candidates.c.id).where(candidates.c.is_dalo)
    return _per_commune(
        orientations,
        {"dalo": func.count()},
        bailleur_id,
        orientations.c.attributed_on.between(period.from_on, period.until_on),
        orientations.c.attributed_candidate_id.in_(is_dalo),
    )


async def list_bailleurs(db: Executor) -> dict[UUID, str]:
    """The bailleurs of the portal, by name."""
    rows = await db.execute(
        select(tenants.c.id, tenants.c.name)
        .join(tenant_capacities, tenant_capacities.c.tenant_id == tenants.c.id)
        .where(tenant_capacities.c.capacity == "bailleur")
        .order_by(func.lower(tenants.c.name))
    )
    return {row.id: row.name for row in rows}
