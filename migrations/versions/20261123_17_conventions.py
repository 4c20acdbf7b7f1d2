"""Conventions are prepared, signed, renewed, ended; their documents are kept."""

from __future__ import annotations

from alembic import op

from migrations.helpers import (
    TENANT,
    TERRITORY,
    may_delete,
    may_insert,
    may_read,
    may_update,
    protect,
    shared,
)

revision = "20261123_17_conventions"
down_revision = "20261123_16_stock"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE conventions ADD COLUMN version INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE conventions ADD COLUMN management TEXT DEFAULT 'direct' NOT NULL;
ALTER TABLE conventions ADD COLUMN start_rule TEXT DEFAULT 'fixed' NOT NULL;
ALTER TABLE conventions ADD COLUMN deliberated_on DATE;
ALTER TABLE conventions ADD COLUMN deliberation_reference TEXT;
ALTER TABLE conventions ADD COLUMN transmitted_on DATE;
ALTER TABLE conventions ADD COLUMN bailleur_signed_on DATE;
ALTER TABLE conventions ADD COLUMN bailleur_signatory TEXT;
ALTER TABLE conventions ADD COLUMN reservataire_signed_on DATE;
ALTER TABLE conventions ADD COLUMN reservataire_signatory TEXT;
ALTER TABLE conventions ADD COLUMN ending_motif TEXT;
ALTER TABLE conventions ADD CONSTRAINT conventions_management_check
    CHECK (management in ('direct', 'delegated'));
ALTER TABLE conventions ADD CONSTRAINT conventions_start_rule_check
    CHECK (start_rule in ('fixed', 'signature'));
ALTER TABLE conventions ADD CONSTRAINT conventions_delays_check
    CHECK (answer_days > 0 and candidate_days > 0 and mutation_rate_bp between 0 and 10000);
ALTER TABLE convention_communes ADD COLUMN is_agreed BOOLEAN DEFAULT true NOT NULL;
CREATE TABLE convention_amendments (
    id UUID NOT NULL,
    convention_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    summary TEXT NOT NULL,
    changes JSONB NOT NULL,
    proposed_on DATE NOT NULL,
    reservataire_signed_on DATE,
    reservataire_signatory TEXT,
    bailleur_signed_on DATE,
    bailleur_signatory TEXT,
    CONSTRAINT convention_amendments_pkey PRIMARY KEY (id),
    CONSTRAINT convention_amendments_bailleur_id_convention_id_number_key
        UNIQUE (bailleur_id, convention_id, number),
    CONSTRAINT convention_amendments_reason_check CHECK (reason in ('substantial', 'charte')),
    CONSTRAINT convention_amendments_order_check
        CHECK (bailleur_signed_on is null or reservataire_signed_on is not null),
    CONSTRAINT convention_amendments_convention_id_bailleur_id_reserva_5d88
        FOREIGN KEY(convention_id, bailleur_id, reservataire_id)
        REFERENCES conventions (id, bailleur_id, reservataire_id)
);
CREATE UNIQUE INDEX convention_amendments_open ON convention_amendments (bailleur_id, convention_id)
    WHERE bailleur_signed_on is null;
CREATE TABLE convention_scans (
    id UUID NOT NULL,
    convention_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    content BYTEA NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kept_by_id UUID NOT NULL,
    CONSTRAINT convention_scans_pkey PRIMARY KEY (id),
    CONSTRAINT convention_scans_bailleur_id_convention_id_sha256_key
        UNIQUE (bailleur_id, convention_id, sha256),
    CONSTRAINT convention_scans_kind_check
        CHECK (kind in ('convention', 'deliberation', 'amendment')),
    CONSTRAINT convention_scans_size_check
        CHECK (size between 1 and 10485760 and octet_length(content) = size),
    CONSTRAINT convention_scans_convention_id_bailleur_id_reservataire_id_fkey
        FOREIGN KEY(convention_id, bailleur_id, reservataire_id)
        REFERENCES conventions (id, bailleur_id, reservataire_id),
    CONSTRAINT convention_scans_kept_by_id_fkey FOREIGN KEY(kept_by_id) REFERENCES tenants (id)
);
CREATE TABLE convention_reminders (
    convention_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    turn_on DATE NOT NULL,
    months INTEGER NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT convention_reminders_pkey PRIMARY KEY (convention_id, turn_on, months),
    CONSTRAINT convention_reminders_months_check CHECK (months in (3, 1)),
    CONSTRAINT convention_reminders_convention_id_bailleur_id_reservat_a3df
        FOREIGN KEY(convention_id, bailleur_id, reservataire_id)
        REFERENCES conventions (id, bailleur_id, reservataire_id)
);
"""

# R441-5: one convention per pair at a time. Without btree_gist an exclusion constraint cannot mix
# the pair (equality) and the period (overlap): the pair is locked, then looked at, so that of two
# signatures at the same instant the second sees the first. Its last day is that of
# `domain.conventions.last_day`: a year begun on 29 February turns on 1 March.
ALONE = """
create function convention_last_day(starts date, ended date) returns date
  language sql immutable as $$
  select least(
    ended,
    greatest(
      (starts + interval '3 years')::date - 1, (starts - 1 + interval '3 years')::date
    )
  )
$$;
grant execute on function convention_last_day(date, date)
  to portail_bailleur, portail_reservataire;
create function guard_one_convention() returns trigger language plpgsql as $$
begin
  if new.state in ('draft', 'deliberated') then
    return new;
  end if;
  perform pg_advisory_xact_lock(
    hashtextextended(new.bailleur_id::text || new.reservataire_id::text, 441)
  );
  if exists (
    select from conventions c
    where c.bailleur_id = new.bailleur_id and c.reservataire_id = new.reservataire_id
      and c.id <> new.id and c.state not in ('draft', 'deliberated')
      and c.starts_on <= convention_last_day(new.starts_on, new.ended_on)
      and new.starts_on <= convention_last_day(c.starts_on, c.ended_on)
  ) then
    raise exception 'two conventions in force for one pair'
      using errcode = 'exclusion_violation', constraint = 'conventions_one_in_force';
  end if;
  return new;
end $$;
create trigger guard_one_convention before insert or update of state, starts_on, ended_on
  on conventions for each row execute function guard_one_convention();
"""

# Each party makes its own steps and writes its own signature, whatever asks.
STEPS = """
create function guard_convention_steps() returns trigger language plpgsql as $$
begin
  if current_user = 'portail_reservataire' then
    if not (
      (old.state in ('draft', 'deliberated') and new.state in ('draft', 'deliberated', 'signed'))
      or (old.state = 'signed' and new.state in ('denounced', 'terminated', 'replaced'))
    ) then
      raise exception 'step % -> % is not one of a reservataire', old.state, new.state
        using errcode = 'check_violation';
    end if;
    if new.starts_on <> old.starts_on and old.start_rule <> 'signature' then
      raise exception 'a fixed day never moves' using errcode = 'check_violation';
    end if;
  elsif current_user = 'portail_bailleur' then
    if (new.reservataire_signed_on is not null
        and new.reservataire_signed_on is distinct from old.reservataire_signed_on)
      or (new.deliberated_on is not null
          and new.deliberated_on is distinct from old.deliberated_on)
    then
      raise exception 'the other party signs for itself' using errcode = 'check_violation';
    end if;
  else
    return new;
  end if;
  if new.state = 'signed' and old.state <> 'signed'
    and (new.bailleur_signed_on is null or new.reservataire_signed_on is null)
  then
    raise exception 'two signatures make a convention' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_convention_steps before update on conventions
  for each row execute function guard_convention_steps();
"""

MINE = f"bailleur_id = {TENANT}"
OWN = f"reservataire_id = {TENANT}"
IN_TERRITORY = f"insee in (select c.insee from communes c where c.epci_siren = {TERRITORY})"

OF_BAILLEUR = (
    "(state, version, starts_on, start_rule, ended_on, ending_motif, mailbox, answer_days,"
    " candidate_days, mutation_rate_bp, indicator, charte_version, model_version, management,"
    " deliberated_on, deliberation_reference, transmitted_on, bailleur_signed_on,"
    " bailleur_signatory, reservataire_signed_on, reservataire_signatory)"
)
OF_RESERVATAIRE = (
    "(state, version, starts_on, ended_on, ending_motif, deliberated_on, deliberation_reference,"
    " transmitted_on, reservataire_signed_on, reservataire_signatory)"
)
OF_EPCI = "(version, management, start_rule)"
DUE_COLUMNS = "(id, bailleur_id, reservataire_id, state, starts_on, ended_on)"


def _conventions() -> None:
    op.execute(f"grant update {OF_BAILLEUR} on conventions to portail_bailleur")
    may_update("conventions", "reservataire", OWN, columns=OF_RESERVATAIRE)
    op.execute(f"grant select {OF_EPCI} on conventions to portail_epci")
    may_read("conventions", "system", "true", columns=DUE_COLUMNS)
    # a project is its parties' affair: the EPCI reads what was agreed
    op.execute(
        f"alter policy epci_select on convention_communes using ({IN_TERRITORY} and is_agreed)"
    )
    may_delete("convention_communes", "bailleur", MINE)
    for role, condition in (("bailleur", MINE), ("reservataire", OWN)):
        may_update("convention_communes", role, condition, columns="(is_agreed)")


def _papers() -> None:
    readers = {"reservataire": (OWN, ""), "prefecture": ("true", "")}
    shared(
        "convention_amendments",
        readers,
        update="(bailleur_signed_on, bailleur_signatory)",
    )
    may_update(
        "convention_amendments",
        "reservataire",
        f"{OWN} and bailleur_signed_on is null",
        columns="(reservataire_signed_on, reservataire_signatory)",
    )
    shared("convention_scans", readers)
    op.execute(
        f"alter policy bailleur_insert on convention_scans"
        f" with check ({MINE} and kept_by_id = {TENANT})"
    )
    may_insert("convention_scans", "reservataire", f"{OWN} and kept_by_id = {TENANT}")
    protect("convention_reminders")
    may_read("convention_reminders", "bailleur", MINE)
    may_insert("convention_reminders", "bailleur", MINE)
    may_read("convention_reminders", "system", "true", columns="(convention_id, turn_on, months)")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(ALONE)
    op.execute(STEPS)
    _conventions()
    _papers()
