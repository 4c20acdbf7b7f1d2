"""Queries on the calendars that follow the deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, or_, select, update

from server.db.paging import Executor
from server.db.tables import calendar_feeds, memberships, tenants

READ_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Feed:
    """A calendar of a person, or of the whole organisme when `person_id` is None."""

    id: UUID
    person_id: UUID | None
    created_at: datetime
    made_by: str
    revoked_at: datetime | None
    last_read_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Followed:
    """For whom a calendar is read at this very moment."""

    id: UUID
    tenant_id: UUID
    tenant_name: str
    capacity: str
    contingents: tuple[str, ...]


async def insert_feed(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(calendar_feeds).values(**values))


async def list_feeds(db: Executor, person_id: UUID | None) -> list[Feed]:
    """The living ones of this person, and of the organisme, the newest first."""
    rows = await db.execute(
        select(
            calendar_feeds.c.id,
            calendar_feeds.c.person_id,
            calendar_feeds.c.created_at,
            calendar_feeds.c.made_by,
            calendar_feeds.c.revoked_at,
            calendar_feeds.c.last_read_at,
        )
        .where(
            calendar_feeds.c.revoked_at.is_(None),
            or_(calendar_feeds.c.person_id.is_(None), calendar_feeds.c.person_id == person_id),
        )
        .order_by(calendar_feeds.c.created_at.desc(), calendar_feeds.c.id)
    )
    return [Feed(**row._mapping) for row in rows]


async def revoke_feed(db: Executor, feed_id: UUID, at: datetime) -> None:
    await db.execute(
        update(calendar_feeds)
        .where(calendar_feeds.c.id == feed_id, calendar_feeds.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )


async def find_followed(db: Executor, secret_hash: str) -> Followed | None:
    """Whose calendar has this address now (role identity); a person who left has none any more.

    The contingents of a person are those of this moment, those of an organisme of its making.
    """
    living = and_(
        memberships.c.person_id == calendar_feeds.c.person_id,
        memberships.c.tenant_id == calendar_feeds.c.tenant_id,
        memberships.c.capacity == calendar_feeds.c.capacity,
        memberships.c.revoked_at.is_(None),
    )
    row = (
        await db.execute(
            select(
                calendar_feeds.c.id,
                calendar_feeds.c.tenant_id,
                tenants.c.name.label("tenant_name"),
                calendar_feeds.c.capacity,
                func.coalesce(memberships.c.contingents, calendar_feeds.c.contingents).label(
                    "contingents"
                ),
            )
            .join(tenants, tenants.c.id == calendar_feeds.c.tenant_id)
            .outerjoin(memberships, living)
            .where(
                calendar_feeds.c.secret_hash == secret_hash,
                calendar_feeds.c.revoked_at.is_(None),
                or_(calendar_feeds.c.person_id.is_(None), memberships.c.id.is_not(None)),
            )
        )
    ).one_or_none()
    if row is None:
        return None
    return Followed(**{**row._mapping, "contingents": tuple(row.contingents)})


async def note_reading(db: Executor, feed_id: UUID, at: datetime) -> None:
    """Diaries ask every few minutes: one write in five is enough to show that it is followed."""
    last = calendar_feeds.c.last_read_at
    await db.execute(
        update(calendar_feeds)
        .where(calendar_feeds.c.id == feed_id, or_(last.is_(None), last < at - READ_EVERY))
        .values(last_read_at=at)
    )
