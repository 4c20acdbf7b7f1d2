"""Showing a scenario to a party, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import scenarios as rows
from server.db import tenants
from server.db.ids import new_id
from server.db.scenarios import ScenarioRow
from server.db.tenants import Tenant
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.journal import Act, Recipient, announce, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

READERS = ("reservataire", "prefecture")


@dataclass(frozen=True, kw_only=True)
class ShareScenario:
    """Which party is to read it, in which capacity."""

    scenario_id: UUID
    tenant_id: UUID
    capacity: str = "reservataire"


async def readers(tx: TenantTransaction) -> list[tuple[str, Tenant]]:
    """(capacity, organisme) of those with whom a scenario may be shared."""
    require(tx.actor, Permission.SCENARIO_PREPARE)
    return [(kind, one) for kind in READERS for one in await tenants.list_tenants(tx, kind)]


async def share(tx: TenantTransaction, command: ShareScenario) -> UUID:
    """It reads its own lines in full, and of the others what the annexe shows."""
    row = await _own(tx, command.scenario_id)
    known = {(kind, one.id) for kind, one in await readers(tx)}
    if (command.capacity, command.tenant_id) not in known:
        message = "Choisissez un réservataire, ou la préfecture."
        raise Invalid(Motif(code="reader_unknown", message=message, field="reader"))
    share_id = new_id()
    try:
        await rows.insert_share(
            tx,
            {
                "id": share_id,
                "scenario_id": row.id,
                "bailleur_id": tx.actor.tenant_id,
                "tenant_id": command.tenant_id,
                "capacity": command.capacity,
                "shared_at": tx.now,
                "shared_by": tx.actor.person_name,
            },
        )
    except IntegrityError as error:
        message = "Cet organisme lit déjà cette simulation."
        raise Conflict(Motif(code="already_shared", message=message)) from error
    await _tell(tx, row, command)
    return share_id


async def _own(tx: TenantTransaction, scenario_id: UUID) -> ScenarioRow:
    require(tx.actor, Permission.SCENARIO_PREPARE)
    found = (await rows.find_scenarios(tx, [scenario_id])).get(scenario_id)
    if found is None:
        raise NotFound
    return found


async def _tell(tx: TenantTransaction, row: ScenarioRow, command: ShareScenario) -> None:
    is_party = command.capacity == "reservataire"
    entry = await record(
        tx, _act(tx, "scenario.shared", row.id, command.tenant_id if is_party else None)
    )
    recipient = Recipient(tenant_id=command.tenant_id, capacity=command.capacity)
    await announce(
        tx,
        entry,
        [recipient],
        template="scenario.shared",
        subject_kind="scenario",
        subject_id=row.id,
    )


def _act(tx: TenantTransaction, act: str, scenario_id: UUID, reader: UUID | None) -> Act:
    return Act(
        act=act,
        subject_kind="scenario",
        subject_id=scenario_id,
        bailleur_id=tx.actor.tenant_id,
        reservataire_id=reader,
    )


async def revoke(tx: TenantTransaction, scenario_id: UUID, share_id: UUID) -> None:
    """From now on it reads nothing of it any more."""
    row = await _own(tx, scenario_id)
    known = (await rows.list_shares(tx, [row.id])).get(row.id, ())
    given = next((one for one in known if one.id == share_id), None)
    if given is None:
        raise NotFound
    if await rows.revoke_share(tx, share_id, tx.now) is None:
        message = "Ce partage est déjà retiré."
        raise Conflict(Motif(code="already_revoked", message=message))
    is_party = given.capacity == "reservataire"
    await record(tx, _act(tx, "scenario.revoked", row.id, given.tenant_id if is_party else None))
