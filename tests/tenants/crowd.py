"""A database where everybody has rows, and the three means of seeing a leak in it.

The catalog (server/tenants/audit), the canaries (a stranger tries everything on the rows of
another) and non-interference (what A sees and what A's acts answer do not depend on what B does).
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from server.demo.world import World
from server.operations import candidates
from server.tenants.actors import Actor
from server.tenants.audit import reviewed
from server.tenants.audit.catalog import Connection, ask, examine
from server.tenants.audit.probes import LOST, Attempts, Shape, Somebody, functions, shapes
from server.tenants.transactions import Database as App
from tests.databases import Database
from tests.operations.play import Play
from tests.tenants.test_canaries import DIRECTORY, FOR_PARTNERS, IN_COMMON
from tests.worlds import Stage

ROLES = ("portail_owner", "portail_operator", "portail_system", "portail_demo", "postgres")
NOBODY = UUID(int=7)
INVENTED = UUID(int=99)
MOST_CANARIES = 20
LEMAN = "leman-habitat"


def somebody(actor: Actor) -> Somebody:
    return Somebody(
        role=actor.database_role,
        tenant_id=actor.tenant_id,
        contingents=",".join(sorted(actor.contingents)),
    )


async def _fill(database: Database, world: World) -> None:
    """The whole cycle for Alice and her partners, an offer of Denis, a reading of Estelle."""
    app = App(database.app_dsn, pool_size=1)
    play = Play(Stage(database=database, world=world, app=app))
    await play.everything()
    dalo = play.scalar("select orientation_id from candidates where is_dalo limit 1")
    await play.reads("estelle", lambda tx: candidates.list_of(tx, [dalo]))
    insee = next(code for slug, code in world.dwellings if slug == LEMAN)
    await play.vacancy(play.home(insee, 0, LEMAN), who="denis")
    play.close()
    await app.close()


def fill(database: Database, world: World) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:  # an event loop of its own
        thread.submit(asyncio.run, _fill(database, world)).result()


@dataclass(kw_only=True)
class Crowd:
    """Connections to one filled database: the web's login, and the superuser who only looks."""

    database: Database
    world: World
    app: Connection
    eye: Connection
    shapes: dict[str, Shape] = field(default_factory=dict)

    def who(self, slug: str) -> Somebody:
        return somebody(self.world.actor(slug))

    def granted(self, role: str, verb: str) -> dict[str, list[str]]:
        """Table → columns of which the role has this right."""
        found: dict[str, list[str]] = {}
        for table, column in ask(
            self.eye,
            "select c.relname::text, a.attname::text from pg_class c join pg_attribute a on"
            " a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace and c.relkind in"
            " ('r', 'v', 'm') and attnum > 0 and not attisdropped and"
            " has_column_privilege(%(role)s, c.oid, attnum, %(verb)s) order by 1, attnum",
            role=role,
            verb=verb,
        ):
            found.setdefault(table, []).append(column)
        return found


@contextmanager
def gather(database: Database, world: World) -> Iterator[Crowd]:
    with ExitStack() as stack:
        app = stack.enter_context(psycopg.connect(database.app_dsn, autocommit=True))
        eye = stack.enter_context(psycopg.connect(database.super_dsn, autocommit=True))
        yield Crowd(database=database, world=world, app=app, eye=eye, shapes=shapes(eye))


# --- The catalog --------------------------------------------------------------------------------


def seen_by_catalog(database: Database) -> set[str]:
    """What the questions to the catalog find, line by line; nothing in a sound database."""
    with psycopg.connect(database.worker_dsn, autocommit=True) as connection:
        return {
            f"{one.code} {detail}"
            for one in examine(connection, is_demo=True)
            for detail in one.details
        }


# --- Canaries -----------------------------------------------------------------------------------

# An insider, whose rows are the canaries, and strangers of the same kind.
CAST = {
    "bailleur": ("alice", ("denis",)),
    "reservataire": ("chloe", ("karine", "pascal", "manon")),
    "prefecture": ("estelle", ()),
    "epci": ("farid", ("samuel",)),
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One attempt of a stranger on the rows of the insider; `verb` says which."""

    verb: str
    stranger: Somebody
    table: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.stranger.role} {self.verb} {self.table}.{self.column}"


@dataclass(kw_only=True)
class Canaries:
    """Every attempt, and the rows that its owner was first shown to see."""

    trials: list[Trial] = field(default_factory=list)
    rows: dict[tuple[str, str], list[tuple[Any, ...]]] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


def canaries(crowd: Crowd) -> Canaries:
    """The matrix: every relation × every kind × every stranger × every verb × every column."""
    found = Canaries()
    for kind, (insider, others) in CAST.items():
        role = f"portail_{kind}"
        owner = crowd.who(insider)
        strangers = [*map(crowd.who, others), replace(owner, tenant_id=NOBODY)]
        readable = crowd.granted(role, "SELECT")
        for shape in crowd.shapes.values():
            if not _is_private(role, shape.name):
                continue
            rows = _rows(crowd, owner, shape, is_readable=shape.name in readable)
            if not rows:
                found.unseen.append(f"{kind} {shape.name}")
                continue
            found.rows[role, shape.name] = rows
            partners = kind == "reservataire" and shape.name in FOR_PARTNERS
            for stranger in strangers[2:] if partners else strangers:
                found.trials += _trials(stranger, shape)
        found.trials += [Trial(verb="becomes", stranger=owner, table=one) for one in ROLES]
    return found


def _is_private(role: str, table: str) -> bool:
    return not (
        table in DIRECTORY | reviewed.REFERENCE
        or (table, role, "r") in reviewed.OPEN_POLICIES
        or (role, table) in reviewed.WHOLE_DEPARTEMENT
        or (role.removeprefix("portail_"), table) in IN_COMMON
    )


def _rows(
    crowd: Crowd, owner: Somebody, shape: Shape, *, is_readable: bool
) -> list[tuple[Any, ...]]:
    """Keys of the canaries, read by their owner; by the superuser where its kind reads none."""
    names = sql.SQL(", ").join(map(sql.Identifier, shape.key))
    statement = sql.SQL("select {} from {} limit {}").format(
        names, sql.Identifier(shape.name), sql.Literal(MOST_CANARIES)
    )
    if not is_readable:
        return crowd.eye.execute(statement).fetchall()
    with crowd.app.transaction(force_rollback=True):
        _enter(crowd.app, owner)
        try:
            return crowd.app.execute(statement).fetchall()
        except psycopg.errors.InsufficientPrivilege:  # the key is not among its columns
            return crowd.eye.execute(statement).fetchall()


def _trials(stranger: Somebody, shape: Shape) -> list[Trial]:
    def trial(verb: str, column: str = "") -> Trial:
        return Trial(verb=verb, stranger=stranger, table=shape.name, column=column)

    return [
        *(trial(verb, column) for column in shape.columns for verb in ("selects", "updates")),
        *(trial("moves", column) for column in shape.tenant_columns),
        *(trial(verb) for verb in ("deletes", "truncates", "inserts", "steps_over")),
    ]


def _enter(connection: Connection, who: Somebody) -> None:
    connection.execute(
        "select set_config('role', %s, true), set_config('app.tenant_id', %s, true),"
        " set_config('app.contingents', %s, true)",
        [who.role, str(who.tenant_id), who.contingents],
    )


def leaks(crowd: Crowd, found: Canaries, trials: Sequence[Trial]) -> list[str]:
    """Those of the trials that a stranger won."""
    attempts = Attempts(crowd.app)
    won = []
    with crowd.app.transaction(force_rollback=True):
        for trial in trials:
            answer = _try(crowd, attempts, found, trial)
            if answer not in LOST and not _is_error_for_all(trial, answer):
                won.append(f"{trial} {answer}")
    return won


def _is_error_for_all(trial: Trial, answer: int | str) -> bool:
    """Refusals that do not depend on the row: stepping over policies, a column that is computed."""
    return isinstance(answer, str) and trial.verb in {"becomes", "steps_over"}


def _try(crowd: Crowd, attempts: Attempts, found: Canaries, trial: Trial) -> int | str:
    who, table = trial.stranger, trial.table
    if trial.verb == "becomes":
        escaped: int | str = attempts.becomes(who, table)
        return escaped
    shape = crowd.shapes[table]
    rows = found.rows[who.role, table]
    where = {name: [str(row[place]) for row in rows] for place, name in enumerate(shape.key)}
    answers: dict[str, Callable[[], int | str]] = {
        "selects": lambda: attempts.selects(who, table, (trial.column,), **where),
        "updates": lambda: attempts.updates(who, table, trial.column, **where),
        "moves": lambda: attempts.moves(who, table, trial.column, who.tenant_id, **where),
        "deletes": lambda: attempts.deletes(who, table, **where),
        "truncates": lambda: attempts.truncates(who, table),
        "inserts": lambda: attempts.inserts(who, table, copy(crowd, shape, rows[0])),
        "steps_over": lambda: attempts.steps_over(who, table),
    }
    return answers[trial.verb]()


def copy(crowd: Crowd, shape: Shape, key: tuple[Any, ...], **changes: Any) -> dict[str, Any]:
    """A row as it is, under another id, ready to be inserted by somebody else."""
    cursor = crowd.eye.execute(
        sql.SQL("select * from {} where ({}) = ({}) limit 1").format(
            sql.Identifier(shape.name),
            sql.SQL(", ").join(map(sql.Identifier, shape.key)),
            sql.SQL(", ").join(sql.Placeholder() for _ in shape.key),
        ),
        key,
    )
    row = cursor.fetchone()
    assert row is not None
    named = dict(zip((one.name for one in cursor.description or ()), row, strict=True))
    named |= {"id": INVENTED} if "id" in named else {}
    generated = _generated(crowd, shape.name)
    return {
        name: Jsonb(value) if isinstance(value, dict | list) and _is_json(value) else value
        for name, value in (named | changes).items()
        if name not in generated
    }


def _is_json(value: Any) -> bool:
    """An array of PostgreSQL is a list of plain values; a JSON one is an object or of objects."""
    return isinstance(value, dict) or any(isinstance(one, dict | list) for one in value)


def _generated(crowd: Crowd, table: str) -> set[str]:
    rows = ask(
        crowd.eye,
        "select attname::text from pg_attribute where attrelid = %(table)s::regclass"
        " and attgenerated <> ''",
        table=table,
    )
    return {name for (name,) in rows}


def called(crowd: Crowd) -> dict[str, set[str]]:
    """Function of the schema → kinds of actor that may call it."""
    return {
        name: {
            role
            for role in reviewed.KINDS
            if ask(
                crowd.eye,
                "select has_function_privilege(%(role)s, %(name)s, 'EXECUTE')",
                role=role,
                name=name,
            )[0][0]
        }
        for name in functions(crowd.eye)
    }


def sample(trials: Sequence[Trial], number: int) -> list[Trial]:
    """The same ones at each run."""
    draw = random.Random(20260430)  # noqa: S311 - the same sample at each run
    return draw.sample(list(trials), min(number, len(trials)))


def seen_by_canaries(crowd: Crowd, number: int | None = None) -> list[str]:
    found = canaries(crowd)
    trials = found.trials if number is None else sample(found.trials, number)
    return leaks(crowd, found, trials)


def digest(value: Any) -> str:
    return json.dumps(value, default=str, sort_keys=True)
