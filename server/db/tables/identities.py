"""Tenants, people, what each may act for, and how they proved who they are."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from server.db.columns import (
    CAPACITIES,
    ROLES,
    code,
    count,
    identifier,
    instant,
    label,
    metadata,
    tenant,
)

ENDINGS = ("removed", "dormant")

tenants = Table(
    "tenants",
    metadata,
    identifier(),
    label("name"),
    label("slug"),
    label("category"),
    label("siren"),
    Column("insee", Text, ForeignKey("communes.insee"), nullable=True),
    tenant("absorbed_into_id", optional=True),
    UniqueConstraint("slug"),
)

tenant_capacities = Table(
    "tenant_capacities",
    metadata,
    tenant("tenant_id"),
    label("capacity"),
    PrimaryKeyConstraint("tenant_id", "capacity"),
    code("capacity", CAPACITIES),
)

tenant_mailboxes = Table(
    "tenant_mailboxes",
    metadata,
    tenant("tenant_id"),
    label("capacity"),
    label("address"),
    PrimaryKeyConstraint("tenant_id", "capacity"),
    code("capacity", CAPACITIES),
)

persons = Table(
    "persons",
    metadata,
    identifier(),
    label("issuer"),
    label("subject"),
    label("name"),
    instant("created_at"),
    UniqueConstraint("issuer", "subject"),
)

memberships = Table(
    "memberships",
    metadata,
    identifier(),
    Column("person_id", Uuid, ForeignKey("persons.id"), nullable=False),
    tenant("tenant_id"),
    label("capacity"),
    label("role"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    instant("created_at"),
    instant("revoked_at", optional=True),
    label("ended_as", optional=True),
    instant("last_sign_in_at", optional=True),
    instant("dormant_warned_at", optional=True),
    UniqueConstraint("id", "tenant_id"),
    Index(
        "memberships_living",
        *("person_id", "tenant_id", "capacity"),
        unique=True,
        postgresql_where=text("revoked_at is null"),
    ),
    Index("memberships_by_tenant", "tenant_id", "capacity"),
    code("capacity", CAPACITIES),
    code("role", ROLES),
    code("ended_as", ENDINGS),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("state_hash", Text, primary_key=True),
    label("browser_hash"),
    label("nonce"),
    label("code_verifier"),
    label("return_to"),
    label("acr_values", default=""),
    instant("expires_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", Text, primary_key=True),
    Column("person_id", Uuid, ForeignKey("persons.id"), nullable=False, index=True),
    Column("membership_id", Uuid, ForeignKey("memberships.id"), nullable=True),
    label("id_token"),
    label("user_agent"),
    label("acr", default=""),
    instant("created_at"),
    instant("last_seen_at"),
    instant("expires_at"),
    instant("revoked_at", optional=True),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    label("name"),
    label("token_hash"),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", optional=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("networks", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    label("made_by", default=""),
    label("revoked_by", optional=True),
    instant("last_used_at", optional=True),
    count("noticed_days", optional=True),
    UniqueConstraint("token_hash"),
    CheckConstraint("expires_at <= created_at + interval '8784 hours'", name="expires_at"),
    Index("api_tokens_by_tenant", "tenant_id", "capacity"),
    Index("api_tokens_expiring", "expires_at", postgresql_where=text("revoked_at is null")),
    code("capacity", CAPACITIES),
)
