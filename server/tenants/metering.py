"""How much an organisme may ask of the API, counted by what its calls cost, not by their number."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from server.db import requests
from server.db.requests import Charged
from server.errors import Motif, TooMany
from server.tenants.actors import Actor
from server.tenants.transactions import Database

logger = structlog.get_logger()

WHOLE = ""
"""The bucket of the organisme itself, beside those of its machines."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """`points` of an organisme, full again in `seconds`; a machine has half of them, so that one
    tool gone wild leaves the others something. `at_once` calls run together, `waiting` wait.
    """

    points: int = 50_000
    seconds: int = 100
    at_once: int = 4
    waiting: int = 16

    def rooms(self, actor: Actor) -> dict[str, int]:
        """The buckets that a call of this actor is taken from, with their size."""
        found = {WHOLE: self.points}
        if actor.machine_id is not None:
            found[str(actor.machine_id)] = self.points // 2
        return found


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What a call leaves: the size of the scarcest bucket, its points, seconds until it is full."""

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset),
        }


class OverBudget(TooMany):
    """Refused for now; `charge` says what is left."""

    def __init__(self, charge: Charge, *, retry_after: int) -> None:
        seconds = max(1, retry_after)
        message = (
            "Votre organisme a épuisé sa mesure d'appels pour l'instant : réessayez dans "
            f"{seconds} {'seconde' if seconds == 1 else 'secondes'}."
        )
        super().__init__(Motif(code="rate_limited", message=message), retry_after=seconds)
        self.charge = charge


class Meter:
    """Takes the cost of each call from its buckets, in a transaction of its own."""

    def __init__(self, database: Database, budget: Budget) -> None:
        self._database = database
        self.budget = budget
        self._refused: dict[tuple[UUID, str], tuple[float, Charge, int]] = {}

    async def charge(self, actor: Actor, cost: int) -> Charge:
        """Raise OverBudget when a bucket has less than `cost`.

        A refusal is remembered here until the bucket can pay: a flood asks nothing of PostgreSQL.
        """
        rooms = self.budget.rooms(actor)
        self._check_known(actor, rooms, cost)
        async with self._database.meter_transaction(actor) as tx:
            found = await requests.charge(
                tx, actor.tenant_id, rooms, cost=cost, seconds=self.budget.seconds
            )
        scarcest = min(found, key=lambda one: one.points / rooms[one.caller])
        charge = self._charge(scarcest, rooms[scarcest.caller])
        for one in found:
            if not one.is_granted:
                self._refuse(actor, one, cost, rooms[one.caller])
        return charge

    def _charge(self, one: Charged, room: int) -> Charge:
        missing = room - one.points
        return Charge(
            limit=room,
            remaining=max(0, math.floor(one.points)),
            reset=max(0, math.ceil(missing * self.budget.seconds / room)),
        )

    def _check_known(self, actor: Actor, rooms: dict[str, int], cost: int) -> None:
        for caller in rooms:
            known = self._refused.get((actor.tenant_id, caller))
            if known is None:
                continue
            until, charge, refused_cost = known
            left = until - time.monotonic()
            if left <= 0:
                del self._refused[actor.tenant_id, caller]
            elif cost >= refused_cost:
                raise OverBudget(charge, retry_after=math.ceil(left))

    def _refuse(self, actor: Actor, one: Charged, cost: int, room: int) -> None:
        seconds = (cost - one.points) * self.budget.seconds / room
        charge = self._charge(one, room)
        key = (actor.tenant_id, one.caller)
        self._refused[key] = (time.monotonic() + seconds, charge, cost)
        raise OverBudget(charge, retry_after=math.ceil(seconds))


class Turnstile:
    """At most so many calls of one organisme at once; a few wait, the others come back later."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._present: Counter[UUID] = Counter()
        self._gates: dict[UUID, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def enter(self, tenant_id: UUID) -> AsyncIterator[None]:
        """Raise TooMany when too many calls of the organisme wait already."""
        if self._present[tenant_id] >= self._budget.at_once + self._budget.waiting:
            raise TooMany(CROWD, retry_after=1)
        gate = self._gates.setdefault(tenant_id, asyncio.Semaphore(self._budget.at_once))
        self._present[tenant_id] += 1
        try:
            async with gate:
                yield
        finally:
            self._leave(tenant_id)

    def _leave(self, tenant_id: UUID) -> None:
        self._present[tenant_id] -= 1
        if not self._present[tenant_id]:
            del self._present[tenant_id], self._gates[tenant_id]


CROWD = Motif(
    code="rate_limited",
    message="Trop d'appels de votre organisme sont en cours à la fois : réessayez dans 1 seconde.",
)

# --- Sign-in: nobody is known yet, the address is all there is ------------------------------------

ADDRESSES = 10_000
"""Addresses remembered; the oldest are forgotten first."""


TOO_MANY_SIGN_INS = "Trop de tentatives de connexion depuis votre réseau : patientez un instant."


class Attempts:
    """Attempts of an address, in the memory of this process; `message` is told to who has made
    too many.
    """

    def __init__(self, *, most: int, seconds: int, message: str = TOO_MANY_SIGN_INS) -> None:
        self._most, self._seconds, self._message = most, seconds, message
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def note(self, address: str) -> None:
        """Raise TooMany after `most` attempts within `seconds`."""
        now = time.monotonic()
        began, number = self._known.pop(address, (now, 0))
        if now - began > self._seconds:
            began, number = now, 0
        self._known[address] = (began, number + 1)
        if len(self._known) > ADDRESSES:
            self._known.popitem(last=False)
        if number >= self._most:
            raise TooMany(
                Motif(code="rate_limited", message=self._message),
                retry_after=math.ceil(began + self._seconds - now),
            )
