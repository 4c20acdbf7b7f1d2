"""The charte départementale by version, and what each bailleur expects to withdraw a year."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from server.db.columns import (
    code,
    count,
    day,
    flag,
    identifier,
    instant,
    label,
    metadata,
    reference,
    tenant,
)

FAMILIES = ("total", "typology", "financing", "period", "area", "commune", "appeal")
CATEGORIES = ("mutation", "npnru", "orcod", "insalubrite", "vente")

charte_versions = Table(
    "charte_versions",
    metadata,
    identifier(),
    tenant("prefecture_id", optional=True),
    label("code"),
    day("from_on"),
    label("decision"),
    count("mutation_rate_bp"),
    flag("keeps_npnru", default=True),
    flag("keeps_orcod", default=True),
    flag("keeps_insalubrite", default=True),
    flag("keeps_vente", default=True),
    flag("excludes_plai_adapte", default=True),
    flag("excludes_gens_du_voyage", default=True),
    count("answer_days"),
    count("candidate_days"),
    label("indicator"),
    label("advice_basis", default="oriented"),
    label("refusals", default="free"),
    count("refusal_rank", default=3),
    label("urgences", default="charged"),
    count("urgence_parts", default=4),
    count("appeal_old_before", default=1975),
    count("appeal_new_from", default=2013),
    *(count(f"weight_{family}", default=2 if family == "total" else 1) for family in FAMILIES),
    instant("recorded_at"),
    reference("recorded_by", optional=True),
    UniqueConstraint("from_on"),
    code("indicator", ("oriented", "attributed", "leased")),
    code("advice_basis", ("oriented", "attributed", "leased")),
    code("refusals", ("free", "counted", "from_kth")),
    code("urgences", ("charged", "spread", "not_charged")),
    CheckConstraint(
        "mutation_rate_bp between 0 and 10000 and answer_days > 0 and candidate_days > 0",
        name="numbers",
    ),
)

soustraction_forecasts = Table(
    "soustraction_forecasts",
    metadata,
    tenant("bailleur_id"),
    count("year"),
    label("category"),
    count("number"),
    instant("recorded_at"),
    PrimaryKeyConstraint("bailleur_id", "year", "category"),
    code("category", CATEGORIES),
    CheckConstraint("number >= 0", name="number"),
)
