"""Questions to the catalog of one migrated database, which is never written to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, LiteralString

import psycopg

from server.tenants.audit.checks import CHECKS, Check

SNAPSHOT = files("server.tenants.audit") / "policies.snapshot.txt"

OURS = ["public", "dramatiq"]

Connection = psycopg.Connection[tuple[Any, ...]]

POLICIES: LiteralString = (
    "select format('policy %%s.%%s %%s to %%s', polrelid::regclass, polname,"
    " case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'"
    " else 'delete' end, polroles[1]::regrole),"
    " pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)"
    " from pg_policy order by 1"
)
GRANTS: LiteralString = (
    "select format('grant %%s on %%s to %%s', lower(privilege_type), oid::regclass,"
    "   case grantee when 0 then 'public' else grantee::regrole::text end)"
    " from pg_class, aclexplode(relacl) where grantee <> relowner"
    " and relnamespace in ('public'::regnamespace, 'dramatiq'::regnamespace)"
    " union all"
    " select format('grant %%s (%%s) on %%s to %%s', lower(privilege_type),"
    "   string_agg(attname, ', ' order by attname), attrelid::regclass, grantee::regrole)"
    " from pg_attribute, aclexplode(attacl) where attrelid in (select oid from pg_class"
    " where relnamespace = 'public'::regnamespace)"
    " group by privilege_type, attrelid, grantee order by 1"
)
SNAPSHOT_RULE = "Le texte des règles et des droits est celui qui a été relu."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that does not hold, and what was found instead: names of the schema, never a row."""

    code: str
    rule: str
    details: tuple[str, ...]


def ask(connection: Connection, question: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
    """`%(ours)s` in a question: the schemas of the portal."""
    return connection.execute(question, {"ours": OURS, **values}).fetchall()


def written(connection: Connection) -> str:
    """The text of every policy and grant, in the manner of the reviewed snapshot."""
    lines = []
    for name, condition, check in ask(connection, POLICIES):
        lines.append(name)
        lines += [f"  using {' '.join(condition.split())}"] if condition else []
        if check and check != condition:
            lines.append(f"  with check {' '.join(check.split())}")
    return "\n".join([*lines, "", *(row[0] for row in ask(connection, GRANTS))]) + "\n"


def examine(connection: Connection, *, is_demo: bool = False) -> Iterator[Finding]:
    """Every check of the catalog that fails; the demonstration may move its own clock."""
    for check in CHECKS:
        yield from _examine(connection, _for_demo(check) if is_demo else check)
    found = _entries(written(connection))
    reviewed = _entries(SNAPSHOT.read_text(encoding="utf-8"))
    details = [f"de trop : {one}" for one in sorted(found - reviewed)]
    details += [f"manque : {one}" for one in sorted(reviewed - found)]
    if details:
        yield Finding(code="snapshot", rule=SNAPSHOT_RULE, details=tuple(details))


def _entries(text: str) -> set[str]:
    """A policy with its conditions is one entry: the same condition stands under many."""
    return set(text.replace("\n  ", " ").splitlines())


def _for_demo(check: Check) -> Check:
    return replace(check, values={"demo": ["portail_demo"]}) if "demo" in check.values else check


def _examine(connection: Connection, check: Check) -> Iterator[Finding]:
    found = {tuple(map(str, row)) for row in ask(connection, check.question, **check.values)}
    details = [f"de trop : {' '.join(row)}" for row in sorted(found - check.expected)]
    details += [f"manque : {' '.join(row)}" for row in sorted(check.expected - found)]
    if details:
        yield Finding(code=check.code, rule=check.rule, details=tuple(details))
