"""Scenarios as whoever asks may read them: heads, figures, shares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select

from server.db.paging import Executor, Page, PageRequest, fetch_page
from server.db.tables import (
    epcis,
    scenario_draws,
    scenario_figures,
    scenario_shares,
    scenarios,
    tenants,
)


@dataclass(frozen=True, kw_only=True)
class ScenarioRow:
    """A scenario without its base; `epci_name` is None when it is about the whole stock."""

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    name: str
    year: int
    epci_siren: str | None
    epci_name: str | None
    hypotheses: dict[str, Any]
    changes: list[dict[str, Any]]
    tables: dict[str, Any]
    counted_on: date
    revision: int
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one party may expect; `reservataire_id` is None for the bailleur's own share."""

    position: int
    reservataire_id: UUID | None
    contingent: str
    name: str
    figures: dict[str, Any]
    drawn: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Share:
    """A party that reads a scenario, or did; `revoked_at` is None while it does."""

    id: UUID
    scenario_id: UUID
    tenant_id: UUID
    tenant_name: str
    capacity: str
    shared_at: datetime
    shared_by: str
    revoked_at: datetime | None


_HEAD = tuple(
    scenarios.c[name]
    for name in (
        *("id", "bailleur_id", "name", "year", "epci_siren", "hypotheses", "changes", "tables"),
        *("counted_on", "revision", "changed_at"),
    )
)


def _heads() -> Select[Any]:
    return (
        select(*_HEAD, tenants.c.name.label("bailleur_name"), epcis.c.name.label("epci_name"))
        .join(tenants, tenants.c.id == scenarios.c.bailleur_id)
        .outerjoin(epcis, epcis.c.siren == scenarios.c.epci_siren)
    )


def _row(row: Row[Any]) -> ScenarioRow:
    values = {name: value for name, value in row._mapping.items() if name != "cursor_at"}
    return ScenarioRow(**values)


async def page_scenarios(db: Executor, request: PageRequest) -> Page[ScenarioRow]:
    """The last changed first."""
    at = scenarios.c.changed_at
    return await fetch_page(
        db,
        _heads().add_columns(at.label("cursor_at")),
        instant=at,
        row_id=scenarios.c.id,
        request=request,
        read=_row,
    )


async def find_scenarios(db: Executor, ids: Collection[UUID]) -> dict[UUID, ScenarioRow]:
    rows = await db.execute(_heads().where(scenarios.c.id.in_(ids)))
    return {row.id: _row(row) for row in rows}


async def read_base(db: Executor, scenario_id: UUID) -> dict[str, Any] | None:
    """The stock and the rights that it starts from (the bailleur's alone)."""
    rows = await db.execute(select(scenarios.c.base).where(scenarios.c.id == scenario_id))
    found: dict[str, Any] | None = rows.scalar_one_or_none()
    return found


async def list_figures(db: Executor, ids: Collection[UUID]) -> dict[UUID, list[Figures]]:
    """Those that the actor may read, in the order of the annexe, the bailleur last."""
    table = scenario_figures.c
    rows = await db.execute(
        select(
            table.scenario_id,
            table.position,
            table.reservataire_id,
            table.contingent,
            table.name,
            table.figures,
            table.drawn,
        )
        .where(table.scenario_id.in_(ids))
        .order_by(table.scenario_id, table.position)
    )
    found: dict[UUID, list[Figures]] = {}
    for row in rows:
        values = dict(row._mapping)
        found.setdefault(values.pop("scenario_id"), []).append(Figures(**values))
    return found


async def list_shares(db: Executor, ids: Collection[UUID]) -> dict[UUID, list[Share]]:
    """Those of each scenario that the actor may read, the oldest first."""
    table = scenario_shares.c
    rows = await db.execute(
        select(
            table.id,
            table.scenario_id,
            table.tenant_id,
            tenants.c.name.label("tenant_name"),
            table.capacity,
            table.shared_at,
            table.shared_by,
            table.revoked_at,
        )
        .join(tenants, tenants.c.id == table.tenant_id)
        .where(table.scenario_id.in_(ids))
        .order_by(table.shared_at, table.id)
    )
    found: dict[UUID, list[Share]] = {}
    for row in rows:
        found.setdefault(row.scenario_id, []).append(Share(**row._mapping))
    return found


async def find_other(db: Executor, scenario_id: UUID) -> UUID | None:
    """The last changed of those that the actor reads, that one left aside."""
    rows = await db.execute(
        select(scenarios.c.id)
        .where(scenarios.c.id != scenario_id)
        .order_by(scenarios.c.changed_at.desc(), scenarios.c.id.desc())
        .limit(1)
    )
    found: UUID | None = rows.scalar_one_or_none()
    return found


async def count_shares(db: Executor, ids: Collection[UUID]) -> dict[UUID, int]:
    """Running shares of each scenario."""
    table = scenario_shares.c
    rows = await db.execute(
        select(table.scenario_id, func.count().label("number"))
        .where(table.scenario_id.in_(ids), table.revoked_at.is_(None))
        .group_by(table.scenario_id)
    )
    return {row.scenario_id: row.number for row in rows}


async def find_owner(db: Executor, scenario_id: UUID) -> UUID | None:
    """Whose drawn years they are (role system, which reads nothing else of them)."""
    found = await db.execute(
        select(scenario_draws.c.bailleur_id).where(scenario_draws.c.scenario_id == scenario_id)
    )
    owner: UUID | None = found.scalar_one_or_none()
    return owner
