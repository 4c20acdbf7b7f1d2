"""Attacks 1 to 16: transport and cross-site requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.schema import http
from tests.schema.attacks.arena import JSON, ORIGIN, Arena, expect
from tests.schema.client import URL

ME = b'{"query": "{ me { now } }"}'
ACT = b'{"query": "mutation { publishBilan(input: {year: 2026}) { errors { code } } }"}'
ROOT = Path(__file__).parents[3]


async def query_by_get(arena: Arena) -> None:
    answer = await arena.raw("GET", address=URL + "?query={me{now}}")
    await arena.told(answer, 405, "method_not_allowed")


async def mutation_by_get(arena: Arena) -> None:
    async with arena.unchanged():
        address = URL + "?query=mutation{publishBilan(input:{year:2026}){errors{code}}}"
        await arena.told(await arena.raw("GET", address=address), 405, "method_not_allowed")


async def form_post(arena: Arena) -> None:
    async with arena.unchanged():
        kind = "application/x-www-form-urlencoded"
        answer = await arena.raw("POST", b"query=mutation{a}", content_type=kind)
        await arena.told(answer, 415, "content_type_invalid")


async def text_plain(arena: Arena) -> None:
    async with arena.unchanged():
        for kind in (
            "text/plain",
            "text/plain;application/json",
            "text/plain; x=application/json",
            "",
        ):
            answer = await arena.raw("POST", ACT, content_type=kind)
            await arena.told(answer, 415, "content_type_invalid")


async def multipart(arena: Arena) -> None:
    async with arena.unchanged():
        body = b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n' + ACT + b"\r\n"
        answer = await arena.raw("POST", body, content_type="multipart/form-data; boundary=x")
        await arena.told(answer, 415, "content_type_invalid")


async def foreign_origin(arena: Arena) -> None:
    async with arena.site.browser("alice") as client, arena.unchanged():
        for headers in (
            {"origin": "https://ailleurs.invalid"},
            {"origin": "null"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
        ):
            sent = {**JSON, **headers}
            expect((await client.post("/graphql", content=ACT, headers=sent)).status_code, 403)
        answer = await client.post("/graphql", content=ME, headers={**JSON, **ORIGIN})
        expect(answer.status_code, 200)


async def cookie_and_bearer(arena: Arena) -> None:
    token = arena.play.stage.world.tokens[0].plain
    async with arena.site.browser("alice") as client:
        headers = {**JSON, **ORIGIN, "authorization": f"Bearer {token}"}
        answer = await client.post("/graphql", content=ME, headers=headers)
    expect(answer.status_code, 400)


async def batch(arena: Arena) -> None:
    body = b"[" + ME + b"," + ME + b"]"
    await arena.told(await arena.raw("POST", body, **JSON), 400, "request_malformed")


async def websocket(arena: Arena) -> None:
    app = http.graphql_app(arena.play.stage.app, arena.api._authenticate)
    for protocol in ("graphql-ws", "graphql-transport-ws"):
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "path": "/graphql", "subprotocols": [protocol]}
        await app(scope, receive, send)
        expect(sent, [{"type": "websocket.close", "code": 1008}])


async def subscription(arena: Arena) -> None:
    for accept in ("text/event-stream", "multipart/mixed"):
        answer = await arena.send({"query": "subscription { me { now } }"}, accept=accept)
        await arena.told(answer, 400, "operation_not_allowed")
        expect(answer.headers["content-type"], "application/json")


async def other_methods(arena: Arena) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        await arena.told(await arena.raw(method, ACT, **JSON), 405, "method_not_allowed")
    expect((await arena.raw("HEAD", **JSON)).status_code, 405)


async def graphiql(arena: Arena) -> None:
    settings = arena.site.app.state.settings
    try:
        async with arena.site.browser("alice") as client:
            arena.site.app.state.settings = replace(settings, mode="production")
            expect((await client.get("/graphiql")).status_code, 404)
            page = await client.get("/graphql", headers={"accept": "text/html"})
            expect((page.status_code, "text/html" in page.headers["content-type"]), (405, False))
    finally:
        arena.site.app.state.settings = settings


async def scalar_body(arena: Arena) -> None:
    for body in (b"1", b"null", b'"a"', b"true"):
        await arena.told(await arena.raw("POST", body, **JSON), 400, "request_malformed")


async def bad_json(arena: Arena) -> None:
    for body in (
        b"{",
        b'{"query": 1}',
        b'{"query": "{ me { now } }", "variables": "x"}',
        b'{"query": "{ me { now } }", "operationName": 3}',
    ):
        await arena.told(await arena.raw("POST", body, **JSON), 400, "request_malformed")
    answer = await arena.send({"query": "query a { me { now } }", "operationName": "b"})
    await arena.told(answer, 400, "operation_unknown")


async def body_of_8_megabytes(arena: Arena) -> None:
    body = b'{"query": "' + b"x" * 8_000_000 + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(body), 64_000):
            yield body[start : start + 64_000]

    await arena.told(await arena.raw("POST", body, **JSON), 413, "body_too_large")
    await arena.told(await arena.raw("POST", chunks(), **JSON), 413, "body_too_large")


async def slow_body(arena: Arena) -> None:
    """Cut by the portal, and by the reverse proxy that is delivered with it."""

    async def drops() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "BODY_SECONDS", 0.1)
        await arena.told(await arena.raw("POST", drops(), **JSON), 408, "body_too_slow")
    configured = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    expect("client_body_timeout" in configured and "client_header_timeout" in configured, True)
