"""Attempts of somebody who has no right, each undone: what PostgreSQL itself answers.

Safe on a database in use: the organisme is invented, nothing is ever kept, and a lock is waited
for at most half a second. The tests run the same attempts with the rows of a real organisme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from server.tenants.audit import reviewed
from server.tenants.audit.catalog import Connection, Finding, ask

RULE = "Un organisme qui n'existe pas ne lit et ne change aucune ligne, quelle que soit sa qualité."
ESCAPES = ("portail_owner", "portail_migrate", "portail_operator", "portail_backup", "postgres")
LOST = (
    *(0, -1),  # no row, or no answer at all
    "InsufficientPrivilege",  # no right, or a row-level policy said no
    "GeneratedAlways",  # nobody writes a computed column, the owner neither
)
CONTEXT = (
    "select set_config('role', %(role)s, true), set_config('app.tenant_id', %(tenant)s, true),"
    " set_config('app.contingents', %(contingents)s, true),"
    " set_config('lock_timeout', '500ms', true)"
)


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A context of the application: database role, organisme, contingents of the State."""

    role: str
    tenant_id: UUID
    contingents: str = "none"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A relation and its columns, as the catalog has them."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    tenant_columns: tuple[str, ...]


def shapes(connection: Connection) -> dict[str, Shape]:
    """Every relation of the schema: a table added tomorrow is probed too."""
    rows = ask(
        connection,
        "select relname::text, array(select attname::text from pg_attribute where attrelid ="
        " c.oid and attnum > 0 and not attisdropped order by attnum), array(select attname::text"
        " from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey)"
        " where indisprimary and indrelid = c.oid order by attnum)"
        " from pg_class c where relkind in ('r', 'v', 'm', 'p') and relnamespace ="
        " 'public'::regnamespace order by 1",
    )
    return {
        name: Shape(
            name=name,
            columns=tuple(columns),
            key=tuple(key or (["id"] if "id" in columns else columns)),  # a view has no key
            tenant_columns=tuple(one for one in columns if one in reviewed.TENANT_COLUMNS),
        )
        for name, columns, key in rows
    }


def functions(connection: Connection) -> list[str]:
    """The functions of the schema that one can call, but the triggers."""
    return [
        name
        for (name,) in ask(
            connection,
            "select oid::regprocedure::text from pg_proc where pronamespace ="
            " 'public'::regnamespace and prorettype <> 'trigger'::regtype order by 1",
        )
    ]


class Attempts:
    """Statements as somebody, one savepoint each, all undone. `connection` is a powerless login."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.count = 0

    def outcome(
        self, who: Somebody, statement: sql.Composed, values: Mapping[str, Any] | None = None
    ) -> int | str:
        """How many rows were read or written, or the name of PostgreSQL's refusal."""
        self.count += 1
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute(CONTEXT, _context(who))
                cursor = self.connection.execute(statement, values or {})
                return len(cursor.fetchall()) if cursor.description else cursor.rowcount
        except psycopg.Error as error:
            return type(error).__name__

    def selects(self, who: Somebody, table: str, columns: tuple[str, ...], **where: Any) -> Any:
        statement = sql.SQL("select {} from {}").format(_list(columns), sql.Identifier(table))
        return self.outcome(who, statement + _where(where), where)

    def updates(self, who: Somebody, table: str, column: str, **where: Any) -> Any:
        statement = sql.SQL("update {} set {column} = {column}").format(
            sql.Identifier(table), column=sql.Identifier(column)
        )
        return self.outcome(who, statement + _where(where), where)

    def moves(self, who: Somebody, table: str, column: str, to: UUID, **where: Any) -> Any:
        """Give rows to another organisme."""
        statement = sql.SQL("update {} set {} = {}").format(
            sql.Identifier(table), sql.Identifier(column), sql.Literal(to)
        )
        return self.outcome(who, statement + _where(where), where)

    def deletes(self, who: Somebody, table: str, **where: Any) -> Any:
        statement = sql.SQL("delete from {}").format(sql.Identifier(table))
        return self.outcome(who, statement + _where(where), where)

    def truncates(self, who: Somebody, table: str) -> Any:
        return self.outcome(who, sql.SQL("truncate {} cascade").format(sql.Identifier(table)))

    def inserts(self, who: Somebody, table: str, row: Mapping[str, Any]) -> Any:
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            _list(tuple(row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        )
        return self.outcome(who, statement, row)

    def becomes(self, who: Somebody, role: str) -> Any:
        return self.outcome(who, sql.SQL("set local role {}").format(sql.Identifier(role)))

    def steps_over(self, who: Somebody, table: str) -> Any:
        """Ask PostgreSQL to forget the policies: it answers an error, never a row."""
        statement = sql.SQL("set local row_security = off; select from {}")
        return self.outcome(who, statement.format(sql.Identifier(table)))


def _context(who: Somebody) -> dict[str, str]:
    return {"role": who.role, "tenant": str(who.tenant_id), "contingents": who.contingents}


def _list(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _where(where: Mapping[str, Any]) -> sql.Composed:
    """The rows of these keys: one list of texts a column of the key, in step."""
    if not where:
        return sql.Composed([])
    names = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(one)) for one in where)
    lists = sql.SQL(", ").join(sql.SQL("{}::text[]").format(sql.Placeholder(one)) for one in where)
    return sql.SQL(" where ({}) in (select * from unnest({}))").format(names, lists)


# --- On a database in use -----------------------------------------------------------------------


def probe(connection: Connection) -> tuple[int, list[Finding]]:
    """How many attempts an invented organisme made in each capacity, and those that it won."""
    attempts = Attempts(connection)
    leaks: list[str] = []
    with connection.transaction(force_rollback=True):
        tables = shapes(connection).values()
        for role in reviewed.KINDS:
            nobody = Somebody(role=role, tenant_id=uuid4(), contingents="none,fonctionnaires,rs")
            leaks += [
                f"{role} {won}" for table in tables for won in _tries(attempts, nobody, table)
            ]
            leaks += [
                f"{role} devient {other}"
                for other in ESCAPES
                if not isinstance(attempts.becomes(nobody, other), str)
            ]
    found = [Finding(code="probes", rule=RULE, details=tuple(leaks))] if leaks else []
    return attempts.count, found


def _tries(attempts: Attempts, nobody: Somebody, table: Shape) -> Iterator[str]:
    name = table.name
    if not _is_shared(nobody.role, name):
        yield from _won(f"lit {name}", lambda: attempts.selects(nobody, name, table.key[:1]))
    if (name, nobody.role, "w") not in reviewed.OPEN_POLICIES:
        for column in table.columns:
            yield from _won(f"modifie {name}.{column}",
                            lambda column=column: attempts.updates(nobody, name, column))  # type: ignore[misc] # mypy cannot infer a default  # fmt: skip
    yield from _won(f"efface {name}", lambda: attempts.deletes(nobody, name))
    yield from _won(f"vide {name}", lambda: attempts.truncates(nobody, name))
    for column in table.tenant_columns:
        yield from _won(f"écrit {name} pour {column}",
                        lambda column=column: attempts.inserts(nobody, name, {column: uuid4()}))  # type: ignore[misc] # mypy cannot infer a default  # fmt: skip


def _won(what: str, attempt: Callable[[], int | str]) -> Iterator[str]:
    answer = attempt()
    if answer not in LOST:
        yield f"{what} ({answer})"


def _is_shared(role: str, table: str) -> bool:
    return (
        table in reviewed.REFERENCE
        or (table, role, "r") in reviewed.OPEN_POLICIES
        or (role, table) in reviewed.WHOLE_DEPARTEMENT
    )
