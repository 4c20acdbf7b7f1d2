"""What each one chooses to receive, for the organisme and for oneself.

An act that binds always goes by mail: only what informs, recalls or sums up is a choice.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from server.db import choices as rows
from server.db.choices import Preferences
from server.domain.mail_kinds import Kind, kind_of
from server.errors import Conflict, Invalid, Motif
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

ADDRESS = re.compile(r"[^\s@<>,;\"]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,63}")
NO_PERSON = Motif(code="person_required", message="Seule une personne connectée fait ce choix.")


async def preferences(tx: TenantTransaction) -> Preferences:
    """What the actor's organisme receives by mail in this capacity."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    return await rows.find_preferences(tx, tx.actor.tenant_id, tx.actor.capacity.value)


async def choose(tx: TenantTransaction, chosen: Preferences) -> None:
    """For the organisme; its responsables only."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    await rows.keep_preferences(
        tx,
        {
            "tenant_id": tx.actor.tenant_id,
            "capacity": tx.actor.capacity.value,
            **vars(chosen),
            "changed_at": datetime.now(UTC),
            "changed_by": tx.actor.person_name,
        },
    )


async def own_address(tx: TenantTransaction) -> str | None:
    """Where the person receives her own digest; None if she wants none."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    if tx.actor.person_id is None:
        return None
    return await rows.find_own_address(tx, tx.actor.person_id)


async def choose_own(tx: TenantTransaction, address: str | None) -> None:
    """Her own digest, at the professional address that she gives; None ends it and forgets it."""
    require(tx.actor, Permission.NOTIFICATION_READ)
    if tx.actor.person_id is None:
        raise Conflict(NO_PERSON)
    if address is None:
        await rows.drop_own_address(tx, tx.actor.person_id)
        return
    if not ADDRESS.fullmatch(address):
        message = f"« {address} » n'est pas une adresse électronique."
        raise Invalid(Motif(code="address_invalid", message=message, field="address"))
    await rows.keep_own_address(
        tx,
        {
            "person_id": tx.actor.person_id,
            "tenant_id": tx.actor.tenant_id,
            "capacity": tx.actor.capacity.value,
            "address": address,
            "changed_at": datetime.now(UTC),
        },
    )


async def wants(tx: TenantTransaction, template: str) -> bool:
    """Whether the organisme of the context receives this mail."""
    kind = kind_of(template, tx.actor.capacity.value)
    if kind is Kind.ACT:
        return True
    chosen = await rows.find_preferences(tx, tx.actor.tenant_id, tx.actor.capacity.value)
    return chosen.information if kind is Kind.INFORMATION else chosen.reminders
