"""What a request carries: its actor, its transaction, and what was read ahead for its fields."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import strawberry
from graphql import DocumentNode
from strawberry.extensions import SchemaExtension

from server.tenants.actors import Actor
from server.tenants.metering import Charge
from server.tenants.transactions import Database, TenantTransaction

T = TypeVar("T")


class Ahead(Generic[T]):
    """Rows read in one statement for a whole page, by the id of the row that they belong to."""

    def __init__(self) -> None:
        self._rows: dict[UUID, T] = {}

    def keep(self, ids: Iterable[UUID], rows: Mapping[UUID, T], absent: T) -> None:
        self._rows.update({row_id: rows.get(row_id, absent) for row_id in ids})

    def of(self, row_id: UUID) -> T:
        """KeyError if nobody read ahead: a field never reads for its row alone."""
        return self._rows[row_id]


@dataclass(kw_only=True)
class Loaded:
    """What the root fields have read ahead."""

    candidates: Ahead[Any] = field(default_factory=Ahead)
    decisions: Ahead[Any] = field(default_factory=Ahead)
    told: Ahead[Any] = field(default_factory=Ahead)
    timelines: Ahead[Any] = field(default_factory=Ahead)
    orientations: Ahead[Any] = field(default_factory=Ahead)
    items: Ahead[Any] = field(default_factory=Ahead)
    invitations: Ahead[Any] = field(default_factory=Ahead)
    advice: Ahead[Any] = field(default_factory=Ahead)
    deliveries: Ahead[Any] = field(default_factory=Ahead)
    contents: Ahead[Any] = field(default_factory=Ahead)


@dataclass(kw_only=True)
class Context:
    """One request of one actor; `document` is the one that was measured."""

    database: Database
    actor: Actor
    document: DocumentNode
    charge: Charge | None = None
    loaded: Loaded = field(default_factory=Loaded)
    is_undone: bool = False
    _transaction: TenantTransaction | None = None
    _lent: TenantTransaction | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def read(self) -> TenantTransaction:
        """The read transaction that all the fields of a query share, opened by the first one."""
        async with self._opening:
            if self._transaction is None:
                self._transaction = await self._stack.enter_async_context(
                    self.database.read_transaction(self.actor)
                )
        return self._transaction

    def lend(self, tx: TenantTransaction) -> None:
        """Act in this transaction, which its lender commits; or undoes, when `is_undone`."""
        self._lent = tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[TenantTransaction]:
        """The transaction of one mutation; what its payload shows is read inside it."""
        if self._lent is None:
            async with self.database.write_transaction(self.actor) as tx:
                self._transaction = tx
                yield tx
            return
        self._transaction = self._lent
        try:
            yield self._lent
        except BaseException:
            self.is_undone = True
            raise

    @property
    def now(self) -> datetime:
        """Business time at the beginning of the transaction."""
        if self._transaction is None:
            raise RuntimeError("no field has opened a transaction")
        return self._transaction.now

    async def close(self) -> None:
        await self._stack.aclose()


class ReadTransaction(SchemaExtension):
    """Ends the read transaction with the execution, whatever happened in it."""

    async def on_execute(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await self.execution_context.context.close()


Info: TypeAlias = strawberry.Info[Context, None]
