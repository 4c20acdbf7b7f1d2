"""The ledgers of the flux: one per bailleur and counting basis, its moves, what they add up to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from server.db.columns import (
    CONTINGENTS,
    code,
    count,
    instant,
    label,
    link,
    metadata,
    reference,
    tenant,
)

BASES = ("oriented", "attributed", "leased")
MOVE_KINDS = ("freed", "withdrawn", "oriented", "released", "counted", "expired", "spread")

ledgers = Table(
    "ledgers",
    metadata,
    tenant("bailleur_id"),
    label("basis"),
    count("position", default=0),
    instant("settled_at", optional=True),
    PrimaryKeyConstraint("bailleur_id", "basis"),
    code("basis", BASES),
    CheckConstraint("position >= 0", name="position"),
)

ledger_moves = Table(
    "ledger_moves",
    metadata,
    tenant("bailleur_id"),
    label("basis"),
    count("position"),
    instant("at"),
    label("kind"),
    reference("event_id"),
    count("part", default=0),
    reference("vacancy_id", optional=True),
    reference("orientation_id", optional=True),
    Column("strata", JSONB, nullable=False),
    Column("amounts", JSONB, nullable=False),
    reference("annexe_id", optional=True),
    label("rule_version"),
    label("settings_version"),
    PrimaryKeyConstraint("bailleur_id", "basis", "position"),
    UniqueConstraint("bailleur_id", "basis", "event_id", "part"),
    ForeignKeyConstraint(["bailleur_id", "basis"], ["ledgers.bailleur_id", "ledgers.basis"]),
    link("vacancies", "vacancy_id:id", "bailleur_id:bailleur_id"),
    link("orientations", "orientation_id:id", "bailleur_id:bailleur_id"),
    link("annexes", "annexe_id:id", "bailleur_id:bailleur_id"),
    code("kind", MOVE_KINDS),
    Index("ledger_moves_by_day", "bailleur_id", "basis", "at"),
    Index("ledger_moves_by_event", "bailleur_id", "event_id"),
    Index("ledger_moves_spread", "bailleur_id", "basis", "event_id",
          postgresql_where=text("kind = 'spread'")),
    Index("ledger_moves_by_vacancy", "vacancy_id", "bailleur_id",
          postgresql_where=text("vacancy_id is not null")),
)  # fmt: skip

# What each réservataire may read of the moves: its own part of them.
ledger_entries = Table(
    "ledger_entries",
    metadata,
    tenant("bailleur_id"),
    label("basis"),
    count("position"),
    tenant("reservataire_id"),
    label("contingent"),
    instant("at"),
    label("kind"),
    reference("vacancy_id", optional=True),
    Column("strata", JSONB, nullable=False),
    Column("amount", BigInteger, nullable=False),
    label("settings_version"),
    PrimaryKeyConstraint("bailleur_id", "basis", "position", "reservataire_id", "contingent"),
    link("ledger_moves", "bailleur_id:bailleur_id", "basis:basis", "position:position"),
    code("contingent", CONTINGENTS),
    Index("ledger_entries_by_party", "reservataire_id", "contingent", "bailleur_id", "basis",
          "at"),
)  # fmt: skip

ledger_balances = Table(
    "ledger_balances",
    metadata,
    tenant("bailleur_id"),
    label("basis"),
    count("year"),
    label("party"),
    label("family"),
    label("value"),
    tenant("reservataire_id", optional=True),
    label("contingent", default="none"),
    Column("due", BigInteger, nullable=False, server_default=text("0")),
    Column("received", BigInteger, nullable=False, server_default=text("0")),
    Column("moved", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("bailleur_id", "basis", "year", "party", "family", "value"),
    ForeignKeyConstraint(["bailleur_id", "basis"], ["ledgers.bailleur_id", "ledgers.basis"]),
    code("contingent", CONTINGENTS),
    Index("ledger_balances_by_stratum", "bailleur_id", "basis", "family", "value"),
    Index("ledger_balances_by_party", "reservataire_id", "bailleur_id", "basis",
          postgresql_where=text("reservataire_id is not null")),
)  # fmt: skip
