"""The ledgers of the flux: moves that are never rewritten, and the balances that they make."""

from __future__ import annotations

from alembic import op

from migrations.helpers import OWN_CONTINGENT, may_read, private

revision = "20261127_30_ledgers"
down_revision = "20261123_19_charte"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE ledgers (
    bailleur_id UUID NOT NULL,
    basis TEXT NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT ledgers_pkey PRIMARY KEY (bailleur_id, basis),
    CONSTRAINT ledgers_basis_check CHECK (basis in ('oriented', 'attributed', 'leased')),
    CONSTRAINT ledgers_position_check CHECK (position >= 0),
    CONSTRAINT ledgers_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE TABLE ledger_moves (
    bailleur_id UUID NOT NULL,
    basis TEXT NOT NULL,
    position INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    event_id UUID NOT NULL,
    part INTEGER DEFAULT 0 NOT NULL,
    vacancy_id UUID,
    orientation_id UUID,
    strata JSONB NOT NULL,
    amounts JSONB NOT NULL,
    annexe_id UUID,
    rule_version TEXT NOT NULL,
    settings_version TEXT NOT NULL,
    CONSTRAINT ledger_moves_pkey PRIMARY KEY (bailleur_id, basis, position),
    CONSTRAINT ledger_moves_bailleur_id_basis_event_id_part_key UNIQUE (bailleur_id, basis, event_id, part),
    CONSTRAINT ledger_moves_bailleur_id_basis_fkey FOREIGN KEY(bailleur_id, basis) REFERENCES ledgers (bailleur_id, basis),
    CONSTRAINT ledger_moves_vacancy_id_bailleur_id_fkey FOREIGN KEY(vacancy_id, bailleur_id) REFERENCES vacancies (id, bailleur_id),
    CONSTRAINT ledger_moves_orientation_id_bailleur_id_fkey FOREIGN KEY(orientation_id, bailleur_id) REFERENCES orientations (id, bailleur_id),
    CONSTRAINT ledger_moves_annexe_id_bailleur_id_fkey FOREIGN KEY(annexe_id, bailleur_id) REFERENCES annexes (id, bailleur_id),
    CONSTRAINT ledger_moves_kind_check CHECK (kind in ('freed', 'withdrawn', 'oriented', 'released', 'counted', 'expired')),
    CONSTRAINT ledger_moves_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE INDEX ledger_moves_by_day ON ledger_moves (bailleur_id, basis, at);
CREATE INDEX ledger_moves_by_event ON ledger_moves (bailleur_id, event_id);
CREATE INDEX ledger_moves_by_vacancy ON ledger_moves (vacancy_id, bailleur_id) WHERE vacancy_id is not null;
CREATE TABLE ledger_entries (
    bailleur_id UUID NOT NULL,
    basis TEXT NOT NULL,
    position INTEGER NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    vacancy_id UUID,
    strata JSONB NOT NULL,
    amount BIGINT NOT NULL,
    CONSTRAINT ledger_entries_pkey PRIMARY KEY (bailleur_id, basis, position, reservataire_id, contingent),
    CONSTRAINT ledger_entries_bailleur_id_basis_position_fkey FOREIGN KEY(bailleur_id, basis, position) REFERENCES ledger_moves (bailleur_id, basis, position),
    CONSTRAINT ledger_entries_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT ledger_entries_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT ledger_entries_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX ledger_entries_by_party ON ledger_entries (reservataire_id, contingent, bailleur_id, basis, at);
CREATE TABLE ledger_balances (
    bailleur_id UUID NOT NULL,
    basis TEXT NOT NULL,
    year INTEGER NOT NULL,
    party TEXT NOT NULL,
    family TEXT NOT NULL,
    value TEXT NOT NULL,
    reservataire_id UUID,
    contingent TEXT DEFAULT 'none' NOT NULL,
    due BIGINT DEFAULT 0 NOT NULL,
    received BIGINT DEFAULT 0 NOT NULL,
    moved BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT ledger_balances_pkey PRIMARY KEY (bailleur_id, basis, year, party, family, value),
    CONSTRAINT ledger_balances_bailleur_id_basis_fkey FOREIGN KEY(bailleur_id, basis) REFERENCES ledgers (bailleur_id, basis),
    CONSTRAINT ledger_balances_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT ledger_balances_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT ledger_balances_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX ledger_balances_by_party ON ledger_balances (reservataire_id, bailleur_id, basis) WHERE reservataire_id is not null;
CREATE INDEX ledger_balances_by_stratum ON ledger_balances (bailleur_id, basis, family, value);
CREATE INDEX journal_of_ledger ON journal (bailleur_id, recorded_at) WHERE subject_kind in ('vacancy', 'orientation', 'urgence');
ALTER TABLE vacancies ADD COLUMN strata JSONB;
ALTER TABLE orientations ADD COLUMN droit_unique_id UUID;
ALTER TABLE orientations ADD CONSTRAINT orientations_droit_unique_id_bailleur_id_line_party_id_fkey
    FOREIGN KEY(droit_unique_id, bailleur_id, line_party_id)
    REFERENCES droits_uniques (id, bailleur_id, reservataire_id);
GRANT SELECT (droit_unique_id) ON orientations TO portail_reservataire, portail_prefecture;
"""

# A move gives and takes the same: every stratum adds up to zero, whoever wrote the row.
BALANCED = """
create function guard_ledger_move() returns trigger language plpgsql as $$
begin
  if (select coalesce(sum(value::bigint), 0) from jsonb_each_text(new.amounts)) <> 0 then
    raise exception 'a move of the ledger adds up to zero' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_ledger_move before insert on ledger_moves
  for each row execute function guard_ledger_move();
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(BALANCED)
    private("ledgers", update="(position, settled_at)")
    private("ledger_moves")
    private("ledger_balances", update="(due, received, moved)")
    private("ledger_entries")
    for table in ("ledger_entries", "ledger_balances"):
        may_read(table, "reservataire", OWN_CONTINGENT)
    for table in ("ledgers", "ledger_moves", "ledger_entries", "ledger_balances"):
        may_read(table, "prefecture", "true")
