from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from server.errors import Invalid, Motif
from server.schema import http
from tests.schema.client import URL, Api

JSON = {"content-type": "application/json"}
ALICE = {"x-who": "alice"}


def told(response: Any, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == code
    return str(error["message"])


@pytest.mark.parametrize("query", ["{ me { now } }", "{ __schema { types { name } } }", "{"])
async def test_nothing_is_executed_for_who_is_not_known(still: Api, query: str) -> None:
    with still.counted() as statements:
        response = await still.send(None, {"query": query})
    assert "Connectez-vous" in told(response, 401, "authentication_required")
    assert response.headers["www-authenticate"] == "Bearer"
    assert statements == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_only_post_is_answered(still: Api, method: str) -> None:
    response = await still.client.request(method, URL + "?query={me{now}}", headers=ALICE)
    told(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; x=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
    ],
)
async def test_only_json_is_read(still: Api, kind: str) -> None:
    body = b'{"query": "{ me { now } }"}'
    response = await still.client.post(URL, content=body, headers={**ALICE, "content-type": kind})
    told(response, 415, "content_type_invalid")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"1",
        b"null",
        b'"texte"',
        b'[{"query": "{ me { now } }"}]',
        b"{}",
        b'{"query": 1}',
        b'{"query": "  "}',
        b'{"query": "{ me { now } }", "variables": []}',
        b'{"query": "{ me { now } }", "variables": "x"}',
        b'{"query": "{ me { now } }", "operationName": 1}',
        b'{"query": "\xff"}',
        b'{"query": "\\ud800"}',
        b'{"query": NaN}',
        b"[" * 5000,
        b'{"variables": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b', "query": "{ me { now } }"}',
    ],
)
async def test_a_malformed_body_is_told_in_french(still: Api, body: bytes) -> None:
    response = await still.client.post(URL, content=body, headers={**ALICE, **JSON})
    assert told(response, 400, "request_malformed")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"query": "{ me { now } }", "variables": {"a": "x\x00y"}}, "text_invalid"),
        ({"query": "{ me { now } } # \x00"}, "text_invalid"),
        ({"query": "{ me { now } }", "variables": {"a": [1] * 101}}, "list_too_long"),
    ],
)
async def test_what_could_not_be_stored_is_refused(
    still: Api, content: dict[str, Any], code: str
) -> None:
    told(await still.send("alice", content), 400, code)


async def test_a_body_too_long_is_refused_declared_or_not(still: Api) -> None:
    body = json.dumps({"query": "{ me { now } }", "variables": {"a": "x" * http.MAX_BODY}}).encode()
    response = await still.client.post(URL, content=body, headers={**ALICE, **JSON})
    told(response, 413, "body_too_large")

    async def chunks() -> Any:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    response = await still.client.post(URL, content=chunks(), headers={**ALICE, **JSON})
    told(response, 413, "body_too_large")


async def test_an_unknown_operation_name_is_refused(still: Api) -> None:
    content = {"query": "query a { me { now } }", "operationName": "b"}
    told(await still.send("alice", content), 400, "operation_unknown")


async def test_a_subscription_is_refused(still: Api) -> None:
    told(await still.send("alice", {"query": "subscription { me }"}), 400, "operation_not_allowed")


async def test_the_status_follows_the_type_that_the_client_reads(still: Api) -> None:
    """GraphQL over HTTP: 200 in application/json, 400 in its own media type."""
    content = {"query": "{ inconnu }"}
    response = await still.send("alice", content)
    assert response.status_code == 200
    assert "data" not in response.json()
    response = await still.send("alice", content, accept="application/graphql-response+json")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/graphql-response+json")
    response = await still.send(
        "alice", {"query": "{ me { now } }"}, accept="application/graphql-response+json"
    )
    assert response.status_code == 200


async def test_answers_are_never_stored(still: Api) -> None:
    response = await still.send("alice", {"query": "{ me { now } }"})
    assert response.headers["cache-control"] == "no-store"


async def test_a_refusal_of_the_authentication_is_told(still: Api) -> None:
    async def refuse(_: Any) -> None:
        raise Invalid(Motif(code="two_credentials", message="Un cookie ou un jeton, pas les deux."))

    app = http.graphql_app(still.play.stage.app, refuse)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as client:
        told(await client.post(URL, json={"query": "{ me { now } }"}), 422, "two_credentials")


async def test_an_unforeseen_error_has_a_number_and_no_detail(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise ValueError("NUD 074042600000000001")

    monkeypatch.setattr("server.schema.me.local_day", fail)
    answer = await still.raw("alice", "{ me { now } fluxBoards(year: 2026) { year } }")
    (error,) = answer["errors"]
    assert error["message"].startswith("Une erreur inattendue est survenue (incident ")
    assert error["extensions"]["code"] == "unexpected"
    assert "074" not in error["message"]
    assert answer["data"]["me"] is None
    assert answer["data"]["fluxBoards"]


async def test_an_error_outside_of_the_execution_is_masked_too(
    still: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(http, "_execute", fail)
    response = await still.send("alice", {"query": "{ me { now } }"})
    assert "secret" not in response.text
    assert "incident" in told(response, 500, "unexpected")


async def test_a_websocket_is_closed_before_any_exchange(still: Api) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    app = http.graphql_app(still.play.stage.app, still._authenticate)
    await app({"type": "websocket", "path": "/graphql"}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
