"""The catalog of PostgreSQL, audited: what isolates tenants is there, everywhere, and reviewed.

Each exception is in a list of this file with its reason. The texts of the policies and the grants
are in `policies.snapshot.txt`; to write it again after a migration, then read the difference:

    PORTAIL_WRITE_SNAPSHOT=1 .venv/bin/python -m pytest tests/tenants/test_isolation.py -k snapshot
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tests.databases import Database, Databases

SNAPSHOT = Path(__file__).with_name("policies.snapshot.txt")

KINDS = {"portail_bailleur", "portail_reservataire", "portail_prefecture", "portail_epci"}
ROLES = KINDS | {"portail_identity", "portail_system", "portail_operator", "portail_demo"}
LOGINS = {"portail_migrate", "portail_app", "portail_worker", "portail_backup"}

# Tables without row-level security: the same for everybody, nobody's data.
REFERENCE = {"epcis", "communes", "lec_territories", "business_clock", "alembic_version"}
# Columns that say whose row it is.
TENANT_COLUMNS = {
    *("bailleur_id", "reservataire_id", "tenant_id", "sender_id", "recipient_id"),
    "actor_tenant_id",
}
# Always-true policies, each reviewed: (table, role, verb).
OPEN_POLICIES = {
    # the directory of organismes is public within the portal
    *(("tenants", role, "r") for role in ROLES),
    *(("tenant_capacities", role, "r") for role in ROLES),
    # sign-in happens before anybody is known; no tenant's data is in these tables
    *(
        (table, "portail_identity", "r")
        for table in ("persons", "memberships", "api_tokens", "sessions", "login_attempts")
    ),
    *((table, "portail_identity", "a") for table in ("sessions", "login_attempts")),
    ("sessions", "portail_identity", "w"),
    ("login_attempts", "portail_identity", "d"),
    # the operator creates organismes and people; only portail_migrate may take its role
    *(
        (table, "portail_operator", "a")
        for table in (
            *("tenants", "tenant_capacities", "tenant_mailboxes"),
            *("persons", "memberships", "api_tokens"),
        )
    ),
    *((table, "portail_operator", "r") for table in ("persons", "memberships", "api_tokens")),
    *((table, "portail_operator", "w") for table in ("persons", "memberships", "api_tokens")),
    # the préfet reads the flux of the whole departement (domain.md §1.2), without addresses
    *(
        (table, "portail_prefecture", "r")
        for table in (
            *("dwellings", "conventions", "convention_communes", "vacancies", "orientations"),
            "urgences",
        )
    ),
    ("urgences", "portail_prefecture", "w"),  # its decision columns only
    # the worker looks for due rows of every tenant, in a few columns (see the snapshot)
    *((table, "portail_system", "r") for table in ("orientations", "urgences", "bilans")),
    ("notifications", "portail_system", "r"),
    ("notifications", "portail_system", "w"),
    # the mails of the demonstration; nobody holds this role elsewhere
    ("notifications", "portail_demo", "r"),
}
# Functions that run as their owner: (name, pinned search_path).
DEFINER_FUNCTIONS = {("enqueue_job", "search_path=pg_catalog, pg_temp")}
# They write to no table: one refuses, two tell open pages to look again, without data.
TRIGGERS = {
    ("orientations", "guard_orientation_answer"),
    ("journal", "tell_act"),
    ("notifications", "tell_notification"),
}
# Foreign keys to a protected table without the tenant's column: people belong to no tenant.
PLAIN_FOREIGN_KEYS = {
    ("memberships", "persons"),
    ("sessions", "persons"),
    ("sessions", "memberships"),
}
DIRECTORY = {"tenants", "communes", "epcis"}
# Unique indexes without a tenant's column: the key is drawn at random or belongs to one file.
PLAIN_UNIQUE = {
    "tenants_slug_key",  # the public directory
    "persons_issuer_subject_key",  # one person per identity, whatever her organismes
    "api_tokens_token_hash_key",  # a hash of 256 random bits
    "vacancies_open_by_dwelling",  # a dwelling has one owner, who alone inserts
    "orientations_live_by_vacancy",  # a vacancy has one owner, who alone inserts
    "candidates_nud_by_orientation",  # within one offer: both parties see all its candidates
    "urgences_pending_by_vacancy",  # a vacancy has one owner, who alone inserts
    "decisions_session_id_candidate_id_key",  # within one session of one bailleur
}
PUBLIC_GRANTS = {("business_clock", "SELECT")}  # the demonstration's clock, read at each begin
MEMBERSHIPS = {
    *(("portail_app", role) for role in KINDS | {"portail_identity"}),
    *(("portail_worker", role) for role in KINDS | {"portail_system"}),
    ("portail_migrate", "portail_owner"),
    ("portail_migrate", "portail_operator"),
    ("portail_backup", "pg_read_all_data"),
}

Rows = list[tuple[Any, ...]]


class Catalog:
    """Questions to the catalog of one migrated database; it is never written to."""

    def __init__(self, database: Database) -> None:
        self._connection = psycopg.connect(database.super_dsn, autocommit=True)

    def __call__(self, question: LiteralString) -> Rows:
        return self._connection.execute(question).fetchall()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def catalog(databases: Databases) -> Iterator[Catalog]:
    database = databases.clone()
    opened = Catalog(database)
    yield opened
    opened.close()
    databases.discard(database)


# --- Tables -------------------------------------------------------------------------------------


def test_every_table_is_protected_and_its_owner_too(catalog: Catalog) -> None:
    rows = catalog(
        "select relname, relrowsecurity, relforcerowsecurity from pg_class"
        " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )
    assert len(rows) > len(REFERENCE)
    assert {name for name, enabled, forced in rows if not (enabled and forced)} == REFERENCE


def test_a_protected_table_has_a_policy(catalog: Catalog) -> None:
    assert (
        catalog(
            "select relname from pg_class c where relrowsecurity"
            " and not exists (select from pg_policy p where p.polrelid = c.oid)"
        )
        == []
    )


def test_nothing_but_plain_tables_is_in_the_schema(catalog: Catalog) -> None:
    """No view, materialised view, foreign table, partition, child table or sequence."""
    assert (
        catalog(
            "select relname, relkind from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind not in ('r', 'i')"
        )
        == []
    )
    assert catalog("select inhrelid::regclass from pg_inherits") == []


def test_everything_belongs_to_the_owner(catalog: Catalog) -> None:
    assert (
        catalog(
            "select relname from pg_class where relnamespace in"
            " ('public'::regnamespace, 'dramatiq'::regnamespace)"
            " and relowner <> 'portail_owner'::regrole"
        )
        == []
    )
    assert (
        catalog(
            "select proname from pg_proc where pronamespace in"
            " ('public'::regnamespace, 'dramatiq'::regnamespace)"
            " and proowner <> 'portail_owner'::regrole"
        )
        == []
    )
    assert (
        catalog(
            "select nspname from pg_namespace where nspname in ('public', 'dramatiq')"
            " and nspowner <> 'portail_owner'::regrole"
        )
        == []
    )


# --- Policies -----------------------------------------------------------------------------------


def test_a_policy_is_for_one_role_and_one_verb(catalog: Catalog) -> None:
    rows = catalog(
        "select polrelid::regclass::text, polcmd::text, polpermissive,"
        " array(select case when role = 0 then 'PUBLIC' else role::regrole::text end"
        "       from unnest(polroles) as role)"
        " from pg_policy"
    )
    assert [row for row in rows if len(row[3]) != 1 or row[3][0] not in ROLES] == []
    assert [row for row in rows if row[1] not in {"r", "a", "w", "d"} or not row[2]] == []
    counted = Counter((table, verb, roles[0]) for table, verb, _, roles in rows)
    assert [key for key, number in counted.items() if number > 1] == []


def test_what_is_written_is_checked(catalog: Catalog) -> None:
    assert (
        catalog(
            "select polrelid::regclass, polname from pg_policy"
            " where polcmd in ('a', 'w') and polwithcheck is null"
        )
        == []
    )
    assert (
        catalog(
            "select polrelid::regclass, polname from pg_policy where polcmd = 'w'"
            " and pg_get_expr(polqual, polrelid) <> pg_get_expr(polwithcheck, polrelid)"
        )
        == []
    )


def test_policies_that_are_always_true_are_reviewed(catalog: Catalog) -> None:
    rows = catalog(
        "select polrelid::regclass::text, polroles[1]::regrole::text, polcmd::text from pg_policy"
        " where coalesce(pg_get_expr(polqual, polrelid), 'true') = 'true'"
        " and coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true'"
    )
    assert set(rows) == OPEN_POLICIES


def test_a_grant_has_its_policy_and_a_policy_its_grant(catalog: Catalog) -> None:
    granted = catalog(
        "select distinct c.relname, r.rolname, verb from pg_class c, pg_roles r,"
        " unnest(array['SELECT', 'INSERT', 'UPDATE']) as verb"
        " where c.relrowsecurity and r.rolname like 'portail\\_%'"
        " and r.rolname not in ('portail_owner', 'portail_backup')"
        " and has_any_column_privilege(r.oid, c.oid, verb)"
        " union select c.relname, r.rolname, 'DELETE' from pg_class c, pg_roles r"
        " where c.relrowsecurity and r.rolname like 'portail\\_%'"
        " and r.rolname not in ('portail_owner', 'portail_backup')"
        " and has_table_privilege(r.oid, c.oid, 'DELETE')"
    )
    policies = catalog(
        "select polrelid::regclass::text, polroles[1]::regrole::text, case polcmd"
        " when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' else 'DELETE' end"
        " from pg_policy"
    )
    assert set(granted) == set(policies)


# --- Rights -------------------------------------------------------------------------------------


def test_roles_have_no_power(catalog: Catalog) -> None:
    rows = catalog(
        "select rolname, rolcanlogin, rolbypassrls, rolinherit,"
        " rolsuper or rolcreatedb or rolcreaterole or rolreplication"
        " from pg_roles where rolname like 'portail\\_%'"
    )
    assert {name for name, *_ in rows} == ROLES | LOGINS | {"portail_owner"}
    assert {name for name, can_login, *_ in rows if can_login} == LOGINS
    assert {row[0] for row in rows if row[2]} == {"portail_backup"}
    assert {row[0] for row in rows if row[3]} == {"portail_backup"}
    assert [row[0] for row in rows if row[4]] == []


def test_logins_may_take_their_roles_and_no_other(catalog: Catalog) -> None:
    rows = catalog(
        "select m.rolname, g.rolname, link.inherit_option, link.admin_option from pg_auth_members"
        " link join pg_roles g on g.oid = link.roleid join pg_roles m on m.oid = link.member"
        " where m.rolname like 'portail\\_%' or g.rolname like 'portail\\_%'"
    )
    found = {(member, granted) for member, granted, _, _ in rows}
    assert {one for one in found if one[1] != "portail_demo"} == MEMBERSHIPS
    assert {row[0] for row in rows if row[2]} == {"portail_backup"}
    assert [row for row in rows if row[3]] == []


def test_no_right_goes_round_the_policies(catalog: Catalog) -> None:
    """TRUNCATE, REFERENCES, TRIGGER and MAINTAIN are not covered by row-level security."""
    assert (
        catalog(
            "select relname, grantee::regrole, privilege_type from pg_class, aclexplode(relacl)"
            " where relnamespace in ('public'::regnamespace, 'dramatiq'::regnamespace)"
            " and grantee <> relowner and (is_grantable or privilege_type not in"
            " ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))"
        )
        == []
    )
    assert (
        catalog(
            "select attrelid::regclass, attname, privilege_type"
            " from pg_attribute, aclexplode(attacl)"
            " where privilege_type not in ('SELECT', 'UPDATE') or is_grantable"
        )
        == []
    )


def test_everybody_has_no_right(catalog: Catalog) -> None:
    rows = catalog(
        "select relname::text, privilege_type from pg_class, aclexplode(relacl) where grantee = 0"
        " and relnamespace in ('public'::regnamespace, 'dramatiq'::regnamespace)"
    )
    assert set(rows) == PUBLIC_GRANTS
    assert (
        catalog(
            "select attrelid::regclass, attname from pg_attribute, aclexplode(attacl)"
            " where grantee = 0 and attrelid in (select oid from pg_class"
            " where relnamespace in ('public'::regnamespace, 'dramatiq'::regnamespace))"
        )
        == []
    )


def test_logins_have_no_right_of_their_own(catalog: Catalog) -> None:
    rows = catalog(
        "select relnamespace::regnamespace::text, grantee::regrole::text"
        " from pg_class, aclexplode(relacl)"
        " where grantee in (select oid from pg_roles where rolcanlogin and not rolsuper)"
    )
    # the broker of the jobs works on its own three tables
    assert {row for row in rows if row[1].startswith("portail_")} == {
        ("dramatiq", "portail_worker")
    }


def test_nobody_creates_anything(catalog: Catalog) -> None:
    """No TEMP and no CREATE on the database, no CREATE on a schema."""
    assert (
        catalog(
            "select datname, grantee, privilege_type from pg_database, aclexplode(datacl)"
            " where datname = current_database() and privilege_type <> 'CONNECT'"
            " and grantee <> datdba"
        )
        == []
    )
    assert (
        catalog(
            "select nspname, grantee from pg_namespace, aclexplode(nspacl)"
            " where nspname in ('public', 'dramatiq') and privilege_type = 'CREATE'"
            " and grantee <> nspowner"
        )
        == []
    )


def test_the_tenant_of_a_row_never_changes(catalog: Catalog) -> None:
    rows = catalog(
        "select c.relname::text, a.attname::text, r.rolname::text from pg_class c"
        " join pg_attribute a on a.attrelid = c.oid, pg_roles r"
        " where c.relrowsecurity and a.attnum > 0 and r.rolname like 'portail\\_%'"
        " and r.rolname <> 'portail_owner'"
        " and has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE')"
    )
    assert rows
    assert [row for row in rows if row[1] in TENANT_COLUMNS | {"id"}] == []


def test_functions_that_run_as_their_owner_are_reviewed(catalog: Catalog) -> None:
    definers = catalog(
        "select proname::text, array_to_string(proconfig, ';') from pg_proc"
        " where prosecdef and pronamespace in"
        " ('public'::regnamespace, 'dramatiq'::regnamespace)"
    )
    assert set(definers) == DEFINER_FUNCTIONS
    assert (
        catalog(
            "select proname from pg_proc where proleakproof and pronamespace in"
            " ('public'::regnamespace, 'dramatiq'::regnamespace)"
        )
        == []
    )
    assert (
        catalog(
            "select proname from pg_proc where prorettype <> 'trigger'::regtype"
            " and pronamespace in ('public'::regnamespace, 'dramatiq'::regnamespace)"
            " and exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner)))"
            "             where grantee = 0)"
        )
        == []
    )


def test_triggers_are_reviewed(catalog: Catalog) -> None:
    rows = catalog(
        "select tgrelid::regclass::text, tgname::text from pg_trigger where not tgisinternal"
    )
    assert set(rows) == TRIGGERS


# --- Keys ---------------------------------------------------------------------------------------


def test_foreign_keys_between_tenants_carry_the_tenant(catalog: Catalog) -> None:
    """A simple one tells whether a stranger's row exists, and lets a row point at it."""
    rows = catalog(
        "select conrelid::regclass::text, confrelid::regclass::text,"
        " array(select attname::text from pg_attribute where attrelid = conrelid"
        "       and attnum = any (conkey))"
        " from pg_constraint where contype = 'f'"
    )
    plain = {
        (table, target)
        for table, target, columns in rows
        if target not in DIRECTORY and not TENANT_COLUMNS & set(columns)
    }
    assert plain == PLAIN_FOREIGN_KEYS


def test_unique_indexes_carry_the_tenant(catalog: Catalog) -> None:
    """A global one would tell that another tenant has the same value."""
    rows = catalog(
        "select i.relname::text, array(select attname::text from pg_attribute"
        "  where attrelid = x.indrelid and attnum = any (x.indkey))"
        " from pg_index x join pg_class i on i.oid = x.indexrelid"
        " join pg_class t on t.oid = x.indrelid"
        " where x.indisunique and not x.indisprimary and t.relrowsecurity"
    )
    assert {name for name, columns in rows if not TENANT_COLUMNS & set(columns)} == PLAIN_UNIQUE


def test_primary_keys_are_drawn_not_counted(catalog: Catalog) -> None:
    """A sequence would tell how many rows the others insert."""
    assert (
        catalog(
            "select attrelid::regclass, attname from pg_attribute a join pg_class c on c.oid ="
            " a.attrelid where relnamespace = 'public'::regnamespace and (attidentity <> '' or"
            " pg_get_serial_sequence(c.oid::regclass::text, attname) is not null)"
            " and attnum > 0 and relkind = 'r'"
        )
        == []
    )


# --- The reviewed text --------------------------------------------------------------------------


def written(catalog: Catalog) -> str:
    policies = catalog(
        "select format('policy %s.%s %s to %s', polrelid::regclass, polname,"
        " case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'"
        " else 'delete' end, polroles[1]::regrole),"
        " pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)"
        " from pg_policy order by 1"
    )
    grants = catalog(
        "select format('grant %s on %s to %s', lower(privilege_type), oid::regclass,"
        "   case grantee when 0 then 'public' else grantee::regrole::text end)"
        " from pg_class, aclexplode(relacl) where grantee <> relowner"
        " and relnamespace in ('public'::regnamespace, 'dramatiq'::regnamespace)"
        " union all"
        " select format('grant %s (%s) on %s to %s', lower(privilege_type),"
        "   string_agg(attname, ', ' order by attname), attrelid::regclass, grantee::regrole)"
        " from pg_attribute, aclexplode(attacl) where attrelid in (select oid from pg_class"
        " where relnamespace = 'public'::regnamespace)"
        " group by privilege_type, attrelid, grantee order by 1"
    )
    lines = []
    for name, condition, check in policies:
        lines.append(name)
        lines += [f"  using {' '.join(condition.split())}"] if condition else []
        if check and check != condition:
            lines.append(f"  with check {' '.join(check.split())}")
    return "\n".join([*lines, "", *(row[0] for row in grants)]) + "\n"


def test_policies_and_grants_are_the_reviewed_snapshot(catalog: Catalog) -> None:
    now = written(catalog)
    if os.environ.get("PORTAIL_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(now, encoding="utf-8")
    assert SNAPSHOT.read_text(encoding="utf-8").splitlines() == now.splitlines()
