"""Queries on the mails that did not go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.notifications import Notification
from server.db.paging import Executor
from server.db.tables import dead_letters, notifications, tenants

MOST = 200


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A mail that failed, or of which nobody knows; `settled_at`: it went after all."""

    notification_id: UUID
    sender_name: str
    recipient_name: str
    template: str
    subject_kind: str
    subject_id: UUID
    state: str
    error: str
    failed_at: datetime
    replayed_at: datetime | None
    replayed_by: str | None
    settled_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """It was sent again, and nobody knows yet how that ended."""
        return self.replayed_at is not None and self.replayed_at >= self.failed_at


async def insert_letter(
    db: Executor, row: Notification, state: str, error: str, at: datetime
) -> None:
    """Role system; the last failure is the one that is read."""
    sender = select(notifications.c.sender_id).where(notifications.c.id == row.id).scalar_subquery()
    facts: dict[str, Any] = {
        "state": state,
        "error": error,
        "failed_at": at,
        "settled_at": None,
    }
    statement = upsert(dead_letters).values(
        notification_id=row.id,
        sender_id=sender,
        recipient_id=row.recipient_id,
        template=row.template,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        **facts,
    )
    await db.execute(
        statement.on_conflict_do_update(index_elements=["notification_id"], set_=facts)
    )


async def settle_letter(db: Executor, notification_id: UUID, at: datetime) -> None:
    """It went: role system."""
    await db.execute(
        update(dead_letters)
        .where(
            dead_letters.c.notification_id == notification_id, dead_letters.c.settled_at.is_(None)
        )
        .values(settled_at=at)
    )


_SENDER, _RECIPIENT = tenants.alias("sender"), tenants.alias("recipient")


async def list_letters(db: Executor) -> list[DeadLetter]:
    """Those that did not go, the newest first; as a sender its own, as role system all."""
    rows = await db.execute(
        select(
            dead_letters.c.notification_id,
            _SENDER.c.name.label("sender_name"),
            _RECIPIENT.c.name.label("recipient_name"),
            dead_letters.c.template,
            dead_letters.c.subject_kind,
            dead_letters.c.subject_id,
            dead_letters.c.state,
            dead_letters.c.error,
            dead_letters.c.failed_at,
            dead_letters.c.replayed_at,
            dead_letters.c.replayed_by,
            dead_letters.c.settled_at,
        )
        .join(_SENDER, _SENDER.c.id == dead_letters.c.sender_id)
        .join(_RECIPIENT, _RECIPIENT.c.id == dead_letters.c.recipient_id)
        .where(dead_letters.c.settled_at.is_(None))
        .order_by(dead_letters.c.failed_at.desc(), dead_letters.c.notification_id)
        .limit(MOST)
    )
    return [DeadLetter(**row._mapping) for row in rows]


async def replay_letter(db: Executor, notification_id: UUID, by: str, at: datetime) -> bool:
    """Note who sends it again; False if it went, or is being sent again already."""
    replayed = dead_letters.c.replayed_at
    done: Any = await db.execute(
        update(dead_letters)
        .where(
            dead_letters.c.notification_id == notification_id,
            dead_letters.c.settled_at.is_(None),
            or_(replayed.is_(None), replayed < dead_letters.c.failed_at),
        )
        .values(replayed_at=at, replayed_by=by)
    )
    return bool(done.rowcount == 1)
