"""Invitations: how a person enters an organisme, by a link that serves once.

The portal keeps a digest of the link. Whoever opens it proves who she is at the configured
provider; what is attached is her `(issuer, subject)`, never an e-mail address.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from server.db import invitations
from server.db.ids import new_id
from server.db.invitations import Invitation, Welcome
from server.domain.people import INVITATION_LIFE
from server.errors import Conflict, Motif, NotFound
from server.logs import security
from server.tenants.actors import Capacity, Role
from server.tenants.sessions import digest
from server.tenants.transactions import Database, Transaction

OPERATOR = "L'équipe du portail"
UNUSABLE = (
    "Ce lien d'invitation ne peut plus servir : il a déjà été utilisé, il a expiré ou il a été "
    "annulé. Demandez une nouvelle invitation au responsable de l'organisme."
)
ALREADY_THERE = Motif(
    code="already_member",
    message="Vous agissez déjà pour cet organisme avec cette identité. L'invitation n'a pas été "
    "utilisée : un responsable peut changer votre rôle, ou transmettre le lien à la personne "
    "attendue.",
)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Who has just entered: a session opens in this membership."""

    person_id: UUID
    membership_id: UUID


async def invite(
    tx: Transaction,
    *,
    tenant_id: UUID,
    capacity: Capacity,
    role: Role,
    name: str,
    contingents: Iterable[str] = ("none",),
    invited_by: UUID | None = None,
    invited_by_name: str = OPERATOR,
    now: datetime,
) -> str:
    """Expect `name` in the organisme for seven days from `now` (real time); answers the secret of
    the link (`link_of`), which exists nowhere else.

    In the transaction of an actor of the organisme, or of the operator (`invited_by` None).
    """
    secret = secrets.token_urlsafe(32)
    made = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "capacity": capacity.value,
        "role": role.value,
        "contingents": sorted(contingents),
        "name": name,
        "secret_hash": digest(secret),
        "created_at": now,
        "expires_at": now + INVITATION_LIFE,
        "invited_by": invited_by,
        "invited_by_name": invited_by_name,
    }
    await invitations.insert_invitation(tx, made)
    await _record(
        tx, made, act="invited", invitation_id=made["id"], person_id=invited_by,
        person_name=invited_by_name, subject_name=name,
    )  # fmt: skip
    _tell("invitation_made", made["id"], tenant_id, invited_by)
    return secret


async def _record(tx: Transaction, place: Mapping[str, Any], **facts: Any) -> None:
    """One line of the trail of the organisme, capacity and role of `place`."""
    await invitations.insert_event(
        tx,
        {
            "id": new_id(),
            "tenant_id": place["tenant_id"],
            "capacity": place["capacity"],
            "to_role": place["role"],
            "at": tx.now,
            **facts,
        },
    )


def _tell(event: str, invitation_id: Any, tenant_id: UUID, person_id: UUID | None) -> None:
    security(
        event,
        invitation=str(invitation_id),
        tenant=str(tenant_id),
        person=str(person_id) if person_id else "",
    )


def link_of(public_url: str, secret: str) -> str:
    """The address to hand over; the secret is a parameter because paths are logged."""
    return f"{public_url}/invitation?jeton={secret}"


async def find(database: Database, secret: str, *, now: datetime) -> Welcome | None:
    """What a link promises; None if it can no longer serve, whatever the reason."""
    async with database.identity_transaction() as tx:
        return await invitations.find_welcome(tx, digest(secret), at=now)


async def accept(
    database: Database, *, secret: str, issuer: str, subject: str, now: datetime
) -> Accepted:
    """Attach the identity just proven, in one transaction; NotFound if the link cannot serve."""
    async with database.identity_transaction() as tx:
        invitation = await invitations.take(tx, digest(secret), at=now)
        if invitation is None:
            raise NotFound(UNUSABLE)
        identity = {"issuer": issuer, "subject": subject}
        accepted = await _attach(tx, invitation, identity, now)
    _tell("invitation_used", invitation.id, invitation.tenant_id, accepted.person_id)
    return accepted


async def _attach(
    tx: Transaction, invitation: Invitation, identity: dict[str, str], now: datetime
) -> Accepted:
    """Conflict if this identity already acts there: the invitation then remains unused."""
    person_id, person_name = await invitations.attach_person(
        tx, {"id": new_id(), **identity, "name": invitation.name, "created_at": now}
    )
    place = {
        "tenant_id": invitation.tenant_id,
        "capacity": invitation.capacity,
        "role": invitation.role,
    }
    membership_id = new_id()
    values = {
        **place,
        "id": membership_id,
        "person_id": person_id,
        "contingents": list(invitation.contingents),
        "created_at": now,
    }
    if not await invitations.insert_membership(tx, values):
        raise Conflict(ALREADY_THERE)
    await invitations.note_membership(tx, invitation.id, membership_id)
    await _record(
        tx,
        place,
        act="joined",
        invitation_id=invitation.id,
        membership_id=membership_id,
        person_id=person_id,
        person_name=person_name,
        subject_name=person_name,
    )
    return Accepted(person_id=person_id, membership_id=membership_id)
