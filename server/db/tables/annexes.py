"""Beside the annexe 1: rights of one letting, and what lets the State exceed its ceiling."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from server.db.columns import (
    code,
    commune,
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

DROIT_UNIQUE_ORIGINS = ("programme", "rehabilitation", "gestion")
"""A new programme financed, a rehabilitation financed, a residence taken into management."""

annexe_droits_uniques = Table(
    "annexe_droits_uniques",
    metadata,
    reference("annexe_id"),
    reference("bailleur_id"),
    count("position"),
    tenant("reservataire_id"),
    label("programme"),
    count("remaining"),
    PrimaryKeyConstraint("annexe_id", "position"),
    CheckConstraint("remaining >= 0", name="remaining"),
    link("annexes", "annexe_id:id", "bailleur_id:bailleur_id"),
)

state_derogations = Table(
    "state_derogations",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    label("reference"),
    day("starts_on"),
    day("ends_on"),
    instant("recorded_at"),
    label("recorded_by"),
    CheckConstraint(
        "ends_on >= starts_on and ends_on < starts_on + interval '1 year'", name="year"
    ),
    Index("state_derogations_by_bailleur", "bailleur_id", "starts_on"),
)

droits_uniques = Table(
    "droits_uniques",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    tenant("reservataire_id"),
    commune(),
    label("programme"),
    label("origin"),
    day("granted_on"),
    count("granted"),
    count("reserved", default=0),
    count("consumed", default=0),
    UniqueConstraint("bailleur_id", "reservataire_id", "insee", "programme"),
    UniqueConstraint("id", "bailleur_id", "reservataire_id"),
    code("origin", DROIT_UNIQUE_ORIGINS),
    CheckConstraint(
        "granted > 0 and reserved >= 0 and consumed >= 0 and reserved + consumed <= granted",
        name="counters",
    ),
)

droit_unique_uses = Table(
    "droit_unique_uses",
    metadata,
    identifier(),
    reference("droit_unique_id"),
    reference("bailleur_id"),
    reference("reservataire_id"),
    reference("orientation_id"),
    label("state"),
    instant("reserved_at"),
    instant("ended_at", optional=True),
    UniqueConstraint("bailleur_id", "orientation_id"),
    code("state", ("reserved", "consumed", "released")),
    link("droits_uniques", "droit_unique_id:id", "bailleur_id:bailleur_id",
         "reservataire_id:reservataire_id"),
    link("orientations", "orientation_id:id", "bailleur_id:bailleur_id"),
    Index("droit_unique_uses_by_right", "droit_unique_id"),
)  # fmt: skip
