"""What a list of offers keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from server.db.tables import annexe_communes, orientations


@dataclass(frozen=True, kw_only=True)
class OrientationFilter:
    """What a list of orientations keeps; every field left out keeps all.

    With `at`, `states` are those of the law at this instant, recorded or not. `year`: those that
    the position of the flux of this year counts, by `indicator` (oriented, attributed, leased).
    """

    states: tuple[str, ...] = ()
    at: datetime | None = None
    insee: str | None = None
    reservataire_id: UUID | None = None
    contingent: str | None = None
    bailleur_id: UUID | None = None
    vacancy_id: UUID | None = None
    vacancy_ids: tuple[UUID, ...] = ()
    dwelling_id: UUID | None = None
    annexe_id: UUID | None = None
    year: int | None = None
    indicator: str = "oriented"


def matching(wanted: OrientationFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter, but the states: these depend on the instant."""
    for column, value in (
        (orientations.c.insee, wanted.insee),
        (orientations.c.reservataire_id, wanted.reservataire_id),
        (orientations.c.contingent, wanted.contingent),
        (orientations.c.bailleur_id, wanted.bailleur_id),
        (orientations.c.vacancy_id, wanted.vacancy_id),
        (orientations.c.dwelling_id, wanted.dwelling_id),
    ):
        if value is not None:
            yield column == value
    if wanted.vacancy_ids:
        yield orientations.c.vacancy_id.in_(wanted.vacancy_ids)
    if wanted.annexe_id is not None:
        stock = select(annexe_communes.c.insee).where(
            annexe_communes.c.annexe_id == wanted.annexe_id
        )
        yield orientations.c.insee.in_(stock)
    if wanted.year is not None:
        period = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        yield counted(wanted.indicator, *period)


def counted(indicator: str, from_on: date, until_on: date) -> ColumnElement[bool]:
    """What an indicator counts of a period (domain.md Q13): an offer withdrawn before any answer
    is not oriented; an attribution and a lease count in the year of their own date.
    """
    days = {"attributed": orientations.c.attributed_on, "leased": orientations.c.leased_on}
    if indicator in days:
        return days[indicator].between(from_on, until_on)
    answered = or_(orientations.c.state != "withdrawn", orientations.c.accepted_on.is_not(None))
    return and_(orientations.c.sent_on.between(from_on, until_on), answered)
