"""Reminders given once, digests of the morning, what each one chooses to receive."""

from __future__ import annotations

from alembic import op

from migrations.helpers import (
    TENANT,
    may_delete,
    may_insert,
    may_read,
    may_update,
    private,
    protect,
)

revision = "20261127_73_mail_choices"
down_revision = "20261127_72_calendar_feeds"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

TABLES = """
CREATE TABLE orientation_reminders (
    orientation_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    last_day DATE NOT NULL,
    stage TEXT NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT orientation_reminders_pkey PRIMARY KEY (orientation_id, last_day, stage),
    CONSTRAINT orientation_reminders_stage_check CHECK (stage in ('half_way', 'last_day')),
    CONSTRAINT orientation_reminders_orientation_id_bailleur_id_reserv_66db FOREIGN KEY(orientation_id, bailleur_id, reservataire_id, contingent) REFERENCES orientations (id, bailleur_id, reservataire_id, contingent)
);
CREATE TABLE mail_preferences (
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    information BOOLEAN DEFAULT true NOT NULL,
    reminders BOOLEAN DEFAULT true NOT NULL,
    digest BOOLEAN DEFAULT false NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by TEXT NOT NULL,
    CONSTRAINT mail_preferences_pkey PRIMARY KEY (tenant_id, capacity),
    CONSTRAINT mail_preferences_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT mail_preferences_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE person_digests (
    person_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    address TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT person_digests_pkey PRIMARY KEY (person_id, tenant_id, capacity),
    CONSTRAINT person_digests_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT person_digests_person_id_fkey FOREIGN KEY(person_id) REFERENCES persons (id),
    CONSTRAINT person_digests_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE digests (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    contingent TEXT DEFAULT 'none' NOT NULL,
    person_id UUID,
    day DATE NOT NULL,
    address TEXT,
    CONSTRAINT digests_pkey PRIMARY KEY (id),
    CONSTRAINT digests_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT digests_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT digests_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id),
    CONSTRAINT digests_person_id_fkey FOREIGN KEY(person_id) REFERENCES persons (id)
);
CREATE UNIQUE INDEX digests_of_a_day ON digests (tenant_id, capacity, contingent, day, person_id) NULLS NOT DISTINCT;
ALTER TABLE notifications DROP CONSTRAINT notifications_act_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_act_check CHECK (
    act_id is not null
    or (subject_kind in ('membership', 'machine', 'digest') and sender_id = recipient_id));
ALTER TABLE notifications DROP CONSTRAINT notifications_state_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_state_check
    CHECK (state in ('queued', 'sending', 'sent', 'kept', 'muted', 'failed', 'uncertain'));
"""

DUE = (
    "(reservataire_id, contingent, answer_last_day, candidates_last_day, accepted_on, searched_by,"
    " extension_count)"
)


def upgrade() -> None:
    op.execute(TABLES)
    private("orientation_reminders")
    may_read("orientation_reminders", "system", "true")
    op.execute(f"grant select {DUE} on orientations to portail_system")
    for table, columns in (
        ("mail_preferences", "(information, reminders, digest, changed_at, changed_by)"),
        ("person_digests", "(address, changed_at)"),
    ):
        protect(table)
        for role in KINDS:
            mine = f"tenant_id = {TENANT} and capacity = '{role}'"
            may_read(table, role, mine)
            may_insert(table, role, mine)
            may_update(table, role, mine, columns=columns)
        may_read(table, "system", "true")
    for role in KINDS:
        may_delete("person_digests", role, f"tenant_id = {TENANT} and capacity = '{role}'")
    protect("digests")
    for role in KINDS:
        mine = f"tenant_id = {TENANT} and capacity = '{role}'"
        may_read("digests", role, mine)
        may_insert("digests", role, mine)
    may_read("digests", "system", "true")
