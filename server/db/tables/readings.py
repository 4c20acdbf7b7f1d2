"""Who read nominative data that is not their own file, and the dated self-tests of isolation."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from server.db.columns import (
    CONTINGENTS,
    code,
    count,
    identifier,
    instant,
    label,
    link,
    metadata,
    reference,
    tenant,
)

nominative_readings = Table(
    "nominative_readings",
    metadata,
    identifier(),
    instant("at"),
    instant("hour_at"),
    tenant("actor_tenant_id"),
    label("person_name"),
    label("channel"),
    reference("orientation_id"),
    reference("dwelling_id"),
    tenant("bailleur_id"),
    tenant("reservataire_id"),
    label("contingent", default="none"),
    # one line a person, a file and an hour, however many times the page is opened
    UniqueConstraint("actor_tenant_id", "person_name", "orientation_id", "hour_at"),
    link("orientations", "orientation_id:id", "bailleur_id:bailleur_id",
         "reservataire_id:reservataire_id", "contingent:contingent"),
    code("channel", ("page", "api", "worker")),
    code("contingent", CONTINGENTS),
    Index("nominative_readings_by_bailleur", "bailleur_id", "at", "id"),
    Index("nominative_readings_by_reservataire", "reservataire_id", "at", "id"),
    Index("nominative_readings_by_actor", "actor_tenant_id", "at", "id"),
    Index("nominative_readings_by_orientation", "orientation_id", "at"),
)  # fmt: skip

isolation_checks = Table(
    "isolation_checks",
    metadata,
    identifier(),
    instant("ran_at"),
    label("outcome"),
    count("checks"),
    count("probes"),
    count("failures"),
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),
    code("outcome", ("passed", "failed")),
    Index("isolation_checks_by_day", "ran_at", "id"),
)
