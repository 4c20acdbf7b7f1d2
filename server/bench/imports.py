"""`portail bench import`: a declaration of 60 000 lines, against a raw COPY of the same rows.

The same table, its indexes and its foreign keys kept, in the same run, in turns. What is timed of
the import is its job as the worker runs it: the kept file read, checked, compared and written in
one transaction, in a process of its own whose peak of memory is told. The COPY is the superuser's,
from octets ready in memory: no policy, nothing to read nor to check.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import event

from server.bench.grounds import DATABASE, cluster_in
from server.db import tenants
from server.db.cluster import SUPERUSER, Cluster
from server.db.ids import new_id
from server.operations import imports
from server.operations.imports import ConfirmImport, NewImport
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.transactions import Database

LINES = 60_000
ROUNDS = 3
GOAL_RATIO, GOAL_MEMORY = 0.5, 300
MEGA = 1024
COLUMNS = (
    "id, bailleur_id, reference, rpls_id, insee, address, sort_address, kind, typology, surface_m2,"
    " financing, built_year, delivered_on, is_qpv, exclusion, left_on"
)
COPY_OUT = f"copy dwellings ({COLUMNS}) to stdout"
COPY_IN = f"copy dwellings ({COLUMNS}) from stdin"
EMPTY = "truncate dwellings, imports, journal cascade"
BAILLEUR = (
    "with made as (insert into tenants (id, slug, name, category, siren)"
    " values (%s, 'essai', 'Bailleur', 'bailleur', '123456789') returning id)"
    " insert into tenant_capacities select id, 'bailleur' from made"
)
WRITING = "insert into dwellings"
PARAMETER = re.compile(r"\$\d+(::\w+)?")


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds of each way, rows that each wrote, memory in megaoctets."""

    dry_run: float
    imported: float
    copied: float
    import_rows: int
    copy_rows: int
    statements: int
    written: str
    memory: float


def declaration(lines: int) -> bytes:
    """A declaration to the RPLS, as the arrêté draws it: streets and homes that do not exist."""
    draw = random.Random(lines)
    made = ["123456789;BAILLEUR D'ESSAI;2026"]
    communes = ("74104", "74123", "74218", "74010", "74012", "74281")
    for number in range(lines):
        fields = [""] * 63
        given = {
            1: f"{number:010d}", 2: f"ESS-{number:06d}", 3: "1", 4: draw.choice(communes),
            5: "74000", 6: "COMMUNE", 7: str(1 + number % 97), 9: "RUE",
            10: f"DU SPECIMEN {number % 911}", 11: str(number % 40), 22: "2", 23: "C",
            24: str(draw.randint(1, 5)), 25: f"{draw.randint(20, 99)},{draw.randint(0, 99):02d}",
            26: str(draw.randint(1950, 2024)), 27: "2001", 28: "2001", 29: "1",
            32: draw.choice(("10", "13", "14", "52")), 34: "1", 37: "9", 40: "1",
            44: f"{draw.randint(200, 900)},00", 59: "2", 63: str(draw.randint(1, 7)),
        }  # fmt: skip
        for position, text in given.items():
            fields[position - 1] = text
        made.append(";".join(fields))
    return "\r\n".join(made).encode("cp1252")


def run() -> int:
    """0 when both goals are met."""
    content = declaration(LINES)
    with (
        tempfile.TemporaryDirectory(prefix="portail-bench-") as folder,
        _cluster(Path(folder)) as cluster,
    ):
        path = Path(folder) / "declaration.csv"
        path.write_bytes(content)
        rounds = [_round(cluster, path) for _ in range(ROUNDS)]
    return _print(rounds, len(content))


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    with cluster_in(folder) as cluster:
        with psycopg.connect(cluster.dsn(SUPERUSER, DATABASE), autocommit=True) as connection:
            connection.execute(BAILLEUR.encode(), [new_id()])
        yield cluster


def _round(cluster: Cluster, path: Path) -> Round:
    with psycopg.connect(cluster.dsn(SUPERUSER, DATABASE), autocommit=True) as connection:
        connection.execute(EMPTY)
        told = _child(cluster, path)
        import_rows = _count(connection)
        with connection.cursor().copy(COPY_OUT.encode()) as copy:
            octets = b"".join(bytes(part) for part in copy)
        connection.execute(EMPTY)
        begun = time.perf_counter()
        with connection.cursor().copy(COPY_IN.encode()) as copy:
            copy.write(octets)
        copied = time.perf_counter() - begun
        return Round(
            dry_run=told["dry_run"],
            imported=told["imported"],
            copied=copied,
            import_rows=import_rows,
            copy_rows=_count(connection),
            statements=int(told["statements"]),
            written=told["written"],
            memory=told["memory"],
        )


def _count(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    row = connection.execute("select count(*) from dwellings").fetchone()
    return int(str(row[0])) if row else 0


def _child(cluster: Cluster, path: Path) -> dict[str, Any]:
    dsns = (cluster.dsn("portail_app", DATABASE), cluster.dsn("portail_worker", DATABASE))
    command = [sys.executable, "-m", "server.bench.imports", *dsns, str(path)]
    done = subprocess.run(  # noqa: S603 - our own command
        command, check=True, capture_output=True
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# --- In the child ---------------------------------------------------------------------------------


async def measure(app_dsn: str, worker_dsn: str, content: bytes) -> dict[str, Any]:
    """Receive, read, confirm and write, as the pages and the worker do."""
    app, worker = Database(app_dsn, pool_size=1), Database(worker_dsn, pool_size=2)
    written: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_facts: object) -> None:
        if WRITING in statement:
            written.append(statement)

    event.listen(worker.engine.sync_engine, "before_cursor_execute", note)
    alice = await _bailleur(app)
    async with app.write_transaction(alice) as tx:
        import_id = await imports.receive(tx, NewImport(name="rpls.csv", content=content))
    begun = time.perf_counter()
    await imports.analyse(worker, import_id)
    read_at = time.perf_counter()
    await _confirm(app, alice, import_id)
    confirmed_at = time.perf_counter()
    await imports.apply(worker, import_id)
    done_at = time.perf_counter()
    await app.close()
    await worker.close()
    return {
        "dry_run": read_at - begun,
        "imported": done_at - confirmed_at,
        "statements": len(written),
        "written": " ".join(PARAMETER.sub("…", written[0]).split()),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGA,
    }


async def _confirm(app: Database, alice: Actor, import_id: UUID) -> None:
    command = ConfirmImport(
        import_id=import_id, kinds=frozenset(), with_departures=False, departed_on=None
    )
    async with app.write_transaction(alice) as tx:
        await imports.confirm(tx, command)


async def _bailleur(app: Database) -> Actor:
    async with app.identity_transaction() as tx:
        (one,) = await tenants.list_tenants(tx, Capacity.BAILLEUR.value)
    return Actor(
        tenant_id=one.id,
        tenant_name=one.name,
        capacity=Capacity.BAILLEUR,
        role=Role.AGENT,
        channel=Channel.WORKER,
        person_name="Banc d'essai",
    )


def _print(rounds: list[Round], weight: int) -> int:
    ratio = median(one.copied / one.imported for one in rounds)
    memory = max(one.memory for one in rounds)
    last = rounds[-1]
    print(f"Déclaration RPLS de {LINES} lignes, {weight / 1e6:.1f} Mo, {ROUNDS} tours.")
    print("import : lecture, contrôles, verrou et marque du patrimoine, puis "
          f"{last.statements} × « {last.written} » : {last.import_rows} lignes")  # fmt: skip
    print(f"COPY   : {COPY_IN} : {last.copy_rows} lignes")
    for one in rounds:
        print(f"  import {one.imported:.2f} s, COPY {one.copied:.2f} s, lecture seule "
              f"(compte rendu) {one.dry_run:.2f} s, mémoire {one.memory:.0f} Mo")  # fmt: skip
    same = all(one.import_rows == one.copy_rows == LINES for one in rounds)
    print(f"vitesse de l'import : {ratio:.2f} fois celle du COPY (but : {GOAL_RATIO})")
    print(f"mémoire au plus : {memory:.0f} Mo (but : moins de {GOAL_MEMORY})")
    return int(not (same and ratio >= GOAL_RATIO and memory < GOAL_MEMORY))


if __name__ == "__main__":
    content = Path(sys.argv[3]).read_bytes()
    print(json.dumps(asyncio.run(measure(sys.argv[1], sys.argv[2], content))))
