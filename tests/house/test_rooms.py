"""What each room may do: queries, transactions, clocks and imports stay where they belong."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from tests.house.sources import (
    at,
    called_name,
    functions,
    imported_modules,
    name_of,
    nodes,
    python_files,
    tree_of,
)

APPLICATION = ("server", "workers")

# Who opens or ends a transaction. Each exception has its reason.
TRANSACTION_DOORS = {
    "server/tenants/transactions.py",  # the door of the application
    "server/db/upgrade.py",  # migrations and reference data, as the owner, before any tenant
    "migrations/env.py",  # settings of the migration session
}

# SQL written as text outside the room of the queries, each for a reason.
SQL_TEXT = {
    "server/tenants/transactions.py",  # the context of a transaction: set_config, no table
    "server/queue.py",  # one call of enqueue_job
}

# No clock, no identifier, no chance, no input or output in the law.
IMPURE = {
    *("asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets", "shutil"),
    *("socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid"),
}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}

VAGUE_NAMES = {"utils", "util", "common", "core", "helpers", "kit", "misc", "tools", "lib"}
VAGUE_ALLOWED = {"migrations/helpers.py"}  # the one spelling of a policy, named by architecture


def test_select_is_written_in_the_room_of_the_queries_only() -> None:
    found = [
        at(path, line)
        for path in python_files(*APPLICATION)
        if not name_of(path).startswith("server/db/")
        for module, name, line in imported_modules(path)
        if module.split(".")[0] == "sqlalchemy" and name in {"select", "union", "union_all"}
    ]
    found += [
        at(path, node.lineno)
        for path in python_files(*APPLICATION)
        if not name_of(path).startswith("server/db/")
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "select"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"sa", "sqlalchemy", "sql"}
    ]
    assert found == []


def test_sql_text_is_written_in_the_room_of_the_queries_only() -> None:
    assert [
        at(path, line)
        for path in python_files(*APPLICATION)
        if not name_of(path).startswith("server/db/") and name_of(path) not in SQL_TEXT
        for module, name, line in imported_modules(path)
        if module.split(".")[0] == "sqlalchemy" and name == "text"
    ] == []


def test_transactions_are_opened_and_ended_by_their_doors_only() -> None:
    verbs = {"commit", "begin", "begin_nested", "rollback"}
    assert [
        at(path, node.lineno, called_name(node))
        for path in python_files("server", "workers", "migrations")
        if name_of(path) not in TRANSACTION_DOORS
        for node in nodes(path)
        if isinstance(node, ast.Call) and called_name(node) in verbs
    ] == []


def test_the_law_knows_neither_clock_nor_chance_nor_the_outside() -> None:
    found = [
        at(path, line, module)
        for path in python_files("server/domain")
        for module, _, line in imported_modules(path)
        if module.split(".")[0] in IMPURE
    ]
    found += [
        at(path, node.lineno, called_name(node))
        for path in python_files("server/domain")
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and (_last_word(node.func.value), node.func.attr) in CLOCKS
    ]
    assert found == []


def _last_word(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def test_the_law_uses_the_standard_library_only() -> None:
    ours = ("server.domain", "server.errors")
    assert [
        at(path, line, module)
        for path in python_files("server/domain")
        for module, _, line in imported_modules(path)
        if not module.startswith(ours) and module.split(".")[0] not in sys.stdlib_module_names
    ] == []


def test_migrations_never_import_the_application() -> None:
    assert [
        at(path, line, module)
        for path in python_files("migrations")
        for module, _, line in imported_modules(path)
        if module.split(".")[0] in {"server", "workers"}
    ] == []


def test_the_scenario_speaks_http_only() -> None:
    """The proof of the main job imports nothing of the application."""
    assert [
        at(path, line, module)
        for path in python_files("server/demo")
        if path.stem.startswith("scenario") or "scenario" in path.parent.name
        for module, _, line in imported_modules(path)
        if module.startswith(("server", "workers"))
        and not module.startswith("server.demo.scenario")
    ] == []


def test_no_import_hides_inside_a_function() -> None:
    imports = (ast.Import, ast.ImportFrom)
    assert [
        at(path, node.lineno)
        for path in python_files()
        for function in functions(path)
        for statement in function.body  # deeper functions are functions of their own
        for node in (statement, *_inside(statement))
        if isinstance(node, imports)
    ] == []


def _inside(statement: ast.stmt) -> Iterator[ast.AST]:
    """The statements within a compound statement, functions and classes left aside."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        for child in getattr(statement, name, ()):
            if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
                yield child
                if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield from _inside(child)  # type: ignore[arg-type] # handlers have bodies too


def test_no_room_has_a_vague_name() -> None:
    assert [
        name_of(path)
        for path in python_files()
        if VAGUE_NAMES & set(name_of(path).removesuffix(".py").split("/"))
        and name_of(path) not in VAGUE_ALLOWED
    ] == []


def test_a_page_or_a_field_is_a_thin_face() -> None:
    """Pages and GraphQL parse, call and render: no statement, no rule of their own."""
    assert [
        at(path, line, module)
        for path in python_files("server/pages", "server/schema")
        for module, name, line in imported_modules(path)
        if module.split(".")[0] in {"sqlalchemy", "asyncpg", "psycopg"}
        or (module == "server.db" and name == "tables")
        or module.startswith("server.db.tables")
    ] == []


def test_no_module_reads_the_environment_when_it_is_imported() -> None:
    """Settings are one object, read once at the edge."""
    assert [
        at(path, node.lineno)
        for path in python_files("server", "workers")
        for statement in tree_of(path).body
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr)
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    ] == []


def test_a_lock_of_rows_lets_others_refer_to_them() -> None:
    """FOR UPDATE would make who inserts a child wait, while it holds what the locker needs next."""
    assert [
        at(path, node.lineno)
        for path in python_files("server/db")
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and called_name(node) == "with_for_update"
        and "key_share" not in {one.arg for one in node.keywords}
    ] == []
