"""Server-side sessions and API tokens: who is asking, read again from the database each time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from server.db import tenants
from server.db.tenants import Membership, Session
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.transactions import Database

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
TOKEN_PREFIX = "pdf_"  # noqa: S105 - the visible beginning of every token, not a secret


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A browser with a living session; `current` is None when the person has no organisme."""

    session: Session
    memberships: tuple[Membership, ...]
    current: Membership | None

    @property
    def actor(self) -> Actor | None:
        return None if self.current is None else actor_of(self.current, Channel.PAGE)


def digest(secret: str) -> str:
    """What the database keeps of a session id or a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_of(membership: Membership, channel: Channel) -> Actor:
    return Actor(
        tenant_id=membership.tenant_id,
        tenant_name=membership.tenant_name,
        capacity=Capacity(membership.capacity),
        role=Role(membership.role),
        channel=channel,
        person_id=membership.person_id,
        person_name=membership.person_name,
        contingents=frozenset(membership.contingents),
    )


async def open_session(
    database: Database, *, person_id: UUID, id_token: str, user_agent: str
) -> str:
    """A new session for somebody just identified; answers the secret of its cookie."""
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        known = await tenants.list_memberships(tx, person_id)
        await tenants.insert_session(
            tx,
            {
                "id_hash": digest(secret),
                "person_id": person_id,
                "membership_id": known[0].id if known else None,
                "id_token": id_token,
                "user_agent": user_agent[:200],
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + ABSOLUTE,
            },
        )
    return secret


async def find_signed_in(database: Database, secret: str, *, touch: bool = True) -> SignedIn | None:
    """The session of a cookie, with the rights of this very moment; None if ended or revoked.

    Without `touch` it is only looked at: what a page does by itself is no sign of its reader.
    """
    now = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        session = await tenants.find_session(tx, digest(secret), at=now, idle_since=now - IDLE)
        if session is None:
            return None
        known = await tenants.list_memberships(tx, session.person_id)
        if touch and now - session.last_seen_at > SEEN_EVERY:
            await tenants.update_session(tx, session.id_hash, last_seen_at=now)
    current = next((one for one in known if one.id == session.membership_id), None)
    return SignedIn(
        session=session,
        memberships=tuple(known),
        current=current or (known[0] if known else None),
    )


async def switch_membership(database: Database, signed_in: SignedIn, membership_id: UUID) -> bool:
    """Act for another organisme of the same person; False if it is not one of hers."""
    if membership_id not in {one.id for one in signed_in.memberships}:
        return False
    async with database.identity_transaction() as tx:
        await tenants.update_session(tx, signed_in.session.id_hash, membership_id=membership_id)
    return True


async def revoke_session(database: Database, signed_in: SignedIn) -> None:
    async with database.identity_transaction() as tx:
        await tenants.update_session(tx, signed_in.session.id_hash, revoked_at=datetime.now(UTC))


def new_token() -> str:
    """An API token, shown once: only its digest is kept."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


async def find_machine(database: Database, token: str) -> Actor | None:
    """The organisme that a bearer token acts for; None if unknown, expired or revoked."""
    async with database.identity_transaction() as tx:
        bearer = await tenants.find_token(tx, digest(token), at=datetime.now(UTC))
    if bearer is None:
        return None
    return Actor(
        tenant_id=bearer.tenant_id,
        tenant_name=bearer.tenant_name,
        capacity=Capacity(bearer.capacity),
        role=Role.MACHINE,
        channel=Channel.API,
        person_name=bearer.token_name,
        contingents=frozenset(bearer.contingents),
    )
