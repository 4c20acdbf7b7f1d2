"""The jobs: each knows one id, opens the right transaction and calls one operation.

Every actor may run twice: the operations have one effect.
"""

from __future__ import annotations

from uuid import UUID

import dramatiq
from dramatiq.broker import Broker

from server.errors import NotFound
from server.operations import bilans, notifications, urgences
from server.operations.ownership import owner_of
from server.settings import Settings
from server.tenants.transactions import Database

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def declare(broker: Broker, database: Database, settings: Settings) -> None:
    """Give the broker its actors, by the names that the acts enqueue; times in milliseconds."""
    _notifications(broker, database, settings)
    _bilans(broker, database)
    _urgences(broker, database)


def _notifications(broker: Broker, database: Database, settings: Settings) -> None:
    """A mail server may be down for a night: twenty tries, the last ones an hour apart."""

    @dramatiq.actor(
        broker=broker,
        actor_name="notifications.deliver",
        max_retries=20,
        min_backoff=5 * SECOND,
        max_backoff=HOUR,
        time_limit=2 * MINUTE,
    )
    async def deliver(notification_id: str) -> None:
        await notifications.deliver(database, UUID(notification_id), settings)


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
