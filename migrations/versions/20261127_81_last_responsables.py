"""Each contingent of the State keeps a responsable, as each organisme does.

Whoever follows a contingent is the only one who can give it (hard rule 3 of the rights): the last
responsable of one could leave while the other contingent kept its own, and nobody was left to
invite or to remove. Every other organisme follows one thing, « none », and keeps the rule it had.
"""

from __future__ import annotations

from alembic import op

revision = "20261127_81_last_responsables"
down_revision = "20261127_80_spread_urgences"
branch_labels = None
depends_on = None

LAST_RESPONSABLE = """
create or replace function guard_last_responsable() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user = 'portail_operator' then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(old.tenant_id || old.capacity, 0));
  if exists (
    select from unnest(old.contingents) as followed where not exists (
      select from memberships m where m.tenant_id = old.tenant_id and m.capacity = old.capacity
        and m.role = 'responsable' and m.revoked_at is null and followed = any (m.contingents)
    )
  ) then
    raise exception 'an organisme keeps a responsable'
      using errcode = 'check_violation', constraint = 'memberships_last_responsable';
  end if;
  return null;
end $$
"""


def upgrade() -> None:
    op.execute(LAST_RESPONSABLE)
