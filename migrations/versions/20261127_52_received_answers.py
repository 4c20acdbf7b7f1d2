"""The bailleur records an answer that reached it on paper or by telephone; acts by subject."""

from __future__ import annotations

from alembic import op

revision = "20261127_52_received_answers"
down_revision = "20261127_51_answer_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant update (answered_at, refusal_motif) on orientations to portail_bailleur")
    op.execute("create index journal_by_subject on journal (subject_id, act, at)")
