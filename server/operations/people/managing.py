"""What a responsable does about the people of her organisme, in her own capacity only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from server.db import invitations, people
from server.db.people import Member
from server.domain.people import MOST_INVITATIONS, left_alone
from server.errors import Conflict, Forbidden, Invalid, Motif, NotFound
from server.operations.people.trail import record, record_cancelled
from server.tenants import invitations as doors
from server.tenants.actors import NO_CONTINGENT, Role
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

LONGEST_NAME = 200
NAME_REQUIRED = Motif(
    code="name_required",
    message="Indiquez le prénom et le nom de la personne, en 200 signes au plus.",
    field="name",
)
ROLE_UNKNOWN = Motif(code="role_unknown", message="Choisissez un rôle.", field="role")
CONTINGENT_REQUIRED = Motif(
    code="contingent_required",
    message="Choisissez au moins un contingent parmi les vôtres.",
    field="contingents",
)
NOTHING_CHANGES = Motif(
    code="nothing_changes",
    message="Choisissez un autre rôle ou d'autres contingents : rien ne changerait.",
    field="role",
)
TOO_MANY = Motif(
    code="too_many_invitations",
    message=f"{MOST_INVITATIONS} invitations attendent déjà : annulez d'abord celles qui ne "
    "serviront pas.",
)
LAST_RESPONSABLE = Motif(
    code="last_responsable",
    message="C'est la dernière personne responsable de l'organisme, ou d'un contingent de l'État : "
    "donnez d'abord ce rôle à une autre.",
)
OVER = Motif(code="membership_over", message="Le compte de cette personne est déjà clos.")
CANNOT_CANCEL = Motif(
    code="invitation_over",
    message="Cette invitation ne peut plus être annulée : elle a été acceptée, ou elle l'est déjà.",
)
OUT_OF_REACH = (
    "Cette personne suit un contingent de l'État qui n'est pas le vôtre : un responsable de ce "
    "contingent s'en occupe."
)


@dataclass(frozen=True, kw_only=True)
class InvitePerson:
    """Somebody expected; `contingents` count for the State as réservataire only."""

    name: str
    role: str
    contingents: frozenset[str] = NO_CONTINGENT


@dataclass(frozen=True, kw_only=True)
class ChangeRole:
    membership_id: UUID
    role: str
    contingents: frozenset[str] = NO_CONTINGENT


def grantable(tx: TenantTransaction) -> frozenset[str]:
    """The contingents of the State that the actor may give: her own; none elsewhere."""
    return tx.actor.contingents - NO_CONTINGENT


def is_within_reach(tx: TenantTransaction, member: Member) -> bool:
    """She follows no contingent of the State that the actor does not follow."""
    return set(member.contingents) - NO_CONTINGENT <= grantable(tx)


async def invite(tx: TenantTransaction, command: InvitePerson) -> str:
    """Expect somebody; answers the secret of her link, shown once."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    contingents, motifs = _contingents(tx, command.contingents)
    name = " ".join(command.name.split())
    if not name or len(name) > LONGEST_NAME:
        motifs.insert(0, NAME_REQUIRED)
    role = _role(command.role, motifs)
    if motifs:
        raise Invalid(*motifs)
    now = datetime.now(UTC)
    if await invitations.count_waiting(tx, now) >= MOST_INVITATIONS:
        raise Conflict(TOO_MANY)
    return await doors.invite(
        tx,
        tenant_id=tx.actor.tenant_id,
        capacity=tx.actor.capacity,
        role=role,
        name=name,
        contingents=contingents,
        invited_by=tx.actor.person_id,
        invited_by_name=tx.actor.person_name,
        now=now,
    )


async def cancel_invitation(tx: TenantTransaction, invitation_id: UUID) -> None:
    require(tx.actor, Permission.PEOPLE_MANAGE)
    if not await invitations.exists(tx, invitation_id):
        raise NotFound
    cancelled = await invitations.cancel(tx, datetime.now(UTC), invitation_id=invitation_id)
    if not cancelled:
        raise Conflict(CANNOT_CANCEL)
    await record_cancelled(tx, cancelled)


async def change_role(tx: TenantTransaction, command: ChangeRole) -> Member:
    """Give another role, effective at the next request of the person."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    others, member = await _lock(tx, command.membership_id)
    contingents, motifs = _contingents(tx, command.contingents)
    role = _role(command.role, motifs)
    if not motifs and (role.value, contingents) == (member.role, frozenset(member.contingents)):
        motifs.append(NOTHING_CHANGES)
    if motifs:
        raise Invalid(*motifs)
    kept = contingents if role is Role.RESPONSABLE else frozenset()
    await _leave_management(tx, member, others, kept)
    await people.update_member(tx, member.id, role=role.value, contingents=sorted(contingents))
    await record(tx, "role_changed", member, to_role=role.value)
    return member


async def remove(tx: TenantTransaction, membership_id: UUID) -> Member:
    """End a membership, effective at the next request of the person."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    others, member = await _lock(tx, membership_id)
    await _leave_management(tx, member, others, frozenset())
    await people.update_member(tx, member.id, revoked_at=datetime.now(UTC), ended_as="removed")
    await record(tx, "removed", member)
    return member


async def confirm_review(tx: TenantTransaction) -> None:
    """« Je confirme la liste »: recorded with its date and its author."""
    require(tx.actor, Permission.PEOPLE_MANAGE)
    await record(tx, "reviewed")


async def _lock(tx: TenantTransaction, membership_id: UUID) -> tuple[list[frozenset[str]], Member]:
    """What the other responsables follow, each, until the commit; and the person, still there."""
    responsables = await people.list_responsables(tx, for_update=True)
    member = await people.find_member(tx, membership_id, for_update=True)
    if member is None:
        raise NotFound
    if member.revoked_at is not None:
        raise Conflict(OVER)
    if not is_within_reach(tx, member):
        raise Forbidden(OUT_OF_REACH)
    return [found for one, found in responsables.items() if one != membership_id], member


async def _leave_management(
    tx: TenantTransaction, member: Member, others: list[frozenset[str]], kept: frozenset[str]
) -> None:
    """A responsable who no longer manages all that she did has a successor for the rest, and her
    pending links open nothing any more.
    """
    followed = frozenset(member.contingents)
    if member.role != Role.RESPONSABLE or followed <= kept:
        return
    if left_alone(followed, others, kept):
        raise Conflict(LAST_RESPONSABLE)
    made = await invitations.cancel(tx, datetime.now(UTC), invited_by=member.person_id)
    await record_cancelled(tx, made)


def _contingents(
    tx: TenantTransaction, asked: frozenset[str]
) -> tuple[frozenset[str], list[Motif]]:
    """Nobody gives a contingent that is not hers; who has none gives none."""
    own = grantable(tx)
    if not own:
        return NO_CONTINGENT, []
    chosen = asked - NO_CONTINGENT
    if not chosen or not chosen <= own:
        return NO_CONTINGENT, [CONTINGENT_REQUIRED]
    return chosen, []


def _role(code: str, motifs: list[Motif]) -> Role:
    if code not in {Role.RESPONSABLE, Role.AGENT, Role.LECTEUR}:
        motifs.append(ROLE_UNKNOWN)
        return Role.LECTEUR
    return Role(code)
