"""Tokens have scopes and a network, machines of an issuer act for one organisme."""

from __future__ import annotations

from alembic import op

from migrations.helpers import (
    CONTINGENTS,
    TENANT,
    may_delete,
    may_insert,
    may_read,
    may_update,
    protect,
)

revision = "20261123_11_machines"
down_revision = "20261123_10_organismes"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")
EVERY_SCOPE = (
    "{flux:lire,patrimoine:lire,liberations:lire,liberations:agir,orientations:lire,"
    "orientations:agir,candidats:lire,candidats:agir,caleol:lire,caleol:agir,urgences:lire,"
    "urgences:agir,bilans:lire,bilans:agir,notifications:lire}"
)

# A token made before this day could do everything its organisme's agents can: it keeps that. A
# default fills the rows that are there (an UPDATE would see none of them under forced row-level
# security), and is dropped: from now on a token says what it may do. Column by column, as the
# model lists them.
TOKENS = f"""
alter table api_tokens add column scopes text[] not null default '{EVERY_SCOPE}';
alter table api_tokens alter column scopes drop default;
alter table api_tokens add column networks text[] not null default '{{}}';
alter table api_tokens add column made_by text not null default '';
alter table api_tokens add column revoked_by text;
alter table api_tokens add column last_used_at timestamptz;
alter table api_tokens add column noticed_days integer;
alter table api_tokens add constraint api_tokens_expires_at_check
  check (expires_at <= created_at + interval '8784 hours');
create index api_tokens_by_tenant on api_tokens (tenant_id, capacity);
create index api_tokens_expiring on api_tokens (expires_at) where revoked_at is null;
"""

# A client of the issuer is attached by whoever holds both the code shown to the responsable and
# the client's own key. Until then several organismes may have named it; then it is one's only.
CLIENTS = """
create table machine_clients (
  id uuid not null,
  tenant_id uuid not null,
  capacity text not null,
  contingents text[] not null default '{none}',
  name text not null,
  issuer text not null,
  client_id text not null,
  attachment_hash text not null,
  attached_at timestamptz,
  scopes text[] not null,
  networks text[] not null default '{}',
  made_by text not null default '',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_by text,
  last_used_at timestamptz,
  noticed_days integer,
  constraint machine_clients_pkey primary key (id),
  constraint machine_clients_capacity_check
    check (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
  constraint machine_clients_expires_at_check
    check (expires_at <= created_at + interval '8784 hours'),
  constraint machine_clients_tenant_id_fkey foreign key (tenant_id) references tenants (id)
);
create index machine_clients_by_tenant on machine_clients (tenant_id, capacity);
create index machine_clients_by_client on machine_clients (issuer, client_id);
create index machine_clients_expiring on machine_clients (expires_at) where revoked_at is null;
create unique index machine_clients_attached on machine_clients (issuer, client_id)
  where attached_at is not null and revoked_at is null;
"""

# One row a day, caller, operation and outcome: counted, never copied.
CALLS = """
create table api_calls (
  id uuid not null,
  tenant_id uuid not null,
  capacity text not null,
  contingents text[] not null default '{none}',
  caller_id uuid not null,
  caller_name text not null,
  day date not null,
  operation text not null,
  outcome text not null,
  call_count integer not null default 1,
  last_at timestamptz not null,
  constraint api_calls_pkey primary key (id),
  constraint api_calls_tenant_id_caller_id_day_operation_outcome_key
    unique (tenant_id, caller_id, day, operation, outcome),
  constraint api_calls_capacity_check
    check (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
  constraint api_calls_tenant_id_fkey foreign key (tenant_id) references tenants (id)
);
create index api_calls_by_day on api_calls (tenant_id, capacity, day, id);
create index api_calls_old on api_calls (day);
"""

# A notice before expiry announces no act of the journal either, whose readers are the parties.
NOTIFICATIONS = """
alter table notifications drop constraint notifications_act_check;
alter table notifications add constraint notifications_act_check check (
  act_id is not null
  or (subject_kind in ('membership', 'machine') and sender_id = recipient_id)
);
"""

# Never the digest of a secret.
READABLE = {
    "api_tokens": (
        "(id, tenant_id, capacity, contingents, name, created_at, expires_at, revoked_at, scopes,"
        " networks, made_by, revoked_by, last_used_at, noticed_days)"
    ),
    "machine_clients": (
        "(id, tenant_id, capacity, contingents, name, issuer, client_id, attached_at, scopes,"
        " networks, made_by, created_at, expires_at, revoked_at, revoked_by, last_used_at,"
        " noticed_days)"
    ),
}
DUE_COLUMNS = "(id, tenant_id, capacity, contingents, expires_at, revoked_at, noticed_days)"


def _of_its_organisme() -> None:
    """An organisme sees its machines in the capacity in which it acts, never their secret.

    Over the State's two contingents, a machine of both is seen with either role, and made with
    both only.
    """
    for role in KINDS:
        mine = f"tenant_id = {TENANT} and capacity = '{role}'"
        seen = f"{mine} and contingents && {CONTINGENTS}"
        made = f"{mine} and contingents <@ {CONTINGENTS}"
        for table, columns in READABLE.items():
            may_read(table, role, seen, columns=columns)
            may_insert(table, role, made)
            may_update(table, role, seen, columns="(revoked_at, revoked_by, noticed_days)")
        may_read("api_calls", role, seen)


def _of_the_door() -> None:
    """Whoever calls is not known yet: the role that reads tokens and counts calls."""
    may_update("api_tokens", "identity", "true", columns="(last_used_at)")
    may_read("machine_clients", "identity", "true")
    may_update("machine_clients", "identity", "true", columns="(last_used_at, attached_at)")
    may_read("api_calls", "identity", "true")
    may_insert("api_calls", "identity", "true")
    may_update("api_calls", "identity", "true", columns="(call_count, last_at)")


def _of_the_sweep() -> None:
    """What is about to expire, and the counts of more than a month ago."""
    for table in ("api_tokens", "machine_clients"):
        may_read(table, "system", "true", columns=DUE_COLUMNS)
    old = "day < current_date - 30"
    may_read("api_calls", "system", old, columns="(day)")
    may_delete("api_calls", "system", old)


def upgrade() -> None:
    op.execute(TOKENS)
    op.execute(CLIENTS)
    op.execute(CALLS)
    op.execute(NOTIFICATIONS)
    for table in ("machine_clients", "api_calls"):
        protect(table)
    _of_its_organisme()
    _of_the_door()
    _of_the_sweep()
