from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from server.db import postmaster
from server.db.cluster import SUPERUSER, Cluster
from server.errors import ConfigurationError
from tests.databases import Database

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One initialised folder for all tests of this module: initdb is the slow part."""
    folder = tmp_path_factory.mktemp("supervised") / "postgres"
    with Cluster(folder, durable=False) as first:
        first.bootstrap("portail")
    yield folder
    shutil.rmtree(folder.parent)
    shutil.rmtree(first.socket_dir, ignore_errors=True)  # a test kills its supervisor


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that is not kept: a cluster is large."""
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture
def cluster(data_dir: Path) -> Iterator[Cluster]:
    subject = Cluster(data_dir, durable=False)
    yield subject
    subject.stop()


def answer(cluster: Cluster, role: str = "portail_app") -> object:
    with psycopg.connect(cluster.dsn(role, "portail")) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    return row[0] if row else None


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + 10
    while postmaster.birth(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not postmaster.birth(pid)


def test_starts_answers_and_stops(cluster: Cluster) -> None:
    cluster.start()
    pid = cluster.pid
    assert pid
    assert answer(cluster) == "portail_app"
    cluster.stop()
    assert cluster.pid is None
    assert not postmaster.is_alive(pid)
    assert not cluster.socket_dir.exists()


def test_no_tcp_port_and_a_private_socket(cluster: Cluster) -> None:
    cluster.start()
    with psycopg.connect(cluster.dsn(SUPERUSER, "portail")) as connection:
        shown = connection.execute("SHOW listen_addresses").fetchone()
    assert shown == ("",)
    assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    secrets = cluster.data_dir.with_name("postgres.secrets.json")
    assert secrets.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_server_holds_no_tcp_socket(cluster: Cluster) -> None:
    cluster.start()
    held = {str(link.readlink()) for link in Path(f"/proc/{cluster.pid}/fd").iterdir()}
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    lines = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    assert any(name.startswith("socket:") for name in held)
    assert not held & {f"socket:[{fields[9]}]" for fields in lines}


def test_a_wrong_password_is_refused(cluster: Cluster) -> None:
    cluster.start()
    forged = cluster.dsn("portail_app", "portail").replace("portail_app:", "portail_app:x")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(forged)


def test_recovers_after_the_postmaster_is_killed(cluster: Cluster) -> None:
    cluster.start()
    assert cluster.pid
    os.kill(cluster.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while cluster.is_running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not cluster.is_running
    cluster.start()
    assert answer(cluster) == "portail_app"


def test_takes_back_an_orphan_server(cluster: Cluster) -> None:
    """On systems that do not warn children, a killed supervisor leaves its server running."""
    cluster.start()
    orphan = cluster._process
    assert orphan
    cluster._process = None
    cluster._release()
    cluster.start()
    assert orphan.wait(5) == 0
    assert answer(cluster) == "portail_app"


def test_a_dead_pid_file_is_no_obstacle(cluster: Cluster) -> None:
    finished = subprocess.run([sys.executable, "-c", ""], check=True)
    assert finished.returncode == 0
    (cluster.data_dir / "postmaster.pid").write_text("4194303\n/nowhere\n0\n5432\n/tmp\n\n\n")
    cluster.start()
    assert answer(cluster) == "portail_app"


def test_a_reused_pid_is_left_alone(cluster: Cluster) -> None:
    user = cluster.account.pw_uid if cluster.account else None
    with subprocess.Popen(["/bin/sleep", "30"], user=user) as stranger:
        try:
            told = (stranger.pid, cluster.data_dir, 0, 5432, cluster.socket_dir, "", "", "ready")
            (cluster.data_dir / "postmaster.pid").write_text("".join(f"{one}\n" for one in told))
            cluster.start()
            assert answer(cluster) == "portail_app"
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_one_supervisor_a_folder(cluster: Cluster) -> None:
    cluster.start()
    with pytest.raises(ConfigurationError, match="déjà ouverte"):
        Cluster(cluster.data_dir).start()
    assert answer(cluster) == "portail_app"


def test_two_folders_side_by_side(cluster: Cluster, scratch: Path) -> None:
    with Cluster(scratch / "postgres", durable=False) as other:
        cluster.start()
        assert other.socket_dir != cluster.socket_dir
        other.bootstrap("portail")
        assert answer(other) == answer(cluster) == "portail_app"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux warns the children of a killed one")
def test_stops_when_its_supervisor_is_killed(data_dir: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from server.db.cluster import Cluster;"
        "c = Cluster(Path(sys.argv[1]), durable=False); c.start(); print(c.pid, flush=True);"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(data_dir)]
    with subprocess.Popen(  # noqa: S603 # the program above
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as supervisor:
        try:
            assert supervisor.stdout
            pid = int(supervisor.stdout.readline())
        finally:
            supervisor.kill()
    wait_until_dead(pid)


def test_a_file_in_the_way_is_told_in_french(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("")
    with pytest.raises(ConfigurationError, match=r"Impossible d'écrire dans .*occupied"):
        Cluster(tmp_path / "occupied" / "postgres").start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_closed_folder_is_told_in_french(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match="accès refusé"):
        Cluster(closed / "postgres").start()


def test_lost_passwords_are_told_in_french(data_dir: Path) -> None:
    secrets = data_dir.with_name("postgres.secrets.json")
    aside = secrets.rename(secrets.with_suffix(".aside"))
    try:
        with pytest.raises(ConfigurationError, match="mots de passe"):
            Cluster(data_dir).start()
    finally:
        aside.rename(secrets)


def test_as_root_parent_folders_keep_their_mode(scratch: Path) -> None:
    closed = scratch / "closed"
    closed.mkdir(mode=0o700)
    with Cluster(closed / "postgres", durable=False) as opened:
        opened.bootstrap("portail")
        assert answer(opened) == "portail_app"
    assert closed.stat().st_mode & 0o777 == 0o700


def test_copied_binaries_run(scratch: Path) -> None:
    """What root does when PostgreSQL's account cannot reach the installed ones."""
    copy = postmaster.copy_binaries(postmaster.installed_binaries(), scratch / "copy")
    for name in ("postgres", "initdb"):
        assert "18." in postmaster._answers(copy / "bin" / name, None)


def test_bootstrap_twice_changes_nothing_and_takes_back_strays(cluster: Cluster) -> None:
    cluster.start()
    with psycopg.connect(cluster.dsn(SUPERUSER, "portail"), autocommit=True) as connection:
        connection.execute("GRANT portail_owner, portail_demo TO portail_app")
        connection.execute("ALTER ROLE portail_app INHERIT CREATEDB BYPASSRLS")
    cluster.bootstrap("portail")
    with psycopg.connect(cluster.dsn("portail_app", "portail")) as connection:
        for role in ("portail_owner", "portail_demo", "portail_system"):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(f"SET ROLE {role}")
        row = connection.execute(
            "SELECT rolinherit, rolcreatedb, rolbypassrls, rolsuper FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False, False, False)


def test_the_demonstration_may_take_its_clock(cluster: Cluster) -> None:
    cluster.start()
    cluster.bootstrap("portail", demo=True)
    with psycopg.connect(cluster.dsn("portail_app", "portail")) as connection:
        connection.execute("SET ROLE portail_demo")
    cluster.bootstrap("portail")


ALLOWED = {
    "portail_app": "bailleur reservataire prefecture epci identity",
    "portail_worker": "bailleur reservataire prefecture epci system",
    "portail_migrate": "owner operator",
    "portail_backup": "",
}


@pytest.mark.parametrize(("login", "kinds"), ALLOWED.items())
def test_a_login_takes_its_roles_and_no_other(database: Database, login: str, kinds: str) -> None:
    with psycopg.connect(database.cluster.dsn(login, database.name)) as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname <> current_user"
            " AND rolname LIKE 'portail\\_%%' AND pg_has_role(current_user, oid, 'SET')"
        ).fetchall()
        inherited = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname <> current_user"
            " AND rolname LIKE 'portail\\_%%' AND pg_has_role(current_user, oid, 'USAGE')"
        ).fetchall()
    assert {row[0] for row in rows} == {f"portail_{kind}" for kind in kinds.split()}
    assert inherited == []


def test_logins_make_nothing_in_the_database(database: Database) -> None:
    for dsn in (database.app_dsn, database.worker_dsn, database.backup_dsn):
        with psycopg.connect(dsn) as connection:
            for statement in ("CREATE TABLE t (a int)", "CREATE TEMP TABLE t (a int)"):
                with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement)


def test_the_web_reads_nothing_of_the_owner_by_itself(database: Database) -> None:
    with psycopg.connect(database.migrate_dsn) as connection:
        connection.execute("SET ROLE portail_owner")
        connection.execute("CREATE TABLE kept AS SELECT 1 AS a")
    with (
        psycopg.connect(database.app_dsn) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT a FROM kept")
    with psycopg.connect(database.backup_dsn) as connection:
        assert connection.execute("SELECT a FROM kept").fetchall() == [(1,)]


def test_clones_are_apart(database: Database) -> None:
    with psycopg.connect(database.migrate_dsn) as connection:
        row = connection.execute("SELECT to_regclass('kept'), current_database()").fetchone()
    assert row == (None, database.name)
