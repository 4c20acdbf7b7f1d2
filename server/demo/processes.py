"""Children of the demonstration: started together, watched, stopped to the last one."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from server.db import postmaster
from server.errors import ConfigurationError

READY_SECONDS = 60
STOP_SECONDS = 8
CALM_SECONDS = 30  # a child that lived this long is healthy again
LONGEST_PAUSE = 30


class Child:
    """One process of ours, its log and its restarts."""

    def __init__(
        self, *, label: str, command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path
    ) -> None:
        self.label = label
        self.log = log
        self._command = command
        self._env = env
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self) -> None:
        with postmaster.writable(self.log.parent):
            self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            output = postmaster.open_log(self.log)
        try:
            self._process = postmaster.spawn(
                self._command,
                output=output,
                env=self._env,
                cwd=self._cwd,
                on_parent_death=signal.SIGTERM,
            )
        finally:
            os.close(output)
        self._started_at = time.monotonic()
        self._restart_at = None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            if self.exit_code is not None or time.monotonic() > deadline:
                raise ConfigurationError(
                    f"{self.label} : pas de réponse. Journal : {self.log}\n{self._last_words()}"
                )
            time.sleep(0.03)

    def run_to_end(self) -> None:
        """Start a child that has an end of its own and wait for it."""
        self.start()
        while self.exit_code is None:
            time.sleep(0.03)
        if self.exit_code != 0:
            raise ConfigurationError(
                f"{self.label} : échec. Journal : {self.log}\n{self._last_words()}"
            )
        self._process = None

    def revive(self) -> bool:
        """Restart a dead child, at once the first time, then after growing pauses."""
        if self.exit_code is None:
            return False
        now = time.monotonic()
        if self._restart_at is None:
            calm = now - self._started_at > CALM_SECONDS
            self._failures = 0 if calm else self._failures + 1
            pause = 0 if self._failures <= 1 else min(2 ** (self._failures - 1), LONGEST_PAUSE)
            when = f"redémarrage dans {pause} s" if pause else "redémarrage"
            print(f"{self.label} : arrêt inattendu (code {self.exit_code}), {when}.", flush=True)
            self._restart_at = now + pause
        if now < self._restart_at:
            return False
        self.stop()
        self.start()
        return True

    def ask_to_stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """End the child, then whatever is left of its session."""
        if self._process is None:
            return
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


def stop_all(children: Sequence[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def answers(port: int, path: str) -> bool:
    """Whether a GET on the loopback is answered 200; no proxy of the environment is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# What the next run must know of this one, should it be killed


def record(path: Path, url: str, children: Sequence[Child]) -> None:
    known = [
        {"pid": child.pid, "birth": postmaster.birth(child.pid)} for child in children if child.pid
    ]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"pid": os.getpid(), "url": url, "children": known}))
    draft.replace(path)


def recorded_run(path: Path) -> tuple[str, int] | None:
    """Address and pid of the run that holds the folder."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text())
        return str(known["url"]), int(known["pid"])
    return None


def _recorded_sessions(path: Path) -> list[int]:
    """Sessions of a killed run that still live; a number given to another process is not one."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = [
            (int(one["pid"]), one["birth"]) for one in json.loads(path.read_text())["children"]
        ]
        return [pid for pid, birth in known if birth and postmaster.birth(pid) == birth]
    return []


def end_orphans(path: Path) -> int:
    """End what a killed run left; return how many there were."""
    found = _recorded_sessions(path)
    for pid in found:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _recorded_sessions(path) and time.monotonic() < deadline:
        time.sleep(0.03)
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    return len(found)
