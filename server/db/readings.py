"""Queries on the readings of nominative data: who, when, which file, never a NUD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.ids import new_id
from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import nominative_readings, orientations, tenants


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A préfecture read the candidates of a file that is not of its own contingents."""

    id: UUID
    at: datetime
    reader_name: str
    person_name: str
    channel: str
    orientation_id: UUID
    dwelling_id: UUID
    bailleur_name: str
    reservataire_name: str
    contingent: str


_reader = tenants.alias("reader")
_bailleur = tenants.alias("owner")
_reservataire = tenants.alias("holder")

ORDERS: Mapping[str, ColumnElement[Any]] = {
    "lu": nominative_readings.c.at,
    "lecteur": nominative_readings.c.person_name,
}
LAST_FIRST = Sort(code="lu", is_descending=True)


async def insert_readings(
    db: Executor,
    orientation_ids: Iterable[UUID],
    reading: Mapping[str, Any],
) -> None:
    """One line a file that belongs to others, none if this person read it within the hour."""
    files = await db.execute(
        select(
            orientations.c.id.label("orientation_id"),
            orientations.c.dwelling_id,
            orientations.c.bailleur_id,
            orientations.c.reservataire_id,
            orientations.c.contingent,
        ).where(
            orientations.c.id.in_(set(orientation_ids)),
            orientations.c.reservataire_id != reading["actor_tenant_id"],
        )
    )
    rows = [{"id": new_id(), **reading, **file._mapping} for file in files]
    if rows:
        await db.execute(upsert(nominative_readings).on_conflict_do_nothing(), rows)


def _readings() -> Select[Any]:
    table = nominative_readings.c
    return (
        select(
            table.id,
            table.at,
            _reader.c.name.label("reader_name"),
            table.person_name,
            table.channel,
            table.orientation_id,
            table.dwelling_id,
            _bailleur.c.name.label("bailleur_name"),
            _reservataire.c.name.label("reservataire_name"),
            table.contingent,
        )
        .join(_reader, _reader.c.id == table.actor_tenant_id)
        .join(_bailleur, _bailleur.c.id == table.bailleur_id)
        .join(_reservataire, _reservataire.c.id == table.reservataire_id)
    )


def _read(row: Row[Any]) -> Reading:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return Reading(**values)


async def list_readings(
    db: Executor,
    request: PageRequest,
    *,
    orientation_id: UUID | None = None,
    dwelling_id: UUID | None = None,
) -> Page[Reading]:
    """Those that the actor may see: of its files, or its own."""
    table = nominative_readings.c
    order = sorted_by(request, ORDERS, LAST_FIRST)
    statement = _readings().add_columns(order.key.label("cursor_at"))
    if orientation_id is not None:
        statement = statement.where(table.orientation_id == orientation_id)
    if dwelling_id is not None:
        statement = statement.where(table.dwelling_id == dwelling_id)
    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=table.id,
        request=request,
        read=_read,
        ascending=not order.is_descending,
    )
