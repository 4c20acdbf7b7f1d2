"""The files of the house, found by walking the rooms: a checkout without git tests itself too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("server", "web", "workers", "migrations", "tests", "deploy", ".ci", "docs")
PYTHON_ROOMS = ("server", "workers", "migrations", "deploy")
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff2", ".pdf", ".xlsx", ".pyc", ".otf"}
DATA = {"uv.lock"}
GENERATED = ("__pycache__", ".hypothesis")


@cache
def files() -> tuple[Path, ...]:
    """Every text file that a person of the project wrote or committed, the lock excepted."""
    inside = [path for room in ROOMS for path in (ROOT / room).rglob("*")]
    found = [path for path in (*ROOT.iterdir(), *inside) if path.is_file()]
    return tuple(
        sorted(
            path
            for path in found
            if path.suffix not in BINARY
            and path.name not in DATA
            and not set(GENERATED) & set(path.parts)
        )
    )


def is_vendored(path: Path) -> bool:
    """Files of others, kept as they came: their manners are not ours."""
    return path.parent.name == "graphiql" or ".min." in path.name


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*rooms: str) -> list[Path]:
    wanted = tuple(f"{room}/" for room in rooms or (*PYTHON_ROOMS, "tests"))
    return [path for path in files() if path.suffix == ".py" and name_of(path).startswith(wanted)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imported_modules(path: Path) -> Iterator[tuple[str, str | None, int]]:
    """Each import as (module, name or None, line)."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name, node.lineno) for alias in node.names)


def called_name(node: ast.Call) -> str:
    """The last word of what is called: `begin` of `connection.begin()`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def at(path: Path, line: int, what: str = "") -> str:
    return f"{name_of(path)}:{line} {what}".rstrip()
