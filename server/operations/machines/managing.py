"""Making and ending the accesses of machines: for the responsable, in her capacity."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from server.db import machines as rows
from server.db.ids import new_id
from server.db.machines import Kind, Machine
from server.domain import machines as rules
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.logs import security
from server.tenants.actors import Actor
from server.tenants.permissions import Permission, holds, require
from server.tenants.scopes import SCOPES
from server.tenants.sessions import digest, new_token
from server.tenants.transactions import TenantTransaction

ATTACHMENT_PREFIX = "rat_"
ALREADY_REVOKED = Motif(code="already_revoked", message="Cet accès est déjà révoqué.")


@dataclass(frozen=True, kw_only=True)
class MakeToken:
    """`last_day` is the last day of use; `networks` the lines as typed."""

    name: str
    scopes: frozenset[str]
    last_day: date | None
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MakeClient(MakeToken):
    """`client_id` is the client's name at `issuer`, the configured one."""

    issuer: str
    client_id: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """`secret` is told once: the token, or the code that attaches the client."""

    machine: Machine
    secret: str


def offered_scopes(actor: Actor) -> tuple[str, ...]:
    """The scopes that give this capacity something, in the order of the vocabulary."""
    return tuple(
        scope
        for scope, given in SCOPES.items()
        if any(holds(actor, Permission(one)) for one in given)
    )


async def list_all(tx: TenantTransaction) -> list[Machine]:
    require(tx.actor, Permission.MACHINES_MANAGE)
    return await rows.list_machines(tx)


async def get(tx: TenantTransaction, machine_id: UUID) -> Machine:
    require(tx.actor, Permission.MACHINES_MANAGE)
    found = await rows.find_machine(tx, machine_id)
    if found is None:
        raise NotFound
    return found


async def own(tx: TenantTransaction) -> Machine | None:
    """The access by which the actor itself calls; None for a person."""
    if tx.actor.machine_id is None:
        return None
    return await rows.find_machine(tx, tx.actor.machine_id)


async def make_token(tx: TenantTransaction, command: MakeToken) -> Made:
    """A token of the portal, for the contingents that its maker follows."""
    values = await _values(tx, command)
    secret = new_token()
    return await _insert(tx, "token", {**values, "token_hash": digest(secret)}, secret)


async def make_client(tx: TenantTransaction, command: MakeClient) -> Made:
    """A client of the issuer, bound once it has presented the code told here."""
    values = await _values(tx, command, *rules.client_motifs(command.client_id))
    secret = ATTACHMENT_PREFIX + secrets.token_urlsafe(32)
    named = {"issuer": command.issuer, "client_id": command.client_id}
    return await _insert(
        tx, "client", {**values, **named, "attachment_hash": digest(secret)}, secret
    )


async def revoke(tx: TenantTransaction, machine_id: UUID) -> Machine:
    """Refused from the next call on; Conflict if it was revoked already."""
    found = await get(tx, machine_id)
    if not await rows.revoke_machine(
        tx, found.kind, found.id, at=datetime.now(UTC), by=tx.actor.person_name
    ):
        raise Conflict(ALREADY_REVOKED)
    security(f"{found.kind}_revoked", machine_id=str(found.id), tenant_id=str(tx.actor.tenant_id))
    return found


async def _values(tx: TenantTransaction, command: MakeToken, *more: Motif) -> dict[str, Any]:
    """The columns that both kinds share; Invalid with every motif at once."""
    require(tx.actor, Permission.MACHINES_MANAGE)
    at = datetime.now(UTC)  # an access is made and ends in real time, as sessions do
    today = local_day(at)
    taken = [one.name for one in await rows.list_machines(tx) if is_in_force(one, at)]
    networks, wrong_networks = rules.read_networks(command.networks)
    motifs = (
        *rules.name_motifs(command.name, taken),
        *more,
        *_scope_motifs(tx.actor, command.scopes),
        *rules.last_day_motifs(command.last_day, today),
        *wrong_networks,
    )
    if motifs or command.last_day is None:
        raise Invalid(*motifs)
    return {
        "id": new_id(),
        "tenant_id": tx.actor.tenant_id,
        "capacity": tx.actor.capacity.value,
        "contingents": sorted(tx.actor.contingents),
        "name": command.name,
        "scopes": [scope for scope in SCOPES if scope in command.scopes],
        "networks": list(networks),
        "made_by": tx.actor.person_name,
        "created_at": at,
        "expires_at": rules.end_of(command.last_day),
        "noticed_days": rules.noticed_at_first(command.last_day, today),
    }


def is_in_force(machine: Machine, at: datetime) -> bool:
    return machine.revoked_at is None and machine.expires_at > at


def _scope_motifs(actor: Actor, scopes: frozenset[str]) -> tuple[Motif, ...]:
    if not scopes:
        message = "Choisissez au moins une portée : ce que l'outil pourra faire."
        return (Motif(code="scope_required", message=message, field="scopes"),)
    if scopes <= set(offered_scopes(actor)):
        return ()
    message = "Une portée choisie ne donnerait rien à votre organisme dans cette qualité."
    return (Motif(code="scope_unknown", message=message, field="scopes"),)


async def _insert(tx: TenantTransaction, kind: Kind, values: dict[str, Any], secret: str) -> Made:
    await rows.insert_machine(tx, kind, values)
    security(f"{kind}_made", machine_id=str(values["id"]), tenant_id=str(tx.actor.tenant_id))
    return Made(machine=await get(tx, values["id"]), secret=secret)
