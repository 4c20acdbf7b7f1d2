"""What each candidate retained by the caleol was told, and answered (R441-10)."""

from __future__ import annotations

from alembic import op

from migrations.helpers import OWN_CONTINGENT, shared

revision = "20261127_50_candidate_offers"
down_revision = "20261127_40_scenarios"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE candidate_offers (
    id UUID NOT NULL,
    orientation_id UUID NOT NULL,
    candidate_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT NOT NULL,
    rank INTEGER NOT NULL,
    notified_on DATE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_day DATE NOT NULL,
    receipt JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reply TEXT,
    replied_on DATE,
    reply_reason TEXT,
    CONSTRAINT candidate_offers_pkey PRIMARY KEY (id),
    CONSTRAINT candidate_offers_orientation_id_candidate_id_bailleur_id_key UNIQUE (orientation_id, candidate_id, bailleur_id),
    CONSTRAINT candidate_offers_candidate_id_orientation_id_bailleur_id_fkey FOREIGN KEY(candidate_id, orientation_id, bailleur_id) REFERENCES candidates (id, orientation_id, bailleur_id),
    CONSTRAINT candidate_offers_orientation_id_bailleur_id_reservatair_5aca FOREIGN KEY(orientation_id, bailleur_id, reservataire_id, contingent) REFERENCES orientations (id, bailleur_id, reservataire_id, contingent),
    CONSTRAINT candidate_offers_reply_check CHECK (reply in ('accepted', 'refused')),
    CONSTRAINT candidate_offers_replied_check CHECK ((reply is null) = (replied_on is null))
);
CREATE INDEX candidate_offers_by_reservataire ON candidate_offers (reservataire_id, orientation_id);
"""


def upgrade() -> None:
    op.execute(TABLE)
    shared(
        "candidate_offers",
        {"reservataire": (OWN_CONTINGENT, "")},
        update="(reply, replied_on, reply_reason)",
    )
