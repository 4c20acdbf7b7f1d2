"""Publishing a bilan and giving it to those who must have it (art. 7; R441-5-1)."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import bilans as rows
from server.db import charte, conventions, tenants
from server.db.ids import new_id
from server.documents.workbooks import Heading, bilan_workbook
from server.domain.bilans import compile_bilan, is_provisional
from server.domain.conventions import ConventionState
from server.domain.deadlines import local_day
from server.domain.flux import published_rates
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.bilans.content import Content, Parties, content_hash, freeze, party_ids
from server.operations.bilans.facts import facts_of
from server.operations.flux import ComputedAnnexe, list_annexes
from server.operations.journal import Act, Recipient, announce, record
from server.queue import enqueue
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIRST_YEAR = 2023
"""The year of the first conventions in flux: there is no bilan before."""

UNSIGNED = frozenset({ConventionState.DRAFT.value, ConventionState.DELIBERATED.value})
NO_CONTINGENT = "none"


async def publish(tx: TenantTransaction, year: int) -> UUID:
    """Freeze a new version of the year's bilan; the worker then prints and distributes it.

    The bilan of the running year is provisional and says so.
    """
    require(tx.actor, Permission.BILAN_PUBLISH)
    _check_year(year, local_day(tx.now))
    annexes = await list_annexes(tx, year, bailleur_id=tx.actor.tenant_id)
    content = await _compile(tx, year, annexes)
    digest = content_hash(content)
    newest = await rows.list_bilans(tx, year=year, bailleur_id=tx.actor.tenant_id, limit=1)
    version = 1 + (newest[0].version if newest else 0)
    if newest and newest[0].content_hash == digest:
        message = f"Ce bilan est identique à la version {version - 1} déjà publiée."
        raise Conflict(Motif(code="bilan_unchanged", message=message))
    bilan_id = new_id()
    try:
        await rows.insert_bilan(
            tx,
            {
                "id": bilan_id,
                "bailleur_id": tx.actor.tenant_id,
                "year": year,
                "version": version,
                "state": "preparing",
                "published_at": tx.now,
                "content": content,
                "content_hash": digest,
            },
        )
    except IntegrityError as error:
        message = "Une autre personne vient de publier ce bilan : rechargez la page."
        raise Conflict(Motif(code="stale_version", message=message)) from error
    await record(tx, _act(tx, "bilan.published", bilan_id, year, version, "preparing"))
    await enqueue(tx.connection, "bilans.distribute", bilan_id)
    return bilan_id


@dataclass(frozen=True, kw_only=True)
class BilanPreview:
    """What publishing now would freeze, and to whom it would go: (name, capacity)."""

    content: Content
    recipients: tuple[tuple[str, str], ...]
    same_as_version: int | None


async def preview(tx: TenantTransaction, year: int) -> BilanPreview:
    """The bilan as it stands, to be read before it is published."""
    require(tx.actor, Permission.BILAN_PUBLISH)
    _check_year(year, local_day(tx.now))
    annexes = await list_annexes(tx, year, bailleur_id=tx.actor.tenant_id)
    content = await _compile(tx, year, annexes)
    newest = await rows.list_bilans(tx, year=year, bailleur_id=tx.actor.tenant_id, limit=1)
    is_same = bool(newest) and newest[0].content_hash == content_hash(content)
    given = dict.fromkeys((one.tenant_id, one.capacity) for one in await _recipients(tx, annexes))
    named = await tenants.get_tenants(tx, {tenant_id for tenant_id, _ in given})
    return BilanPreview(
        content=content,
        recipients=tuple((named[tenant_id].name, capacity) for tenant_id, capacity in given),
        same_as_version=newest[0].version if is_same else None,
    )


def _check_year(year: int, today: date) -> None:
    if year > today.year:
        message = f"L'année {year} n'a pas commencé : il n'y a pas encore de bilan."
        raise Invalid(Motif(code="year_in_future", message=message, field="year"))
    if year < FIRST_YEAR:
        message = f"La gestion en flux a commencé en {FIRST_YEAR} : il n'y a pas de bilan avant."
        raise Invalid(Motif(code="year_too_old", message=message, field="year"))


def _act(
    tx: TenantTransaction, act: str, bilan_id: UUID, year: int, version: int, to_state: str
) -> Act:
    return Act(
        act=act,
        subject_kind="bilan",
        subject_id=bilan_id,
        bailleur_id=tx.actor.tenant_id,
        to_state=to_state,
        facts={"year": year, "version": version},
    )


async def _compile(tx: TenantTransaction, year: int, annexes: Sequence[ComputedAnnexe]) -> Content:
    facts = facts_of(await rows.list_rows(tx, year, at=tx.now))
    history = [rates for one in annexes for rates in published_rates(one.annexe, date(year, 1, 1))]
    ceiling_bp, forecast = await charte.read_bilan_rules(tx, year)
    bilan = compile_bilan(year, facts.vacancies, facts.orientations, history, ceiling_bp=ceiling_bp)
    named = await tenants.get_tenants(tx, {tx.actor.tenant_id} | party_ids(bilan))
    insees = {one.insee for one in history} | {one.insee for one in facts.vacancies}
    return freeze(
        bilan,
        facts,
        history,
        Parties(bailleur=named[tx.actor.tenant_id], reservataires=named),
        await tenants.commune_names(tx, insees),
        forecast=forecast,
        is_provisional=is_provisional(year, local_day(tx.now)),
    )


# --- Distribution: by the worker, in the bailleur's transaction ------------------------------


async def distribute(tx: TenantTransaction, bilan_id: UUID) -> None:
    """Print the workbook from the frozen content and give it to its recipients, once."""
    require(tx.actor, Permission.BILAN_PUBLISH)
    if not await rows.lock_bilan(tx, bilan_id):
        raise NotFound
    head = await rows.find_bilan(tx, bilan_id)
    content = await rows.read_content(tx, bilan_id)
    if head is None or content is None or head.state != "preparing":
        return
    heading = Heading(
        version=head.version, published_at=head.published_at, content_hash=head.content_hash
    )
    workbook = await asyncio.to_thread(bilan_workbook, content, heading)
    await rows.update_bilan(
        tx,
        bilan_id,
        state="published",
        distributed_at=tx.now,
        workbook=workbook,
        workbook_hash=hashlib.sha256(workbook).hexdigest(),
    )
    await _deliver(tx, head)


async def _deliver(tx: TenantTransaction, head: rows.Bilan) -> None:
    annexes = await list_annexes(tx, head.year, bailleur_id=tx.actor.tenant_id)
    recipients = await _recipients(tx, annexes)
    given = dict.fromkeys((one.tenant_id, one.capacity) for one in recipients)
    if given:
        await rows.insert_deliveries(
            tx,
            [
                {
                    "id": new_id(),
                    "bilan_id": head.id,
                    "bailleur_id": tx.actor.tenant_id,
                    "tenant_id": tenant_id,
                    "capacity": capacity,
                    "created_at": tx.now,
                }
                for tenant_id, capacity in given
            ],
        )
    act = _act(tx, "bilan.distributed", head.id, head.year, head.version, "published")
    entry = await record(tx, act, by_portal=True)
    await announce(
        tx,
        entry,
        recipients,
        template="bilan.published",
        subject_kind="bilan",
        subject_id=head.id,
    )


async def _recipients(tx: TenantTransaction, annexes: Sequence[ComputedAnnexe]) -> list[Recipient]:
    """Every réservataire of a signed convention, the préfecture, the EPCI that are LEC today or
    have an agreement. Each contingent of the State is told: its people do not see the other's.
    """
    owner, today = tx.actor.tenant_id, local_day(tx.now)
    agreed = await conventions.list_conventions(tx, bailleur_id=owner)
    contingents = _contingents(annexes)
    found = [
        Recipient(tenant_id=row.reservataire_id, capacity="reservataire", contingent=contingent)
        for row in agreed
        if row.state not in UNSIGNED
        for contingent in contingents.get(row.reservataire_id, [NO_CONTINGENT])
    ]
    found += [
        Recipient(tenant_id=one.id, capacity="prefecture")
        for one in await tenants.list_tenants(tx, "prefecture")
    ]
    sirens = (await tenants.epci_of_communes(tx, await rows.stock_communes(tx))).values()
    lec = [one.id for one in await tenants.find_epci_tenants(tx, sirens, lec_on=today)]
    by_agreement = [one for one, _ in await rows.agreed_epcis(tx, owner, today)]
    found += [Recipient(tenant_id=one, capacity="epci") for one in (*lec, *by_agreement)]
    return list(dict.fromkeys(found))


def _contingents(annexes: Sequence[ComputedAnnexe]) -> dict[UUID, list[str]]:
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for one in annexes:
        for line in one.facts.lines:
            if line.contingent not in found[line.reservataire_id]:
                found[line.reservataire_id].append(line.contingent)
    return found
