"""A bailleur asks « what if », draws years of it, and shows it to whom it chooses."""

from __future__ import annotations

from alembic import op

from migrations.helpers import (
    CONTINGENTS,
    TENANT,
    may_delete,
    may_read,
    private,
)

revision = "20261127_40_scenarios"
down_revision = "20261127_30_ledgers"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE scenarios (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    name TEXT NOT NULL,
    year INTEGER NOT NULL,
    epci_siren TEXT,
    hypotheses JSONB NOT NULL,
    base JSONB NOT NULL,
    changes JSONB DEFAULT '[]' NOT NULL,
    tables JSONB DEFAULT '{}' NOT NULL,
    counted_on DATE NOT NULL,
    revision INTEGER DEFAULT 1 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_by TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT scenarios_pkey PRIMARY KEY (id),
    CONSTRAINT scenarios_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT scenarios_name_check CHECK (char_length(name) between 1 and 120),
    CONSTRAINT scenarios_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT scenarios_epci_siren_fkey FOREIGN KEY(epci_siren) REFERENCES epcis (siren)
);
CREATE INDEX scenarios_by_bailleur ON scenarios (bailleur_id, changed_at, id);
CREATE TABLE scenario_figures (
    scenario_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    position INTEGER NOT NULL,
    reservataire_id UUID,
    contingent TEXT DEFAULT 'none' NOT NULL,
    name TEXT NOT NULL,
    figures JSONB NOT NULL,
    drawn JSONB,
    CONSTRAINT scenario_figures_pkey PRIMARY KEY (scenario_id, position),
    CONSTRAINT scenario_figures_contingent_check
        CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT scenario_figures_scenario_id_bailleur_id_fkey
        FOREIGN KEY(scenario_id, bailleur_id) REFERENCES scenarios (id, bailleur_id),
    CONSTRAINT scenario_figures_reservataire_id_fkey
        FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE TABLE scenario_shares (
    id UUID NOT NULL,
    scenario_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    shared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    shared_by TEXT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT scenario_shares_pkey PRIMARY KEY (id),
    CONSTRAINT scenario_shares_capacity_check CHECK (capacity in ('reservataire', 'prefecture')),
    CONSTRAINT scenario_shares_scenario_id_bailleur_id_fkey
        FOREIGN KEY(scenario_id, bailleur_id) REFERENCES scenarios (id, bailleur_id),
    CONSTRAINT scenario_shares_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE UNIQUE INDEX scenario_shares_running
    ON scenario_shares (scenario_id, tenant_id, capacity) WHERE revoked_at is null;
CREATE INDEX scenario_shares_by_tenant ON scenario_shares (tenant_id, capacity, scenario_id);
CREATE TABLE scenario_draws (
    scenario_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    revision INTEGER NOT NULL,
    seed BIGINT NOT NULL,
    wanted INTEGER NOT NULL,
    done INTEGER DEFAULT 0 NOT NULL,
    parties JSONB,
    tally JSONB,
    served BYTEA DEFAULT '' NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    asked_by TEXT NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT scenario_draws_pkey PRIMARY KEY (scenario_id),
    CONSTRAINT scenario_draws_state_check
        CHECK (state in ('waiting', 'running', 'done', 'cancelled', 'failed')),
    CONSTRAINT scenario_draws_years_check
        CHECK (wanted between 1 and 10000 and done between 0 and wanted),
    CONSTRAINT scenario_draws_scenario_id_bailleur_id_fkey
        FOREIGN KEY(scenario_id, bailleur_id) REFERENCES scenarios (id, bailleur_id)
);
"""

# An open page of the bailleur asks again when its years advance: no data, as in migration 08.
ADVANCE = """
create function tell_scenario() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('portail', concat_ws(':', 'scenario', new.bailleur_id, 'bailleur'));
  return null;
end $$;
create trigger tell_scenario after update on scenario_draws
  for each row execute function tell_scenario();
"""

MINE = f"bailleur_id = {TENANT}"
SHARED = "in (select s.scenario_id from scenario_shares s)"
OWN_FIGURES = f"reservataire_id = {TENANT} and contingent = any ({CONTINGENTS})"
# Not the base: the stock of the bailleur, group by group, is nobody else's.
SHOWN = (
    "(id, bailleur_id, name, year, epci_siren, hypotheses, changes, tables, counted_on, revision,"
    " changed_at)"
)


def upgrade() -> None:
    op.execute(TABLES)
    private(
        "scenarios",
        update="(name, year, hypotheses, base, changes, tables, counted_on, revision, changed_at)",
    )
    private("scenario_figures", update="(drawn)")
    private("scenario_shares", update="(revoked_at)")
    private(
        "scenario_draws",
        update="(state, revision, seed, wanted, done, parties, tally, served, asked_at, asked_by,"
        " ended_at)",
    )
    for table in ("scenarios", "scenario_figures", "scenario_shares", "scenario_draws"):
        may_delete(table, "bailleur", MINE)
    for role in ("reservataire", "prefecture"):
        live = f"tenant_id = {TENANT} and capacity = '{role}' and revoked_at is null"
        may_read("scenario_shares", role, live)
        may_read("scenarios", role, f"id {SHARED}", columns=SHOWN)
    may_read("scenario_figures", "reservataire", f"{OWN_FIGURES} and scenario_id {SHARED}")
    may_read("scenario_figures", "prefecture", f"scenario_id {SHARED}")
    may_read("scenario_draws", "system", "true", columns="(scenario_id, bailleur_id)")
    op.execute(ADVANCE)
