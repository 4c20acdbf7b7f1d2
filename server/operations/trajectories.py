"""The year so far: what was due and what was received, cumulated month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from server.db import trajectories
from server.db.trajectories import DUE, MonthCount, Period
from server.domain import flux as domain
from server.domain.deadlines import end_of_day, local_day
from server.domain.flux import Indicator, MonthPoint
from server.operations.flux import FluxBoard, history, party_key
from server.tenants.transactions import TenantTransaction


async def by_annexe(
    tx: TenantTransaction, boards: Sequence[FluxBoard], basis: Indicator, *, line: str = ""
) -> dict[UUID, tuple[MonthPoint, ...]]:
    """Of the lines that the actor may count together, or of `line` (a party key) alone."""
    keys = {board.computed.facts.id: _keys(board, line) for board in boards}
    if not any(keys.values()):
        return {}
    year = boards[0].year
    first, last = date(year, 1, 1), min(date(year, 12, 31), local_day(tx.now))
    period = Period(
        first=first,
        last=last,
        from_at=end_of_day(first - timedelta(days=1)),
        until_at=end_of_day(last),
    )
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
    events: list[domain.FluxEvent] = []
    received: Counter[int] = Counter()
    for row in rows:
        if row.bailleur_id != board.computed.facts.bailleur_id or row.insee not in here:
            continue
        if row.kind == DUE:
            on = date(last.year, row.month, 1)
            events.extend([domain.FluxEvent(insee=row.insee, on=on)] * row.number)
        elif _party(row) in keys:
            received[row.month] += row.number
    return domain.trajectory(events, history([board.computed]), received, keys, last)


def _party(row: MonthCount) -> str:
    return party_key(row.reservataire_id, row.contingent or "none") if row.reservataire_id else ""
