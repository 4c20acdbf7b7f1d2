"""The lines of the journal that the ledger counts, each with its vacancy and its party."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from server.db.assiette import is_qpv_on
from server.db.mergers import code_on
from server.db.orientations import LINE_CONTINGENT, LINE_PARTY
from server.db.paging import Executor
from server.db.tables import (
    commune_zones,
    dwellings,
    journal,
    ledger_moves,
    ledgers,
    orientations,
    urgences,
    vacancies,
)
from server.domain.flux import Indicator
from server.domain.ledger import DEFERRED
from server.domain.orientations import ENGAGED_STATES, State
from server.domain.postings import Kind, spread_at

SETTLING = timedelta(hours=1)
"""No transaction lasts that long: what was recorded before is posted or was never committed."""

MOST_ANSWERS = 500
_REFUSAL = "orientation.refuse"
_BEFORE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class LedgerEvent:
    """A line of the journal that the ledger counts, with its vacancy and who is concerned.

    `strata` is what the vacancy kept at its registration; the other columns make it again.
    `posted`: how many of its moves the ledger has already, when it is charged month by month.
    """

    id: UUID
    at: datetime
    act: str
    from_state: str | None
    to_state: str | None
    vacancy_id: UUID
    registered_at: datetime
    strata: dict[str, str] | None
    insee: str
    typology: str
    financing: str
    built_year: int
    is_qpv: bool
    zone: str | None
    orientation_id: UUID | None
    reservataire_id: UUID | None
    contingent: str | None
    is_droit_unique: bool
    posted: int = 0


_COUNTED_KINDS = ("vacancy", "orientation", "urgence")
_ENGAGED = tuple(state.value for state in ENGAGED_STATES)


def _moves_ledger() -> Any:
    """As `postings.is_event`: registered, kept, allotted; or an offer that begins or ceases to hold
    its dwelling, or whose refusal is taken back.
    """
    was = func.coalesce(journal.c.from_state.in_(_ENGAGED), False)
    becomes = func.coalesce(journal.c.to_state.in_(_ENGAGED), False)
    return or_(
        journal.c.act == "vacancy.registered",
        journal.c.act.like("vacancy.kept%"),
        journal.c.act == "urgence.applied",
        and_(journal.c.subject_kind == "orientation", or_(was != becomes, _is_undone(journal))),
    )


def _is_undone(lines: Any) -> Any:
    """As `postings.is_refusal_undone`."""
    return and_(lines.c.from_state == State.REFUSED, lines.c.to_state == State.WITHDRAWN)


def _insee() -> Any:
    """The commune of the dwelling on the day it was freed."""
    return code_on(vacancies.c.insee, vacancies.c.registered_on)


def _zone() -> Any:
    zone = commune_zones.c
    return (
        select(zone.zone)
        .where(zone.insee == _insee(), zone.from_on <= vacancies.c.registered_on)
        .order_by(zone.from_on.desc())
        .limit(1)
        .scalar_subquery()
    )


_IS_URGENCE = journal.c.subject_kind == "urgence"


def _party() -> Iterator[Any]:
    """The line of the annexe that an offer counts on, or whom the préfet charges."""
    charged = urgences.c.charged_reservataire_id, urgences.c.charged_contingent
    for name, urgent, offered in zip(
        ("reservataire_id", "contingent"),
        charged,
        (LINE_PARTY.element, LINE_CONTINGENT.element),
        strict=True,
    ):
        yield case((_IS_URGENCE, urgent), else_=offered).label(name)


def _events() -> Select[Any]:
    """The lines that move the ledger, in the order in which they were recorded."""
    return (
        select(
            *(journal.c[name] for name in ("id", "at", "act", "from_state", "to_state")),
            vacancies.c.id.label("vacancy_id"),
            *(vacancies.c[name] for name in ("registered_at", "strata")),
            _insee().label("insee"),
            *(dwellings.c[name] for name in ("typology", "financing", "built_year")),
            is_qpv_on(vacancies.c.registered_on).label("is_qpv"),
            _zone().label("zone"),
            orientations.c.id.label("orientation_id"),
            *_party(),
            orientations.c.droit_unique_id.is_not(None).label("is_droit_unique"),
        )
        .select_from(_sources())
        .where(journal.c.subject_kind.in_(_COUNTED_KINDS), _moves_ledger())
        .order_by(journal.c.id)
    )


def _sources() -> Any:
    """A line of the journal, the offer or the urgency that it speaks of, and the vacancy."""
    is_offer = journal.c.subject_kind == "orientation"
    # a CASE, that the policies let the index of the vacancies answer, where a COALESCE reads all
    vacancy_id = case(
        (orientations.c.id.is_not(None), orientations.c.vacancy_id),
        (urgences.c.id.is_not(None), urgences.c.vacancy_id),
        else_=journal.c.subject_id,
    )
    return (
        journal.outerjoin(orientations, and_(is_offer, orientations.c.id == journal.c.subject_id))
        .outerjoin(urgences, and_(_IS_URGENCE, urgences.c.id == journal.c.subject_id))
        .join(vacancies, vacancies.c.id == vacancy_id)
        .join(
            dwellings,
            and_(
                dwellings.c.id == vacancies.c.dwelling_id,
                dwellings.c.bailleur_id == vacancies.c.bailleur_id,
            ),
        )
    )


async def list_unposted(db: Executor, bailleur_id: UUID, now: datetime) -> list[LedgerEvent]:
    """The events of a bailleur that its ledger has not yet, the first recorded first; with them
    the urgencies of which a part is to be charged by now.

    Their lines are asked first: PostgreSQL, which then knows how few they are, reads no year of
    vacancies.
    """
    settled = (
        select(func.min(ledgers.c.settled_at))
        .where(ledgers.c.bailleur_id == bailleur_id)
        .scalar_subquery()
    )
    posted = (
        select(ledger_moves.c.event_id)
        .where(ledger_moves.c.bailleur_id == bailleur_id, ledger_moves.c.event_id == journal.c.id)
        .exists()
    )
    fresh = select(journal.c.id, literal(0).label("posted"), null().label("at")).where(
        journal.c.bailleur_id == bailleur_id,
        journal.c.subject_kind.in_(_COUNTED_KINDS),
        _moves_ledger(),
        # GREATEST passes over the null, and is a bound of the index where a COALESCE is not
        journal.c.recorded_at > func.greatest(settled - SETTLING, _BEFORE),
        ~posted,
    )
    lines = await db.execute(union_all(fresh, _spreading(bailleur_id)))
    unposted = {
        row.id: row.posted
        for row in lines
        if row.at is None or spread_at(row.at, row.posted - 1) <= now
    }
    if not unposted:
        return []
    named = journal.c.id == any_(literal(list(unposted), ARRAY(Uuid)))
    rows = await db.execute(_events().where(journal.c.bailleur_id == bailleur_id, named))
    return [LedgerEvent(**row._mapping, posted=unposted[row.id]) for row in rows]


def _spreading(bailleur_id: UUID) -> Select[Any]:
    """The urgencies that are not wholly charged yet: how many moves they have, and since when."""
    move = ledger_moves.c
    put_off = func.sum(move.amounts[DEFERRED].astext.cast(Integer))
    return (
        select(
            move.event_id.label("id"),
            (func.max(move.part) + 1).label("posted"),
            func.min(move.at).label("at"),
        )
        .where(
            move.bailleur_id == bailleur_id,
            move.basis == Indicator.ORIENTED,
            move.kind == Kind.SPREAD,
        )
        .group_by(move.event_id)
        .having(put_off != 0)
    )


async def list_events(db: Executor, bailleur_id: UUID) -> list[LedgerEvent]:
    """All of them, posted or not: what a ledger is made again from."""
    rows = await db.execute(_events().where(journal.c.bailleur_id == bailleur_id))
    return [LedgerEvent(**row._mapping) for row in rows]


async def find_refusal(db: Executor, orientation_id: UUID) -> LedgerEvent | None:
    """The refusal of an offer, as the ledger met it."""
    named = and_(journal.c.subject_id == orientation_id, journal.c.to_state == State.REFUSED)
    row = (await db.execute(_events().where(named))).one_or_none()
    return LedgerEvent(**row._mapping) if row else None


async def list_answers(db: Executor, event: LedgerEvent) -> list[tuple[bool, dict[str, str]]]:
    """Whether the party refused, and the strata, of its answers up to this one, newest first; a
    refusal that was taken back by then is none.
    """
    undone = journal.alias("undone")
    rows = await db.execute(
        select(journal.c.act, vacancies.c.strata)
        .select_from(_sources())
        .where(
            journal.c.bailleur_id == vacancies.c.bailleur_id,
            journal.c.act.in_((_REFUSAL, "orientation.accept", "orientation.tacit")),
            LINE_PARTY.element == event.reservataire_id,
            LINE_CONTINGENT.element == event.contingent,
            journal.c.id <= event.id,
            vacancies.c.strata.is_not(None),
            ~select(undone.c.id)
            .where(
                undone.c.subject_id == journal.c.subject_id,
                undone.c.id < event.id,
                _is_undone(undone),
            )
            .exists(),
        )
        .order_by(journal.c.id.desc())
        .limit(MOST_ANSWERS)
    )
    return [(row.act == _REFUSAL, row.strata) for row in rows]
