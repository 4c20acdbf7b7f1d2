"""The self-test of isolation: run by the worker once a day, by the operator whenever he asks."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from server.db import isolation
from server.db.isolation import IsolationCheck
from server.tenants import audit
from server.tenants.audit import Report
from server.tenants.transactions import Database, TenantTransaction

logger = structlog.get_logger()

EVERY = timedelta(days=1)


async def check(database: Database, dsn: str, *, is_demo: bool) -> Report:
    """Examine the database as the login of `dsn` and keep the dated result, shown to all."""
    report = await asyncio.to_thread(audit.inspect, dsn, is_demo=is_demo)
    async with database.system_transaction("isolation") as tx:
        await isolation.insert_check(
            tx,
            checks=report.checks,
            probes=report.probes,
            findings=[{"code": one.code, "details": one.details} for one in report.findings],
        )
    if not report.is_sound:
        logger.error("isolation_failed", codes=[one.code for one in report.findings])
    return report


async def check_if_due(database: Database, dsn: str, *, is_demo: bool) -> bool:
    """Once a day, by whichever worker comes first; whether it was time."""
    async with database.system_transaction("isolation") as tx:
        is_due = await isolation.is_check_due(tx, EVERY)
    if is_due:
        await check(database, dsn, is_demo=is_demo)
    return is_due


async def last_check(tx: TenantTransaction) -> IsolationCheck | None:
    """The dated result that every organisme reads."""
    return await isolation.find_last_check(tx)
