"""Non-interference: what A sees and what A's acts answer do not depend on what B does.

Both sides are drawn from the catalog, without a model of the schema: B copies, changes and removes
its own private rows, A reads every relation that it may read and tries the same fixed acts, which
point at the identifiers and the values that B uses. All of it is undone after each example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from server.tenants.audit import reviewed
from server.tenants.audit.catalog import ask
from server.tenants.audit.probes import Shape, Somebody
from tests.operations.play import DOUSSARD
from tests.tenants.crowd import Crowd, _enter, copy

POOL = (UUID(int=0xB0B), UUID(int=0xB0C))  # identifiers that B gives to its rows, and A points at
TEXTS = {"nud": "074042600000000777"}  # a value that B uses, and A tries in a row of its own
OTHER_TEXT = "valeur-commune"
# The annexe 1 of an EPCI, the bilan, the numbers of vacancies go to all the partners by law.
FOR_PARTNERS = {
    *("vacancies", "annexes", "annexe_communes", "annexe_lines", "annexe_line_communes"),
    *("bilans", "bilan_deliveries", "conventions", "convention_communes", "annexe_readers"),
}
# The cast: who acts in private, and who must not notice.
ACTING = {"alice": set[str](), "chloe": set[str]()}
LOOKING = {
    "denis": set[str](),
    "manon": FOR_PARTNERS,
    "karine": FOR_PARTNERS,
    "samuel": FOR_PARTNERS,
}

Statement = tuple[sql.Composed, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that B may do: a statement in its context, harmless if refused."""

    who: Somebody
    table: str
    what: str
    statement: sql.Composed
    values: dict[str, Any]


@dataclass(kw_only=True)
class Watch:
    """One who looks: what it reads in one statement, and the acts that it tries."""

    who: Somebody
    reading: sql.Composed
    acts: list[Statement] = field(default_factory=list)


@dataclass(kw_only=True)
class Interference:
    crowd: Crowd
    deeds: list[Deed]
    watches: dict[str, Watch]
    before: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def differs(self, chosen: Sequence[int], looking: int) -> str:
        """Undo everything; "" when the one who looks has noticed nothing."""
        slug = sorted(self.watches)[looking % len(self.watches)]
        hidden = LOOKING[slug]
        deeds = [deed for deed in self.deeds if deed.table not in hidden]
        if not deeds:  # a planted fault may leave B nothing to do in private
            return ""
        done = [deeds[number % len(deeds)] for number in chosen]
        with self.crowd.app.transaction(force_rollback=True):
            if slug not in self.before:
                self.before[slug] = self.look(slug)
            for deed in done:
                self._do(deed)
            after = self.look(slug)
        if after == self.before[slug]:
            return ""
        words = ", ".join(f"{deed.who.role} {deed.what} {deed.table}" for deed in done)
        return f"{slug} notices {self._what(slug, after)}: {words}"

    def _what(self, slug: str, after: tuple[Any, ...]) -> list[str]:
        """The relations and the acts whose answer is not the same."""
        rows, codes = self.before[slug]
        seen = [f"{one} {two}" for one, two in zip(rows, after[0], strict=True) if one != two]
        return seen + [
            f"{act[0].as_string(None)} {one} {two}"
            for act, one, two in zip(self.watches[slug].acts, codes, after[1], strict=True)
            if one != two
        ]

    def _do(self, deed: Deed) -> bool:
        try:
            with self.crowd.app.transaction():
                _enter(self.crowd.app, deed.who)
                return self.crowd.app.execute(deed.statement, deed.values).rowcount > 0
        except psycopg.Error:
            return False

    def effective(self) -> int:
        """How many of the deeds change something when they are done alone."""
        done = 0
        for deed in self.deeds:
            with self.crowd.app.transaction(force_rollback=True):
                done += self._do(deed)
        return done

    def look(self, slug: str) -> tuple[Any, ...]:
        watch = self.watches[slug]
        with self.crowd.app.transaction(force_rollback=True):
            _enter(self.crowd.app, watch.who)
            rows = tuple(sorted(self.crowd.app.execute(watch.reading).fetchall()))
            return rows, tuple(self._code(*act) for act in watch.acts)

    def _code(self, statement: sql.Composed, values: dict[str, Any]) -> str:
        try:
            with self.crowd.app.transaction(force_rollback=True):
                return str(self.crowd.app.execute(statement, values).rowcount)
        except psycopg.Error as error:
            return type(error).__name__


def prepare(crowd: Crowd) -> Interference:
    private = {crowd.who("alice").tenant_id, crowd.who("chloe").tenant_id}
    deeds = [deed for slug in ACTING for deed in _deeds(crowd, crowd.who(slug), private)]
    return Interference(
        crowd=crowd, deeds=deeds, watches={slug: _watch(crowd, slug) for slug in LOOKING}
    )


# --- What B does --------------------------------------------------------------------------------


def _deeds(crowd: Crowd, who: Somebody, private: set[UUID]) -> list[Deed]:
    found: list[Deed] = []
    readable = crowd.granted(who.role, "SELECT")
    for verb, make in MAKERS.items():
        for table, columns in crowd.granted(who.role, verb).items():
            if table in reviewed.REFERENCE or table not in readable:
                continue
            row = _private_row(crowd, who, crowd.shapes[table], private)
            if row is not None:
                found += make(who, crowd.shapes[table], row, columns)
    for table in sorted(crowd.granted(who.role, "SELECT")):
        row = _private_row(crowd, who, crowd.shapes[table], private)
        if row is not None:
            found.append(_removal(who, crowd.shapes[table], row))
    return found


def _private_row(
    crowd: Crowd, who: Somebody, shape: Shape, private: set[UUID]
) -> dict[str, Any] | None:
    """A row of B and its partner alone, in Doussard if it is somewhere."""
    conditions = [
        sql.SQL("({column} is null or {column} = any (%(private)s))").format(
            column=sql.Identifier(column)
        )
        for column in shape.columns
        if column in shape.tenant_columns or column.endswith("reservataire_id")
    ]
    if not shape.tenant_columns:
        return None
    if "insee" in shape.columns:
        conditions.append(sql.SQL("insee = {}").format(sql.Literal(DOUSSARD)))
    statement = sql.SQL("select {} from {} where {} limit 1").format(
        sql.SQL(", ").join(map(sql.Identifier, shape.key)),
        sql.Identifier(shape.name),
        sql.SQL(" and ").join(conditions),
    )
    with crowd.app.transaction(force_rollback=True):
        _enter(crowd.app, who)
        try:
            key = crowd.app.execute(statement, {"private": list(private)}).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            return None
    return copy(crowd, shape, key) if key else None


def _copies(who: Somebody, shape: Shape, row: dict[str, Any], columns: list[str]) -> list[Deed]:
    """The same row again, under an identifier of the pool, with a value of the pool."""
    found = []
    for number in POOL:
        values = {name: value for name, value in row.items() if name in columns}
        values |= {"id": number} if "id" in values else {}
        values |= {name: value for name, value in TEXTS.items() if name in values}
        statement = _insert(shape.name, values)
        found.append(
            Deed(who=who, table=shape.name, what="insère", statement=statement, values=values)
        )
    return found


def _changes(who: Somebody, shape: Shape, row: dict[str, Any], columns: list[str]) -> list[Deed]:
    """Each column that B may write, set to something else when its type has something else."""
    found = []
    for column in columns:
        for value in _others(row.get(column)):
            statement = sql.SQL("update {} set {} = %(value)s where {}").format(
                sql.Identifier(shape.name), sql.Identifier(column), _same(shape)
            )
            values = {"value": value, **{one: row.get(one) for one in shape.key}}
            if "id" in shape.key:
                values |= {"id": row["id"]}
            what = f"modifie {column} de"
            found.append(
                Deed(who=who, table=shape.name, what=what, statement=statement, values=values)
            )
    return found


def _removal(who: Somebody, shape: Shape, row: dict[str, Any]) -> Deed:
    statement = sql.SQL("delete from {} where {}").format(sql.Identifier(shape.name), _same(shape))
    return Deed(
        who=who,
        table=shape.name,
        what="efface",
        statement=statement,
        values={one: row.get(one) for one in shape.key},
    )


def _same(shape: Shape) -> sql.Composed:
    """B's rows only: its own policies see to it; the first of its rows, whichever it is."""
    return sql.SQL("ctid in (select ctid from {} limit 1)").format(sql.Identifier(shape.name))


def _others(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, str):
        return [OTHER_TEXT, *({"searching", "refused", "in_caleol", "closed", "own"} - {value})]
    return [None]


def _insert(table: str, values: dict[str, Any]) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
    )


MAKERS: dict[str, Callable[[Somebody, Shape, dict[str, Any], list[str]], list[Deed]]] = {
    "INSERT": _copies,
    "UPDATE": _changes,
}


# --- What A sees and tries ----------------------------------------------------------------------


def _watch(crowd: Crowd, slug: str) -> Watch:
    who = crowd.who(slug)
    parts = [
        sql.SQL(
            "select {name}, count(*), md5(string_agg(seen::text, '|' order by seen::text))"
            " from (select {columns} from {table}) as seen"
        ).format(
            name=sql.Literal(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=sql.Identifier(table),
        )
        for table, columns in crowd.granted(who.role, "SELECT").items()
    ]
    return Watch(who=who, reading=sql.SQL(" union all ").join(parts), acts=_acts(crowd, who))


def _acts(crowd: Crowd, who: Somebody) -> list[Statement]:
    """Inserting a row of its own that points at B's rows, or carries a value that B uses."""
    found: list[Statement] = []
    readable = crowd.granted(who.role, "SELECT")
    uniques = _unique_texts(crowd)
    for table, columns in crowd.granted(who.role, "INSERT").items():
        shape = crowd.shapes[table]
        row = _own_row(crowd, who, shape) if table in readable else None
        if row is None:
            continue
        own = {name: value for name, value in row.items() if name in columns}
        found.append((_insert(table, own), own))
        for column, value in own.items():
            if isinstance(value, UUID) and column != "id" and column not in shape.tenant_columns:
                found += [(_insert(table, own), {**own, column: number}) for number in POOL]
            if (table, column) in uniques:
                found.append((_insert(table, own), {**own, column: TEXTS.get(column, OTHER_TEXT)}))
    return found


def _own_row(crowd: Crowd, who: Somebody, shape: Shape) -> dict[str, Any] | None:
    """A row of A, or one of somebody else made A's: the refusal is the same whatever B does."""
    statement = sql.SQL("select {} from {} limit 1").format(
        sql.SQL(", ").join(map(sql.Identifier, shape.key)), sql.Identifier(shape.name)
    )
    with crowd.app.transaction(force_rollback=True):
        _enter(crowd.app, who)
        try:
            key = crowd.app.execute(statement).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            key = None
    if key is not None:
        return copy(crowd, shape, key)
    stranger = crowd.eye.execute(statement).fetchone()
    mine = dict.fromkeys(shape.tenant_columns, who.tenant_id)
    return copy(crowd, shape, stranger, **mine) if stranger else None


def _unique_texts(crowd: Crowd) -> set[tuple[str, str]]:
    rows = ask(
        crowd.eye,
        "select indrelid::regclass::text, attname::text from pg_index join pg_attribute"
        " on attrelid = indrelid and attnum = any (indkey) where indisunique"
        " and atttypid = 'text'::regtype",
    )
    return {(table, column) for table, column in rows}
