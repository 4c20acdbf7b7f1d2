"""Reading offers: each reader with the columns that the database grants it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select

from server.db.dwellings import Dwelling, get_dwellings
from server.db.orientations.awaiting import CLOCK_AT, outage_until
from server.db.orientations.filtering import (
    LINE_CONTINGENT,
    LINE_PARTY,
    OrientationFilter,
    matching,
)
from server.db.orientations.in_law import of_candidates, state_at
from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import (
    candidates,
    communes,
    droits_uniques,
    dwellings,
    orientations,
    substitutions,
    tenants,
)
from server.reference import sort_key

SEARCH_LIMIT = 50


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """An offer, as its parties read it; `advice` and `departure_motif` only for the bailleur.

    `holder_id`: whose line of the annexe it is, when another body answers in its place; `decree`:
    by which arrêté of the préfet, if it is a substitution. `programme`: of its droit unique, for
    whom it is owed. `closures`: those of the réservataire that stop its delays. `clock_at`: since
    when its answer is counted; `outage_until`: the end of the
    last outage of the portal since, while it is awaited.
    """

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    reservataire_id: UUID
    reservataire_name: str
    contingent: str
    vacancy_id: UUID
    dwelling_id: UUID
    dwelling: Dwelling | None
    convention_id: UUID
    insee: str
    commune_name: str
    state: str
    rank: int
    version: int
    sent_at: datetime
    sent_on: date
    answer_due_at: datetime
    answer_last_day: date
    answer_receipt: dict[str, Any]
    answer_days: int
    candidate_days: int
    extension_count: int
    acceptance_mode: str | None
    accepted_on: date | None
    answered_at: datetime | None
    refusal_motif: str | None
    candidates_due_at: datetime | None
    candidates_last_day: date | None
    candidates_receipt: dict[str, Any] | None
    closures: list[dict[str, str]]
    searched_by: str
    justification: str | None
    withdrawal_reason: str | None
    attributed_candidate_id: UUID | None
    attributed_on: date | None
    leased_on: date | None
    candidate_count: int
    has_dalo: bool
    clock_at: datetime | None = None
    delivery: str = "delivered"
    delivery_id: UUID | None = None
    delivered_at: datetime | None = None
    delivery_error: str | None = None
    outage_until: datetime | None = None
    holder_id: UUID | None = None
    holder_name: str | None = None
    substitution_id: UUID | None = None
    decree: str | None = None
    departure_motif: str | None = None
    advice: dict[str, Any] | None = None
    droit_unique_id: UUID | None = None
    programme: str | None = None


_BAILLEUR = tenants.alias("bailleur")
_RESERVATAIRE = tenants.alias("reservataire")
_HOLDER = tenants.alias("holder")

_SHARED = (
    orientations.c.id,
    orientations.c.bailleur_id,
    orientations.c.reservataire_id,
    orientations.c.contingent,
    orientations.c.vacancy_id,
    orientations.c.dwelling_id,
    orientations.c.convention_id,
    orientations.c.insee,
    orientations.c.state,
    orientations.c.rank,
    orientations.c.version,
    orientations.c.sent_at,
    orientations.c.sent_on,
    orientations.c.answer_due_at,
    orientations.c.answer_last_day,
    orientations.c.answer_receipt,
    orientations.c.answer_days,
    orientations.c.candidate_days,
    orientations.c.extension_count,
    orientations.c.acceptance_mode,
    orientations.c.accepted_on,
    orientations.c.answered_at,
    orientations.c.refusal_motif,
    orientations.c.candidates_due_at,
    orientations.c.candidates_last_day,
    orientations.c.candidates_receipt,
    orientations.c.closures,
    orientations.c.searched_by,
    orientations.c.justification,
    orientations.c.withdrawal_reason,
    orientations.c.attributed_candidate_id,
    orientations.c.attributed_on,
    orientations.c.leased_on,
    CLOCK_AT.label("clock_at"),
    orientations.c.delivery,
    orientations.c.delivery_id,
    orientations.c.delivered_at,
    orientations.c.delivery_error,
    outage_until(orientations.c.state == "sent").label("outage_until"),
    orientations.c.holder_id,
    orientations.c.substitution_id,
    orientations.c.droit_unique_id,
)


def _statement(*, own: bool, cursor_at: ColumnElement[Any] | None = None) -> Select[Any]:
    """`own`: the bailleur reads its advice too; the database grants it to nobody else."""
    private = (orientations.c.advice, orientations.c.departure_motif) if own else ()
    return (
        select(
            *_SHARED,
            *private,
            (orientations.c.sent_at if cursor_at is None else cursor_at).label("cursor_at"),
            _BAILLEUR.c.name.label("bailleur_name"),
            _RESERVATAIRE.c.name.label("reservataire_name"),
            _HOLDER.c.name.label("holder_name"),
            substitutions.c.decree,
            droits_uniques.c.programme,
            communes.c.name.label("commune_name"),
            of_candidates(func.count()).label("candidate_count"),
            of_candidates(func.coalesce(func.bool_or(candidates.c.is_dalo), False)).label(
                "has_dalo"
            ),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == orientations.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == orientations.c.reservataire_id)
        .outerjoin(_HOLDER, _HOLDER.c.id == orientations.c.holder_id)
        .outerjoin(substitutions, substitutions.c.id == orientations.c.substitution_id)
        .outerjoin(droits_uniques, droits_uniques.c.id == orientations.c.droit_unique_id)
        .join(communes, communes.c.insee == orientations.c.insee)
    )


def _orientation(row: Row[Any]) -> Orientation:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return Orientation(**values, dwelling=None)


async def _with_dwellings(
    db: Executor, items: Collection[Orientation], *, with_address: bool
) -> tuple[Orientation, ...]:
    found = await get_dwellings(db, (item.dwelling_id for item in items), with_address=with_address)
    return tuple(
        Orientation(**{**vars(item), "dwelling": found.get(item.dwelling_id)}) for item in items
    )


async def list_orientations(
    db: Executor,
    request: PageRequest,
    wanted: OrientationFilter,
    *,
    own: bool,
    with_address: bool = True,
    due_first: bool = False,
) -> Page[Orientation]:
    """Newest first, or the nearest deadline first, unless `request` asks for another order; two
    statements whatever the length.
    """
    default = Sort(code="echeance" if due_first else "envoi", is_descending=not due_first)
    order = sorted_by(request, _orders(), default)
    statement = _statement(own=own, cursor_at=order.key).where(*matching(wanted))
    if wanted.states:
        state = _state(wanted.at, sees_candidates=with_address)
        statement = statement.where(state.in_(wanted.states))
    page = await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=orientations.c.id,
        request=request,
        read=_orientation,
        ascending=not order.is_descending,
    )
    items = await _with_dwellings(db, page.items, with_address=with_address)
    return Page(items=items, end_cursor=page.end_cursor, has_next=page.has_next)


def _orders() -> dict[str, ColumnElement[Any]]:
    return {"echeance": _due_at(), "envoi": orientations.c.sent_at, "commune": communes.c.sort_name}


def _due_at() -> ColumnElement[datetime]:
    """The deadline that runs: of the answer, then of the candidates."""
    searching = func.coalesce(orientations.c.candidates_due_at, orientations.c.answer_due_at)
    return case((orientations.c.state == "sent", orientations.c.answer_due_at), else_=searching)


def _state(at: datetime | None, *, sees_candidates: bool) -> ColumnElement[str]:
    """As recorded, or in law at an instant."""
    if at is None:
        return orientations.c.state
    return state_at(at, sees_candidates=sees_candidates)


async def count_by_state(
    db: Executor,
    *,
    at: datetime | None = None,
    addressee_id: UUID | None = None,
    sees_candidates: bool = True,
) -> dict[str, int]:
    """Per stored state, or with `at` per state of the law at this instant; `addressee_id`: those
    that this one answers, without those that it only reads.
    """
    state = _state(at, sees_candidates=sees_candidates).label("state")
    addressed = matching(OrientationFilter(addressee_id=addressee_id))
    states = select(state).where(*addressed).subquery()
    rows = await db.execute(
        select(states.c.state, func.count().label("number")).group_by(states.c.state)
    )
    return {row.state: row.number for row in rows}


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Between whom and where there are offers: what the filters of a list may offer."""

    communes: dict[str, str]
    bailleurs: dict[UUID, str]
    reservataires: dict[UUID, str]
    contingents: frozenset[str]


async def list_scope(db: Executor) -> Scope:
    keys = (
        orientations.c.insee,
        orientations.c.bailleur_id,
        orientations.c.reservataire_id,
        orientations.c.contingent,
    )
    seen = select(*keys).distinct().subquery()
    rows = (
        await db.execute(
            select(
                seen,
                communes.c.name.label("commune_name"),
                _BAILLEUR.c.name.label("bailleur_name"),
                _RESERVATAIRE.c.name.label("reservataire_name"),
            )
            .join(communes, communes.c.insee == seen.c.insee)
            .join(_BAILLEUR, _BAILLEUR.c.id == seen.c.bailleur_id)
            .join(_RESERVATAIRE, _RESERVATAIRE.c.id == seen.c.reservataire_id)
            .order_by(communes.c.sort_name)
        )
    ).all()
    return Scope(
        communes={row.insee: row.commune_name for row in rows},
        bailleurs={row.bailleur_id: row.bailleur_name for row in rows},
        reservataires={row.reservataire_id: row.reservataire_name for row in rows},
        contingents=frozenset(row.contingent for row in rows),
    )


async def search_orientations(
    db: Executor, text: str, *, own: bool, with_address: bool
) -> tuple[Orientation, ...]:
    """Offers whose commune or parties, or dwelling if it may be read, hold every word; at most
    50, newest first.
    """
    statement = _statement(own=own).order_by(orientations.c.sent_at.desc()).limit(SEARCH_LIMIT)
    places: list[ColumnElement[str]] = [
        communes.c.sort_name,
        func.lower(_BAILLEUR.c.name),
        func.lower(_RESERVATAIRE.c.name),
    ]
    if with_address:
        statement = statement.join(dwellings, dwellings.c.id == orientations.c.dwelling_id)
        places += [func.lower(dwellings.c.reference), dwellings.c.sort_address]
    for word in sort_key(text).split():
        pattern = "%" + word.replace("\\", "").replace("%", "").replace("_", "") + "%"
        statement = statement.where(or_(*(place.like(pattern) for place in places)))
    rows = await db.execute(statement)
    return await _with_dwellings(db, [_orientation(row) for row in rows], with_address=with_address)


async def find_orientation(
    db: Executor, orientation_id: UUID, *, own: bool, with_address: bool = True
) -> Orientation | None:
    row = (
        await db.execute(_statement(own=own).where(orientations.c.id == orientation_id))
    ).one_or_none()
    if row is None:
        return None
    return (await _with_dwellings(db, [_orientation(row)], with_address=with_address))[0]


async def get_orientations(
    db: Executor, ids: Iterable[UUID], *, own: bool, with_address: bool = True
) -> dict[UUID, Orientation]:
    """By id, those that the actor may see: two statements whatever the number."""
    rows = await db.execute(_statement(own=own).where(orientations.c.id.in_(set(ids))))
    found = await _with_dwellings(
        db, [_orientation(row) for row in rows], with_address=with_address
    )
    return {row.id: row for row in found}


async def refusers(db: Executor, vacancy_ids: Iterable[UUID]) -> set[tuple[UUID, UUID, str]]:
    """(vacancy, réservataire, contingent) of the lines that had a vacancy and have it no more."""
    keys = (orientations.c.vacancy_id, LINE_PARTY, LINE_CONTINGENT)
    rows = await db.execute(
        select(*keys).where(
            orientations.c.vacancy_id.in_(set(vacancy_ids)),
            orientations.c.state.in_(("refused", "reoriented", "renounced")),
        )
    )
    return {(row.vacancy_id, row.reservataire_id, row.contingent) for row in rows}


async def count_offers(db: Executor, vacancy_id: UUID) -> int:
    rows = await db.execute(select(func.count()).where(orientations.c.vacancy_id == vacancy_id))
    return int(rows.scalar_one())


async def last_sent(db: Executor, *, bailleur_id: UUID) -> dict[tuple[UUID, str], date]:
    """The day of the last offer to each (réservataire, contingent)."""
    rows = await db.execute(
        select(
            orientations.c.reservataire_id,
            orientations.c.contingent,
            func.max(orientations.c.sent_on).label("day"),
        )
        .where(orientations.c.bailleur_id == bailleur_id)
        .group_by(orientations.c.reservataire_id, orientations.c.contingent)
    )
    return {(row.reservataire_id, row.contingent): row.day for row in rows}
