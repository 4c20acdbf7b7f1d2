"""The cast at every door: who may open each route of the pages, reviewed line by line.

A route without its line fails. A refused visit has changed nothing, not one row of any table.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from server.operations import notifications
from server.pages import ROUTES
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases
from tests.operations.play import Play
from tests.pages.browsers import Site, settings_of
from tests.worlds import Stage, Worlds

CAST = ("nobody", "alice", "bruno", "chloe", "denis", "karine", "estelle", "farid")

# The columns are those of CAST. Alice, bailleur: her dwelling, her offer to Chloé (Doussard);
# Bruno reads for Alice's organisme; Denis is another bailleur, Karine another réservataire;
# Estelle préfecture, Farid EPCI. An act is tried with the form of `House.form`, else an empty one:
# 409 and 422 then say that it was allowed, and that the file or the form is not ready for it.
REVIEWED = """
GET  /connexion                                           303 303 303 303 303 303 303 303
GET  /connexion/retour                                    403 403 403 403 403 403 403 403
POST /deconnexion                                         303 303 303 303 303 303 303 303
POST /organisme                                           303 404 404 404 404 404 404 404
GET  /demo/entrer/{slug}                                  403 403 403 403 403 403 403 403
GET  /accessibilite                                       200 200 200 200 200 200 200 200
GET  /bilans                                              303 200 200 200 200 200 200 200
GET  /bilans.xlsx                                         303 200 200 200 200 200 200 200
GET  /bilans.csv                                          303 200 200 200 200 200 200 200
GET  /bilans/publier                                      303 200 403 403 200 403 403 403
POST /bilans/publier                                      303 303 403 403 303 403 403 403
GET  /bilans/{id}                                         303 200 200 200 404 200 200 200
GET  /bilans/{id}/classeur.xlsx                           303 200 200 200 404 200 200 200
GET  /caleol                                              303 200 200 200 200 200 200 200
GET  /caleol.xlsx                                         303 200 200 200 200 200 200 200
GET  /caleol.csv                                          303 200 200 200 200 200 200 200
GET  /caleol/nouvelle                                     303 200 403 403 200 403 403 403
POST /caleol/nouvelle                                     303 422 403 403 422 403 403 403
GET  /caleol/{id}                                         303 200 200 200 404 404 200 200
POST /caleol/{id}/decisions                               303 409 403 403 404 403 403 403
GET  /caleol/{id}/invitation.ics                          303 200 200 200 404 404 200 200
POST /orientations/{id}/candidats                         303 409 403 422 404 404 403 403
POST /orientations/{id}/candidats/{candidat}/retirer      303 403 403 303 403 404 403 403
GET  /demo                                                200 200 200 200 200 200 200 200
POST /demo/horloge                                        422 422 422 422 422 422 422 422
GET  /demo/courriels                                      200 200 200 200 200 200 200 200
GET  /demo/courriels.json                                 200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}                                 200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}/html                            200 200 200 200 200 200 200 200
GET  /demo/courriels/{id}/invitation.ics                  200 200 200 200 200 200 200 200
GET  /demo/composants                                     200 200 200 200 200 200 200 200
GET  /departement                                         303 403 403 403 403 403 200 403
GET  /departement.xlsx                                    303 403 403 403 403 403 200 403
GET  /departement.csv                                     303 403 403 403 403 403 200 403
GET  /logements                                           303 200 200 200 200 200 403 403
GET  /logements.xlsx                                      303 200 200 200 200 200 403 403
GET  /logements.csv                                       303 200 200 200 200 200 403 403
GET  /logements/{id}                                      303 200 200 200 404 404 403 403
GET  /flux                                                303 200 200 200 200 200 200 200
GET  /flux.xlsx                                           303 200 200 200 200 200 200 200
GET  /flux.csv                                            303 200 200 200 200 200 200 200
GET  /flux/{annexe_id}/annexe.xlsx                        303 200 200 200 404 200 200 200
GET  /graphiql                                            303 200 200 200 200 200 200 200
GET  /                                                    200 200 200 200 200 200 200 200
GET  /aller                                               303 200 200 200 200 200 200 200
GET  /aide                                                200 200 200 200 200 200 200 200
GET  /donnees-personnelles                                200 200 200 200 200 200 200 200
GET  /direct                                              401 200 200 200 200 200 200 200
GET  /notifications                                       303 200 200 200 200 200 200 200
POST /notifications                                       303 303 303 303 303 303 303 303
GET  /orientations                                        303 200 200 200 200 200 200 403
GET  /orientations.xlsx                                   303 200 200 200 200 200 200 403
GET  /orientations.csv                                    303 200 200 200 200 200 200 403
GET  /orientations/{id}                                   303 200 200 200 404 404 200 403
POST /orientations/{id}/accepter                          303 403 403 303 403 404 403 403
GET  /orientations/{id}/refuser                           303 403 403 200 403 404 403 403
POST /orientations/{id}/refuser                           303 403 403 303 403 404 403 403
POST /orientations/{id}/retirer                           303 303 403 403 404 403 403 403
POST /orientations/{id}/suite                             303 409 403 403 404 403 403 403
POST /orientations/{id}/bail                              303 303 403 403 404 403 403 403
GET  /urgences                                            303 200 200 200 200 200 200 200
GET  /urgences.xlsx                                       303 200 200 200 200 200 200 200
GET  /urgences.csv                                        303 200 200 200 200 200 200 200
GET  /urgences/nouvelle                                   303 200 403 403 200 403 403 403
POST /urgences/nouvelle                                   303 422 403 403 422 403 403 403
GET  /urgences/{id}                                       303 200 200 200 404 404 200 200
POST /urgences/{id}/decider                               303 403 403 403 403 403 303 403
GET  /liberations                                         303 200 200 403 200 403 403 403
GET  /liberations.xlsx                                    303 200 200 403 200 403 403 403
GET  /liberations.csv                                     303 200 200 403 200 403 403 403
GET  /liberations/nouvelle                                303 200 403 403 200 403 403 403
POST /liberations/nouvelle                                303 422 403 403 422 403 403 403
GET  /liberations/{id}                                    303 200 200 403 404 403 403 403
GET  /liberations/{id}/verifier                           303 200 403 403 404 403 403 403
POST /liberations/{id}/orienter                           303 303 403 403 404 403 403 403
POST /liberations/{id}/garder                             303 303 403 403 404 403 403 403
"""

# A recipient that fetches its bilan is recorded as having opened it (art. 7); nothing else.
RECORDED_READINGS = {"/bilans/{id}/classeur.xlsx"}

Line = dict[str, int]
ROW = re.compile(r"^(GET|POST) +(/\S*) +(.*)$")


def reviewed() -> dict[tuple[str, str], Line]:
    matches = [ROW.match(line) for line in REVIEWED.splitlines()]
    return {
        (found[1], found[2]): dict(zip(CAST, map(int, found[3].split()), strict=True))
        for found in matches
        if found
    }


def routes() -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in ROUTES
        for method in sorted(set(route.methods or ()) - {"HEAD"})
    ]


# --- A world with something behind each door ------------------------------------------------------


class House:
    """The database with everything in it, and where each route finds its row."""

    def __init__(self, databases: Databases, worlds: Worlds) -> None:
        self._databases = databases
        self._worlds = worlds
        self.template = worlds.clone()
        with ThreadPoolExecutor(max_workers=1) as thread:  # an event loop of its own
            self.rows, self.now = thread.submit(asyncio.run, self._furnish()).result()

    async def _furnish(self) -> tuple[dict[str, Any], Any]:
        app, worker = App(self.template.app_dsn), App(self.template.worker_dsn)
        play = Play(Stage(database=self.template, world=self._worlds.world, app=app))
        await play.everything()
        searching = await play.search(home=play.home(number=5))
        await play.present(searching, "074042600000000123")
        mail = play.scalar("select id from notifications where template = 'caleol.planned' limit 1")
        await notifications.deliver(worker, mail, settings_of(self.template))
        one = play.scalar
        rows = {
            "/bilans": one("select id from bilans"),
            "/caleol": one("select id from caleol_sessions where state = 'planned'"),
            "/demo/courriels": mail,
            "/demo/entrer": "alice",
            "/flux": one(
                "select r.annexe_id from annexe_readers r join annexes a on a.id = r.annexe_id"
                " where a.year = 2026 and r.tenant_id = %s",
                play.tenant("doussard"),
            ),
            "/liberations": await play.vacancy(play.home(number=6)),
            "/logements": play.home(number=0),
            "/orientations/{id}": await play.offer(home=play.home(number=4)),
            "/orientations/{id}/bail": one(
                "select id from orientations where state = 'attributed'"
            ),
            "/orientations/{id}/candidats": searching,
            "/urgences": one("select id from urgences"),
            "candidat": play.candidates(searching)[0],
            "party": f"{play.tenant('doussard')}:none",
            "planned": one("select id from orientations where state = 'in_caleol'"),
        }
        play.close()
        await app.close()
        await worker.close()
        return rows, play.now

    def form(self, path: str) -> dict[str, str]:
        """What is typed, where an empty form would be refused before the right is looked at."""
        chosen = {"choix": "autre", "reservataire": self.rows["party"], "motif": "Essai"}
        return {
            "/bilans/publier": {"annee": "2026"},
            "/caleol/{id}/decisions": {
                "orientation": str(self.rows["planned"]),
                "decisions.0.candidate": str(self.rows["candidat"]),
                "decisions.0.outcome": "attribution",
                "confirme": "1",
            },
            "/liberations/{id}/orienter": chosen,
            "/liberations/{id}/verifier": chosen,
            "/liberations/{id}/garder": {"nature": "mutation", "motif": "Essai"},
            "/orientations/{id}/bail": {"signe_le": self.now.date().isoformat()},
            "/orientations/{id}/retirer": {"motif": "Essai"},
            "/orientations/{id}/suite": {"suite": "reorienter"},
            "/urgences/{id}/decider": {"decision": "refuser", "motif": "Essai", "confirme": "1"},
        }.get(path, {})

    def address(self, path: str, row: object | None = None) -> str:
        """The route's path with the row that it is about, or with another one."""
        beginnings = [name for name in self.rows if path.startswith(name)]
        found = self.rows[max(beginnings, key=len)] if beginnings else ""
        filled = path.replace("{candidat}", str(self.rows["candidat"]))
        return re.sub(r"\{\w+\}", str(row or found), filled)

    def open(self) -> tuple[Database, Stage]:
        clone = self._databases.clone(self.template.name)
        app = App(clone.app_dsn, pool_size=2)
        return clone, Stage(database=clone, world=self._worlds.world, app=app)


@pytest.fixture(scope="module")
def house(databases: Databases, worlds: Worlds) -> House:
    return House(databases, worlds)


class Visitors:
    """The cast, each with her browser, before one site."""

    def __init__(self, site: Site, clients: dict[str, httpx2.AsyncClient], play: Play) -> None:
        self.site = site
        self.clients = clients
        self.play = play

    async def visit(
        self, who: str, method: str, address: str, form: dict[str, str] | None = None
    ) -> httpx2.Response:
        client = self.clients[who]
        if address == "/direct" and method == "GET":
            return await self._listen(client)
        if method == "GET":
            return await client.get(address, params=form)
        return await client.request(method, address, data=form)

    async def _listen(self, client: httpx2.AsyncClient) -> httpx2.Response:
        """A stream has no end: its first line is enough."""
        status = asyncio.get_running_loop().create_future()
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/direct",
            "query_string": b"",
            "headers": [(b"host", b"portail.test"), (b"cookie", cookie.encode())],
        }

        async def receive() -> dict[str, Any]:
            await status
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.set_result(message["status"])

        task = asyncio.create_task(self.site.app(scope, receive, send))  # type: ignore[arg-type] # ASGI
        code = await asyncio.wait_for(status, 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return httpx2.Response(code)


@pytest.fixture
async def visitors(house: House) -> AsyncIterator[Visitors]:
    clone, stage = house.open()
    play = Play(stage, house.now)
    play.run("insert into business_clock (shift) values (%s - now())", house.now)
    site = Site(stage)
    # nobody answers there: only the way out is looked at
    site.app.state.provider.metadata = {"authorization_endpoint": "http://127.0.0.1:1/authorize"}
    async with AsyncExitStack() as stack:
        stack.enter_context(clone.demo())
        clients = {"nobody": await stack.enter_async_context(site.anonymous())}
        for who in CAST[1:]:
            clients[who] = await stack.enter_async_context(site.browser(who))
        for client in clients.values():
            client.headers["accept"] = "text/html"
        yield Visitors(site, clients, play)
    play.close()
    await site.close()
    await stage.app.close()
    house._databases.discard(clone)


# --- The doors ------------------------------------------------------------------------------------


def test_every_route_has_its_line() -> None:
    assert set(reviewed()) == set(routes())


def whole(visitors: Visitors) -> dict[str, tuple[int, str]]:
    """Every table but the attempts to sign in, which anybody may begin."""
    return {name: rows for name, rows in visitors.play.dump().items() if name != "login_attempts"}


async def knock(visitors: Visitors, house: House, method: str, path: str) -> Line:
    """Each of the cast at one door; those who may act come last, on a file still as it was."""
    line, found = reviewed()[method, path], {}
    before = whole(visitors)
    for who in sorted(CAST, key=lambda one: (line[one] < 400, CAST.index(one))):
        answer = await visitors.visit(who, method, house.address(path), house.form(path))
        found[who] = answer.status_code
        is_turned_away = answer.headers.get("location", "").startswith("/connexion")
        if method == "POST" and (answer.status_code >= 400 or is_turned_away):
            assert whole(visitors) == before, (path, who)
        before = whole(visitors) if method == "POST" else before
    if method == "GET" and path not in RECORDED_READINGS:
        assert whole(visitors) == before, path
    return {who: found[who] for who in CAST}


async def test_each_page_opens_to_whom_it_must(visitors: Visitors, house: House) -> None:
    """And looking changes nothing."""
    for method, path in routes():
        if method == "GET":
            found = await knock(visitors, house, method, path)
            assert found == reviewed()[method, path], path


@pytest.mark.parametrize("path", sorted({path for method, path in routes() if method == "POST"}))
async def test_each_act_is_for_whom_it_must(visitors: Visitors, house: House, path: str) -> None:
    assert await knock(visitors, house, "POST", path) == reviewed()["POST", path]


async def test_a_stranger_s_row_and_no_row_look_alike(visitors: Visitors, house: House) -> None:
    """Another tenant's id, an unknown one and nonsense: the same page, word for word."""
    tried = 0
    for (method, path), line in reviewed().items():
        for who in ("denis", "karine"):
            if "{id}" not in path or line[who] != 404:
                continue
            pages = set()
            for row in (None, uuid4(), "pas-un-identifiant"):
                answer = await visitors.visit(
                    who, method, house.address(path, row), house.form(path)
                )
                assert answer.status_code == 404, (method, path, who)
                pages.add(answer.text)
            assert len(pages) == 1, (method, path, who)
            tried += 1
    assert tried > 20


async def test_a_method_that_a_route_does_not_know_is_refused(
    visitors: Visitors, house: House
) -> None:
    for path in {path for _, path in routes()}:
        known = {method for method, other in routes() if other == path}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            answer = await visitors.visit("alice", method, house.address(path))
            assert answer.status_code == 405, (method, path)


async def test_the_demonstration_s_doors_are_walls_in_production(house: House) -> None:
    clone, stage = house.open()
    site = Site(stage)
    site.app.state.settings = replace(site.settings, mode="production")
    async with site.browser("alice") as client:
        for method, path in routes():
            if path.startswith("/demo") or path == "/graphiql":
                answer = await client.request(method, house.address(path))
                assert answer.status_code == 404, path
    await site.close()
    await stage.app.close()
    house._databases.discard(clone)
