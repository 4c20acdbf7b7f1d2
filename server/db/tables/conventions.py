"""What is agreed later about a convention, its signed papers, the reminders of its terms."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from server.db.columns import (
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
from server.domain.convention_terms import AmendmentReason, ScanKind

CONVENTION = ("convention_id:id", "bailleur_id:bailleur_id", "reservataire_id:reservataire_id")

convention_amendments = Table(
    "convention_amendments",
    metadata,
    identifier(),
    reference("convention_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    count("number"),
    label("reason"),
    label("summary"),
    Column("changes", JSONB, nullable=False),
    day("proposed_on"),
    day("reservataire_signed_on", optional=True),
    label("reservataire_signatory", optional=True),
    day("bailleur_signed_on", optional=True),
    label("bailleur_signatory", optional=True),
    UniqueConstraint("bailleur_id", "convention_id", "number"),
    code("reason", tuple(AmendmentReason)),
    CheckConstraint(
        "bailleur_signed_on is null or reservataire_signed_on is not null", name="order"
    ),
    link("conventions", *CONVENTION),
    Index("convention_amendments_open", "bailleur_id", "convention_id", unique=True,
          postgresql_where=text("bailleur_signed_on is null")),
)  # fmt: skip

convention_scans = Table(
    "convention_scans",
    metadata,
    identifier(),
    reference("convention_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    label("kind"),
    label("sha256"),
    count("size"),
    Column("content", LargeBinary, nullable=False),
    instant("kept_at"),
    tenant("kept_by_id"),
    UniqueConstraint("bailleur_id", "convention_id", "sha256"),
    code("kind", tuple(ScanKind)),
    CheckConstraint("size between 1 and 10485760 and octet_length(content) = size", name="size"),
    link("conventions", *CONVENTION),
)

convention_reminders = Table(
    "convention_reminders",
    metadata,
    reference("convention_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    day("turn_on"),
    count("months"),
    instant("given_at"),
    PrimaryKeyConstraint("convention_id", "turn_on", "months"),
    CheckConstraint("months in (3, 1)", name="months"),
    link("conventions", *CONVENTION),
)
