"""Dwellings, conventions and the annexe 1 of each bailleur, EPCI and year."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from server.db.columns import (
    CONTINGENTS,
    EXCLUSIONS,
    code,
    commune,
    count,
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

dwellings = Table(
    "dwellings",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    label("reference"),
    label("rpls_id"),
    commune(),
    label("address"),
    label("sort_address"),
    label("kind", default="social"),
    label("typology"),
    Column("surface_m2", Numeric(6, 2), nullable=False),
    label("financing"),
    count("built_year"),
    day("delivered_on", optional=True),
    flag("is_qpv"),
    label("exclusion", optional=True),
    day("left_on", optional=True),
    UniqueConstraint("bailleur_id", "reference"),
    UniqueConstraint("id", "bailleur_id"),
    code("exclusion", EXCLUSIONS),
    code("kind", ("social", "foyer", "student", "intermediate")),
    code("financing", ("plai", "plus", "pls", "other")),
    code("typology", ("t1", "t2", "t3", "t4", "t5", "t6")),
    Index("dwellings_by_commune", "bailleur_id", "insee", "sort_address", "id"),
)

conventions = Table(
    "conventions",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    tenant("reservataire_id"),
    label("state", default="signed"),
    day("starts_on"),
    day("ended_on", optional=True),
    label("mailbox", optional=True),
    count("answer_days", default=2),
    count("candidate_days", default=15),
    count("mutation_rate_bp", default=1000),
    label("indicator", default="oriented"),
    label("charte_version"),
    label("model_version"),
    UniqueConstraint("bailleur_id", "reservataire_id", "starts_on"),
    UniqueConstraint("id", "bailleur_id", "reservataire_id"),
    code("state", ("draft", "deliberated", "signed", "denounced", "terminated", "replaced")),
    code("indicator", ("oriented", "attributed", "leased")),
)

convention_communes = Table(
    "convention_communes",
    metadata,
    reference("convention_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    commune(),
    PrimaryKeyConstraint("convention_id", "insee"),
    link("conventions", "convention_id:id", "bailleur_id:bailleur_id",
        "reservataire_id:reservataire_id"),
    Index("convention_communes_by_party", "reservataire_id", "bailleur_id", "insee"),
)  # fmt: skip

annexes = Table(
    "annexes",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    Column("epci_siren", Text, ForeignKey("epcis.siren"), nullable=False),
    count("year"),
    count("version"),
    instant("published_at", optional=True),
    UniqueConstraint("bailleur_id", "epci_siren", "year", "version"),
    UniqueConstraint("id", "bailleur_id"),
)

annexe_communes = Table(
    "annexe_communes",
    metadata,
    reference("annexe_id"),
    reference("bailleur_id"),
    commune(),
    count("position"),
    count("total"),
    *(count(code, default=0) for code in EXCLUSIONS),
    PrimaryKeyConstraint("annexe_id", "insee"),
    link("annexes", "annexe_id:id", "bailleur_id:bailleur_id"),
)

annexe_lines = Table(
    "annexe_lines",
    metadata,
    identifier(),
    reference("annexe_id"),
    reference("bailleur_id"),
    count("position"),
    tenant("reservataire_id"),
    label("contingent", default="none"),
    Column("droits", Numeric(8, 2), nullable=True),
    count("imposed_rate_bp", optional=True),
    UniqueConstraint("annexe_id", "reservataire_id", "contingent"),
    UniqueConstraint("id", "annexe_id", "bailleur_id"),
    link("annexes", "annexe_id:id", "bailleur_id:bailleur_id"),
    code("contingent", CONTINGENTS),
    CheckConstraint("(droits is null) <> (imposed_rate_bp is null)", name="droits_or_rate"),
)

annexe_line_communes = Table(
    "annexe_line_communes",
    metadata,
    reference("line_id"),
    reference("annexe_id"),
    reference("bailleur_id"),
    commune(),
    PrimaryKeyConstraint("line_id", "insee"),
    link("annexe_lines", "line_id:id", "annexe_id:annexe_id", "bailleur_id:bailleur_id"),
    Index("annexe_line_communes_by_annexe", "annexe_id"),
)

annexe_readers = Table(
    "annexe_readers",
    metadata,
    reference("annexe_id"),
    reference("bailleur_id"),
    tenant("tenant_id"),
    PrimaryKeyConstraint("annexe_id", "tenant_id"),
    link("annexes", "annexe_id:id", "bailleur_id:bailleur_id"),
    Index("annexe_readers_by_tenant", "tenant_id", "annexe_id"),
)
