"""What the organisme sees, who sees a file, who read it, and the last self-test of isolation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from server.db.isolation import IsolationCheck as CheckRow
from server.db.paging import PageRequest
from server.db.readings import Reading as ReadingRow
from server.operations import isolation, readings, visibility
from server.operations.visibility import SeenSubject, Viewer
from server.schema.codes import CapacityCode, ChannelCode, ContingentCode, SightCode
from server.schema.context import Info

MOST_READINGS = 50


@strawberry.type(description="Ce que votre organisme lit et écrit d'un objet du portail.")
class VisibleSubject:
    code: str = strawberry.field(description="Code de l'objet, par exemple candidates.")
    label: str = strawberry.field(description="Son nom.")
    reach: str = strawberry.field(description="Ce que vous en lisez ; vide si rien.")
    count: int | None = strawberry.field(
        description="Combien vous en voyez, compté à l'instant, 10 001 au plus ; null sans droit."
    )
    writes: list[str] = strawberry.field(description="Ce que vous pouvez y faire.")


@strawberry.type(description="Un organisme qui peut voir un dossier.")
class FileViewer:
    name: str = strawberry.field(description="Son nom.")
    capacity: str = strawberry.field(description="En quelle qualité.", graphql_type=CapacityCode)
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    sights: list[str] = strawberry.field(
        description="Ce qu'il en voit.", graphql_type=list[SightCode]
    )


@strawberry.type(description="Une lecture de candidats par la préfecture, hors de ses contingents.")
class NominativeReading:
    at: datetime = strawberry.field(description="Quand.")
    reader_name: str = strawberry.field(description="L'organisme qui a lu.")
    person_name: str = strawberry.field(description="La personne, ou le jeton.")
    channel: str = strawberry.field(description="Par où.", graphql_type=ChannelCode)
    orientation_id: UUID = strawberry.field(description="L'offre dont les candidats ont été lus.")
    bailleur_name: str = strawberry.field(description="Le bailleur.")
    reservataire_name: str = strawberry.field(description="Le réservataire.")


@strawberry.type(description="La dernière vérification quotidienne de l'isolation.")
class IsolationCheck:
    ran_at: datetime = strawberry.field(description="Quand elle a eu lieu.")
    is_sound: bool = strawberry.field(description="Si rien n'a fui.")
    checks: int = strawberry.field(description="Règles vérifiées.")
    probes: int = strawberry.field(description="Tentatives d'un organisme qui n'existe pas.")
    failures: int = strawberry.field(description="Règles en défaut.")


@strawberry.type(description="Ce que voit votre organisme, qui voit un dossier, qui l'a lu.")
class Visibility:
    subjects: list[VisibleSubject] = strawberry.field(description="Ce que vous lisez et écrivez.")
    viewers: list[FileViewer] = strawberry.field(
        description="Qui peut voir l'offre ou le logement demandé ; vide si rien n'est demandé."
    )
    readings: list[NominativeReading] = strawberry.field(
        description="Les 50 dernières lectures nominatives de vos dossiers, ou de celui demandé."
    )
    last_check: IsolationCheck | None = strawberry.field(
        description="La dernière vérification de l'isolation."
    )


async def visibility_of(
    info: Info,
    orientation_id: Annotated[
        UUID | None, strawberry.argument(description="Qui voit cette offre.")
    ] = None,
    dwelling_id: Annotated[
        UUID | None, strawberry.argument(description="Qui voit ce logement.")
    ] = None,
) -> Visibility:
    tx = await info.context.read()
    viewers: list[Viewer] = []
    if orientation_id is not None:
        viewers += await visibility.viewers_of_offer(tx, orientation_id)
    elif dwelling_id is not None:
        viewers += await visibility.viewers_of_dwelling(tx, dwelling_id)
    page = await readings.list_page(
        tx,
        PageRequest(first=MOST_READINGS),
        orientation_id=orientation_id,
        dwelling_id=dwelling_id,
    )
    last = await isolation.last_check(tx)
    return Visibility(
        subjects=[_subject(one) for one in await visibility.subjects(tx)],
        viewers=[_viewer(one) for one in viewers],
        readings=[_reading(one) for one in page.items],
        last_check=_check(last) if last else None,
    )


def _subject(one: SeenSubject) -> VisibleSubject:
    return VisibleSubject(
        code=one.subject.code,
        label=one.subject.label,
        reach=one.reach,
        count=one.count,
        writes=list(one.writes),
    )


def _viewer(one: Viewer) -> FileViewer:
    return FileViewer(**vars(one.party), sights=list(one.sights))


def _reading(one: ReadingRow) -> NominativeReading:
    return NominativeReading(
        at=one.at,
        reader_name=one.reader_name,
        person_name=one.person_name,
        channel=one.channel,
        orientation_id=one.orientation_id,
        bailleur_name=one.bailleur_name,
        reservataire_name=one.reservataire_name,
    )


def _check(one: CheckRow) -> IsolationCheck:
    return IsolationCheck(
        ran_at=one.ran_at,
        is_sound=one.is_sound,
        checks=one.checks,
        probes=one.probes,
        failures=one.failures,
    )
