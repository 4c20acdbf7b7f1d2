"""Queries on the people of an organisme, as its own responsables and the sweep see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, any_, func, or_, select, true, update

from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import memberships, people_events, persons, tenants


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person in the organisme; her identity at the provider is not the organisme's business."""

    id: UUID
    person_id: UUID
    name: str
    role: str
    contingents: tuple[str, ...]
    created_at: datetime
    last_sign_in_at: datetime | None
    dormant_warned_at: datetime | None
    revoked_at: datetime | None
    ended_as: str | None


@dataclass(frozen=True, kw_only=True)
class MemberFilter:
    """What a list of people keeps; every field left out keeps all."""

    state: str = ""
    role: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the trail: who did what to whom, when."""

    id: UUID
    at: datetime
    person_name: str
    act: str
    subject_name: str
    from_role: str | None
    to_role: str | None


@dataclass(frozen=True, kw_only=True)
class Sleeper:
    """An account that the sweep may have to warn or close; no name."""

    id: UUID
    tenant_id: UUID
    capacity: str
    contingents: tuple[str, ...]
    used_at: datetime
    warned_at: datetime | None


USED_AT = func.coalesce(memberships.c.last_sign_in_at, memberships.c.created_at)
LIVING = memberships.c.revoked_at.is_(None)
STATES: Mapping[str, ColumnElement[bool]] = {
    "actives": LIVING,
    "inactives": and_(LIVING, memberships.c.dormant_warned_at.is_not(None)),
    "closes": memberships.c.revoked_at.is_not(None),
}
ORDERS: Mapping[str, ColumnElement[Any]] = {
    "nom": persons.c.name,
    "role": memberships.c.role,
    "connexion": USED_AT,
}
BY_NAME = Sort(code="nom")

_COLUMNS = (
    memberships.c.id,
    memberships.c.person_id,
    persons.c.name,
    memberships.c.role,
    memberships.c.contingents,
    memberships.c.created_at,
    memberships.c.last_sign_in_at,
    memberships.c.dormant_warned_at,
    memberships.c.revoked_at,
    memberships.c.ended_as,
)


def _members() -> Select[Any]:
    return select(*_COLUMNS).join(persons, persons.c.id == memberships.c.person_id)


def _member(row: Row[Any]) -> Member:
    values = dict(row._mapping)
    values.pop("cursor_at", None)
    return Member(**{**values, "contingents": tuple(row.contingents)})


async def list_members(db: Executor, request: PageRequest, wanted: MemberFilter) -> Page[Member]:
    """Those of the actor's organisme in its capacity, by name unless `request` says otherwise."""
    order = sorted_by(request, ORDERS, BY_NAME)
    statement = _members().add_columns(order.key.label("cursor_at"))
    if wanted.state in STATES:
        statement = statement.where(STATES[wanted.state])
    if wanted.role:
        statement = statement.where(memberships.c.role == wanted.role)
    if wanted.text:
        statement = statement.where(persons.c.name.icontains(wanted.text, autoescape=True))
    return await fetch_page(
        db,
        statement,
        instant=order.key,
        row_id=memberships.c.id,
        request=request,
        read=_member,
        ascending=not order.is_descending,
    )


async def find_member(
    db: Executor, membership_id: UUID, *, for_update: bool = False
) -> Member | None:
    statement = _members().where(memberships.c.id == membership_id)
    if for_update:
        statement = statement.with_for_update(of=memberships, key_share=True)
    row = (await db.execute(statement)).one_or_none()
    return _member(row) if row else None


async def list_responsables(
    db: Executor, *, for_update: bool = False
) -> dict[UUID, frozenset[str]]:
    """The living responsables of the actor's organisme, each with the contingents that she
    follows; locked, they stay so until the commit.

    Of two that come together for them the second waits, then sees what the first one changed.
    """
    statement = (
        select(memberships.c.id, memberships.c.contingents)
        .where(LIVING, memberships.c.role == "responsable")
        .order_by(memberships.c.id)
    )
    if for_update:
        statement = statement.with_for_update(key_share=True)
    return {row.id: frozenset(row.contingents) for row in await db.execute(statement)}


async def update_member(db: Executor, membership_id: UUID, **values: Any) -> None:
    await db.execute(update(memberships).where(memberships.c.id == membership_id).values(**values))


# --- The trail ----------------------------------------------------------------------------------


async def list_events(db: Executor, request: PageRequest) -> Page[Event]:
    """What was done about the people of the actor's organisme, newest first."""
    statement = select(
        people_events.c.id,
        people_events.c.at,
        people_events.c.person_name,
        people_events.c.act,
        people_events.c.subject_name,
        people_events.c.from_role,
        people_events.c.to_role,
        people_events.c.at.label("cursor_at"),
    )

    def read(row: Row[Any]) -> Event:
        values = dict(row._mapping)
        values.pop("cursor_at")
        return Event(**values)

    return await fetch_page(
        db,
        statement,
        instant=people_events.c.at,
        row_id=people_events.c.id,
        request=request,
        read=read,
    )


@dataclass(frozen=True, kw_only=True)
class LastReview:
    """Nothing is there when nobody has confirmed the list yet."""

    reviewed_at: datetime | None
    reviewed_by: str | None
    opened_at: datetime | None


async def find_review(db: Executor) -> LastReview:
    """The last confirmation, and when the first person entered: one statement."""
    reviews = (
        select(people_events.c.at, people_events.c.person_name)
        .where(people_events.c.act == "reviewed")
        .order_by(people_events.c.at.desc(), people_events.c.id.desc())
        .limit(1)
        .subquery()
    )
    opened = select(func.min(memberships.c.created_at).label("at")).subquery()
    row = (
        await db.execute(
            select(
                opened.c.at.label("opened_at"),
                reviews.c.at.label("reviewed_at"),
                reviews.c.person_name.label("reviewed_by"),
            )
            .select_from(opened)
            .outerjoin(reviews, true())
        )
    ).one()
    return LastReview(**row._mapping)


# --- Dormant accounts: the sweep (role portail_system) and the operator -------------------------


def _is_last_responsable() -> ColumnElement[bool]:
    """The same question as `domain.people.left_alone`, of each row."""
    others = memberships.alias("others")
    one = func.unnest(memberships.c.contingents).column_valued("one")
    another = (
        select(others.c.id)
        .where(
            others.c.tenant_id == memberships.c.tenant_id,
            others.c.capacity == memberships.c.capacity,
            others.c.role == "responsable",
            others.c.revoked_at.is_(None),
            others.c.id != memberships.c.id,
            one == any_(others.c.contingents),
        )
        .correlate_except(others)
    )
    alone = select(one).where(~another.exists()).exists()
    return and_(memberships.c.role == "responsable", alone)


async def list_sleepers(
    db: Executor, *, idle_since: datetime, warned_before: datetime, limit: int
) -> list[Sleeper]:
    """Accounts unused since `idle_since`: never warned, or warned before `warned_before`.

    The last responsables, whom nothing more happens to once they are warned, are left out.
    """
    warned_at = memberships.c.dormant_warned_at
    rows = await db.execute(
        select(
            memberships.c.id,
            memberships.c.tenant_id,
            memberships.c.capacity,
            memberships.c.contingents,
            USED_AT.label("used_at"),
            warned_at.label("warned_at"),
        )
        .where(
            LIVING,
            idle_since >= USED_AT,
            or_(warned_at.is_(None), and_(warned_at <= warned_before, ~_is_last_responsable())),
        )
        .order_by(USED_AT, memberships.c.id)
        .limit(limit)
    )
    return [Sleeper(**{**row._mapping, "contingents": tuple(row.contingents)}) for row in rows]


@dataclass(frozen=True, kw_only=True)
class KeptAsleep:
    """A responsable who is the last one and no longer signs in: only the operator can help."""

    tenant_slug: str
    tenant_name: str
    capacity: str
    person_name: str
    used_at: datetime
    warned_at: datetime


async def list_kept_asleep(db: Executor) -> list[KeptAsleep]:
    """Warned and still open, the longest away first (role operator)."""
    rows = await db.execute(
        select(
            tenants.c.slug.label("tenant_slug"),
            tenants.c.name.label("tenant_name"),
            memberships.c.capacity,
            persons.c.name.label("person_name"),
            USED_AT.label("used_at"),
            memberships.c.dormant_warned_at.label("warned_at"),
        )
        .join(persons, persons.c.id == memberships.c.person_id)
        .join(tenants, tenants.c.id == memberships.c.tenant_id)
        .where(LIVING, memberships.c.dormant_warned_at.is_not(None), _is_last_responsable())
        .order_by(USED_AT, memberships.c.id)
    )
    return [KeptAsleep(**row._mapping) for row in rows]
