"""Reading the annexes 1: what is due, the drafts of a bailleur, the versions of everybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from server.db import annexes as rows
from server.db import conventions as convention_rows
from server.db import droits_uniques as rights
from server.db import tenants
from server.db.annexes import Version
from server.db.conventions import Convention
from server.db.flux import AnnexeFacts, DroitUniqueLeft
from server.domain.annexe_drafts import Derogation, notice_last_day
from server.domain.bilans import is_late
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.operations.annexe_rates import ComputedAnnexe, compute
from server.operations.annexes.comparing import Comparison, compare
from server.operations.flux import is_in_force
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIRST_YEAR = 2024
"""The first year of the rates in flux."""


@dataclass(frozen=True, kw_only=True)
class Due:
    """What a bailleur owes for a year in an EPCI: its draft, its newest published version."""

    epci_siren: str
    epci_name: str
    year: int
    last_day: date
    is_late: bool
    draft: Version | None
    newest: Version | None


@dataclass(frozen=True, kw_only=True)
class Board:
    """Every version that the actor may read; `dues` is empty but for a bailleur."""

    versions: tuple[Version, ...]
    dues: tuple[Due, ...]


@dataclass(frozen=True, kw_only=True)
class ReadVersion:
    """A draft or a version, computed, with the one before it when there is one."""

    computed: ComputedAnnexe
    comparison: Comparison | None
    derogations: tuple[Derogation, ...]

    @property
    def is_draft(self) -> bool:
        return self.computed.facts.published_at is None


def told_late(year: int, published_at: datetime | None, now: datetime) -> bool:
    """Whether the parties are, or were, told after 27 February 24:00 (Q1)."""
    return is_late(published_at or now, notice_last_day(year))


async def overview(tx: TenantTransaction) -> Board:
    require(tx.actor, Permission.FLUX_READ)
    versions = await rows.list_versions(tx)
    return Board(versions=tuple(versions), dues=await _dues(tx, versions))


async def _dues(tx: TenantTransaction, versions: list[Version]) -> tuple[Due, ...]:
    """Of this year and the next, for each EPCI where the bailleur has dwellings."""
    if tx.actor.capacity is not Capacity.BAILLEUR:
        return ()
    here = await rows.list_stock_epcis(tx, tx.actor.tenant_id)
    this_year = local_day(tx.now).year
    return tuple(
        _due(tx.now, siren, name, year, versions)
        for year in (this_year + 1, this_year)
        for siren, name in here.items()
    )


def _due(now: datetime, siren: str, name: str, year: int, versions: Iterable[Version]) -> Due:
    mine = [one for one in versions if (one.epci_siren, one.year) == (siren, year)]
    draft = next((one for one in mine if one.published_at is None), None)
    newest = next((one for one in mine if one.published_at is not None), None)
    first = min((one.published_at for one in mine if one.published_at), default=None)
    return Due(
        epci_siren=siren,
        epci_name=name,
        year=year,
        last_day=notice_last_day(year),
        is_late=told_late(year, first, now),
        draft=draft,
        newest=newest,
    )


async def due(tx: TenantTransaction) -> list[Due]:
    """What is not published yet for the running year; its drafts are left aside."""
    require(tx.actor, Permission.FLUX_READ)
    year = local_day(tx.now).year
    missing = await rows.list_stock_epcis(tx, tx.actor.tenant_id, missing_year=year)
    return [_due(tx.now, siren, name, year, ()) for siren, name in missing.items()]


async def choices(tx: TenantTransaction) -> dict[str, str]:
    """SIREN → name of the EPCI where the bailleur may prepare an annexe."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    return await rows.list_stock_epcis(tx, tx.actor.tenant_id)


async def get(tx: TenantTransaction, annexe_id: UUID) -> AnnexeFacts:
    """A draft of the actor's, or a version that it may read; a draft shows the droits uniques of
    today in its third table.
    """
    require(tx.actor, Permission.FLUX_READ)
    found = await rows.find_version(tx, annexe_id)
    if found is None:
        raise NotFound
    if found.published_at is not None:
        return found
    return with_rights(found, await third_table(tx, found.epci_siren))


def with_rights(facts: AnnexeFacts, left: tuple[DroitUniqueLeft, ...]) -> AnnexeFacts:
    return AnnexeFacts(**{**vars(facts), "droits_uniques": left})


async def third_table(tx: TenantTransaction, epci_siren: str) -> tuple[DroitUniqueLeft, ...]:
    """What is still owed once in the EPCI, programme by programme."""
    found = await rights.list_all(tx, bailleur_id=tx.actor.tenant_id, epci_siren=epci_siren)
    return tuple(
        DroitUniqueLeft(
            reservataire_id=one.reservataire_id,
            reservataire_name=one.reservataire_name,
            programme=one.programme,
            remaining=one.remaining,
        )
        for one in found
        if one.remaining
    )


async def read(tx: TenantTransaction, annexe_id: UUID) -> ReadVersion:
    """The version beside the one before it: the last of its year, else of the year before."""
    facts = await get(tx, annexe_id)
    before = await rows.find_previous(tx, facts)
    now = compute(facts)
    derogations: list[Derogation] = []
    if facts.published_at is None:
        since = date(facts.year, 1, 1)
        derogations = await rows.list_derogations(tx, facts.bailleur_id, since)
    return ReadVersion(
        computed=now,
        comparison=compare(compute(before), now) if before else None,
        derogations=tuple(derogations),
    )


async def parties(tx: TenantTransaction) -> list[tenants.Tenant]:
    """The réservataires that a line may name."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    return await tenants.list_tenants(tx, "reservataire")


async def conventions_in_force(tx: TenantTransaction, on: date) -> list[Convention]:
    found = await convention_rows.list_conventions(tx, bailleur_id=tx.actor.tenant_id, on=on)
    return [one for one in found if is_in_force(one, on)]
