"""A demonstration to play in: the one that runs, or one of our own, stopped afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from server.demo.scenario.report import NotAsAgreed

ROOT = Path(__file__).parents[3]
START_SECONDS = 180
STOP_SECONDS = 30
FIRST_PORT, LAST_PORT = 20_000, 60_000
HTTP_OK = 200


@dataclass(frozen=True, kw_only=True)
class Person:
    name: str
    organisme: str
    role: str
    login: str


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What `portail demo` writes for whoever wants to try it."""

    url: str
    graphql: str
    people: tuple[Person, ...]
    tokens: dict[str, str]

    def person(self, organisme: str, role: str | None = None) -> Person:
        for one in self.people:
            if one.organisme == organisme and role in (None, one.role):
                return one
        wanted = role or "tout rôle"
        raise NotAsAgreed(f"La démonstration n'a personne pour {organisme} ({wanted}).")


def read_directory(path: Path, url: str | None = None) -> Directory:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found = content["url"]

    def here(address: str) -> str:
        return address.replace(found, url.rstrip("/"), 1) if url else address

    return Directory(
        url=here(found),
        graphql=here(content["graphql"]),
        people=tuple(
            Person(
                name=one["name"],
                organisme=one["organisme"],
                role=one["role"],
                login=here(one["login"]),
            )
            for one in content["people"]
        ),
        tokens=content["tokens"],
    )


def is_alive(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/livez", timeout=3).status_code == HTTP_OK
    except httpx2.HTTPError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Two ports that follow each other, as the demonstration wants."""
    start = FIRST_PORT + os.getpid() * 7 % (LAST_PORT - FIRST_PORT)
    for port in (*range(start, LAST_PORT, 10), *range(FIRST_PORT, start, 10)):
        if _is_free(port) and _is_free(port + 1):
            return int(port)
    raise NotAsAgreed("Aucun port libre sur cette machine.")


@contextmanager
def own_demo() -> Iterator[Directory]:
    """A demonstration of our own, with new data in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="portail-scenario-") as folder:
        data = Path(folder) / "data"
        log = Path(folder) / "demo.log"
        environment = {**os.environ, "PORTAIL_DATA": str(data), "PORT": str(free_port())}
        environment.pop("RESET", None)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "demo"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                _wait_until_ready(process, data / "demo.json", log)
                yield read_directory(data / "demo.json")
            finally:
                _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], file: Path, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while not file.exists():
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(encoding="utf-8", errors="replace")[-3000:]
            raise NotAsAgreed(f"La démonstration n'a pas démarré :\n{tail}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C would, so that it stops what it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
