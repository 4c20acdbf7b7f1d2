"""`portail import`: the operator's way of reading and writing a bailleur's file."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.operations import files
from tests.operations.play import HSH
from tests.worlds import Stage

COMMAND_SECONDS = 120
COUNT = "select count(*) from dwellings where reference like 'HSH-_'"


async def portail(world: Stage, *words: str) -> tuple[int, str]:
    """The command itself, in a process of its own: its status and what it says."""
    environment = {**os.environ, "WORKER_DATABASE_URL": world.database.worker_dsn}
    command = [sys.executable, "-m", "server.cli", "import", *words]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    done = await asyncio.to_thread(run)
    return done.returncode, done.stdout + done.stderr


def count(world: Stage) -> int:
    with psycopg.connect(world.database.super_dsn) as connection:
        row = connection.execute(COUNT.encode()).fetchone()
    assert row is not None
    return int(row[0])


async def test_nothing_is_written_without_confirm(world: Stage, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_bytes(files.homes(3))
    status, said = await portail(world, str(file), "--bailleur", HSH)
    assert status == 0
    assert "3  nouveaux" in said
    assert "ajoutez --confirm" in said
    assert count(world) == 0
    status, said = await portail(world, str(file), "--bailleur", HSH, "--confirm")
    assert (status, count(world)) == (0, 3)
    assert "enregistré" in said


async def test_errors_are_told_by_line_and_column(world: Stage, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_bytes(files.table(files.LINE.format(number=1).replace("T3", "trois")))
    status, said = await portail(world, str(file), "--bailleur", HSH, "--confirm")
    assert status == 1
    assert "ligne 2, colonne « Typologie » : « trois »" in said
    assert count(world) == 0
    status, said = await portail(world, str(file), "--bailleur", "personne")
    assert status == 2
    assert "Aucun bailleur n'a le code « personne »" in said
