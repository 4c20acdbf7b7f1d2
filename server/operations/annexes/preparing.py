"""A draft: the stock counted at the photograph, the rights rolled from last year's annexe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import annexes as rows
from server.db import assiette
from server.db.conventions import Convention
from server.db.flux import AnnexeCommune, AnnexeFacts, AnnexeLine
from server.db.ids import new_id
from server.domain.annexe_drafts import photo_day
from server.domain.communes import Merger, commune_at, perimeter_at
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif
from server.operations.annexes.reading import FIRST_YEAR, conventions_in_force
from server.operations.journal import Act
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class StartDraft:
    """Which annexe; `reason` says why a published one is rectified."""

    epci_siren: str
    year: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class _Proposed:
    """A line of the draft before anybody has touched it."""

    values: Mapping[str, Any]
    perimeter: frozenset[str]


async def start(tx: TenantTransaction, command: StartDraft) -> UUID:
    """Open the draft of a year: a new one, or that of a rectification once one is published."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    await _check(tx, command)
    owner, siren, year = tx.actor.tenant_id, command.epci_siren, command.year
    published = await rows.find_newest(tx, bailleur_id=owner, epci_siren=siren, year=year)
    if published is not None and not command.reason.strip():
        message = (
            f"L'annexe de {year} est publiée (version {published.version}) : dites pourquoi vous "
            "la rectifiez."
        )
        raise Invalid(Motif(code="reason_required", message=message, field="reason"))
    last_year = await rows.find_newest(tx, bailleur_id=owner, epci_siren=siren, year=year - 1)
    annexe_id = new_id()
    await _insert(tx, annexe_id, command, 1 + (published.version if published else 0))
    counts = await _photograph(tx, siren, year)
    await rows.put_stock(tx, annexe_id, owner, counts)
    here = frozenset(one.insee for one in counts)
    agreed = await conventions_in_force(tx, _convention_day(tx, year))
    mergers = await assiette.list_mergers(tx)
    published, last_year = (_in_communes_of(one, mergers, year) for one in (published, last_year))
    for one in _lines(published, last_year, agreed, here):
        head = {"id": new_id(), "annexe_id": annexe_id, "bailleur_id": owner}
        await rows.insert_line(tx, {**head, **one.values}, one.perimeter)
    return annexe_id


def _convention_day(tx: TenantTransaction, year: int) -> date:
    return max(local_day(tx.now), date(year, 1, 1))


async def _check(tx: TenantTransaction, command: StartDraft) -> None:
    last = local_day(tx.now).year + 1
    motifs = []
    if command.epci_siren not in await rows.list_stock_epcis(tx, tx.actor.tenant_id):
        message = "Choisissez un EPCI où vous avez des logements."
        motifs.append(Motif(code="epci_unknown", message=message, field="epci_siren"))
    if not FIRST_YEAR <= command.year <= last:
        message = f"Choisissez une année entre {FIRST_YEAR} et {last}."
        motifs.append(Motif(code="year_invalid", message=message, field="year"))
    if motifs:
        raise Invalid(*motifs)


async def _insert(
    tx: TenantTransaction, annexe_id: UUID, command: StartDraft, version: int
) -> None:
    try:
        await rows.insert_draft(
            tx,
            {
                "id": annexe_id,
                "bailleur_id": tx.actor.tenant_id,
                "epci_siren": command.epci_siren,
                "year": command.year,
                "version": version,
                "photo_on": photo_day(command.year),
                "reason": command.reason.strip() or None,
            },
        )
    except IntegrityError as error:
        message = (
            f"Un brouillon de {command.year} existe déjà pour cet EPCI : ouvrez-le depuis la liste."
        )
        raise Conflict(Motif(code="draft_exists", message=message)) from error


# --- The lines --------------------------------------------------------------------------------


def _lines(
    published: AnnexeFacts | None,
    last_year: AnnexeFacts | None,
    agreed: list[Convention],
    here: frozenset[str],
) -> Iterator[_Proposed]:
    """Those of the version rectified, else last year's; then those of conventions without any."""
    source = published or last_year
    kept = _lines_of(source)
    everywhere = {one.insee for one in source.communes} if source else set()
    old = {(one.reservataire_id, one.contingent): one.droits for one in _lines_of(last_year)}
    for line in kept:
        covers_all = everywhere <= line.perimeter
        perimeter = here if covers_all else line.perimeter & here or line.perimeter
        before = old.get((line.reservataire_id, line.contingent))
        values = _rolled(line, before, is_rectified=published is not None)
        yield _Proposed(values=values, perimeter=perimeter)
    named = {line.reservataire_id for line in kept}
    for one in agreed:
        if one.reservataire_id not in named and one.perimeter & here:
            yield _from_convention(one, here)


def _in_communes_of(
    facts: AnnexeFacts | None, mergers: Sequence[Merger], year: int
) -> AnnexeFacts | None:
    """The perimeters of an annexe in the communes of 1 January of `year`."""
    if facts is None:
        return None
    first = date(year, 1, 1)
    communes = tuple(
        replace(one, insee=commune_at(one.insee, mergers, first)) for one in facts.communes
    )
    lines = tuple(
        replace(one, perimeter=perimeter_at(one.perimeter, mergers, first)) for one in facts.lines
    )
    return replace(facts, communes=communes, lines=lines)


def _lines_of(facts: AnnexeFacts | None) -> tuple[AnnexeLine, ...]:
    return facts.lines if facts else ()


def _rolled(line: AnnexeLine, before: Decimal | None, *, is_rectified: bool) -> dict[str, Any]:
    """A rectification keeps the update already made; a new year begins one. `before`: the rights
    of the same line in last year's annexe.
    """
    rolled = {
        "previous_droits": line.droits,
        "expired": Decimal(0),
        "added": Decimal(0),
        "change_reason": None,
    }
    if is_rectified and line.droits is not None and line.previous_droits is None:
        # a version that did not say how its rights came: the difference says it
        rolled |= {
            "previous_droits": before,
            "expired": max((before or Decimal(0)) - line.droits, Decimal(0)),
            "added": max(line.droits - (before or Decimal(0)), Decimal(0)),
        }
    elif is_rectified:
        rolled = {name: getattr(line, name) for name in rolled}
    return {
        "reservataire_id": line.reservataire_id,
        "contingent": line.contingent,
        "droits": line.droits,
        "imposed_rate_bp": line.imposed_rate_bp,
        "origin": line.origin,
        "denominator": line.denominator,
        "source": "previous",
        **rolled,
    }


def _from_convention(one: Convention, here: frozenset[str]) -> _Proposed:
    values = {
        "reservataire_id": one.reservataire_id,
        "droits": Decimal(0),
        "source": "convention",
    }
    return _Proposed(values=values, perimeter=one.perimeter & here)


def act_on(tx: TenantTransaction, act: str, facts: AnnexeFacts) -> Act:
    """What the journal keeps of an annexe."""
    return Act(
        act=act,
        subject_kind="annexe",
        subject_id=facts.id,
        bailleur_id=tx.actor.tenant_id,
        reason=facts.reason,
        facts={"year": facts.year, "version": facts.version, "epci": facts.epci_siren},
    )


async def counted_now(tx: TenantTransaction, facts: AnnexeFacts) -> list[AnnexeCommune]:
    """The photograph as it would be taken today."""
    return await _photograph(tx, facts.epci_siren, facts.year)


async def _photograph(tx: TenantTransaction, epci_siren: str, year: int) -> list[AnnexeCommune]:
    found = await assiette.count_photograph(
        tx, year, bailleur_id=tx.actor.tenant_id, epci_siren=epci_siren
    )
    return [
        AnnexeCommune(
            insee=one.insee,
            name=one.name,
            total=one.total,
            exclusions={code.value: number for code, number in one.exclusions.items()},
        )
        for one in found
    ]
