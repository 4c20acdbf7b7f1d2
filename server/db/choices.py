"""Queries on reminders, digests, and what each one chooses to receive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.dialects.postgresql import insert as upsert

from server.db.orientations.awaiting import CLOCK_AT
from server.db.paging import Executor
from server.db.tables import (
    digests,
    mail_preferences,
    memberships,
    orientation_reminders,
    orientations,
    person_digests,
    tenants,
)


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """What an organisme receives by mail besides the acts that bind it."""

    information: bool = True
    reminders: bool = True
    digest: bool = False


@dataclass(frozen=True, kw_only=True)
class AwaitedOffer:
    """An offer whose period runs: `start_on` is None when it has no beginning of its own."""

    id: UUID
    bailleur_id: UUID
    reservataire_id: UUID
    contingent: str
    start_on: date | None
    last_day: date
    given: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """For whom a digest is written; of a person, the address that she gave."""

    tenant_id: UUID
    tenant_name: str
    capacity: str
    contingents: tuple[str, ...]
    person_id: UUID | None
    address: str | None


@dataclass(frozen=True, kw_only=True)
class Digest:
    """One morning's digest; `address` replaces the organisme's mailbox."""

    id: UUID
    day: date
    address: str | None


async def list_awaited(db: Executor, today: date) -> list[AwaitedOffer]:
    """Offers to answer, searches that run, with the reminders of their period (role system)."""
    waiting = _answers(today).union_all(_searches(today)).subquery()
    given = (
        select(func.array_agg(orientation_reminders.c.stage))
        .where(
            orientation_reminders.c.orientation_id == waiting.c.id,
            orientation_reminders.c.last_day == waiting.c.last_day,
        )
        .scalar_subquery()
    )
    rows = await db.execute(select(waiting, given.label("given")).order_by(waiting.c.id))
    return [
        AwaitedOffer(
            id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            contingent=row.contingent,
            start_on=None if row.extension_count else row.start_on,
            last_day=row.last_day,
            given=frozenset(row.given or ()),
        )
        for row in rows
    ]


def _answers(today: date) -> Select[Any]:
    """Offers that arrived and await their answer."""
    started = cast(func.timezone("Europe/Paris", CLOCK_AT), Date)
    return select(*_offer(orientations.c.answer_last_day), started.label("start_on")).where(
        orientations.c.state == "sent",
        orientations.c.delivery == "delivered",
        orientations.c.answer_last_day >= today,
    )


def _searches(today: date) -> Select[Any]:
    """Searches of the réservataire, whose candidates are awaited."""
    last_day = orientations.c.candidates_last_day
    return select(*_offer(last_day), orientations.c.accepted_on.label("start_on")).where(
        orientations.c.state == "searching",
        orientations.c.searched_by == "reservataire",
        last_day >= today,
    )


def _offer(last_day: Any) -> tuple[Any, ...]:
    return (
        orientations.c.id,
        orientations.c.bailleur_id,
        orientations.c.reservataire_id,
        orientations.c.contingent,
        orientations.c.extension_count,
        last_day.label("last_day"),
    )


async def insert_given(db: Executor, offer: AwaitedOffer, stage: str, at: datetime) -> bool:
    """False if this reminder of this period was given already."""
    done: Any = await db.execute(
        upsert(orientation_reminders)
        .values(
            orientation_id=offer.id,
            bailleur_id=offer.bailleur_id,
            reservataire_id=offer.reservataire_id,
            contingent=offer.contingent,
            last_day=offer.last_day,
            stage=stage,
            given_at=at,
        )
        .on_conflict_do_nothing()
    )
    return bool(done.rowcount == 1)


# --- Choices ------------------------------------------------------------------------------------


async def find_preferences(db: Executor, tenant_id: UUID, capacity: str) -> Preferences:
    """Those that were chosen, or those of everybody."""
    row = (
        await db.execute(
            select(
                mail_preferences.c.information,
                mail_preferences.c.reminders,
                mail_preferences.c.digest,
            ).where(
                mail_preferences.c.tenant_id == tenant_id, mail_preferences.c.capacity == capacity
            )
        )
    ).one_or_none()
    return Preferences(**row._mapping) if row else Preferences()


async def keep_preferences(db: Executor, values: dict[str, Any]) -> None:
    statement = upsert(mail_preferences).values(**values)
    changed = {
        name: statement.excluded[name] for name in values if name not in ("tenant_id", "capacity")
    }
    await db.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "capacity"], set_=changed)
    )


async def find_own_address(db: Executor, person_id: UUID) -> str | None:
    """Where this person receives the digest of the organisme of the context."""
    rows = await db.execute(
        select(person_digests.c.address).where(person_digests.c.person_id == person_id)
    )
    return rows.scalar_one_or_none()


async def keep_own_address(db: Executor, values: dict[str, Any]) -> None:
    statement = upsert(person_digests).values(**values)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "tenant_id", "capacity"],
            set_={
                "address": statement.excluded.address,
                "changed_at": statement.excluded.changed_at,
            },
        )
    )


async def drop_own_address(db: Executor, person_id: UUID) -> None:
    await db.execute(delete(person_digests).where(person_digests.c.person_id == person_id))


# --- Digests ------------------------------------------------------------------------------------


async def list_readers(db: Executor, day: date) -> list[Reader]:
    """Who chose a digest and has not had the one of this day (role system); who left has none."""
    chosen = _of_organismes().union_all(_of_people()).subquery()
    done = select(digests.c.id).where(
        digests.c.tenant_id == chosen.c.tenant_id,
        digests.c.capacity == chosen.c.capacity,
        digests.c.person_id.is_not_distinct_from(chosen.c.person_id),
        digests.c.day == day,
    )
    rows = await db.execute(
        select(chosen, tenants.c.name.label("tenant_name"))
        .join(tenants, tenants.c.id == chosen.c.tenant_id)
        .where(~exists(done))
        .order_by(chosen.c.tenant_id, chosen.c.capacity)
    )
    return [Reader(**{**row._mapping, "contingents": tuple(row.contingents)}) for row in rows]


def _of_organismes() -> Select[Any]:
    """To the mailbox of the organisme; the State has one for each contingent."""
    is_state = and_(tenants.c.category == "etat", mail_preferences.c.capacity == "reservataire")
    contingents = case((is_state, array(["fonctionnaires", "rs"])), else_=array(["none"]))
    return (
        select(
            mail_preferences.c.tenant_id,
            mail_preferences.c.capacity,
            cast(None, Uuid).label("person_id"),
            cast(None, Text).label("address"),
            contingents.label("contingents"),
        )
        .join(tenants, tenants.c.id == mail_preferences.c.tenant_id)
        .where(mail_preferences.c.digest)
    )


def _of_people() -> Select[Any]:
    """To the address that a member gave, for the contingents that are hers now."""
    living = and_(
        memberships.c.person_id == person_digests.c.person_id,
        memberships.c.tenant_id == person_digests.c.tenant_id,
        memberships.c.capacity == person_digests.c.capacity,
        memberships.c.revoked_at.is_(None),
    )
    return select(
        person_digests.c.tenant_id,
        person_digests.c.capacity,
        person_digests.c.person_id,
        person_digests.c.address,
        memberships.c.contingents,
    ).join(memberships, living)


async def find_digest(db: Executor, digest_id: UUID) -> Digest | None:
    row = (
        await db.execute(
            select(digests.c.id, digests.c.day, digests.c.address).where(digests.c.id == digest_id)
        )
    ).one_or_none()
    return Digest(**row._mapping) if row else None


async def insert_digest(db: Executor, values: dict[str, Any]) -> bool:
    """False if this digest was written already."""
    done: Any = await db.execute(upsert(digests).values(**values).on_conflict_do_nothing())
    return bool(done.rowcount == 1)
