"""Repeated calls act once, and each organisme has its measure of calls."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_delete, may_insert, may_read, may_update, protect

revision = "20261123_12_requests"
down_revision = "20261123_11_machines"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE call_budgets (
    tenant_id UUID NOT NULL,
    caller TEXT NOT NULL,
    points DOUBLE PRECISION NOT NULL,
    charged DOUBLE PRECISION NOT NULL,
    refilled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT call_budgets_pkey PRIMARY KEY (tenant_id, caller),
    CONSTRAINT call_budgets_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE kept_answers (
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    answer TEXT,
    kept_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT kept_answers_pkey PRIMARY KEY (tenant_id, capacity, client, key),
    CONSTRAINT kept_answers_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT kept_answers_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX kept_answers_kept_at_idx ON kept_answers (kept_at);
"""

KINDS = ("bailleur", "reservataire", "prefecture", "epci")
MINE = f"tenant_id = {TENANT}"
FORGOTTEN = "kept_at < now() - interval '30 days'"
FULL_AGAIN = "refilled_at < now() - interval '1 day'"


def _budgets() -> None:
    """One measure for an organisme, whatever its capacities."""
    protect("call_budgets")
    for role in KINDS:
        may_read("call_budgets", role, MINE)
        may_insert("call_budgets", role, MINE)
        may_update("call_budgets", role, MINE, columns="(points, charged, refilled_at)")
    may_read("call_budgets", "system", FULL_AGAIN, columns="(refilled_at)")
    may_delete("call_budgets", "system", FULL_AGAIN)


def _answers() -> None:
    """An answer is read again in the capacity in which it was given; the sweep forgets it."""
    protect("kept_answers")
    for role in KINDS:
        own = f"{MINE} and capacity = '{role}'"
        may_read("kept_answers", role, own)
        may_insert("kept_answers", role, own)
        may_update("kept_answers", role, own, columns="(answer)")
    may_read("kept_answers", "system", FORGOTTEN, columns="(kept_at)")
    may_delete("kept_answers", "system", FORGOTTEN)


def upgrade() -> None:
    op.execute(TABLES)
    _budgets()
    _answers()
