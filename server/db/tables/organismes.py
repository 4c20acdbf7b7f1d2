"""What happens to an organisme at a date: another name, another body that takes it over."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint, text

from server.db.columns import (
    code,
    day,
    identifier,
    instant,
    label,
    metadata,
    reference,
    tenant,
)

tenant_names = Table(
    "tenant_names",
    metadata,
    tenant("tenant_id"),
    day("valid_from"),
    label("name"),
    instant("recorded_at"),
    PrimaryKeyConstraint("tenant_id", "valid_from"),
)

tenant_mergers = Table(
    "tenant_mergers",
    metadata,
    tenant("absorbed_id"),
    tenant("into_id"),
    day("on_date"),
    instant("recorded_at"),
    PrimaryKeyConstraint("absorbed_id"),
    CheckConstraint("absorbed_id <> into_id", name="two_organismes"),
)

SUBSTITUTE_CONTINGENTS = ("rs",)
"""The contingent of the State that answers for a commune: the households with priority."""

substitutions = Table(
    "substitutions",
    metadata,
    identifier(),
    tenant("tenant_id"),
    tenant("prefecture_id"),
    label("contingent", default="rs"),
    label("decree"),
    day("starts_on"),
    day("ends_on", optional=True),
    instant("recorded_at"),
    reference("recorded_by", optional=True),
    UniqueConstraint("id", "tenant_id", "prefecture_id"),
    code("contingent", SUBSTITUTE_CONTINGENTS),
    CheckConstraint("ends_on is null or ends_on >= starts_on", name="period"),
    Index("substitutions_open_by_tenant", "tenant_id", unique=True,
          postgresql_where=text("ends_on is null")),
    Index("substitutions_by_day", "starts_on", "id"),
)  # fmt: skip
