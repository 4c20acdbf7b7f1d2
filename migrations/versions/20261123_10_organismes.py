"""Organismes are renamed, merged and substituted at a date."""

from __future__ import annotations

from alembic import op

from migrations.helpers import OWN_CONTINGENT, TENANT, may_insert, may_read, may_update, protect

revision = "20261123_10_organismes"
down_revision = "20261123_09_people"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

TABLES = """
ALTER TABLE tenants ADD COLUMN absorbed_into_id UUID;
ALTER TABLE tenants ADD CONSTRAINT tenants_absorbed_into_id_fkey
    FOREIGN KEY(absorbed_into_id) REFERENCES tenants (id);
CREATE TABLE tenant_names (
    tenant_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    name TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT tenant_names_pkey PRIMARY KEY (tenant_id, valid_from),
    CONSTRAINT tenant_names_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE tenant_mergers (
    absorbed_id UUID NOT NULL,
    into_id UUID NOT NULL,
    on_date DATE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT tenant_mergers_pkey PRIMARY KEY (absorbed_id),
    CONSTRAINT tenant_mergers_two_organismes_check CHECK (absorbed_id <> into_id),
    CONSTRAINT tenant_mergers_absorbed_id_fkey FOREIGN KEY(absorbed_id) REFERENCES tenants (id),
    CONSTRAINT tenant_mergers_into_id_fkey FOREIGN KEY(into_id) REFERENCES tenants (id)
);
CREATE TABLE substitutions (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    prefecture_id UUID NOT NULL,
    contingent TEXT DEFAULT 'rs' NOT NULL,
    decree TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by UUID,
    CONSTRAINT substitutions_pkey PRIMARY KEY (id),
    CONSTRAINT substitutions_id_tenant_id_prefecture_id_key UNIQUE (id, tenant_id, prefecture_id),
    CONSTRAINT substitutions_contingent_check CHECK (contingent in ('rs')),
    CONSTRAINT substitutions_period_check CHECK (ends_on is null or ends_on >= starts_on),
    CONSTRAINT substitutions_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id),
    CONSTRAINT substitutions_prefecture_id_fkey FOREIGN KEY(prefecture_id) REFERENCES tenants (id)
);
CREATE UNIQUE INDEX substitutions_open_by_tenant ON substitutions (tenant_id)
    WHERE ends_on is null;
CREATE INDEX substitutions_by_day ON substitutions (starts_on, id);
"""

# The offer is addressed to whom answers; the convention and the line of the annexe are those of
# the holder, when it is another body. Generated: what was sent before needs no rewriting.
OFFERS = """
ALTER TABLE orientations ADD COLUMN holder_id UUID;
ALTER TABLE orientations ADD COLUMN substitution_id UUID;
ALTER TABLE orientations ADD COLUMN line_party_id UUID
    GENERATED ALWAYS AS (COALESCE(holder_id, reservataire_id)) STORED;
ALTER TABLE orientations ADD CONSTRAINT orientations_holder_id_fkey
    FOREIGN KEY(holder_id) REFERENCES tenants (id);
ALTER TABLE orientations ADD CONSTRAINT orientations_substitution_check
    CHECK (substitution_id is null or holder_id is not null);
ALTER TABLE orientations
    ADD CONSTRAINT orientations_substitution_id_holder_id_reservataire_id_fkey
    FOREIGN KEY(substitution_id, holder_id, reservataire_id)
    REFERENCES substitutions (id, tenant_id, prefecture_id);
ALTER TABLE orientations
    DROP CONSTRAINT orientations_convention_id_bailleur_id_reservataire_id_fkey;
ALTER TABLE orientations ADD CONSTRAINT orientations_convention_id_bailleur_id_line_party_id_fkey
    FOREIGN KEY(convention_id, bailleur_id, line_party_id)
    REFERENCES conventions (id, bailleur_id, reservataire_id);
CREATE INDEX orientations_by_holder ON orientations (holder_id, sent_at, id)
    WHERE holder_id is not null;
"""

# What is absorbed opens nothing any more, whatever asks: it ends what it had begun.
NOT_ABSORBED = (
    f"not exists (select from tenants t where t.id = {TENANT} and t.absorbed_into_id is not null)"
)
OPENING = ("vacancies", "orientations", "urgences", "conventions", "annexes")

# The sweep brings people over on the day of a merger: those whom the merger names, as they were.
MERGED = """
exists (
  select from tenant_mergers g, memberships s
  where s.person_id = memberships.person_id and s.capacity = memberships.capacity
    and s.role = memberships.role and s.contingents = memberships.contingents
    and s.revoked_at is null
    and ((s.tenant_id = g.absorbed_id and memberships.tenant_id = g.into_id)
      or (s.tenant_id = g.into_id and memberships.tenant_id = g.absorbed_id))
)
"""


def _history() -> None:
    """The names and the mergers belong to the public directory of organismes."""
    for table in ("tenant_names", "tenant_mergers"):
        protect(table)
        for role in (*KINDS, "system", "operator"):
            may_read(table, role, "true")
        may_insert(table, "operator", "true")
    may_update("tenants", "operator", "true", columns="(name, absorbed_into_id)")
    may_update(
        "tenants",
        "system",
        "id in (select n.tenant_id from tenant_names n)"
        " or id in (select m.absorbed_id from tenant_mergers m)",
        columns="(name, absorbed_into_id)",
    )
    op.execute("grant select (person_id) on memberships to portail_system")
    may_insert("memberships", "system", MERGED)


def _substitutions() -> None:
    """An arrêté of the préfet is public; only the préfecture that takes it writes it."""
    protect("substitutions")
    for role in KINDS:
        may_read("substitutions", role, "true")
    mine = f"prefecture_id = {TENANT}"
    may_insert("substitutions", "prefecture", mine)
    may_update("substitutions", "prefecture", mine, columns="(ends_on)")


def _offers() -> None:
    """Who holds the line reads the offer made in its place, and writes nothing of it."""
    for role in ("reservataire", "prefecture"):
        op.execute(
            "grant select (holder_id, substitution_id, line_party_id) on orientations"
            f" to portail_{role}"
        )
    op.execute(
        "alter policy reservataire_select on orientations using"
        f" (({OWN_CONTINGENT}) or holder_id = {TENANT})"
    )


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(OFFERS)
    _history()
    _substitutions()
    _offers()
    for table in OPENING:
        op.execute(
            f"alter policy bailleur_insert on {table}"
            f" with check (bailleur_id = {TENANT} and {NOT_ABSORBED})"
        )
