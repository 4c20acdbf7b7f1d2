"""What entered the flux and what was received, month by month of a year: one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    func,
    literal,
    select,
    union_all,
)

from server.db.mergers import code_on
from server.db.orientations import LINE_CONTINGENT, LINE_PARTY, counted
from server.db.paging import Executor
from server.db.tables import ledger_entries, orientations, urgences
from server.domain.postings import DUE_KINDS

DUE, RECEIVED = "due", "received"


@dataclass(frozen=True, kw_only=True)
class Period:
    """The same days, as dates and as instants."""

    first: date
    last: date
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, kw_only=True)
class MonthCount:
    """What was due (`kind` DUE, 1/10 000 dwelling) or received (RECEIVED, dwellings) by a line."""

    kind: str
    bailleur_id: UUID
    insee: str
    month: int
    reservataire_id: UUID
    contingent: str
    number: int


async def count_by_month(
    db: Executor, period: Period, indicator: str, *, bailleur_id: UUID | None = None
) -> list[MonthCount]:
    """`indicator`: oriented, attributed or leased, counted as in `server.db.flux`."""
    parts = [_due(period, indicator), _received(period, indicator)]
    if indicator != "leased":
        parts.append(_charged(period))
    found = union_all(*parts).subquery()
    statement = select(found)
    if bailleur_id is not None:
        statement = statement.where(found.c.bailleur_id == bailleur_id)
    return [MonthCount(**row._mapping) for row in await db.execute(statement)]


def _month(day: ColumnElement[Any]) -> ColumnElement[int]:
    return func.date_part("month", day).cast(Integer).label("month")


def _due(period: Period, indicator: str) -> Select[Any]:
    """What the ledger owed to each line, in 1/10 000 dwelling: the part of each in the moves."""
    entry = ledger_entries.c
    month = _month(func.timezone("Europe/Paris", entry.at))
    written = entry.strata["commune"].astext.label("insee")
    keys = (entry.bailleur_id, written, month, entry.reservataire_id, entry.contingent)
    owed = (
        select(*keys, func.sum(entry.amount).cast(Integer).label("number"))
        .where(
            entry.basis == indicator,
            entry.kind.in_(tuple(DUE_KINDS)),
            entry.at >= period.from_at,
            entry.at < period.until_at,
        )
        .group_by(*keys)
        .subquery()
    )
    return select(
        literal(DUE).label("kind"),
        owed.c.bailleur_id,
        code_on(owed.c.insee, period.last).label("insee"),
        *(owed.c[name] for name in ("month", "reservataire_id", "contingent", "number")),
    )


def _received(period: Period, indicator: str) -> Select[Any]:
    days = {
        "oriented": orientations.c.sent_on,
        "attributed": orientations.c.attributed_on,
        "leased": orientations.c.leased_on,
    }
    day = days[indicator]
    keys = (
        orientations.c.bailleur_id,
        orientations.c.insee,
        _month(day),
        LINE_PARTY,
        LINE_CONTINGENT,
    )
    return (
        select(literal(RECEIVED).label("kind"), *keys, func.count().label("number"))
        .where(counted(indicator, period.first, period.last))
        .group_by(*keys)
    )


def _charged(period: Period) -> Select[Any]:
    """An urgency charged to a réservataire is oriented and attributed on its decision."""
    keys = (
        urgences.c.bailleur_id,
        urgences.c.insee,
        _month(func.timezone("Europe/Paris", urgences.c.decided_at)),
        urgences.c.charged_reservataire_id.label("reservataire_id"),
        urgences.c.charged_contingent.label("contingent"),
    )
    return (
        select(literal(RECEIVED).label("kind"), *keys, func.count().label("number"))
        .where(
            urgences.c.charged_reservataire_id.is_not(None),
            urgences.c.decided_at >= period.from_at,
            urgences.c.decided_at < period.until_at,
        )
        .group_by(*keys)
    )
