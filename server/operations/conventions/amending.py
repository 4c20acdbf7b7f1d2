"""The avenants of a convention: what changes, signed by both parties (art. 8)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import conventions as rows
from server.db.conventions import Amendment, ConventionRecord
from server.db.ids import new_id
from server.domain.convention_steps import Side
from server.domain.convention_terms import (
    Change,
    Terms,
    amendment_motifs,
    changes_between,
    terms_motifs,
)
from server.domain.conventions import ConventionFacts, ConventionState, in_force
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.conventions.preparing import (
    STALE,
    UNKNOWN_COMMUNE,
    get_record,
    side_of,
    tell,
    terms_of,
)
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

NOT_IN_FORCE = Motif(
    code="not_in_force",
    message="Un avenant modifie une convention en vigueur : celle-ci ne l'est pas.",
)
ANOTHER_OPEN = Motif(
    code="amendment_open", message="Un avenant attend déjà d'être signé : terminez-le d'abord."
)
ALREADY = Motif(code="already_signed", message="Votre organisme a déjà signé cet avenant.")
NOT_YET = Motif(
    code="other_first",
    message="Le réservataire signe l'avenant d'abord : votre signature le fait entrer en vigueur.",
)


@dataclass(frozen=True, kw_only=True)
class ProposeAmendment:
    """The terms as they would be; `reason` is what asks for an avenant, `summary` one sentence."""

    convention_id: UUID
    reason: str
    summary: str
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class SignAmendment:
    """Signed on that day, by who holds that function; the name stays on the paper."""

    convention_id: UUID
    amendment_id: UUID
    on: date
    signatory: str


async def list_amendments(tx: TenantTransaction, row: ConventionRecord) -> list[Amendment]:
    require(tx.actor, Permission.CONVENTION_READ)
    return await rows.list_amendments(tx, row.id)


async def preview_amendment(
    tx: TenantTransaction, command: ProposeAmendment
) -> tuple[ConventionRecord, tuple[Change, ...]]:
    """What it would change, for the check page; Invalid or Conflict says why it is refused."""
    require(tx.actor, Permission.CONVENTION_PREPARE)
    row = await get_record(tx, command.convention_id)
    if side_of(tx, row) is not Side.BAILLEUR:
        raise NotFound
    _require_in_force(tx, row)
    before = terms_of(row)
    after = replace(command.terms, mailbox=before.mailbox)
    changes = changes_between(before, after)
    motifs = (*terms_motifs(after), *amendment_motifs(command.reason, command.summary, changes))
    if len(await rows.list_communes(tx, after.perimeter)) != len(after.perimeter):
        motifs = (*motifs, UNKNOWN_COMMUNE)
    if motifs:
        raise Invalid(*motifs)
    return row, changes


async def propose(tx: TenantTransaction, command: ProposeAmendment) -> UUID:
    """Numbered, told to the réservataire; nothing changes before both have signed."""
    row, changes = await preview_amendment(tx, command)
    amendment_id = new_id()
    number = len(await rows.list_amendments(tx, row.id)) + 1
    try:
        await rows.insert_amendment(
            tx,
            {
                "id": amendment_id,
                "convention_id": row.id,
                "bailleur_id": row.bailleur_id,
                "reservataire_id": row.reservataire_id,
                "number": number,
                "reason": command.reason,
                "summary": command.summary.strip(),
                "changes": [asdict(one) for one in changes],
                "proposed_on": local_day(tx.now),
            },
        )
    except IntegrityError as error:
        raise Conflict(ANOTHER_OPEN) from error
    await tell(tx, row, "amendment_proposed", facts={"number": number})
    return amendment_id


def _require_in_force(tx: TenantTransaction, row: ConventionRecord) -> None:
    facts = ConventionFacts(
        state=ConventionState(row.state), starts_on=row.starts_on, ended_on=row.ended_on
    )
    if not in_force(facts, local_day(tx.now)):
        raise Conflict(NOT_IN_FORCE)


async def sign_amendment(tx: TenantTransaction, command: SignAmendment) -> None:
    """The réservataire, then the bailleur, whose signature puts the changes in force."""
    require(tx.actor, Permission.CONVENTION_SIGN)
    row = await get_record(tx, command.convention_id)
    side = side_of(tx, row)
    found = {one.id: one for one in await rows.list_amendments(tx, row.id)}
    amendment = found.get(command.amendment_id)
    if side is None or amendment is None:
        raise NotFound
    _require_in_force(tx, row)
    _check_signature(tx, amendment, side, command)
    signatory = command.signatory.strip()
    if not await rows.sign_amendment(tx, amendment.id, side.value, command.on, signatory):
        raise Conflict(ALREADY)
    if side is Side.BAILLEUR:
        await _apply(tx, row, amendment)
    await tell(tx, row, "amendment_signed", facts={"number": amendment.number})


def _check_signature(
    tx: TenantTransaction, amendment: Amendment, side: Side, command: SignAmendment
) -> None:
    if getattr(amendment, f"{side.value}_signed_on") is not None:
        raise Conflict(ALREADY)
    if side is Side.BAILLEUR and amendment.reservataire_signed_on is None:
        raise Conflict(NOT_YET)
    motifs = []
    if not command.signatory.strip():
        message = "Indiquez la fonction du signataire, sans son nom."
        motifs.append(Motif(code="told_required", message=message, field="told"))
    if not amendment.proposed_on <= command.on <= local_day(tx.now):
        message = "La signature se fait entre le jour de la proposition et aujourd'hui."
        motifs.append(Motif(code="day_in_the_future", message=message, field="on"))
    if motifs:
        raise Invalid(*motifs)


async def _apply(tx: TenantTransaction, row: ConventionRecord, amendment: Amendment) -> None:
    values: dict[str, Any] = {one.field: one.after for one in amendment.changes}
    perimeter = values.pop("perimeter", None)
    if not await rows.update_convention(tx, row.id, version=row.version, **values):
        raise Conflict(STALE)
    if perimeter is not None:
        await rows.replace_perimeter(tx, row, perimeter, is_agreed=True)
