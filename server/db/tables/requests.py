"""What the portal remembers of the calls of its API: how many are left, what was answered."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Double, PrimaryKeyConstraint, Table, func

from server.db.columns import CAPACITIES, code, instant, label, metadata, tenant

call_budgets = Table(
    "call_budgets",
    metadata,
    tenant("tenant_id"),
    label("caller"),
    Column("points", Double, nullable=False),
    Column("charged", Double, nullable=False),
    instant("refilled_at"),
    PrimaryKeyConstraint("tenant_id", "caller"),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    tenant("tenant_id"),
    label("capacity"),
    label("client"),
    label("key"),
    label("input_hash"),
    label("answer", optional=True),
    Column(
        "kept_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True
    ),
    PrimaryKeyConstraint("tenant_id", "capacity", "client", "key"),
    code("capacity", CAPACITIES),
)
