"""Reading scenarios: one's own, or those that a bailleur shows; two of them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from server.db import annexes as annexe_rows
from server.db import scenarios as rows
from server.db.paging import Page, PageRequest
from server.db.scenarios import Draw, Figures, ScenarioRow, Share
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations.scenarios.results import Paired, paired
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A line of the list; `draw` and `share_count` are the bailleur's own."""

    row: ScenarioRow
    draw: Draw | None
    share_count: int


@dataclass(frozen=True, kw_only=True)
class ReadScenario:
    """A scenario and what the reader may know of it.

    `figures`: every party for its bailleur and for the préfecture, its own lines for a
    réservataire. `shares` are the bailleur's; of the others, their own.
    """

    row: ScenarioRow
    figures: tuple[Figures, ...]
    draw: Draw | None
    shares: tuple[Share, ...]

    def of(self, position: int) -> Figures | None:
        return next((one for one in self.figures if one.position == position), None)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two scenarios of one year; `paired` holds what the drawn years say, party by party, when
    both were drawn on the same base: None otherwise.
    """

    first: ReadScenario
    second: ReadScenario
    paired: Mapping[str, Paired] | None


def is_own(tx: TenantTransaction) -> bool:
    return tx.actor.capacity is Capacity.BAILLEUR


async def list_page(tx: TenantTransaction, request: PageRequest) -> Page[Listed]:
    """The last changed first."""
    require(tx.actor, Permission.SCENARIO_READ)
    found = await rows.page_scenarios(tx, request)
    ids = [one.id for one in found.items]
    draws = await rows.find_draws(tx, ids) if is_own(tx) else {}
    shares = await rows.count_shares(tx, ids) if is_own(tx) else {}
    return Page(
        items=tuple(
            Listed(row=one, draw=draws.get(one.id), share_count=shares.get(one.id, 0))
            for one in found.items
        ),
        end_cursor=found.end_cursor,
        has_next=found.has_next,
    )


async def get(tx: TenantTransaction, scenario_id: UUID) -> ReadScenario:
    """NotFound for a stranger, and once the share was taken back."""
    return (await _read(tx, [scenario_id]))[0]


async def _read(tx: TenantTransaction, ids: list[UUID]) -> list[ReadScenario]:
    require(tx.actor, Permission.SCENARIO_READ)
    found = await rows.find_scenarios(tx, ids)
    if not set(ids) <= set(found):
        raise NotFound
    figures = await rows.list_figures(tx, ids)
    shares = await rows.list_shares(tx, ids)
    draws = await rows.find_draws(tx, ids) if is_own(tx) else {}
    return [
        ReadScenario(
            row=found[one],
            figures=tuple(figures.get(one, ())),
            draw=draws.get(one),
            shares=tuple(shares.get(one, ())),
        )
        for one in ids
    ]


async def read_all(tx: TenantTransaction, ids: list[UUID]) -> list[ReadScenario]:
    """Several, in the order asked."""
    return await _read(tx, ids)


async def last_other(tx: TenantTransaction, scenario_id: UUID) -> UUID | None:
    """Another one to compare with: the last changed."""
    require(tx.actor, Permission.SCENARIO_READ)
    return await rows.find_other(tx, scenario_id)


async def compare(tx: TenantTransaction, first: UUID, second: UUID) -> Compared:
    """Whoever reads both may compare them; the years are paired for their bailleur only."""
    one, other = await _read(tx, [first, second])
    return Compared(first=one, second=other, paired=await _paired(tx, one, other))


async def _paired(
    tx: TenantTransaction, one: ReadScenario, other: ReadScenario
) -> Mapping[str, Paired] | None:
    both = (one.draw, other.draw)
    if not all(draw is not None and draw.state == "done" for draw in both):
        return None
    is_same = len({(draw.seed, draw.wanted) for draw in both if draw}) == 1
    if not is_same or one.row.counted_on != other.row.counted_on:
        return None
    years = []
    for found in (one, other):
        _, served = await rows.read_years(tx, found.row.id)
        years.append(((found.draw.parties or []) if found.draw else [], served))
    return paired(years[0], years[1])


async def choices(tx: TenantTransaction) -> tuple[dict[str, str], tuple[int, int]]:
    """SIREN → name of the EPCI, and the years, of a scenario to make."""
    require(tx.actor, Permission.SCENARIO_PREPARE)
    this_year = local_day(tx.now).year
    found = await annexe_rows.list_stock_epcis(tx, tx.actor.tenant_id)
    return found, (this_year + 1, this_year)
