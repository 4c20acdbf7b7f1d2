"""Calendars that follow the deadlines: secret addresses, kept as digests, that can be revoked."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, may_update, protect

revision = "20261127_72_calendar_feeds"
down_revision = "20261127_71_deliveries"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

TABLES = """
CREATE TABLE calendar_feeds (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    contingents TEXT[] DEFAULT '{none}' NOT NULL,
    person_id UUID,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by TEXT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT calendar_feeds_pkey PRIMARY KEY (id),
    CONSTRAINT calendar_feeds_secret_hash_key UNIQUE (secret_hash),
    CONSTRAINT calendar_feeds_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT calendar_feeds_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id),
    CONSTRAINT calendar_feeds_person_id_fkey FOREIGN KEY(person_id) REFERENCES persons (id)
);
CREATE INDEX calendar_feeds_by_tenant ON calendar_feeds (tenant_id, capacity, created_at);
"""


def upgrade() -> None:
    op.execute(TABLES)
    protect("calendar_feeds")
    for role in KINDS:
        mine = f"tenant_id = {TENANT} and capacity = '{role}'"
        may_read("calendar_feeds", role, mine)
        may_insert("calendar_feeds", role, mine)
        may_update("calendar_feeds", role, mine, columns="(revoked_at)")
    # a diary shows its address before anybody is known, as a machine its token
    may_read("calendar_feeds", "identity", "true")
    may_update("calendar_feeds", "identity", "true", columns="(last_read_at)")
