"""Mails that did not go, before the organisme that sent them: it reads why and tries again."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, may_update, protect

revision = "20261127_74_dead_letters"
down_revision = "20261127_73_mail_choices"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

TABLES = """
CREATE TABLE dead_letters (
    notification_id UUID NOT NULL,
    sender_id UUID NOT NULL,
    recipient_id UUID NOT NULL,
    template TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    state TEXT NOT NULL,
    error TEXT NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    replayed_at TIMESTAMP WITH TIME ZONE,
    replayed_by TEXT,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (notification_id),
    CONSTRAINT dead_letters_state_check CHECK (state in ('failed', 'uncertain')),
    CONSTRAINT dead_letters_sender_id_fkey FOREIGN KEY(sender_id) REFERENCES tenants (id),
    CONSTRAINT dead_letters_recipient_id_fkey FOREIGN KEY(recipient_id) REFERENCES tenants (id)
);
CREATE INDEX dead_letters_by_sender ON dead_letters (sender_id, failed_at, notification_id);
"""


def upgrade() -> None:
    op.execute(TABLES)
    protect("dead_letters")
    for role in KINDS:
        mine = f"sender_id = {TENANT}"
        may_read("dead_letters", role, mine)
        may_update("dead_letters", role, mine, columns="(replayed_at, replayed_by)")
    may_read("dead_letters", "system", "true")
    may_insert("dead_letters", "system", "true")
    may_update(
        "dead_letters",
        "system",
        "true",
        columns="(state, error, failed_at, replayed_at, replayed_by, settled_at)",
    )
