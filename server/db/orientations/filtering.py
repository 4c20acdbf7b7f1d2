"""What a list of offers keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, literal_column, or_, select

from server.db.tables import annexe_communes, orientations


@dataclass(frozen=True, kw_only=True)
class OrientationFilter:
    """What a list of orientations keeps; every field left out keeps all.

    With `at`, `states` are those of the law at this instant, recorded or not. `year`: those that
    the position of the flux of this year counts, by `indicator` (oriented, attributed, leased).
    With `annexe_id` the réservataire is the one of the line, its droits uniques apart, else also
    who answers in its place;
    `addressee_id`: who answers, and nobody else. `departs_from_advice`: with a motif, which the
    bailleur alone may ask.
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
    addressee_id: UUID | None = None
    departs_from_advice: bool = False


# The line of the annexe that an offer counts on: the one of its holder when another body answers
# in its place (substitution by the préfet, merger), and a holder has no contingent.
LINE_PARTY = orientations.c.line_party_id.label("reservataire_id")
LINE_CONTINGENT = case(
    (orientations.c.holder_id.is_(None), orientations.c.contingent),
    else_=literal_column("'none'"),
).label("contingent")


def matching(wanted: OrientationFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter, but the states: these depend on the instant."""
    for column, value in (
        (orientations.c.insee, wanted.insee),
        (orientations.c.reservataire_id, wanted.addressee_id),
        (orientations.c.bailleur_id, wanted.bailleur_id),
        (orientations.c.vacancy_id, wanted.vacancy_id),
        (orientations.c.dwelling_id, wanted.dwelling_id),
    ):
        if value is not None:
            yield column == value
    if wanted.departs_from_advice:
        yield orientations.c.departure_motif.is_not(None)
    yield from _of_party(wanted)
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


def _of_party(wanted: OrientationFilter) -> Iterator[ColumnElement[bool]]:
    of_line = wanted.annexe_id is not None
    if wanted.reservataire_id is not None:
        of_holder = LINE_PARTY.element == wanted.reservataire_id
        addressed = orientations.c.reservataire_id == wanted.reservataire_id
        yield of_holder if of_line else or_(addressed, of_holder)
        if of_line:
            yield orientations.c.droit_unique_id.is_(None)
    if wanted.contingent is not None:
        contingent = LINE_CONTINGENT.element if of_line else orientations.c.contingent
        yield contingent == wanted.contingent


def counted(indicator: str, from_on: date, until_on: date) -> ColumnElement[bool]:
    """What an indicator counts of a period (domain.md Q13): an offer withdrawn before any answer
    is not oriented; an attribution and a lease count in the year of their own date.
    """
    days = {"attributed": orientations.c.attributed_on, "leased": orientations.c.leased_on}
    if indicator in days:
        return days[indicator].between(from_on, until_on)
    answered = or_(orientations.c.state != "withdrawn", orientations.c.accepted_on.is_not(None))
    return and_(orientations.c.sent_on.between(from_on, until_on), answered)


def dated(from_on: date, until_on: date) -> ColumnElement[bool]:
    """What an indicator may count of a period: each of the three days has its index, so that the
    years before are not read.
    """
    days = (orientations.c[name] for name in ("sent_on", "attributed_on", "leased_on"))
    return or_(*(day.between(from_on, until_on) for day in days))
