"""The trail of what is done about the people of an organisme, which its responsables read."""

from __future__ import annotations

from collections.abc import Iterable

from server.db import invitations
from server.db.ids import new_id
from server.db.invitations import Invitation
from server.db.people import Member
from server.logs import security
from server.tenants.transactions import TenantTransaction


async def record(
    tx: TenantTransaction, act: str, member: Member | None = None, *, to_role: str | None = None
) -> None:
    """One line of the trail, and one security event with ids only."""
    await invitations.insert_event(
        tx,
        {
            **_by(tx),
            "act": act,
            "membership_id": member.id if member else None,
            "subject_name": member.name if member else "",
            "from_role": member.role if member else None,
            "to_role": to_role,
        },
    )
    _tell(tx, act, membership=str(member.id) if member else "")


async def record_cancelled(tx: TenantTransaction, cancelled: Iterable[Invitation]) -> None:
    """The same for links that open nothing any more."""
    for one in cancelled:
        await invitations.insert_event(
            tx,
            {
                **_by(tx),
                "act": "invitation_cancelled",
                "invitation_id": one.id,
                "subject_name": one.name,
                "to_role": one.role,
            },
        )
        _tell(tx, "invitation_cancelled", invitation=str(one.id))


def _tell(tx: TenantTransaction, act: str, **ids: str) -> None:
    person = str(tx.actor.person_id) if tx.actor.person_id else ""
    security("people", act=act, tenant=str(tx.actor.tenant_id), person=person, **ids)


def _by(tx: TenantTransaction) -> dict[str, object]:
    return {
        "id": new_id(),
        "tenant_id": tx.actor.tenant_id,
        "capacity": tx.actor.capacity.value,
        "at": tx.now,
        "person_id": tx.actor.person_id,
        "person_name": tx.actor.person_name,
    }
