"""A person looks at her own sessions and ends them; nobody else sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from server.db import sessions, tenants
from server.logs import security
from server.tenants.sessions import IDLE, SignedIn, digest
from server.tenants.transactions import Database


@dataclass(frozen=True, kw_only=True)
class Browser:
    """One of her living sessions; `handle` names it in a form and opens nothing."""

    handle: str
    user_agent: str
    tenant_name: str
    opened_at: datetime
    last_seen_at: datetime
    is_current: bool


async def list_own(database: Database, signed_in: SignedIn) -> list[Browser]:
    now = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        found = await sessions.list_own(
            tx, signed_in.session.person_id, at=now, idle_since=now - IDLE
        )
    return [
        Browser(
            handle=digest(one.id_hash),
            user_agent=one.user_agent,
            tenant_name=one.tenant_name or "",
            opened_at=one.created_at,
            last_seen_at=one.last_seen_at,
            is_current=one.id_hash == signed_in.session.id_hash,
        )
        for one in found
    ]


async def end_one(database: Database, signed_in: SignedIn, handle: str) -> bool:
    """False if it is none of hers, or already over."""
    now = datetime.now(UTC)
    person_id = signed_in.session.person_id
    async with database.identity_transaction() as tx:
        found = await sessions.list_own(tx, person_id, at=now, idle_since=now - IDLE)
        chosen = next((one for one in found if digest(one.id_hash) == handle), None)
        if chosen is not None:
            await tenants.update_session(tx, chosen.id_hash, revoked_at=now)
    if chosen is not None:
        security("session_ended", person=str(person_id))
    return chosen is not None


async def end_everywhere(database: Database, signed_in: SignedIn) -> int:
    """All of her sessions, this one too; answers how many."""
    person_id = signed_in.session.person_id
    async with database.identity_transaction() as tx:
        count = await sessions.end_all(tx, person_id, at=datetime.now(UTC))
    security("sessions_ended_everywhere", person=str(person_id), count=count)
    return count
