"""What the flux applies to: the assiette at a date, exclusions, the charte (art. 2)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.charte import CharteVersion as VersionRow
from server.domain.annexe import CommuneStock
from server.domain.deadlines import local_day
from server.operations import assiette, charte, vacancies
from server.schema.acts import ID
from server.schema.codes import ExclusionCode, IndicatorCode, KeptNature
from server.schema.context import Info


@strawberry.type(description="Une période où un logement est exclu de l'assiette.")
class DwellingExclusion:
    id: UUID = strawberry.field(description="Identifiant de la période.")
    code: str = strawberry.field(description="Le motif.", graphql_type=ExclusionCode)
    from_on: date = strawberry.field(description="Premier jour.")
    until_on: date | None = strawberry.field(
        description="Premier jour de retour dans l'assiette ; absent tant qu'elle court."
    )


@strawberry.type(description="Le nombre de logements exclus pour un motif.")
class AssietteExclusion:
    code: str = strawberry.field(description="Le motif.", graphql_type=ExclusionCode)
    count: int = strawberry.field(description="Nombre de logements.")


def _exclusions(root: strawberry.Parent[CommuneStock]) -> Any:
    return [AssietteExclusion(code=code.value, count=n) for code, n in root.exclusions.items()]


@strawberry.type(description="Une commune dans l'assiette.")
class AssietteCommune:
    insee: str = strawberry.field(description="Code INSEE de ce jour.")
    name: str = strawberry.field(description="Nom de la commune.")
    total: int = strawberry.field(description="A : logements du parc concerné.")
    exclusions = strawberry.field(
        resolver=_exclusions,
        graphql_type=list[AssietteExclusion],
        description="B : les six colonnes de l'annexe 1.",
    )
    excluded: int = strawberry.field(description="B : leur somme.")
    flux: int = strawberry.field(description="C = A - B : total brut du flux.")


Version = strawberry.Parent[VersionRow]


def _rate(root: Version) -> int:
    return root.parameters.mutation_rate_bp


def _answer_days(root: Version) -> int:
    return root.parameters.answer_days


def _candidate_days(root: Version) -> int:
    return root.parameters.candidate_days


def _indicator(root: Version) -> str:
    return root.parameters.indicator


def _withdrawn(root: Version) -> Any:
    return [one.value for one in root.parameters.withdrawn]


def _open_exclusions(root: Version) -> Any:
    return [one.value for one in root.parameters.exclusions]


@strawberry.type(description="Une version de la charte départementale.")
class CharteVersion:
    id: UUID = strawberry.field(description="Identifiant de la version.")
    code: str = strawberry.field(description="Son nom.")
    from_on: date = strawberry.field(description="Son premier jour.")
    decision: str = strawberry.field(description="Qui l'a décidée, et quand.")
    mutation_rate_bp = strawberry.field(
        resolver=_rate,
        description="Mutations internes soustraites au plus, en centièmes de pour cent.",
    )
    answer_days = strawberry.field(
        resolver=_answer_days, description="Jours ouvrés pour répondre à une offre."
    )
    candidate_days = strawberry.field(
        resolver=_candidate_days, description="Jours ouvrés pour présenter les candidats."
    )
    indicator = strawberry.field(
        resolver=_indicator,
        graphql_type=IndicatorCode,
        description="Ce que le flux compte après la première année.",
    )
    withdrawn = strawberry.field(
        resolver=_withdrawn,
        graphql_type=list[KeptNature],
        description="Opérations pour lesquelles un logement peut être soustrait du flux.",
    )
    exclusions = strawberry.field(
        resolver=_open_exclusions,
        graphql_type=list[ExclusionCode],
        description="Motifs d'exclusion ouverts.",
    )


async def exclusions_of(info: Info, dwelling_id: Annotated[UUID, ID]) -> Any:
    tx = await info.context.read()
    dwelling = await vacancies.get_dwelling(tx, dwelling_id)
    return await assiette.exclusions_of(tx, dwelling.id)


async def assiette_at(
    info: Info,
    on: Annotated[
        date | None, strawberry.argument(description="Ce jour ; aujourd'hui par défaut.")
    ] = None,
    bailleur_id: Annotated[
        UUID | None, strawberry.argument(description="Ce bailleur seulement.")
    ] = None,
) -> Any:
    tx = await info.context.read()
    return await assiette.count(tx, on or local_day(tx.now), bailleur_id=bailleur_id)


async def charte_versions(info: Info) -> Any:
    return await charte.list_versions(await info.context.read())
