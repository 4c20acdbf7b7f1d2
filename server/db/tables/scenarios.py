"""What-if: the scenarios of a bailleur, their figures, who reads them, their drawn years."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as expression
from sqlalchemy.dialects.postgresql import JSONB

from server.db.columns import (
    CONTINGENTS,
    code,
    count,
    day,
    identifier,
    instant,
    label,
    link,
    metadata,
    reference,
    tenant,
)

DRAW_STATES = ("waiting", "running", "done", "cancelled", "failed")

scenarios = Table(
    "scenarios",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    label("name"),
    count("year"),
    Column("epci_siren", Text, ForeignKey("epcis.siren"), nullable=True),
    Column("hypotheses", JSONB, nullable=False),
    Column("base", JSONB, nullable=False),
    Column("changes", JSONB, nullable=False, server_default=expression("'[]'")),
    Column("tables", JSONB, nullable=False, server_default=expression("'{}'")),
    day("counted_on"),
    count("revision", default=1),
    instant("created_at"),
    label("created_by"),
    instant("changed_at"),
    UniqueConstraint("id", "bailleur_id"),
    CheckConstraint("char_length(name) between 1 and 120", name="name"),
    Index("scenarios_by_bailleur", "bailleur_id", "changed_at", "id"),
)

scenario_figures = Table(
    "scenario_figures",
    metadata,
    reference("scenario_id"),
    reference("bailleur_id"),
    count("position"),
    tenant("reservataire_id", optional=True),
    label("contingent", default="none"),
    label("name"),
    Column("figures", JSONB, nullable=False),
    Column("drawn", JSONB, nullable=True),
    PrimaryKeyConstraint("scenario_id", "position"),
    link("scenarios", "scenario_id:id", "bailleur_id:bailleur_id"),
    code("contingent", CONTINGENTS),
)

scenario_shares = Table(
    "scenario_shares",
    metadata,
    identifier(),
    reference("scenario_id"),
    reference("bailleur_id"),
    tenant("tenant_id"),
    label("capacity"),
    instant("shared_at"),
    label("shared_by"),
    instant("revoked_at", optional=True),
    link("scenarios", "scenario_id:id", "bailleur_id:bailleur_id"),
    code("capacity", ("reservataire", "prefecture")),
    Index("scenario_shares_running", "scenario_id", "tenant_id", "capacity", unique=True,
          postgresql_where=expression("revoked_at is null")),
    Index("scenario_shares_by_tenant", "tenant_id", "capacity", "scenario_id"),
)  # fmt: skip

scenario_draws = Table(
    "scenario_draws",
    metadata,
    reference("scenario_id"),
    reference("bailleur_id"),
    label("state", default="waiting"),
    count("revision"),
    Column("seed", BigInteger, nullable=False),
    count("wanted"),
    count("done", default=0),
    Column("parties", JSONB, nullable=True),
    Column("tally", JSONB, nullable=True),
    Column("served", LargeBinary, nullable=False, server_default=expression("''")),
    instant("asked_at"),
    label("asked_by"),
    instant("ended_at", optional=True),
    PrimaryKeyConstraint("scenario_id"),
    link("scenarios", "scenario_id:id", "bailleur_id:bailleur_id"),
    code("state", DRAW_STATES),
    CheckConstraint("wanted between 1 and 10000 and done between 0 and wanted", name="years"),
)
