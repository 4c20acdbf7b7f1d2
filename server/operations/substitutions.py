"""The préfet in the place of a commune carencée: declared, then ended (L302-9-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions, tenants
from server.db import substitutions as rows
from server.db.ids import new_id
from server.db.paging import Page, PageRequest
from server.db.substitutions import Substitution
from server.db.tenants import Tenant
from server.domain.deadlines import local_day
from server.domain.substitutions import SubstitutionFacts, declaration_motifs, ending_motifs
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.flux import is_in_force
from server.operations.journal import Act, Recipient, announce, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

CONTINGENT = "rs"
"""The transferred rights serve the households with priority: the mal-logés answer for the State."""

SUBJECT = "substitution"
CLASHES = frozenset({"already_substituted"})
CLASH = Motif(
    code="already_substituted",
    message="Une autre personne vient de déclarer une substitution de cette commune.",
    field="commune",
)
ENDED = Motif(code="already_ended", message="Cette substitution a déjà un dernier jour.")


@dataclass(frozen=True, kw_only=True)
class DeclareSubstitution:
    """By which arrêté, for which commune, from which day, until which one if it is known."""

    tenant_id: UUID
    decree: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What the check page shows: nothing is written. `bailleurs` are those who will be told."""

    commune: Tenant
    decree: str
    starts_on: date
    ends_on: date | None
    bailleurs: tuple[Tenant, ...]


async def list_page(
    tx: TenantTransaction, request: PageRequest, *, is_over: bool | None = None
) -> Page[Substitution]:
    """Public acts of the préfet: everybody reads them all."""
    require(tx.actor, Permission.SUBSTITUTION_READ)
    return await rows.list_substitutions(tx, request, on=local_day(tx.now), is_over=is_over)


async def get(tx: TenantTransaction, substitution_id: UUID) -> Substitution:
    require(tx.actor, Permission.SUBSTITUTION_READ)
    found = await rows.find_substitution(tx, substitution_id)
    if found is None:
        raise NotFound
    return found


async def communes(tx: TenantTransaction) -> list[Tenant]:
    """Those that may be substituted: communes that are réservataires."""
    require(tx.actor, Permission.SUBSTITUTION_DECLARE)
    return [
        one for one in await tenants.list_tenants(tx, "reservataire") if one.category == "commune"
    ]


async def in_force(
    tx: TenantTransaction, reservataire_ids: Iterable[UUID]
) -> dict[UUID, Substitution]:
    """Among these réservataires, who is substituted today."""
    return await rows.get_in_force(tx, reservataire_ids, local_day(tx.now))


# --- Declaring ------------------------------------------------------------------------------------


async def preview(tx: TenantTransaction, command: DeclareSubstitution) -> Declaration:
    """What declaring now would do; Invalid or Conflict says why it is refused."""
    require(tx.actor, Permission.SUBSTITUTION_DECLARE)
    commune = await _check(tx, command)
    return Declaration(
        commune=commune,
        decree=command.decree.strip(),
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        bailleurs=await _bailleurs(tx, commune.id),
    )


async def _check(tx: TenantTransaction, command: DeclareSubstitution) -> Tenant:
    commune = {one.id: one for one in await communes(tx)}.get(command.tenant_id)
    already = await rows.find_overlap(tx, command.tenant_id, command.starts_on, command.ends_on)
    facts = SubstitutionFacts(
        is_commune=commune is not None,
        decree=command.decree,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        already=already.decree if already else None,
    )
    motifs = declaration_motifs(facts)
    if any(motif.code in CLASHES for motif in motifs):
        raise Conflict(*motifs)
    if motifs or commune is None:
        raise Invalid(*motifs)
    return commune


async def _bailleurs(tx: TenantTransaction, commune_id: UUID) -> tuple[Tenant, ...]:
    """Those with a convention in force with the commune: they address its offers."""
    today = local_day(tx.now)
    agreed = await conventions.list_conventions(tx, reservataire_id=commune_id)
    ids = {one.bailleur_id for one in agreed if is_in_force(one, today)}
    named = await tenants.get_tenants(tx, ids)
    return tuple(sorted(named.values(), key=lambda one: one.name))


async def declare(tx: TenantTransaction, command: DeclareSubstitution) -> UUID:
    """From that day the offers of the commune's line go to the préfecture; the live ones stay."""
    require(tx.actor, Permission.SUBSTITUTION_DECLARE)
    declared = await preview(tx, command)
    substitution_id = new_id()
    try:
        await rows.insert_substitution(
            tx,
            {
                "id": substitution_id,
                "tenant_id": command.tenant_id,
                "prefecture_id": tx.actor.tenant_id,
                "contingent": CONTINGENT,
                "decree": declared.decree,
                "starts_on": command.starts_on,
                "ends_on": command.ends_on,
                "recorded_at": tx.now,
                "recorded_by": tx.actor.person_id,
            },
        )
    except IntegrityError as error:
        raise Conflict(CLASH) from error
    await _tell(tx, await get(tx, substitution_id), "declared", declared.bailleurs)
    return substitution_id


async def end(tx: TenantTransaction, substitution_id: UUID, ends_on: date) -> None:
    """The commune answers again for the offers sent after that day."""
    require(tx.actor, Permission.SUBSTITUTION_DECLARE)
    found = await get(tx, substitution_id)
    if found.prefecture_id != tx.actor.tenant_id:
        raise NotFound
    if found.ends_on is not None:
        raise Conflict(ENDED)
    motifs = ending_motifs(found.starts_on, ends_on, today=local_day(tx.now))
    if motifs:
        raise Invalid(*motifs)
    if not await rows.end_substitution(tx, substitution_id, ends_on):
        raise Conflict(ENDED)
    fresh = await get(tx, substitution_id)
    await _tell(tx, fresh, "ended", await _bailleurs(tx, fresh.tenant_id))


async def _tell(
    tx: TenantTransaction, row: Substitution, step: str, bailleurs: Iterable[Tenant]
) -> None:
    """One line of the journal for the commune, one for each bailleur: each reads its own."""
    commune = Recipient(tenant_id=row.tenant_id, capacity="reservataire")
    entry = await _record(tx, row, step, bailleur_id=tx.actor.tenant_id, commune=row.tenant_id)
    await _announce(tx, entry, row, step, commune)
    for one in bailleurs:
        entry = await _record(tx, row, step, bailleur_id=one.id, commune=None)
        await _announce(tx, entry, row, step, Recipient(tenant_id=one.id, capacity="bailleur"))


async def _record(
    tx: TenantTransaction, row: Substitution, step: str, *, bailleur_id: UUID, commune: UUID | None
) -> UUID:
    """Between the State and the commune no bailleur is party: the préfecture stands there."""
    ends_on = row.ends_on.isoformat() if row.ends_on else None
    return await record(
        tx,
        Act(
            act=f"substitution.{step}",
            subject_kind=SUBJECT,
            subject_id=row.id,
            bailleur_id=bailleur_id,
            reservataire_id=commune,
            facts={
                "commune": str(row.tenant_id),
                "decree": row.decree,
                "starts_on": row.starts_on.isoformat(),
                "ends_on": ends_on,
            },
        ),
    )


async def _announce(
    tx: TenantTransaction, entry: UUID, row: Substitution, step: str, recipient: Recipient
) -> None:
    await announce(
        tx,
        entry,
        [recipient],
        template=f"substitution.{step}",
        subject_kind=SUBJECT,
        subject_id=row.id,
    )
