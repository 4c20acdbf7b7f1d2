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
    String,
    Uuid,
    func,
    literal,
    null,
    select,
    union_all,
)

from server.db.orientations import counted
from server.db.paging import Executor
from server.db.tables import orientations, urgences, vacancies
from server.db.tables.orientations import FLUX_NATURES

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
    """Vacancies of a commune (`kind` DUE, no réservataire) or dwellings received (RECEIVED)."""

    kind: str
    bailleur_id: UUID
    insee: str
    month: int
    reservataire_id: UUID | None
    contingent: str | None
    number: int


async def count_by_month(
    db: Executor, period: Period, indicator: str, *, bailleur_id: UUID | None = None
) -> list[MonthCount]:
    """`indicator`: oriented, attributed or leased, counted as in `server.db.flux`."""
    parts = [_entered(period), _received(period, indicator)]
    if indicator != "leased":
        parts.append(_charged(period))
    found = union_all(*parts).subquery()
    statement = select(found)
    if bailleur_id is not None:
        statement = statement.where(found.c.bailleur_id == bailleur_id)
    return [MonthCount(**row._mapping) for row in await db.execute(statement)]


def _month(day: ColumnElement[Any]) -> ColumnElement[int]:
    return func.date_part("month", day).cast(Integer).label("month")


def _entered(period: Period) -> Select[Any]:
    month = _month(vacancies.c.registered_on)
    return (
        select(
            literal(DUE).label("kind"),
            vacancies.c.bailleur_id,
            vacancies.c.insee,
            month,
            null().cast(Uuid).label("reservataire_id"),
            null().cast(String).label("contingent"),
            func.count().label("number"),
        )
        .where(
            vacancies.c.registered_on.between(period.first, period.last),
            vacancies.c.state != "cancelled",
            vacancies.c.nature.in_(FLUX_NATURES),
        )
        .group_by(vacancies.c.bailleur_id, vacancies.c.insee, month)
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
        orientations.c.reservataire_id,
        orientations.c.contingent,
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
