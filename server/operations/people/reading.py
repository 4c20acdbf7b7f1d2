"""Who acts for the organisme, who is expected, what was done about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from server.db import invitations, people
from server.db.invitations import Invitation
from server.db.paging import Page, PageRequest
from server.domain.deadlines import local_day
from server.domain.people import left_alone, review_due_on
from server.errors import NotFound
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Review:
    """When the list was confirmed for the last time, and by when it must be again."""

    last_on: date | None
    last_by: str
    due_on: date
    is_due: bool


async def list_page(
    tx: TenantTransaction, request: PageRequest, wanted: people.MemberFilter
) -> Page[people.Member]:
    require(tx.actor, Permission.PEOPLE_READ)
    return await people.list_members(tx, request, wanted)


async def get(tx: TenantTransaction, membership_id: UUID) -> people.Member:
    require(tx.actor, Permission.PEOPLE_READ)
    found = await people.find_member(tx, membership_id)
    if found is None:
        raise NotFound
    return found


async def is_last_responsable(tx: TenantTransaction, member: people.Member) -> bool:
    require(tx.actor, Permission.PEOPLE_READ)
    return is_alone(member, await people.list_responsables(tx))


def is_alone(member: people.Member, responsables: Mapping[UUID, frozenset[str]]) -> bool:
    """Nobody else could take over all that she manages."""
    others = [followed for one, followed in responsables.items() if one != member.id]
    is_responsable = member.id in responsables
    return is_responsable and bool(left_alone(frozenset(member.contingents), others))


async def expected(tx: TenantTransaction) -> list[Invitation]:
    """The invitations that can still be accepted, the newest first."""
    require(tx.actor, Permission.PEOPLE_READ)
    return await invitations.list_waiting(tx, datetime.now(UTC))


async def trail(tx: TenantTransaction, request: PageRequest) -> Page[people.Event]:
    """Who did what to whom, when: newest first."""
    require(tx.actor, Permission.PEOPLE_READ)
    return await people.list_events(tx, request)


async def review(tx: TenantTransaction) -> Review:
    """The first one is due three months after the first person entered."""
    require(tx.actor, Permission.PEOPLE_READ)
    last = await people.find_review(tx)
    since = last.reviewed_at or last.opened_at or tx.now
    due_on = review_due_on(local_day(since))
    return Review(
        last_on=local_day(last.reviewed_at) if last.reviewed_at else None,
        last_by=last.reviewed_by or "",
        due_on=due_on,
        is_due=local_day(tx.now) >= due_on,
    )
