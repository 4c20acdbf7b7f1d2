"""Server-side sessions and API tokens: who is asking, read again from the database each time."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from server.db import sessions, tenants
from server.db.tenants import Membership, Session
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.assurance import Assurance
from server.tenants.transactions import Database

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
MOST_SESSIONS = 10
"""Of one person at a time; the oldest ends when one more opens."""

TOKEN_PREFIX = "pdf_"  # noqa: S105 - the visible beginning of every token, not a secret


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A browser with a living session.

    `current` is None when the person has no organisme, and as long as the one for which she wants
    to act (`awaiting`) demands a stronger sign-in than hers: then she acts for nobody.
    """

    session: Session
    memberships: tuple[Membership, ...]
    current: Membership | None
    awaiting: Membership | None = None

    @property
    def ends_at(self) -> datetime:
        """When the session ends if nothing more is asked."""
        return min(self.session.last_seen_at + IDLE, self.session.expires_at)

    @property
    def is_last_hour(self) -> bool:
        """Nothing but another sign-in makes it last beyond `ends_at`."""
        return self.ends_at == self.session.expires_at

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
        is_absorbed=membership.is_absorbed,
    )


async def open_session(
    database: Database,
    *,
    person_id: UUID,
    id_token: str,
    user_agent: str,
    acr: str = "",
    membership_id: UUID | None = None,
) -> str:
    """A new session for somebody just identified; answers the secret of its cookie.

    `acr` is how strongly; `membership_id`, if it is one of hers, for what she goes on acting.
    """
    secret = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        known = [one.id for one in await tenants.list_memberships(tx, person_id)]
        first = known[0] if known else None
        chosen = membership_id if membership_id in known else first
        await sessions.note_sign_in(tx, chosen, at=now)
        await sessions.end_oldest(tx, person_id, at=now, kept=MOST_SESSIONS - 1)
        await tenants.insert_session(
            tx,
            {
                "id_hash": digest(secret),
                "person_id": person_id,
                "membership_id": chosen,
                "id_token": id_token,
                "acr": acr,
                "user_agent": user_agent[:200],
                "created_at": now,
                "last_seen_at": now,
                "expires_at": now + ABSOLUTE,
            },
        )
    return secret


ANY_SIGN_IN = Assurance()


async def find_signed_in(
    database: Database, secret: str, *, assurance: Assurance = ANY_SIGN_IN, touch: bool = True
) -> SignedIn | None:
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
            session = replace(session, last_seen_at=now)
    first = known[0] if known else None
    wanted = next((one for one in known if one.id == session.membership_id), first)
    is_enough = wanted is None or assurance.is_enough(session.acr, Capacity(wanted.capacity))
    return SignedIn(
        session=session,
        memberships=tuple(known),
        current=wanted if is_enough else None,
        awaiting=None if is_enough else wanted,
    )


async def switch_membership(database: Database, signed_in: SignedIn, membership_id: UUID) -> bool:
    """Act for another organisme of the same person; False if it is not one of hers."""
    if membership_id not in {one.id for one in signed_in.memberships}:
        return False
    async with database.identity_transaction() as tx:
        await tenants.update_session(tx, signed_in.session.id_hash, membership_id=membership_id)
        await sessions.note_sign_in(tx, membership_id, at=datetime.now(UTC))
    return True


async def prolong_session(database: Database, signed_in: SignedIn) -> SignedIn:
    """Somebody is there: the idle time starts again; the absolute end does not move."""
    now = datetime.now(UTC)
    async with database.identity_transaction() as tx:
        await tenants.update_session(tx, signed_in.session.id_hash, last_seen_at=now)
    return replace(signed_in, session=replace(signed_in.session, last_seen_at=now))


async def revoke_session(database: Database, signed_in: SignedIn) -> None:
    async with database.identity_transaction() as tx:
        await tenants.update_session(tx, signed_in.session.id_hash, revoked_at=datetime.now(UTC))


def new_token() -> str:
    """An API token, shown once: only its digest is kept."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)
