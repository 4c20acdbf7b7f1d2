"""Supervisor of the embedded PostgreSQL: one server, one data folder, one Unix socket.

Meant for the demonstration, the tests and small installations. The binaries come from a PyPI
package; everything else (passwords, recovery, shutdown) is here. TCP is closed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from server.db import postmaster
from server.errors import ConfigurationError

SUPERUSER = "postgres"
LOGINS = ("portail_migrate", "portail_app", "portail_worker", "portail_backup")
ROLES_FILE = Path(__file__).parents[2] / "deploy" / "roles.sql"
START_SECONDS = 120  # a crash recovery may have much to replay
STOP_SECONDS = 10

ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # the detail of an error quotes rows, and rows hold persons
    "log_min_error_statement": "panic",
    "jit": "off",
}
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "io_method": "sync",
    "scram_iterations": "1",
}


class Cluster:
    """An embedded PostgreSQL whose life is tied to this process.

    `start` takes back whatever a killed run left. Call it from the main thread: on Linux the
    kernel stops PostgreSQL when the thread that started it dies.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.durable = durable
        self.account = postmaster.choose_account(self.data_dir)
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        self._name = f"portail-{os.geteuid()}-{digest}"
        self.socket_dir = postmaster.temporary_folder(self._name)
        self.log_file = self.data_dir.parent / "log" / "postgresql.log"
        self._secrets_file = self.data_dir.with_name(f"{self.data_dir.name}.secrets.json")
        self._passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.is_running and self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # Life

    def start(self) -> None:
        if self.is_running:
            return
        self._take_lock()
        try:
            self._prepare()
            self._launch()
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, everything committed is on disk."""
        if self._process is not None:
            for sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if self._process.poll() is None:
                    self._process.send_signal(sent)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_SECONDS)
                    break
            self._process = None
        self._release()

    def _release(self) -> None:
        if self._lock is None:
            return
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        shutil.rmtree(self._copies, ignore_errors=True)
        os.close(self._lock)
        self._lock = None

    def _take_lock(self) -> None:
        """One supervisor a folder; the kernel frees the lock however we die."""
        if self._lock is not None:
            return
        parent = self.data_dir.parent
        with postmaster.writable(parent):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log_file.parent.mkdir(mode=0o700, exist_ok=True)
            path = self.data_dir.with_name(f"{self.data_dir.name}.lock")
            lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ConfigurationError(
                f"La base du dossier {self.data_dir} est déjà ouverte par une autre commande."
            ) from None
        self._lock = lock

    def _prepare(self) -> None:
        if self.data_dir.exists():
            postmaster.end_orphans(self.data_dir)
            postmaster.forget_stale_pid(self.data_dir)
        owner = self.account.pw_uid if self.account else os.geteuid()
        postmaster.private_folder(self.socket_dir, owner)
        self._binaries = self._usable_binaries()
        with postmaster.writable(self.data_dir.parent):
            self._read_secrets()
            if not self.data_dir.exists():
                self._initialise()
        self._check_version()

    def _launch(self) -> None:
        settings = SETTINGS | ({} if self.durable else THROWAWAY)
        options = [word for item in settings.items() for word in ("-c", "=".join(item))]
        with self._data_argument(self.data_dir) as (data, fds), self._log() as output:
            self._process = postmaster.spawn(
                [self._binaries / "bin" / "postgres", "-D", data, "-k", self.socket_dir, *options],
                output=output,
                env=ENVIRONMENT,
                cwd=self.socket_dir,
                on_parent_death=signal.SIGINT,
                account=self.account,
                pass_fds=fds,
            )

    def _wait_until_ready(self) -> None:
        process = self._process
        deadline = time.monotonic() + START_SECONDS
        while process and process.poll() is None and time.monotonic() < deadline:
            if postmaster.is_ready(self.data_dir, process.pid):
                return
            time.sleep(0.01)
        raise ConfigurationError(
            f"PostgreSQL n'a pas démarré. Son journal : {self.log_file}\n{self._last_words()}"
        )

    # The data folder

    def _initialise(self) -> None:
        """Make the cluster beside its place, then move it there: an interruption leaves nothing."""
        fresh = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        password = self.socket_dir / "password"
        password.touch(mode=0o600)
        password.write_text(self._passwords[SUPERUSER])
        self._give(password)
        try:
            self._initdb(fresh, password)
        finally:
            password.unlink(missing_ok=True)
        fresh.rename(self.data_dir)

    def _initdb(self, folder: Path, password: Path) -> None:
        with self._data_argument(folder) as (data, fds), self._log() as output:
            process = postmaster.spawn(
                [
                    *(self._binaries / "bin" / "initdb", "-D", data, f"--pwfile={password}"),
                    *("--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8"),
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *("--data-checksums", "--no-instructions"),
                    *(() if self.durable else ("--no-sync",)),
                ],
                output=output,
                env=ENVIRONMENT,
                cwd=self.socket_dir,
                on_parent_death=signal.SIGTERM,
                account=self.account,
                pass_fds=fds,
            )
            if process.wait() != 0:
                raise ConfigurationError(
                    f"La base n'a pas pu être créée dans {self.data_dir}. "
                    f"Journal : {self.log_file}\n{self._last_words()}"
                )

    def _check_version(self) -> None:
        with suppress(OSError):
            if (self.data_dir / "PG_VERSION").read_text().strip() == postmaster.MAJOR_VERSION:
                return
        raise ConfigurationError(
            f"Le dossier {self.data_dir} n'est pas une base PostgreSQL {postmaster.MAJOR_VERSION} "
            "lisible. Supprimez-le pour repartir de zéro (make demo RESET=1)."
        )

    def _give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    @contextmanager
    def _data_argument(self, folder: Path) -> Iterator[tuple[str, list[int]]]:
        """What to say after -D: an unprivileged account may not reach the folder by its path."""
        if self.account is None or not Path("/proc/self/fd").exists():
            yield str(folder), []
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{descriptor}", [descriptor]
        finally:
            os.close(descriptor)

    @contextmanager
    def _log(self) -> Iterator[int]:
        with postmaster.writable(self.log_file.parent):
            output = postmaster.open_log(self.log_file)
        try:
            yield output
        finally:
            os.close(output)

    def _last_words(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-5:])

    # Binaries

    @property
    def _copies(self) -> Path:
        return self.socket_dir.with_name(f"{self._name}-bin")

    def _usable_binaries(self) -> Path:
        binaries = postmaster.installed_binaries()
        if self.account is None or postmaster.is_reachable(binaries, self.account):
            return binaries
        postmaster.private_folder(self._copies, os.geteuid())
        with postmaster.writable(self._copies):
            copy = postmaster.copy_binaries(binaries, self._copies)
        if postmaster.is_reachable(copy, self.account):
            return copy
        raise ConfigurationError(
            f"Le compte {self.account.pw_name} ne peut pas exécuter PostgreSQL depuis "
            f"{self._copies.parent}. Indiquez avec TMPDIR un dossier temporaire qui l'autorise."
        )

    # Access

    def _read_secrets(self) -> None:
        """Read or draw the passwords; they live beside the data, readable by us alone."""
        if self._secrets_file.exists():
            self._passwords = json.loads(self._secrets_file.read_text())
            return
        if self.data_dir.exists():
            raise ConfigurationError(
                f"Les mots de passe de la base ({self._secrets_file}) ont disparu. Remettez ce "
                "fichier en place ou repartez de zéro (make demo RESET=1)."
            )
        drawn = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, *LOGINS)}
        draft = self._secrets_file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(drawn))
        draft.rename(self._secrets_file)
        self._passwords = drawn

    def dsn(self, role: str, database: str) -> str:
        """Address of a database for a login role, as libpq, psycopg and asyncpg read it."""
        password = self._passwords[role]
        return (
            f"postgresql://{role}:{password}@/{quote(database)}?host={quote(str(self.socket_dir))}"
        )

    def running_dsn(self, role: str, database: str, *, otherwise: str) -> str:
        """Address of a database that another command runs; ConfigurationError(`otherwise`)."""
        if not self._secrets_file.exists() or not self.socket_dir.exists():
            raise ConfigurationError(otherwise)
        self._read_secrets()
        return self.dsn(role, database)

    def bootstrap(self, database: str, *, demo: bool = False) -> None:
        """Create or bring up to date the roles and the database, as often as wanted.

        `demo` lets the web login take the role that moves the demonstration's clock.
        """
        with psycopg.connect(self.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database])
            if known.rowcount == 0:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        with psycopg.connect(self.dsn(SUPERUSER, database)) as connection:
            connection.execute(ROLES_FILE.read_bytes())
            for role in LOGINS:
                statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
                password = sql.Literal(self._passwords[role])
                connection.execute(statement.format(sql.Identifier(role), password))
            if demo:
                connection.execute(
                    "GRANT portail_demo TO portail_app WITH INHERIT FALSE, SET TRUE, ADMIN FALSE"
                )
