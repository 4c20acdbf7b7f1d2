"""Queries on the dated results of the self-test of isolation; their clock is the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from server.db.ids import new_id
from server.db.paging import Executor
from server.db.tables import isolation_checks

_COLUMNS = (
    isolation_checks.c.ran_at,
    isolation_checks.c.outcome,
    isolation_checks.c.checks,
    isolation_checks.c.probes,
    isolation_checks.c.failures,
)


@dataclass(frozen=True, kw_only=True)
class IsolationCheck:
    """One self-test: when, how much it looked at, how much failed."""

    ran_at: datetime
    outcome: str
    checks: int
    probes: int
    failures: int

    @property
    def is_sound(self) -> bool:
        return self.outcome == "passed"


async def insert_check(
    db: Executor, *, checks: int, probes: int, findings: Sequence[dict[str, Any]]
) -> None:
    values = {
        "id": new_id(),
        "ran_at": func.clock_timestamp(),
        "outcome": "failed" if findings else "passed",
        "checks": checks,
        "probes": probes,
        "failures": len(findings),
        "findings": list(findings),
    }
    await db.execute(insert(isolation_checks).values(**values))


async def find_last_check(db: Executor) -> IsolationCheck | None:
    rows = await db.execute(select(*_COLUMNS).order_by(isolation_checks.c.ran_at.desc()).limit(1))
    row = rows.one_or_none()
    return IsolationCheck(**row._mapping) if row else None


async def is_check_due(db: Executor, every: timedelta) -> bool:
    """Whether the last self-test is older than `every`, or none was ever made."""
    recent = select(isolation_checks.c.id).where(
        isolation_checks.c.ran_at > func.clock_timestamp() - every
    )
    return (await db.execute(recent.limit(1))).one_or_none() is None
