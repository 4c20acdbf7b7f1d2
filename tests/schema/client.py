"""Asking the API over HTTP as somebody of the cast, and counting what the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx2
from httpx2 import ASGITransport
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from server.schema import graphql_app
from server.tenants.actors import Actor
from server.tenants.metering import Budget
from tests.operations.play import Play

URL = "http://portail.invalid/graphql/"
METER = ("call_budgets", "synchronous_commit")
"""Words of the two statements that take a call from the measure of its organisme."""


class Api:
    """The API alone in an application; the header X-Who stands for a token."""

    def __init__(self, play: Play, budget: Budget | None = None) -> None:
        self.play = play
        self.actors: dict[str, Actor] = {}
        api = graphql_app(play.stage.app, self._authenticate, budget)
        app = Starlette(routes=[Mount("/graphql", api)])
        self.client = httpx2.AsyncClient(transport=ASGITransport(app=app))
        self.set_clock(play.now)

    async def _authenticate(self, request: Request) -> Actor | None:
        who = request.headers.get("x-who")
        if who is None:
            return None
        return self.actors.get(who) or self.play.actor(who)

    def set_clock(self, now: datetime) -> None:
        self.play.now = now
        self.play.run(
            "insert into business_clock (singleton, shift) values (true, %s - now())"
            " on conflict (singleton) do update set shift = excluded.shift",
            now,
        )

    async def send(self, who: str | None, content: Any, **headers: str) -> httpx2.Response:
        known = {} if who is None else {"x-who": who}
        return await self.client.post(URL, json=content, headers={**known, **headers})

    async def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query that succeeds."""
        answer = await self.raw(who, query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def raw(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        response = await self.send(who, {"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def act(self, who: str, name: str, kind: str, shown: str, /, **values: Any) -> Any:
        """A mutation with its input as a variable; its payload, with `shown` of its object."""
        document = (
            f"mutation($input: {kind}!) {{ {name}(input: $input) {{"
            f" {shown} errors {{ code field message }} }} }}"
        )
        return (await self.ask(who, document, input=values))[name]

    async def is_refused(
        self, who: str, name: str, kind: str, shown: str, code: str, /, **values: Any
    ) -> list[dict[str, Any]]:
        """Refused with a code and a sentence, and not one row of any table has changed."""
        before = self.play.dump()
        payload = await self.act(who, name, kind, shown, **values)
        errors: list[dict[str, Any]] = payload.pop("errors")
        assert code in [error["code"] for error in errors], errors
        assert all(error["message"].strip() for error in errors)
        assert list(payload.values()) == [None]
        assert self.play.dump() == before, who
        return errors

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The statements that reach the database, context of the transaction included; without
        the two of the meter, which `test_limits.py` counts.
        """
        seen: list[str] = []
        engine = self.play.stage.app.engine.sync_engine

        def note(*arguments: Any) -> None:
            if not any(word in arguments[2] for word in METER):
                seen.append(arguments[2])

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)
