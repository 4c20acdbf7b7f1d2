"""Who should look again: names of nouns, never data, from PostgreSQL to the pages that are open.

An act commits; its journal line has notified "noun:tenant:capacity" (migration 08). The one
listener of this process hears it and tells the streams of that organisme. What a page then asks
again goes through row-level security like any other reading: the stream itself carries nothing.
"""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from uuid import UUID

import asyncpg
import structlog

CHANNEL = "portail"
RESYNC = "tout"
"""Said when something may have been missed: everything on the page may be old."""

NEWS = "nouveau"
"""Said to a page that opens its stream after something has changed what it shows."""

BELL = "notifications"
"""The noun of the bell of the header (migration 14)."""

ROOM = 16
SETTLE_SECONDS = 0.2
MAX_STREAMS = 2_000
SKEW_SECONDS = 0.1
"""How far apart the clocks of two processes may be: a page read in one may listen in another."""

PING_SECONDS = 30.0
PING = "show server_version_num"  # asyncpg fails on an empty query
CONNECT_SECONDS = 5.0
FIRST_PAUSE = 0.1
CLOSE_SECONDS = 1.0
LONGEST_PAUSE = 10.0
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
CAPACITIES = frozenset({"bailleur", "reservataire", "prefecture", "epci"})

logger = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Audience:
    """An organisme in one of its capacities."""

    tenant_id: UUID
    capacity: str


@dataclass(frozen=True, kw_only=True)
class Event:
    """A noun has changed for this organisme; without `tenant_id`, for all of the capacity."""

    noun: str
    tenant_id: UUID | None
    capacity: str

    def concerns(self, audience: Audience) -> bool:
        return self.capacity == audience.capacity and self.tenant_id in (None, audience.tenant_id)


def read_event(payload: str) -> Event | None:
    """None for what the triggers did not write: any login may notify."""
    noun, _, rest = payload.partition(":")
    tenant, _, capacity = rest.partition(":")
    if not noun.isidentifier() or capacity not in CAPACITIES:
        return None
    try:
        return Event(noun=noun, tenant_id=UUID(tenant) if tenant else None, capacity=capacity)
    except ValueError:
        return None


class Subscription:
    """The bounded queue of one page; what does not fit becomes a single RESYNC."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.is_ended = False
        self._queue: asyncio.Queue[str] = asyncio.Queue(maxsize=ROOM)

    def put(self, noun: str) -> None:
        try:
            self._queue.put_nowait(noun)
        except asyncio.QueueFull:
            self._drain()
            self._queue.put_nowait(RESYNC)

    def end(self) -> None:
        self.is_ended = True
        self.put(RESYNC)

    async def next(self, seconds: float) -> tuple[str, ...]:
        """The nouns heard, each once; empty after `seconds` without any.

        An act says several things in a row: they make one answer.
        """
        try:
            async with asyncio.timeout(seconds):
                first = await self._queue.get()
        except TimeoutError:
            return ()
        if not self.is_ended:
            await asyncio.sleep(SETTLE_SECONDS)
        heard = dict.fromkeys([first, *self._drain()])
        return (RESYNC,) if RESYNC in heard else tuple(heard)

    def _drain(self) -> list[str]:
        return [self._queue.get_nowait() for _ in range(self._queue.qsize())]


class Hub:
    """The listener of this process and the streams that it feeds."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._streams: set[Subscription] = set()
        self._is_closed = False
        self._heard_at: dict[tuple[str, UUID | None], float] = {}
        self._listening_since = math.inf

    @property
    def is_full(self) -> bool:
        return self._is_closed or len(self._streams) >= MAX_STREAMS

    @contextmanager
    def subscribed(self, audience: Audience) -> Iterator[Subscription]:
        subscription = Subscription(audience)
        self._streams.add(subscription)
        try:
            yield subscription
        finally:
            self._streams.discard(subscription)

    def hear(self, payload: str) -> None:
        event = read_event(payload)
        if event is None:
            return
        self._heard_at[event.capacity, event.tenant_id] = time.time()
        for one in self._streams:
            if event.concerns(one.audience):
                one.put(event.noun)

    def news_since(self, audience: Audience, instant: float) -> str:
        """What a page read at `instant` (seconds since 1970) has not heard of: nothing, a change
        (NEWS), or nobody knows, since nobody listened then (RESYNC).

        One time for each organisme is kept, not one for each event: the page asks everything again.
        """
        read_at = instant - SKEW_SECONDS
        if read_at < self._listening_since:
            return RESYNC
        keys = ((audience.capacity, audience.tenant_id), (audience.capacity, None))
        is_newer = any(self._heard_at.get(key, -math.inf) >= read_at for key in keys)
        return NEWS if is_newer else ""

    def resync(self) -> None:
        for one in self._streams:
            one.put(RESYNC)

    def close(self) -> None:
        """End every stream, and take no other."""
        self._is_closed = True
        for one in self._streams:
            one.end()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen for as long as the application lives."""
        listener = asyncio.create_task(self.listen())
        try:
            with told_to_stop(self.close):
                yield
        finally:
            self.close()
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def listen(self) -> None:
        """One connection, made again after each loss, less and less often while it fails."""
        pause = FIRST_PAUSE
        is_first = True
        while True:
            with suppress(*LOST):
                async with _listening(self._dsn, self.hear) as (connection, gone):
                    self._listening_since = time.time()
                    if not is_first:
                        self.resync()
                    pause = FIRST_PAUSE
                    await _until_lost(connection, gone)
            is_first = False
            self._listening_since = math.inf
            logger.warning("live.listener_lost", pause=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


@asynccontextmanager
async def _listening(
    dsn: str, hear: Callable[[str], None]
) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
    """A connection of the web login, without any role: it can listen, and read nothing."""
    connection = await asyncpg.connect(
        dsn, timeout=CONNECT_SECONDS, server_settings={"application_name": "portail-direct"}
    )
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _connection: gone.set())

    def heard(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        hear(str(payload))

    try:
        await connection.add_listener(CHANNEL, heard)
        yield connection, gone
    finally:
        with suppress(*LOST):
            await connection.close(timeout=CLOSE_SECONDS)


async def _until_lost(connection: asyncpg.Connection, gone: asyncio.Event) -> None:
    """Return when the connection has ended; a silent network is found out by a ping."""
    while not gone.is_set():
        try:
            async with asyncio.timeout(PING_SECONDS):
                await gone.wait()
        except TimeoutError:
            await connection.execute(PING, timeout=CONNECT_SECONDS)


@contextmanager
def told_to_stop(close: Callable[[], None]) -> Iterator[None]:
    """Call `close` as soon as the process is asked to stop, before whoever handled the signal.

    A server waits for the answers that are being sent before it ends the lifespan, and a stream
    has no end of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(close)
        handler = handlers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    replaced = [number for number, handler in handlers.items() if callable(handler)]
    for number in replaced:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, handlers[number])
