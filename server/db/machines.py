"""Queries on the accesses of machines: tokens of the portal, clients of the configured issuer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, Table, and_, insert, literal, null, or_, select, union_all, update

from server.db.paging import Executor
from server.db.tables import api_tokens, machine_clients, tenants

Kind = Literal["token", "client"]
TABLES: dict[Kind, Table] = {"token": api_tokens, "client": machine_clients}
MOST_MACHINES = 500


@dataclass(frozen=True, kw_only=True)
class Machine:
    """An access of the actor's organisme; `client_id` and `attached_at` are of clients only."""

    id: UUID
    kind: Kind
    name: str
    client_id: str | None
    attached_at: datetime | None
    contingents: tuple[str, ...]
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    made_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Whom an access acts for, in force or not: the door decides."""

    id: UUID
    kind: Kind
    name: str
    tenant_id: UUID
    tenant_name: str
    capacity: str
    contingents: tuple[str, ...]
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    is_absorbed: bool


@dataclass(frozen=True, kw_only=True)
class DueNotice:
    """An access that is about to expire, in whose context it is told."""

    id: UUID
    kind: Kind
    tenant_id: UUID
    tenant_name: str
    capacity: str
    contingents: tuple[str, ...]
    expires_at: datetime


# --- For its organisme --------------------------------------------------------------------------


def _machines(kind: Kind) -> Select[Any]:
    table = TABLES[kind]
    is_client = kind == "client"
    return select(
        table.c.id,
        literal(kind).label("kind"),
        table.c.name,
        (table.c.client_id if is_client else null()).label("client_id"),
        (table.c.attached_at if is_client else null()).label("attached_at"),
        table.c.contingents,
        table.c.scopes,
        table.c.networks,
        table.c.made_by,
        table.c.created_at,
        table.c.expires_at,
        table.c.revoked_at,
        table.c.revoked_by,
        table.c.last_used_at,
    )


def _machine(row: Any) -> Machine:
    return Machine(**_with_tuples(row, "contingents", "scopes", "networks"))


def _with_tuples(row: Any, *names: str) -> dict[str, Any]:
    return {**row._mapping, **{name: tuple(getattr(row, name)) for name in names}}


async def list_machines(db: Executor) -> list[Machine]:
    """The newest first; an organisme has a few, 500 are read."""
    found = union_all(_machines("token"), _machines("client")).subquery()
    rows = await db.execute(select(found).order_by(found.c.id.desc()).limit(MOST_MACHINES))
    return [_machine(row) for row in rows]


async def find_machine(db: Executor, machine_id: UUID) -> Machine | None:
    wanted = [_machines(kind).where(table.c.id == machine_id) for kind, table in TABLES.items()]
    row = (await db.execute(union_all(*wanted))).one_or_none()
    return _machine(row) if row else None


async def insert_machine(db: Executor, kind: Kind, values: dict[str, Any]) -> None:
    await db.execute(insert(TABLES[kind]).values(**values))


async def revoke_machine(
    db: Executor, kind: Kind, machine_id: UUID, *, at: datetime, by: str
) -> bool:
    """False if it was revoked already."""
    table = TABLES[kind]
    changed = await db.execute(
        update(table)
        .where(table.c.id == machine_id, table.c.revoked_at.is_(None))
        .values(revoked_at=at, revoked_by=by)
    )
    return bool(changed.rowcount == 1)


# --- At the door: role identity only ------------------------------------------------------------


def _credentials(kind: Kind) -> Select[Any]:
    table = TABLES[kind]
    return select(
        table.c.id,
        literal(kind).label("kind"),
        table.c.name,
        table.c.tenant_id,
        tenants.c.name.label("tenant_name"),
        table.c.capacity,
        table.c.contingents,
        table.c.scopes,
        table.c.networks,
        table.c.expires_at,
        table.c.revoked_at,
        table.c.last_used_at,
        tenants.c.absorbed_into_id.is_not(None).label("is_absorbed"),
    ).join(tenants, tenants.c.id == table.c.tenant_id)


def _credential(row: Any) -> Credential:
    return Credential(**_with_tuples(row, "contingents", "scopes", "networks"))


async def find_token(db: Executor, token_hash: str) -> Credential | None:
    """In force or not."""
    row = (
        await db.execute(_credentials("token").where(api_tokens.c.token_hash == token_hash))
    ).one_or_none()
    return _credential(row) if row else None


async def find_client(db: Executor, issuer: str, client_id: str) -> Credential | None:
    """The access that a client was attached to last, in force or not."""
    row = (
        await db.execute(
            _credentials("client")
            .where(
                machine_clients.c.issuer == issuer,
                machine_clients.c.client_id == client_id,
                machine_clients.c.attached_at.is_not(None),
            )
            .order_by(machine_clients.c.revoked_at.desc().nulls_first())
            .limit(1)
        )
    ).one_or_none()
    return _credential(row) if row else None


async def attach_client(
    db: Executor, *, issuer: str, client_id: str, attachment_hash: str, at: datetime
) -> bool:
    """Attach the client to the access whose code it presents, unless it has one in force."""
    living = machine_clients.alias()
    is_free = ~(
        select(living.c.id)
        .where(
            living.c.issuer == issuer,
            living.c.client_id == client_id,
            living.c.attached_at.is_not(None),
            living.c.revoked_at.is_(None),
        )
        .exists()
    )
    changed = await db.execute(
        update(machine_clients)
        .where(
            machine_clients.c.issuer == issuer,
            machine_clients.c.client_id == client_id,
            machine_clients.c.attachment_hash == attachment_hash,
            machine_clients.c.attached_at.is_(None),
            machine_clients.c.revoked_at.is_(None),
            machine_clients.c.expires_at > at,
            is_free,
        )
        .values(attached_at=at)
    )
    return bool(changed.rowcount == 1)


async def touch_machine(db: Executor, kind: Kind, machine_id: UUID, at: datetime) -> None:
    table = TABLES[kind]
    await db.execute(update(table).where(table.c.id == machine_id).values(last_used_at=at))


# --- For the sweep: role system -----------------------------------------------------------------


def _due(kind: Kind, at: datetime, days: int) -> Select[Any]:
    table = TABLES[kind]
    return (
        select(
            table.c.id,
            literal(kind).label("kind"),
            table.c.tenant_id,
            tenants.c.name.label("tenant_name"),
            table.c.capacity,
            table.c.contingents,
            table.c.expires_at,
        )
        .join(tenants, tenants.c.id == table.c.tenant_id)
        .where(
            table.c.revoked_at.is_(None),
            and_(table.c.expires_at > at, table.c.expires_at <= at + timedelta(days=days)),
            or_(table.c.noticed_days.is_(None), table.c.noticed_days > days),
        )
    )


async def list_due_notices(db: Executor, at: datetime, *, days: int, limit: int) -> list[DueNotice]:
    """The accesses that expire within `days`, and whose organisme was not told so yet."""
    found = union_all(_due("token", at, days), _due("client", at, days)).subquery()
    rows = await db.execute(select(found).order_by(found.c.expires_at).limit(limit))
    return [DueNotice(**_with_tuples(row, "contingents")) for row in rows]


async def mark_noticed(db: Executor, kind: Kind, machine_id: UUID, days: int) -> bool:
    """False if somebody else told it, or revoked the access."""
    table = TABLES[kind]
    changed = await db.execute(
        update(table)
        .where(
            table.c.id == machine_id,
            table.c.revoked_at.is_(None),
            or_(table.c.noticed_days.is_(None), table.c.noticed_days > days),
        )
        .values(noticed_days=days)
    )
    return bool(changed.rowcount == 1)
