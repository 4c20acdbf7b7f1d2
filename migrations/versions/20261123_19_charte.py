"""The charte has dated versions and parameters."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, private, protect

revision = "20261123_19_charte"
down_revision = "20261123_18_annexes"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

TABLES = """
CREATE TABLE charte_versions (
    id UUID NOT NULL,
    prefecture_id UUID,
    code TEXT NOT NULL,
    from_on DATE NOT NULL,
    decision TEXT NOT NULL,
    mutation_rate_bp INTEGER NOT NULL,
    keeps_npnru BOOLEAN DEFAULT true NOT NULL,
    keeps_orcod BOOLEAN DEFAULT true NOT NULL,
    keeps_insalubrite BOOLEAN DEFAULT true NOT NULL,
    keeps_vente BOOLEAN DEFAULT true NOT NULL,
    excludes_plai_adapte BOOLEAN DEFAULT true NOT NULL,
    excludes_gens_du_voyage BOOLEAN DEFAULT true NOT NULL,
    answer_days INTEGER NOT NULL,
    candidate_days INTEGER NOT NULL,
    indicator TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_by UUID,
    CONSTRAINT charte_versions_pkey PRIMARY KEY (id),
    CONSTRAINT charte_versions_from_on_key UNIQUE (from_on),
    CONSTRAINT charte_versions_indicator_check CHECK (indicator in ('oriented', 'attributed', 'leased')),
    CONSTRAINT charte_versions_numbers_check CHECK (mutation_rate_bp between 0 and 10000 and answer_days > 0 and candidate_days > 0),
    CONSTRAINT charte_versions_prefecture_id_fkey FOREIGN KEY(prefecture_id) REFERENCES tenants (id)
);
CREATE TABLE soustraction_forecasts (
    bailleur_id UUID NOT NULL,
    year INTEGER NOT NULL,
    category TEXT NOT NULL,
    number INTEGER NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT soustraction_forecasts_pkey PRIMARY KEY (bailleur_id, year, category),
    CONSTRAINT soustraction_forecasts_category_check CHECK (category in ('mutation', 'npnru', 'orcod', 'insalubrite', 'vente')),
    CONSTRAINT soustraction_forecasts_number_check CHECK (number >= 0),
    CONSTRAINT soustraction_forecasts_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
ALTER TABLE vacancies DROP CONSTRAINT vacancies_nature_check;
ALTER TABLE vacancies ADD CONSTRAINT vacancies_nature_check CHECK (nature in ('flux', 'own', 'droit_unique', 'urgency', 'urgency_out', 'mutation', 'first_letting', 'npnru', 'orcod', 'insalubrite', 'vente'));
"""

# What the conventions of the département print (art. 2.2, 2.3, 5.3 and 7): the charte itself is
# not public. From the first year in flux until the comité technique revises it.
FIRST = """
insert into charte_versions (id, code, from_on, decision, mutation_rate_bp, answer_days,
    candidate_days, indicator, recorded_at)
  values (uuidv7(), '2023', '2023-01-01',
    'Paramètres écrits dans les conventions du département (art. 2.2, 2.3, 5.3 et 7)',
    1000, 2, 15, 'oriented', '2023-01-01 00:00+01');
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FIRST)
    protect("charte_versions")
    for role in KINDS:
        may_read("charte_versions", role, "true")
    may_insert("charte_versions", "prefecture", f"prefecture_id = {TENANT}")
    private("soustraction_forecasts", update="(number, recorded_at)")
