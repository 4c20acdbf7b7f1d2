"""The year so far: what was due and what was received, cumulated month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from server.db import trajectories
from server.db.trajectories import DUE, MonthCount, Period
from server.domain import flux as domain
from server.domain.flux import Indicator, MonthPoint
from server.operations.flux import FluxBoard, bounds, last_day, party_key
from server.tenants.transactions import TenantTransaction


async def by_annexe(
    tx: TenantTransaction,
    boards: Sequence[FluxBoard],
    basis: Indicator,
    *,
    line: str = "",
    until: date | None = None,
) -> dict[UUID, tuple[MonthPoint, ...]]:
    """Of the lines that the actor may count together, or of `line` (a party key) alone."""
    keys = {board.computed.facts.id: _keys(board, line) for board in boards}
    if not any(keys.values()):
        return {}
    year = boards[0].year
    last = last_day(year, until, tx)
    from_at, until_at = bounds(year, until, tx)
    period = Period(first=date(year, 1, 1), last=last, from_at=from_at, until_at=until_at)
    owners = {board.computed.facts.bailleur_id for board in boards}
    only = owners.pop() if len(owners) == 1 else None
    rows = await trajectories.count_by_month(tx, period, basis.value, bailleur_id=only)
    return {
        board.computed.facts.id: _trajectory(board, rows, keys[board.computed.facts.id], last)
        for board in boards
        if keys[board.computed.facts.id]
    }


def _keys(board: FluxBoard, line: str) -> set[str]:
    counted = {one.party_key for one in board.lines if one.position is not None}
    return counted & {line} if line else counted


def _trajectory(
    board: FluxBoard, rows: Iterable[MonthCount], keys: Collection[str], last: date
) -> tuple[MonthPoint, ...]:
    here = {share.stock.insee for share in board.computed.annexe.communes}
    due: Counter[int] = Counter()
    received: Counter[int] = Counter()
    for row in rows:
        is_here = row.bailleur_id == board.computed.facts.bailleur_id and row.insee in here
        if is_here and party_key(row.reservataire_id, row.contingent) in keys:
            (due if row.kind == DUE else received)[row.month] += row.number
    return domain.trajectory(due, received, last)
