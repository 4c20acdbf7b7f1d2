"""What the organisme sees, and who sees a file: the matrix of §1.2 on the rows as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from server.db import visibility
from server.db.visibility import File, Party
from server.domain.visibility import SUBJECTS, WRITES, Sight, Subject
from server.errors import NotFound
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class SeenSubject:
    """What the organisme reads of something: `count` is None where it has no right at all."""

    subject: Subject
    reach: str
    count: int | None
    writes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Somebody who may see a file, and what of it."""

    party: Party
    sights: tuple[Sight, ...]


async def subjects(tx: TenantTransaction) -> list[SeenSubject]:
    """Each thing that the portal keeps, counted now with the actor's own eyes."""
    counts = await visibility.count_visible(tx, [one.table for one in SUBJECTS])
    return [
        SeenSubject(
            subject=one,
            reach=one.reach.get(tx.actor.capacity.value, ""),
            count=counts[one.table],
            writes=tuple(_writes(tx, one.code)),
        )
        for one in SUBJECTS
    ]


def _writes(tx: TenantTransaction, code: str) -> list[str]:
    return [
        words
        for permission, (subject, words) in WRITES.items()
        if subject == code and may(tx.actor, Permission(permission))
    ]


async def viewers_of_offer(tx: TenantTransaction, orientation_id: UUID) -> list[Viewer]:
    """Who may see this offer, its dwelling and its candidates; NotFound if the actor may not."""
    require(tx.actor, Permission.ORIENTATION_READ)
    found = await visibility.list_files(tx, orientation_id=orientation_id)
    if not found:
        raise NotFound
    return await _viewers(tx, found[0].bailleur, found[0].insee, found)


async def viewers_of_dwelling(tx: TenantTransaction, dwelling_id: UUID) -> list[Viewer]:
    """Who may see this dwelling, by its offers as far as the actor sees them."""
    require(tx.actor, Permission.DWELLING_READ)
    owner = await visibility.find_owner(tx, dwelling_id)
    if owner is None:
        raise NotFound
    found = await visibility.list_files(tx, dwelling_id=dwelling_id)
    return await _viewers(tx, *owner, found)


async def _viewers(
    tx: TenantTransaction, bailleur: Party, insee: str, files: Sequence[File]
) -> list[Viewer]:
    has_offer, has_candidates = bool(files), any(one.has_candidates for one in files)
    parties = (Sight.ADDRESS, *_sights(has_offer=has_offer, has_candidates=has_candidates))
    found = [Viewer(party=bailleur, sights=parties)]
    for reservataire in dict.fromkeys(one.reservataire for one in files):
        shown = any(one.has_candidates for one in files if one.reservataire == reservataire)
        sights = (Sight.ADDRESS, *_sights(has_offer=True, has_candidates=shown))
        found.append(Viewer(party=reservataire, sights=sights))
    guests = await visibility.list_guests(tx, [one.orientation_id for one in files])
    found += [
        Viewer(party=one, sights=_by_office(one, files, guests))
        for one in await visibility.list_everywhere(tx, insee)
    ]
    known = {one.party for one in found}
    found += [Viewer(party=one, sights=(Sight.AGENDA,)) for one in guests if one not in known]
    return found


def _sights(*, has_offer: bool, has_candidates: bool) -> tuple[Sight, ...]:
    return (
        *((Sight.OFFER,) if has_offer else ()),
        *((Sight.CANDIDATES,) if has_candidates else ()),
    )


def _by_office(party: Party, files: Sequence[File], guests: Sequence[Party]) -> tuple[Sight, ...]:
    """A préfecture reads the households recognised as DALO; an EPCI never reads a candidate."""
    agenda = (Sight.AGENDA,) if party in guests else ()
    if party.capacity != Capacity.PREFECTURE:
        return (Sight.DWELLING, *agenda)
    has_dalo = any(one.has_dalo for one in files)
    return (Sight.DWELLING, *_sights(has_offer=bool(files), has_candidates=has_dalo), *agenda)
