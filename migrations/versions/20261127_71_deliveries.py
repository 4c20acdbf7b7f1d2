"""An offer counts from its arrival: deliveries, heartbeats of the portal, outages (domain.md Q5)."""

from __future__ import annotations

from alembic import op

from migrations.helpers import may_update

revision = "20261127_71_deliveries"
down_revision = "20261127_70_orientation_dates"
branch_labels = None
depends_on = None

EVERYONE = ("bailleur", "reservataire", "prefecture", "epci", "identity", "system", "operator")

# Offers sent before deliveries were followed count as delivered.
TABLES = """
CREATE TABLE heartbeats (
    singleton BOOLEAN DEFAULT true NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT heartbeats_pkey PRIMARY KEY (singleton),
    CONSTRAINT heartbeats_single_row_check CHECK (singleton)
);
CREATE TABLE outages (
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT outages_pkey PRIMARY KEY (ended_at),
    CONSTRAINT outages_span_check CHECK (started_at < ended_at)
);
ALTER TABLE orientations ADD COLUMN clock_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE orientations ADD COLUMN delivery TEXT DEFAULT 'delivered' NOT NULL;
ALTER TABLE orientations ADD COLUMN delivery_id UUID;
ALTER TABLE orientations ADD COLUMN delivered_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE orientations ADD COLUMN delivery_error TEXT;
ALTER TABLE orientations ADD CONSTRAINT orientations_delivery_check
    CHECK (delivery in ('pending', 'delivered', 'failed'));
CREATE INDEX orientations_by_delivery ON orientations (delivery_id) WHERE delivery_id is not null;
ALTER TABLE conventions ADD COLUMN mailbox_failed_at TIMESTAMP WITH TIME ZONE;
"""

# The answer period is only ever counted anew while the offer awaits its answer, and only longer.
GUARD = """
create function guard_answer_period() returns trigger language plpgsql as $$
begin
  if new.answer_due_at is distinct from old.answer_due_at and (
    old.state <> 'sent' or new.state <> 'sent' or new.answer_due_at < old.answer_due_at
    or new.clock_at is not distinct from old.clock_at
  ) then
    raise exception 'a legal date never moves' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_answer_period before update of answer_due_at on orientations
  for each row execute function guard_answer_period();
"""

OF_PARTIES = "(clock_at, delivery, delivery_id, delivered_at, delivery_error)"
OF_BAILLEUR = (
    "(answer_due_at, answer_last_day, answer_receipt, clock_at, delivery, delivery_id,"
    " delivered_at, delivery_error)"
)
DUE = "(sent_at, clock_at, delivery, delivery_id, delivered_at)"


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GUARD)
    for role in EVERYONE:
        op.execute(f"grant select on outages to portail_{role}")
    # the web notes that it lives before anybody is known
    op.execute("grant select, insert, update on heartbeats to portail_identity")
    op.execute("grant insert on outages to portail_identity")
    for role in ("reservataire", "prefecture"):
        op.execute(f"grant select {OF_PARTIES} on orientations to portail_{role}")
    op.execute(f"grant update {OF_BAILLEUR} on orientations to portail_bailleur")
    op.execute(f"grant select {DUE} on orientations to portail_system")
    may_update("orientations", "system", "true", columns="(delivery, delivered_at, delivery_error)")
    op.execute("grant update (mailbox_failed_at) on conventions to portail_bailleur")
