"""The calendars that people and organismes follow from their diary."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, ForeignKey, Index, Table, Text, UniqueConstraint, Uuid, text

from server.db.columns import CAPACITIES, code, identifier, instant, label, metadata, tenant

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    Column("person_id", Uuid, ForeignKey("persons.id"), nullable=True),
    label("secret_hash"),
    instant("created_at"),
    label("made_by"),
    instant("revoked_at", optional=True),
    instant("last_read_at", optional=True),
    UniqueConstraint("secret_hash"),
    code("capacity", CAPACITIES),
    Index("calendar_feeds_by_tenant", "tenant_id", "capacity", "created_at"),
)
