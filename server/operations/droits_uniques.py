"""Droits uniques: granted for a programme, reserved by an offer, consumed by its lease (Q8).

They come out of the bailleur's own share: no rate of anybody moves. Reserved at the orientation,
consumed at the signature of the lease, released if the chain fails (`ledger.rights`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import droits_uniques as rows
from server.db import tenants
from server.db.droits_uniques import DroitUnique
from server.db.ids import new_id
from server.db.tables.annexes import DROIT_UNIQUE_ORIGINS
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.journal import Act, record
from server.operations.ledger.rights import spent
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOST_LETTINGS = 9_999
LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class GrantRights:
    """Lettings owed once to a réservataire for a programme."""

    reservataire_id: UUID
    insee: str
    programme: str
    origin: str
    granted_on: date
    granted: int


async def list_all(tx: TenantTransaction) -> list[DroitUnique]:
    """They are given by offers: who reads the offers reads them, so not an EPCI."""
    require(tx.actor, Permission.ORIENTATION_READ)
    return await rows.list_all(tx)


async def grant(tx: TenantTransaction, command: GrantRights) -> UUID:
    require(tx.actor, Permission.ANNEXE_PREPARE)
    known = {one.id for one in await tenants.list_tenants(tx, "reservataire")}
    communes = await tenants.commune_names(tx, [command.insee])
    motifs = list(_motifs(command, known, communes, local_day(tx.now)))
    if motifs:
        raise Invalid(*motifs)
    right_id = new_id()
    values = {
        **vars(command),
        "id": right_id,
        "bailleur_id": tx.actor.tenant_id,
        "programme": command.programme.strip(),
    }
    try:
        await rows.insert_right(tx, values)
    except IntegrityError as error:
        message = "Ce programme doit déjà des droits uniques à ce réservataire."
        raise Conflict(Motif(code="programme_known", message=message, field="programme")) from error
    await record(
        tx,
        Act(
            act="droit_unique.granted",
            subject_kind="droit_unique",
            subject_id=right_id,
            bailleur_id=tx.actor.tenant_id,
            reservataire_id=command.reservataire_id,
            facts={"programme": values["programme"], "granted": command.granted},
        ),
    )
    return right_id


def _motifs(
    command: GrantRights, known: set[UUID], communes: dict[str, str], today: date
) -> Iterator[Motif]:
    if command.reservataire_id not in known:
        message = "Choisissez le réservataire."
        yield Motif(code="reservataire_unknown", message=message, field="reservataire")
    if command.insee not in communes:
        yield Motif(code="commune_unknown", message="Choisissez la commune.", field="commune")
    if not 0 < len(command.programme.strip()) <= LONGEST_NAME:
        message = f"Donnez le nom du programme, {LONGEST_NAME} caractères au plus."
        yield Motif(code="programme_required", message=message, field="programme")
    if command.origin not in DROIT_UNIQUE_ORIGINS:
        message = "Choisissez l'origine de ces droits."
        yield Motif(code="origin_unknown", message=message, field="origin")
    if not 0 < command.granted <= MOST_LETTINGS:
        message = f"Donnez un nombre de logements, de 1 à {MOST_LETTINGS}."
        yield Motif(code="granted_invalid", message=message, field="granted")
    if command.granted_on > today:
        message = "Cette date est à venir."
        yield Motif(code="date_in_future", message=message, field="granted_on")


# --- Used by the orientations, in their own transaction -----------------------------------------


async def check(tx: TenantTransaction, right_id: UUID, reservataire_id: UUID) -> DroitUnique:
    """The right on which an offer to this réservataire may go; Invalid or Conflict otherwise."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    found = await rows.list_all(
        tx, bailleur_id=tx.actor.tenant_id, reservataire_ids=[reservataire_id]
    )
    right = next((one for one in found if one.id == right_id), None)
    if right is None:
        message = "Choisissez un droit unique de ce réservataire."
        raise Invalid(Motif(code="droit_unique_unknown", message=message, field="droit_unique_id"))
    if right.available <= 0:
        raise spent(right.programme)
    return right


async def reserve(tx: TenantTransaction, right_id: UUID, orientation_id: UUID) -> None:
    """An offer goes out on this right: one letting less is available."""
    require(tx.actor, Permission.ORIENTATION_SEND)
    right = await rows.lock_right(tx, right_id)
    if right is None:
        raise NotFound
    if right.reserved + right.consumed >= right.granted:
        raise spent(right.programme)
    if await rows.lock_use(tx, orientation_id) is not None:
        message = "Cette offre a déjà compté sur un droit unique."
        raise Conflict(Motif(code="droit_unique_used", message=message, field="droit_unique_id"))
    await rows.count_use(tx, right_id, reserved=1)
    await rows.insert_use(
        tx,
        {
            "id": new_id(),
            "droit_unique_id": right_id,
            "bailleur_id": right.bailleur_id,
            "reservataire_id": right.reservataire_id,
            "orientation_id": orientation_id,
            "state": "reserved",
            "reserved_at": tx.now,
        },
    )


async def consume(tx: TenantTransaction, orientation_id: UUID) -> bool:
    """The lease is signed: the letting is no more owed. False if no right was reserved."""
    require(tx.actor, Permission.LEASE_RECORD)
    use = await rows.lock_use(tx, orientation_id)
    if use is None or use.state != "reserved":
        return False
    await rows.count_use(tx, use.droit_unique_id, reserved=-1, consumed=1)
    await rows.update_use(tx, use.id, state="consumed", ended_at=tx.now)
    return True
