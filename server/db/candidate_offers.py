"""Queries on what the candidates retained by the caleol were told, and answered (R441-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from server.db.paging import Executor
from server.db.tables import candidate_offers


@dataclass(frozen=True, kw_only=True)
class CandidateOffer:
    """A candidate told of its rank; `due_at` is the exclusive bound of its period."""

    id: UUID
    orientation_id: UUID
    candidate_id: UUID
    rank: int
    notified_on: date
    due_at: datetime
    last_day: date
    receipt: dict[str, Any]
    reply: str | None
    replied_on: date | None
    reply_reason: str | None


_COLUMNS = (
    candidate_offers.c.id,
    candidate_offers.c.orientation_id,
    candidate_offers.c.candidate_id,
    candidate_offers.c.rank,
    candidate_offers.c.notified_on,
    candidate_offers.c.due_at,
    candidate_offers.c.last_day,
    candidate_offers.c.receipt,
    candidate_offers.c.reply,
    candidate_offers.c.replied_on,
    candidate_offers.c.reply_reason,
)


async def list_offers(
    db: Executor, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[CandidateOffer]]:
    """By orientation, in the order of the ranks."""
    rows = await db.execute(
        select(*_COLUMNS)
        .where(candidate_offers.c.orientation_id.in_(set(orientation_ids)))
        .order_by(candidate_offers.c.rank)
    )
    found: dict[UUID, list[CandidateOffer]] = {}
    for row in rows:
        found.setdefault(row.orientation_id, []).append(CandidateOffer(**row._mapping))
    return found


async def insert_offer(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(candidate_offers).values(**values))


async def keep_reply(db: Executor, offer_id: UUID, **values: Any) -> bool:
    """False if a reply is already kept."""
    changed = await db.execute(
        update(candidate_offers)
        .where(candidate_offers.c.id == offer_id, candidate_offers.c.reply.is_(None))
        .values(**values)
    )
    return bool(changed.rowcount == 1)
