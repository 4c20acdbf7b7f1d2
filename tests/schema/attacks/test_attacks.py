"""The 54 attacks of security.md §3, in their order: what each is, what must happen."""

from __future__ import annotations

import sys

import pytest

from tests.schema.attacks import denial, leaks, rights, transport
from tests.schema.attacks.arena import CLOCK_FACTOR, CPU_SECONDS, Attack, arena_of
from tests.schema.client import Api

ATTACKS: tuple[tuple[int, str, str, Attack], ...] = (
    (1, "query by GET", "405", transport.query_by_get),
    (2, "mutation by GET", "405", transport.mutation_by_get),
    (3, "form-urlencoded POST", "415", transport.form_post),
    (4, "text/plain, disguised types, none", "415", transport.text_plain),
    (5, "multipart operations", "415", transport.multipart),
    (6, "JSON from a foreign origin, with the cookie", "403", transport.foreign_origin),
    (7, "cookie and bearer together", "400", transport.cookie_and_bearer),
    (8, "batch array", "400", transport.batch),
    (9, "WebSocket, both protocols", "closed", transport.websocket),
    (10, "multipart or SSE subscription", "400", transport.subscription),
    (11, "PUT, DELETE, PATCH, HEAD", "405", transport.other_methods),
    (12, "GraphiQL in production", "404", transport.graphiql),
    (13, "JSON scalar as body", "400", transport.scalar_body),
    (14, "bad JSON, bad types, unknown operationName", "400", transport.bad_json),
    (15, "body of 8 MB, declared or not", "413", transport.body_of_8_megabytes),
    (16, "slow body", "408", transport.slow_body),
    (17, "101 aliases", "too_many_aliases", denial.aliases),
    (18, "aliases through fragments", "too_many_aliases", denial.aliases_by_fragments),
    (19, "14 aliased mutations", "one_mutation", denial.aliased_mutations),
    (20, "10 and 200 directives", "too_many_directives, 1 error", denial.directives),
    (21, "500 duplicate fields, 200 objects", "too_many_fields", denial.duplicate_fields),
    (22, "depth 20 by fields", "too_deep", denial.depth_by_fields),
    (23, "depth by fragments", "too_deep", denial.depth_by_fragments),
    (24, "nesting of 3000", "graphql_syntax", denial.nesting_of_3000),
    (25, "circular fragments", "graphql_validation", denial.circular_fragments),
    (26, "circular introspection", "graphql_validation", denial.circular_introspection),
    (27, "fragment fan-out 2^20", "too_many_fields", denial.fragment_fan_out),
    (28, "unknown fragment", "graphql_validation", denial.unknown_fragment),
    (29, "more than 1000 tokens", "too_many_tokens", denial.too_many_tokens),
    (30, "first: 200000", "too_costly", denial.page_of_200000),
    (31, "pages of 300 in pages of 300", "too_costly", denial.nested_pages),
    (32, "200 000 entries in the variables", "413 or 400", denial.variables_of_200000),
    (33, "variables nested 5000 times", "400", denial.nested_variables),
    (34, "500 unknown fields", "at most 5 errors", denial.unknown_fields),
    (35, "several operations", "too_many_operations", denial.several_operations),
    (36, "a slow statement", "too_slow", denial.slow_statement),
    (37, "flood by one organisme", "429 for it only", denial.flood_by_one),
    (38, "introspection without login", "401", leaks.introspection_without_login),
    (39, "suggestions", "none", leaks.suggestions),
    (40, "text of a SQL error", "masked", leaks.sql_error_text),
    (41, "error outside of the execution", "masked", leaks.error_outside_of_execution),
    (42, "extensions of the answer", "none", leaks.extensions_of_the_answer),
    (43, "NUL and lone surrogate", "400", leaks.signs_that_cannot_be_stored),
    (44, "not mine or not there", "the same", leaks.not_mine_or_not_there),
    (45, "no, bad, expired, foreign credential; no scope", "401", rights.bad_credentials),
    (46, "every id argument with another's id", "not_found", rights.every_id_of_another),
    (47, "another's rows through nested edges", "nothing", rights.nested_edges),
    (48, "every mutation on another's rows", "refused, unchanged", rights.acts_of_another),
    (49, "filters and cursors as oracles", "the same", rights.oracles),
    (50, "fields reserved to a kind", "null or forbidden", rights.reserved_fields),
    (51, "acts by the préfecture", "forbidden, unchanged", rights.prefecture_reads),
    (52, "replayed key, same key for another act", "replay, 409", rights.replayed_key),
    (53, "two answers at once, answer at the deadline", "one", rights.answers_at_once),
    (54, "server-owned fields in an input", "graphql_validation", rights.server_owned_fields),
)


def test_the_list_is_whole() -> None:
    assert [number for number, *_ in ATTACKS] == list(range(1, 55))
    assert len({attack for *_, attack in ATTACKS}) == 54


@pytest.mark.usefixtures("unswept")
async def test_every_attack_meets_what_is_expected(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as expected, each request in less than 50 ms of processor, times the clock's factor."""
    failures = []
    slowest = {}
    async with arena_of(api) as arena:
        await arena.send({"query": "{ me { now } }"})  # what is built once is built
        for number, name, expected, attack in ATTACKS:
            arena.slowest = 0.0
            try:
                await attack(arena)
            except Exception as error:  # noqa: BLE001 - the others are played all the same
                failures.append(f"{number}. {name} ({expected}): {type(error).__name__} {error}")
            slowest[f"{number}. {name}"] = arena.slowest
            if arena.slowest > CPU_SECONDS * CLOCK_FACTOR:
                failures.append(f"{number}. {name}: {arena.slowest * 1000:.0f} ms")
    worst = max(slowest, key=lambda name: slowest[name])
    with capsys.disabled():
        sys.stdout.write(
            f"\nattacks: {len(ATTACKS) - len(failures)}/{len(ATTACKS)} as expected;"
            f" slowest request {slowest[worst] * 1000:.0f} ms of processor ({worst})\n"
        )
    assert failures == [], "\n".join(failures)
