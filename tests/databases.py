"""Databases for the tests: one cluster and one migrated template a process, a clone a test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from server.db import postmaster
from server.db.cluster import LOGINS, SUPERUSER, Cluster
from server.db.upgrade import upgrade

TEMPLATE = "portail_template"
ROOM = 1_000_000_000


def memory_folder() -> Path | None:
    """Find room in memory: a clone is 500 small files, 20 ms there and up to 300 on a busy disk."""
    memory = Path("/dev/shm")  # noqa: S108 # ours is private, and named after us
    if not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM:
        return None
    mine = f"portail-tests-{os.geteuid()}-"
    for left in memory.glob(f"{mine}*"):  # by a run that was killed
        if not postmaster.is_alive(int(left.name.removeprefix(mine))):
            shutil.rmtree(left, ignore_errors=True)
    folder = memory / f"{mine}{os.getpid()}"
    folder.mkdir(mode=0o700)
    return folder


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database of one test, as `make demo` would have it just after the migrations."""

    name: str
    cluster: Cluster

    @property
    def app_dsn(self) -> str:
        return self.cluster.dsn("portail_app", self.name)

    @property
    def worker_dsn(self) -> str:
        return self.cluster.dsn("portail_worker", self.name)

    @property
    def migrate_dsn(self) -> str:
        return self.cluster.dsn("portail_migrate", self.name)

    @property
    def backup_dsn(self) -> str:
        return self.cluster.dsn("portail_backup", self.name)

    @property
    def super_dsn(self) -> str:
        return self.cluster.dsn(SUPERUSER, self.name)

    @contextmanager
    def demo(self) -> Iterator[None]:
        """Let the web login take portail_demo, as in the demonstration; roles outlive a clone."""
        with psycopg.connect(self.super_dsn, autocommit=True) as connection:
            connection.execute(
                "GRANT portail_demo TO portail_app WITH INHERIT FALSE, SET TRUE, ADMIN FALSE"
            )
            try:
                yield
            finally:
                connection.execute("REVOKE portail_demo FROM portail_app")


class Databases:
    """Owner of the process's cluster; clones are dropped one test later, without waiting."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.cluster = Cluster(folder / "postgres", durable=False)
        self.cluster.start()
        self._numbers = itertools.count(1)
        self._dead: list[str] = []
        try:
            self.cluster.bootstrap(TEMPLATE)
            upgrade(self.cluster.dsn("portail_migrate", TEMPLATE))
            self._admin = psycopg.connect(self.cluster.dsn(SUPERUSER, "postgres"), autocommit=True)
            # a thread that waits behind a lock for ever would outlive the failure of its test
            self._admin.execute("ALTER SYSTEM SET lock_timeout = '60s'")
            self._admin.execute("SELECT pg_reload_conf()")
        except BaseException:
            self.cluster.stop()
            raise

    def clone(self, template: str = TEMPLATE) -> Database:
        self._drop_dead()
        name = f"test_{next(self._numbers)}"
        # without fsync, copying files costs half as much as logging their content
        create = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
        self._run(create, name, template, "portail_owner")
        self._run("REVOKE ALL ON DATABASE {} FROM PUBLIC", name)  # a clone forgets such rights
        self._run("GRANT CONNECT ON DATABASE {} TO {}, {}, {}, {}", name, *LOGINS)
        return Database(name=name, cluster=self.cluster)

    def discard(self, database: Database) -> None:
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database.name],
        )
        self._dead.append(database.name)

    def close(self) -> None:
        self._admin.close()
        self.cluster.stop()
        shutil.rmtree(self._folder)  # pytest would keep it for three runs

    def _drop_dead(self) -> None:
        while self._dead:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._dead.pop())

    def _run(self, statement: LiteralString, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
