"""What a bench is run on: a throw-away cluster of the real roles and migrations, seeded or not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.db.cluster import Cluster
from server.db.upgrade import upgrade

DATABASE = "portail"
ISSUER = "http://127.0.0.1:1"
URL = "http://127.0.0.1:2"


@contextmanager
def cluster_in(folder: Path, *, demo: bool = False) -> Iterator[Cluster]:
    """A migrated cluster in `folder`, stopped at the end; `demo`: with the demonstration's role."""
    cluster = Cluster(folder / "postgres", durable=False)
    cluster.start()
    try:
        cluster.bootstrap(DATABASE, demo=demo)
        upgrade(cluster.dsn("portail_migrate", DATABASE))
        yield cluster
    finally:
        cluster.stop()


def seed(cluster: Cluster, folder: Path) -> dict[str, str]:
    """Seeded by the command itself: a bench knows nothing of the demonstration's inside.

    Answers the environment of the portal on that cluster.
    """
    environment = {
        **os.environ,
        "PORTAIL_MODE": "demo",
        "PORTAIL_DATA": str(folder),
        "DATABASE_URL": cluster.dsn("portail_app", DATABASE),
        "WORKER_DATABASE_URL": cluster.dsn("portail_worker", DATABASE),
        "MIGRATE_DATABASE_URL": cluster.dsn("portail_migrate", DATABASE),
        "PUBLIC_URL": URL,
        "SECRET_KEY": "bench",
        "OIDC_ISSUER": ISSUER,
        "OIDC_CLIENT_ID": "bench",
        "OIDC_CLIENT_SECRET": "bench",
    }
    command = [sys.executable, "-m", "server.cli", "demo-seed"]
    subprocess.run(  # noqa: S603 - our own command; its security events are no result of a bench
        command, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return environment
