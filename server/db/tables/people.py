"""How people enter an organisme, and the trail of who was let in, changed and sent away."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Index, Table, Text, UniqueConstraint, text

from server.db.columns import (
    CAPACITIES,
    ROLES,
    code,
    flag,
    identifier,
    instant,
    label,
    link,
    metadata,
    reference,
    tenant,
)

PEOPLE_ACTS = (
    "invited",
    "invitation_cancelled",
    "joined",
    "role_changed",
    "removed",
    "dormant_warned",
    "dormant_closed",
    "reviewed",
)

invitations = Table(
    "invitations",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    label("role"),
    Column("contingents", ARRAY(Text), nullable=False, server_default=text("'{none}'")),
    label("name"),
    label("secret_hash"),
    instant("created_at"),
    instant("expires_at"),
    reference("invited_by", optional=True),
    label("invited_by_name"),
    instant("used_at", optional=True),
    reference("membership_id", optional=True),
    instant("cancelled_at", optional=True),
    UniqueConstraint("secret_hash"),
    UniqueConstraint("id", "tenant_id"),
    link("memberships", "membership_id:id", "tenant_id:tenant_id"),
    code("capacity", CAPACITIES),
    code("role", ROLES),
    Index("invitations_by_tenant", "tenant_id", "capacity", "created_at", "id"),
)

people_events = Table(
    "people_events",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    instant("at"),
    reference("person_id", optional=True),
    label("person_name"),
    label("act"),
    reference("membership_id", optional=True),
    reference("invitation_id", optional=True),
    label("subject_name"),
    label("from_role", optional=True),
    label("to_role", optional=True),
    link("memberships", "membership_id:id", "tenant_id:tenant_id"),
    link("invitations", "invitation_id:id", "tenant_id:tenant_id"),
    code("capacity", CAPACITIES),
    code("act", PEOPLE_ACTS),
    code("from_role", ROLES),
    code("to_role", ROLES),
    Index("people_events_by_tenant", "tenant_id", "capacity", "at", "id"),
)

answer_link_decisions = Table(
    "answer_link_decisions",
    metadata,
    identifier(),
    tenant("tenant_id"),
    flag("is_open"),
    instant("decided_at"),
    reference("person_id", optional=True),
    label("person_name"),
    Index("answer_link_decisions_by_tenant", "tenant_id", "id"),
)
