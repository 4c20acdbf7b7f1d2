"""The bell of an open page is told to look again; an attribution says if it is a priority one."""

from __future__ import annotations

from alembic import op

revision = "20261123_14_lists"
down_revision = "20261123_13_readings"
branch_labels = None
depends_on = None

# Beside "noun:tenant:capacity" (migration 08), a noun of its own for the bell: it counts what is
# announced and not read, whatever the subject. Each payload is sent once a transaction.
BELL = """
create function tell_bell() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify(
    'portail', concat_ws(':', 'notifications', new.recipient_id, new.capacity));
  return null;
end $$;
create trigger tell_bell after insert or update of read_at on notifications
  for each row execute function tell_bell();
"""


# The préfecture counts the 25 % of every bailleur (L441-1) and reads no household but the DALO
# ones: the attribution itself bears the fact, without the household.
PRIORITY = """
alter table orientations add column attributed_is_priority boolean;
grant select (attributed_is_priority) on orientations to portail_reservataire, portail_prefecture;
grant update (attributed_is_priority) on orientations to portail_bailleur;
"""


def upgrade() -> None:
    op.execute(BELL)
    op.execute(PRIORITY)
