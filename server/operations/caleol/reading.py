"""Reading sessions and agendas, each one as far as it may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from server.db import caleol as rows
from server.db import candidates as candidate_rows
from server.db import tenants
from server.db.orientations import Orientation
from server.db.paging import Page, PageRequest
from server.errors import NotFound
from server.operations import orientations, readings
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class AgendaItem:
    """A dwelling of a session as the actor reads it: `offer` is None for whom it is hidden."""

    orientation_id: UUID
    position: int
    reservataire_name: str
    contingent: str
    offer: Orientation | None
    candidates: tuple[candidate_rows.Candidate, ...]
    decisions: tuple[rows.Decision, ...]


async def get(tx: TenantTransaction, session_id: UUID) -> rows.CaleolSession:
    require(tx.actor, Permission.CALEOL_READ)
    found = await rows.find_session(tx, session_id)
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    state: str | None = None,
    bailleur_id: UUID | None = None,
) -> Page[rows.CaleolSession]:
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_sessions(tx, request, state=state, bailleur_id=bailleur_id)


async def bailleurs(tx: TenantTransaction) -> dict[UUID, str]:
    """Whose sessions the actor sees."""
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_bailleurs(tx)


async def items_of(
    tx: TenantTransaction, session_ids: Iterable[UUID]
) -> dict[UUID, list[rows.CaleolItem]]:
    """The agendas, by session, as far as the actor may read them."""
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_items(tx, session_ids)


async def invitations_of(
    tx: TenantTransaction, session_ids: Iterable[UUID]
) -> dict[UUID, list[rows.Invitation]]:
    """Who is invited, by session; an invited organisme sees its own line."""
    require(tx.actor, Permission.CALEOL_READ)
    return await rows.list_invitations(tx, session_ids)


async def candidates_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[candidate_rows.Candidate]]:
    """Those examined, by orientation; none for an EPCI, which sits without reading them."""
    if not may(tx.actor, Permission.CANDIDATES_READ):
        return {}
    return await readings.candidates_of(tx, orientation_ids)


async def decisions_of(
    tx: TenantTransaction, orientation_ids: Iterable[UUID]
) -> dict[UUID, list[rows.Decision]]:
    """What was decided, by orientation, as far as the actor may read the candidates."""
    if not may(tx.actor, Permission.CANDIDATES_READ):
        return {}
    return await readings.decisions_of(tx, orientation_ids)


async def agenda(tx: TenantTransaction, session_id: UUID) -> list[AgendaItem]:
    """The dwellings of a session in order, each with what the actor may read of it."""
    items = (await items_of(tx, [session_id])).get(session_id, [])
    ids = [item.orientation_id for item in items]
    names = await tenants.get_tenants(tx, {item.reservataire_id for item in items})
    offers = await orientations.visible_of(tx, ids)
    examined = await candidates_of(tx, ids)
    decided = await decisions_of(tx, ids)
    return [
        AgendaItem(
            orientation_id=item.orientation_id,
            position=item.position,
            reservataire_name=names[item.reservataire_id].name,
            contingent=item.contingent,
            offer=offers.get(item.orientation_id),
            candidates=tuple(examined.get(item.orientation_id, ())),
            decisions=tuple(
                one for one in decided.get(item.orientation_id, ()) if one.session_id == session_id
            ),
        )
        for item in items
    ]
