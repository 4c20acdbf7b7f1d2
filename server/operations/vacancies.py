"""Vacancies: registering a freed dwelling, reading who should receive it, keeping it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import dwellings
from server.db.charte import list_versions
from server.db.dwellings import DwellingFilter
from server.db.ids import new_id
from server.db.paging import Page, PageRequest, Sort
from server.domain.annexe import ExclusionCode
from server.domain.charte import Category, in_force
from server.domain.deadlines import local_day
from server.domain.dwellings import DwellingFacts, Kind, assiette_motifs
from server.domain.strata import as_facts, strata_of
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import ledger
from server.operations.journal import Act, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

ALREADY_OPEN = Motif(
    code="vacancy_already_open",
    message="Une libération est déjà en cours pour ce logement.",
    field="dwelling_id",
)
OWN = "own"


@dataclass(frozen=True, kw_only=True)
class RegisterVacancy:
    """A tenant leaves: notice received on, dwelling free on."""

    dwelling_id: UUID
    free_on: date
    notice_on: date | None = None


def facts_of(dwelling: dwellings.Dwelling) -> DwellingFacts:
    return DwellingFacts(
        kind=Kind(dwelling.kind),
        exclusion=ExclusionCode(dwelling.exclusion) if dwelling.exclusion else None,
        delivered_on=dwelling.delivered_on,
        exited_on=dwelling.left_on,
    )


async def get_dwelling(tx: TenantTransaction, dwelling_id: UUID) -> dwellings.Dwelling:
    require(tx.actor, Permission.DWELLING_READ)
    found = await dwellings.find_dwelling(tx, dwelling_id)
    if found is None:
        raise NotFound
    return found


async def search_dwellings(
    tx: TenantTransaction,
    wanted: DwellingFilter,
    *,
    limit: int = dwellings.LIST_LIMIT,
    sort: Sort | None = None,
) -> list[dwellings.Dwelling]:
    """What is judged at a date is judged today."""
    require(tx.actor, Permission.DWELLING_READ)
    today = replace(wanted, on=local_day(tx.now))
    return await dwellings.search_dwellings(tx, today, limit=limit, sort=sort)


async def list_dwellings(
    tx: TenantTransaction, request: PageRequest, wanted: DwellingFilter
) -> Page[dwellings.Dwelling]:
    require(tx.actor, Permission.DWELLING_READ)
    return await dwellings.list_dwellings(tx, request, replace(wanted, on=local_day(tx.now)))


async def list_communes(tx: TenantTransaction) -> dict[str, str]:
    """INSEE code → name of the communes where the actor sees dwellings."""
    require(tx.actor, Permission.DWELLING_READ)
    return await dwellings.list_stock_communes(tx)


async def is_offered(tx: TenantTransaction, vacancy_id: UUID) -> bool:
    """Whether an offer of this vacancy is under way."""
    require(tx.actor, Permission.VACANCY_READ)
    return await dwellings.has_live_orientation(tx, vacancy_id)


async def get(tx: TenantTransaction, vacancy_id: UUID) -> dwellings.Vacancy:
    require(tx.actor, Permission.DWELLING_READ)
    require(tx.actor, Permission.VACANCY_READ)
    found = await dwellings.find_vacancy(tx, vacancy_id, on=local_day(tx.now))
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    state: str | None = None,
    awaiting: bool = False,
    dwelling_id: UUID | None = None,
    insee: str | None = None,
) -> Page[dwellings.Vacancy]:
    require(tx.actor, Permission.DWELLING_READ)
    require(tx.actor, Permission.VACANCY_READ)
    return await dwellings.list_vacancies(
        tx,
        request,
        on=local_day(tx.now),
        state=state,
        awaiting=awaiting,
        dwelling_id=dwelling_id,
        insee=insee,
    )


async def count_awaiting(tx: TenantTransaction) -> int:
    """How many freed dwellings of the flux are offered to nobody now."""
    require(tx.actor, Permission.DWELLING_READ)
    require(tx.actor, Permission.VACANCY_READ)
    return await dwellings.count_awaiting(tx)


def _date_motifs(command: RegisterVacancy) -> tuple[Motif, ...]:
    if command.notice_on is not None and command.notice_on > command.free_on:
        message = "Le congé ne peut pas être reçu après la date à laquelle le logement est libre."
        return (Motif(code="notice_after_free", message=message, field="notice_on"),)
    return ()


async def check(tx: TenantTransaction, command: RegisterVacancy) -> dwellings.Dwelling:
    """The dwelling, if the vacancy may be registered; Invalid or Conflict says why not."""
    require(tx.actor, Permission.VACANCY_REGISTER)
    dwelling = await get_dwelling(tx, command.dwelling_id)
    motifs = _date_motifs(command)
    if motifs:
        raise Invalid(*motifs)
    outside = assiette_motifs(facts_of(dwelling), local_day(tx.now))
    if outside:
        message = " ".join(motif.message for motif in outside)
        raise Conflict(
            Motif(code="dwelling_outside_assiette", message=message, field="dwelling_id")
        )
    if await dwellings.has_open_vacancy(tx, dwelling.id):
        raise Conflict(ALREADY_OPEN)
    return dwelling


async def register(tx: TenantTransaction, command: RegisterVacancy) -> UUID:
    """Open a vacancy of the flux (domain.md §5.2, T1); the unique index decides races."""
    dwelling = await check(tx, command)
    vacancy_id = new_id()
    try:
        await dwellings.insert_vacancy(
            tx,
            {
                "id": vacancy_id,
                "bailleur_id": tx.actor.tenant_id,
                "dwelling_id": dwelling.id,
                "insee": dwelling.insee,
                "notice_on": command.notice_on,
                "free_on": command.free_on,
                "registered_at": tx.now,
                "registered_on": local_day(tx.now),
                "strata": await _strata(tx, dwelling),
            },
        )
    except IntegrityError as error:
        raise Conflict(ALREADY_OPEN) from error
    await record(
        tx,
        Act(
            act="vacancy.registered",
            subject_kind="vacancy",
            subject_id=vacancy_id,
            bailleur_id=tx.actor.tenant_id,
            dwelling_id=dwelling.id,
            to_state="open",
            facts={"free_on": command.free_on.isoformat()},
        ),
    )
    return vacancy_id


async def _strata(tx: TenantTransaction, dwelling: dwellings.Dwelling) -> dict[str, str]:
    """In which strata it counts, whatever is corrected of the dwelling afterwards."""
    today = local_day(tx.now)
    settings = await ledger.settings_on(tx, today)
    return as_facts(strata_of(await ledger.home_of(tx, dwelling, today), settings.appeal))


async def withdrawn_categories(tx: TenantTransaction) -> tuple[Category, ...]:
    """For which operations a vacancy may be kept out of the flux today."""
    require(tx.actor, Permission.VACANCY_READ)
    return in_force(await list_versions(tx), local_day(tx.now)).parameters.withdrawn


async def keep(tx: TenantTransaction, vacancy_id: UUID, *, nature: str, reason: str) -> None:
    """Keep an open vacancy for an operation that the charte withdraws from the flux today
    (art. 2.3), or on the bailleur's own share.
    """
    require(tx.actor, Permission.VACANCY_REGISTER)
    vacancy = await dwellings.find_vacancy(tx, vacancy_id, on=local_day(tx.now), for_update=True)
    if vacancy is None:
        raise NotFound
    if nature != OWN and nature not in await withdrawn_categories(tx):
        raise Invalid(
            Motif(code="nature_invalid", message="Ce choix n'existe pas.", field="nature")
        )
    if (
        vacancy.state != "open"
        or vacancy.nature != "flux"
        or await dwellings.has_live_orientation(tx, vacancy_id)
    ):
        raise Conflict(
            Motif(
                code="vacancy_not_available",
                message="Cette libération est déjà orientée, gardée ou close.",
            )
        )
    today = local_day(tx.now)
    await dwellings.update_vacancy(tx, vacancy_id, nature=nature, state="closed", closed_on=today)
    await record(
        tx,
        Act(
            act=f"vacancy.kept_{nature}",
            subject_kind="vacancy",
            subject_id=vacancy_id,
            bailleur_id=tx.actor.tenant_id,
            dwelling_id=vacancy.dwelling.id,
            from_state="open",
            to_state="closed",
            reason=reason or None,
        ),
    )
