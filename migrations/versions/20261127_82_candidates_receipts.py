"""How the candidates' deadline was counted is kept with it, as the answer's is."""

from __future__ import annotations

from alembic import op

revision = "20261127_82_candidates_receipts"
down_revision = "20261127_81_last_responsables"
branch_labels = None
depends_on = None

READERS = ("reservataire", "prefecture")
WRITERS = ("bailleur", "reservataire")


def upgrade() -> None:
    op.execute("alter table orientations add column candidates_receipt jsonb")
    for role in READERS:
        op.execute(f"grant select (candidates_receipt) on orientations to portail_{role}")
    for role in WRITERS:
        op.execute(f"grant update (candidates_receipt) on orientations to portail_{role}")
