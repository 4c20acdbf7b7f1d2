"""The assiette at a date, and the exclusions of a dwelling: given and ended by its bailleur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import assiette as rows
from server.db import charte
from server.db.assiette import Exclusion, Zone
from server.db.dwellings import Dwelling
from server.db.ids import new_id
from server.domain.annexe import CommuneStock
from server.domain.charte import in_force
from server.domain.deadlines import local_day
from server.domain.dwellings import ExcludedPeriod, Kind, ending_motifs, exclusion_motifs
from server.errors import Conflict, Invalid, Motif
from server.operations.journal import Act, record
from server.operations.vacancies import get_dwelling
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOVED = Motif(
    code="exclusion_moved",
    message="Une autre personne vient de changer l'exclusion de ce logement : rechargez la page.",
)
NOT_EXCLUDED = Motif(code="not_excluded", message="Ce logement n'est pas exclu de l'assiette.")


@dataclass(frozen=True, kw_only=True)
class ExcludeDwelling:
    """For which of the six reasons of annexe 1, from which day; `source` says what proves it."""

    dwelling_id: UUID
    code: str
    from_on: date
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class ExclusionFile:
    """A dwelling and the exclusions it has had, the latest first."""

    dwelling: Dwelling
    exclusions: tuple[Exclusion, ...]

    @property
    def running(self) -> Exclusion | None:
        return next((one for one in self.exclusions if one.until_on is None), None)


async def count(
    tx: TenantTransaction, on: date, *, bailleur_id: UUID | None = None
) -> list[CommuneStock]:
    """A, the six columns of B and C of each commune, that day (art. 2.1 to 2.3)."""
    require(tx.actor, Permission.ASSIETTE_READ)
    return await rows.count_assiette(tx, on, bailleur_id)


async def exclusions_of(tx: TenantTransaction, dwelling_id: UUID) -> Sequence[Exclusion]:
    """Those of a dwelling that the actor may see, the latest first."""
    require(tx.actor, Permission.DWELLING_READ)
    return await rows.list_exclusions(tx, dwelling_id)


@dataclass(frozen=True, kw_only=True)
class DwellingPast:
    """What has a date without being an act; `zone` is today's."""

    exclusions: Sequence[Exclusion]
    qpv_changes: Sequence[tuple[date, bool]]
    zone: Zone | None


async def past_of(tx: TenantTransaction, dwelling: Dwelling) -> DwellingPast:
    """As far as the reader of the dwelling may see it."""
    _, zone = await rows.area_on(tx, dwelling.insee, local_day(tx.now))
    return DwellingPast(
        exclusions=await exclusions_of(tx, dwelling.id),
        qpv_changes=await rows.list_qpv_changes(tx, dwelling.id),
        zone=zone,
    )


async def get_file(tx: TenantTransaction, dwelling_id: UUID) -> ExclusionFile:
    require(tx.actor, Permission.EXCLUSION_DATE)
    dwelling = await get_dwelling(tx, dwelling_id)
    return ExclusionFile(
        dwelling=dwelling, exclusions=tuple(await rows.list_exclusions(tx, dwelling_id))
    )


def _period(one: Exclusion) -> ExcludedPeriod:
    return ExcludedPeriod(code=one.code, from_on=one.from_on, until_on=one.until_on)


async def check(tx: TenantTransaction, command: ExcludeDwelling) -> ExclusionFile:
    """The dwelling, if it may be excluded so; Invalid says why not."""
    found = await get_file(tx, command.dwelling_id)
    version = in_force(await charte.list_versions(tx), command.from_on)
    motifs = exclusion_motifs(
        ExcludedPeriod(code=command.code, from_on=command.from_on),
        Kind(found.dwelling.kind),
        map(_period, found.exclusions),
        opened=version.parameters.exclusions,
        today=local_day(tx.now),
    )
    if motifs:
        raise Invalid(*motifs)
    return found


async def exclude(tx: TenantTransaction, command: ExcludeDwelling) -> None:
    """Out of the assiette from that day; what ran before ends there. One at a time, always."""
    found = await check(tx, command)
    try:
        if found.running is not None:
            await rows.end_exclusion(tx, command.dwelling_id, command.from_on)
        await rows.insert_exclusion(
            tx,
            {
                "id": new_id(),
                "dwelling_id": command.dwelling_id,
                "bailleur_id": tx.actor.tenant_id,
                "code": command.code,
                "from_on": command.from_on,
            },
        )
    except IntegrityError as error:
        raise Conflict(MOVED) from error
    before = found.running.code if found.running else None
    facts = {"from_on": command.from_on.isoformat()}
    await _record(tx, found, "excluded", (before, command.code), command.source, facts)


async def check_end(tx: TenantTransaction, dwelling_id: UUID, until_on: date) -> ExclusionFile:
    """The dwelling whose exclusion may end so: `until_on` is its first day back."""
    found = await get_file(tx, dwelling_id)
    if found.running is None:
        raise Conflict(NOT_EXCLUDED)
    motifs = ending_motifs(_period(found.running), until_on, today=local_day(tx.now))
    if motifs:
        raise Invalid(*motifs)
    return found


async def end(
    tx: TenantTransaction, dwelling_id: UUID, until_on: date, *, source: str = ""
) -> None:
    """Back in the assiette from that day."""
    found = await check_end(tx, dwelling_id, until_on)
    if found.running is None or not await rows.end_exclusion(tx, dwelling_id, until_on):
        raise Conflict(MOVED)
    facts = {"until_on": until_on.isoformat()}
    await _record(tx, found, "included", (found.running.code, None), source, facts)


async def _record(
    tx: TenantTransaction,
    found: ExclusionFile,
    step: str,
    states: tuple[str | None, str | None],
    source: str,
    facts: dict[str, str],
) -> None:
    await record(
        tx,
        Act(
            act=f"dwelling.{step}",
            subject_kind="dwelling",
            subject_id=found.dwelling.id,
            bailleur_id=tx.actor.tenant_id,
            dwelling_id=found.dwelling.id,
            from_state=states[0],
            to_state=states[1],
            reason=source.strip() or None,
            facts=facts,
        ),
    )
