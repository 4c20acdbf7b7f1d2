"""Dwellings, conventions, annexes."""

from __future__ import annotations

from alembic import op

revision = "20261123_03_patrimoine"
down_revision = "20261123_02_identities"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE dwellings (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reference TEXT NOT NULL,
    rpls_id TEXT NOT NULL,
    insee TEXT NOT NULL,
    address TEXT NOT NULL,
    sort_address TEXT NOT NULL,
    kind TEXT DEFAULT 'social' NOT NULL,
    typology TEXT NOT NULL,
    surface_m2 NUMERIC(6, 2) NOT NULL,
    financing TEXT NOT NULL,
    built_year INTEGER NOT NULL,
    delivered_on DATE,
    is_qpv BOOLEAN DEFAULT false NOT NULL,
    exclusion TEXT,
    left_on DATE,
    CONSTRAINT dwellings_pkey PRIMARY KEY (id),
    CONSTRAINT dwellings_bailleur_id_reference_key UNIQUE (bailleur_id, reference),
    CONSTRAINT dwellings_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT dwellings_exclusion_check CHECK (exclusion in ('defense_securite', 'sante', 'plan_vente', 'demolition', 'plai_adapte', 'gens_du_voyage')),
    CONSTRAINT dwellings_kind_check CHECK (kind in ('social', 'foyer', 'student', 'intermediate')),
    CONSTRAINT dwellings_financing_check CHECK (financing in ('plai', 'plus', 'pls', 'other')),
    CONSTRAINT dwellings_typology_check CHECK (typology in ('t1', 't2', 't3', 't4', 't5', 't6')),
    CONSTRAINT dwellings_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT dwellings_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE INDEX dwellings_by_commune ON dwellings (bailleur_id, insee, sort_address, id);
CREATE TABLE conventions (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    state TEXT DEFAULT 'signed' NOT NULL,
    starts_on DATE NOT NULL,
    ended_on DATE,
    mailbox TEXT,
    answer_days INTEGER DEFAULT 2 NOT NULL,
    candidate_days INTEGER DEFAULT 15 NOT NULL,
    mutation_rate_bp INTEGER DEFAULT 1000 NOT NULL,
    indicator TEXT DEFAULT 'oriented' NOT NULL,
    charte_version TEXT NOT NULL,
    model_version TEXT NOT NULL,
    CONSTRAINT conventions_pkey PRIMARY KEY (id),
    CONSTRAINT conventions_bailleur_id_reservataire_id_starts_on_key UNIQUE (bailleur_id, reservataire_id, starts_on),
    CONSTRAINT conventions_id_bailleur_id_reservataire_id_key UNIQUE (id, bailleur_id, reservataire_id),
    CONSTRAINT conventions_state_check CHECK (state in ('draft', 'deliberated', 'signed', 'denounced', 'terminated', 'replaced')),
    CONSTRAINT conventions_indicator_check CHECK (indicator in ('oriented', 'attributed', 'leased')),
    CONSTRAINT conventions_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT conventions_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE TABLE convention_communes (
    convention_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    insee TEXT NOT NULL,
    CONSTRAINT convention_communes_pkey PRIMARY KEY (convention_id, insee),
    CONSTRAINT convention_communes_convention_id_bailleur_id_reservata_75d3 FOREIGN KEY(convention_id, bailleur_id, reservataire_id) REFERENCES conventions (id, bailleur_id, reservataire_id),
    CONSTRAINT convention_communes_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE INDEX convention_communes_by_party ON convention_communes (reservataire_id, bailleur_id, insee);
CREATE TABLE annexes (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    epci_siren TEXT NOT NULL,
    year INTEGER NOT NULL,
    version INTEGER NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT annexes_pkey PRIMARY KEY (id),
    CONSTRAINT annexes_bailleur_id_epci_siren_year_version_key UNIQUE (bailleur_id, epci_siren, year, version),
    CONSTRAINT annexes_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT annexes_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT annexes_epci_siren_fkey FOREIGN KEY(epci_siren) REFERENCES epcis (siren)
);
CREATE TABLE annexe_communes (
    annexe_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    insee TEXT NOT NULL,
    position INTEGER NOT NULL,
    total INTEGER NOT NULL,
    defense_securite INTEGER DEFAULT 0 NOT NULL,
    sante INTEGER DEFAULT 0 NOT NULL,
    plan_vente INTEGER DEFAULT 0 NOT NULL,
    demolition INTEGER DEFAULT 0 NOT NULL,
    plai_adapte INTEGER DEFAULT 0 NOT NULL,
    gens_du_voyage INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT annexe_communes_pkey PRIMARY KEY (annexe_id, insee),
    CONSTRAINT annexe_communes_annexe_id_bailleur_id_fkey FOREIGN KEY(annexe_id, bailleur_id) REFERENCES annexes (id, bailleur_id),
    CONSTRAINT annexe_communes_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE TABLE annexe_lines (
    id UUID NOT NULL,
    annexe_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    position INTEGER NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT DEFAULT 'none' NOT NULL,
    droits NUMERIC(8, 2),
    imposed_rate_bp INTEGER,
    CONSTRAINT annexe_lines_pkey PRIMARY KEY (id),
    CONSTRAINT annexe_lines_annexe_id_reservataire_id_contingent_key UNIQUE (annexe_id, reservataire_id, contingent),
    CONSTRAINT annexe_lines_id_annexe_id_bailleur_id_key UNIQUE (id, annexe_id, bailleur_id),
    CONSTRAINT annexe_lines_annexe_id_bailleur_id_fkey FOREIGN KEY(annexe_id, bailleur_id) REFERENCES annexes (id, bailleur_id),
    CONSTRAINT annexe_lines_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT annexe_lines_droits_or_rate_check CHECK ((droits is null) <> (imposed_rate_bp is null)),
    CONSTRAINT annexe_lines_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE TABLE annexe_line_communes (
    line_id UUID NOT NULL,
    annexe_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    insee TEXT NOT NULL,
    CONSTRAINT annexe_line_communes_pkey PRIMARY KEY (line_id, insee),
    CONSTRAINT annexe_line_communes_line_id_annexe_id_bailleur_id_fkey FOREIGN KEY(line_id, annexe_id, bailleur_id) REFERENCES annexe_lines (id, annexe_id, bailleur_id),
    CONSTRAINT annexe_line_communes_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE INDEX annexe_line_communes_by_annexe ON annexe_line_communes (annexe_id);
CREATE TABLE annexe_readers (
    annexe_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    CONSTRAINT annexe_readers_pkey PRIMARY KEY (annexe_id, tenant_id),
    CONSTRAINT annexe_readers_annexe_id_bailleur_id_fkey FOREIGN KEY(annexe_id, bailleur_id) REFERENCES annexes (id, bailleur_id),
    CONSTRAINT annexe_readers_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX annexe_readers_by_tenant ON annexe_readers (tenant_id, annexe_id);
"""


def upgrade() -> None:
    op.execute(TABLES)
