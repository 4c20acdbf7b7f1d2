"""Queries on the arrival of offers, and on the life of the portal."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import heartbeats, notifications, orientations, outages


async def note_arrival(db: Executor, notification_id: UUID, at: datetime) -> None:
    """The mail that carries an offer was taken, or kept; the first time counts."""
    await db.execute(
        update(orientations)
        .where(
            orientations.c.delivery_id == notification_id, orientations.c.delivery != "delivered"
        )
        .values(delivery="delivered", delivered_at=at, delivery_error=None)
    )


async def note_trouble(db: Executor, notification_id: UUID, error: str | None) -> None:
    """The mail did not go yet and is tried again (role system)."""
    await db.execute(
        update(orientations)
        .where(orientations.c.delivery_id == notification_id, orientations.c.delivery == "pending")
        .values(delivery_error=error)
    )


async def find_carried(db: Executor, notification_id: UUID) -> tuple[UUID, UUID] | None:
    """The offer that this mail carries last, and its bailleur (role system); None if none does."""
    row = (
        await db.execute(
            select(orientations.c.id, orientations.c.bailleur_id).where(
                orientations.c.delivery_id == notification_id
            )
        )
    ).one_or_none()
    return (row.id, row.bailleur_id) if row else None


async def fail_delivery(db: Executor, notification_id: UUID, error: str) -> bool:
    """The mail never arrived; False if it was known, or if another one carries the offer now."""
    changed: Any = await db.execute(
        update(orientations)
        .where(orientations.c.delivery_id == notification_id, orientations.c.delivery != "failed")
        .values(delivery="failed", delivered_at=None, delivery_error=error)
    )
    return bool(changed.rowcount == 1)


async def find_by_message_id(db: Executor, message_id: str) -> UUID | None:
    """The notification that a returned mail was, by its Message-ID (role system)."""
    rows = await db.execute(
        select(notifications.c.id).where(notifications.c.message_id == message_id)
    )
    return rows.scalar_one_or_none()


async def beat(db: Executor) -> tuple[datetime, datetime]:
    """The portal lives: the heartbeat before this one (itself, the first time), and this one.

    In real time, whatever the business clock says. Two processes beat one after the other: each
    silence is seen once.
    """
    await db.execute(
        upsert(heartbeats)
        .values(singleton=True, at=func.clock_timestamp())
        .on_conflict_do_nothing()
    )
    last = (await db.execute(select(heartbeats.c.at).with_for_update(key_share=True))).scalar_one()
    beaten = update(heartbeats).values(at=func.clock_timestamp()).returning(heartbeats.c.at)
    now = (await db.execute(beaten)).scalar_one()
    return last, now


async def insert_outage(db: Executor, started_at: datetime, ended_at: datetime) -> None:
    await db.execute(insert(outages).values(started_at=started_at, ended_at=ended_at))
