"""Commission, urgencies, bilans, journal, notifications."""

from __future__ import annotations

from alembic import op

revision = "20261123_05_acts"
down_revision = "20261123_04_orientations"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE caleol_sessions (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    place TEXT NOT NULL,
    mode TEXT DEFAULT 'on_site' NOT NULL,
    state TEXT DEFAULT 'planned' NOT NULL,
    sequence INTEGER DEFAULT 0 NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    minutes_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT caleol_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT caleol_sessions_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT caleol_sessions_mode_check CHECK (mode in ('on_site', 'remote', 'written')),
    CONSTRAINT caleol_sessions_state_check CHECK (state in ('planned', 'held', 'cancelled')),
    CONSTRAINT caleol_sessions_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE INDEX caleol_sessions_by_day ON caleol_sessions (bailleur_id, starts_at, id);
CREATE TABLE caleol_items (
    session_id UUID NOT NULL,
    orientation_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT caleol_items_pkey PRIMARY KEY (session_id, orientation_id),
    CONSTRAINT caleol_items_session_id_bailleur_id_fkey FOREIGN KEY(session_id, bailleur_id) REFERENCES caleol_sessions (id, bailleur_id),
    CONSTRAINT caleol_items_orientation_id_bailleur_id_reservataire_id_34e4 FOREIGN KEY(orientation_id, bailleur_id, reservataire_id, contingent) REFERENCES orientations (id, bailleur_id, reservataire_id, contingent)
);
CREATE INDEX caleol_items_by_orientation ON caleol_items (orientation_id);
CREATE TABLE caleol_invitations (
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    sequence INTEGER DEFAULT 0 NOT NULL,
    invited_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT caleol_invitations_pkey PRIMARY KEY (id),
    CONSTRAINT caleol_invitations_session_id_tenant_id_capacity_key UNIQUE (session_id, tenant_id, capacity),
    CONSTRAINT caleol_invitations_session_id_bailleur_id_fkey FOREIGN KEY(session_id, bailleur_id) REFERENCES caleol_sessions (id, bailleur_id),
    CONSTRAINT caleol_invitations_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT caleol_invitations_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX caleol_invitations_by_tenant ON caleol_invitations (tenant_id, capacity, session_id);
CREATE TABLE decisions (
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    orientation_id UUID NOT NULL,
    candidate_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    is_dalo BOOLEAN DEFAULT false NOT NULL,
    outcome TEXT NOT NULL,
    rank INTEGER,
    reason TEXT,
    reason_text TEXT,
    condition TEXT,
    condition_until DATE,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (id),
    CONSTRAINT decisions_session_id_candidate_id_key UNIQUE (session_id, candidate_id),
    CONSTRAINT decisions_session_id_bailleur_id_fkey FOREIGN KEY(session_id, bailleur_id) REFERENCES caleol_sessions (id, bailleur_id),
    CONSTRAINT decisions_candidate_id_orientation_id_bailleur_id_fkey FOREIGN KEY(candidate_id, orientation_id, bailleur_id) REFERENCES candidates (id, orientation_id, bailleur_id)
);
CREATE INDEX decisions_by_orientation ON decisions (orientation_id);
CREATE TABLE urgences (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    vacancy_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    insee TEXT NOT NULL,
    dwelling_label TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    households INTEGER DEFAULT 1 NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'requested' NOT NULL,
    proposed_reservataire_id UUID,
    proposed_contingent TEXT DEFAULT 'none' NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    decision_reason TEXT,
    charged_reservataire_id UUID,
    charged_contingent TEXT DEFAULT 'none' NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    version INTEGER DEFAULT 1 NOT NULL,
    CONSTRAINT urgences_pkey PRIMARY KEY (id),
    CONSTRAINT urgences_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT urgences_vacancy_id_bailleur_id_fkey FOREIGN KEY(vacancy_id, bailleur_id) REFERENCES vacancies (id, bailleur_id),
    CONSTRAINT urgences_dwelling_id_bailleur_id_fkey FOREIGN KEY(dwelling_id, bailleur_id) REFERENCES dwellings (id, bailleur_id),
    CONSTRAINT urgences_state_check CHECK (state in ('requested', 'approved', 'refused')),
    CONSTRAINT urgences_kind_check CHECK (kind in ('fire', 'unfit', 'flood', 'evacuation', 'other')),
    CONSTRAINT urgences_charged_contingent_check CHECK (charged_contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT urgences_proposed_contingent_check CHECK (proposed_contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT urgences_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT urgences_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee),
    CONSTRAINT urgences_proposed_reservataire_id_fkey FOREIGN KEY(proposed_reservataire_id) REFERENCES tenants (id),
    CONSTRAINT urgences_charged_reservataire_id_fkey FOREIGN KEY(charged_reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX urgences_by_bailleur ON urgences (bailleur_id, requested_at, id);
CREATE INDEX urgences_by_day ON urgences (requested_at, id);
CREATE UNIQUE INDEX urgences_pending_by_vacancy ON urgences (vacancy_id) WHERE state = 'requested';
CREATE TABLE bilan_agreements (
    bailleur_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    since_on DATE NOT NULL,
    source TEXT NOT NULL,
    CONSTRAINT bilan_agreements_pkey PRIMARY KEY (bailleur_id, tenant_id),
    CONSTRAINT bilan_agreements_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT bilan_agreements_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE bilans (
    id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    year INTEGER NOT NULL,
    version INTEGER NOT NULL,
    state TEXT DEFAULT 'preparing' NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    distributed_at TIMESTAMP WITH TIME ZONE,
    content JSONB NOT NULL,
    content_hash TEXT NOT NULL,
    workbook BYTEA,
    workbook_hash TEXT,
    CONSTRAINT bilans_pkey PRIMARY KEY (id),
    CONSTRAINT bilans_bailleur_id_year_version_key UNIQUE (bailleur_id, year, version),
    CONSTRAINT bilans_id_bailleur_id_key UNIQUE (id, bailleur_id),
    CONSTRAINT bilans_state_check CHECK (state in ('preparing', 'published')),
    CONSTRAINT bilans_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id)
);
CREATE TABLE bilan_deliveries (
    id UUID NOT NULL,
    bilan_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT bilan_deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT bilan_deliveries_bilan_id_tenant_id_capacity_key UNIQUE (bilan_id, tenant_id, capacity),
    CONSTRAINT bilan_deliveries_bilan_id_bailleur_id_fkey FOREIGN KEY(bilan_id, bailleur_id) REFERENCES bilans (id, bailleur_id),
    CONSTRAINT bilan_deliveries_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT bilan_deliveries_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX bilan_deliveries_by_tenant ON bilan_deliveries (tenant_id, capacity, bilan_id);
CREATE TABLE journal (
    id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_tenant_id UUID NOT NULL,
    actor_capacity TEXT NOT NULL,
    person_id UUID,
    person_name TEXT NOT NULL,
    channel TEXT NOT NULL,
    act TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID,
    contingent TEXT DEFAULT 'none' NOT NULL,
    dwelling_id UUID,
    from_state TEXT,
    to_state TEXT,
    reason TEXT,
    facts JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT journal_pkey PRIMARY KEY (id),
    CONSTRAINT journal_id_actor_tenant_id_key UNIQUE (id, actor_tenant_id),
    CONSTRAINT journal_channel_check CHECK (channel in ('page', 'api', 'worker', 'mail')),
    CONSTRAINT journal_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT journal_actor_tenant_id_fkey FOREIGN KEY(actor_tenant_id) REFERENCES tenants (id),
    CONSTRAINT journal_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT journal_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX journal_by_bailleur ON journal (bailleur_id, at, id);
CREATE INDEX journal_by_dwelling ON journal (dwelling_id, at, id);
CREATE INDEX journal_by_reservataire ON journal (reservataire_id, at, id);
CREATE TABLE notifications (
    id UUID NOT NULL,
    act_id UUID NOT NULL,
    sender_id UUID NOT NULL,
    recipient_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    contingent TEXT DEFAULT 'none' NOT NULL,
    channel TEXT DEFAULT 'email' NOT NULL,
    template TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    state TEXT DEFAULT 'queued' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    address TEXT,
    subject TEXT,
    body_text TEXT,
    body_html TEXT,
    calendar TEXT,
    message_id TEXT,
    attempts INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    processed_at TIMESTAMP WITH TIME ZONE,
    read_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_act_id_recipient_id_capacity_contingent_c_0510 UNIQUE (act_id, recipient_id, capacity, contingent, channel, template),
    CONSTRAINT notifications_act_id_sender_id_fkey FOREIGN KEY(act_id, sender_id) REFERENCES journal (id, actor_tenant_id),
    CONSTRAINT notifications_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT notifications_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT notifications_channel_check CHECK (channel in ('email')),
    CONSTRAINT notifications_state_check CHECK (state in ('queued', 'sending', 'sent', 'kept', 'failed', 'uncertain')),
    CONSTRAINT notifications_sender_id_fkey FOREIGN KEY(sender_id) REFERENCES tenants (id),
    CONSTRAINT notifications_recipient_id_fkey FOREIGN KEY(recipient_id) REFERENCES tenants (id)
);
CREATE INDEX notifications_by_recipient ON notifications (recipient_id, capacity, created_at, id);
CREATE INDEX notifications_pending ON notifications (created_at, id) WHERE state in ('queued', 'sending');
"""


def upgrade() -> None:
    op.execute(TABLES)
