"""Who has received which bilan, and the dossier of a territory for its CIL (art. 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from server.db import bilans as rows
from server.db import dossiers, tenants
from server.db.bilans import Bilan, Delivery
from server.db.dossiers import EpciRights, Expected
from server.documents.dossiers import Dossier, DossierFile
from server.documents.names import file_name
from server.documents.workbooks import annexe_workbook
from server.domain.bilans import bilan_last_day, cil_last_day, is_late, is_provisional
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif
from server.operations import flux
from server.operations.flux import ComputedAnnexe
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOST_BILANS = 1_000


class Receipt(StrEnum):
    """Where the bilan of a year stands for who should receive it."""

    RECEIVED = "received"
    MISSING = "missing"
    AWAITED = "awaited"
    RUNNING = "running"
    NOT_OWED = "not_owed"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The bilan of a bailleur for a year; `bilan` is its newest version, if it came."""

    year: int
    receipt: Receipt
    bilan: Bilan | None
    opened_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class GridRow:
    bailleur_id: UUID
    bailleur_name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Territory:
    """What a dossier of an EPCI and a year would hold: how many bilans came, of whom none did
    although it `is_due`.
    """

    epci_siren: str
    epci_name: str
    year: int
    received: int
    expected: int
    is_due: bool
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reception:
    """The grid bailleur × year, newest year first, and the territories of each year."""

    years: tuple[int, ...]
    rows: tuple[GridRow, ...]
    territories: tuple[Territory, ...]


def newest(found: Iterable[Bilan]) -> dict[tuple[UUID, int], Bilan]:
    """The newest version of each bilan, by bailleur and year."""
    kept: dict[tuple[UUID, int], Bilan] = {}
    for one in found:
        before = kept.get((one.bailleur_id, one.year))
        if before is None or before.version < one.version:
            kept[one.bailleur_id, one.year] = one
    return kept


async def reception(
    tx: TenantTransaction, found: Sequence[Bilan], given: Mapping[UUID, Sequence[Delivery]]
) -> Reception:
    """From the bilans and deliveries already read: one statement more, two for an EPCI."""
    require(tx.actor, Permission.DOSSIER_READ)
    expected = await dossiers.list_expected(tx)
    rights = await _rights(tx)
    versions = newest(found)
    owed = {(one.bailleur_id, one.year) for one in expected if _is_owed(one.bailleur_id, rights)}
    told: list[Expected | Bilan] = [*expected, *found]
    names = {one.bailleur_id: one.bailleur_name for one in told}
    years = sorted({one.year for one in told}, reverse=True)

    def cell(bailleur_id: UUID, year: int) -> Cell:
        bilan = versions.get((bailleur_id, year))
        opened = [one.opened_at for one in given.get(bilan.id, ())] if bilan else []
        is_owed = (bailleur_id, year) in owed
        return Cell(
            year=year,
            receipt=_receipt(bilan, year, tx.now, is_owed=is_owed),
            bilan=bilan,
            opened_at=min((at for at in opened if at), default=None),
        )

    return Reception(
        years=tuple(years),
        rows=tuple(
            GridRow(
                bailleur_id=key,
                bailleur_name=name,
                cells=tuple(cell(key, year) for year in years),
            )
            for key, name in sorted(names.items(), key=lambda one: one[1])
        ),
        territories=tuple(_territories(expected, versions, owed, tx.now)),
    )


async def _rights(tx: TenantTransaction) -> EpciRights | None:
    """None for the préfecture, to which every bilan is owed."""
    if tx.actor.capacity is not Capacity.EPCI:
        return None
    return await dossiers.read_rights(tx, tx.actor.tenant_id, local_day(tx.now))


def _is_owed(bailleur_id: UUID, rights: EpciRights | None) -> bool:
    return rights is None or rights.is_lec or bailleur_id in rights.agreed


def _receipt(bilan: Bilan | None, year: int, now: datetime, *, is_owed: bool) -> Receipt:
    if bilan is not None:
        return Receipt.RECEIVED
    if not is_owed:
        return Receipt.NOT_OWED
    if is_provisional(year, local_day(now)):
        return Receipt.RUNNING
    return Receipt.MISSING if is_late(now, bilan_last_day(year)) else Receipt.AWAITED


def _territories(
    expected: Sequence[Expected],
    versions: Mapping[tuple[UUID, int], Bilan],
    owed: Collection[tuple[UUID, int]],
    now: datetime,
) -> Iterable[Territory]:
    """By EPCI, the newest year first."""
    places = dict.fromkeys((one.epci_name, one.epci_siren, one.year) for one in expected)
    for name, siren, year in sorted(places, key=lambda one: (one[0], -one[2])):
        here = [one for one in expected if (one.epci_siren, one.year) == (siren, year)]
        came = [one for one in here if (one.bailleur_id, year) in versions]
        due = [one for one in here if one in came or (one.bailleur_id, year) in owed]
        yield Territory(
            epci_siren=siren,
            epci_name=name,
            year=year,
            received=len(came),
            expected=len(due),
            is_due=_is_due(year, now),
            missing=tuple(
                one.bailleur_name for one in due if one not in came and _is_due(year, now)
            ),
        )


# --- The dossier ----------------------------------------------------------------------------


async def compose(
    tx: TenantTransaction, *, year: int | None, epci_siren: str | None = None
) -> Dossier:
    """The bilans received and the annexes of a territory for a year.

    The first opening of each bilan is dated, as when it is downloaded alone: `tx` writes. An EPCI
    has its own territory only, whatever it asks. Codes: year_required, epci_required,
    dossier_empty.
    """
    require(tx.actor, Permission.DOSSIER_READ)
    if year is None or not MINYEAR < year < MAXYEAR:
        message = "Choisissez l'année du dossier."
        raise Invalid(Motif(code="year_required", message=message, field="annee"))
    siren = await _territory(tx, epci_siren)
    annexes = await flux.list_annexes(tx, year, epci_siren=siren)
    found = await rows.list_bilans(tx, year=year, limit=MOST_BILANS)
    here = {one.facts.bailleur_id: one.facts.bailleur_name for one in annexes}
    kept = [one for one in newest(found).values() if one.bailleur_id in here]
    books = await dossiers.read_workbooks(tx, [one.id for one in kept])
    if not books:
        raise Conflict(_empty(year))
    await dossiers.mark_opened(tx, list(books), tx.actor.tenant_id, tx.now)
    told = {one.bailleur_id for one in kept}
    rights = await _rights(tx)
    return Dossier(
        year=year,
        epci_name=annexes[0].facts.epci_name,
        made_for=tx.actor.tenant_name,
        made_at=tx.now,
        due_before=cil_last_day(year) + timedelta(days=1),
        bilans=[_bilan_file(one, books[one.id]) for one in kept if one.id in books],
        annexes=await asyncio.to_thread(_annexe_files, annexes),
        missing=[
            name
            for owner, name in here.items()
            if owner not in told and _is_owed(owner, rights) and _is_due(year, tx.now)
        ],
    )


def _is_due(year: int, now: datetime) -> bool:
    return is_late(now, bilan_last_day(year))


async def _territory(tx: TenantTransaction, epci_siren: str | None) -> str:
    if tx.actor.capacity is Capacity.EPCI:
        return (await tenants.get_tenants(tx, {tx.actor.tenant_id}))[tx.actor.tenant_id].siren
    if not epci_siren:
        message = "Choisissez l'EPCI du dossier."
        raise Invalid(Motif(code="epci_required", message=message, field="epci"))
    return epci_siren


def _empty(year: int) -> Motif:
    message = f"Aucun bilan {year} n'a été reçu pour ce territoire : le dossier serait vide."
    return Motif(code="dossier_empty", message=message)


def _bilan_file(one: Bilan, content: bytes) -> DossierFile:
    suffix = ", provisoire" if is_provisional(one.year, local_day(one.published_at)) else ""
    return DossierFile(
        path=f"bilans/{file_name('bilan', one.year, one.bailleur_name, f'v{one.version}')}.xlsx",
        label=f"{one.bailleur_name}, version {one.version}{suffix}",
        content=content,
    )


def _annexe_files(annexes: Iterable[ComputedAnnexe]) -> list[DossierFile]:
    files = []
    for one in annexes:
        facts = one.facts
        name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
        files.append(
            DossierFile(
                path=f"annexes/{name}.xlsx",
                label=f"{facts.bailleur_name}, version {facts.version}",
                content=annexe_workbook(one),
            )
        )
    return files
