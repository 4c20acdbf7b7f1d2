"""Every field of the schema before every kind of caller, in a table that is reviewed.

`matrix.snapshot.txt` has a line for each field: a cell for each of the cast, then what an allowed
cell holds. A field without its line fails. To write it again after a change of the schema, and
read the difference before committing it:

    PORTAIL_WRITE_SNAPSHOT=1 .venv/bin/python -m pytest tests/schema/test_matrix.py

A cell of a reading: `v` the field has a value, `n` its object is reached and the field is empty,
`-` the object is not reached; of a root: `v`, `n`, `4` not found, `f` forbidden, `s` the machine
has not the scope, `x` nobody is known. A cell of an act: `a` may act, `4`, `f`, `s`, `x`.
The content: `=db` the column of its row, `=name` the name of the organisme or commune that its
object names, `=id` an identifier of the database, `>` an object with its own lines, `=test` held
by the test of the act or of the type, and otherwise the value itself.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import pytest
from graphql import get_named_type, is_leaf_type, is_object_type
from psycopg import sql

from server.operations import bilans, caleol, notifications, vacancies
from server.schema import schema
from server.tenants.transactions import Database as App
from tests.pages.browsers import settings_of
from tests.schema.attacks.arena import Arena, arena_of
from tests.schema.attacks.rights import acts, needs_id
from tests.schema.client import Api

SNAPSHOT = Path(__file__).with_name("matrix.snapshot.txt")
ACTS = [
    Path(__file__).with_name(f"test_{noun}.py") for noun in ("mutations", "following", "scenarios")
]
CAST = (
    *("nobody", "alice", "bruno", "denis", "chloe", "karine", "estelle", "farid"),
    *("machine", "bare", "revoked"),
)
REFUSED = {"not_found": "4", "forbidden": "f", "scope_missing": "s"}
KINDS = schema._schema.type_map
QUERY: Any = schema._schema.query_type
MUTATION: Any = schema._schema.mutation_type
DEPTH = 8
NO_ANNEXE = "74010"
"""Annecy: no bailleur of the world has an annexe there."""

TABLES = {
    "Closure": "closures",
    "Dwelling": "dwellings",
    "Vacancy": "vacancies",
    "Orientation": "orientations",
    "Candidate": "candidates",
    "CandidateOffer": "candidate_offers",
    "Decision": "decisions",
    "JournalEntry": "journal",
    "CaleolSession": "caleol_sessions",
    "Invitation": "caleol_invitations",
    "Urgence": "urgences",
    "Bilan": "bilans",
    "Notification": "notifications",
    "AnnexeVersion": "annexes",
    "DwellingExclusion": "dwelling_exclusions",
    "Scenario": "scenarios",
    "ScenarioShare": "scenario_shares",
}
# Held elsewhere, where the value can be computed: (type, field) or a whole type.
TESTED = {
    "Me.now": "test_queries.py::test_me_says_who_acts_and_when",
    "Me.permissions": "test_queries.py::test_me_says_who_acts_and_when",
    "PageInfo.startCursor": "test_queries.py, pages and cursors",
    "PageInfo.endCursor": "test_queries.py, pages and cursors",
    "Advice.droitUniqueId": "tests/operations/test_droits_uniques.py, the own share",
    "Bilan.downloadPath": "test_queries.py, the bilan of each reader",
    "Machine.expiresAt": "the tests of the machines: a date of real time",
    "Machine.pointsLimit": "test_bearers.py, what a tool may still call",
    "Machine.pointsLeft": "test_bearers.py, what a tool may still call",
    "IsolationCheck.ranAt": "tests/operations/test_visibility.py: an instant of real time",
    "NominativeReading.at": "test_queries.py::test_who_read_is_told_with_its_instant",
    "RateExplanation.publishedAt": "test_queries.py, the rate and its explanation",
    "Orientation.acceptanceMode": "test_queries.py, an offer that silence accepted",
    "Orientation.acceptedOn": "test_queries.py, an offer that silence accepted",
}


def root_arguments(field: Any) -> str:
    is_yearly = any(name == "year" and str(one.type) == "Int!" for name, one in field.args.items())
    return "(year: 2026)" if is_yearly else ""


def selected(kind: Any, depth: int, path: tuple[str, ...]) -> str:
    """Every field below a type, as deep as the guard lets, no type twice on the way."""
    if is_leaf_type(kind):
        return ""
    parts = []
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        if is_leaf_type(below):
            parts.append(name)
        elif depth < DEPTH and below.name not in path:
            inside = selected(below, depth + 1, (*path, below.name))
            if inside.strip(" {}"):
                parts.append(f"{name} {inside}")
    return "{ " + " ".join(parts) + " }"


class Seen:
    """What one of the cast received: the values of each field, the cell of each root."""

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}
        self.values: dict[str, list[Any]] = {}
        self.objects: dict[str, list[dict[str, Any]]] = {}

    def read(self, kind: Any, value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                self.read(kind, one)
        elif isinstance(value, dict) and is_object_type(kind):
            self.objects.setdefault(kind.name, []).append(value)
            for name, found in value.items():
                self.values.setdefault(f"{kind.name}.{name}", []).append(found)
                self.read(get_named_type(kind.fields[name].type), found)

    def cell(self, field: str) -> str:
        values = self.values.get(field)
        if values is None:
            return "-"
        return "v" if any(one not in (None, [], "") for one in values) else "n"


async def asked(arena: Arena, who: str) -> Seen:
    """Every reading of the schema, with every field, by one of the cast."""
    seen = Seen()
    for name, field in QUERY.fields.items():
        kind = get_named_type(field.type)
        argument = needs_id(field)
        head, given, variables = "", root_arguments(field), {}
        if argument is not None:
            head, given = "query($id: UUID!) ", f"({argument}: $id)"
            variables = {"id": str(arena.ids[name])}
        query = head + "{ " + name + given + " " + selected(kind, 2, (kind.name,)) + " }"
        answer = await arena.send({"query": query, "variables": variables}, known_as(who))
        seen.roots[name] = _root_cell(answer, name)
        if answer.status_code == 200:
            seen.read(kind, (answer.json().get("data") or {}).get(name))
    await _asked_of_one_file(arena, who, seen)
    return seen


async def _asked_of_one_file(arena: Arena, who: str, seen: Seen) -> None:
    """Who sees a file is told only to whom names one."""
    kind = get_named_type(QUERY.fields["visibility"].type)
    query = f"query($id: UUID!) {{ visibility(orientationId: $id) {selected(kind, 2, ())} }}"
    variables = {"id": str(arena.ids["orientation"])}
    answer = await arena.send({"query": query, "variables": variables}, known_as(who))
    if answer.status_code == 200:
        seen.read(kind, (answer.json().get("data") or {}).get("visibility"))


def known_as(who: str) -> str | None:
    return None if who in ("nobody", "revoked") else who


def _root_cell(answer: Any, name: str) -> str:
    content = answer.json()
    if answer.status_code == 401:
        return "x"
    for error in content.get("errors", ()):
        code = error["extensions"]["code"]
        assert code in REFUSED, (name, error)
        return REFUSED[code]
    value = content["data"][name]
    is_empty = value in (None, []) or (isinstance(value, dict) and value.get("edges") == [])
    return "n" if is_empty else "v"


async def acted(arena: Arena, who: str) -> dict[str, str]:
    """Every act of the schema, tried by one of the cast on Alice's rows."""
    found = {}
    for name, document, command in acts(arena):
        content = {"query": document, "variables": {"input": command}}
        answer = await arena.send(content, known_as(who))
        found[name] = _act_cell(answer)
    return found


def _act_cell(answer: Any) -> str:
    if answer.status_code == 401:
        return "x"
    content = answer.json()
    codes = [one["extensions"]["code"] for one in content.get("errors", ())]
    for payload in (content.get("data") or {}).values():
        codes += [one["code"] for one in payload["errors"]]
    return next((REFUSED[code] for code in codes if code in REFUSED), "a")


# --- Content --------------------------------------------------------------------------------------


class Truth:
    """What the database says, whoever asks."""

    def __init__(self, arena: Arena) -> None:
        self._play = arena.play
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.names = dict(
            self._play.rows(
                "select id::text, name from tenants union select insee, name from communes"
            )
        )
        text = json.dumps([self._dump(table) for table in self._tables()])
        self.ids = set(UUID_TEXT.findall(text))

    def _tables(self) -> list[str]:
        found = self._play.rows("select tablename from pg_tables where schemaname = 'public'")
        return [name for (name,) in found]

    def _dump(self, table: str) -> Any:
        statement = sql.SQL("select to_jsonb(t) from {} t").format(sql.Identifier(table))
        return self._play._super.execute(statement).fetchall()

    def row(self, table: str, row_id: str) -> dict[str, Any]:
        if (table, row_id) not in self._rows:
            statement = sql.SQL("select to_jsonb(t) from {} t where id = %s").format(
                sql.Identifier(table)
            )
            found = self._play._super.execute(statement, [row_id]).fetchone()
            self._rows[table, row_id] = found[0] if found else {}
        return self._rows[table, row_id]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])|(?<=[a-z])(\d+)", r"_\1\2", name).lower()


def same(shown: Any, stored: Any) -> bool:
    """As GraphQL writes it, and as PostgreSQL writes it in JSON."""
    if isinstance(shown, str) and isinstance(stored, str) and "T" in shown and shown[:4].isdigit():
        return datetime.fromisoformat(shown) == datetime.fromisoformat(stored)
    if isinstance(shown, str) and isinstance(stored, float):
        return float(shown) == stored
    return bool(str(shown) == str(stored))


UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
WRONG = "=wrong"
NAMED = {
    "bailleurName": "bailleurId",
    "reservataireName": "reservataireId",
    "tenantName": "tenantId",
    "communeName": "insee",
    "proposedReservataireName": "proposedReservataireId",
    "chargedReservataireName": "chargedReservataireId",
}


def content_of(field: str, everything: list[Seen], truth: Truth) -> str:
    """How the content of a field is held; each value that anybody saw is checked on the way."""
    kind_name, name = field.split(".")
    kind: Any = KINDS[kind_name]
    below = get_named_type(kind.fields[name].type)
    if not is_leaf_type(below) or field in TESTED or name == "cursor":
        return ">" if not is_leaf_type(below) else "=test"
    objects = [
        one
        for seen in everything
        for one in seen.objects.get(kind_name, ())
        if one.get(name) not in (None, [], "")
    ]
    table = TABLES.get(kind_name)
    if table and objects and snake(name) in truth.row(table, objects[0]["id"]):
        rows = [(one[name], truth.row(table, one["id"])[snake(name)]) for one in objects]
        return "=db" if all(same(shown, stored) for shown, stored in rows) else WRONG
    if name in NAMED and NAMED[name] in kind.fields and objects:
        named = [(str(one[name]), truth.names.get(str(one[NAMED[name]]), WRONG)) for one in objects]
        return "=name" if all(shown.startswith(true) for shown, true in named) else WRONG
    return _value_of([one[name] for one in objects], truth)


def _value_of(values: list[Any], truth: Truth) -> str:
    """The smallest one, whatever the order of the rows; an identifier is looked for instead."""
    if any(UUID_TEXT.match(str(one)) for one in values):
        known = {str(one).partition(":")[0] for one in values}
        return "=id" if known <= truth.ids | {"own", "bailleur", "mutation", "none"} else WRONG
    return min((json.dumps(one, ensure_ascii=False) for one in values), default="=test")


# --- The table ------------------------------------------------------------------------------------


def every_field() -> Iterator[str]:
    """All of the schema: roots, then the fields of every object type, payloads included."""
    yield from (f"Query.{name}" for name in QUERY.fields)
    yield from (f"Mutation.{name}" for name in MUTATION.fields)
    for name, kind in sorted(KINDS.items()):
        if is_object_type(kind) and not name.startswith("__") and kind not in (QUERY, MUTATION):
            yield from (f"{name}.{field}" for field in kind.fields)


def is_payload(kind_name: str) -> bool:
    return kind_name.endswith("Payload") or kind_name == "ActError"


@pytest.fixture
async def arena(api: Api) -> AsyncIterator[Arena]:
    async with arena_of(api) as opened:
        await _fill_the_bilan(opened)
        await _write_mails(opened)
        for statement in FILLED:
            opened.play.run(statement)
        for statement in REWRITTEN:
            opened.play.rewrite(statement)
        machine = opened.play.actor("hsh machine")
        opened.api.actors["machine"] = machine
        opened.api.actors["bare"] = replace(machine, scopes=frozenset(), machine_id=UUID(int=3))
        yield opened


# What no act of `Play.everything` writes: the readings show it all the same.
FILLED: tuple[LiteralString, ...] = (
    """update urgences set decided_at = requested_at, decision_reason = 'Essai',
       applied_at = requested_at, charged_reservataire_id = proposed_reservataire_id""",
    "update candidates set criterion = 'dalo'",
    """update decisions set reason_text = 'Essai', condition = 'Essai',
       condition_until = '2026-12-31'""",
    """update dwellings set delivered_on = '1990-01-01', left_on = '2030-01-01'
       where id in (select dwelling_id from orientations)""",
    """update orientations set refusal_motif = 'Essai', justification = 'Essai',
       withdrawal_reason = 'Essai', leased_on = '2026-06-01'""",
    """update vacancies v set notice_on = '2026-04-01',
       charged_reservataire_id = o.reservataire_id from orientations o where o.vacancy_id = v.id""",
    "update notifications set read_at = created_at",
    "update bilan_deliveries set opened_at = created_at",
    "update journal set reason = 'Essai'",
    """update scenarios set epci_siren = '247400773', tables = jsonb_set(tables, '{warnings}',
       '[{"code": "essai", "message": "Essai"}]')""",
    """update scenario_figures set drawn = '{"years": 100, "mean": 1.5, "low": 1, "median": 1,
       "high": 3, "histogram": [[1, 60], [2, 40]], "months": [[0.5, 0.7]], "late": [3],
       "strata": []}'""",
    """update scenario_draws d set state = 'done', wanted = 1, done = 1, parties = (
         select jsonb_agg(coalesce(f.reservataire_id || ':' || f.contingent, 'bailleur')
                          order by f.position)
         from scenario_figures f where f.scenario_id = d.scenario_id),
       served = (select decode(repeat(case s.name when 'Première' then '0100' else '0200' end,
                                      count(*)::int), 'hex')
         from scenario_figures f join scenarios s on s.id = f.scenario_id
         where f.scenario_id = d.scenario_id group by s.name)""",
    (
        "update orientations set delivery_error = 'Essai',"
        ' answer_receipt = answer_receipt || \'{"restart": "outage"}\''
    ),
    "update api_tokens set networks = array['192.0.2.0/24']",
    """update orientations o set droit_unique_id = u.droit_unique_id
       from droit_unique_uses u where u.orientation_id = o.id""",
)


# The same on published annexes: a droit unique, a year before with other rights.
REWRITTEN: tuple[LiteralString, ...] = (
    """update annexes set photo_on = '2026-01-01', published_by = 'Essai', reason = 'Essai'
       where published_at is not null""",
    """insert into annexe_droits_uniques
         (annexe_id, bailleur_id, position, reservataire_id, programme, remaining)
       select a.id, a.bailleur_id, 99, t.id, 'Essai', 2 from annexes a, tenants t
       where a.published_at is not null and t.slug = 'doussard'""",
    """update annexe_lines l set previous_droits = droits, change_reason = 'Essai'
       from annexes a where a.id = l.annexe_id and a.year = 2026 and droits is not null""",
    """update annexe_lines l set droits = droits + 1
       from annexes a where a.id = l.annexe_id and a.year = 2025""",
)


async def _fill_the_bilan(arena: Arena) -> None:
    """A lease, a vacancy out of the flux, both in a bilan published after them; and a vacancy
    where no annexe has a rate, which the advice says in a note.
    """
    play = arena.play
    leased = play.scalar("select id from orientations where state = 'attributed' limit 1")
    await play.does("alice", lambda tx: caleol.record_lease(tx, leased, signed_on=play.day()))
    kept = await play.vacancy(play.home(number=7))
    await play.does("alice", lambda tx: vacancies.keep(tx, kept, nature="mutation", reason=""))
    arena.ids["bilan"] = await play.does("alice", lambda tx: bilans.publish(tx, play.now.year))
    await play.does("alice", lambda tx: bilans.distribute(tx, arena.ids["bilan"]))
    elsewhere = play.home(number=8)
    play.run("update dwellings set insee = %s where id = %s", NO_ANNEXE, elsewhere)
    # without a rate the dwelling is the bailleur's own: this right is the one to serve there
    play.run(
        "with owed as (insert into droits_uniques (id, bailleur_id, reservataire_id, insee,"
        " programme, origin, granted_on, granted) select gen_random_uuid(), bailleur_id,"
        " reservataire_id, %s, 'Les Tilleuls', 'programme', '2026-01-01', 1 from conventions"
        " where reservataire_id = %s returning *) insert into convention_communes"
        " (convention_id, bailleur_id, reservataire_id, insee) select c.id, bailleur_id,"
        " reservataire_id, o.insee from owed o join conventions c"
        " using (bailleur_id, reservataire_id)",
        NO_ANNEXE,
        play.tenant("doussard"),
    )
    await play.vacancy(elsewhere)


async def _write_mails(arena: Arena) -> None:
    """What the worker does after each act."""
    database = arena.play.stage.database
    worker = App(database.worker_dsn, pool_size=1)
    for (one,) in arena.play.rows("select id from notifications where state = 'queued'"):
        await notifications.deliver(worker, one, settings_of(database))
    await worker.close()


async def written(arena: Arena) -> str:
    seen = {who: await asked(arena, who) for who in CAST}
    truth = Truth(arena)
    contents = {
        field: content_of(field, list(seen.values()), truth)
        for field in every_field()
        if not field.startswith(("Query.", "Mutation.")) and not is_payload(field.split(".")[0])
    }
    # those who may not, before those who may: the rows are as they were for each refusal
    order = sorted(CAST, key=lambda who: who in ("alice", "machine", "chloe", "estelle"))
    acting = {who: await acted(arena, who) for who in order}
    lines = [f"{'':38}{' '.join(f'{who[:7]:7}' for who in CAST)}".rstrip()]
    for field in every_field():
        kind_name, name = field.split(".")
        if kind_name == "Query":
            cells, content = [seen[who].roots[name] for who in CAST], ">"
        elif kind_name == "Mutation":
            cells, content = [acting[who][name] for who in CAST], "=test"
        elif is_payload(kind_name):
            cells, content = ["-"] * len(CAST), "=test"
        else:
            cells, content = [seen[who].cell(field) for who in CAST], contents[field]
        lines.append(f"{field:38}{' '.join(f'{one:7}' for one in cells)} {content}")
    return "\n".join(lines) + "\n"


async def test_every_field_is_what_the_reviewed_table_says(
    arena: Arena, capsys: pytest.CaptureFixture[str]
) -> None:
    now = await written(arena)
    if os.environ.get("PORTAIL_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(now, encoding="utf-8")
    assert WRONG not in now
    assert SNAPSHOT.read_text(encoding="utf-8").splitlines() == now.splitlines()
    with capsys.disabled():
        number = len(now.splitlines()) - 1
        print(f"\nmatrix: {number} fields x {len(CAST)} of the cast, all as reviewed")  # noqa: T201 - how much was tried is part of the proof


def reviewed() -> dict[str, tuple[list[str], str]]:
    found = {}
    for line in SNAPSHOT.read_text(encoding="utf-8").splitlines()[1:]:
        field, *rest = line.split(maxsplit=len(CAST) + 1)
        found[field] = (rest[: len(CAST)], rest[-1])
    return found


def test_every_field_has_its_line() -> None:
    assert set(reviewed()) == set(every_field())


def test_nobody_and_the_revoked_reach_nothing() -> None:
    for field, (cells, _) in reviewed().items():
        for who in ("nobody", "revoked"):
            assert cells[CAST.index(who)] in ("x", "-"), field


def test_every_field_has_an_allowed_cell_with_its_content() -> None:
    """A value that the table shows, or that was compared with the database; else its test."""
    without = {
        field
        for field, (cells, content) in reviewed().items()
        if not {"v", "a"} & set(cells) and not is_payload(field.split(".")[0])
    }
    assert without == set()
    tested = {field for field, (_, content) in reviewed().items() if content == "=test"}
    acts_tested = "".join(path.read_text(encoding="utf-8") for path in ACTS)
    for field in tested:
        kind, name = field.split(".")
        if kind == "Mutation":
            assert f'"{name}"' in acts_tested, field
        elif not is_payload(kind) and name != "cursor":
            assert field in TESTED, field


def test_the_value_of_a_day_is_a_day() -> None:
    """The scalars are what their names say, in every line that shows one."""
    for field, (_, content) in reviewed().items():
        if field.endswith("On") and content.startswith('"'):
            assert date.fromisoformat(json.loads(content)), field
