"""A convention prepared by its bailleur: its parties, its terms, its start; and its address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions as rows
from server.db import tenants
from server.db.charte import list_versions
from server.db.conventions import CommuneChoice, ConventionRecord
from server.db.ids import new_id
from server.db.tenants import Tenant
from server.domain import charte
from server.domain.convention_steps import Side, StartRule
from server.domain.convention_terms import Terms, terms_motifs
from server.domain.conventions import ConventionState
from server.domain.deadlines import local_day
from server.errors import Conflict, Forbidden, Invalid, Motif, NotFound
from server.operations.journal import Act, Recipient, announce, record
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

SUBJECT = "convention"
STATE = "etat"
STATE_CONTINGENTS = ("fonctionnaires", "rs")
"""One convention with the State, two contingents: each is told of what happens to it."""

STALE = Motif(
    code="stale_version",
    message="Cette convention a changé entre-temps : relisez-la avant de continuer.",
)
NOT_A_PROJECT = Motif(
    code="wrong_state",
    message="Elle a été votée ou signée : rouvrez le projet, ou passez par un avenant (art. 8).",
)
SAME_START = Motif(
    code="same_start",
    message="Une convention avec ce réservataire commence déjà ce jour-là.",
    field="starts_on",
)

UNKNOWN_COMMUNE = Motif(
    code="commune_unknown",
    message="Une des communes cochées n'est pas du département.",
    field="perimeter",
)


@dataclass(frozen=True, kw_only=True)
class PrepareConvention:
    """What the bailleur writes; at signature, `starts_on` is only the day that is expected."""

    reservataire_id: UUID
    starts_on: date
    start_rule: StartRule
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class Choices:
    """With whom and over what a convention may be made."""

    reservataires: tuple[Tenant, ...]
    communes: tuple[CommuneChoice, ...]
    charte: charte.Version
    """The version in force, that says what is usual."""


async def choices(tx: TenantTransaction) -> Choices:
    require(tx.actor, Permission.CONVENTION_PREPARE)
    return Choices(
        reservataires=tuple(await tenants.list_tenants(tx, "reservataire")),
        communes=tuple(await rows.list_communes(tx)),
        charte=await _charte(tx, local_day(tx.now)),
    )


async def _charte(tx: TenantTransaction, on: date) -> charte.Version:
    return charte.in_force(await list_versions(tx), on)


async def usual_terms(tx: TenantTransaction, on: date) -> dict[str, Any]:
    """What the charte of that day says of the terms of a convention (`charte.usual_terms`)."""
    require(tx.actor, Permission.CONVENTION_PREPARE)
    return charte.usual_terms(await _charte(tx, on))


async def get_record(
    tx: TenantTransaction, convention_id: UUID, *, lock: bool = False
) -> ConventionRecord:
    """The whole row, for its parties and the préfecture; an EPCI reads less of it."""
    require(tx.actor, Permission.CONVENTION_READ)
    if tx.actor.capacity is Capacity.EPCI:
        raise NotFound
    found = await rows.find_record(tx, convention_id, lock=lock)
    if found is None:
        raise NotFound
    return found


def side_of(tx: TenantTransaction, row: ConventionRecord) -> Side | None:
    """Which party of it the actor is, in the capacity in which it acts."""
    actor = tx.actor
    if actor.capacity is Capacity.BAILLEUR and actor.tenant_id == row.bailleur_id:
        return Side.BAILLEUR
    if actor.capacity is Capacity.RESERVATAIRE and actor.tenant_id == row.reservataire_id:
        return Side.RESERVATAIRE
    return None


def terms_of(row: ConventionRecord) -> Terms:
    return Terms(
        perimeter=row.perimeter,
        charte_version=row.charte_version,
        model_version=row.model_version,
        mailbox=row.mailbox,
        answer_days=row.answer_days,
        candidate_days=row.candidate_days,
        mutation_rate_bp=row.mutation_rate_bp,
        indicator=row.indicator,
        management=row.management,
        closure_rule=row.closure_rule,
    )


def _stored(terms: Terms) -> dict[str, Any]:
    values = asdict(terms)
    values.pop("perimeter")
    return values


async def _check(
    tx: TenantTransaction, command: PrepareConvention, known: Collection[UUID]
) -> None:
    motifs = list(terms_motifs(command.terms))
    if command.reservataire_id not in known:
        message = "Choisissez le réservataire."
        motifs.append(Motif(code="required", message=message, field="reservataire"))
    found = await rows.list_communes(tx, command.terms.perimeter)
    if len(found) != len(command.terms.perimeter):
        motifs.append(UNKNOWN_COMMUNE)
    if motifs:
        raise Invalid(*motifs)


async def create(tx: TenantTransaction, command: PrepareConvention) -> UUID:
    """A project, that the réservataire reads at once; nothing binds before two signatures."""
    require(tx.actor, Permission.CONVENTION_PREPARE)
    known = {one.id for one in await tenants.list_tenants(tx, "reservataire")}
    await _check(tx, command, known)
    convention_id = new_id()
    try:
        await rows.insert_convention(
            tx,
            {
                "id": convention_id,
                "bailleur_id": tx.actor.tenant_id,
                "reservataire_id": command.reservataire_id,
                "state": ConventionState.DRAFT.value,
                "starts_on": command.starts_on,
                "start_rule": command.start_rule.value,
                **_stored(command.terms),
            },
        )
    except IntegrityError as error:
        raise Conflict(SAME_START) from error
    row = await get_record(tx, convention_id)
    await rows.replace_perimeter(tx, row, command.terms.perimeter, is_agreed=False)
    await tell(tx, row, "prepared", to_state=ConventionState.DRAFT)
    return convention_id


async def edit(
    tx: TenantTransaction, convention_id: UUID, command: PrepareConvention, *, version: int
) -> None:
    """Of a project that nobody has voted nor signed; its réservataire does not change."""
    row = await own_project(tx, convention_id)
    await _check(tx, command, {row.reservataire_id})
    values = {"starts_on": command.starts_on, "start_rule": command.start_rule.value}
    try:
        changed = await rows.update_convention(
            tx, row.id, version=version, **values, **_stored(command.terms)
        )
    except IntegrityError as error:
        raise Conflict(SAME_START) from error
    if not changed:
        raise Conflict(STALE)
    await rows.replace_perimeter(tx, row, command.terms.perimeter, is_agreed=False)
    await tell(tx, row, "edited")


async def own_project(tx: TenantTransaction, convention_id: UUID) -> ConventionRecord:
    """A project of the actor's that may still be rewritten."""
    require(tx.actor, Permission.CONVENTION_PREPARE)
    row = await get_record(tx, convention_id)
    if side_of(tx, row) is not Side.BAILLEUR:
        raise NotFound
    touched = (row.deliberated_on, row.bailleur_signed_on, row.reservataire_signed_on)
    if row.state != ConventionState.DRAFT or any(touched):
        raise Conflict(NOT_A_PROJECT)
    return row


async def set_mailbox(
    tx: TenantTransaction, convention_id: UUID, mailbox: str | None, *, version: int
) -> None:
    """The generic address of art. 5.3: None blocks the sending of offers; no avenant is needed.

    Several organismes may share one.
    """
    require(tx.actor, Permission.CONVENTION_PREPARE)
    row = await get_record(tx, convention_id)
    if side_of(tx, row) is not Side.BAILLEUR:
        raise NotFound
    wanted = replace(terms_of(row), perimeter=row.perimeter or frozenset({""}), mailbox=mailbox)
    motifs = [one for one in terms_motifs(wanted) if one.field == "mailbox"]
    if motifs:
        raise Invalid(*motifs)
    values = {"mailbox": mailbox, "mailbox_failed_at": None}
    if not await rows.update_convention(tx, row.id, version=version, **values):
        raise Conflict(STALE)
    await tell(tx, row, "addressed", facts={"is_blank": mailbox is None})


# --- Telling the other party --------------------------------------------------------------------


async def tell(
    tx: TenantTransaction,
    row: ConventionRecord,
    act: str,
    *,
    to_state: ConventionState | None = None,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """One line of the journal for both parties, one announcement to the other."""
    side = side_of(tx, row)
    if side is None:
        raise Forbidden
    entry = await record(
        tx,
        Act(
            act=f"convention.{act}",
            subject_kind=SUBJECT,
            subject_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            from_state=row.state if to_state else None,
            to_state=to_state.value if to_state else None,
            reason=reason,
            facts={"on": local_day(tx.now).isoformat(), **(facts or {})},
        ),
    )
    await announce(
        tx,
        entry,
        recipients(row, Side.RESERVATAIRE if side is Side.BAILLEUR else Side.BAILLEUR),
        template=f"convention.{act}",
        subject_kind=SUBJECT,
        subject_id=row.id,
    )


def recipients(row: ConventionRecord, side: Side) -> list[Recipient]:
    if side is Side.BAILLEUR:
        return [Recipient(tenant_id=row.bailleur_id, capacity="bailleur")]
    contingents = STATE_CONTINGENTS if row.category == STATE else ("none",)
    return [
        Recipient(tenant_id=row.reservataire_id, capacity="reservataire", contingent=one)
        for one in contingents
    ]
