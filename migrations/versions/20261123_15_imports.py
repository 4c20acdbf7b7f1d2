"""Files of a bailleur's stock are kept, checked, confirmed and applied."""

from __future__ import annotations

from alembic import op

from migrations.helpers import may_read, private

revision = "20261123_15_imports"
down_revision = "20261123_14_lists"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE imports (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    state TEXT DEFAULT 'received' NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    content BYTEA NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_by TEXT NOT NULL,
    lines_done INTEGER DEFAULT 0 NOT NULL,
    lines_total INTEGER DEFAULT 0 NOT NULL,
    layout JSONB,
    report JSONB,
    annotated BYTEA,
    stock_mark TEXT,
    confirmation JSONB,
    departed_on DATE,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    confirmed_by TEXT,
    CONSTRAINT imports_pkey PRIMARY KEY (id),
    CONSTRAINT imports_state_check CHECK (state in ('received', 'reading', 'to_map', 'ready', 'blocked', 'unreadable', 'applying', 'confirmed', 'stale')),
    CONSTRAINT imports_size_check CHECK (size between 1 and 25165824 and octet_length(content) = size),
    CONSTRAINT imports_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE INDEX imports_by_bailleur ON imports (bailleur_id, received_at, id);
CREATE TABLE import_mappings (
    bailleur_id UUID NOT NULL,
    columns JSONB DEFAULT '{}' NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT import_mappings_pkey PRIMARY KEY (bailleur_id),
    CONSTRAINT import_mappings_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
"""

# What was sent stays as it was sent: neither the file nor its name, nor who sent it, is rewritten.
MOVING = (
    "(state, lines_done, lines_total, layout, report, annotated, stock_mark, confirmation,"
    " departed_on, confirmed_at, confirmed_by)"
)

# An open page of the bailleur asks again when its import advances: no data, as in migration 08.
ADVANCE = """
create function tell_import() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('portail', concat_ws(':', 'import', new.bailleur_id, 'bailleur'));
  return null;
end $$;
create trigger tell_import after update on imports
  for each row execute function tell_import();
"""


def upgrade() -> None:
    op.execute(TABLES)
    private("imports", update=MOVING)
    private("import_mappings", update="(columns, kept_at)")
    may_read("imports", "system", "true", columns="(id, bailleur_id)")
    # A confirmed file tells the commune (a merger), the number at the RPLS and the nature too.
    op.execute("grant update (rpls_id, insee, kind) on dwellings to portail_bailleur")
    op.execute(ADVANCE)
