"""What an act reads does not grow with the years: offers by vacancy and by day, a dwelling's own.

A réservataire reads a dwelling that was offered to it: asked of this dwelling, where the list of
all that were ever offered to it was drawn up at each reading.
"""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT

revision = "20261127_70_orientation_dates"
down_revision = "20261127_31_advice_settings"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX orientations_by_vacancy ON orientations (vacancy_id, bailleur_id);
CREATE INDEX orientations_by_sent_day ON orientations (bailleur_id, sent_on);
CREATE INDEX orientations_by_attributed_day ON orientations (bailleur_id, attributed_on)
    WHERE attributed_on is not null;
CREATE INDEX orientations_by_leased_day ON orientations (bailleur_id, leased_on)
    WHERE leased_on is not null;
"""
OFFERED = f"""
alter policy reservataire_select on dwellings using (exists (
    select from orientations o where o.dwelling_id = dwellings.id and o.reservataire_id = {TENANT}
))
"""


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(OFFERED)
