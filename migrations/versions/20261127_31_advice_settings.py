"""The charte also dates what the advice counts: basis, refusals, urgencies, appeal, weights."""

from __future__ import annotations

from alembic import op

revision = "20261127_31_advice_settings"
down_revision = "20261127_52_received_answers"
branch_labels = None
depends_on = None

PARAMETERS = """
ALTER TABLE charte_versions ADD COLUMN advice_basis TEXT DEFAULT 'oriented' NOT NULL;
ALTER TABLE charte_versions ADD COLUMN refusals TEXT DEFAULT 'free' NOT NULL;
ALTER TABLE charte_versions ADD COLUMN refusal_rank INTEGER DEFAULT 3 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN urgences TEXT DEFAULT 'charged' NOT NULL;
ALTER TABLE charte_versions ADD COLUMN appeal_old_before INTEGER DEFAULT 1975 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN appeal_new_from INTEGER DEFAULT 2013 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_total INTEGER DEFAULT 2 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_typology INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_financing INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_period INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_area INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_commune INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD COLUMN weight_appeal INTEGER DEFAULT 1 NOT NULL;
ALTER TABLE charte_versions ADD CONSTRAINT charte_versions_advice_basis_check
    CHECK (advice_basis in ('oriented', 'attributed', 'leased'));
ALTER TABLE charte_versions ADD CONSTRAINT charte_versions_refusals_check
    CHECK (refusals in ('free', 'counted', 'from_kth'));
ALTER TABLE charte_versions ADD CONSTRAINT charte_versions_urgences_check
    CHECK (urgences in ('charged', 'not_charged'));
ALTER TABLE ledger_entries ADD COLUMN settings_version TEXT DEFAULT '' NOT NULL;
ALTER TABLE ledger_entries ALTER COLUMN settings_version DROP DEFAULT;
"""


def upgrade() -> None:
    op.execute(PARAMETERS)
