"""The journal of acts: append-only, written in the act's own transaction; and its announcements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from server.db import notifications
from server.db.ids import new_id
from server.db.paging import Page, PageRequest
from server.domain.postings import is_event
from server.logs import security
from server.operations.ledger.ground import Ground
from server.operations.ledger.posting import follow
from server.queue import enqueue
from server.tenants.actors import AUTOMATON, Channel
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Act:
    """What happened: `bailleur_id` and `reservataire_id` are the parties who may read it."""

    act: str
    subject_kind: str
    subject_id: UUID
    bailleur_id: UUID
    reservataire_id: UUID | None = None
    contingent: str = "none"
    dwelling_id: UUID | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Who is told of an act, in which capacity (and for which contingent of the State)."""

    tenant_id: UUID
    capacity: str
    contingent: str = "none"


async def record(
    tx: TenantTransaction,
    act: Act,
    *,
    at: datetime | None = None,
    by_portal: bool = False,
    ground: Ground | None = None,
) -> UUID:
    """Write one line of the journal and answer its id.

    `at` is the legal instant when it is not now; `by_portal`: the law acted, not the person.
    `ground`: of the ledgers, when the caller already holds them.
    """
    entry_id = new_id()
    await notifications.insert_entry(
        tx,
        {
            "id": entry_id,
            "at": at or tx.now,
            "recorded_at": datetime.now(UTC),
            "actor_tenant_id": tx.actor.tenant_id,
            "actor_capacity": tx.actor.capacity.value,
            "person_id": None if by_portal else tx.actor.person_id,
            "person_name": AUTOMATON if by_portal else tx.actor.person_name,
            "channel": (Channel.WORKER if by_portal else tx.actor.channel).value,
            **vars(act),
            "facts": act.facts or {},
        },
    )
    security("act", act=act.act, subject=str(act.subject_id), tenant=str(tx.actor.tenant_id))
    if is_event(act.act, act.from_state, act.to_state):
        await follow(tx, act.bailleur_id, ground)
    return entry_id


async def announce(
    tx: TenantTransaction,
    entry_id: UUID,
    recipients: Iterable[Recipient],
    *,
    template: str,
    subject_kind: str,
    subject_id: UUID,
    notification_id: UUID | None = None,
) -> None:
    """Queue one notification per recipient, once per act, and the job that delivers it.

    `notification_id`: the id of the notification of a single recipient, whose delivery counts.
    """
    for recipient in recipients:
        given_id = notification_id or new_id()
        was_new = await notifications.insert_notification(
            tx,
            {
                "id": given_id,
                "act_id": entry_id,
                "sender_id": tx.actor.tenant_id,
                "recipient_id": recipient.tenant_id,
                "capacity": recipient.capacity,
                "contingent": recipient.contingent,
                "template": template,
                "subject_kind": subject_kind,
                "subject_id": subject_id,
                "created_at": tx.now,
            },
        )
        if was_new:
            await enqueue(tx.connection, "notifications.deliver", given_id)


async def timeline(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    dwelling_id: UUID | None = None,
    subject_id: UUID | None = None,
) -> Page[notifications.JournalEntry]:
    """The acts on a dwelling or a file that the actor may see, newest first."""
    require(tx.actor, Permission.JOURNAL_READ)
    return await notifications.list_entries(
        tx, request, dwelling_id=dwelling_id, subject_id=subject_id
    )


async def timelines_of(
    tx: TenantTransaction, dwelling_ids: Iterable[UUID], *, length: int
) -> dict[UUID, list[notifications.JournalEntry]]:
    """The last acts on several dwellings, `length` at most for each, newest first."""
    require(tx.actor, Permission.JOURNAL_READ)
    return await notifications.list_timelines(tx, dwelling_ids, length=length)
