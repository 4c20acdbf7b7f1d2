"""Canaries: a stranger reads none of the rows of another, and changes none, whatever it tries.

The relations and the columns come from the catalog: a table added tomorrow is probed too, and a
kind of actor that may read a relation where nobody has a row fails the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from server.demo.world import World
from server.operations import orientations
from server.tenants.actors import Actor, Capacity
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases
from tests.operations.play import NUDS, Play
from tests.worlds import Stage, Worlds

# Tables that everybody reads whole: the directory and the reference data.
DIRECTORY = {"tenants", "tenant_capacities", "epcis", "communes", "lec_territories"}
DIRECTORY |= {"business_clock", "tenant_names", "tenant_mergers", "substitutions"}
DIRECTORY |= {"commune_zones", "commune_mergers", "charte_versions"}
# The dated result of the self-test, without what it found: shown to all.
DIRECTORY |= {"isolation_checks"}
DIRECTORY |= {"outages"}
# What the préfet reads for the whole departement (domain.md §1.2): no stranger there.
WHOLE_DEPARTEMENT = {
    *("dwellings", "conventions", "convention_communes", "annexes", "annexe_communes"),
    *("annexe_lines", "annexe_line_communes", "vacancies", "orientations", "candidates"),
    *("decisions", "urgences", "bilans", "convention_amendments", "convention_scans"),
    *("annexe_droits_uniques", "state_derogations", "droits_uniques", "droit_unique_uses"),
    *("dwelling_exclusions", "dwelling_qpv_changes"),
    *("ledgers", "ledger_moves", "ledger_entries", "ledger_balances"),
}
# What two of a kind read in common by law; a test of its own says what exactly.
IN_COMMON = {
    ("epci", "conventions"),  # a convention over both territories
    ("prefecture", "journal"),  # the decisions on urgences, whatever the office
    # whoever sends an offer, or watches one, sees when its addressee is closed
    *((kind, "closures") for kind in ("bailleur", "prefecture")),
}
# The annexe 1 of an EPCI, the bilan and the number of vacancies go to all the partners (art. 4
# and 7): the strangers to them are elsewhere.
FOR_PARTNERS = {
    "vacancies",
    *("annexes", "annexe_communes", "annexe_lines", "annexe_line_communes", "bilans"),
    "annexe_droits_uniques",
}
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An insider whose rows are the canaries, and strangers of the same kind."""

    insider: Actor
    strangers: tuple[Actor, ...]


class Probe:
    """Statements as an actor, on a connection of the web's login, never committed."""

    def __init__(self, stage: Stage) -> None:
        self._app = psycopg.connect(stage.database.app_dsn)
        self._super = psycopg.connect(stage.database.super_dsn, autocommit=True)

    def close(self) -> None:
        self._app.close()
        self._super.close()

    def catalog(self, question: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        return self._super.execute(question, values).fetchall()

    def relations(self, role: str, verb: str) -> list[str]:
        """Tables of which the role may touch at least a column."""
        return [
            name
            for (name,) in self.catalog(
                "select relname::text from pg_class where relkind = 'r' and relnamespace ="
                " 'public'::regnamespace and has_any_column_privilege(%s, oid, %s) order by 1",
                role,
                verb,
            )
        ]

    def columns(self, role: str, table: str, verb: str) -> list[str]:
        return [
            name
            for (name,) in self.catalog(
                "select attname::text from pg_attribute where attrelid = %s::regclass"
                " and attnum > 0 and not attisdropped"
                " and has_column_privilege(%s, attrelid, attnum, %s) order by attnum",
                table,
                role,
                verb,
            )
        ]

    def key(self, table: str) -> list[str]:
        return [
            name
            for (name,) in self.catalog(
                "select attname::text from pg_index join pg_attribute on attrelid = indrelid"
                " and attnum = any (indkey) where indisprimary and indrelid = %s::regclass"
                " order by attnum",
                table,
            )
        ]

    def run(
        self, actor: Actor, statement: sql.SQL | sql.Composed, *values: Any
    ) -> psycopg.Cursor[Any]:
        """One statement in the actor's context, as the web opens it; the caller reads, we undo."""
        self._app.rollback()
        self._app.execute(
            "select set_config('role', %s, true), set_config('app.tenant_id', %s, true),"
            " set_config('app.contingents', %s, true)",
            [actor.database_role, str(actor.tenant_id), ",".join(sorted(actor.contingents))],
        )
        return self._app.execute(statement, values)

    def keys(self, actor: Actor, table: str) -> set[tuple[Any, ...]]:
        readable = self.columns(actor.database_role, table, "SELECT")
        chosen = [name for name in self.key(table) if name in readable] or readable
        return set(
            self.run(actor, sql.SQL("select {} from {}").format(_list(chosen), _name(table)))
        )

    def changed(self, actor: Actor, table: str, column: str, keys: list[Any]) -> int:
        """Rows of these keys that the actor could write; 0 when it is refused."""
        statement = sql.SQL("update {} set {column} = {column} where {} = any (%s)").format(
            _name(table), _name(self.key(table)[0]), column=_name(column)
        )
        try:
            return self.run(actor, statement, keys).rowcount
        except REFUSED:
            return 0

    def removed(self, actor: Actor, table: str, keys: list[Any]) -> int:
        statement = sql.SQL("delete from {} where {} = any (%s)").format(
            _name(table), _name(self.key(table)[0])
        )
        try:
            return self.run(actor, statement, keys).rowcount
        except REFUSED:
            return 0

    def copied(self, actor: Actor, table: str, key: Any) -> str:
        """Insert again a stranger's row, under a new id: what PostgreSQL answers."""
        row = self.catalog_row(table, key)
        if "id" in row:
            row["id"] = UUID(int=99)
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            _name(table), _list(list(row)), sql.SQL(", ").join(sql.Placeholder() for _ in row)
        )
        try:
            self.run(actor, statement, *row.values())
        except psycopg.Error as error:
            return type(error).__name__
        return "inserted"

    def catalog_row(self, table: str, key: Any) -> dict[str, Any]:
        statement = sql.SQL("select * from {} where {} = %s limit 1").format(
            _name(table), _name(self.key(table)[0])
        )
        cursor = self._super.execute(statement, [key])
        found = cursor.fetchone()
        assert found is not None
        names = [column.name for column in cursor.description or ()]
        return {
            name: Jsonb(value) if isinstance(value, dict) else value
            for name, value in zip(names, found, strict=True)
        }


def _name(text: str) -> sql.Identifier:
    return sql.Identifier(text)


def _list(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


# --- A world with a row of everything -----------------------------------------------------------


async def _filled(clone: Database, world: World) -> None:
    app = App(clone.app_dsn, pool_size=1)
    play = Play(Stage(database=clone, world=world, app=app))
    await play.everything()
    play.close()
    await app.close()


@pytest.fixture(scope="module")
def stage(databases: Databases, worlds: Worlds) -> Iterator[Stage]:
    clone = worlds.clone()
    with ThreadPoolExecutor(max_workers=1) as thread:  # an event loop of its own
        thread.submit(asyncio.run, _filled(clone, worlds.world)).result()
    yield Stage(database=clone, world=worlds.world, app=App(clone.app_dsn, pool_size=1))
    databases.discard(clone)


@pytest.fixture(scope="module")
def probe(stage: Stage) -> Iterator[Probe]:
    opened = Probe(stage)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pairs(stage: Stage) -> dict[str, Pair]:
    def nobody(actor: Actor) -> Actor:
        return replace(actor, tenant_id=UUID(int=7))

    def pair(insider: str, *strangers: str) -> Pair:
        first = stage.world.actor(insider)
        others = tuple(stage.world.actor(one) for one in strangers)
        return Pair(insider=first, strangers=(*others, nobody(first)))

    found = {
        "bailleur": pair("alice", "denis"),
        "reservataire": pair("chloe", "karine", "pascal", "manon"),
        "prefecture": pair("estelle"),
        "epci": pair("farid", "samuel"),
    }
    wrong_kind = stage.world.actor("alice")
    for kind, one in found.items():
        if kind != "bailleur":  # the bailleur's own id in a capacity that it does not have
            strangers = (*one.strangers, replace(wrong_kind, capacity=Capacity(kind)))
            found[kind] = replace(one, strangers=strangers)
    return found


KINDS = ("bailleur", "reservataire", "prefecture", "epci")


def private(kind: str, table: str) -> bool:
    return table not in DIRECTORY and not (kind == "prefecture" and table in WHOLE_DEPARTEMENT)


def strangers_to(pair: Pair, table: str) -> tuple[Actor, ...]:
    if table in FOR_PARTNERS and pair.insider.capacity is Capacity.RESERVATAIRE:
        return pair.strangers[2:]  # those who are no partner in this EPCI
    return pair.strangers


@pytest.mark.parametrize("kind", KINDS)
def test_the_insider_sees_a_row_of_everything(
    probe: Probe, pairs: dict[str, Pair], kind: str
) -> None:
    """The probes below would prove nothing on tables without rows."""
    insider = pairs[kind].insider
    tables = probe.relations(insider.database_role, "SELECT")
    # the demonstration alone moves the clock, and an EPCI has no act to do yet
    empty = ["business_clock", "journal"] if kind == "epci" else ["business_clock"]
    assert [table for table in tables if not probe.keys(insider, table)] == empty


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_reads_none_of_them(probe: Probe, pairs: dict[str, Pair], kind: str) -> None:
    pair, leaks = pairs[kind], []
    for table in probe.relations(pair.insider.database_role, "SELECT"):
        if not private(kind, table) or (kind, table) in IN_COMMON:
            continue
        canaries = probe.keys(pair.insider, table)
        leaks += [
            (table, stranger.tenant_name)
            for stranger in strangers_to(pair, table)
            if canaries & probe.keys(stranger, table)
        ]
    assert leaks == []


def test_an_epci_reads_the_conventions_of_its_territory_only(
    probe: Probe, pairs: dict[str, Pair], stage: Stage
) -> None:
    pair = pairs["epci"]
    mine, theirs = (probe.keys(one, "conventions") for one in (pair.insider, pair.strangers[0]))
    conventions = stage.world.conventions
    assert (conventions["haute-savoie-habitat", "doussard"],) in mine - theirs
    both = {conventions["haute-savoie-habitat", one] for one in ("action-logement", "prefecture")}
    assert {key for (key,) in mine & theirs} == both


def test_a_prefecture_reads_the_acts_on_urgences_only(probe: Probe, pairs: dict[str, Pair]) -> None:
    nouns = sql.SQL("select distinct subject_kind from journal")
    another_office, *_ = pairs["prefecture"].strangers
    assert set(probe.run(another_office, nouns)) == {("urgence",)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_changes_none_of_them(probe: Probe, pairs: dict[str, Pair], kind: str) -> None:
    """UPDATE of each column, DELETE, INSERT as the other."""
    pair, changes, tried = pairs[kind], [], 0
    role = pair.insider.database_role
    for table in probe.relations(role, "SELECT"):
        if not private(kind, table):
            continue
        keys = list({key[0] for key in probe.keys(pair.insider, table)})
        for stranger in strangers_to(pair, table) if keys else ():
            columns = probe.columns(role, table, "UPDATE") or probe.key(table)
            if kind == "epci" and table == "conventions":
                columns = []  # two of them are its own too, and it may write none: see the rights
            done = [column for column in columns if probe.changed(stranger, table, column, keys)]
            changes += [(table, stranger.tenant_name, column) for column in done]
            if probe.removed(stranger, table, keys):
                changes.append((table, stranger.tenant_name, "delete"))
            if probe.copied(stranger, table, keys[0]) == "inserted":
                changes.append((table, stranger.tenant_name, "insert"))
            tried += len(columns) + 2
    assert changes == []
    assert tried > 20


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_empties_a_table_nor_takes_another_role(
    probe: Probe, pairs: dict[str, Pair], kind: str
) -> None:
    insider = pairs[kind].insider
    for table in probe.relations(insider.database_role, "SELECT"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            probe.run(insider, sql.SQL("truncate {}").format(_name(table)))
    for role in ("portail_owner", "portail_operator", "portail_system", "portail_demo", "postgres"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            probe.run(insider, sql.SQL("set local role {}").format(_name(role)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        probe.run(insider, sql.SQL("set local row_security = off; table dwellings"))


# --- Rights on columns ----------------------------------------------------------------------------


# Every kind opens what it receives, ends its accesses, keeps its people, spends its calls.
OPENING = {
    "bilan_deliveries": ["opened_at"],
    "notifications": ["read_at"],
    "api_tokens": ["revoked_at", "revoked_by", "noticed_days"],
    "machine_clients": ["revoked_at", "revoked_by", "noticed_days"],
    "invitations": ["cancelled_at"],
    "call_budgets": ["points", "charged", "refilled_at"],
    "kept_answers": ["answer"],
    "calendar_feeds": ["revoked_at"],
    "mail_preferences": ["information", "reminders", "digest", "changed_at", "changed_by"],
    "person_digests": ["address", "changed_at"],
    "dead_letters": ["replayed_at", "replayed_by"],
    "memberships": ["role", "contingents", "revoked_at", "ended_as", "dormant_warned_at"],
}
DECIDING = {
    "urgences": [
        *("state", "decided_at", "decided_by", "decision_reason", "charged_reservataire_id"),
        *("charged_contingent", "version"),
    ],
    "substitutions": ["ends_on"],
}
ANSWERING = {
    "closures": ["withdrawn_at", "withdrawn_by"],
    "candidates": ["withdrawn_at"],
    # its own steps of a convention, in the order that the guard allows
    "conventions": [
        *("state", "starts_on", "ended_on", "version", "deliberated_on"),
        *("deliberation_reference", "transmitted_on", "reservataire_signed_on"),
        *("reservataire_signatory", "ending_motif"),
    ],
    "convention_communes": ["is_agreed"],
    "convention_amendments": ["reservataire_signed_on", "reservataire_signatory"],
    "orientations": [
        *("state", "version", "acceptance_mode", "accepted_on", "answered_at"),
        *("refusal_motif", "candidates_due_at", "candidates_last_day", "candidates_receipt"),
    ],
}
INSERTED = {
    *("api_tokens", "invitations", "journal", "machine_clients", "notifications"),
    *("people_events", "call_budgets", "kept_answers", "calendar_feeds"),
    *("mail_preferences", "person_digests", "digests"),
}


def test_what_each_kind_may_write(probe: Probe) -> None:
    """domain.md §1.2: a préfecture decides, a réservataire answers, an EPCI opens its bilan."""
    written = {
        kind: {
            table: probe.columns(f"portail_{kind}", table, "UPDATE")
            for table in probe.relations(f"portail_{kind}", "UPDATE")
        }
        for kind in ("prefecture", "reservataire", "epci")
    }
    assert written["epci"] == OPENING
    assert written["prefecture"] == OPENING | DECIDING
    assert written["reservataire"] == OPENING | ANSWERING


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("epci", set[str]()),
        ("prefecture", {"charte_versions", "substitutions", "nominative_readings"}),
        ("reservataire", {"answer_link_decisions", "candidates", "closures", "convention_scans"}),
    ],
)
def test_what_each_kind_may_insert(probe: Probe, kind: str, own: set[str]) -> None:
    assert set(probe.relations(f"portail_{kind}", "INSERT")) == INSERTED | own


def test_an_epci_never_reads_candidates(probe: Probe, pairs: dict[str, Pair]) -> None:
    for table in ("candidates", "decisions", "orientations", "vacancies"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            probe.run(pairs["epci"].insider, sql.SQL("select from {}").format(_name(table)))


def test_the_prefecture_reads_no_address_and_dalo_households_only(
    probe: Probe, pairs: dict[str, Pair]
) -> None:
    estelle = pairs["prefecture"].insider
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        probe.run(estelle, sql.SQL("select address from dwellings"))
    nuds = {nud for (nud,) in probe.run(estelle, sql.SQL("select nud from candidates"))}
    assert nuds == {NUDS[7]}


@pytest.mark.parametrize(
    "change",
    [
        "answer_due_at = answer_due_at + interval '1 day'",
        "answer_last_day = answer_last_day + 1",
        "sent_at = sent_at + interval '1 day'",
        "departure_motif = 'Autre'",
        "reservataire_id = bailleur_id",
        "candidate_days = 30",
        "extension_count = 5",
        "leased_on = current_date",
    ],
)
def test_a_reservataire_moves_no_legal_deadline(
    probe: Probe, pairs: dict[str, Pair], change: LiteralString
) -> None:
    """Column rights: with row policies alone it could."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        probe.run(
            pairs["reservataire"].insider, sql.SQL("update orientations set ") + sql.SQL(change)
        )


@pytest.mark.parametrize(
    "change",
    [
        "candidates_due_at = candidates_due_at + interval '1 day'",
        "candidates_last_day = candidates_last_day + 1",
        "accepted_on = accepted_on - 1",
        "state = 'leased'",
        "state = 'sent'",
        "state = 'attributed'",
    ],
)
def test_a_date_that_is_set_never_moves(
    probe: Probe, pairs: dict[str, Pair], change: LiteralString
) -> None:
    """The trigger: these columns are granted, for the answer only."""
    statement = (
        sql.SQL("update orientations set ")
        + sql.SQL(change)
        + sql.SQL(" where accepted_on is not null")
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        probe.run(pairs["reservataire"].insider, statement)


def test_the_journal_is_append_only(probe: Probe, pairs: dict[str, Pair]) -> None:
    for pair in pairs.values():
        for change in ("update journal set act = 'autre'", "delete from journal"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                probe.run(pair.insider, sql.SQL(change))


def test_nobody_writes_the_journal_in_another_s_name(probe: Probe, pairs: dict[str, Pair]) -> None:
    author = pairs["bailleur"].insider
    ((key,),) = probe.catalog(
        "select id from journal where actor_tenant_id = %s limit 1", author.tenant_id
    )
    for pair in pairs.values():
        for actor in (pair.insider, *pair.strangers):
            expected = "inserted" if actor == author else "InsufficientPrivilege"
            assert probe.copied(actor, "journal", key) == expected, actor


async def test_an_offer_to_one_contingent_is_hidden_from_the_other(world: Stage) -> None:
    play = Play(world)
    orientation_id = await play.offer("prefecture", contingent="rs")
    await play.does("pascal", lambda tx: orientations.accept(tx, orientation_id))
    probe = Probe(world)
    tables = ("orientations", "journal", "notifications")
    for who, sees in {"pascal": True, "rosa": False}.items():
        actor = world.world.actor(who)
        assert [bool(probe.keys(actor, table)) for table in tables] == [sees] * len(tables), who
        column = probe.changed(actor, "orientations", "state", [orientation_id])
        assert bool(column) is sees
    probe.close()
    play.close()
