"""`portail bench isolation`: what row-level security costs on the three main queries, as ratios.

Each statement is the portal's own, replayed in one run under three conditions: with the policies,
without them but with the same rows chosen by hand (a database role that steps over the policies,
and views that filter on the organisme), and without any filter. Only ratios are printed.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from server.bench.grounds import DATABASE, cluster_in, seed
from server.db import tenants
from server.db.cluster import SUPERUSER, Cluster
from server.db.paging import PageRequest
from server.errors import ConfigurationError
from server.operations import department, flux, orientations
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.transactions import Database, TenantTransaction

WARM_UP, MEASURED = 5, 60

# The same rows as the policies, written by hand on the tables that carry the bailleur.
BY_HAND = """
create schema by_hand;
do $$ declare one text; begin
  for one in select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace
      and c.relkind = 'r' loop
    if exists (select from pg_attribute where attrelid = one::regclass and attname = 'bailleur_id')
    then
      execute format('create view by_hand.%I as select * from public.%I where bailleur_id ='
        ' nullif(current_setting(''app.tenant_id'', true), '''')::uuid', one, one);
    end if;
  end loop;
end $$;
create role bench_over bypassrls nologin;
grant usage on schema by_hand to bench_over;
grant select on all tables in schema by_hand, public to bench_over;
"""
CONTEXT = (
    "select set_config('search_path', $1, true), set_config('app.tenant_id', $2, true),"
    " set_config('app.contingents', $3, true), set_config('role', $4, true)"
)
# The offers and vacancies of the demonstration, sixty times over.
MULTIPLY = """
insert into vacancies (id, bailleur_id, dwelling_id, insee, nature, state, free_on, registered_at,
  registered_on, closed_on)
select uuidv7(), bailleur_id, dwelling_id, insee, nature, 'closed', free_on,
  registered_at - number * interval '1 hour', registered_on, registered_on
from vacancies, generate_series(1, 60) as number;
insert into orientations (id, bailleur_id, reservataire_id, contingent, vacancy_id, dwelling_id,
  convention_id, insee, state, sent_at, sent_on, answer_due_at, answer_last_day, accepted_on)
select uuidv7(), bailleur_id, reservataire_id, contingent, vacancy_id, dwelling_id, convention_id,
  insee, 'leased', sent_at - number * interval '1 hour', sent_on, answer_due_at, answer_last_day,
  sent_on
from orientations, generate_series(1, 60) as number;
analyze;
"""


@dataclass(frozen=True, kw_only=True)
class Query:
    """One of the main readings of the portal, by somebody of the demonstration."""

    name: str
    slug: str
    capacity: Capacity
    read: Callable[[TenantTransaction], Awaitable[Any]]


async def _flux(tx: TenantTransaction) -> Any:
    return await flux.boards(tx, tx.now.year)


async def _file(tx: TenantTransaction) -> Any:
    return await orientations.list_page(tx, PageRequest(first=25))


async def _department(tx: TenantTransaction) -> Any:
    return await department.overview(tx)


QUERIES = (
    Query(name="tableau du flux (bailleur)", slug="haute-savoie-habitat",
          capacity=Capacity.BAILLEUR, read=_flux),
    Query(name="file des orientations (bailleur)", slug="haute-savoie-habitat",
          capacity=Capacity.BAILLEUR, read=_file),
    Query(name="département (préfecture)", slug="prefecture",
          capacity=Capacity.PREFECTURE, read=_department),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Line:
    name: str
    statements: int
    by_hand: float
    over: float


def run() -> int:
    """A demonstration of its own, in a folder that does not stay."""
    with (
        tempfile.TemporaryDirectory(prefix="portail-bench-") as folder,
        _cluster(Path(folder)) as cluster,
    ):
        lines = [_measure(cluster, query) for query in QUERIES]
    _print(lines)
    return 0


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    with cluster_in(folder, demo=True) as cluster:
        seed(cluster, folder)
        with psycopg.connect(cluster.dsn(SUPERUSER, DATABASE), autocommit=True) as connection:
            connection.execute(BY_HAND)
            connection.execute(MULTIPLY)
        yield cluster


# --- What the portal asks -----------------------------------------------------------------------

Statement = tuple[str, Any]


def _measure(cluster: Cluster, query: Query) -> Line:
    actor, asked = asyncio.run(_asked(cluster.dsn("portail_app", DATABASE), query))
    filtered = "by_hand, public" if actor.capacity is Capacity.BAILLEUR else "public"
    conditions = (
        (actor.database_role, "public"),
        ("bench_over", filtered),
        ("bench_over", "public"),
    )
    own, by_hand, over = asyncio.run(_replay(cluster, actor, asked, conditions))
    return Line(name=query.name, statements=len(asked), by_hand=own / by_hand, over=own / over)


async def _asked(dsn: str, query: Query) -> tuple[Actor, list[Statement]]:
    """The statements of the reading, as the portal sends them, without its context."""
    database = Database(dsn, pool_size=1)
    asked: list[Statement] = []

    def note(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, *_facts: object
    ) -> None:
        asked.append((statement, parameters))

    try:
        actor = await _actor(database, query)
        async with database.read_transaction(actor) as tx:
            event.listen(database.engine.sync_engine, "before_cursor_execute", note)
            await query.read(tx)
    finally:
        await database.close()
    return actor, asked


async def _actor(database: Database, query: Query) -> Actor:
    async with database.identity_transaction() as tx:
        found = {one.slug: one for one in await tenants.list_tenants(tx, query.capacity.value)}
    if query.slug not in found:
        raise ConfigurationError(f"La démonstration n'a pas d'organisme {query.slug}.")
    return Actor(
        tenant_id=found[query.slug].id,
        tenant_name=found[query.slug].name,
        capacity=query.capacity,
        role=Role.AGENT,
        channel=Channel.WORKER,
    )


# --- What PostgreSQL spends on it ---------------------------------------------------------------


async def _replay(
    cluster: Cluster,
    actor: Actor,
    asked: Sequence[Statement],
    conditions: Sequence[tuple[str, str]],
) -> list[float]:
    """Seconds of the statements under each condition, in turns: the machine is the same for all."""
    dsn = cluster.dsn(SUPERUSER, DATABASE).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(dsn, pool_size=len(conditions))
    async with AsyncExitStack() as stack:
        connections = []
        for role, path in conditions:
            connection = await stack.enter_async_context(engine.connect())
            await connection.exec_driver_sql(CONTEXT, _context(actor, role, path))
            connections.append(connection)
        spent: list[list[float]] = [[] for _ in conditions]
        for _ in range(WARM_UP + MEASURED):
            for connection, seconds in zip(connections, spent, strict=True):
                seconds.append(await _time(connection, asked))
    await engine.dispose()
    return [median(seconds[WARM_UP:]) for seconds in spent]


def _context(actor: Actor, role: str, path: str) -> tuple[str, ...]:
    return path, str(actor.tenant_id), ",".join(sorted(actor.contingents)), role


async def _time(connection: AsyncConnection, asked: Sequence[Statement]) -> float:
    begun = time.perf_counter()
    for statement, parameters in asked:
        (await connection.exec_driver_sql(statement, parameters)).all()
    return time.perf_counter() - begun


def _print(lines: Sequence[Line]) -> None:
    print("Ce que coûte la protection ligne à ligne, en rapport de temps (1,0 = rien).")
    heading = ("lecture", "requêtes", "÷ filtre écrit à la main", "÷ sans aucun filtre")
    print(f"{heading[0]:<40}{heading[1]:>10}{heading[2]:>26}{heading[3]:>22}")
    for one in lines:
        by_hand, over = (f"{ratio:.2f}".replace(".", ",") for ratio in (one.by_hand, one.over))
        print(f"{one.name:<40}{one.statements:>10}{by_hand:>26}{over:>22}")
