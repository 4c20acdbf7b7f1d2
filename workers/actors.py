"""The jobs: each knows one id, opens the right transaction and calls one operation.

Every actor may run twice: the operations have one effect.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import dramatiq
from dramatiq.broker import Broker

from server.errors import NotFound
from server.operations import (
    bilans,
    deliveries,
    imports,
    ledger,
    notifications,
    scenarios,
    urgences,
)
from server.operations.ownership import bailleur, owner_of
from server.settings import Settings
from server.tenants.transactions import Database

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

LONG: Mapping[str, Any] = {
    "max_retries": 4,
    "min_backoff": 2 * SECOND,
    "max_backoff": MINUTE,
    "time_limit": 10 * MINUTE,
    "throws": NotFound,
}
"""What takes minutes, and a person waits for: few tries, close together."""

TO_BE_SAID: Mapping[str, Any] = {
    "max_retries": 20,
    "min_backoff": 2 * SECOND,
    "max_backoff": HOUR,
    "time_limit": MINUTE,
}
"""That something failed for good: a moment's work, tried for hours, since a person waits for it."""


def declare(broker: Broker, database: Database, settings: Settings) -> None:
    """Give the broker its actors, by the names that the acts enqueue; times in milliseconds."""
    _notifications(broker, database, settings)
    _bilans(broker, database)
    _urgences(broker, database)
    _imports(broker, database)
    _flux(broker, database)
    _scenarios(broker, database)


def _notifications(broker: Broker, database: Database, settings: Settings) -> None:
    """A mail server may be down for a night: twenty tries, the last ones an hour apart."""

    @dramatiq.actor(
        broker=broker,
        actor_name="notifications.deliver",
        on_retry_exhausted="notifications.give_up",
        max_retries=20,
        min_backoff=5 * SECOND,
        max_backoff=HOUR,
        time_limit=2 * MINUTE,
    )
    async def deliver(notification_id: str) -> None:
        await notifications.deliver(database, UUID(notification_id), settings)

    @dramatiq.actor(
        broker=broker,
        actor_name="notifications.give_up",
        **TO_BE_SAID,
    )
    async def give_up(message: dict[str, Any], _retries: dict[str, int]) -> None:
        await deliveries.exhaust(database, UUID(message["args"][0]))

    @dramatiq.actor(
        broker=broker,
        actor_name="orientations.undelivered",
        **TO_BE_SAID,
        throws=NotFound,
    )
    async def report(notification_id: str) -> None:
        await deliveries.report(database, UUID(notification_id))


def _bilans(broker: Broker, database: Database) -> None:
    """It needs the database only: what fails for minutes needs a person."""

    @dramatiq.actor(
        broker=broker,
        actor_name="bilans.distribute",
        max_retries=8,
        min_backoff=2 * SECOND,
        max_backoff=5 * MINUTE,
        time_limit=10 * MINUTE,
        throws=NotFound,
    )
    async def distribute(bilan_id: str) -> None:
        async with database.system_transaction("bilans.distribute") as tx:
            owner = await owner_of(tx, "bilan", UUID(bilan_id))
        async with database.write_transaction(owner) as own:
            await bilans.distribute(own, UUID(bilan_id))


def _urgences(broker: Broker, database: Database) -> None:
    """It needs the database only; a busy row frees itself within seconds."""

    @dramatiq.actor(
        broker=broker,
        actor_name="urgences.apply",
        max_retries=8,
        min_backoff=2 * SECOND,
        max_backoff=5 * MINUTE,
        time_limit=MINUTE,
        throws=NotFound,
    )
    async def apply(urgence_id: str) -> None:
        async with database.system_transaction("urgences.apply") as tx:
            owner = await owner_of(tx, "urgence", UUID(urgence_id))
        async with database.write_transaction(owner) as own:
            await urgences.apply(own, UUID(urgence_id))


def _flux(broker: Broker, database: Database) -> None:
    """The ledger of one bailleur: it waits for whoever holds it, then finds nothing or posts."""

    @dramatiq.actor(
        broker=broker,
        actor_name="flux.post",
        max_retries=8,
        min_backoff=SECOND,
        max_backoff=5 * MINUTE,
        time_limit=MINUTE,
        throws=NotFound,
    )
    async def post(bailleur_id: str) -> None:
        async with database.system_transaction("flux.post") as tx:
            owner = await bailleur(tx, UUID(bailleur_id))
        async with database.write_transaction(owner) as own:
            await ledger.post(own)


def _imports(broker: Broker, database: Database) -> None:
    """A hostile file ends its child; what fails otherwise is the database's, for a moment."""

    @dramatiq.actor(
        broker=broker,
        actor_name="imports.analyse",
        on_retry_exhausted="imports.give_up",
        **LONG,
    )
    async def analyse(import_id: str) -> None:
        await imports.analyse(database, UUID(import_id))

    _given_up(broker, database, "imports", imports.give_up)

    @dramatiq.actor(
        broker=broker,
        actor_name="imports.apply",
        on_retry_exhausted="imports.give_up",
        **LONG,
    )
    async def apply(import_id: str) -> None:
        await imports.apply(database, UUID(import_id))


def _scenarios(broker: Broker, database: Database) -> None:
    """Tens of seconds for a thousand years; each block is kept, a new try goes on from the last."""

    @dramatiq.actor(
        broker=broker,
        actor_name="scenarios.draw",
        on_retry_exhausted="scenarios.give_up",
        **LONG,
    )
    async def draw(scenario_id: str) -> None:
        await scenarios.draw(database, UUID(scenario_id))

    _given_up(broker, database, "scenarios", scenarios.give_up)


def _given_up(
    broker: Broker,
    database: Database,
    room: str,
    give_up: Callable[[Database, UUID], Awaitable[None]],
) -> None:
    """Say that a long job will not be tried again."""

    @dramatiq.actor(
        broker=broker,
        actor_name=f"{room}.give_up",
        **TO_BE_SAID,
        throws=NotFound,
    )
    async def last(message: dict[str, Any], _retries: dict[str, int]) -> None:
        await give_up(database, UUID(message["args"][0]))
