"""An urgency may be charged in equal parts over several months, as the charte of its day says."""

from __future__ import annotations

from alembic import op

revision = "20261127_80_spread_urgences"
down_revision = "20261127_74_dead_letters"
branch_labels = None
depends_on = None

SPREAD = """
ALTER TABLE charte_versions ADD COLUMN urgence_parts INTEGER DEFAULT 4 NOT NULL;
ALTER TABLE charte_versions DROP CONSTRAINT charte_versions_urgences_check;
ALTER TABLE charte_versions ADD CONSTRAINT charte_versions_urgences_check
    CHECK (urgences in ('charged', 'spread', 'not_charged'));
ALTER TABLE ledger_moves DROP CONSTRAINT ledger_moves_kind_check;
ALTER TABLE ledger_moves ADD CONSTRAINT ledger_moves_kind_check CHECK (kind in
    ('freed', 'withdrawn', 'oriented', 'released', 'counted', 'expired', 'spread'));
CREATE INDEX ledger_moves_spread ON ledger_moves (bailleur_id, basis, event_id)
    WHERE kind = 'spread';
"""


def upgrade() -> None:
    op.execute(SPREAD)
