"""Putting dwellings on the agenda and inviting everybody concerned (R441-3, R441-9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.db import caleol as rows
from server.db import tenants
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.domain import orientations as workflow
from server.domain.candidates import is_complete
from server.domain.deadlines import local_day
from server.errors import Invalid, Motif
from server.operations import orientations
from server.operations.journal import Act, Recipient, announce, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class PlanCaleol:
    """A session and the dwellings on its agenda, in order; a justification for each orientation
    with fewer than three candidates.
    """

    starts_at: datetime
    place: str
    orientation_ids: tuple[UUID, ...]
    mode: str = "on_site"
    justifications: dict[UUID, str] | None = None


def _plan_motifs(command: PlanCaleol, now: datetime) -> tuple[Motif, ...]:
    motifs = []
    if not command.place.strip():
        message = "Indiquez le lieu ou le lien de la séance."
        motifs.append(Motif(code="place_required", message=message, field="place"))
    if command.starts_at <= now:
        message = "La séance doit être à venir."
        motifs.append(Motif(code="session_in_past", message=message, field="starts_at"))
    if not command.orientation_ids:
        message = "Inscrivez au moins un logement à l'ordre du jour."
        motifs.append(Motif(code="agenda_empty", message=message, field="orientation_ids"))
    if command.mode not in ("on_site", "remote", "written"):
        motifs.append(
            Motif(code="mode_invalid", message="Ce mode de séance n'existe pas.", field="mode")
        )
    return tuple(motifs)


async def plan(tx: TenantTransaction, command: PlanCaleol) -> UUID:
    """Put orientations on the agenda of a new session and invite everybody concerned (T12)."""
    require(tx.actor, Permission.CALEOL_HOLD)
    motifs = _plan_motifs(command, tx.now)
    if motifs:
        raise Invalid(*motifs)
    session_id = new_id()
    agenda = await _agenda(tx, command)
    guests = await _guests(tx, agenda)
    session = {
        "id": session_id,
        "bailleur_id": tx.actor.tenant_id,
        "starts_at": command.starts_at,
        "place": command.place.strip(),
        "mode": command.mode,
    }
    invitations = [
        {
            "id": new_id(),
            "session_id": session_id,
            "bailleur_id": tx.actor.tenant_id,
            "tenant_id": tenant_id,
            "capacity": capacity,
            "invited_at": tx.now,
        }
        for tenant_id, capacity in guests
    ]
    await rows.insert_session(tx, session, _items(session_id, agenda), invitations)
    await _invite(tx, session_id, agenda, guests)
    return session_id


def _items(session_id: UUID, agenda: list[Orientation]) -> list[dict[str, object]]:
    return [
        {
            "session_id": session_id,
            "orientation_id": row.id,
            "bailleur_id": row.bailleur_id,
            "reservataire_id": row.reservataire_id,
            "contingent": row.contingent,
            "position": position,
        }
        for position, row in enumerate(agenda, start=1)
    ]


async def _agenda(tx: TenantTransaction, command: PlanCaleol) -> list[Orientation]:
    """The dwellings in the order asked; rows are locked in one order, so that two sessions that
    share dwellings wait for each other instead of blocking each other.
    """
    justifications = command.justifications or {}
    planned = {
        orientation_id: await _put_on_agenda(tx, orientation_id, justifications.get(orientation_id))
        for orientation_id in sorted(set(command.orientation_ids))
    }
    return [planned[orientation_id] for orientation_id in dict.fromkeys(command.orientation_ids)]


async def _put_on_agenda(
    tx: TenantTransaction, orientation_id: UUID, justification: str | None
) -> Orientation:
    row = await orientations.locked(tx, orientation_id)
    is_whole = is_complete(row.candidate_count, has_dalo=row.has_dalo)
    reason = None if is_whole else (justification or "").strip() or None
    fresh, _ = await orientations.perform(
        tx,
        row,
        lambda facts: workflow.plan(facts, now=tx.now, justification=reason),
        extra={"justification": reason},
    )
    return fresh


async def _guests(tx: TenantTransaction, agenda: list[Orientation]) -> list[tuple[UUID, str]]:
    """Réservataires of the agenda, communes of the dwellings (the maire sits, R441-9), préfet,
    presidents of LEC EPCI.
    """
    insees = {row.insee for row in agenda}
    communes = await tenants.find_commune_tenants(tx, insees)
    prefectures = await tenants.list_tenants(tx, "prefecture")
    sirens = (await tenants.epci_of_communes(tx, insees)).values()
    epcis = await tenants.find_epci_tenants(tx, sirens, lec_on=local_day(tx.now))
    guests = [(row.reservataire_id, "reservataire") for row in agenda]
    guests += [(one.id, "reservataire") for one in communes]
    guests += [(one.id, "prefecture") for one in prefectures]
    guests += [(one.id, "epci") for one in epcis]
    return list(dict.fromkeys(guests))


async def _invite(
    tx: TenantTransaction,
    session_id: UUID,
    agenda: list[Orientation],
    guests: list[tuple[UUID, str]],
) -> None:
    entry = await record(
        tx,
        Act(
            act="caleol.planned",
            subject_kind="caleol",
            subject_id=session_id,
            bailleur_id=tx.actor.tenant_id,
            to_state="planned",
            facts={"dwellings": len(agenda), "invitations": len(guests)},
        ),
    )
    await announce(
        tx,
        entry,
        _invited(agenda, guests),
        template="caleol.planned",
        subject_kind="caleol",
        subject_id=session_id,
    )


def _invited(agenda: list[Orientation], guests: list[tuple[UUID, str]]) -> list[Recipient]:
    """One mail a guest; the State's contingents, which do not see each other, one each."""
    invited = [orientations.reservataire_of(row) for row in agenda]
    known = {one.tenant_id for one in invited}
    invited += [
        Recipient(tenant_id=tenant_id, capacity=capacity)
        for tenant_id, capacity in guests
        if capacity != "reservataire" or tenant_id not in known
    ]
    return list(dict.fromkeys(invited))
