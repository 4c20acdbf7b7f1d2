"""What holds for every request of the whole portal: headers, incidents, lines of the log."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import structlog
from psycopg import sql
from starlette.requests import Request

from server.app import create_app
from server.middleware import HEADERS, STRICT_TRANSPORT
from server.pages import ROUTES
from tests.operations.play import LAST_OF_APRIL, NUDS, Play
from tests.pages.browsers import Site
from tests.pages.browsers import site as open_site
from tests.worlds import Stage

CANARIES = (
    "CANARI-NOM", "canari@exemple.invalid", "074042600000000099", "CANARI rue de la Fuite",
    "0611223344", "CANARI-MOTIF",
)  # fmt: skip
LINES = [1_000, pytest.param(10_000, marks=pytest.mark.long)]


@pytest.fixture
async def site(world: Stage) -> AsyncIterator[Site]:
    async with open_site(world, LAST_OF_APRIL) as opened:
        yield opened


@pytest.fixture
def log() -> list[dict[str, Any]]:
    """Every line, as the portal would write it."""
    lines: list[dict[str, Any]] = []

    def keep(_logger: Any, level: str, event: MutableMapping[str, Any]) -> Any:
        lines.append({"level": level, **event})
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    return lines


def addresses() -> list[tuple[str, str]]:
    found = [
        (method, re.sub(r"\{\w+\}", str(uuid4()), route.path))
        for route in ROUTES
        for method in sorted(set(route.methods or ()) - {"HEAD"})
        if route.path != "/direct"  # a stream without end: tests/pages/test_live.py
    ]
    return [
        *found, ("GET", "/livez"), ("GET", "/nulle-part"), ("POST", "/graphql"),
        ("GET", "/graphql"), ("GET", "/static/portail.css"), ("GET", "/static/absent"),
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["nobody", "alice"])
async def test_every_route_has_every_header(site: Site, who: str) -> None:
    """All of HEADERS, HSTS where the portal is in https, and nothing personal is ever stored."""
    site.settings = replace(site.settings, public_url="https://portail.test")
    site.app = create_app(site.settings)
    async with site.browser("alice") if who == "alice" else site.anonymous() as client:
        for method, address in addresses():
            answer = await client.request(method, address)
            for name, value in HEADERS.items():
                if name != "content-security-policy":
                    assert answer.headers.get(name) == value, (method, address, name)
            assert "default-src 'none'" in answer.headers["content-security-policy"], address
            assert answer.headers["strict-transport-security"] == STRICT_TRANSPORT, address
            wanted = "no-cache" if address.startswith("/static/") else "no-store"
            assert wanted in answer.headers["cache-control"], (method, address)
    await site.app.state.database.close()


async def test_over_plain_http_nothing_promises_https(site: Site) -> None:
    async with site.anonymous() as client:
        assert "strict-transport-security" not in (await client.get("/")).headers


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_what_nobody_foresaw_has_a_number_and_every_header(
    site: Site, monkeypatch: pytest.MonkeyPatch, log: list[dict[str, Any]], accept: str
) -> None:
    async def fail(_request: Request) -> Any:
        raise RuntimeError(CANARIES[0])

    monkeypatch.setattr("server.pages.visits.find_signed_in", fail)
    async with site.browser("alice") as client:
        answer = await client.get(f"/aide?q={CANARIES[0]}", headers={"accept": accept})
    assert answer.status_code == 500
    assert CANARIES[0] not in answer.text
    for name in (*HEADERS, "x-request-id"):
        assert name in answer.headers, name
    (line,) = [one for one in log if one["event"] == "incident"]
    assert line["incident"] in answer.text
    assert CANARIES[0] not in str(log)


async def test_a_request_is_one_line(site: Site, log: list[dict[str, Any]]) -> None:
    async with site.browser("alice") as client:
        answer = await client.get("/orientations?commune=74104")
        denied = await client.get(f"/orientations/{uuid4()}")
        await client.get("/orientations.csv")
        query = {"query": "{ me { now } }"}
        await client.post("/graphql", json=query)
        await client.post("/graphql", json={"query": "{ orientation(id: 3) { id } }"})
    lines = [one for one in log if one["event"] == "request"]
    assert [(one["route"], one["status"]) for one in lines] == [
        ("/orientations", 200), ("/orientations/{id}", 404), ("/orientations.csv", 200),
        ("/graphql", 200), ("/graphql", 200),
    ]  # fmt: skip
    alice = site.stage.world.actor("alice")
    for one in lines:
        assert one["person"] == str(alice.person_id)
        assert one["tenant"] == str(alice.tenant_id)
        assert one["milliseconds"] >= 0
    assert lines[0]["request"] == answer.headers["x-request-id"] != denied.headers["x-request-id"]
    assert (lines[3]["operation"], lines[3]["cost"], lines[3]["decision"]) == ("me", 1, "done")
    assert lines[4]["decision"] == "graphql_validation"


async def test_security_events_are_lines(
    site: Site, world: Stage, log: list[dict[str, Any]]
) -> None:
    play = Play(world)
    orientation_id = await play.offer()
    play.close()
    async with site.browser("chloe") as client:
        await client.get("/orientations.xlsx")
        await client.get(f"/orientations/{uuid4()}")
        await client.post(f"/orientations/{orientation_id}/accepter")
        await client.post("/deconnexion", headers={"sec-fetch-site": "cross-site"})
        await client.post("/deconnexion")
    events = {one["event"] for one in log if one["event"].startswith("security.")}
    assert events >= {
        "security.export", "security.access_refused", "security.act",
        "security.cross_site_refused", "security.signed_out",
    }  # fmt: skip


def _store_canaries(play: Play) -> None:
    for table, column in (("dwellings", "address"), ("persons", "name"), ("tenants", "name")):
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        statement = sql.SQL("update {table} set {column} = {column} || %s").format(**names)
        play._super.execute(statement, [CANARIES[0]])


TYPED = {name: " ".join(CANARIES) for name in ("q", "motif", "nud", "recherche", "titre")}
QUERIES = [
    {"query": f'query CANARI_NOM {{ dwellings(search: "{CANARIES[3]}") {{ address }} }}'},
    {"query": "{ CANARI_NOM }"},
    {"query": "{ me { now } # " + " ".join(CANARIES)},
    {"query": "query($s: String!) { dwellings(search: $s) { address } }",
     "variables": {"s": " ".join(CANARIES)}, "operationName": "CANARI_NOM"},
    {"query": "query($i: UUID!) { orientation(id: $i) { id } }",
     "variables": {"i": CANARIES[2]}},
]  # fmt: skip


@pytest.mark.parametrize("lines", LINES)
async def test_the_log_holds_no_personal_data(
    lines: int,
    site: Site,
    world: Stage,
    log: list[dict[str, Any]],
    record_property: Callable[[str, object], None],
) -> None:
    """Canaries typed in every place where something can be typed, and stored in every row read."""
    play = Play(world)
    orientation_id = await play.search()
    await play.present(orientation_id, NUDS[0])
    _store_canaries(play)
    play.close()
    headers = {"user-agent": CANARIES[0], "referer": f"https://a.invalid/{CANARIES[1]}"}
    async with site.browser("alice") as alice, site.browser("chloe") as chloe:
        while len(log) < lines:
            for client in (alice, chloe):
                for method, address in addresses():
                    form = TYPED if method == "POST" else None
                    await client.request(method, address, params=TYPED, data=form, headers=headers)
                await client.get(f"/{CANARIES[0]}/{CANARIES[2]}", headers=headers)
                await client.get(f"/orientations/{orientation_id}")
                for content in QUERIES:
                    await client.post("/graphql", json=content, headers=headers)
            async with site.browser("alice") as again:  # the walk has signed her out
                alice.cookies = again.cookies
            async with site.browser("chloe") as again:
                chloe.cookies = again.cookies
    written = json.dumps(log, default=str, ensure_ascii=False)
    found = [one for one in (*CANARIES, "CANARI", NUDS[0]) if one in written]
    assert found == []
    record_property("size", f"journal technique : {len(log)} lignes, aucun canari")
