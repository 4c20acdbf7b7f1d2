"""An organisme decides whether the link of its mails may answer, each decision dated and kept."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, protect

revision = "20261127_51_answer_links"
down_revision = "20261127_50_candidate_offers"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE answer_link_decisions (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    is_open BOOLEAN DEFAULT false NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    person_id UUID,
    person_name TEXT NOT NULL,
    CONSTRAINT answer_link_decisions_pkey PRIMARY KEY (id),
    CONSTRAINT answer_link_decisions_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE INDEX answer_link_decisions_by_tenant ON answer_link_decisions (tenant_id, id);
"""


def upgrade() -> None:
    op.execute(TABLE)
    protect("answer_link_decisions")
    own = f"tenant_id = {TENANT}"
    may_read("answer_link_decisions", "reservataire", own)
    may_insert("answer_link_decisions", "reservataire", own)
