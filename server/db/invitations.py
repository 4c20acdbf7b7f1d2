"""Queries on invitations: made by an organisme or the operator, accepted by the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.paging import Executor
from server.db.tables import invitations, memberships, people_events, persons, tenants


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A person expected in an organisme; the secret of the link is nowhere."""

    id: UUID
    tenant_id: UUID
    capacity: str
    role: str
    contingents: tuple[str, ...]
    name: str
    created_at: datetime
    expires_at: datetime
    invited_by_name: str


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What the page of a link shows before anything is accepted."""

    invitation: Invitation
    tenant_name: str


_COLUMNS = (
    invitations.c.id,
    invitations.c.tenant_id,
    invitations.c.capacity,
    invitations.c.role,
    invitations.c.contingents,
    invitations.c.name,
    invitations.c.created_at,
    invitations.c.expires_at,
    invitations.c.invited_by_name,
)
_WAITING = and_(invitations.c.used_at.is_(None), invitations.c.cancelled_at.is_(None))


def _invitation(row: Any) -> Invitation:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    return Invitation(**{**values, "contingents": tuple(row.contingents)})


async def insert_invitation(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(invitations).values(**values))


async def insert_event(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(people_events).values(**values))


async def list_waiting(db: Executor, at: datetime) -> list[Invitation]:
    """Those of the actor's organisme that can still be accepted at this instant."""
    rows = await db.execute(
        select(*_COLUMNS)
        .where(_WAITING, invitations.c.expires_at > at)
        .order_by(invitations.c.created_at.desc(), invitations.c.id)
    )
    return [_invitation(row) for row in rows]


async def count_waiting(db: Executor, at: datetime) -> int:
    rows = await db.execute(
        select(func.count()).select_from(invitations).where(_WAITING, invitations.c.expires_at > at)
    )
    return int(rows.scalar_one())


async def exists(db: Executor, invitation_id: UUID) -> bool:
    rows = await db.execute(select(invitations.c.id).where(invitations.c.id == invitation_id))
    return rows.one_or_none() is not None


async def cancel(
    db: Executor, at: datetime, *, invitation_id: UUID | None = None, invited_by: UUID | None = None
) -> list[Invitation]:
    """Cancel the waiting one of this id, or those that this person made; answers which."""
    chosen = (
        invitations.c.id == invitation_id
        if invitation_id is not None
        else invitations.c.invited_by == invited_by
    )
    rows = await db.execute(
        update(invitations).where(_WAITING, chosen).values(cancelled_at=at).returning(*_COLUMNS)
    )
    return [_invitation(row) for row in rows]


# --- Accepting: role portail_identity only ------------------------------------------------------


async def find_welcome(db: Executor, secret_hash: str, *, at: datetime) -> Welcome | None:
    row = (
        await db.execute(
            select(*_COLUMNS, tenants.c.name.label("tenant_name"))
            .join(tenants, tenants.c.id == invitations.c.tenant_id)
            .where(
                _WAITING, invitations.c.secret_hash == secret_hash, invitations.c.expires_at > at
            )
        )
    ).one_or_none()
    return Welcome(invitation=_invitation(row), tenant_name=row.tenant_name) if row else None


async def take(db: Executor, secret_hash: str, *, at: datetime) -> Invitation | None:
    """Use it, once: of two that come together, the second finds nothing."""
    row = (
        await db.execute(
            update(invitations)
            .where(
                _WAITING, invitations.c.secret_hash == secret_hash, invitations.c.expires_at > at
            )
            .values(used_at=at)
            .returning(*_COLUMNS)
        )
    ).one_or_none()
    return _invitation(row) if row else None


async def note_membership(db: Executor, invitation_id: UUID, membership_id: UUID) -> None:
    await db.execute(
        update(invitations)
        .where(invitations.c.id == invitation_id)
        .values(membership_id=membership_id)
    )


async def attach_person(db: Executor, values: dict[str, Any]) -> tuple[UUID, str]:
    """The person of (issuer, subject), made now if she is new; her id and her name."""
    await db.execute(
        upsert(persons)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["issuer", "subject"])
    )
    row = (
        await db.execute(
            select(persons.c.id, persons.c.name).where(
                persons.c.issuer == values["issuer"], persons.c.subject == values["subject"]
            )
        )
    ).one()
    return row.id, row.name


async def insert_membership(db: Executor, values: dict[str, Any]) -> bool:
    """False if this person already acts for this organisme in this capacity."""
    added = await db.execute(
        upsert(memberships)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=["person_id", "tenant_id", "capacity"],
            index_where=memberships.c.revoked_at.is_(None),
        )
    )
    return bool(added.rowcount == 1)
