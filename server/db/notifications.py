"""Queries on the journal of acts and on the notifications that announce them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.organismes import name_at
from server.db.paging import Executor, Page, PageRequest, Sort, fetch_page, sorted_by
from server.db.tables import (
    business_clock,
    journal,
    notifications,
    orientations,
    scenario_shares,
    tenants,
)
from server.domain.mail_kinds import AWAITED


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One act: who, for which organisme, when, from what to what, why, through what."""

    id: UUID
    at: datetime
    actor_tenant_name: str
    person_name: str
    channel: str
    act: str
    subject_kind: str
    subject_id: UUID
    dwelling_id: UUID | None
    from_state: str | None
    to_state: str | None
    reason: str | None
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Notification:
    """A message to an organisme: queued as facts, rendered with the eyes of its recipient.

    Without `act_id`, it warns the organisme of an account of its own. `is_awaited`: what it asks is
    still to be done, as far as its reader sees.
    """

    id: UUID
    act_id: UUID | None
    recipient_id: UUID
    recipient_name: str
    capacity: str
    contingent: str
    template: str
    subject_kind: str
    subject_id: UUID
    state: str
    created_at: datetime
    address: str | None
    subject: str | None
    body_text: str | None
    body_html: str | None
    calendar: str | None
    message_id: str | None
    error: str | None
    processed_at: datetime | None
    read_at: datetime | None
    is_awaited: bool = False


async def insert_entry(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(journal).values(**values))


def _entries() -> Select[Any]:
    return select(
        journal.c.id,
        journal.c.at,
        name_at(tenants.c.id, tenants.c.name, journal.c.at).label("actor_tenant_name"),
        journal.c.person_name,
        journal.c.channel,
        journal.c.act,
        journal.c.subject_kind,
        journal.c.subject_id,
        journal.c.dwelling_id,
        journal.c.from_state,
        journal.c.to_state,
        journal.c.reason,
        journal.c.facts,
    ).join(tenants, tenants.c.id == journal.c.actor_tenant_id)


async def list_timelines(
    db: Executor, dwelling_ids: Iterable[UUID], *, length: int
) -> dict[UUID, list[JournalEntry]]:
    """By dwelling, the last acts that the actor may see, newest first: one statement."""
    order = (journal.c.at.desc(), journal.c.id.desc())
    place = func.row_number().over(partition_by=journal.c.dwelling_id, order_by=order)
    ranked = (
        _entries()
        .add_columns(place.label("place"))
        .where(journal.c.dwelling_id.in_(set(dwelling_ids)))
        .subquery()
    )
    kept = select(ranked).where(ranked.c.place <= length).order_by(ranked.c.place)
    found: dict[UUID, list[JournalEntry]] = {}
    for row in await db.execute(kept):
        values = dict(row._mapping)
        values.pop("place")
        found.setdefault(row.dwelling_id, []).append(JournalEntry(**values))
    return found


async def last_act_at(db: Executor, subject_id: UUID, act: str) -> datetime | None:
    """When this act was last done on this subject, as far as the actor may see."""
    rows = await db.execute(
        select(func.max(journal.c.at)).where(
            journal.c.subject_id == subject_id, journal.c.act == act
        )
    )
    found: datetime | None = rows.scalar_one()
    return found


async def list_entries(
    db: Executor,
    request: PageRequest,
    *,
    dwelling_id: UUID | None = None,
    subject_id: UUID | None = None,
) -> Page[JournalEntry]:
    """The acts that the actor may see, newest first."""
    statement = _entries().add_columns(journal.c.at.label("cursor_at"))
    if dwelling_id is not None:
        statement = statement.where(journal.c.dwelling_id == dwelling_id)
    if subject_id is not None:
        statement = statement.where(journal.c.subject_id == subject_id)

    def read(row: Any) -> JournalEntry:
        values = dict(row._mapping)
        values.pop("cursor_at")
        return JournalEntry(**values)

    return await fetch_page(
        db, statement, instant=journal.c.at, row_id=journal.c.id, request=request, read=read
    )


_COLUMNS = (
    notifications.c.id,
    notifications.c.act_id,
    notifications.c.recipient_id,
    tenants.c.name.label("recipient_name"),
    notifications.c.capacity,
    notifications.c.contingent,
    notifications.c.template,
    notifications.c.subject_kind,
    notifications.c.subject_id,
    notifications.c.state,
    notifications.c.created_at,
    notifications.c.address,
    notifications.c.subject,
    notifications.c.body_text,
    notifications.c.body_html,
    notifications.c.calendar,
    notifications.c.message_id,
    notifications.c.error,
    notifications.c.processed_at,
    notifications.c.read_at,
)


def _awaited() -> ColumnElement[bool]:
    """Whether its offer is in a state in which its reader has something to do."""
    mine = [
        and_(
            notifications.c.template == template,
            notifications.c.capacity == capacity,
            orientations.c.state.in_([state.value for state in states]),
        )
        for (template, capacity), states in AWAITED.items()
    ]
    found = select(orientations.c.id).where(
        orientations.c.id == notifications.c.subject_id, or_(*mine)
    )
    return exists(found)


async def insert_notification(db: Executor, values: dict[str, Any]) -> bool:
    """Once per act, recipient, channel and template; False if it was already there."""
    added = await db.execute(upsert(notifications).values(**values).on_conflict_do_nothing())
    return bool(added.rowcount == 1)


NEWEST = Sort(code="recue", is_descending=True)


async def list_notifications(
    db: Executor,
    request: PageRequest,
    *,
    is_read: bool | None = None,
    subject_kind: str | None = None,
    is_awaited: bool | None = None,
    reads_offers: bool = False,
) -> Page[Notification]:
    """Newest first unless `request` says otherwise, for the recipient (or all of them, role demo).

    `is_read` keeps those read, or those that are not; `is_awaited` those that ask something still,
    which only who `reads_offers` can tell; `subject_kind` those about one noun.
    """
    awaited = _awaited() if reads_offers else false()
    statement = select(
        *_COLUMNS,
        awaited.label("is_awaited"),
        notifications.c.created_at.label("cursor_at"),
    ).join(tenants, tenants.c.id == notifications.c.recipient_id)
    if is_awaited is not None:
        statement = statement.where(awaited if is_awaited else not_(awaited))
    if is_read is not None:
        statement = statement.where(notifications.c.read_at.is_not(None) == is_read)
    if subject_kind is not None:
        statement = statement.where(notifications.c.subject_kind == subject_kind)
    order = sorted_by(request, {"recue": notifications.c.created_at}, NEWEST)

    def read(row: Any) -> Notification:
        return Notification(**{k: v for k, v in row._mapping.items() if k != "cursor_at"})

    return await fetch_page(
        db,
        statement,
        instant=notifications.c.created_at,
        row_id=notifications.c.id,
        request=request,
        read=read,
        ascending=not order.is_descending,
    )


async def find_notification(db: Executor, notification_id: UUID) -> Notification | None:
    row = (
        await db.execute(
            select(*_COLUMNS)
            .join(tenants, tenants.c.id == notifications.c.recipient_id)
            .where(notifications.c.id == notification_id)
        )
    ).one_or_none()
    return Notification(**row._mapping) if row else None


async def count_unread(db: Executor) -> int:
    rows = await db.execute(
        select(func.count()).select_from(notifications).where(notifications.c.read_at.is_(None))
    )
    return int(rows.scalar_one())


async def count_news(db: Executor) -> tuple[int, bool]:
    """Unread, and whether a bailleur shows a simulation to the actor: asked together by each page
    of those who read what is shown.
    """
    unread = select(func.count()).where(notifications.c.read_at.is_(None)).scalar_subquery()
    is_shown = exists(select(scenario_shares.c.id))
    rows = await db.execute(select(unread.label("unread"), is_shown.label("is_shown")))
    row = rows.one()
    return row.unread, row.is_shown


async def mark_all_read(db: Executor, at: datetime) -> None:
    await db.execute(
        update(notifications).where(notifications.c.read_at.is_(None)).values(read_at=at)
    )


async def take_notification(db: Executor, notification_id: UUID, at: datetime) -> bool:
    """Claim it for sending (role system); False once it was sent, kept or not wanted.

    A row found in `sending` was left by a worker that died: its mail may have gone, and goes again
    under the same Message-ID.
    """
    changed = await db.execute(
        update(notifications)
        .where(
            notifications.c.id == notification_id,
            notifications.c.state.not_in(("sent", "kept", "muted")),
        )
        .values(state="sending", attempts=notifications.c.attempts + 1, processed_at=at)
    )
    return bool(changed.rowcount == 1)


async def update_notification(db: Executor, notification_id: UUID, **values: Any) -> None:
    await db.execute(
        update(notifications).where(notifications.c.id == notification_id).values(**values)
    )


# --- The business clock of the demonstration: role portail_demo only --------------------------


async def set_clock(db: Executor, now: datetime) -> None:
    """Make the business time `now`, from which it runs on."""
    statement = upsert(business_clock).values(singleton=True, shift=text(":wanted - now()"))
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["singleton"], set_={"shift": statement.excluded.shift}
        ),
        {"wanted": now},
    )
