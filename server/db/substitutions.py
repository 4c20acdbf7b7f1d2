"""Queries on the substitution of the préfet for a commune carencée (L302-9-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, insert, or_, select, update

from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import substitutions, tenants

_COMMUNE = tenants.alias("commune")
_PREFECTURE = tenants.alias("prefecture")


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """Both days are included; `contingent` is the one of the State that answers meanwhile."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    insee: str | None
    prefecture_id: UUID
    prefecture_name: str
    contingent: str
    decree: str
    starts_on: date
    ends_on: date | None

    def is_in_force(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


def _statement() -> Select[Any]:
    return (
        select(
            substitutions.c.id,
            substitutions.c.tenant_id,
            _COMMUNE.c.name.label("tenant_name"),
            _COMMUNE.c.insee,
            substitutions.c.prefecture_id,
            _PREFECTURE.c.name.label("prefecture_name"),
            substitutions.c.contingent,
            substitutions.c.decree,
            substitutions.c.starts_on,
            substitutions.c.ends_on,
        )
        .join(_COMMUNE, _COMMUNE.c.id == substitutions.c.tenant_id)
        .join(_PREFECTURE, _PREFECTURE.c.id == substitutions.c.prefecture_id)
    )


def _read(row: Any) -> Substitution:
    values = dict(row._mapping)
    values.pop("cursor_at", None)
    return Substitution(**values)


def in_force(on: date) -> ColumnElement[bool]:
    """What runs on that day, first and last day included."""
    ends_on = substitutions.c.ends_on
    return and_(substitutions.c.starts_on <= on, or_(ends_on.is_(None), ends_on >= on))


NEWEST = Sort(code="debut", is_descending=True)


async def list_substitutions(
    db: Executor, request: PageRequest, *, on: date | None = None, is_over: bool | None = None
) -> Page[Substitution]:
    """The latest first unless `request` asks otherwise; with `on`, those over that day or not."""
    orders = {
        "debut": substitutions.c.starts_on,
        "commune": _COMMUNE.c.name,
        "arrete": substitutions.c.decree,
    }
    order = sorted_by(request, orders, NEWEST)
    statement = _statement().add_columns(order.key.label("cursor_at"))
    if on is not None and is_over is not None:
        ended = and_(substitutions.c.ends_on.is_not(None), substitutions.c.ends_on < on)
        statement = statement.where(ended if is_over else ~ended)
    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=substitutions.c.id,
        request=request,
        read=_read,
        ascending=not order.is_descending,
    )


async def find_substitution(db: Executor, substitution_id: UUID) -> Substitution | None:
    row = (
        await db.execute(_statement().where(substitutions.c.id == substitution_id))
    ).one_or_none()
    return _read(row) if row else None


async def get_in_force(
    db: Executor, tenant_ids: Iterable[UUID], on: date
) -> dict[UUID, Substitution]:
    """By commune, the substitution that runs on that day."""
    rows = await db.execute(
        _statement().where(substitutions.c.tenant_id.in_(set(tenant_ids)), in_force(on))
    )
    return {row.tenant_id: _read(row) for row in rows}


async def find_overlap(
    db: Executor, tenant_id: UUID, starts_on: date, ends_on: date | None
) -> Substitution | None:
    """One of the same commune with a day in common."""
    clash = or_(substitutions.c.ends_on.is_(None), substitutions.c.ends_on >= starts_on)
    statement = _statement().where(substitutions.c.tenant_id == tenant_id, clash)
    if ends_on is not None:
        statement = statement.where(substitutions.c.starts_on <= ends_on)
    row = (await db.execute(statement.limit(1))).one_or_none()
    return _read(row) if row else None


async def insert_substitution(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(substitutions).values(**values))


async def end_substitution(db: Executor, substitution_id: UUID, ends_on: date) -> bool:
    """False if it is not the actor's, or already has its end."""
    changed = await db.execute(
        update(substitutions)
        .where(substitutions.c.id == substitution_id, substitutions.c.ends_on.is_(None))
        .values(ends_on=ends_on)
    )
    return bool(changed.rowcount == 1)
