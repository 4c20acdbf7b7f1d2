"""Annexes 1 are prepared from the stock and the rights, checked and published."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_delete, may_update, shared

revision = "20261123_18_annexes"
down_revision = "20261123_17_conventions"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE annexes ADD COLUMN revision INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE annexes ADD COLUMN photo_on DATE;
ALTER TABLE annexes ADD COLUMN published_by TEXT;
ALTER TABLE annexes ADD COLUMN reason TEXT;
CREATE UNIQUE INDEX annexes_one_draft ON annexes (bailleur_id, epci_siren, year)
    WHERE published_at is null;
ALTER TABLE annexe_lines ADD COLUMN origin TEXT DEFAULT 'autre' NOT NULL;
ALTER TABLE annexe_lines ADD COLUMN denominator TEXT DEFAULT 'total' NOT NULL;
ALTER TABLE annexe_lines ADD COLUMN source TEXT DEFAULT 'entered' NOT NULL;
ALTER TABLE annexe_lines ADD COLUMN previous_droits NUMERIC(8, 2);
ALTER TABLE annexe_lines ADD COLUMN expired NUMERIC(8, 2) DEFAULT 0 NOT NULL;
ALTER TABLE annexe_lines ADD COLUMN added NUMERIC(8, 2) DEFAULT 0 NOT NULL;
ALTER TABLE annexe_lines ADD COLUMN change_reason TEXT;
ALTER TABLE annexe_lines ADD CONSTRAINT annexe_lines_origin_check
    CHECK (origin in ('garantie', 'terrain', 'financement', 'autre'));
ALTER TABLE annexe_lines ADD CONSTRAINT annexe_lines_denominator_check
    CHECK (denominator in ('total', 'flux'));
ALTER TABLE annexe_lines ADD CONSTRAINT annexe_lines_source_check
    CHECK (source in ('previous', 'convention', 'entered'));
ALTER TABLE annexe_lines ADD CONSTRAINT annexe_lines_rolled_check
    CHECK (expired >= 0 and added >= 0 and (previous_droits is null or droits is null
        or droits = previous_droits - expired + added));
CREATE TABLE annexe_droits_uniques (
    annexe_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    position INTEGER NOT NULL,
    reservataire_id UUID NOT NULL,
    programme TEXT NOT NULL,
    remaining INTEGER NOT NULL,
    CONSTRAINT annexe_droits_uniques_pkey PRIMARY KEY (annexe_id, position),
    CONSTRAINT annexe_droits_uniques_remaining_check CHECK (remaining >= 0),
    CONSTRAINT annexe_droits_uniques_annexe_id_bailleur_id_fkey
        FOREIGN KEY(annexe_id, bailleur_id) REFERENCES annexes (id, bailleur_id),
    CONSTRAINT annexe_droits_uniques_reservataire_id_fkey
        FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE TABLE state_derogations (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reference TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by TEXT NOT NULL,
    CONSTRAINT state_derogations_pkey PRIMARY KEY (id),
    CONSTRAINT state_derogations_year_check
        CHECK (ends_on >= starts_on and ends_on < starts_on + interval '1 year'),
    CONSTRAINT state_derogations_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE INDEX state_derogations_by_bailleur ON state_derogations (bailleur_id, starts_on);
CREATE TABLE droits_uniques (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    insee TEXT NOT NULL,
    programme TEXT NOT NULL,
    origin TEXT NOT NULL,
    granted_on DATE NOT NULL,
    granted INTEGER NOT NULL,
    reserved INTEGER DEFAULT 0 NOT NULL,
    consumed INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT droits_uniques_pkey PRIMARY KEY (id),
    CONSTRAINT droits_uniques_bailleur_id_reservataire_id_insee_programme_key
        UNIQUE (bailleur_id, reservataire_id, insee, programme),
    CONSTRAINT droits_uniques_id_bailleur_id_reservataire_id_key
        UNIQUE (id, bailleur_id, reservataire_id),
    CONSTRAINT droits_uniques_origin_check
        CHECK (origin in ('programme', 'rehabilitation', 'gestion')),
    CONSTRAINT droits_uniques_counters_check
        CHECK (granted > 0 and reserved >= 0 and consumed >= 0 and reserved + consumed <= granted),
    CONSTRAINT droits_uniques_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT droits_uniques_reservataire_id_fkey
        FOREIGN KEY(reservataire_id) REFERENCES tenants (id),
    CONSTRAINT droits_uniques_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE TABLE droit_unique_uses (
    id UUID NOT NULL,
    droit_unique_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    orientation_id UUID NOT NULL,
    state TEXT NOT NULL,
    reserved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT droit_unique_uses_pkey PRIMARY KEY (id),
    CONSTRAINT droit_unique_uses_bailleur_id_orientation_id_key
        UNIQUE (bailleur_id, orientation_id),
    CONSTRAINT droit_unique_uses_state_check CHECK (state in ('reserved', 'consumed', 'released')),
    CONSTRAINT droit_unique_uses_droit_unique_id_bailleur_id_reservata_c755
        FOREIGN KEY(droit_unique_id, bailleur_id, reservataire_id)
        REFERENCES droits_uniques (id, bailleur_id, reservataire_id),
    CONSTRAINT droit_unique_uses_orientation_id_bailleur_id_fkey
        FOREIGN KEY(orientation_id, bailleur_id) REFERENCES orientations (id, bailleur_id)
);
CREATE INDEX droit_unique_uses_by_right ON droit_unique_uses (droit_unique_id);
"""

# What was signed and sent never changes, whatever asks: a correction is another version. The
# share lock makes an edit and a publication at the same instant see each other.
FROZEN = """
create function guard_published_annexe() returns trigger language plpgsql as $$
begin
  if old.published_at is not null then
    raise exception 'a published annexe never changes' using errcode = 'restrict_violation';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;
create trigger guard_published_annexe before update or delete on annexes
  for each row execute function guard_published_annexe();
create function guard_published_annexe_rows() returns trigger language plpgsql as $$
declare
  touched uuid;
begin
  foreach touched in array case tg_op
    when 'INSERT' then array[new.annexe_id]
    when 'DELETE' then array[old.annexe_id]
    else array[old.annexe_id, new.annexe_id]
  end
  loop
    perform from annexes a where a.id = touched and a.published_at is not null for share;
    if found then
      raise exception 'a published annexe never changes' using errcode = 'restrict_violation';
    end if;
  end loop;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;
"""
ROWS = ("annexe_communes", "annexe_lines", "annexe_line_communes", "annexe_droits_uniques")

MINE = f"bailleur_id = {TENANT}"
VISIBLE = "annexe_id in (select a.id from annexes a)"
OWN = f"reservataire_id = {TENANT}"


def _drafts() -> None:
    """A draft is made again and again by its bailleur, who alone reads it."""
    op.execute(
        "grant update (revision, photo_on, published_by, reason) on annexes to portail_bailleur"
    )
    may_delete("annexes", "bailleur", f"{MINE} and published_at is null")
    shared(
        "annexe_droits_uniques",
        dict.fromkeys(("reservataire", "prefecture", "epci"), (VISIBLE, "")),
    )
    for table in ROWS:
        may_delete(table, "bailleur", MINE)
        op.execute(
            f"create trigger guard_published_annexe_rows before insert or update or delete"
            f" on {table} for each row execute function guard_published_annexe_rows()"
        )
    may_update(
        "annexe_lines",
        "bailleur",
        MINE,
        columns="(droits, imposed_rate_bp, origin, denominator, expired, added, change_reason)",
    )
    shared("state_derogations", {"prefecture": ("true", "")})


def _droits_uniques() -> None:
    readers = {"reservataire": (OWN, ""), "prefecture": ("true", "")}
    shared("droits_uniques", readers, update="(granted, reserved, consumed)")
    shared("droit_unique_uses", readers, update="(state, ended_at)")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FROZEN)
    _drafts()
    _droits_uniques()
