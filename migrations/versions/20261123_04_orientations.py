"""Vacancies, orientations, candidates."""

from __future__ import annotations

from alembic import op

revision = "20261123_04_orientations"
down_revision = "20261123_03_patrimoine"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE vacancies (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    insee TEXT NOT NULL,
    nature TEXT DEFAULT 'flux' NOT NULL,
    state TEXT DEFAULT 'open' NOT NULL,
    notice_on DATE,
    free_on DATE NOT NULL,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    registered_on DATE NOT NULL,
    closed_on DATE,
    charged_reservataire_id UUID,
    charged_contingent TEXT DEFAULT 'none' NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT vacancies_pkey PRIMARY KEY (id),
    CONSTRAINT vacancies_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT vacancies_dwelling_id_bailleur_id_fkey FOREIGN KEY(dwelling_id, bailleur_id) REFERENCES dwellings (id, bailleur_id),
    CONSTRAINT vacancies_nature_check CHECK (nature in ('flux', 'own', 'droit_unique', 'urgency', 'urgency_out', 'mutation', 'first_letting')),
    CONSTRAINT vacancies_state_check CHECK (state in ('open', 'closed', 'cancelled')),
    CONSTRAINT vacancies_charged_contingent_check CHECK (charged_contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT vacancies_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT vacancies_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee),
    CONSTRAINT vacancies_charged_reservataire_id_fkey FOREIGN KEY(charged_reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX vacancies_by_commune ON vacancies (bailleur_id, insee, registered_on);
CREATE INDEX vacancies_by_day ON vacancies (bailleur_id, registered_on, id);
CREATE UNIQUE INDEX vacancies_open_by_dwelling ON vacancies (dwelling_id) WHERE state = 'open';
CREATE TABLE orientations (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT DEFAULT 'none' NOT NULL,
    vacancy_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    convention_id UUID NOT NULL,
    insee TEXT NOT NULL,
    state TEXT NOT NULL,
    rank INTEGER DEFAULT 1 NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_on DATE NOT NULL,
    answer_due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answer_last_day DATE NOT NULL,
    answer_receipt JSONB DEFAULT '{}' NOT NULL,
    answer_days INTEGER DEFAULT 2 NOT NULL,
    candidate_days INTEGER DEFAULT 15 NOT NULL,
    extension_count INTEGER DEFAULT 0 NOT NULL,
    acceptance_mode TEXT,
    accepted_on DATE,
    answered_at TIMESTAMP WITH TIME ZONE,
    refusal_motif TEXT,
    candidates_due_at TIMESTAMP WITH TIME ZONE,
    candidates_last_day DATE,
    searched_by TEXT DEFAULT 'reservataire' NOT NULL,
    justification TEXT,
    withdrawal_reason TEXT,
    attributed_candidate_id UUID,
    attributed_on DATE,
    leased_on DATE,
    departure_motif TEXT,
    advice JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT orientations_pkey PRIMARY KEY (id),
    CONSTRAINT orientations_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT orientations_id_bailleur_id_reservataire_id_contingent_key UNIQUE (id, bailleur_id, reservataire_id, contingent),
    CONSTRAINT orientations_vacancy_id_bailleur_id_fkey FOREIGN KEY(vacancy_id, bailleur_id) REFERENCES vacancies (id, bailleur_id),
    CONSTRAINT orientations_dwelling_id_bailleur_id_fkey FOREIGN KEY(dwelling_id, bailleur_id) REFERENCES dwellings (id, bailleur_id),
    CONSTRAINT orientations_convention_id_bailleur_id_reservataire_id_fkey FOREIGN KEY(convention_id, bailleur_id, reservataire_id) REFERENCES conventions (id, bailleur_id, reservataire_id),
    CONSTRAINT orientations_state_check CHECK (state in ('draft', 'sent', 'searching', 'candidates_complete', 'candidates_partial', 'no_candidate', 'in_caleol', 'attributed', 'not_attributed', 'leased', 'lease_failed', 'refused', 'withdrawn', 'reoriented', 'renounced')),
    CONSTRAINT orientations_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT orientations_acceptance_mode_check CHECK (acceptance_mode in ('express', 'tacit')),
    CONSTRAINT orientations_searched_by_check CHECK (searched_by in ('reservataire', 'bailleur')),
    CONSTRAINT orientations_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT orientations_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id),
    CONSTRAINT orientations_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE INDEX orientations_awaiting_answer ON orientations (answer_due_at, id) WHERE state = 'sent';
CREATE INDEX orientations_awaiting_candidates ON orientations (candidates_due_at, id) WHERE state = 'searching';
CREATE INDEX orientations_by_bailleur ON orientations (bailleur_id, sent_at, id);
CREATE INDEX orientations_by_dwelling ON orientations (dwelling_id, reservataire_id);
CREATE INDEX orientations_by_reservataire ON orientations (reservataire_id, sent_at, id);
CREATE UNIQUE INDEX orientations_live_by_vacancy ON orientations (vacancy_id) WHERE state in ('draft', 'sent', 'searching', 'candidates_complete', 'candidates_partial', 'no_candidate', 'in_caleol', 'attributed');
CREATE TABLE candidates (
    id UUID NOT NULL,
    orientation_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    nud TEXT NOT NULL,
    is_dalo BOOLEAN DEFAULT false NOT NULL,
    dalo_origin TEXT,
    first_quartile TEXT DEFAULT 'unknown' NOT NULL,
    criterion TEXT,
    position INTEGER NOT NULL,
    presented_by TEXT NOT NULL,
    presented_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT candidates_pkey PRIMARY KEY (id),
    CONSTRAINT candidates_id_orientation_id_bailleur_id_key UNIQUE (id, orientation_id, bailleur_id),
    CONSTRAINT candidates_orientation_id_bailleur_id_reservataire_id_c_e7b1 FOREIGN KEY(orientation_id, bailleur_id, reservataire_id, contingent) REFERENCES orientations (id, bailleur_id, reservataire_id, contingent),
    CONSTRAINT candidates_presented_by_check CHECK (presented_by in ('reservataire', 'bailleur')),
    CONSTRAINT candidates_dalo_origin_check CHECK (dalo_origin in ('prefet', 'reservataire')),
    CONSTRAINT candidates_first_quartile_check CHECK (first_quartile in ('yes', 'no', 'unknown')),
    CONSTRAINT candidates_nud_check CHECK (nud ~ '^[0-9A-Z]{18}$')
);
CREATE INDEX candidates_by_bailleur ON candidates (bailleur_id, orientation_id);
CREATE INDEX candidates_by_reservataire ON candidates (reservataire_id, orientation_id);
CREATE UNIQUE INDEX candidates_nud_by_orientation ON candidates (orientation_id, nud) WHERE withdrawn_at is null;
"""


def upgrade() -> None:
    op.execute(TABLES)
