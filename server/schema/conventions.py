"""The conventions, read: parties, perimeter, years, delays, and where each stands (art. 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.conventions import ConventionFilter, SignedConvention
from server.db.paging import Sort
from server.domain.deadlines import local_day
from server.operations import conventions as operations
from server.schema.acts import ID
from server.schema.codes import (
    ClosureRuleCode,
    ConventionStateCode,
    IndicatorCode,
    ManagementCode,
)
from server.schema.context import Info
from server.schema.paging import DEFAULT_PAGE, After, First, PageInfo, connection, page_request

Row = strawberry.Parent[SignedConvention]


def _standing(root: SignedConvention, info: Info) -> operations.Standing:
    return operations.standing(root, local_day(info.context.now))


def _state(root: Row, info: Info) -> str:
    return _standing(root, info).state.value


def _last_day(root: Row, info: Info) -> date:
    return _standing(root, info).last_day


def _period(root: Row, info: Info) -> int | None:
    return _standing(root, info).period


def _periods(root: Row, info: Info) -> Any:
    return _standing(root, info).periods


@strawberry.type(description="Une année d'une convention.")
class ConventionPeriod:
    number: int = strawberry.field(
        description="1 pour la première année, 2 et 3 pour ses reconductions."
    )
    from_on: date = strawberry.field(description="Premier jour.")
    until_on: date = strawberry.field(description="Dernier jour, compris.")


@strawberry.type(description="Une convention de réservation en flux (R441-5).")
class Convention:
    id: UUID = strawberry.field(description="Identifiant de la convention.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    reservataire_id: UUID = strawberry.field(description="Identifiant du réservataire.")
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    communes: list[str] = strawberry.field(
        description="Communes du périmètre que vous pouvez lire."
    )
    state = strawberry.field(
        resolver=_state, graphql_type=ConventionStateCode, description="Son état ce jour."
    )
    starts_on: date = strawberry.field(description="Premier jour.")
    last_day = strawberry.field(
        resolver=_last_day, description="Dernier jour en vigueur, fin anticipée comprise."
    )
    period = strawberry.field(
        resolver=_period, description="L'année en cours, de 1 à 3 ; absente hors vigueur."
    )
    periods = strawberry.field(
        resolver=_periods,
        graphql_type=list[ConventionPeriod],
        description="Un an, puis deux reconductions tacites (art. 8).",
    )
    answer_days: int = strawberry.field(
        description="Jours ouvrés pour répondre à une orientation (art. 5.3)."
    )
    candidate_days: int = strawberry.field(
        description="Jours ouvrés pour présenter les candidats (art. 5.3)."
    )
    mutation_rate_bp: int = strawberry.field(
        description="Part des mutations internes au plus, en centièmes de pour cent (art. 2.3)."
    )
    indicator: str = strawberry.field(
        description="Le compte qui sert de base au décompte (art. 7).", graphql_type=IndicatorCode
    )
    charte_version: str = strawberry.field(description="Version de la charte départementale.")
    model_version: str = strawberry.field(description="Modèle de la convention.")
    management: str = strawberry.field(
        description="Qui cherche les candidats (art. 5.2).", graphql_type=ManagementCode
    )
    closure_rule: str = strawberry.field(
        description="Si les fermetures déclarées par le réservataire suspendent les délais.",
        graphql_type=ClosureRuleCode,
    )
    version: int = strawberry.field(description="Numéro de version, qui croît à chaque acte.")
    mailbox: str | None = strawberry.field(
        description="Adresse générique du réservataire ; non communiquée aux EPCI."
    )


@strawberry.type(description="Une convention et son curseur.")
class ConventionEdge:
    node: Convention = strawberry.field(description="La convention.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page de conventions, la plus récente d'abord.")
class ConventionConnection:
    edges: list[ConventionEdge] = strawberry.field(description="Les conventions de la page.")
    page_info: PageInfo = strawberry.field(description="Où la page se trouve dans la liste.")


async def convention_page(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    bailleur_id: Annotated[
        UUID | None, strawberry.argument(description="Ce bailleur seulement.")
    ] = None,
    reservataire_id: Annotated[
        UUID | None, strawberry.argument(description="Ce réservataire seulement.")
    ] = None,
    in_force: Annotated[
        bool | None,
        strawberry.argument(description="Celles en vigueur ce jour, ou les autres."),
    ] = None,
) -> Any:
    request = page_request(first, after)
    newest_first = Sort(code="debut", is_descending=True)
    wanted = ConventionFilter(
        bailleur_id=bailleur_id, reservataire_id=reservataire_id, is_in_force=in_force
    )
    tx = await info.context.read()
    found = await operations.list_page(tx, replace(request, sort=newest_first), wanted=wanted)
    return connection(found, "starts_on", after=after)


async def one_convention(info: Info, convention_id: Annotated[UUID, ID]) -> Any:
    return await operations.get(await info.context.read(), convention_id)
