"""Queries on the sessions of one person: role portail_identity only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update

from server.db.paging import Executor
from server.db.tables import memberships, sessions, tenants


@dataclass(frozen=True, kw_only=True)
class OwnSession:
    """A browser where a person is signed in, for herself to recognise."""

    id_hash: str
    user_agent: str
    tenant_name: str | None
    created_at: datetime
    last_seen_at: datetime


async def note_sign_in(db: Executor, membership_id: UUID | None, *, at: datetime) -> None:
    """She acts for this organisme: its account is awake again, whatever it was warned of."""
    await db.execute(
        update(memberships)
        .where(memberships.c.id == membership_id)
        .values(last_sign_in_at=at, dormant_warned_at=None)
    )


def _living(person_id: UUID, at: datetime) -> ColumnElement[bool]:
    return and_(
        sessions.c.person_id == person_id,
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > at,
    )


async def end_oldest(db: Executor, person_id: UUID, *, at: datetime, kept: int) -> None:
    """End all her sessions but the `kept` newest ones; sign-ins of one person wait in line."""
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(person_id), 0))))
    newest = (
        select(sessions.c.id_hash)
        .where(_living(person_id, at))
        .order_by(sessions.c.created_at.desc(), sessions.c.id_hash)
        .limit(kept)
    )
    await db.execute(
        update(sessions)
        .where(_living(person_id, at), sessions.c.id_hash.not_in(newest))
        .values(revoked_at=at)
    )


async def list_own(
    db: Executor, person_id: UUID, *, at: datetime, idle_since: datetime
) -> Sequence[OwnSession]:
    """Her sessions that still open a page, the last seen first."""
    rows = await db.execute(
        select(
            sessions.c.id_hash,
            sessions.c.user_agent,
            tenants.c.name.label("tenant_name"),
            sessions.c.created_at,
            sessions.c.last_seen_at,
        )
        .outerjoin(memberships, memberships.c.id == sessions.c.membership_id)
        .outerjoin(tenants, tenants.c.id == memberships.c.tenant_id)
        .where(_living(person_id, at), sessions.c.last_seen_at > idle_since)
        .order_by(sessions.c.last_seen_at.desc(), sessions.c.id_hash)
    )
    return [OwnSession(**row._mapping) for row in rows]


async def end_all(db: Executor, person_id: UUID, *, at: datetime) -> int:
    """How many browsers were signed in."""
    ended = await db.execute(update(sessions).where(_living(person_id, at)).values(revoked_at=at))
    return int(ended.rowcount)
