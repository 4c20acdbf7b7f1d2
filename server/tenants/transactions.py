"""The only doors to a transaction.

One request or one job = one transaction on one connection. The context (database role, tenant,
contingents) is set in one round trip and is local to the transaction: without it the login has no
right at all, and with no tenant the policies show no row.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Executable, text
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.errors import ConfigurationError, TooSlow
from server.tenants.actors import Actor

logger = structlog.get_logger()

CONTEXT = text(
    "select set_config('role', :role, true), set_config('app.tenant_id', :tenant, true),"
    " set_config('app.contingents', :contingents, true),"
    " set_config('statement_timeout', :timeout, true), set_config('lock_timeout', '2s', true),"
    " now() + coalesce((select shift from business_clock), interval '0')"
)
# The measure of calls is worth no wait for the disk: lost in a crash, it is full again.
METER_CONTEXT = text(
    "select set_config('role', :role, true), set_config('app.tenant_id', :tenant, true),"
    " set_config('app.contingents', :contingents, true),"
    " set_config('statement_timeout', :timeout, true), set_config('lock_timeout', :timeout, true),"
    " set_config('synchronous_commit', 'off', true), now()"
)
METER_TIMEOUT = "1s"
READ_TIMEOUT = "5s"
WRITE_TIMEOUT = "10s"
JOB_TIMEOUT = "60s"

CUT = {"57014", "55P03"}  # query_canceled (statement_timeout), lock_not_available (lock_timeout)

# What a login may become counts as what it is: SET ROLE to the owner would be enough.
POWER = text(
    "select session_user, exists (select 1 from pg_roles r"
    " where (r.rolsuper or r.rolbypassrls) and pg_has_role(session_user, r.oid, 'member'))"
    " or exists (select 1 from pg_class c where c.relkind in ('r', 'v', 'p')"
    " and pg_has_role(session_user, c.relowner, 'member')) as is_powerful"
)


@dataclass(kw_only=True)
class Transaction:
    """An open transaction: its connection, the business time at its beginning, its actor.

    Statements are serialized: GraphQL resolves sibling fields concurrently and one connection
    carries one statement at a time.
    """

    connection: AsyncConnection
    now: datetime
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def execute(
        self,
        statement: Executable,
        parameters: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Raise TooSlow when PostgreSQL cut the statement or its wait."""
        async with self.lock:
            try:
                return await self.connection.execute(statement, parameters)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) in CUT:
                    raise TooSlow from None
                raise


Trace: TypeAlias = Callable[["TenantTransaction"], Awaitable[None]]


@dataclass(kw_only=True)
class TenantTransaction(Transaction):
    """A transaction in the context of an actor.

    `traces` are written when it ends, even if it was READ ONLY: whoever reads other people's
    nominative data leaves a line before the answer goes, or gets no answer.
    """

    actor: Actor
    traces: list[Trace] = field(default_factory=list)


class Database:
    """A pool of connections of one login without power."""

    def __init__(self, dsn: str, *, pool_size: int = 10) -> None:
        self.engine: AsyncEngine = create_async_engine(
            dsn.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,  # an error must not carry a NUD into a log
            connect_args={"server_settings": {"application_name": "portail", "jit": "off"}},
        )

    async def close(self) -> None:
        await self.engine.dispose()

    async def refuse_power(self) -> None:
        """Raise ConfigurationError if the login could step over row-level security."""
        async with self.engine.connect() as connection:
            name, is_powerful = (await connection.execute(POWER)).one()
        if is_powerful:
            raise ConfigurationError(
                f"Le rôle PostgreSQL « {name} » est superutilisateur, propriétaire ou BYPASSRLS : "
                "l'application refuse de démarrer. Utilisez portail_app ou portail_worker."
            )

    @asynccontextmanager
    async def read_transaction(self, actor: Actor) -> AsyncIterator[TenantTransaction]:
        """READ ONLY in PostgreSQL, in the actor's context."""
        async with self._begin(_context_of(actor, READ_TIMEOUT), readonly=True) as (
            connection,
            now,
        ):
            tx = TenantTransaction(connection=connection, now=now, actor=actor)
            yield tx
        if tx.traces:
            async with self.write_transaction(actor, now=tx.now) as writing:
                writing.traces += tx.traces

    @asynccontextmanager
    async def write_transaction(
        self, actor: Actor, *, now: datetime | None = None
    ) -> AsyncIterator[TenantTransaction]:
        """Commits at the end of the block, rolls back on any error.

        `now` replaces the business time: only the seed of the demonstration and tests pass it.
        """
        context = _context_of(actor, WRITE_TIMEOUT)
        async with self._begin(context, readonly=False) as (connection, business_now):
            tx = TenantTransaction(connection=connection, now=now or business_now, actor=actor)
            yield tx
            for trace in tx.traces:
                await trace(tx)

    @asynccontextmanager
    async def meter_transaction(self, actor: Actor) -> AsyncIterator[Transaction]:
        """What the actor's organisme has left of its calls: committed whatever the call becomes."""
        context = _context_of(actor, METER_TIMEOUT)
        async with self._begin(context, readonly=False, opening=METER_CONTEXT) as (connection, now):
            yield Transaction(connection=connection, now=now)

    @asynccontextmanager
    async def system_transaction(self, reason: str) -> AsyncIterator[Transaction]:
        """The sweep and the delivery of notifications: due rows of all tenants."""
        logger.debug("system_transaction", reason=reason)
        context = _context("portail_system", JOB_TIMEOUT)
        async with self._begin(context, readonly=False) as (connection, now):
            yield Transaction(connection=connection, now=now)

    @asynccontextmanager
    async def identity_transaction(self) -> AsyncIterator[Transaction]:
        """Sign-in, before anybody is known: people, sessions and tokens, nothing else."""
        context = _context("portail_identity", READ_TIMEOUT)
        async with self._begin(context, readonly=False) as (connection, now):
            yield Transaction(connection=connection, now=now)

    @asynccontextmanager
    async def operator_transaction(self) -> AsyncIterator[Transaction]:
        """Creates organismes and people; only the login of the migrations may take this role."""
        context = _context("portail_operator", JOB_TIMEOUT)
        async with self._begin(context, readonly=False) as (connection, now):
            yield Transaction(connection=connection, now=now)

    @asynccontextmanager
    async def demo_transaction(self) -> AsyncIterator[Transaction]:
        """The clock and the mails of the demonstration; the role exists for nobody else."""
        context = _context("portail_demo", READ_TIMEOUT)
        async with self._begin(context, readonly=False) as (connection, now):
            yield Transaction(connection=connection, now=now)

    @asynccontextmanager
    async def _begin(
        self, context: dict[str, str], *, readonly: bool, opening: Executable = CONTEXT
    ) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        async with self.engine.connect() as connection:
            if readonly:
                await connection.execution_options(postgresql_readonly=True)
            async with connection.begin():
                row = (await connection.execute(opening, context)).one()
                yield connection, row[-1]


def _context(role: str, timeout: str) -> dict[str, str]:
    return {"role": role, "tenant": "", "contingents": "", "timeout": timeout}


def _context_of(actor: Actor, timeout: str) -> dict[str, str]:
    return {
        "role": actor.database_role,
        "tenant": str(actor.tenant_id),
        "contingents": ",".join(sorted(actor.contingents)),
        "timeout": timeout,
    }
