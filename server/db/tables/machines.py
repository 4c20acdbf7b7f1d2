"""The clients of the machines' issuer, and what machines have called."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from server.db.columns import (
    CAPACITIES,
    code,
    count,
    day,
    identifier,
    instant,
    label,
    metadata,
    reference,
    tenant,
)

machine_clients = Table(
    "machine_clients",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    label("name"),
    label("issuer"),
    label("client_id"),
    label("attachment_hash"),
    instant("attached_at", optional=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("networks", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    label("made_by", default=""),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", optional=True),
    label("revoked_by", optional=True),
    instant("last_used_at", optional=True),
    count("noticed_days", optional=True),
    code("capacity", CAPACITIES),
    CheckConstraint("expires_at <= created_at + interval '8784 hours'", name="expires_at"),
    Index("machine_clients_by_tenant", "tenant_id", "capacity"),
    Index("machine_clients_by_client", "issuer", "client_id"),
    Index("machine_clients_expiring", "expires_at", postgresql_where=text("revoked_at is null")),
    Index(
        "machine_clients_attached",
        *("issuer", "client_id"),
        unique=True,
        postgresql_where=text("attached_at is not null and revoked_at is null"),
    ),
)


api_calls = Table(
    "api_calls",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    reference("caller_id"),
    label("caller_name"),
    day("day"),
    label("operation"),
    label("outcome"),
    count("call_count", default=1),
    instant("last_at"),
    UniqueConstraint("tenant_id", "caller_id", "day", "operation", "outcome"),
    code("capacity", CAPACITIES),
    Index("api_calls_by_day", "tenant_id", "capacity", "day", "id"),
    Index("api_calls_old", "day"),
)
