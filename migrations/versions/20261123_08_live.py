"""After each act, the open pages of the organismes concerned are told to look again: no data."""

from __future__ import annotations

from alembic import op

revision = "20261123_08_live"
down_revision = "20261123_07_queue"
branch_labels = None
depends_on = None

# The payload is "noun:tenant:capacity"; without a tenant, every organisme of the capacity. It is
# sent at commit only, once per distinct payload. SECURITY INVOKER, the default: nothing is read.
ACT = """
create function tell_act() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify('portail', concat_ws(':', new.subject_kind, new.bailleur_id, 'bailleur'));
  perform pg_notify('portail', concat_ws(':', new.subject_kind, '', 'prefecture'));
  if new.reservataire_id is not null then
    perform pg_notify(
      'portail', concat_ws(':', new.subject_kind, new.reservataire_id, 'reservataire'));
  end if;
  return null;
end $$;
create trigger tell_act after insert on journal
  for each row execute function tell_act();
"""

# The recipients of an announcement who are no party to the act: EPCI, members of a CALEOL.
NOTIFICATION = """
create function tell_notification() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_notify(
    'portail', concat_ws(':', new.subject_kind, new.recipient_id, new.capacity));
  return null;
end $$;
create trigger tell_notification after insert on notifications
  for each row execute function tell_notification();
"""


def upgrade() -> None:
    op.execute(ACT)
    op.execute(NOTIFICATION)
