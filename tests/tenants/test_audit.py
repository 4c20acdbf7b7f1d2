"""The audit of test_isolation.py is audited: each of these faults, planted, must be seen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import LiteralString

import psycopg
import pytest

from tests.databases import Database
from tests.tenants import test_isolation as audit

FAULTS: dict[str, LiteralString] = {
    "a table not forced": "alter table dwellings no force row level security",
    "a table not protected": "alter table candidates disable row level security",
    "a new table forgotten": "set role portail_owner; create table forgotten (id uuid primary key)",
    "a policy for everybody": "create policy open on vacancies for select using (true)",
    "a policy for all verbs": (
        "create policy all_verbs on vacancies to portail_epci using (bailleur_id is null)"
    ),
    "two policies that add up": (
        "create policy second on dwellings for select to portail_epci using (insee = '74104')"
    ),
    "an open policy": "alter policy reservataire_select on orientations using (true)",
    "a policy without its check": (
        "drop policy reservataire_update on orientations; create policy reservataire_update on"
        " orientations for update to portail_reservataire using (true) with check (false)"
    ),
    "a back door in a setting": (
        "alter policy bailleur_select on dwellings using"
        " (current_setting('app.admin', true) = 'on')"
    ),
    "a column too many": "grant update (answer_due_at) on orientations to portail_reservataire",
    "a tenant that changes": "grant update (bailleur_id) on dwellings to portail_bailleur",
    "TRUNCATE": "grant truncate on journal to portail_bailleur",
    "a right for everybody": "grant select on tenant_mailboxes to public",
    "a right of the login itself": "grant select on dwellings to portail_app",
    "TEMP": "do $$ begin execute format('grant temp on database %I to portail_app',"
    " current_database()); end $$",
    "CREATE": "grant create on schema public to portail_bailleur",
    "a view of the owner": (
        "set role portail_owner; create view every_dwelling as select * from dwellings"
    ),
    "a definer function": (
        "set role portail_owner; create function peek() returns bigint language sql"
        " security definer as 'select count(*) from dwellings'"
    ),
    "a definer function of the superuser": (
        "create function peek() returns bigint language sql security definer"
        " as 'select count(*) from dwellings'"
    ),
    "a trigger that tells": (
        "create trigger tell before insert on candidates for each row execute function"
        " guard_orientation_answer()"
    ),
    "a simple foreign key": (
        "alter table vacancies add foreign key (dwelling_id) references dwellings (id)"
    ),
    "a unique value for all": "create unique index everybody_s_nud on candidates (nud)",
    "a sequence": "alter table vacancies add number bigint generated always as identity",
    "an owner who is somebody": "alter table bilans owner to postgres",
}

Check = Callable[[audit.Catalog], None]
CHECKS: list[Check] = [
    check
    for name, check in vars(audit).items()
    if name.startswith("test_") and name != "test_logins_may_take_their_roles_and_no_other"
]


def first_failure(database: Database) -> str | None:
    with closing(audit.Catalog(database)) as catalog:
        for check in CHECKS:
            try:
                check(catalog)
            except AssertionError:
                return check.__name__
    return None


def test_a_sound_database_passes(database: Database) -> None:
    assert len(CHECKS) > 15
    assert first_failure(database) is None


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(database: Database, fault: str) -> None:
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        connection.execute(FAULTS[fault])
    assert first_failure(database) is not None
