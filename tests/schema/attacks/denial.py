"""Attacks 17 to 37: denial of service."""

from __future__ import annotations

import psycopg
import pytest

from server.tenants.metering import Budget
from tests.schema.attacks.arena import Arena, expect
from tests.schema.client import Api
from tests.schema.test_guard import fan_out, nested

NUMBERS = range(101)


async def aliases(arena: Arena) -> None:
    await arena.refused("{" + " ".join(f"a{n}: __typename" for n in NUMBERS) + "}", LIMIT_ALIASES)


LIMIT_ALIASES = "too_many_aliases"


async def aliases_by_fragments(arena: Arena) -> None:
    uses = " ".join("... on Query { ...f }" for _ in range(5))
    fragment = "fragment f on Query {" + " ".join(f"a{n}: __typename" for n in range(10)) + "}"
    await arena.refused("{" + uses + "}" + fragment, LIMIT_ALIASES)


async def aliased_mutations(arena: Arena) -> None:
    one = "publishBilan(input: {year: 2026}) { errors { code } }"
    async with arena.unchanged():
        query = "mutation {" + " ".join(f"a{n}: {one}" for n in range(14)) + "}"
        await arena.refused(query, "one_mutation")


async def directives(arena: Arena) -> None:
    for number in (10, 200):
        errors = await arena.refused(
            "{ me " + "@inconnue " * number + "{ now } }", "too_many_directives"
        )
        expect(len(errors), 1)


async def duplicate_fields(arena: Arena) -> None:
    """The rule of validation that merges them is quadratic: it never sees them."""
    await arena.refused("{" + "__typename " * 500 + "}", "too_many_fields")
    await arena.refused("{" + "me { now } " * 200 + "}", "too_many_fields")


async def depth_by_fields(arena: Arena) -> None:
    await arena.refused(nested(20), "too_deep")


async def depth_by_fragments(arena: Arena) -> None:
    chain = " ".join(f"fragment f{n} on A {{ a {{ ...f{n + 1} }} }}" for n in range(20))
    query = "{ a { ...f0 } }" + chain + "fragment f20 on A { a }"
    await arena.refused(query, "too_deep")
    await arena.refused("{ a " + "{ ... on A { a " * 20 + "{ b }" + "} }" * 20 + "}", "too_deep")


async def nesting_of_3000(arena: Arena) -> None:
    await arena.refused(nested(3000), "graphql_syntax")
    await arena.refused("{ a(b: " + "[" * 3000 + "]" * 3000 + ") }", "graphql_syntax")


async def circular_fragments(arena: Arena) -> None:
    await arena.refused("{ ...f } fragment f on Query { me { now } ...f }", "graphql_validation")
    query = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }"
    await arena.refused(query, "graphql_validation")


async def circular_introspection(arena: Arena) -> None:
    level = "fields { type { "
    inside = level * 6 + "name" + " } }" * 6
    await arena.refused('{ __type(name: "Query") { ' + inside + " } }", "graphql_validation")
    inside = level * 20 + "name" + " } }" * 20
    await arena.refused('{ __type(name: "Query") { ' + inside + " } }", "too_deep")


async def fragment_fan_out(arena: Arena) -> None:
    """2^20 fields in 800 octets."""
    for levels in (20, 28):
        await arena.refused(fan_out(levels), "too_many_fields")


async def unknown_fragment(arena: Arena) -> None:
    (error,) = await arena.refused("{ ...absent }", "graphql_validation")
    expect("KeyError" in str(error), False)


async def too_many_tokens(arena: Arena) -> None:
    await arena.refused("{" + "a " * 1001 + "}", "too_many_tokens")


async def page_of_200000(arena: Arena) -> None:
    query = "{ orientations(first: 200000) { edges { cursor } } }"
    await arena.refused(query, "too_costly")
    answer = await arena.codes("{ orientations(first: 101) { edges { cursor } } }", "alice")
    expect(answer, ["page_too_large"])


async def nested_pages(arena: Arena) -> None:
    shape = "{ a(first: %s) { edges { node { b(first: %s) { edges { cursor } } } } } }"
    await arena.refused(shape % (300, 300), "too_costly")
    await arena.refused("query($n: Int!) " + shape % ("$n", "$n"), "too_costly", n=300)


async def variables_of_200000(arena: Arena) -> None:
    for number, status, code in (
        (200_000, 413, "body_too_large"),
        (50_000, 400, "list_too_long"),
    ):
        content = {"query": "{ me { now } }", "variables": {"a": [1] * number}}
        await arena.told(await arena.send(content), status, code)


async def nested_variables(arena: Arena) -> None:
    body = b'{"variables": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b', "query": "{ me }"}'
    answer = await arena.raw("POST", body, content_type="application/json")
    await arena.told(answer, 400, "request_malformed")


async def unknown_fields(arena: Arena) -> None:
    unknown = " ".join(f"inconnu{n}" for n in range(250))
    errors = await arena.refused("{" + unknown + "}", "graphql_validation")
    expect(len(errors), 5)
    unknown = " ".join(f"inconnu{n}" for n in range(500))
    expect(len(await arena.refused("{" + unknown + "}", "too_many_fields")), 1)


async def several_operations(arena: Arena) -> None:
    for query in ("query a { me { now } } query b { me { now } }", "{ me { now } } { me { now } }"):
        await arena.refused(query, "too_many_operations")


async def slow_statement(arena: Arena) -> None:
    """Any reading that lasts: PostgreSQL cuts it, the answer says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.tenants.transactions.READ_TIMEOUT", "60ms")
        with psycopg.connect(arena.play.stage.database.super_dsn) as other:
            other.execute("lock table dwellings")
            codes = await arena.codes('{ dwellings(search: "%_%") { id } }', "alice")
            other.rollback()
    expect(codes, ["too_slow"])


async def flood_by_one(arena: Arena) -> None:
    api = Api(arena.play, Budget(points=20, seconds=100_000))
    content = {"query": "{ me { now } }"}
    statuses = [(await arena.send(content, api=api)).status_code for _ in range(40)]
    expect((statuses.count(200), statuses.count(429)), (20, 20))
    for who in ("denis", "chloe", "estelle"):
        expect((await arena.send(content, who, api=api)).status_code, 200)
    await api.client.aclose()
    arena.play.run("delete from call_budgets")
