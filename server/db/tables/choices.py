"""What each one chooses to receive, the reminders and the digests that were given."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, Table, Uuid

from server.db.columns import (
    CAPACITIES,
    CONTINGENTS,
    code,
    day,
    flag,
    identifier,
    instant,
    label,
    link,
    metadata,
    reference,
    tenant,
)
from server.domain.reminders import Stage

orientation_reminders = Table(
    "orientation_reminders",
    metadata,
    reference("orientation_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    label("contingent"),
    day("last_day"),
    label("stage"),
    instant("given_at"),
    PrimaryKeyConstraint("orientation_id", "last_day", "stage"),
    code("stage", tuple(Stage)),
    link("orientations", "orientation_id:id", "bailleur_id:bailleur_id",
         "reservataire_id:reservataire_id", "contingent:contingent"),
)  # fmt: skip

mail_preferences = Table(
    "mail_preferences",
    metadata,
    tenant("tenant_id"),
    label("capacity"),
    flag("information", default=True),
    flag("reminders", default=True),
    flag("digest"),
    instant("changed_at"),
    label("changed_by"),
    PrimaryKeyConstraint("tenant_id", "capacity"),
    code("capacity", CAPACITIES),
)

person_digests = Table(
    "person_digests",
    metadata,
    Column("person_id", Uuid, ForeignKey("persons.id"), nullable=False),
    tenant("tenant_id"),
    label("capacity"),
    label("address"),
    instant("changed_at"),
    PrimaryKeyConstraint("person_id", "tenant_id", "capacity"),
    code("capacity", CAPACITIES),
)

digests = Table(
    "digests",
    metadata,
    identifier(),
    tenant("tenant_id"),
    label("capacity"),
    label("contingent", default="none"),
    Column("person_id", Uuid, ForeignKey("persons.id"), nullable=True),
    day("day"),
    label("address", optional=True),
    code("capacity", CAPACITIES),
    code("contingent", CONTINGENTS),
    Index("digests_of_a_day", "tenant_id", "capacity", "contingent", "day", "person_id",
          unique=True, postgresql_nulls_not_distinct=True),
)  # fmt: skip
