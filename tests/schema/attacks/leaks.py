"""Attacks 38 to 44: what an answer must not tell."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from graphql import get_introspection_query
from sqlalchemy import text

from server.schema import http
from tests.schema.attacks.arena import Arena, Failure, expect

SECRET = "074042600000000001"
NOTIFICATIONS = "{ notifications { edges { cursor } } }"


async def introspection_without_login(arena: Arena) -> None:
    answer = await arena.send({"query": get_introspection_query()}, None)
    await arena.told(answer, 401, "authentication_required")
    refused = arena.slowest
    expect((await arena.send({"query": get_introspection_query()}, "chloe")).status_code, 200)
    arena.slowest = refused  # who may read the whole schema attacks nobody


async def suggestions(arena: Arena) -> None:
    for query in (
        "{ mee { now } }",
        "{ orientation(idd: 1) { idd } }",
        "{ orientations(states: [sentt]) { edges { cursor } } }",
        "{ me { noww } ... on Querry { me { now } } }",
        "query($a: Organism) { me { now } }",
    ):
        for error in await arena.refused(query, "graphql_validation"):
            expect("Did you mean" in json.dumps(error), False)


async def sql_error_text(arena: Arena) -> None:
    async def fail(tx: Any, _request: Any) -> None:
        await tx.execute(text(f"select '{SECRET} de Mme X'::int"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.operations.notifications.inbox", fail)
        answer = await arena.send({"query": NOTIFICATIONS})
    (error,) = answer.json()["errors"]
    expect(error["extensions"]["code"], "unexpected")
    expect(SECRET in answer.text or "int" in error["message"], False)


async def error_outside_of_execution(arena: Arena) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError(SECRET)

    for name in ("_execute", "_body"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http, name, fail)
            answer = await arena.send({"query": "{ me { now } }"})
        await arena.told(answer, 500, "unexpected")
        expect(SECRET in answer.text, False)


async def extensions_of_the_answer(arena: Arena) -> None:
    for query in ("{ me { now } }", "{ inconnu }"):
        content = (await arena.send({"query": query, "extensions": {"tracing": True}})).json()
        expect(set(content) <= {"data", "errors"}, True)


async def signs_that_cannot_be_stored(arena: Arena) -> None:
    for sign in ("\\u0000", "\\ud800"):
        body = b'{"query": "query($s: String!) { dwellings(search: $s) { id } }",'
        body += b' "variables": {"s": "a' + sign.encode() + b'b"}}'
        answer = await arena.raw("POST", body, content_type="application/json")
        expect((sign, answer.status_code), (sign, 400))
    await arena.refused('{ dwellings(search: "a\\u0000") { id } }', "text_invalid")
    codes = await arena.codes('{ dwellings(search: "\\ud800") { id } }', "alice")
    if len(codes) != 1 or codes[0] not in ("text_invalid", "graphql_syntax"):
        raise Failure(f"a lone surrogate: {codes}")


ONE = (
    ("orientation", "denis"), ("orientation", "karine"),
    ("vacancy", "denis"),
    ("caleolSession", "denis"), ("caleolSession", "karine"),
    ("urgence", "denis"), ("urgence", "karine"),
    ("bilan", "denis"),
)  # fmt: skip


async def not_mine_or_not_there(arena: Arena) -> None:
    """The same body, the same code, the same statements: nothing tells one from the other."""
    for field, who in ONE:
        query = f"query($id: UUID!) {{ {field}(id: $id) {{ id }} }}"
        seen = []
        for row_id in (arena.ids[field], uuid4()):
            before = len(arena.statements)
            answer = await arena.send({"query": query, "variables": {"id": str(row_id)}}, who)
            body = answer.text.replace(str(row_id), "ID")
            seen.append((answer.status_code, body, arena.statements[before:]))
        expect("not_found" in seen[0][1], True)
        expect((field, who, seen[0]), (field, who, seen[1]))
