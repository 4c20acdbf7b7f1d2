"""Files of a bailleur's stock, what was found in them, and the columns that it always sends."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, PrimaryKeyConstraint, Table
from sqlalchemy import text as expression
from sqlalchemy.dialects.postgresql import JSONB

from server.db.columns import code, count, day, identifier, instant, label, metadata, tenant

IMPORT_STATES = (
    *("received", "reading", "to_map", "ready", "blocked", "unreadable", "applying"),
    *("confirmed", "stale"),
)

imports = Table(
    "imports",
    metadata,
    identifier(),
    tenant("bailleur_id"),
    label("state", default="received"),
    label("file_name"),
    label("sha256"),
    count("size"),
    Column("content", LargeBinary, nullable=False),
    instant("received_at"),
    label("received_by"),
    count("lines_done", default=0),
    count("lines_total", default=0),
    Column("layout", JSONB, nullable=True),
    Column("report", JSONB, nullable=True),
    Column("annotated", LargeBinary, nullable=True),
    label("stock_mark", optional=True),
    Column("confirmation", JSONB, nullable=True),
    day("departed_on", optional=True),
    instant("confirmed_at", optional=True),
    label("confirmed_by", optional=True),
    code("state", IMPORT_STATES),
    CheckConstraint("size between 1 and 25165824 and octet_length(content) = size", name="size"),
    Index("imports_by_bailleur", "bailleur_id", "received_at", "id"),
)

import_mappings = Table(
    "import_mappings",
    metadata,
    tenant("bailleur_id"),
    Column("columns", JSONB, nullable=False, server_default=expression("'{}'")),
    instant("kept_at"),
    PrimaryKeyConstraint("bailleur_id"),
)
