"""`portail check isolation`: the self-test on demand, in French or as JSON, its result kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import psycopg

from server.db.cluster import Cluster
from server.errors import ConfigurationError
from server.logs import silence_logs
from server.operations import isolation
from server.tenants.audit import Report
from server.tenants.transactions import Database

ROOT = Path(__file__).parents[1]
DATABASE = "portail"
MISSING = (
    "La variable d'environnement WORKER_DATABASE_URL est obligatoire : l'adresse de la base pour "
    "le compte portail_worker. Sans elle, la démonstration en cours est examinée, mais "
    "aucune ne tourne ici (make demo)."
)


def check_isolation(environment: Mapping[str, str], *, as_data: bool) -> tuple[str, int]:
    """What to print, and 0 if nothing leaks, 1 otherwise; no log line among the answer."""
    silence_logs()
    dsn = environment.get("WORKER_DATABASE_URL", "").strip()
    is_demo = environment.get("PORTAIL_MODE") == "demo" or not dsn
    report = asyncio.run(_check(dsn or _demonstration(environment), is_demo=is_demo))
    return (_data(report) if as_data else _sentences(report)), int(not report.is_sound)


def _demonstration(environment: Mapping[str, str]) -> str:
    folder = Path(environment.get("PORTAIL_DATA") or ROOT / ".data").expanduser()
    return Cluster(folder / "postgres").running_dsn("portail_worker", DATABASE, otherwise=MISSING)


async def _check(dsn: str, *, is_demo: bool) -> Report:
    database = Database(dsn, pool_size=1)
    try:
        await database.refuse_power()
        return await isolation.check(database, dsn, is_demo=is_demo)
    except (OSError, psycopg.OperationalError) as error:
        raise ConfigurationError(f"La base ne répond pas : {type(error).__name__}.") from error
    finally:
        await database.close()


def _sentences(report: Report) -> str:
    lines = [
        f"Règles du catalogue vérifiées : {report.checks}",
        f"Tentatives d'un organisme qui n'existe pas : {report.probes}",
    ]
    for finding in report.findings:
        lines += [f"ÉCHEC  {finding.rule}", *(f"         {one}" for one in finding.details)]
    verdict = "aucune fuite" if report.is_sound else f"{len(report.findings)} règle(s) en défaut"
    return "\n".join([*lines, f"Isolation des organismes : {verdict}."])


def _data(report: Report) -> str:
    return json.dumps({**asdict(report), "is_sound": report.is_sound}, ensure_ascii=False, indent=2)
