"""The self-test of isolation: the catalog as reviewed, and attempts that must all fail.

The same questions serve the tests and `portail check isolation` on a database in use: the catalog
is read, the attempts are undone, and no row of anybody is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from server.tenants.audit.catalog import Finding, examine
from server.tenants.audit.checks import CHECKS
from server.tenants.audit.probes import probe

__all__ = ["Finding", "Report", "inspect"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one self-test looked at and what it found; sound when `findings` is empty."""

    checks: int
    probes: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        return not self.findings


def inspect(dsn: str, *, is_demo: bool = False) -> Report:
    """Examine the database as the login of `dsn`, one without power; a second or two."""
    with psycopg.connect(dsn, autocommit=True, application_name="portail check") as connection:
        findings = list(examine(connection, is_demo=is_demo))
        count, leaks = probe(connection)
    return Report(checks=len(CHECKS) + 1, probes=count, findings=(*findings, *leaks))
