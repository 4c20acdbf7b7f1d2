"""Queries on the life of an organisme: created, renamed at a date, absorbed at a date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.ids import new_id
from server.db.paging import Executor
from server.db.tables import (
    communes,
    epcis,
    memberships,
    tenant_capacities,
    tenant_mailboxes,
    tenant_mergers,
    tenant_names,
    tenants,
)

FROM_THE_BEGINNING = date.min
"""Since when the first name of an organisme is valid."""


@dataclass(frozen=True, kw_only=True)
class Organisme:
    """A line of the operator's list."""

    id: UUID
    slug: str
    name: str
    category: str
    siren: str
    insee: str | None
    absorbed_into: str | None
    capacities: tuple[str, ...]


def name_at(
    tenant_id: ColumnElement[UUID], current: ColumnElement[str], at: ColumnElement[datetime]
) -> ColumnElement[str]:
    """The name that an organisme had at an instant: an act keeps the name of its time."""
    day = cast(func.timezone("Europe/Paris", at), Date)
    past = (
        select(tenant_names.c.name)
        .where(tenant_names.c.tenant_id == tenant_id, tenant_names.c.valid_from <= day)
        .order_by(tenant_names.c.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(past, current)


# --- The directory, as the operator writes it ---------------------------------------------------


async def list_organismes(db: Executor) -> list[Organisme]:
    """In alphabetical order."""
    into = tenants.alias("into")
    capacities = (
        select(func.array_agg(tenant_capacities.c.capacity))
        .where(tenant_capacities.c.tenant_id == tenants.c.id)
        .scalar_subquery()
    )
    rows = await db.execute(
        select(
            tenants.c.id,
            tenants.c.slug,
            tenants.c.name,
            tenants.c.category,
            tenants.c.siren,
            tenants.c.insee,
            into.c.name.label("absorbed_into"),
            capacities.label("capacities"),
        )
        .outerjoin(into, into.c.id == tenants.c.absorbed_into_id)
        .order_by(tenants.c.name)
    )
    return [
        Organisme(**{**row._mapping, "capacities": tuple(sorted(row.capacities or ()))})
        for row in rows
    ]


async def insert_organisme(
    db: Executor, values: dict[str, Any], mailboxes: dict[str, str | None]
) -> None:
    """`mailboxes`: the address of each capacity, or None while it is not known."""
    await db.execute(insert(tenants).values(**values))
    capacities = [{"tenant_id": values["id"], "capacity": one} for one in mailboxes]
    await db.execute(insert(tenant_capacities), capacities)
    addresses = [
        {"tenant_id": values["id"], "capacity": one, "address": address}
        for one, address in mailboxes.items()
        if address is not None
    ]
    if addresses:
        await db.execute(insert(tenant_mailboxes), addresses)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the reference data know of an INSEE code and of a SIREN."""

    is_commune: bool
    commune_siren: str | None
    is_epci: bool


async def find_place(db: Executor, *, insee: str | None, siren: str) -> Place:
    commune = (
        await db.execute(select(communes.c.siren).where(communes.c.insee == insee))
    ).one_or_none()
    epci = (await db.execute(select(epcis.c.siren).where(epcis.c.siren == siren))).one_or_none()
    return Place(
        is_commune=commune is not None,
        commune_siren=commune.siren if commune else None,
        is_epci=epci is not None,
    )


# --- Names ----------------------------------------------------------------------------------------


async def insert_name(
    db: Executor, tenant_id: UUID, name: str, valid_from: date, recorded_at: datetime
) -> None:
    """The name from this day on; the one before is kept, since the beginning if it has no day."""
    named = select(
        tenants.c.id, literal(FROM_THE_BEGINNING), tenants.c.name, literal(recorded_at)
    ).where(tenants.c.id == tenant_id)
    columns = ("tenant_id", "valid_from", "name", "recorded_at")
    await db.execute(upsert(tenant_names).from_select(columns, named).on_conflict_do_nothing())
    await db.execute(
        insert(tenant_names).values(
            tenant_id=tenant_id, valid_from=valid_from, name=name, recorded_at=recorded_at
        )
    )


async def has_name_from(db: Executor, tenant_id: UUID, valid_from: date) -> bool:
    found = await db.execute(
        select(tenant_names.c.name).where(
            tenant_names.c.tenant_id == tenant_id, tenant_names.c.valid_from == valid_from
        )
    )
    return found.first() is not None


async def apply_names(db: Executor, today: date) -> int:
    """Give each organisme the name in force today; answers how many changed."""
    in_force = (
        select(tenant_names.c.name)
        .where(tenant_names.c.tenant_id == tenants.c.id, tenant_names.c.valid_from <= today)
        .order_by(tenant_names.c.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    changed = await db.execute(
        update(tenants).where(in_force != tenants.c.name).values(name=in_force)
    )
    return int(changed.rowcount)


# --- Mergers --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Merger:
    absorbed_id: UUID
    into_id: UUID
    on_date: date


async def find_merger(db: Executor, absorbed_id: UUID) -> Merger | None:
    row = (
        await db.execute(
            select(
                tenant_mergers.c.absorbed_id, tenant_mergers.c.into_id, tenant_mergers.c.on_date
            ).where(tenant_mergers.c.absorbed_id == absorbed_id)
        )
    ).one_or_none()
    return Merger(**row._mapping) if row else None


async def insert_merger(db: Executor, merger: Merger, recorded_at: datetime) -> None:
    await db.execute(insert(tenant_mergers).values(**vars(merger), recorded_at=recorded_at))


async def list_due_mergers(db: Executor, today: date) -> list[Merger]:
    """Those whose day has come and that nothing has recorded yet."""
    rows = await db.execute(
        select(tenant_mergers.c.absorbed_id, tenant_mergers.c.into_id, tenant_mergers.c.on_date)
        .join(tenants, tenants.c.id == tenant_mergers.c.absorbed_id)
        .where(tenant_mergers.c.on_date <= today, tenants.c.absorbed_into_id.is_(None))
        .order_by(tenant_mergers.c.on_date)
    )
    return [Merger(**row._mapping) for row in rows]


async def bring_over(db: Executor, merger: Merger, at: datetime) -> int:
    """Give the people of each organisme a seat in the other, as they are: how many seats.

    Who ever had a seat there, even one taken back, gets none: that was decided by somebody.
    """
    seats = []
    for source, target in (
        (merger.absorbed_id, merger.into_id),
        (merger.into_id, merger.absorbed_id),
    ):
        seats += await _seats(db, source, target)
    if seats:
        rows = [{**seat, "id": new_id(), "created_at": at} for seat in seats]
        await db.execute(insert(memberships), rows)
    return len(seats)


async def _seats(db: Executor, source: UUID, target: UUID) -> list[dict[str, Any]]:
    there = memberships.alias("there")
    already = select(there.c.id).where(
        there.c.tenant_id == target,
        there.c.person_id == memberships.c.person_id,
        there.c.capacity == memberships.c.capacity,
    )
    capacities = select(tenant_capacities.c.capacity).where(tenant_capacities.c.tenant_id == target)
    rows = await db.execute(
        select(
            memberships.c.person_id,
            memberships.c.capacity,
            memberships.c.role,
            memberships.c.contingents,
        ).where(
            memberships.c.tenant_id == source,
            memberships.c.revoked_at.is_(None),
            memberships.c.capacity.in_(capacities),
            ~already.exists(),
        )
    )
    return [{**row._mapping, "tenant_id": target} for row in rows]


async def mark_absorbed(db: Executor, merger: Merger) -> bool:
    """False if another worker has done it meanwhile."""
    changed = await db.execute(
        update(tenants)
        .where(tenants.c.id == merger.absorbed_id, tenants.c.absorbed_into_id.is_(None))
        .values(absorbed_into_id=merger.into_id)
    )
    return bool(changed.rowcount == 1)


async def absorbers(db: Executor, ids: Iterable[UUID], today: date) -> dict[UUID, UUID]:
    """Who answers today for whom was absorbed: absorbed → the one that took it over."""
    rows = await db.execute(
        select(tenant_mergers.c.absorbed_id, tenant_mergers.c.into_id).where(
            tenant_mergers.c.absorbed_id.in_(set(ids)), tenant_mergers.c.on_date <= today
        )
    )
    return {row.absorbed_id: row.into_id for row in rows}
