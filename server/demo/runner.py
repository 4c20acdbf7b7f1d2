"""`portail demo`: everything the portal needs on one machine, for one person to try it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from server.db import postmaster
from server.db.cluster import SUPERUSER, Cluster
from server.db.upgrade import upgrade
from server.demo import processes
from server.demo.processes import Child
from server.errors import ConfigurationError

ROOT = Path(__file__).parents[2]
DATABASE = "portail"
DEFAULT_PORT = 8074
CLIENT_ID = "portail-demo"
FIRST_FREE_PORT, LAST_PORT = 1024, 65534
MADE_BY_US = (
    *("postgres", "postgres.new", "postgres.secrets.json", "log"),
    *("people.json", "demo.json", "secrets.json", "run.json", "seeded-for"),
)
# read by the settings: what the shell holds is for another installation than the demonstration
OVERRIDDEN = (
    *("SMTP_URL", "MAIL_FROM", "OIDC_SCOPES", "OIDC_ALGORITHM", "OIDC_CLIENT_KEY_FILE"),
    *("OIDC_ACR_MFA", "MFA_CAPACITIES"),
)


@dataclass(frozen=True, kw_only=True)
class Options:
    data: Path
    port: int
    is_port_chosen: bool
    is_reset: bool

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read_options(environment: Mapping[str, str]) -> Options:
    if environment.get("SMTP_URL"):
        raise ConfigurationError(
            "La démonstration refuse SMTP_URL : ses courriels se lisent à /demo/courriels. "
            "Retirez cette variable de l'environnement."
        )
    chosen = environment.get("PORT", "").strip()
    if chosen and not (chosen.isascii() and chosen.isdigit()):
        raise ConfigurationError(f"PORT={chosen} n'est pas un numéro de port.")
    port = int(chosen or DEFAULT_PORT)
    if not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise ConfigurationError(f"PORT doit être compris entre {FIRST_FREE_PORT} et {LAST_PORT}.")
    data = Path(environment.get("PORTAIL_DATA") or ROOT / ".data").expanduser().resolve()
    return Options(
        data=data,
        port=port,
        is_port_chosen=bool(chosen),
        is_reset=environment.get("RESET", "").strip() not in {"", "0"},
    )


def run(environment: Mapping[str, str]) -> int:
    """Start the demonstration and watch over it until Ctrl-C."""
    options = read_options(environment)
    with _only_one(options):
        demo = Demo(options, environment)
        with _interruptions():
            try:
                demo.start()
                demo.watch()
            except KeyboardInterrupt:
                print("\nArrêt de la démonstration…", flush=True)
            finally:
                _ignore_interruptions()
                demo.stop()
    print("Tout est arrêté. Les données restent ; « make demo » les reprend.")
    return 0


class Demo:
    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self.options = options
        self._shell = environment
        self._cluster = Cluster(options.data / "postgres")
        self._children: list[Child] = []
        self._run_file = options.data / "run.json"
        self._demo_file = options.data / "demo.json"
        self._seeded_for = options.data / "seeded-for"

    def start(self) -> None:
        print("Démonstration du Portail du flux", flush=True)
        if processes.end_orphans(self._run_file):
            print("  Une exécution précédente, interrompue, a été nettoyée.", flush=True)
        _check_ports(self.options)
        if self.options.is_reset:
            _reset(self.options.data)
        self._demo_file.unlink(missing_ok=True)
        if not self._cluster.data_dir.exists():
            self._seeded_for.unlink(missing_ok=True)
        with step("PostgreSQL embarqué"):
            self._cluster.start()
        with step("Rôles de la base"):
            self._cluster.bootstrap(DATABASE, demo=True)
        with step("Migrations"):
            upgrade(self._cluster.dsn("portail_migrate", DATABASE))
        environment = self._environment()
        with step("Données de démonstration"):
            self._seed(environment)
        people = json.loads((self.options.data / "people.json").read_text())
        self._start_services(environment, people["people"])
        directory = directory_of(self.options.url, people)
        _write_private(self._demo_file, directory)
        print(welcome(directory, self._demo_file), flush=True)

    def watch(self) -> None:
        while True:
            time.sleep(0.2)
            if not self._cluster.is_running:
                print("PostgreSQL : arrêt inattendu, redémarrage.", flush=True)
                self._cluster.start()
            if any(child.revive() for child in self._children):
                processes.record(self._run_file, self.options.url, self._children)

    def stop(self) -> None:
        processes.stop_all(self._children)
        self._cluster.stop()
        self._demo_file.unlink(missing_ok=True)
        self._run_file.unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        own = _own_secrets(self.options.data / "secrets.json")
        kept = {name: value for name, value in self._shell.items() if name not in OVERRIDDEN}
        return kept | {
            "PORTAIL_MODE": "demo",
            "PORTAIL_DATA": str(self.options.data),
            "PORTAIL_DEMO_FILE": str(self._demo_file),
            "DATABASE_URL": self._cluster.dsn("portail_app", DATABASE),
            "WORKER_DATABASE_URL": self._cluster.dsn("portail_worker", DATABASE),
            "PUBLIC_URL": self.options.url,
            "SECRET_KEY": own["secret_key"],
            "OIDC_ISSUER": f"http://127.0.0.1:{self.options.port + 1}",
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": own["oidc_client_secret"],
            "PYTHONUNBUFFERED": "1",
        }

    def _child(self, label: str, log: str, environment: dict[str, str], *command: str) -> Child:
        child = Child(
            label=label,
            command=[sys.executable, "-m", *command],
            env=environment,
            cwd=ROOT,
            log=self.options.data / "log" / log,
        )
        self._children.append(child)
        return child

    def _seed(self, environment: dict[str, str]) -> None:
        """Leave the data of an earlier start alone, unless its people sign in elsewhere now."""
        issuer = environment["OIDC_ISSUER"]
        people = self.options.data / "people.json"
        if people.exists() and self._seeded_for.exists() and self._seeded_for.read_text() == issuer:
            return
        operator = {"MIGRATE_DATABASE_URL": self._cluster.dsn("portail_migrate", DATABASE)}
        seed = self._child("Données", "seed.log", environment | operator, "server.cli", "demo-seed")
        seed.run_to_end()
        self._children.remove(seed)
        self._seeded_for.write_text(issuer)

    def _start_services(self, environment: dict[str, str], people: list[dict[str, str]]) -> None:
        port = self.options.port
        oidc = self._child(
            *("Connexion (fournisseur OpenID de démonstration)", "oidc.log", dict(self._shell)),
            *("oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port + 1)),
            *(word for person in people for word in ("--user-claims", claims_of(person))),
        )
        serve = ("server.cli", "serve", "--host", "127.0.0.1", "--port", str(port))
        web = self._child("Serveur web", "web.log", environment, *serve)
        worker = self._child("Tâches de fond", "worker.log", environment, "server.cli", "worker")
        for child in self._children:
            child.start()
        processes.record(self._run_file, self.options.url, self._children)
        with step(oidc.label):
            discovery = "/.well-known/openid-configuration"
            oidc.wait_until(lambda: processes.answers(port + 1, discovery))
        with step(web.label):
            web.wait_until(lambda: processes.answers(port, "/livez"))
        with step(worker.label), self._superuser() as connection:
            worker.wait_until(lambda: _is_connected(connection, "portail_worker"))

    def _superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self._cluster.dsn(SUPERUSER, "postgres"), autocommit=True)


def _is_connected(connection: psycopg.Connection[Any], role: str) -> bool:
    query = "SELECT FROM pg_stat_activity WHERE usename = %s"
    return connection.execute(query, [role]).rowcount > 0


# One at a time, on free ports, interrupted cleanly


@contextmanager
def _only_one(options: Options) -> Iterator[None]:
    """Hold the data folder; the kernel lets it go however we die."""
    with postmaster.writable(options.data):
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(options.data / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock_or_tell(lock, options.data / "run.json")
        yield
    finally:
        os.close(lock)


def _lock_or_tell(lock: int, run_file: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if run := processes.recorded_run(run_file):
            url, pid = run
            raise ConfigurationError(
                f"La démonstration tourne déjà : {url}\nPour la relancer, arrêtez-la d'abord : "
                f"Ctrl-C dans le terminal où elle tourne, ou kill {pid}."
            ) from None
        raise ConfigurationError(
            "La démonstration est déjà en train de démarrer dans ce dossier."
        ) from None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _check_ports(options: Options) -> None:
    taken = [port for port in (options.port, options.port + 1) if not _is_free(port)]
    if not taken:
        return
    candidates = range(options.port + 10, LAST_PORT, 10)
    free = next((port for port in candidates if _is_free(port) and _is_free(port + 1)), 9074)
    usual = "" if options.is_port_chosen else " (port habituel de la démonstration)"
    raise ConfigurationError(
        f"Le port {taken[0]}{usual} est déjà pris par un autre programme. "
        f"La démonstration en veut deux qui se suivent, {options.port} et {options.port + 1}. "
        f"Choisissez-en d'autres, par exemple : make demo PORT={free}"
    )


@contextmanager
def _interruptions() -> Iterator[None]:
    """Make the polite signals one and the same; a terminal that hangs up counts too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup wants us to stay
        wanted.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_interruptions() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


# Files of the data folder


def _reset(data: Path) -> None:
    """Remove what the demonstration made, and nothing else that the folder may hold."""
    postmaster.end_orphans(data / "postgres")
    with postmaster.writable(data):
        for name in MADE_BY_US:
            path = data / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    print("  Données précédentes effacées (RESET=1).", flush=True)


def _write_private(path: Path, content: object) -> None:
    with postmaster.writable(path.parent):
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        draft.replace(path)


def _own_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        names = ("secret_key", "oidc_client_secret")
        _write_private(path, {name: secrets.token_urlsafe(32) for name in names})
    own: dict[str, str] = json.loads(path.read_text())
    return own


# What the person reads


@contextmanager
def step(label: str) -> Iterator[None]:
    begun = time.monotonic()
    print(f"  {label:<50}", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{time.monotonic() - begun:5.1f} s".replace(".", ","), flush=True)


def claims_of(person: Mapping[str, str]) -> str:
    slug = person["slug"]
    return json.dumps({"sub": slug, "name": person["name"], "email": f"{slug}@demo.invalid"})


def directory_of(url: str, seeded: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "url": url,
        "graphql": f"{url}/graphql",
        "people": [
            {
                "name": person["name"],
                "organisme": person["organisme"],
                "role": person["role"],
                "login": f"{url}/demo/entrer/{person['slug']}",
            }
            for person in seeded["people"]
        ],
        "tokens": dict(seeded["tokens"]),
    }


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  "
        + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def welcome(directory: Mapping[str, Any], path: Path) -> str:
    columns = ("name", "organisme", "role", "login")
    people = [tuple(person[column] for column in columns) for person in directory["people"]]
    return "\n".join(
        [
            f"\nLa démonstration est prête : {directory['url']}\n",
            "Entrer en tant que (un clic sur l'adresse) :",
            *_table([("Nom", "Organisme", "Rôle", "Adresse"), *people]),
            f"\nJetons de l'API, un par organisme, pour {directory['graphql']} :",
            *_table(list(directory["tokens"].items())),
            f"\nLa même chose en JSON : {path}",
            "Arrêter : Ctrl-C. Repartir de zéro : make demo RESET=1.",
        ]
    )
