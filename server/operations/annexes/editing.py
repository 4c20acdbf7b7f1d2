"""Changing a draft: its lines, its photograph, the derogation that lets it be published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from server.db import annexes as rows
from server.db import tenants
from server.db.flux import AnnexeFacts, AnnexeLine
from server.db.ids import new_id
from server.db.tables.patrimoine import ORIGINS
from server.domain.annexe import STATE, WHOLE_BP, Contingent, Denominator
from server.domain.annexe_drafts import Rolling, rolling_motifs
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.annexes.preparing import counted_now
from server.operations.annexes.reading import get
from server.operations.journal import Act, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOST_DROITS = Decimal(999_999)
LONGEST_REASON = 500
LONGEST_REFERENCE = 120


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """The rights of a line as typed. `rate_bp` is set for an imposed rate, in 1/100 %; else the
    line rolls from last year's rights: `expired` out, `added` in.
    """

    annexe_id: UUID
    line_id: UUID
    revision: int
    perimeter: frozenset[str]
    expired: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    rate_bp: int | None = None
    origin: str = "autre"
    denominator: str = Denominator.TOTAL
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AddLine:
    """A new line: `droits`, or `rate_bp` for a rate imposed by the State's convention."""

    annexe_id: UUID
    revision: int
    reservataire_id: UUID
    perimeter: frozenset[str]
    contingent: str = "none"
    droits: Decimal | None = None
    rate_bp: int | None = None
    origin: str = "autre"
    denominator: str = Denominator.TOTAL
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordDerogation:
    """An arrêté of the préfet, both days included."""

    reference: str
    starts_on: date
    ends_on: date


async def _draft(tx: TenantTransaction, annexe_id: UUID, revision: int) -> AnnexeFacts:
    """The draft, locked. NotFound for a stranger; Conflict once published, or moved meanwhile."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    facts = await get(tx, annexe_id)
    if facts.published_at is not None:
        message = "Cette version est publiée : elle ne change plus. Préparez une rectification."
        raise Conflict(Motif(code="annexe_published", message=message))
    head = await rows.lock_draft(tx, annexe_id)
    if head is None or head.revision != revision:
        message = (
            "Ce brouillon a changé pendant que vous le modifiiez : vérifiez ses lignes, puis "
            "recommencez. Votre saisie est gardée."
        )
        raise Conflict(Motif(code="stale_version", message=message))
    return facts


def line_of(facts: AnnexeFacts, line_id: UUID) -> AnnexeLine:
    found = next((one for one in facts.lines if one.id == line_id), None)
    if found is None:
        raise NotFound
    return found


async def change_line(tx: TenantTransaction, command: ChangeLine) -> None:
    facts = await _draft(tx, command.annexe_id, command.revision)
    line = line_of(facts, command.line_id)
    rolling = Rolling(
        key=str(line.id),
        reservataire=line.reservataire_name,
        previous=line.previous_droits,
        expired=command.expired,
        added=command.added,
        reason=command.reason.strip(),
    )
    motifs = [*_common_motifs(command, facts, line.contingent, is_rate=command.rate_bp is not None)]
    if command.rate_bp is None:
        motifs += [*rolling_motifs(rolling), *_decimals(("expired", "added"), command)]
    elif command.rate_bp != line.imposed_rate_bp and not rolling.reason:
        message = "Dites pourquoi le taux change : la convention de l'État, un avenant."
        motifs.append(Motif(code="reason_required", message=message, field="reason"))
    if motifs:
        raise Invalid(*motifs)
    values = _values(command, droits=rolling.droits if command.rate_bp is None else None)
    is_rate = command.rate_bp is not None
    values |= {
        "expired": Decimal(0) if is_rate else command.expired,
        "added": Decimal(0) if is_rate else command.added,
    }
    await rows.update_line(tx, facts.id, line.id, values, command.perimeter)
    await rows.update_head(tx, facts.id)


async def add_line(tx: TenantTransaction, command: AddLine) -> UUID:
    facts = await _draft(tx, command.annexe_id, command.revision)
    motifs = [
        *_common_motifs(command, facts, command.contingent, is_rate=command.rate_bp is not None),
        *_decimals(("droits",), command),
    ]
    if (command.droits is None) == (command.rate_bp is None):
        message = "Donnez un nombre de droits, ou un taux imposé pour une ligne de l'État."
        motifs.append(Motif(code="droits_or_rate", message=message, field="droits"))
    known = await tenants.list_tenants(tx, "reservataire")
    if command.reservataire_id not in {one.id for one in known}:
        message = "Choisissez le réservataire."
        motifs.append(Motif(code="reservataire_unknown", message=message, field="reservataire"))
    same = (command.reservataire_id, command.contingent)
    if same in {(one.reservataire_id, one.contingent) for one in facts.lines}:
        message = "Ce réservataire a déjà sa ligne : modifiez-la plutôt."
        motifs.append(Motif(code="line_duplicated", message=message, field="reservataire"))
    if motifs:
        raise Invalid(*motifs)
    line_id = new_id()
    values = {
        "id": line_id,
        "annexe_id": facts.id,
        "bailleur_id": tx.actor.tenant_id,
        "reservataire_id": command.reservataire_id,
        "contingent": command.contingent,
        "added": command.droits or Decimal(0),
        **_values(command, droits=command.droits),
    }
    await rows.insert_line(tx, values, command.perimeter)
    await rows.update_head(tx, facts.id)
    return line_id


async def remove_line(tx: TenantTransaction, annexe_id: UUID, line_id: UUID, revision: int) -> None:
    facts = await _draft(tx, annexe_id, revision)
    await rows.delete_line(tx, annexe_id, line_of(facts, line_id).id)
    await rows.update_head(tx, annexe_id)


async def recount(tx: TenantTransaction, annexe_id: UUID, revision: int) -> None:
    """Take the photograph again: A and B of each commune, from the dwellings as they are."""
    facts = await _draft(tx, annexe_id, revision)
    await rows.put_stock(tx, annexe_id, tx.actor.tenant_id, await counted_now(tx, facts))
    await rows.update_head(tx, annexe_id)


async def discard(tx: TenantTransaction, annexe_id: UUID, revision: int) -> None:
    """Throw the draft away: nothing was published of it."""
    facts = await _draft(tx, annexe_id, revision)
    await rows.delete_draft(tx, facts.id)


async def record_derogation(tx: TenantTransaction, command: RecordDerogation) -> UUID:
    """An arrêté over the ceilings of the State's share (R441-5-2 I)."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    motifs = list(_derogation_motifs(command))
    if motifs:
        raise Invalid(*motifs)
    derogation_id = new_id()
    values = {
        "id": derogation_id,
        "bailleur_id": tx.actor.tenant_id,
        "reference": command.reference.strip(),
        "starts_on": command.starts_on,
        "ends_on": command.ends_on,
        "recorded_at": tx.now,
        "recorded_by": tx.actor.person_name,
    }
    await rows.insert_derogation(tx, values)
    await record(
        tx,
        Act(
            act="derogation.recorded",
            subject_kind="derogation",
            subject_id=derogation_id,
            bailleur_id=tx.actor.tenant_id,
            reason=command.reference.strip(),
            facts={
                "starts_on": command.starts_on.isoformat(),
                "ends_on": command.ends_on.isoformat(),
            },
        ),
    )
    return derogation_id


# --- What is refused, at its field --------------------------------------------------------------


def _values(command: ChangeLine | AddLine, *, droits: Decimal | None) -> dict[str, Any]:
    return {
        "droits": droits,
        "imposed_rate_bp": command.rate_bp,
        "origin": command.origin,
        "denominator": command.denominator,
        "change_reason": command.reason.strip() or None,
    }


def _common_motifs(
    command: ChangeLine | AddLine, facts: AnnexeFacts, contingent: str, *, is_rate: bool
) -> Iterator[Motif]:
    here = {one.insee for one in facts.communes}
    if not command.perimeter or not command.perimeter <= here:
        message = "Cochez au moins une commune de cet EPCI où vous avez des logements."
        yield Motif(code="perimeter_empty", message=message, field="perimeter")
    if contingent not in set(Contingent):
        message = "Choisissez le contingent."
        yield Motif(code="contingent_unknown", message=message, field="contingent")
    elif is_rate and Contingent(contingent) not in STATE:
        message = "Seules les lignes de l'État ont un taux imposé : donnez un nombre de droits."
        yield Motif(code="rate_not_imposed", message=message, field="rate")
    if is_rate and not 0 <= (command.rate_bp or 0) <= WHOLE_BP:
        message = "Un taux va de 0 à 100 %."
        yield Motif(code="rate_invalid", message=message, field="rate")
    if command.origin not in ORIGINS:
        message = "Choisissez l'origine des droits."
        yield Motif(code="origin_unknown", message=message, field="origin")
    if command.denominator not in set(Denominator):
        message = "Choisissez le dénominateur."
        yield Motif(code="denominator_unknown", message=message, field="denominator")
    if len(command.reason) > LONGEST_REASON:
        message = f"Écrivez {LONGEST_REASON} caractères au plus."
        yield Motif(code="too_long", message=message, field="reason")


def _decimals(names: tuple[str, ...], command: ChangeLine | AddLine) -> Iterator[Motif]:
    for name in names:
        value: Decimal | None = getattr(command, name)
        if value is None:
            continue
        if value != value.quantize(Decimal("0.01")) or not 0 <= value <= MOST_DROITS:
            message = "Donnez un nombre positif, deux décimales au plus."
            yield Motif(code="droits_invalid", message=message, field=name)


def _derogation_motifs(command: RecordDerogation) -> Iterator[Motif]:
    if not 0 < len(command.reference.strip()) <= LONGEST_REFERENCE:
        message = "Donnez le numéro et la date de l'arrêté du préfet."
        yield Motif(code="reference_required", message=message, field="reference")
    if command.ends_on < command.starts_on:
        message = "Le dernier jour précède le premier."
        yield Motif(code="period_reversed", message=message, field="ends_on")
    elif command.ends_on >= _a_year_after(command.starts_on):
        message = "Une dérogation dure un an au plus (R441-5-2)."
        yield Motif(code="period_too_long", message=message, field="ends_on")


def _a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 2, 28)
