"""Queries on the commission: sessions, agenda, invitations, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update

from server.db.paging import Executor, Order, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import (
    caleol_invitations,
    caleol_items,
    caleol_sessions,
    decisions,
    tenants,
)


@dataclass(frozen=True, kw_only=True)
class CaleolSession:
    """A session of the commission; `sequence` grows at each change told to the invited."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    starts_at: datetime
    place: str
    mode: str
    state: str
    sequence: int
    version: int
    minutes_at: datetime | None
    item_count: int


@dataclass(frozen=True, kw_only=True)
class CaleolItem:
    """A dwelling on the agenda."""

    session_id: UUID
    orientation_id: UUID
    reservataire_id: UUID
    contingent: str
    position: int


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Who is invited, in which capacity."""

    id: UUID
    session_id: UUID
    tenant_id: UUID
    tenant_name: str
    capacity: str
    sequence: int
    invited_at: datetime


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the commission decided of one candidate (R441-3)."""

    id: UUID
    session_id: UUID
    orientation_id: UUID
    candidate_id: UUID
    outcome: str
    rank: int | None
    reason: str | None
    reason_text: str | None
    condition: str | None
    condition_until: date | None
    decided_at: datetime


ORDERS: Mapping[str, ColumnElement[Any]] = {
    "seance": caleol_sessions.c.starts_at,
    "bailleur": tenants.c.name,
    "lieu": caleol_sessions.c.place,
}
LAST_FIRST = Sort(code="seance", is_descending=True)


def _sessions(order: Order | None = None) -> Select[Any]:
    items = (
        select(func.count())
        .where(caleol_items.c.session_id == caleol_sessions.c.id)
        .correlate(caleol_sessions)
        .scalar_subquery()
    )
    return select(
        caleol_sessions,
        (order.key if order else caleol_sessions.c.starts_at).label("cursor_at"),
        tenants.c.name.label("bailleur_name"),
        items.label("item_count"),
    ).join(tenants, tenants.c.id == caleol_sessions.c.bailleur_id)


def _session(row: Row[Any]) -> CaleolSession:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return CaleolSession(**values)


async def list_sessions(
    db: Executor,
    request: PageRequest,
    *,
    state: str | None = None,
    bailleur_id: UUID | None = None,
) -> Page[CaleolSession]:
    order = sorted_by(request, ORDERS, LAST_FIRST)
    statement = _sessions(order)
    if state:
        statement = statement.where(caleol_sessions.c.state == state)
    if bailleur_id:
        statement = statement.where(caleol_sessions.c.bailleur_id == bailleur_id)
    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=caleol_sessions.c.id,
        request=request,
        read=_session,
        ascending=not order.is_descending,
    )


async def list_bailleurs(db: Executor) -> dict[UUID, str]:
    """Whose sessions the actor sees, by name."""
    seen = select(caleol_sessions.c.bailleur_id)
    rows = await db.execute(
        select(tenants.c.id, tenants.c.name).where(tenants.c.id.in_(seen)).order_by(tenants.c.name)
    )
    return {row.id: row.name for row in rows}


async def find_session(
    db: Executor, session_id: UUID, *, for_update: bool = False
) -> CaleolSession | None:
    statement = _sessions().where(caleol_sessions.c.id == session_id)
    if for_update:
        statement = statement.with_for_update(of=caleol_sessions, key_share=True)
    row = (await db.execute(statement)).one_or_none()
    return _session(row) if row else None


async def list_items(db: Executor, session_ids: Iterable[UUID]) -> dict[UUID, list[CaleolItem]]:
    rows = await db.execute(
        select(
            caleol_items.c.session_id,
            caleol_items.c.orientation_id,
            caleol_items.c.reservataire_id,
            caleol_items.c.contingent,
            caleol_items.c.position,
        )
        .where(caleol_items.c.session_id.in_(set(session_ids)))
        .order_by(caleol_items.c.position)
    )
    found: dict[UUID, list[CaleolItem]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(CaleolItem(**row._mapping))
    return found


async def list_invitations(
    db: Executor, session_ids: Iterable[UUID]
) -> dict[UUID, list[Invitation]]:
    rows = await db.execute(
        select(
            caleol_invitations.c.id,
            caleol_invitations.c.session_id,
            caleol_invitations.c.tenant_id,
            tenants.c.name.label("tenant_name"),
            caleol_invitations.c.capacity,
            caleol_invitations.c.sequence,
            caleol_invitations.c.invited_at,
        )
        .join(tenants, tenants.c.id == caleol_invitations.c.tenant_id)
        .where(caleol_invitations.c.session_id.in_(set(session_ids)))
        .order_by(tenants.c.name)
    )
    found: dict[UUID, list[Invitation]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(Invitation(**row._mapping))
    return found


async def list_decisions(
    db: Executor, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[Decision]]:
    """Decisions by orientation, in the order of the ranks."""
    rows = await db.execute(
        select(
            decisions.c.id,
            decisions.c.session_id,
            decisions.c.orientation_id,
            decisions.c.candidate_id,
            decisions.c.outcome,
            decisions.c.rank,
            decisions.c.reason,
            decisions.c.reason_text,
            decisions.c.condition,
            decisions.c.condition_until,
            decisions.c.decided_at,
        )
        .where(decisions.c.orientation_id.in_(set(orientation_ids)))
        .order_by(decisions.c.rank.asc().nulls_last(), decisions.c.id)
    )
    found: dict[UUID, list[Decision]] = {}
    for row in rows:
        found.setdefault(row.orientation_id, []).append(Decision(**row._mapping))
    return found


async def find_session_of(db: Executor, orientation_id: UUID) -> UUID | None:
    """The session on whose agenda the orientation stands, the newest if several."""
    row = (
        await db.execute(
            select(caleol_items.c.session_id)
            .join(caleol_sessions, caleol_sessions.c.id == caleol_items.c.session_id)
            .where(
                caleol_items.c.orientation_id == orientation_id,
                caleol_sessions.c.state != "cancelled",
            )
            .order_by(caleol_sessions.c.starts_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return row.session_id if row else None


async def insert_session(
    db: Executor,
    session: dict[str, Any],
    items: list[dict[str, Any]],
    invitations: list[dict[str, Any]],
) -> None:
    await db.execute(insert(caleol_sessions).values(**session))
    await db.execute(insert(caleol_items), items)
    await db.execute(insert(caleol_invitations), invitations)


async def insert_decisions(db: Executor, rows: list[dict[str, Any]]) -> None:
    await db.execute(insert(decisions), rows)


async def update_session(db: Executor, session_id: UUID, **values: Any) -> None:
    await db.execute(
        update(caleol_sessions)
        .where(caleol_sessions.c.id == session_id)
        .values(version=caleol_sessions.c.version + 1, **values)
    )
