"""What leaves and enters the assiette, and the areas of the communes, each with its dates."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from server.db.columns import (
    EXCLUSIONS,
    code,
    commune,
    day,
    flag,
    identifier,
    label,
    link,
    metadata,
    reference,
)

ZONES = ("abis", "a", "b1", "b2", "c")

commune_zones = Table(
    "commune_zones",
    metadata,
    commune(),
    day("from_on"),
    label("zone"),
    flag("has_qpv"),
    PrimaryKeyConstraint("insee", "from_on"),
    code("zone", ZONES),
)

commune_mergers = Table(
    "commune_mergers",
    metadata,
    Column("old_insee", Text, primary_key=True),
    Column("new_insee", Text, ForeignKey("communes.insee"), nullable=False),
    day("on_date"),
    label("old_name"),
    CheckConstraint("old_insee <> new_insee", name="two_communes"),
)

_STRETCH = (
    "('x' || md5(dwelling_id::text || bailleur_id::text))::bit(60)::bigint::numeric * 10000000"
)

dwelling_exclusions = Table(
    "dwelling_exclusions",
    metadata,
    identifier(),
    reference("dwelling_id"),
    reference("bailleur_id"),
    label("code"),
    day("from_on"),
    day("until_on", optional=True),
    link("dwellings", "dwelling_id:id", "bailleur_id:bailleur_id"),
    code("code", EXCLUSIONS),
    CheckConstraint("until_on is null or until_on >= from_on", name="period"),
    ExcludeConstraint(
        (
            text(
                f"numrange({_STRETCH} + (from_on - date '0001-01-01'),"
                f" {_STRETCH} + coalesce(until_on - date '0001-01-01', 9999999))"
            ),
            "&&",
        ),
        using="gist",
        name="dwelling_exclusions_one_at_a_time",
    ),
    Index("dwelling_exclusions_by_dwelling", "bailleur_id", "dwelling_id"),
)

dwelling_qpv_changes = Table(
    "dwelling_qpv_changes",
    metadata,
    reference("dwelling_id"),
    reference("bailleur_id"),
    day("on_date"),
    Column("was_qpv", Boolean, nullable=False),
    PrimaryKeyConstraint("dwelling_id", "on_date"),
    link("dwellings", "dwelling_id:id", "bailleur_id:bailleur_id"),
)
