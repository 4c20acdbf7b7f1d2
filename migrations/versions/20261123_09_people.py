"""People are invited, reviewed and closed by their own organisme."""

from __future__ import annotations

from alembic import op

from migrations.helpers import TENANT, may_insert, may_read, may_update, protect

revision = "20261123_09_people"
down_revision = "20261123_08_live"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")

# A person who comes back gets a new row: the history of the first one stays as it was.
MEMBERSHIPS = """
ALTER TABLE memberships ADD COLUMN ended_as TEXT;
ALTER TABLE memberships ADD COLUMN last_sign_in_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE memberships ADD COLUMN dormant_warned_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE memberships
    ADD CONSTRAINT memberships_ended_as_check CHECK (ended_as in ('removed', 'dormant'));
ALTER TABLE memberships ADD CONSTRAINT memberships_id_tenant_id_key UNIQUE (id, tenant_id);
ALTER TABLE memberships DROP CONSTRAINT memberships_person_id_tenant_id_capacity_key;
CREATE UNIQUE INDEX memberships_living ON memberships (person_id, tenant_id, capacity)
    WHERE revoked_at is null;
CREATE INDEX memberships_by_tenant ON memberships (tenant_id, capacity);
ALTER TABLE sessions ADD COLUMN acr TEXT DEFAULT '' NOT NULL;
ALTER TABLE login_attempts ADD COLUMN acr_values TEXT DEFAULT '' NOT NULL;
"""

TABLES = """
CREATE TABLE invitations (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    role TEXT NOT NULL,
    contingents TEXT[] DEFAULT '{none}' NOT NULL,
    name TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    invited_by UUID,
    invited_by_name TEXT NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    membership_id UUID,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT invitations_pkey PRIMARY KEY (id),
    CONSTRAINT invitations_secret_hash_key UNIQUE (secret_hash),
    CONSTRAINT invitations_id_tenant_id_key UNIQUE (id, tenant_id),
    CONSTRAINT invitations_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT invitations_role_check CHECK (role in ('responsable', 'agent', 'lecteur')),
    CONSTRAINT invitations_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id),
    CONSTRAINT invitations_membership_id_tenant_id_fkey FOREIGN KEY(membership_id, tenant_id) REFERENCES memberships (id, tenant_id)
);
CREATE INDEX invitations_by_tenant ON invitations (tenant_id, capacity, created_at, id);
CREATE TABLE people_events (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    person_id UUID,
    person_name TEXT NOT NULL,
    act TEXT NOT NULL,
    membership_id UUID,
    invitation_id UUID,
    subject_name TEXT NOT NULL,
    from_role TEXT,
    to_role TEXT,
    CONSTRAINT people_events_pkey PRIMARY KEY (id),
    CONSTRAINT people_events_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT people_events_act_check CHECK (act in ('invited', 'invitation_cancelled', 'joined', 'role_changed', 'removed', 'dormant_warned', 'dormant_closed', 'reviewed')),
    CONSTRAINT people_events_from_role_check CHECK (from_role in ('responsable', 'agent', 'lecteur')),
    CONSTRAINT people_events_to_role_check CHECK (to_role in ('responsable', 'agent', 'lecteur')),
    CONSTRAINT people_events_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id),
    CONSTRAINT people_events_membership_id_tenant_id_fkey FOREIGN KEY(membership_id, tenant_id) REFERENCES memberships (id, tenant_id),
    CONSTRAINT people_events_invitation_id_tenant_id_fkey FOREIGN KEY(invitation_id, tenant_id) REFERENCES invitations (id, tenant_id)
);
CREATE INDEX people_events_by_tenant ON people_events (tenant_id, capacity, at, id);
"""

# The warning of a dormant account announces no act of the journal, whose readers are the parties.
NOTIFICATIONS = """
ALTER TABLE notifications ALTER COLUMN act_id DROP NOT NULL;
ALTER TABLE notifications ADD CONSTRAINT notifications_act_check
    CHECK (act_id is not null or (subject_kind = 'membership' and sender_id = recipient_id));
"""

# Deferred: the successor may be named in the same transaction. The advisory lock makes two
# concurrent departures wait for each other, and a new statement then sees what the first one did.
# The operator is exempt: it closes an organisme that is merged, and it alone can name a first
# responsable. SECURITY INVOKER, the default: a role that would not see the others is refused.
LAST_RESPONSABLE = """
create function guard_last_responsable() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if current_user = 'portail_operator' then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtextextended(old.tenant_id || old.capacity, 0));
  if not exists (
    select from memberships m where m.tenant_id = old.tenant_id and m.capacity = old.capacity
      and m.role = 'responsable' and m.revoked_at is null
  ) then
    raise exception 'an organisme keeps a responsable'
      using errcode = 'check_violation', constraint = 'memberships_last_responsable';
  end if;
  return null;
end $$;
create constraint trigger guard_last_responsable after update or delete on memberships
  deferrable initially deferred for each row
  when (old.role = 'responsable' and old.revoked_at is null)
  execute function guard_last_responsable();
"""


def _organismes() -> None:
    """Each organisme, in each capacity, sees its own people: their names, never their identity."""
    protect("invitations")
    protect("people_events")
    for role in KINDS:
        mine = f"tenant_id = {TENANT} and capacity = '{role}'"
        may_read("memberships", role, mine)
        may_update(
            "memberships",
            role,
            mine,
            columns="(role, contingents, revoked_at, ended_as, dormant_warned_at)",
        )
        may_read(
            "persons", role, "id in (select m.person_id from memberships m)", columns="(id, name)"
        )
        may_read(
            "invitations",
            role,
            mine,
            columns="(id, tenant_id, capacity, role, contingents, name, created_at, expires_at,"
            " invited_by, invited_by_name, used_at, membership_id, cancelled_at)",
        )
        may_insert("invitations", role, mine)
        may_update("invitations", role, mine, columns="(cancelled_at)")
        may_read("people_events", role, mine)
        may_insert("people_events", role, mine)


def _sign_in() -> None:
    """An invitation is accepted before anybody is known: the role of the sign-in attaches."""
    may_read("invitations", "identity", "true")
    may_update("invitations", "identity", "true", columns="(used_at, membership_id)")
    may_insert("persons", "identity", "true")
    may_insert("memberships", "identity", "true")
    may_update("memberships", "identity", "true", columns="(last_sign_in_at, dormant_warned_at)")
    may_insert("people_events", "identity", "true")


def _operator() -> None:
    may_read("invitations", "operator", "true")
    may_insert("invitations", "operator", "true")
    may_update("invitations", "operator", "true", columns="(cancelled_at)")
    may_read("people_events", "operator", "true")
    may_insert("people_events", "operator", "true")
    op.execute("grant update (ended_as) on memberships to portail_operator")


def upgrade() -> None:
    op.execute(MEMBERSHIPS)
    op.execute(TABLES)
    op.execute(NOTIFICATIONS)
    op.execute(LAST_RESPONSABLE)
    _organismes()
    _sign_in()
    _operator()
    # the sweep looks for dormant accounts of every organisme, without a name
    may_read(
        "memberships",
        "system",
        "true",
        columns="(id, tenant_id, capacity, role, contingents, created_at, revoked_at,"
        " last_sign_in_at, dormant_warned_at)",
    )
