"""Queries on urgency allocations (art. 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update

from server.db.paging import Executor, Order, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import communes, tenants, urgences


@dataclass(frozen=True, kw_only=True)
class Urgence:
    """A dwelling asked for a crisis, and what the préfecture decided."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    vacancy_id: UUID
    dwelling_id: UUID
    insee: str
    commune_name: str
    dwelling_label: str
    kind: str
    title: str
    households: int
    requested_at: datetime
    state: str
    proposed_reservataire_id: UUID | None
    proposed_reservataire_name: str | None
    proposed_contingent: str
    decided_at: datetime | None
    decision_reason: str | None
    charged_reservataire_id: UUID | None
    charged_reservataire_name: str | None
    charged_contingent: str
    applied_at: datetime | None
    version: int


_BAILLEUR = tenants.alias("bailleur")
_PROPOSED = tenants.alias("proposed")
_CHARGED = tenants.alias("charged")


ORDERS: Mapping[str, ColumnElement[Any]] = {
    "demande": urgences.c.requested_at,
    "decision": func.coalesce(urgences.c.decided_at, urgences.c.requested_at),
    "commune": communes.c.sort_name,
    "bailleur": _BAILLEUR.c.name,
}
NEWEST = Sort(code="demande", is_descending=True)


@dataclass(frozen=True, kw_only=True)
class UrgenceFilter:
    """What a list of requests keeps; every field left out keeps all."""

    states: tuple[str, ...] = ()
    bailleur_id: UUID | None = None
    insee: str | None = None


def _statement(order: Order | None = None) -> Select[Any]:
    return (
        select(
            *(column for column in urgences.c if column.name != "decided_by"),
            (order.key if order else urgences.c.requested_at).label("cursor_at"),
            _BAILLEUR.c.name.label("bailleur_name"),
            _PROPOSED.c.name.label("proposed_reservataire_name"),
            _CHARGED.c.name.label("charged_reservataire_name"),
            communes.c.name.label("commune_name"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == urgences.c.bailleur_id)
        .join(communes, communes.c.insee == urgences.c.insee)
        .outerjoin(_PROPOSED, _PROPOSED.c.id == urgences.c.proposed_reservataire_id)
        .outerjoin(_CHARGED, _CHARGED.c.id == urgences.c.charged_reservataire_id)
    )


def _urgence(row: Row[Any]) -> Urgence:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return Urgence(**values)


def _kept(statement: Select[Any], wanted: UrgenceFilter) -> Select[Any]:
    if wanted.states:
        statement = statement.where(urgences.c.state.in_(wanted.states))
    if wanted.bailleur_id:
        statement = statement.where(urgences.c.bailleur_id == wanted.bailleur_id)
    if wanted.insee:
        statement = statement.where(urgences.c.insee == wanted.insee)
    return statement


async def list_urgences(db: Executor, request: PageRequest, wanted: UrgenceFilter) -> Page[Urgence]:
    order = sorted_by(request, ORDERS, NEWEST)
    return await fetch_page(
        db,
        _kept(_statement(order), wanted),
        instant=order.key,
        row_id=urgences.c.id,
        request=request,
        read=_urgence,
        ascending=not order.is_descending,
    )


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where and from whom there are requests: what the filters may offer."""

    communes: dict[str, str]
    bailleurs: dict[UUID, str]


async def list_places(db: Executor) -> Places:
    seen = select(urgences.c.insee, urgences.c.bailleur_id).distinct().subquery()
    rows = (
        await db.execute(
            select(
                seen,
                communes.c.name.label("commune_name"),
                _BAILLEUR.c.name.label("bailleur_name"),
            )
            .join(communes, communes.c.insee == seen.c.insee)
            .join(_BAILLEUR, _BAILLEUR.c.id == seen.c.bailleur_id)
            .order_by(communes.c.sort_name, _BAILLEUR.c.name)
        )
    ).all()
    return Places(
        communes={row.insee: row.commune_name for row in rows},
        bailleurs={row.bailleur_id: row.bailleur_name for row in rows},
    )


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The requests of one bailleur, in one commune, in one state; `spent` from asking to deciding,
    all together.
    """

    bailleur_name: str
    commune_name: str
    state: str
    count: int
    households: int
    oldest_at: datetime
    spent: timedelta | None


async def list_tallies(db: Executor, wanted: UrgenceFilter) -> list[Tally]:
    """Where the requests are, by name of bailleur and commune."""
    rows = await db.execute(
        _kept(
            select(
                _BAILLEUR.c.name.label("bailleur_name"),
                communes.c.name.label("commune_name"),
                urgences.c.state,
                func.count().label("count"),
                func.sum(urgences.c.households).label("households"),
                func.min(urgences.c.requested_at).label("oldest_at"),
                func.sum(urgences.c.decided_at - urgences.c.requested_at).label("spent"),
            )
            .join(_BAILLEUR, _BAILLEUR.c.id == urgences.c.bailleur_id)
            .join(communes, communes.c.insee == urgences.c.insee),
            wanted,
        )
        .group_by(_BAILLEUR.c.name, communes.c.name, communes.c.sort_name, urgences.c.state)
        .order_by(_BAILLEUR.c.name, communes.c.sort_name)
    )
    return [Tally(**row._mapping) for row in rows]


async def find_urgence(
    db: Executor, urgence_id: UUID, *, for_update: bool = False
) -> Urgence | None:
    statement = _statement().where(urgences.c.id == urgence_id)
    if for_update:
        statement = statement.with_for_update(of=urgences, key_share=True)
    row = (await db.execute(statement)).one_or_none()
    return _urgence(row) if row else None


async def find_owner(db: Executor, urgence_id: UUID) -> UUID | None:
    """Whose rows it is about (role system, which reads nothing else of it)."""
    row = (
        await db.execute(select(urgences.c.bailleur_id).where(urgences.c.id == urgence_id))
    ).one_or_none()
    return row.bailleur_id if row else None


async def has_pending(db: Executor, vacancy_id: UUID) -> bool:
    found = await db.execute(
        select(urgences.c.id).where(
            urgences.c.vacancy_id == vacancy_id, urgences.c.state == "requested"
        )
    )
    return found.first() is not None


async def insert_urgence(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(urgences).values(**values))


async def update_urgence(db: Executor, urgence: Urgence, **values: Any) -> bool:
    """Optimistic: False if somebody changed the row since it was read."""
    changed = await db.execute(
        update(urgences)
        .where(urgences.c.id == urgence.id, urgences.c.version == urgence.version)
        .values(version=urgences.c.version + 1, **values)
    )
    return bool(changed.rowcount == 1)


async def mark_applied(db: Executor, urgence_id: UUID, at: datetime) -> bool:
    """The bailleur's side of an approved urgency, once."""
    changed = await db.execute(
        update(urgences)
        .where(urgences.c.id == urgence_id, urgences.c.applied_at.is_(None))
        .values(applied_at=at)
    )
    return bool(changed.rowcount == 1)
