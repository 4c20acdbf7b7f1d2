"""Publishing an annexe 1: checked, frozen, told to every party before 28 February (art. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from server.db import annexes as rows
from server.db import tenants
from server.db.conventions import Convention
from server.db.flux import AnnexeCommune, AnnexeFacts, AnnexeLine, DroitUniqueLeft
from server.domain.annexe_drafts import notice_last_day, publication_motifs, publication_warnings
from server.domain.deadlines import local_day
from server.errors import Conflict, Motif
from server.operations.annexes.preparing import act_on, counted_now
from server.operations.annexes.reading import (
    ReadVersion,
    conventions_in_force,
    read,
    told_late,
)
from server.operations.journal import Recipient, announce, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What publishing now would say: `motifs` forbid it, `warnings` do not; `recipients` are
    (name, capacity), in order.
    """

    version: ReadVersion
    motifs: tuple[Motif, ...]
    warnings: tuple[Motif, ...]
    recipients: tuple[tuple[str, str], ...]
    last_day: date
    is_late: bool


async def check(tx: TenantTransaction, annexe_id: UUID) -> Checked:
    """The draft as it stands, with everything that the publication will look at again."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    version = await read(tx, annexe_id)
    facts, annexe = version.computed.facts, version.computed.annexe
    if facts.published_at is not None:
        raise Conflict(PUBLISHED)
    today = local_day(tx.now)
    given = await _recipients(tx, facts)
    told = dict.fromkeys((name, one.capacity) for one, name in given.items())
    return Checked(
        version=version,
        motifs=(
            *publication_motifs(
                annexe, year=facts.year, today=today, derogations=version.derogations
            ),
            *_moved(facts, await counted_now(tx, facts)),
        ),
        warnings=publication_warnings(
            annexe, year=facts.year, today=today, derogations=version.derogations
        ),
        recipients=tuple(told),
        last_day=notice_last_day(facts.year),
        is_late=facts.version == 1 and told_late(facts.year, None, tx.now),
    )


PUBLISHED = Motif(
    code="annexe_published",
    message="Cette version est publiée : elle ne change plus. Préparez une rectification.",
)


def _moved(facts: AnnexeFacts, counts: Sequence[AnnexeCommune]) -> list[Motif]:
    """The photograph must be the one of the dwellings as they are known today."""
    if tuple(counts) == facts.communes:
        return []
    message = (
        "Votre patrimoine a changé depuis le comptage de ce brouillon : recomptez les logements "
        "avant de publier."
    )
    return [Motif(code="stock_moved", message=message)]


async def publish(tx: TenantTransaction, annexe_id: UUID, revision: int) -> None:
    """Freeze the draft as the version of the year and tell every party."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    found = await check(tx, annexe_id)
    facts = found.version.computed.facts
    head = await rows.lock_draft(tx, annexe_id)
    if head is None or head.revision != revision or facts.revision != revision:
        message = "Ce brouillon a changé depuis votre vérification : relisez-le avant de publier."
        raise Conflict(Motif(code="stale_version", message=message))
    if found.motifs:
        raise Conflict(*found.motifs)
    recipients = await _recipients(tx, facts)
    await rows.insert_third_table(tx, annexe_id, tx.actor.tenant_id, facts.droits_uniques)
    await rows.insert_readers(
        tx,
        annexe_id,
        tx.actor.tenant_id,
        (one.tenant_id for one in recipients if one.capacity == "reservataire"),
    )
    await rows.update_head(tx, annexe_id, published_at=tx.now, published_by=tx.actor.person_name)
    entry = await record(tx, act_on(tx, "annexe.published", facts))
    await announce(
        tx,
        entry,
        recipients,
        template="annexe.published",
        subject_kind="annexe",
        subject_id=annexe_id,
    )


async def _recipients(tx: TenantTransaction, facts: AnnexeFacts) -> dict[Recipient, str]:
    """Every réservataire of a line (each contingent of the State apart), of a convention in force
    there, of a droit unique; the préfecture, and the EPCI if it is LEC today (Q24). In order, with
    their names.
    """
    today = local_day(tx.now)
    found = {_reservataire(one, one.contingent): one.reservataire_name for one in facts.lines}
    lined = {one.tenant_id for one in found}
    here = {one.insee for one in facts.communes}
    others: list[Convention | DroitUniqueLeft] = [
        one
        for one in await conventions_in_force(tx, max(today, date(facts.year, 1, 1)))
        if one.perimeter & here
    ]
    others += facts.droits_uniques
    found |= {
        _reservataire(one): one.reservataire_name
        for one in others
        if one.reservataire_id not in lined
    }
    found |= {
        Recipient(tenant_id=one.id, capacity="prefecture"): one.name
        for one in await tenants.list_tenants(tx, "prefecture")
    }
    found |= {
        Recipient(tenant_id=one.id, capacity="epci"): one.name
        for one in await tenants.find_epci_tenants(tx, [facts.epci_siren], lec_on=today)
    }
    return found


def _reservataire(
    party: AnnexeLine | Convention | DroitUniqueLeft, contingent: str = "none"
) -> Recipient:
    return Recipient(
        tenant_id=party.reservataire_id, capacity="reservataire", contingent=contingent
    )
