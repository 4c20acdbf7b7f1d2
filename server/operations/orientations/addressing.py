"""Who answers for a line of an annexe today: its réservataire, or the body in its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from server.db import organismes, substitutions, tenants
from server.db.orientations import Orientation
from server.db.substitutions import Substitution
from server.domain.deadlines import local_day
from server.domain.substitutions import not_yours, taken_over
from server.errors import Motif
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """To whom an offer of a line goes.

    `holder_id`: the réservataire of the line when somebody else answers; `substitution` when that
    is the State, in the place of a commune carencée (L302-9-1), else it was absorbed.
    """

    tenant_id: UUID
    name: str
    contingent: str
    holder_id: UUID | None = None
    substitution: Substitution | None = None


async def addressee_of(
    tx: TenantTransaction, reservataire_id: UUID, name: str, contingent: str
) -> Addressee:
    """Mergers are followed to the end, then a substitution of the commune found there."""
    today, current = local_day(tx.now), reservataire_id
    while (into := await organismes.absorbers(tx, [current], today)).get(current):
        current = into[current]
    found = await substitutions.get_in_force(tx, {reservataire_id, current}, today)
    replaced = found.get(current) or found.get(reservataire_id)
    if replaced is not None:
        return Addressee(
            tenant_id=replaced.prefecture_id,
            name=replaced.prefecture_name,
            contingent=replaced.contingent,
            holder_id=reservataire_id,
            substitution=replaced,
        )
    if current == reservataire_id:
        return Addressee(tenant_id=reservataire_id, name=name, contingent=contingent)
    successor = (await tenants.get_tenants(tx, [current]))[current]
    return Addressee(
        tenant_id=current, name=successor.name, contingent="none", holder_id=reservataire_id
    )


async def replaced_among(
    tx: TenantTransaction, reservataire_ids: Iterable[UUID]
) -> dict[UUID, Substitution]:
    """The substitutions that run today among these réservataires: one statement."""
    return await substitutions.get_in_force(tx, reservataire_ids, local_day(tx.now))


def is_held_by(row: Orientation, tenant_id: UUID) -> bool:
    """Whether this réservataire reads the offer of its line without being the one who answers."""
    return row.holder_id == tenant_id and row.reservataire_id != tenant_id


def answered_by_another(row: Orientation) -> Motif:
    if row.decree is not None:
        return not_yours(row.reservataire_name, row.decree)
    return taken_over(row.reservataire_name)
