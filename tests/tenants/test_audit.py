"""Faults are planted, one a database: which of the three means sees each of them?

The catalog sees all of those that it must (`make test`); the table of the three means is drawn in
`make test-long`, and at least 95 % of the faults are seen by one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
import pytest

from server.tenants.audit import inspect
from tests.databases import Database, Databases
from tests.tenants.crowd import gather, seen_by_canaries, seen_by_catalog
from tests.tenants.interference import prepare
from tests.worlds import Worlds

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
    "an insert that is not checked": (
        "alter policy bailleur_insert on dwellings with check (true)"
    ),
    "a back door in a setting": (
        "alter policy bailleur_select on dwellings using"
        " (current_setting('app.admin', true) = 'on')"
    ),
    "a column too many": "grant update (answer_due_at) on orientations to portail_reservataire",
    "a tenant that changes": "grant update (bailleur_id) on dwellings to portail_bailleur",
    "TRUNCATE": "grant truncate on journal to portail_bailleur",
    "MAINTAIN": "grant maintain on dwellings to portail_bailleur",
    "REFERENCES": "grant references on dwellings to portail_reservataire",
    "a right that is handed on": "grant select on dwellings to portail_bailleur with grant option",
    "a right for everybody": "grant select on tenant_mailboxes to public",
    "a right of the login itself": "grant select on dwellings to portail_app",
    "TEMP": "do $$ begin execute format('grant temp on database %I to portail_app',"
    " current_database()); end $$",
    "CREATE": "grant create on schema public to portail_bailleur",
    "a view of the owner": (
        "set role portail_owner; create view every_dwelling as select * from dwellings"
    ),
    "a view of the superuser": (
        "create view every_candidate as select * from candidates;"
        " grant select on every_candidate to portail_epci"
    ),
    "a materialised view": (
        "create materialized view counted as select * from candidates;"
        " grant select on counted to portail_reservataire"
    ),
    "a definer function": (
        "set role portail_owner; create function peek() returns bigint language sql"
        " security definer as 'select count(*) from dwellings'"
    ),
    "a definer function of the superuser": (
        "create function peek() returns bigint language sql security definer"
        " as 'select count(*) from dwellings'"
    ),
    "a function that says it is leakproof": (
        "create function same(a text) returns text language sql immutable leakproof as 'select a';"
        " alter function same owner to portail_owner;"
        " revoke execute on function same from public"
    ),
    "a trigger that tells": (
        "create trigger tell before insert on candidates for each row execute function"
        " guard_orientation_answer()"
    ),
    "a trigger that writes where others read": (
        "create function rumour() returns trigger language plpgsql security definer as $$ begin"
        " update tenants set name = name || '.'; return null; end $$;"
        " create trigger rumour after insert or update on candidates for each row"
        " execute function rumour()"
    ),
    "a rule that copies": (
        "set role portail_owner; create rule copies as on insert to candidates do also"
        " update business_clock set shift = shift"
    ),
    "a simple foreign key": (
        "alter table vacancies add foreign key (dwelling_id) references dwellings (id) not valid;"
        " alter table vacancies drop constraint vacancies_dwelling_id_bailleur_id_fkey"
    ),
    "a unique value for all": (
        "update candidates set nud = upper(substr(md5(id::text), 1, 18));"
        " create unique index everybody_s_nud on candidates (nud)"
    ),
    "a sequence": "alter table vacancies add number bigint generated always as identity",
    "a sequence that can be read": (
        "set role portail_owner; create sequence counter;"
        " grant select on sequence counter to portail_bailleur"
    ),
    "functions for everybody": (
        "alter default privileges for role portail_owner grant execute on functions to public"
    ),
    "an owner who is somebody": "alter table bilans owner to postgres",
    "BYPASSRLS": "alter role portail_bailleur bypassrls",
    "a login that inherits": "alter role portail_app inherit",
    "a role too many": "grant portail_system to portail_app with inherit false, set true",
    "a login that has lost its policies": "alter role portail_app set row_security = off",
}
# Roles outlive a clone: what these faults did to the cluster is undone.
UNDONE: dict[str, LiteralString] = {
    "BYPASSRLS": "alter role portail_bailleur nobypassrls",
    "a login that inherits": "alter role portail_app noinherit",
    "a role too many": "revoke portail_system from portail_app",
    "a login that has lost its policies": "alter role portail_app reset row_security",
}
CANARIES, EXAMPLES = 400, 16
SEEN_AT_LEAST = 0.95


@contextmanager
def planted(database: Database, fault: str) -> Iterator[None]:
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        connection.execute(FAULTS[fault])
        try:
            yield
        finally:
            if fault in UNDONE:
                connection.execute(UNDONE[fault])


def test_there_are_faults_enough() -> None:
    assert len(FAULTS) >= 25


def test_a_sound_database_passes(database: Database) -> None:
    assert seen_by_catalog(database) == set()
    assert inspect(database.worker_dsn, is_demo=True).findings == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_catalog_sees_each_fault(database: Database, fault: str) -> None:
    before = seen_by_catalog(database)
    with planted(database, fault):
        assert seen_by_catalog(database) - before
    assert fault not in UNDONE or seen_by_catalog(database) == before


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Which of the three means saw a fault."""

    fault: str
    catalog: bool
    canaries: bool
    interference: bool

    def __str__(self) -> str:
        marks = ["oui" if one else "-" for one in (self.catalog, self.canaries, self.interference)]
        return f"{self.fault:<42}{marks[0]:>10}{marks[1]:>10}{marks[2]:>16}"


@pytest.mark.long
def test_the_three_means_together(
    filled: Database,
    databases: Databases,
    worlds: Worlds,
    record_property: Callable[[str, object], None],
) -> None:
    table = [_look(filled, databases, worlds, fault) for fault in FAULTS]
    record_property("size", f"{'faute':<42}{'catalogue':>10}{'canaris':>10}{'non-ingérence':>16}")
    for line in table:
        record_property("size", str(line))
    seen = [one for one in table if one.catalog or one.canaries or one.interference]
    record_property("size", f"fautes vues : {len(seen)} sur {len(table)}")
    assert len(seen) >= SEEN_AT_LEAST * len(table)
    assert any(one.canaries for one in table)
    assert any(one.interference for one in table)


def _look(filled: Database, databases: Databases, worlds: Worlds, fault: str) -> Seen:
    clone = databases.clone(filled.name)
    before = seen_by_catalog(clone)
    with planted(clone, fault), gather(clone, worlds.world) as crowd:
        interference = prepare(crowd)
        noticed = any(
            interference.differs([(7 * number + place) for place in range(6)], number)
            for number in range(EXAMPLES)
        )
        seen = Seen(
            fault=fault,
            catalog=bool(seen_by_catalog(clone) - before),
            canaries=bool(seen_by_canaries(crowd, CANARIES)),
            interference=noticed,
        )
    databases.discard(clone)
    return seen
