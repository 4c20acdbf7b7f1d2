"""What enters the assiette and what leaves it has its dates; areas are dated reference data."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, TERRITORY, shared

revision = "20261123_16_stock"
down_revision = "20261123_15_imports"
branch_labels = None
depends_on = None

EVERYONE = (
    "bailleur",
    "reservataire",
    "prefecture",
    "epci",
    "identity",
    "system",
    "operator",
    "demo",
)

# Without btree_gist an exclusion constraint cannot mix equality (the dwelling) and overlap (the
# days): each dwelling has its own stretch of numbers, long enough for all days to come. Its start
# is a digest of dwelling and bailleur together, so that nothing is learnt of another's dwelling.
TABLES = """
CREATE TABLE commune_zones (
    insee TEXT NOT NULL,
    from_on DATE NOT NULL,
    zone TEXT NOT NULL,
    has_qpv BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT commune_zones_pkey PRIMARY KEY (insee, from_on),
    CONSTRAINT commune_zones_zone_check CHECK (zone in ('abis', 'a', 'b1', 'b2', 'c')),
    CONSTRAINT commune_zones_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE TABLE commune_mergers (
    old_insee TEXT NOT NULL,
    new_insee TEXT NOT NULL,
    on_date DATE NOT NULL,
    old_name TEXT NOT NULL,
    CONSTRAINT commune_mergers_pkey PRIMARY KEY (old_insee),
    CONSTRAINT commune_mergers_two_communes_check CHECK (old_insee <> new_insee),
    CONSTRAINT commune_mergers_new_insee_fkey FOREIGN KEY(new_insee) REFERENCES communes (insee)
);
CREATE TABLE dwelling_exclusions (
    id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    code TEXT NOT NULL,
    from_on DATE NOT NULL,
    until_on DATE,
    CONSTRAINT dwelling_exclusions_pkey PRIMARY KEY (id),
    CONSTRAINT dwelling_exclusions_code_check CHECK (code in ('defense_securite', 'sante', 'plan_vente', 'demolition', 'plai_adapte', 'gens_du_voyage')),
    CONSTRAINT dwelling_exclusions_period_check CHECK (until_on is null or until_on >= from_on),
    CONSTRAINT dwelling_exclusions_dwelling_id_bailleur_id_fkey FOREIGN KEY(dwelling_id, bailleur_id) REFERENCES dwellings (id, bailleur_id),
    CONSTRAINT dwelling_exclusions_one_at_a_time EXCLUDE USING gist (
        numrange(
            ('x' || md5(dwelling_id::text || bailleur_id::text))::bit(60)::bigint::numeric
              * 10000000 + (from_on - date '0001-01-01'),
            ('x' || md5(dwelling_id::text || bailleur_id::text))::bit(60)::bigint::numeric
              * 10000000 + coalesce(until_on - date '0001-01-01', 9999999)
        ) WITH &&
    )
);
CREATE INDEX dwelling_exclusions_by_dwelling ON dwelling_exclusions (bailleur_id, dwelling_id);
CREATE TABLE dwelling_qpv_changes (
    dwelling_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    on_date DATE NOT NULL,
    was_qpv BOOLEAN NOT NULL,
    CONSTRAINT dwelling_qpv_changes_pkey PRIMARY KEY (dwelling_id, on_date),
    CONSTRAINT dwelling_qpv_changes_dwelling_id_bailleur_id_fkey FOREIGN KEY(dwelling_id, bailleur_id) REFERENCES dwellings (id, bailleur_id)
);
"""

# `dwellings.exclusion` is the reason of today; its dates are kept here whoever writes it, a
# person, an import or a tool, so that the two never disagree. An act that gives its own dates
# writes the period first, then the column: nothing is left to do.
DATES = """
create function date_exclusion() returns trigger language plpgsql as $$
declare
  running dwelling_exclusions;
  today date := ((now() + coalesce((select shift from business_clock), interval '0'))
    at time zone 'Europe/Paris')::date;
  begins date := coalesce(new.delivered_on, make_date(greatest(new.built_year, 1), 1, 1));
begin
  select * into running from dwelling_exclusions e
    where e.dwelling_id = new.id and e.bailleur_id = new.bailleur_id and e.until_on is null;
  if new.exclusion is not distinct from running.code then
    return null;
  end if;
  if tg_op = 'UPDATE' then
    update dwelling_exclusions e set until_on = greatest(e.from_on, today)
      where e.dwelling_id = new.id and e.bailleur_id = new.bailleur_id and e.until_on is null;
    begins := greatest(today, (
      select max(e.until_on) from dwelling_exclusions e
      where e.dwelling_id = new.id and e.bailleur_id = new.bailleur_id));
  end if;
  if new.exclusion is not null then
    insert into dwelling_exclusions (id, dwelling_id, bailleur_id, code, from_on)
      values (uuidv7(), new.id, new.bailleur_id, new.exclusion, begins);
  end if;
  return null;
end $$;
create trigger date_first_exclusion after insert on dwellings
  for each row when (new.exclusion is not null) execute function date_exclusion();
create trigger date_exclusion after update of exclusion on dwellings
  for each row when (new.exclusion is distinct from old.exclusion)
  execute function date_exclusion();
create function date_qpv() returns trigger language plpgsql as $$
declare
  today date := ((now() + coalesce((select shift from business_clock), interval '0'))
    at time zone 'Europe/Paris')::date;
begin
  insert into dwelling_qpv_changes (dwelling_id, bailleur_id, on_date, was_qpv)
    values (new.id, new.bailleur_id, today, old.is_qpv)
    on conflict (dwelling_id, on_date) do nothing;
  return null;
end $$;
create trigger date_qpv after update of is_qpv on dwellings
  for each row when (new.is_qpv is distinct from old.is_qpv) execute function date_qpv();
"""

# What was excluded before this migration was so since the dwelling is there.
BEFORE = """
alter table dwellings no force row level security;
alter table dwelling_exclusions no force row level security;
insert into dwelling_exclusions (id, dwelling_id, bailleur_id, code, from_on)
  select uuidv7(), id, bailleur_id, exclusion,
    coalesce(delivered_on, make_date(greatest(built_year, 1), 1, 1))
  from dwellings where exclusion is not null;
do $$ begin
  assert (select count(*) from dwelling_exclusions)
    = (select count(*) from dwellings where exclusion is not null), 'exclusions left undated';
end $$;
alter table dwellings force row level security;
alter table dwelling_exclusions force row level security;
"""

MINE = f"bailleur_id = {TENANT}"
OFFERED = (
    f"dwelling_id in (select o.dwelling_id from orientations o where o.reservataire_id = {TENANT})"
)
IN_TERRITORY = (
    "dwelling_id in (select d.id from dwellings d join communes c on c.insee = d.insee"
    f" where c.epci_siren = {TERRITORY})"
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(DATES)
    for role in EVERYONE:
        op.execute(f"grant select on commune_zones, commune_mergers to portail_{role}")
    readers = {
        "reservataire": (OFFERED, ""),
        "prefecture": ("true", ""),
        "epci": (IN_TERRITORY, ""),
    }
    shared("dwelling_exclusions", readers, update="(until_on)")
    shared("dwelling_qpv_changes", readers)
    op.execute(BEFORE)
