"""Closures that a réservataire declares, and what its convention makes of them."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, may_update, protect

revision = "20261127_83_closures"
down_revision = "20261127_82_candidates_receipts"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE closures (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    reason TEXT NOT NULL,
    declared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    declared_by TEXT NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    withdrawn_by TEXT,
    CONSTRAINT closures_pkey PRIMARY KEY (id),
    CONSTRAINT closures_order_check CHECK (first_day <= last_day),
    CONSTRAINT closures_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX closures_by_tenant ON closures (tenant_id, last_day);
ALTER TABLE conventions ADD COLUMN closure_rule TEXT DEFAULT 'counted' NOT NULL;
ALTER TABLE conventions ADD CONSTRAINT conventions_closure_rule_check
    CHECK (closure_rule in ('counted', 'suspended'));
ALTER TABLE orientations ADD COLUMN closures JSONB DEFAULT '[]' NOT NULL;
ALTER TABLE orientations ADD COLUMN silent_search_last_day DATE;
"""
OF_OTHERS = "(id, tenant_id, first_day, last_day, reason, declared_at, withdrawn_at)"
OF_OFFER = "(closures, silent_search_last_day)"


def upgrade() -> None:
    op.execute(TABLES)
    protect("closures")
    mine = f"tenant_id = {TENANT}"
    may_read("closures", "reservataire", mine)
    may_insert("closures", "reservataire", mine)
    may_update("closures", "reservataire", mine, columns="(withdrawn_at, withdrawn_by)")
    # whoever sends an offer, or watches one, reads when its addressee is closed
    for role in ("bailleur", "prefecture"):
        may_read("closures", role, "withdrawn_at is null", columns=OF_OTHERS)
    op.execute("grant update (closure_rule) on conventions to portail_bailleur")
    op.execute("grant select (closure_rule) on conventions to portail_epci")
    for role in ("reservataire", "prefecture"):
        op.execute(f"grant select {OF_OFFER} on orientations to portail_{role}")
    op.execute("grant update (silent_search_last_day) on orientations to portail_bailleur")
