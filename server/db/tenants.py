"""Queries on organismes, people, sessions and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select, update

from server.db.paging import Executor
from server.db.tables import (
    communes,
    lec_territories,
    login_attempts,
    memberships,
    persons,
    sessions,
    tenant_capacities,
    tenant_mailboxes,
    tenants,
)


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An organisme of the directory."""

    id: UUID
    name: str
    slug: str
    category: str
    siren: str
    insee: str | None


@dataclass(frozen=True, kw_only=True)
class Membership:
    """What a person may act for."""

    id: UUID
    person_id: UUID
    person_name: str
    tenant_id: UUID
    tenant_name: str
    capacity: str
    role: str
    contingents: tuple[str, ...]
    is_absorbed: bool = False


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in browser: who, acting for what."""

    id_hash: str
    person_id: UUID
    person_name: str
    membership_id: UUID | None
    id_token: str
    acr: str
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class LoginAttempt:
    """What the portal remembers between the departure to the provider and the return.

    `acr_values`, separated by spaces, are those of which one was demanded; empty, none was.
    """

    nonce: str
    code_verifier: str
    return_to: str
    acr_values: str = ""


TENANT_COLUMNS = (
    tenants.c.id,
    tenants.c.name,
    tenants.c.slug,
    tenants.c.category,
    tenants.c.siren,
    tenants.c.insee,
)


async def get_tenants(db: Executor, ids: Iterable[UUID]) -> dict[UUID, Tenant]:
    rows = await db.execute(select(*TENANT_COLUMNS).where(tenants.c.id.in_(set(ids))))
    return {row.id: Tenant(**row._mapping) for row in rows}


async def list_tenants(db: Executor, capacity: str) -> list[Tenant]:
    rows = await db.execute(
        select(*TENANT_COLUMNS)
        .join(tenant_capacities, tenant_capacities.c.tenant_id == tenants.c.id)
        .where(tenant_capacities.c.capacity == capacity)
        .order_by(tenants.c.name)
    )
    return [Tenant(**row._mapping) for row in rows]


async def find_commune_tenants(db: Executor, insees: Iterable[str]) -> list[Tenant]:
    """The communes themselves (not their CCAS): the maire sits in the commission (R441-9)."""
    rows = await db.execute(
        select(*TENANT_COLUMNS).where(
            tenants.c.category == "commune", tenants.c.insee.in_(set(insees))
        )
    )
    return [Tenant(**row._mapping) for row in rows]


async def find_epci_tenants(
    db: Executor, sirens: Iterable[str], *, lec_on: Any | None = None
) -> list[Tenant]:
    """EPCI organismes of these SIREN; with `lec_on`, only those LEC on that day."""
    statement = (
        select(*TENANT_COLUMNS)
        .join(tenant_capacities, tenant_capacities.c.tenant_id == tenants.c.id)
        .where(tenant_capacities.c.capacity == "epci", tenants.c.siren.in_(set(sirens)))
    )
    if lec_on is not None:
        in_force = and_(
            lec_territories.c.from_on <= lec_on,
            or_(lec_territories.c.to_on.is_(None), lec_territories.c.to_on >= lec_on),
        )
        statement = statement.join(
            lec_territories, and_(lec_territories.c.epci_siren == tenants.c.siren, in_force)
        )
    return [Tenant(**row._mapping) for row in await db.execute(statement)]


async def commune_names(db: Executor, insees: Iterable[str]) -> dict[str, str]:
    rows = await db.execute(
        select(communes.c.insee, communes.c.name).where(communes.c.insee.in_(set(insees)))
    )
    return {row.insee: row.name for row in rows}


async def epci_of_communes(db: Executor, insees: Iterable[str]) -> dict[str, str]:
    """INSEE code → SIREN of the EPCI."""
    rows = await db.execute(
        select(communes.c.insee, communes.c.epci_siren).where(
            communes.c.insee.in_(set(insees)), communes.c.epci_siren.is_not(None)
        )
    )
    return {row.insee: row.epci_siren for row in rows}


async def find_mailbox(db: Executor, tenant_id: UUID, capacity: str) -> str | None:
    row = (
        await db.execute(
            select(tenant_mailboxes.c.address).where(
                tenant_mailboxes.c.tenant_id == tenant_id,
                tenant_mailboxes.c.capacity == capacity,
            )
        )
    ).one_or_none()
    return row.address if row else None


# --- Sign-in: role portail_identity only ------------------------------------------------------


async def find_person(db: Executor, issuer: str, subject: str) -> tuple[UUID, str] | None:
    row = (
        await db.execute(
            select(persons.c.id, persons.c.name).where(
                persons.c.issuer == issuer, persons.c.subject == subject
            )
        )
    ).one_or_none()
    return (row.id, row.name) if row else None


async def change_issuer(db: Executor, issuer: str) -> None:
    """Attach everybody to another address of the same provider (role operator)."""
    await db.execute(update(persons).where(persons.c.issuer != issuer).values(issuer=issuer))


async def list_memberships(db: Executor, person_id: UUID) -> list[Membership]:
    rows = await db.execute(
        select(
            memberships.c.id,
            memberships.c.person_id,
            persons.c.name.label("person_name"),
            memberships.c.tenant_id,
            tenants.c.name.label("tenant_name"),
            memberships.c.capacity,
            memberships.c.role,
            memberships.c.contingents,
            tenants.c.absorbed_into_id.is_not(None).label("is_absorbed"),
        )
        .join(persons, persons.c.id == memberships.c.person_id)
        .join(tenants, tenants.c.id == memberships.c.tenant_id)
        .where(memberships.c.person_id == person_id, memberships.c.revoked_at.is_(None))
        .order_by(tenants.c.name, memberships.c.capacity)
    )
    return [Membership(**{**row._mapping, "contingents": tuple(row.contingents)}) for row in rows]


async def insert_login_attempt(
    db: Executor, *, state_hash: str, browser_hash: str, attempt: LoginAttempt, expires_at: datetime
) -> None:
    await db.execute(
        insert(login_attempts).values(
            state_hash=state_hash,
            browser_hash=browser_hash,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            return_to=attempt.return_to,
            acr_values=attempt.acr_values,
            expires_at=expires_at,
        )
    )


async def take_login_attempt(
    db: Executor, *, state_hash: str, browser_hash: str, at: datetime
) -> LoginAttempt | None:
    """The attempt, once: it is deleted as it is read; expired ones go too."""
    await db.execute(delete(login_attempts).where(login_attempts.c.expires_at < at))
    row = (
        await db.execute(
            delete(login_attempts)
            .where(
                login_attempts.c.state_hash == state_hash,
                login_attempts.c.browser_hash == browser_hash,
            )
            .returning(
                login_attempts.c.nonce,
                login_attempts.c.code_verifier,
                login_attempts.c.return_to,
                login_attempts.c.acr_values,
            )
        )
    ).one_or_none()
    return LoginAttempt(**row._mapping) if row else None


async def insert_session(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(sessions).values(**values))


async def find_session(
    db: Executor, id_hash: str, *, at: datetime, idle_since: datetime
) -> Session | None:
    row = (
        await db.execute(
            select(
                sessions.c.id_hash,
                sessions.c.person_id,
                persons.c.name.label("person_name"),
                sessions.c.membership_id,
                sessions.c.id_token,
                sessions.c.acr,
                sessions.c.last_seen_at,
                sessions.c.expires_at,
            )
            .join(persons, persons.c.id == sessions.c.person_id)
            .where(
                sessions.c.id_hash == id_hash,
                sessions.c.revoked_at.is_(None),
                sessions.c.expires_at > at,
                sessions.c.last_seen_at > idle_since,
            )
        )
    ).one_or_none()
    return Session(**row._mapping) if row else None


async def update_session(db: Executor, id_hash: str, **values: Any) -> None:
    await db.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(**values))
