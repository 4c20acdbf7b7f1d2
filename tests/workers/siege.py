"""A portal under siege: its real processes, killed at drawn instants and started again.

Whatever runs is frozen first (SIGSTOP): what PostgreSQL then shows of its open transactions is
what the kill interrupts, and the number of each tells afterwards that it was rolled back.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import httpx2
import psycopg
from aiosmtpd.controller import Controller

from server.db import postmaster
from server.db.cluster import Cluster
from server.db.upgrade import upgrade
from server.demo.world import World
from tests.databases import Database
from tests.worlds import build_world

ROOT = Path(__file__).parents[2]
NAME = "portail"
WORKERS = 2
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.3
GRAPHQL, TOO_SLOW = "/graphql", "too_slow"
# The command itself, in a process forked from one that has read all modules: what is killed starts
# again in a moment, whatever the machine does besides. Only the rhythm of the worker is a test's.
NURSERY = """
import os, signal, sys
import server.app
from server import cli
from workers import main

main.SWEEP_SECONDS = 0.3
main.HEARTBEAT_SECONDS, main.HEARTBEAT_TTL_SECONDS, main.MAINTENANCE_SECONDS = 1.0, 6.0, 1.0
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for stream in (0, 1):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        os._exit(cli.main(line.split()))
    print(pid, flush=True)
os.killpg(0, signal.SIGKILL)
"""
# Each act with the business time of its transaction, which the journal does not keep, and the
# probe writes it in the same transaction: an act without its probe would not have been committed.
PROBE = """
create table probes (journal_id uuid primary key, business_at timestamptz not null);
create function probe() returns trigger language plpgsql security definer as $$ begin
  insert into public.probes select new.id, now() + shift from public.business_clock;
  return null;
end $$;
create trigger probe after insert on journal for each row execute function probe();
"""
OPEN = """
select usename, backend_xid::text::xid8 from pg_stat_activity
where application_name = 'portail' and backend_xid is not null
"""
ABORTED = "select count(*) from unnest(%s::xid8[]) as xid where pg_xact_status(xid) = 'aborted'"
LOGINS = {"web": ("portail_app",), "worker": ("portail_worker",),
          "postgresql": ("portail_app", "portail_worker")}  # fmt: skip
VICTIMS = tuple(LOGINS)


class Letterbox:
    """A mail server that takes everything and counts it, by Message-ID."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        self._controller = Controller(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        head = bytes(envelope.content).partition(b"\r\n\r\n")[0].decode("ascii").lower()
        found = [line for line in head.splitlines() if line.startswith("message-id:")]
        self.received[found[0].partition(":")[2].strip()] += 1
        return "250 OK"

    @contextmanager
    def open(self) -> Iterator[str]:
        """Answers its address."""
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            self._controller.port = door.getsockname()[1]
        self._controller.start()
        try:
            yield f"smtp://127.0.0.1:{self._controller.port}"
        finally:
            self._controller.stop()

    @property
    def doubled(self) -> int:
        return self.received.total() - len(self.received)


@dataclass(frozen=True, kw_only=True)
class Strike:
    """One kill: of what, and the transactions with writes that were open in it."""

    victim: str
    xids: tuple[str, ...]


@dataclass(kw_only=True)
class Siege:
    """The processes, their cluster, and what was done to them; `draw` decides of every instant."""

    cluster: Cluster
    world: World
    draw: random.Random
    letterbox: Letterbox
    port: int
    client: httpx2.AsyncClient
    nursery: subprocess.Popen[str]
    running: dict[str, int] = field(default_factory=dict)
    strikes: list[Strike] = field(default_factory=list)
    repeated: int = 0

    # --- Life -----------------------------------------------------------------------------------

    def start(self) -> None:
        for name in ("web", *(f"worker{number}" for number in range(WORKERS))):
            self._spawn(name)

    def _spawn(self, name: str) -> None:
        words = ["serve", "--port", str(self.port)] if name == "web" else ["worker"]
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        print(*words, file=self.nursery.stdin, flush=True)
        self.running[name] = int(self.nursery.stdout.readline())

    def revive(self) -> None:
        """What a supervisor does: whatever is dead starts again, PostgreSQL first.

        PostgreSQL is started here, in the main thread, for it dies with the thread that did it.
        """
        if not self.cluster.is_running:
            self.cluster.start()
        for name, pid in list(self.running.items()):
            if not postmaster.is_alive(pid):
                self._spawn(name)

    # --- Kills ----------------------------------------------------------------------------------

    def strike(self) -> None:
        """Freeze everything at this instant, look at what is open, kill one, let the others go."""
        victim = self.draw.choices(VICTIMS, weights=(3, 5, 2))[0]
        pids = [pid for pid in self.running.values() if postmaster.is_alive(pid)]
        _send(pids, signal.SIGSTOP)
        try:
            xids = tuple(xid for login, xid in self.rows(OPEN) if login in LOGINS[victim])
            self._kill(victim)
            self.strikes.append(Strike(victim=victim, xids=xids))
        except psycopg.OperationalError:
            pass  # PostgreSQL is still coming back from the last one: this one does not count
        finally:
            _send(pids, signal.SIGCONT)
        self.revive()

    def _kill(self, victim: str) -> None:
        if victim == "postgresql":
            self._kill_postgresql(is_whole=self.draw.random() < 0.5)
            return
        names = [name for name in self.running if name.startswith(victim)]
        pid = self.running[self.draw.choice(names)]
        _send([pid], signal.SIGKILL)
        _until(lambda: not postmaster.is_alive(pid))

    def _kill_postgresql(self, *, is_whole: bool) -> None:
        """All of its processes at once, or one session's: then it restarts by itself."""
        pids = postmaster.servers_in(self.cluster.data_dir)
        sessions = [pid for pid in pids if pid != self.cluster.pid]
        _send(pids if is_whole else sessions[-1:], signal.SIGKILL)
        if is_whole:
            _until(lambda: not self.cluster.is_running)

    async def fire(self) -> None:
        """Strike once, a drawn moment from now."""
        wanted = len(self.strikes) + 1
        while len(self.strikes) < wanted:
            await asyncio.sleep(self.draw.uniform(0, 0.1))
            self.strike()

    def interrupted(self) -> int:
        """How many kills interrupted a transaction that had written, which was rolled back."""
        return sum(bool(self.rows(ABORTED, list(one.xids))[0][0]) for one in self.strikes)

    # --- Seeing and preparing -------------------------------------------------------------------

    @property
    def database(self) -> Database:
        return Database(name=NAME, cluster=self.cluster)

    def rows(self, question: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self.database.super_dsn, autocommit=True, connect_timeout=10
        ) as connection:
            cursor = connection.execute(question, values)
            return cursor.fetchall() if cursor.description else []

    async def asks(self, question: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """The same, again until PostgreSQL is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self.rows(question, *values)
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, "PostgreSQL does not come back"
                self.revive()
                await asyncio.sleep(PAUSE_SECONDS)

    async def sets_clock(self, now: datetime) -> None:
        await self.asks(
            "insert into business_clock values (true, %s - now())"
            " on conflict (singleton) do update set shift = excluded.shift",
            now.astimezone(UTC),
        )

    # --- Acting ---------------------------------------------------------------------------------

    async def acts(self, slug: str, query: str, command: Mapping[str, object], key: str) -> Any:
        """One act through the API, sent again under its key until an answer comes."""
        headers = {
            "authorization": f"Bearer {self.world.token(slug).plain}",
            "idempotency-key": key,
        }
        content = {"query": query, "variables": {"input": command}}
        deadline, last = time.monotonic() + PATIENCE_SECONDS, ""
        while True:
            try:
                answer = await self.client.post(GRAPHQL, json=content, headers=headers)
            except httpx2.TransportError as error:
                last = type(error).__name__
                self.revive()  # what starts while PostgreSQL recovers gives up
            else:
                if _is_told(answer):
                    return next(iter(answer.json()["data"].values()))
                last = f"{answer.status_code} {answer.text}"
            assert time.monotonic() < deadline, f"the portal does not come back: {last}"
            self.repeated += 1
            await asyncio.sleep(PAUSE_SECONDS)


def _is_told(answer: httpx2.Response) -> bool:
    """Done, or refused by the law; "too slow" (a lock that a frozen process kept) is neither."""
    if answer.status_code != httpx2.codes.OK or "errors" in answer.json():
        return False
    (payload,) = answer.json()["data"].values()
    return all(one["code"] != TOO_SLOW for one in payload["errors"])


def _send(pids: list[int], sent: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sent)


def _until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "a process does not die"
        time.sleep(0.005)


@contextmanager
def nursery(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Whatever it has forked dies with it."""
    command = [sys.executable, "-c", NURSERY]
    with subprocess.Popen(  # noqa: S603 - our own interpreter on our own text
        command,
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as started:
        try:
            yield started
        finally:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(PATIENCE_SECONDS)


@contextmanager
def besieged(folder: Path, draw: random.Random) -> Iterator[Siege]:
    """A migrated cluster that keeps what it acknowledges, the base world, and nothing running."""
    folder.mkdir()
    cluster = Cluster(folder / "postgres")
    letterbox = Letterbox()
    with cluster, letterbox.open() as smtp_url:
        cluster.bootstrap(NAME)
        upgrade(cluster.dsn("portail_migrate", NAME))
        database = Database(name=NAME, cluster=cluster)
        with socket.socket() as door:
            door.bind(("127.0.0.1", 0))
            port = door.getsockname()[1]
        with nursery(_environment(database, smtp_url)) as started:
            yield Siege(
                cluster=cluster,
                world=build_world(database),
                draw=draw,
                letterbox=letterbox,
                port=port,
                client=httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20),
                nursery=started,
            )


def _environment(database: Database, smtp_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "PORTAIL_MODE": "production",
        "DATABASE_URL": database.app_dsn,
        "WORKER_DATABASE_URL": database.worker_dsn,
        "PUBLIC_URL": "https://portail.invalid",
        "SECRET_KEY": "siege",
        "OIDC_ISSUER": "https://identite.invalid",
        "OIDC_CLIENT_ID": "siege",
        "OIDC_CLIENT_SECRET": "siege",
        "SMTP_URL": smtp_url,
        "MAIL_FROM": "Portail du flux <portail@portail.invalid>",
        "API_POINTS": "1000000000",
    }
