from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import pytest

from server import live
from server.live import BELL, NEWS, RESYNC, Audience, Event, Hub, Subscription, read_event
from server.operations import notifications, orientations, vacancies
from server.operations.orientations import SendOrientation
from server.operations.vacancies import RegisterVacancy
from server.pages import live as pages
from server.pages.visits import BY_ITSELF, session_cookie
from server.tenants.sessions import digest, open_session
from tests.databases import Database
from tests.pages.browsers import THURSDAY, Site, settings_of, site
from tests.worlds import Stage

HSH, DOUSSARD = "haute-savoie-habitat", "74104"
SOME = UUID(int=7)


@asynccontextmanager
async def listening(stage: Stage) -> AsyncIterator[Hub]:
    hub = Hub(stage.database.app_dsn)
    async with hub.running():
        await until(lambda: listeners(stage.database))
        yield hub


async def until(reached: Any) -> None:
    for _ in range(250):
        if reached():
            return
        await asyncio.sleep(0.02)
    pytest.fail("waited in vain")


def listeners(database: Database) -> list[int]:
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where application_name = 'portail-direct'"
            " and datname = %s and query ilike 'listen%%'",
            [database.name],
        ).fetchall()
    return [pid for (pid,) in rows]


def audience(stage: Stage, slug: str, capacity: str) -> Audience:
    return Audience(tenant_id=stage.world.tenants[slug], capacity=capacity)


async def register(stage: Stage, *, failing: bool = False) -> UUID:
    dwelling = stage.world.dwellings[HSH, DOUSSARD][0]
    async with stage.app.write_transaction(stage.world.actor("alice"), now=THURSDAY) as tx:
        vacancy_id = await vacancies.register(
            tx, RegisterVacancy(dwelling_id=dwelling, free_on=date(2026, 6, 1))
        )
        if failing:
            raise LookupError
    return vacancy_id


async def send(stage: Stage, vacancy_id: UUID) -> None:
    async with stage.app.write_transaction(stage.world.actor("alice"), now=THURSDAY) as tx:
        await orientations.send(
            tx,
            SendOrientation(
                vacancy_id=vacancy_id,
                reservataire_id=stage.world.tenants["doussard"],
                departure_motif="Doussard attend depuis le plus longtemps.",
            ),
        )


# --- From the act to the organisme concerned ----------------------------------------------------


async def test_an_act_is_told_to_its_parties_and_to_nobody_else(world: Stage) -> None:
    seats = {
        "bailleur": audience(world, HSH, "bailleur"),
        "reservataire": audience(world, "doussard", "reservataire"),
        "prefecture": audience(world, "prefecture", "prefecture"),
        "other bailleur": audience(world, "leman-habitat", "bailleur"),
        "other commune": audience(world, "publier", "reservataire"),
        "other capacity": audience(world, "prefecture", "reservataire"),
        "epci": audience(world, "cc-sources-du-lac", "epci"),
    }
    vacancy_id = await register(world)
    async with listening(world) as hub:
        with ExitStack() as opened:
            streams = {
                name: opened.enter_context(hub.subscribed(one)) for name, one in seats.items()
            }
            await send(world, vacancy_id)
            heard = {name: await stream.next(0.5) for name, stream in streams.items()}
    assert heard == {
        "bailleur": ("orientation",),
        "reservataire": ("orientation", "notifications"),
        "prefecture": ("orientation",),
        "other bailleur": (),
        "other commune": (),
        "other capacity": (),
        "epci": (),
    }


async def test_an_act_that_is_rolled_back_is_told_to_nobody(world: Stage) -> None:
    async with listening(world) as hub:
        with hub.subscribed(audience(world, HSH, "bailleur")) as stream:
            with pytest.raises(LookupError):
                await register(world, failing=True)
            assert await stream.next(0.5) == ()
            await register(world)
            assert await stream.next(2) == ("vacancy",)


async def test_a_listener_that_was_cut_comes_back_and_says_that_something_was_missed(
    world: Stage,
) -> None:
    async with listening(world) as hub:
        with hub.subscribed(audience(world, HSH, "bailleur")) as stream:
            (old,) = listeners(world.database)
            with psycopg.connect(world.database.super_dsn, autocommit=True) as connection:
                connection.execute("select pg_terminate_backend(%s)", [old])
            await register(world)
            assert await stream.next(5) == (RESYNC,)
            assert listeners(world.database) not in ([], [old])
            await register_again(world)
            assert await stream.next(2) == ("vacancy",)


async def register_again(stage: Stage) -> None:
    dwelling = stage.world.dwellings[HSH, DOUSSARD][1]
    async with stage.app.write_transaction(stage.world.actor("alice"), now=THURSDAY) as tx:
        await vacancies.register(
            tx, RegisterVacancy(dwelling_id=dwelling, free_on=date(2026, 6, 1))
        )


async def test_the_payload_holds_no_data(world: Stage) -> None:
    """The noun, an organisme, a capacity: nothing that a listener without right could learn."""
    heard: list[str] = []
    hub = Hub(world.database.app_dsn)
    hub.hear = heard.append  # type: ignore[method-assign,assignment] # we only look at what passes
    async with hub.running():
        await until(lambda: listeners(world.database))
        await send(world, await register(world))
        await until(lambda: len(heard) >= 6)
    bailleur, commune = world.world.tenants[HSH], world.world.tenants["doussard"]
    assert set(heard) == {
        f"vacancy:{bailleur}:bailleur",
        "vacancy::prefecture",
        f"orientation:{bailleur}:bailleur",
        f"orientation:{commune}:reservataire",
        f"notifications:{commune}:reservataire",
        "orientation::prefecture",
    }


async def test_what_is_read_is_told_to_the_bells_of_the_organisme(world: Stage) -> None:
    await send(world, await register(world))
    async with listening(world) as hub:
        with hub.subscribed(audience(world, "doussard", "reservataire")) as stream:
            async with world.app.write_transaction(world.world.actor("chloe"), now=THURSDAY) as tx:
                await notifications.mark_all_read(tx)
            assert await stream.next(2) == (BELL,)


async def test_a_page_that_opens_its_stream_late_is_told_what_it_missed(world: Stage) -> None:
    """Read, then an act, then the stream: without this the page would stay old and say nothing."""
    before = time.time()
    vacancy_id = await register(world)
    async with listening(world) as hub:
        read_at = time.time() + 2 * live.SKEW_SECONDS
        await asyncio.sleep(3 * live.SKEW_SECONDS)
        commune = audience(world, "doussard", "reservataire")
        stranger = audience(world, "publier", "reservataire")
        state = audience(world, "prefecture", "prefecture")
        assert hub.news_since(commune, read_at) == ""
        await send(world, vacancy_id)
        await until(lambda: hub.news_since(commune, read_at))
        assert hub.news_since(commune, read_at) == NEWS
        assert hub.news_since(stranger, read_at) == ""
        await until(lambda: hub.news_since(state, read_at) == NEWS)
        assert hub.news_since(commune, time.time() + 1) == ""
        assert hub.news_since(stranger, before - 1) == RESYNC


async def test_nobody_knows_what_a_listener_that_was_cut_has_missed(world: Stage) -> None:
    async with listening(world) as hub:
        await asyncio.sleep(2 * live.SKEW_SECONDS)
        seat, read_at = audience(world, HSH, "bailleur"), time.time()
        assert hub.news_since(seat, read_at) == ""
        (old,) = listeners(world.database)
        with psycopg.connect(world.database.super_dsn, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(%s)", [old])
        await until(lambda: hub.news_since(seat, read_at) == RESYNC)


async def first_words(hub: Hub, seat: Audience, seen_at: float | None) -> list[str]:
    """What a stream says at once."""

    async def is_same() -> bool:
        return True

    stream = pages.events(hub, seat, is_same, seen_at=seen_at)
    words = [await anext(stream), await anext(stream)]
    await stream.aclose()  # type: ignore[attr-defined] # an asynchronous generator
    return words


async def test_the_stream_begins_with_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "HEARTBEAT_SECONDS", 0.01)
    hub, now = Hub(""), time.time()
    seat = Audience(tenant_id=SOME, capacity="epci")
    unknown = f"event: {pages.MISSED}\ndata: {RESYNC}\n\n"
    assert await first_words(hub, seat, now) == [pages.BEAT, unknown]
    hub._listening_since = now - 60
    assert await first_words(hub, seat, now - 30) == [pages.BEAT, pages.BEAT]
    hub.hear(f"bilan:{SOME}:epci")
    changed = f"event: {pages.CHANGED}\ndata: {NEWS}\n\nevent: {BELL}\ndata: {BELL}\n\n"
    assert await first_words(hub, seat, now - 30) == [pages.BEAT, changed]
    assert await first_words(hub, seat, None) == [pages.BEAT, pages.BEAT]


# --- What a stream does -------------------------------------------------------------------------


async def test_a_slow_page_hears_once_that_it_missed_something() -> None:
    stream = Subscription(Audience(tenant_id=SOME, capacity="bailleur"))
    for number in range(10 * live.ROOM):
        stream.put(f"noun{number}")
    assert await stream.next(1) == (RESYNC,)
    assert await stream.next(0.01) == ()


async def test_several_events_of_one_act_make_one_answer() -> None:
    stream = Subscription(Audience(tenant_id=SOME, capacity="bailleur"))
    for noun in ("orientation", "vacancy", "orientation"):
        stream.put(noun)
    assert await stream.next(1) == ("orientation", "vacancy")


@pytest.mark.parametrize(
    "payload",
    ["", "orientation", "orientation:x:bailleur", f"orientation:{SOME}:king", f"a b:{SOME}:epci"],
)
def test_what_the_triggers_did_not_write_is_ignored(payload: str) -> None:
    assert read_event(payload) is None


def test_an_event_without_organisme_is_for_the_capacity() -> None:
    assert read_event("urgence::prefecture") == Event(
        noun="urgence", tenant_id=None, capacity="prefecture"
    )


async def test_a_stream_beats_then_ends_with_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(pages, "CHECK_SECONDS", 0.05)
    answers = iter((True, False))

    async def is_same() -> bool:
        return next(answers)

    hub = Hub("")
    heard = [
        one async for one in pages.events(hub, Audience(tenant_id=SOME, capacity="epci"), is_same)
    ]
    assert len(heard) > 3
    assert set(heard) == {pages.BEAT}
    assert next(answers, None) is None


async def test_streams_end_at_once_when_the_server_stops() -> None:
    hub = Hub("")

    async def is_same() -> bool:
        return True

    stream = pages.events(hub, Audience(tenant_id=SOME, capacity="epci"), is_same)
    assert await anext(stream) == pages.BEAT
    hub.close()
    async with asyncio.timeout(1):
        assert [one async for one in stream] == []
    assert hub.is_full


# --- Over HTTP ----------------------------------------------------------------------------------


class Connection:
    """A browser that reads an answer as it comes, then leaves."""

    def __init__(self, opened: Site, cookie: str, query: str = "") -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.left = asyncio.Event()
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/direct",
            "raw_path": b"/direct",
            "query_string": query.encode(),
            "headers": [(b"cookie", cookie.encode()), (b"accept-encoding", b"gzip")],
        }
        self.task = asyncio.create_task(opened.app(self.scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.messages.put_nowait(dict(message))

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.messages.get()


async def test_the_stream_comes_as_it_is_written_and_names_the_event_only(world: Stage) -> None:
    async with site(world) as opened, opened.app.state.hub.running():
        person = world.world.people["alice"].id
        secret = await open_session(world.app, person_id=person, id_token="", user_agent="test")
        await until(lambda: listeners(world.database))
        browser = Connection(opened, f"{session_cookie(opened.settings)}={secret}")
        start = await browser.read()
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        assert start["status"] == 200
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["x-accel-buffering"] == "no"
        assert headers["cache-control"] == "no-store"
        assert "content-encoding" not in headers
        assert (await browser.read())["body"] == pages.BEAT.encode()
        await register(world)
        assert (await browser.read())["body"] == b"event: portail-maj\ndata: vacancy\n\n"
        browser.left.set()
        await asyncio.wait_for(browser.task, 5)
        assert not opened.app.state.hub._streams


async def test_the_page_says_when_it_was_read_and_hears_what_happened_since(world: Stage) -> None:
    async with site(world) as opened, opened.app.state.hub.running():
        await until(lambda: listeners(world.database))
        await asyncio.sleep(2 * live.SKEW_SECONDS)
        async with opened.browser("alice") as alice:
            read = (await alice.get("/liberations")).text
            vacancy_id = await register(world)
            secret = next(iter(alice.cookies.jar)).value
            late = await first_answer(opened, secret, mark_of(read))
            assert late == b"event: portail-maj\ndata: nouveau\n\n" + BELL_EVENT
            assert str(vacancy_id) not in read
            await asyncio.sleep(2 * live.SKEW_SECONDS)
            fresh = (await alice.get("/liberations")).text
            assert str(vacancy_id) in fresh
            assert await first_answer(opened, secret, mark_of(fresh)) == b""


BELL_EVENT = b"event: notifications\ndata: notifications\n\n"


def mark_of(html: str) -> str:
    found = re.search(r'data-hx-sse-connect="/direct\?([^"]+)"', html)
    assert found
    return found[1]


async def first_answer(opened: Site, secret: str | None, query: str) -> bytes:
    """What the stream says first after its beat; nothing in half a second is nothing."""
    browser = Connection(opened, f"{session_cookie(opened.settings)}={secret}", query)
    assert (await browser.read())["status"] == 200
    assert (await browser.read())["body"] == pages.BEAT.encode()
    try:
        async with asyncio.timeout(0.5):
            return bytes((await browser.messages.get())["body"])
    except TimeoutError:
        return b""
    finally:
        browser.left.set()
        await asyncio.wait_for(browser.task, 5)


@pytest.mark.parametrize("mark", ["", "vu=", "vu=x", "vu=-1", "vu=1e9", "vu=" + "9" * 40])
async def test_a_mark_that_is_no_instant_is_left_out(world: Stage, mark: str) -> None:
    person = world.world.people["alice"].id
    secret = await open_session(world.app, person_id=person, id_token="", user_agent="test")
    async with site(world) as opened:
        assert await first_answer(opened, secret, mark) == b""


async def test_the_bell_asks_for_itself_alone(world: Stage) -> None:
    headers = {"HX-Request": "true", BY_ITSELF: "1"}
    async with site(world) as opened, opened.browser("chloe") as chloe:
        before = (await chloe.get("/notifications/cloche", headers=headers)).text
        await send(world, await register(world))
        after = (await chloe.get("/notifications/cloche", headers=headers)).text
        whole = (await chloe.get("/")).text
        direct = await chloe.get("/notifications/cloche")
    assert "aucune non lue" in before
    assert '<span class="bell-count">1</span>' in after
    assert "<main" not in after
    assert after.strip() in whole
    assert direct.headers["location"] == "/notifications"


async def test_nobody_without_a_session_and_no_more_than_the_server_can_hold(
    world: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(world) as opened:
        async with opened.anonymous() as stranger:
            assert (await stranger.get("/direct")).status_code == 401
        monkeypatch.setattr(live, "MAX_STREAMS", 0)
        async with opened.browser("alice") as alice:
            assert (await alice.get("/direct")).status_code == 503


async def test_what_a_page_does_by_itself_does_not_prolong_the_session(world: Stage) -> None:
    async with site(world) as opened, opened.browser("alice") as alice:
        secret = next(iter(alice.cookies.jar)).value or ""
        old = datetime.now(UTC) - timedelta(minutes=10)
        with psycopg.connect(world.database.super_dsn, autocommit=True) as connection:

            def seen() -> datetime:
                row = connection.execute(
                    "select last_seen_at from sessions where id_hash = %s", [digest(secret)]
                ).fetchone()
                assert row is not None
                found: datetime = row[0]
                return found

            connection.execute("update sessions set last_seen_at = %s", [old])
            assert (await alice.get("/flux", headers={BY_ITSELF: "1"})).status_code == 200
            assert seen() == old
            assert (await alice.get("/flux")).status_code == 200
            assert seen() > old


def test_an_open_stream_does_not_hold_the_server_that_stops(world: Stage) -> None:
    """Stop within its grace, without being cut: the answer ends by itself."""
    settings = settings_of(world.database)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PORTAIL_MODE": "demo",
        "DATABASE_URL": settings.database_url,
        "WORKER_DATABASE_URL": settings.worker_database_url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SECRET_KEY": settings.secret_key,
        "OIDC_ISSUER": settings.oidc_issuer,
        "OIDC_CLIENT_ID": "portail",
        "OIDC_CLIENT_SECRET": settings.oidc_client_secret,
    }
    secret = asyncio.run(_session(world))
    command = [sys.executable, "-m", "server.cli", "serve", "--port", str(port)]
    base, cookies = f"http://127.0.0.1:{port}", {session_cookie(settings): secret}
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            with httpx2.Client(base_url=base, cookies=cookies, trust_env=False) as client:
                _wait_for(client)
                with client.stream("GET", "/direct", timeout=20) as answer:
                    chunks = answer.iter_text()
                    assert next(chunks) == pages.BEAT
                    stopped_at = time.monotonic()
                    server.send_signal(signal.SIGTERM)
                    assert list(chunks) == []
            _, errors = server.communicate(timeout=10)
        finally:
            server.kill()
    assert time.monotonic() - stopped_at < 2.5
    assert "Cancel" not in errors


async def _session(stage: Stage) -> str:
    person = stage.world.people["alice"].id
    return await open_session(stage.app, person_id=person, id_token="", user_agent="test")


def _wait_for(client: httpx2.Client) -> None:
    for _ in range(600):
        try:
            client.get("/livez")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")
