"""Where the attacks of security.md §3 are played: the API alone, the whole portal, and a watch."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2

from server.operations import annexes
from server.operations.annexes import StartDraft
from server.tenants.metering import Budget
from tests.operations.play import HSH, SOURCES_DU_LAC
from tests.pages.browsers import Site
from tests.pages.browsers import site as open_site
from tests.schema.client import URL, Api

CPU_SECONDS = 0.050
CLOCK_FACTOR = 6
"""The machine is shared: the 50 ms aimed at are checked six times larger."""

AMPLE = Budget(points=100_000_000)
"""The meter counts here and stops nobody: whom it stops is in `flood_by_one` and in the limits."""

JSON: Any = {"content-type": "application/json"}
ORIGIN = {"origin": "http://portail.test"}

Attack = Callable[["Arena"], Awaitable[None]]


class Failure(AssertionError):
    """An attack that was not met as expected."""


def expect(found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Failure(f"expected {wanted!r}, found {found!r}")


class Arena:
    """A world with everything in it; each request is timed, its statements are counted."""

    def __init__(self, api: Api, site: Site) -> None:
        self.api = api
        self.site = site
        self.play = api.play
        self.slowest = 0.0
        self.statements: list[str] = []
        self.ids: dict[str, UUID] = {}

    async def send(
        self, content: Any, who: str | None = "alice", *, api: Api | None = None, **headers: str
    ) -> httpx2.Response:
        """A POST of JSON by somebody of the cast."""
        return await self.raw("POST", json.dumps(content).encode(), who, api=api, **JSON, **headers)

    async def raw(
        self,
        method: str,
        body: Any = b"",
        who: str | None = "alice",
        *,
        address: str = URL,
        api: Api | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Any request; header names are given with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        known = {} if who is None else {"x-who": who}
        chosen = api or self.api
        with chosen.counted() as statements:
            started = time.process_time()
            response = await chosen.client.request(
                method, address, content=body, headers={**known, **sent}
            )
            self.slowest = max(self.slowest, time.process_time() - started)
        self.statements += statements
        return response

    async def refused(
        self, query: str, code: str, who: str = "alice", **variables: Any
    ) -> list[dict[str, Any]]:
        """Nothing of the schema is run, and nothing is asked of the database."""
        before = len(self.statements)
        answer = await self.send({"query": query, "variables": variables}, who)
        expect(answer.status_code, 200)
        content = answer.json()
        expect("data" in content, False)
        expect(sorted({one["extensions"]["code"] for one in content["errors"]}), [code])
        expect(len(content["errors"]) <= 5, True)
        expect(self.statements[before:], [])
        return list(content["errors"])

    async def told(self, response: httpx2.Response, status: int, code: str) -> None:
        expect(response.status_code, status)
        expect([one["extensions"]["code"] for one in response.json()["errors"]], [code])

    async def codes(self, query: str, who: str, **variables: Any) -> list[str]:
        """The codes of the errors of a query, or of the payload of a mutation."""
        answer = (await self.send({"query": query, "variables": variables}, who)).json()
        found = [one["extensions"]["code"] for one in answer.get("errors", ())]
        for payload in (answer.get("data") or {}).values():
            if isinstance(payload, dict):
                found += [one["code"] for one in payload.get("errors") or ()]
        return found

    async def data(self, query: str, who: str, **variables: Any) -> Any:
        answer = (await self.send({"query": query, "variables": variables}, who)).json()
        expect(answer.get("errors"), None)
        return answer["data"]

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Not one row of any table changes meanwhile."""
        before = self.play.dump()
        yield
        expect(self.play.dump() == before, True)


@asynccontextmanager
async def arena_of(api: Api) -> AsyncIterator[Arena]:
    """The world of `api`, asked by calls that are measured with an ample budget."""
    play, one = api.play, api.play.scalar
    await play.everything()
    ample = Api(play, AMPLE)
    async with open_site(play.stage, play.now) as site, ample.client:
        opened = Arena(ample, site)
        opened.ids = {
            **dict.fromkeys(("ledgerBalances", "ledgerMoves"), play.tenant("haute-savoie-habitat")),
            "orientation": await play.offer(home=play.home(number=4)),
            "vacancy": await play.vacancy(play.home(number=6)),
            "caleolSession": one("select id from caleol_sessions where state = 'planned' limit 1"),
            "urgence": one("select id from urgences limit 1"),
            "bilan": one("select id from bilans limit 1"),
            "annexe": one(
                "select id from annexes where bailleur_id = %s and epci_siren = %s and year = 2026",
                play.tenant(HSH),
                SOURCES_DU_LAC,
            ),
            "exclusions": play.home(),
            **dict.fromkeys(
                ("scenario", "scenarioComparison"),
                one("select id from scenarios where name = 'Première'"),
            ),
            "convention": one(
                "select id from conventions where bailleur_id = %s and reservataire_id = %s",
                play.tenant(HSH),
                play.tenant("doussard"),
            ),
        }
        command = StartDraft(epci_siren=SOURCES_DU_LAC, year=play.now.year + 1)
        opened.ids["draft"] = await play.does("alice", lambda tx: annexes.start(tx, command))
        yield opened
