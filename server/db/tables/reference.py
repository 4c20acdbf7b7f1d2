"""Reference data: communes, EPCI, territories, the business clock."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Interval,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from server.db.columns import (
    count,
    day,
    label,
    metadata,
)

epcis = Table(
    "epcis",
    metadata,
    Column("siren", Text, primary_key=True),
    label("name"),
    label("kind"),
    count("population"),
)

communes = Table(
    "communes",
    metadata,
    Column("insee", Text, primary_key=True),
    label("name"),
    label("sort_name"),
    label("siren"),
    Column("epci_siren", Text, ForeignKey("epcis.siren"), nullable=True, index=True),
    count("population"),
)

lec_territories = Table(
    "lec_territories",
    metadata,
    Column("epci_siren", Text, ForeignKey("epcis.siren"), nullable=False),
    day("from_on"),
    day("to_on", optional=True),
    PrimaryKeyConstraint("epci_siren", "from_on"),
)

business_clock = Table(
    "business_clock",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true")),
    Column("shift", Interval, nullable=False),
    CheckConstraint("singleton", name="single_row"),
)
