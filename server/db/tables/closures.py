"""The days when a réservataire says that it is closed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table

from server.db.columns import day, identifier, instant, label, metadata, tenant

closures = Table(
    "closures",
    metadata,
    identifier(),
    tenant("tenant_id"),
    day("first_day"),
    day("last_day"),
    label("reason"),
    instant("declared_at"),
    label("declared_by"),
    instant("withdrawn_at", optional=True),
    label("withdrawn_by", optional=True),
    CheckConstraint("first_day <= last_day", name="order"),
    Index("closures_by_tenant", "tenant_id", "last_day"),
)
