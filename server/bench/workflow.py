"""`portail bench workflow`: offers opened, answered and swept, against the bare SQL of the same.

Two databases of the same demonstration hold 1 000 and 1 000 000 past orientations; each act is
played on one, then on the other, in turns, so that the machine is the same for both. An act runs
as the portal does it, from the beginning of its transaction to its end; its statements, context
included, are then replayed with their values by a driver that does nothing else. Both are rolled
back, then the act is done for good. Only ratios are printed.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
from psycopg import sql
from sqlalchemy import event

from server.bench.grounds import DATABASE, cluster_in, seed
from server.db import tenants
from server.db.cluster import LOGINS, SUPERUSER, Cluster
from server.db.orientations import list_due
from server.domain.deadlines import PARIS
from server.logs import silence_logs
from server.operations import orientations
from server.operations.orientations import SendOrientation
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.transactions import Database, TenantTransaction

SIZES = (1_000, 1_000_000)
WARM_UP, MEASURED = 5, 40
TOLERANCE = 0.2
BAILLEUR, RESERVATAIRE, INSEE = "haute-savoie-habitat", "doussard", "74104"
OPEN, ANSWER, LIST, SWEEP = "ouvrir une offre", "répondre", "lister les échéances", "relever"
NOW = datetime(2026, 4, 30, 10, tzinfo=PARIS)
LATE = NOW + timedelta(days=10)
CLONE = "create database {name} template {model} owner {owner} strategy file_copy"
ENTER = "grant connect on database {name} to {logins}"
FREED = """
select v.id from vacancies v join dwellings d on d.id = v.dwelling_id
where d.reference like 'BANC-%'
"""

# Ended offers of the ten years before this one, of every bailleur, ten for each home, with the line
# of the journal of their sending. The triggers and the keys are for those who act.
HISTORY = """
set session_replication_role = replica;
create temporary table lines as
select row_number() over (order by c.id) - 1 as place, c.bailleur_id, c.reservataire_id,
  c.id as convention_id, (select min(d.id::text)::uuid from dwellings d
    where d.bailleur_id = c.bailleur_id and d.exclusion is null) as model_id
from conventions c;
create temporary table homes as
select uuidv7() as id, place, number from lines,
  generate_series(0, {size} / 10 / (select count(*) from lines)) as number;
insert into dwellings (id, bailleur_id, reference, rpls_id, insee, address, sort_address, kind,
  typology, surface_m2, financing, built_year, delivered_on, is_qpv)
select homes.id, d.bailleur_id, 'PASSE-' || homes.id, 'PASSE-' || homes.id, insee, address,
  sort_address, kind, typology, surface_m2, financing, built_year, delivered_on, is_qpv
from homes join lines using (place) join dwellings d on d.id = model_id;
create temporary table past as
select uuidv7() as vacancy_id, uuidv7() as id, lines.*, homes.id as dwelling_id, d.insee,
  timestamptz '2025-11-01' - counted * interval '10 years' / {size} as sent_at
from generate_series(1, {size}) as counted
join lines on place = counted % (select count(*) from lines)
join homes on homes.place = lines.place
  and homes.number = counted / (select count(*) from lines)
    % (1 + {size} / 10 / (select count(*) from lines))
join dwellings d on d.id = model_id;
insert into vacancies (id, bailleur_id, dwelling_id, insee, state, free_on, registered_at,
  registered_on, closed_on)
select vacancy_id, bailleur_id, dwelling_id, insee, 'closed', sent_at::date, sent_at,
  sent_at::date, sent_at::date from past;
insert into orientations (id, bailleur_id, reservataire_id, vacancy_id, dwelling_id, convention_id,
  insee, state, sent_at, sent_on, answer_due_at, answer_last_day, acceptance_mode, accepted_on,
  candidates_due_at, candidates_last_day, attributed_on, leased_on)
select id, bailleur_id, reservataire_id, vacancy_id, dwelling_id, convention_id, insee, 'leased',
  sent_at, sent_at::date, sent_at + interval '3 days', sent_at::date + 3, 'express',
  sent_at::date + 1, sent_at + interval '25 days', sent_at::date + 25, sent_at::date + 30,
  sent_at::date + 45 from past;
insert into journal (id, at, recorded_at, actor_tenant_id, actor_capacity, person_name, channel,
  act, subject_kind, subject_id, bailleur_id, reservataire_id, dwelling_id, facts)
select uuidv7(), sent_at, sent_at, bailleur_id, 'bailleur', 'Essai', 'page', 'orientation.sent',
  'orientation', id, bailleur_id, reservataire_id, dwelling_id, '{{}}' from past;
"""
# Homes freed today, for the offers of the bench.
VACANCIES = """
with model as (
  select d.* from dwellings d join tenants t on t.id = d.bailleur_id
  where t.slug = %s and d.insee = %s and d.exclusion is null and d.left_on is null limit 1
), homes as (
  insert into dwellings (id, bailleur_id, reference, rpls_id, insee, address, sort_address, kind,
    typology, surface_m2, financing, built_year, delivered_on, is_qpv)
  select uuidv7(), bailleur_id, 'BANC-' || number, 'BANC-' || number, insee, address, sort_address,
    kind, typology, surface_m2, financing, built_year, delivered_on, is_qpv
  from model, generate_series(1, %s) as number returning id, bailleur_id, insee
)
insert into vacancies (id, bailleur_id, dwelling_id, insee, free_on, registered_at, registered_on)
select uuidv7(), bailleur_id, id, insee, %s, %s, %s from homes returning id
"""

Act = Callable[[Any], Awaitable[Any]]
Door = Callable[[], AbstractAsyncContextManager[Any]]
Statement = tuple[str, Any]
"""With its values, or a list of them when it is sent for several rows."""


class _Undone(Exception):
    """What was timed is rolled back."""


@dataclass(kw_only=True)
class Times:
    """Seconds of an act by the portal and of its statements alone, offer after offer."""

    portal: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    statements: int = 0

    @property
    def speed(self) -> float:
        """Acts a second, as a share of what the bare SQL would do."""
        pairs = zip(self.bare[WARM_UP:], self.portal[WARM_UP:], strict=True)
        return median(bare / portal for bare, portal in pairs)


@dataclass(kw_only=True)
class Ground:
    """One database: its portal, its bare connection, who acts, and the homes to offer."""

    database: Database
    worker: Database
    bare: asyncpg.Connection
    bailleur: Actor
    reservataire: Actor
    vacancies: list[UUID]
    times: dict[str, Times] = field(default_factory=dict)
    asked: list[Statement] = field(default_factory=list)

    def note(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_facts: object
    ) -> None:
        self.asked.append((statement, parameters))

    async def measure(self, name: str, door: Door, act: Act) -> None:
        """Rolled back twice; the bare statements are those that the portal has just sent."""
        times = self.times.setdefault(name, Times())
        self.asked.clear()
        begun = time.perf_counter()
        try:
            async with door() as tx:
                await act(tx)
                raise _Undone  # noqa: TRY301 - the only way out of a transaction without commit
        except _Undone:
            times.portal.append(time.perf_counter() - begun)
        times.bare.append(await self._replay(list(self.asked)))
        times.statements = len(self.asked)

    async def _replay(self, asked: Sequence[Statement]) -> float:
        begun = time.perf_counter()
        try:
            async with self.bare.transaction():
                for statement, parameters in asked:
                    if isinstance(parameters, list):
                        await self.bare.executemany(statement, parameters)
                    else:
                        await self.bare.fetch(statement, *parameters)
                raise _Undone  # noqa: TRY301 - as above
        except _Undone:
            return time.perf_counter() - begun

    async def both(self, name: str, door: Door, act: Act) -> Any:
        """Measured, then done for good."""
        await self.measure(name, door, act)
        async with door() as tx:
            return await act(tx)

    async def turn(self, number: int) -> None:
        """An offer that is answered, another that silence accepts."""
        sends = [
            _act(orientations.send, self._command(one))
            for one in self.vacancies[2 * number : 2 * number + 2]
        ]
        writes = partial(self.database.write_transaction, self.bailleur, now=NOW)
        answered = await self.both(OPEN, writes, sends[0])
        async with writes() as tx:
            silent = await sends[1](tx)
        answers = partial(self.database.write_transaction, self.reservataire, now=NOW)
        await self.both(ANSWER, answers, _act(orientations.accept, answered))
        lists = partial(self.worker.system_transaction, "bench")
        await self.measure(LIST, lists, partial(list_due, now=LATE, limit=100))
        sweeps = partial(self.worker.write_transaction, self.bailleur, now=LATE)
        await self.both(SWEEP, sweeps, _act(orientations.record_due, silent))

    def _command(self, vacancy_id: UUID) -> SendOrientation:
        return SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=self.reservataire.tenant_id,
            departure_motif="Banc d'essai",
        )


def _act(operation: Callable[[TenantTransaction, Any], Awaitable[Any]], subject: Any) -> Act:
    async def act(tx: Any) -> Any:
        return await operation(tx, subject)

    return act


def run() -> int:
    """0 when every act is as fast on the large database as on the small one."""
    silence_logs()
    with (
        tempfile.TemporaryDirectory(prefix="portail-bench-") as folder,
        cluster_in(Path(folder), demo=True) as cluster,
    ):
        seed(cluster, Path(folder))
        names = [_prepare(cluster, size) for size in SIZES]
        small, large = asyncio.run(_turns(cluster, names))
    return _print(small, large)


def _prepare(cluster: Cluster, size: int) -> str:
    """A copy of the demonstration with so many past offers."""
    name = f"{DATABASE}_{size}"
    with psycopg.connect(cluster.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        for statement in (CLONE, ENTER):
            logins = sql.SQL(", ").join(map(sql.Identifier, LOGINS))
            names = {"name": sql.Identifier(name), "logins": logins}
            model, owner = sql.Identifier(DATABASE), sql.Identifier("portail_owner")
            connection.execute(sql.SQL(statement).format(model=model, owner=owner, **names))
    with psycopg.connect(cluster.dsn(SUPERUSER, name), autocommit=True) as connection:
        connection.execute(HISTORY.format(size=size).encode())
        homes = 2 * (WARM_UP + MEASURED)
        day = NOW.date()
        connection.execute(VACANCIES, [BAILLEUR, INSEE, homes, day, NOW, day])
        connection.execute("vacuum analyze")
    return name


async def _turns(cluster: Cluster, names: Sequence[str]) -> list[Ground]:
    async with AsyncExitStack() as stack:
        grounds = [await stack.enter_async_context(_ground(cluster, name)) for name in names]
        for number in range(WARM_UP + MEASURED):
            for ground in grounds:
                await ground.turn(number)
    return grounds


@asynccontextmanager
async def _ground(cluster: Cluster, name: str) -> AsyncIterator[Ground]:
    database, worker = (
        Database(cluster.dsn(login, name), pool_size=1)
        for login in ("portail_app", "portail_worker")
    )
    bare = await asyncpg.connect(cluster.dsn(SUPERUSER, name))
    try:
        freed = await bare.fetch(FREED)
        ground = Ground(
            database=database,
            worker=worker,
            bare=bare,
            bailleur=await _actor(database, BAILLEUR, Capacity.BAILLEUR),
            reservataire=await _actor(database, RESERVATAIRE, Capacity.RESERVATAIRE),
            vacancies=[row["id"] for row in freed],
        )
        for one in (database, worker):
            event.listen(one.engine.sync_engine, "before_cursor_execute", ground.note)
        yield ground
    finally:
        await bare.close()
        await database.close()
        await worker.close()


async def _actor(database: Database, slug: str, capacity: Capacity) -> Actor:
    async with database.identity_transaction() as tx:
        found = {one.slug: one for one in await tenants.list_tenants(tx, capacity.value)}
    return Actor(
        tenant_id=found[slug].id,
        tenant_name=found[slug].name,
        capacity=capacity,
        role=Role.AGENT,
        channel=Channel.WORKER,
        person_name="Banc d'essai",
    )


def _grown(small: Sequence[float], large: Sequence[float]) -> float:
    """Turn by turn: what else the machine was doing then slows both."""
    pairs = zip(small[WARM_UP:], large[WARM_UP:], strict=True)
    return median(many / few for few, many in pairs)


def _print(small: Ground, large: Ground) -> int:
    print(f"Offres ouvertes, répondues, relevées : {MEASURED} de chaque, en rapports.")
    few, many = (f"{size:_}".replace("_", " ") for size in SIZES)
    heading = f"vitesse ÷ SQL nu, {few} offres passées"
    print(f"{'acte':<24}{'requêtes':>9}{heading:>45}{many:>12}{'temps ' + many + ' ÷ ' + few:>28}")
    is_flat = True
    for name, times in small.times.items():
        grown = _grown(times.portal, large.times[name].portal)
        is_flat = is_flat and abs(grown - 1) <= TOLERANCE
        speeds = (times.speed, large.times[name].speed)
        print(f"{name:<24}{times.statements:>9}{speeds[0]:>45.2f}{speeds[1]:>12.2f}{grown:>28.2f}")
    print(f"but : le même temps à {few} et à {many} offres passées, à {TOLERANCE:.0%} près")
    return int(not is_flat)
