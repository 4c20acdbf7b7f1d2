"""Reading the conventions: by their parties, by the préfecture, by the EPCI of their communes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from server.db import conventions as rows
from server.db import flux as annexe_rows
from server.db.conventions import (
    ConventionFilter,
    ConventionRecord,
    Parties,
    SignedConvention,
)
from server.db.flux import AnnexeVersion
from server.db.paging import Page, PageRequest
from server.domain.annexe import LineRate
from server.domain.conventions import (
    ConventionFacts,
    ConventionPeriod,
    ConventionState,
    effective_last_day,
    effective_state,
    period_number,
    periods,
)
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations import flux
from server.operations.flux import ComputedAnnexe, party_key
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A convention and where it stands on a day (art. 8): its state, its year, its last day."""

    row: SignedConvention
    on: date
    state: ConventionState
    period: int | None
    last_day: date
    periods: tuple[ConventionPeriod, ...]


@dataclass(frozen=True, kw_only=True)
class YearLine:
    """A line of an annexe 1 of one year: droits, denominator, rate; and where it is read."""

    annexe_id: UUID
    version: int
    rate: LineRate
    perimeter: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ComparedLine:
    """The same line in a year and in the year before; None where there was none."""

    bailleur_id: UUID
    epci_siren: str
    epci_name: str
    party_key: str
    contingent: str
    current: YearLine | None
    previous: YearLine | None


@dataclass(frozen=True, kw_only=True)
class ConventionFile:
    """A convention with the lines of annexe 1 that it gives, of `year` and of the year before."""

    standing: Standing
    year: int
    this_year: int
    lines: tuple[ComparedLine, ...]
    versions: tuple[AnnexeVersion, ...]


def facts_of(row: SignedConvention | ConventionRecord) -> ConventionFacts:
    return ConventionFacts(
        state=ConventionState(row.state), starts_on=row.starts_on, ended_on=row.ended_on
    )


def standing(row: SignedConvention, on: date) -> Standing:
    facts = facts_of(row)
    return Standing(
        row=row,
        on=on,
        state=effective_state(facts, on),
        period=period_number(facts, on),
        last_day=effective_last_day(facts),
        periods=periods(facts),
    )


def _reads_mailbox(tx: TenantTransaction) -> bool:
    return tx.actor.capacity is not Capacity.EPCI


async def list_page(
    tx: TenantTransaction, request: PageRequest, *, wanted: ConventionFilter | None = None
) -> Page[SignedConvention]:
    """Those that the actor may see; « in force » is judged on the business day."""
    require(tx.actor, Permission.CONVENTION_READ)
    wanted = replace(wanted or ConventionFilter(), in_force_on=local_day(tx.now))
    return await rows.page_conventions(tx, request, wanted=wanted, with_mailbox=_reads_mailbox(tx))


async def parties(tx: TenantTransaction) -> Parties:
    require(tx.actor, Permission.CONVENTION_READ)
    return await rows.list_parties(tx)


async def get(tx: TenantTransaction, convention_id: UUID) -> SignedConvention:
    require(tx.actor, Permission.CONVENTION_READ)
    found = await rows.find_convention(tx, convention_id, with_mailbox=_reads_mailbox(tx))
    if found is None:
        raise NotFound
    return found


async def read_file(
    tx: TenantTransaction, convention_id: UUID, *, year: int | None = None
) -> ConventionFile:
    """The whole file: its lines are those of the annexes that the actor may read."""
    row = await get(tx, convention_id)
    today = local_day(tx.now)
    chosen = year or today.year
    current = await flux.list_annexes(tx, chosen, bailleur_id=row.bailleur_id)
    previous = await flux.list_annexes(tx, chosen - 1, bailleur_id=row.bailleur_id)
    return ConventionFile(
        standing=standing(row, today),
        year=chosen,
        this_year=today.year,
        lines=_compared(row.reservataire_id, current, previous),
        versions=tuple(await annexe_rows.list_versions(tx, row.bailleur_id, row.reservataire_id)),
    )


def _compared(
    reservataire_id: UUID, current: list[ComputedAnnexe], previous: list[ComputedAnnexe]
) -> tuple[ComparedLine, ...]:
    """In the order of the annexes of the year, then those that it no longer has."""
    found: dict[tuple[str, str], ComparedLine] = {}
    for is_current, annexes in ((True, current), (False, previous)):
        for one in annexes:
            for line in one.facts.lines:
                if line.reservataire_id != reservataire_id:
                    continue
                key = (one.facts.epci_siren, line.contingent)
                shown = found.get(key) or _empty(one, reservataire_id, line.contingent)
                read = _year_line(one, shown.party_key)
                found[key] = (
                    replace(shown, current=read) if is_current else replace(shown, previous=read)
                )
    return tuple(found.values())


def _empty(one: ComputedAnnexe, reservataire_id: UUID, contingent: str) -> ComparedLine:
    return ComparedLine(
        bailleur_id=one.facts.bailleur_id,
        epci_siren=one.facts.epci_siren,
        epci_name=one.facts.epci_name,
        party_key=party_key(reservataire_id, contingent),
        contingent=contingent,
        current=None,
        previous=None,
    )


def _year_line(one: ComputedAnnexe, key: str) -> YearLine:
    rate = next(rate for rate in one.annexe.lines if rate.line.key == key)
    names = {share.stock.insee: share.stock.name for share in one.annexe.communes}
    return YearLine(
        annexe_id=one.facts.id,
        version=one.facts.version,
        rate=rate,
        perimeter=tuple(names[insee] for insee in names if rate.covers(insee)),
    )
