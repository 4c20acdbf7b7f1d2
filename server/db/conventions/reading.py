"""Queries on conventions and their perimeters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Label,
    Row,
    Select,
    and_,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from server.db.mergers import code_on
from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import communes, convention_communes, conventions, tenants
from server.domain.conventions import last_expired_start


@dataclass(frozen=True, kw_only=True)
class Convention:
    """A convention between a bailleur and a réservataire, of this `category`; `mailbox` blank
    blocks sending.
    """

    id: UUID
    bailleur_id: UUID
    reservataire_id: UUID
    reservataire_name: str
    category: str
    state: str
    starts_on: date
    ended_on: date | None
    mailbox: str | None
    answer_days: int
    candidate_days: int
    mutation_rate_bp: int
    indicator: str
    closure_rule: str
    charte_version: str
    perimeter: frozenset[str]


def _perimeter(on: date | None) -> Label[Any]:
    insee = convention_communes.c.insee
    return (
        select(func.array_agg(insee if on is None else code_on(insee, on)))
        .where(convention_communes.c.convention_id == conventions.c.id)
        .scalar_subquery()
        .label("perimeter")
    )


async def list_conventions(
    db: Executor,
    *,
    bailleur_id: UUID | None = None,
    reservataire_id: UUID | None = None,
    on: date | None = None,
) -> list[Convention]:
    """Those that the actor may see; the caller keeps the ones in force on its day. Their perimeters
    as signed or, with `on`, in the communes of that day.
    """
    statement = (
        select(
            conventions.c.id,
            conventions.c.bailleur_id,
            conventions.c.reservataire_id,
            tenants.c.name.label("reservataire_name"),
            tenants.c.category,
            conventions.c.state,
            conventions.c.starts_on,
            conventions.c.ended_on,
            conventions.c.mailbox,
            conventions.c.answer_days,
            conventions.c.candidate_days,
            conventions.c.mutation_rate_bp,
            conventions.c.indicator,
            conventions.c.closure_rule,
            conventions.c.charte_version,
            _perimeter(on),
        )
        .join(tenants, tenants.c.id == conventions.c.reservataire_id)
        .order_by(tenants.c.name, conventions.c.starts_on.desc())
    )
    if bailleur_id is not None:
        statement = statement.where(conventions.c.bailleur_id == bailleur_id)
    if reservataire_id is not None:
        statement = statement.where(conventions.c.reservataire_id == reservataire_id)
    rows = await db.execute(statement)
    return [
        Convention(**{**row._mapping, "perimeter": frozenset(row.perimeter or ())}) for row in rows
    ]


# --- As their parties and the préfecture read them ----------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SignedConvention:
    """A convention with its two parties; `mailbox` is not read by an EPCI, and `communes` are
    those of its perimeter that the actor may read, in alphabetical order.
    """

    id: UUID
    bailleur_id: UUID
    bailleur_name: str
    reservataire_id: UUID
    reservataire_name: str
    state: str
    starts_on: date
    ended_on: date | None
    mailbox: str | None
    answer_days: int
    candidate_days: int
    mutation_rate_bp: int
    indicator: str
    charte_version: str
    model_version: str
    management: str
    closure_rule: str
    version: int
    communes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConventionFilter:
    """What a list of conventions keeps; with `in_force_on`, those that bind on this day if
    `is_in_force`, the others if not.
    """

    bailleur_id: UUID | None = None
    reservataire_id: UUID | None = None
    is_in_force: bool | None = None
    in_force_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Parties:
    """The bailleurs and the réservataires of the conventions that the actor may see."""

    bailleurs: dict[UUID, str]
    reservataires: dict[UUID, str]


_BAILLEUR = tenants.alias("bailleur")
_RESERVATAIRE = tenants.alias("reservataire")
_COMMUNES = (
    select(func.array_agg(aggregate_order_by(communes.c.name, communes.c.sort_name)))
    .join(convention_communes, convention_communes.c.insee == communes.c.insee)
    .where(convention_communes.c.convention_id == conventions.c.id)
    .correlate(conventions)
    .scalar_subquery()
)
ORDERS: Mapping[str, ColumnElement[Any]] = {
    "bailleur": _BAILLEUR.c.name,
    "reservataire": _RESERVATAIRE.c.name,
    "debut": conventions.c.starts_on,
}


def _signed(key: ColumnElement[Any], *, with_mailbox: bool) -> Select[Any]:
    """The database does not grant the mailbox to an EPCI."""
    mailbox = conventions.c.mailbox if with_mailbox else null()
    return (
        select(
            conventions.c.id,
            conventions.c.bailleur_id,
            _BAILLEUR.c.name.label("bailleur_name"),
            conventions.c.reservataire_id,
            _RESERVATAIRE.c.name.label("reservataire_name"),
            conventions.c.state,
            conventions.c.starts_on,
            conventions.c.ended_on,
            mailbox.label("mailbox"),
            conventions.c.answer_days,
            conventions.c.candidate_days,
            conventions.c.mutation_rate_bp,
            conventions.c.indicator,
            conventions.c.charte_version,
            conventions.c.model_version,
            conventions.c.management,
            conventions.c.closure_rule,
            conventions.c.version,
            _COMMUNES.label("communes"),
            key.label("cursor_at"),
        )
        .join(_BAILLEUR, _BAILLEUR.c.id == conventions.c.bailleur_id)
        .join(_RESERVATAIRE, _RESERVATAIRE.c.id == conventions.c.reservataire_id)
    )


def _read(row: Row[Any]) -> SignedConvention:
    values = dict(row._mapping)
    values.pop("cursor_at")
    return SignedConvention(**{**values, "communes": tuple(row.communes or ())})


def _matching(wanted: ConventionFilter) -> Iterator[ColumnElement[bool]]:
    column = conventions.c
    if wanted.bailleur_id is not None:
        yield column.bailleur_id == wanted.bailleur_id
    if wanted.reservataire_id is not None:
        yield column.reservataire_id == wanted.reservataire_id
    if wanted.is_in_force is not None and wanted.in_force_on is not None:
        on = wanted.in_force_on
        binds = and_(
            column.state.not_in(("draft", "deliberated")),
            column.starts_on <= on,
            column.starts_on > last_expired_start(on),
            or_(column.ended_on.is_(None), column.ended_on >= on),
        )
        yield binds if wanted.is_in_force else not_(binds)


async def page_conventions(
    db: Executor, request: PageRequest, *, wanted: ConventionFilter, with_mailbox: bool
) -> Page[SignedConvention]:
    """By réservataire, unless the request sorts otherwise."""
    order = sorted_by(request, ORDERS, Sort(code="reservataire"))
    return await fetch_page(
        db,
        _signed(order.key, with_mailbox=with_mailbox).where(*_matching(wanted)),
        instant=order.key,
        row_id=conventions.c.id,
        request=request,
        read=_read,
        ascending=not order.is_descending,
    )


async def find_convention(
    db: Executor, convention_id: UUID, *, with_mailbox: bool
) -> SignedConvention | None:
    statement = _signed(conventions.c.starts_on, with_mailbox=with_mailbox)
    row = (await db.execute(statement.where(conventions.c.id == convention_id))).one_or_none()
    return _read(row) if row else None


async def list_parties(db: Executor) -> Parties:
    """Both kinds in one statement, by name."""
    rows = (
        await db.execute(
            union(
                *(
                    select(literal(kind).label("kind"), tenants.c.id, tenants.c.name).where(
                        tenants.c.id.in_(select(conventions.c[column]))
                    )
                    for kind, column in (
                        ("bailleur", "bailleur_id"),
                        ("reservataire", "reservataire_id"),
                    )
                )
            ).order_by("name")
        )
    ).all()
    return Parties(
        bailleurs={row.id: row.name for row in rows if row.kind == "bailleur"},
        reservataires={row.id: row.name for row in rows if row.kind == "reservataire"},
    )
