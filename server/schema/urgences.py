"""Urgency allocations: the bailleur asks, the préfecture decides (art. 2.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.urgences import Urgence as UrgenceRow
from server.operations import urgences
from server.operations.urgences import DecideUrgence, RequestUrgence
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.codes import ContingentCode, UrgenceKind, UrgenceState
from server.schema.context import Info
from server.schema.errors import ActError
from server.schema.paging import (
    DEFAULT_PAGE,
    After,
    Connection,
    First,
    PageInfo,
    connection,
    page_request,
)
from server.tenants.transactions import TenantTransaction


@strawberry.type(description="Une affectation d'urgence, demandée puis décidée (art. 2.4).")
class Urgence:
    id: UUID = strawberry.field(description="Identifiant de l'affectation.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    vacancy_id: UUID = strawberry.field(description="La libération.")
    dwelling_id: UUID = strawberry.field(description="Identifiant du logement.")
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    commune_name: str = strawberry.field(description="Nom de la commune.")
    dwelling_label: str = strawberry.field(description="Le logement, en une ligne.")
    kind: str = strawberry.field(description="La crise.", graphql_type=UrgenceKind)
    title: str = strawberry.field(description="La crise, en une phrase.")
    households: int = strawberry.field(description="Ménages à reloger.")
    requested_at: datetime = strawberry.field(description="Instant de la demande.")
    state: str = strawberry.field(description="État de la demande.", graphql_type=UrgenceState)
    proposed_reservataire_id: UUID | None = strawberry.field(
        description="Réservataire que le bailleur propose d'imputer."
    )
    proposed_reservataire_name: str | None = strawberry.field(description="Son nom.")
    proposed_contingent: str = strawberry.field(
        description="Son contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    decided_at: datetime | None = strawberry.field(description="Instant de la décision.")
    decision_reason: str | None = strawberry.field(description="Motif de la décision.")
    charged_reservataire_id: UUID | None = strawberry.field(
        description="Réservataire auquel le logement est imputé."
    )
    charged_reservataire_name: str | None = strawberry.field(description="Son nom.")
    charged_contingent: str = strawberry.field(
        description="Son contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    applied_at: datetime | None = strawberry.field(
        description="Quand la décision a pris effet chez le bailleur."
    )
    version: int = strawberry.field(description="Numéro de version, qui croît à chaque acte.")


@strawberry.type(description="Une affectation d'urgence dans une page.")
class UrgenceEdge:
    node: Urgence = strawberry.field(description="L'affectation.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page d'affectations, de la plus récente à la plus ancienne.")
class UrgenceConnection:
    edges: list[UrgenceEdge] = strawberry.field(description="Les affectations de la page.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


@strawberry.type(description="L'affectation changée, ou pourquoi rien n'a changé.")
class UrgencePayload:
    urgence = strawberry.field(
        resolver=changed, graphql_type=Urgence | None, description="L'affectation."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="Un logement libéré, demandé pour une crise.")
class RequestUrgentAllocationInput:
    vacancy_id: UUID = strawberry.field(description="La libération.")
    kind: str = strawberry.field(description="La crise.", graphql_type=UrgenceKind)
    title: str = strawberry.field(
        description="La crise, en une phrase, sans aucune donnée sur les ménages."
    )
    households: int = strawberry.field(description="Ménages à reloger.", default=1)
    proposed_reservataire_id: UUID | None = strawberry.field(
        description="Réservataire à imputer ; sans lui, le logement sortirait du flux.",
        default=None,
    )
    proposed_contingent: str = strawberry.field(
        description="Son contingent de l'État, s'il y en a un.",
        graphql_type=ContingentCode,
        default="none",
    )


@strawberry.input(description="La décision de la préfecture : imputée, hors flux, ou refusée.")
class DecideUrgentAllocationInput:
    urgence_id: UUID = strawberry.field(description="L'affectation.")
    is_approved: bool = strawberry.field(description="Si elle est validée.")
    charged_reservataire_id: UUID | None = strawberry.field(
        description="Réservataire auquel le logement est imputé.", default=None
    )
    charged_contingent: str = strawberry.field(
        description="Son contingent de l'État, s'il y en a un.",
        graphql_type=ContingentCode,
        default="none",
    )
    is_out_of_flux: bool = strawberry.field(
        description="Si le logement sort du flux.", default=False
    )
    reason: str | None = strawberry.field(
        description="Motif, obligatoire pour un refus.", default=None
    )
    expected_version: int | None = strawberry.field(
        description="La version de l'affectation que vous aviez sous les yeux.", default=None
    )


async def urgence_page(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    state: Annotated[
        str | None,
        strawberry.argument(description="Cet état seulement.", graphql_type=UrgenceState | None),
    ] = None,
) -> Connection:
    request = page_request(first, after)
    page = await urgences.list_page(await info.context.read(), request, state=state)
    return connection(page, "requested_at", after=after)


async def one_urgence(info: Info, urgence_id: Annotated[UUID, ID]) -> Any:
    return await urgences.get(await info.context.read(), urgence_id)


async def request_urgent_allocation(
    info: Info, command: Annotated[RequestUrgentAllocationInput, INPUT]
) -> Answer[UrgenceRow]:
    async def work(tx: TenantTransaction) -> UrgenceRow:
        return await urgences.get(tx, await urgences.request(tx, RequestUrgence(**vars(command))))

    return await perform(info, work)


async def decide_urgent_allocation(
    info: Info, command: Annotated[DecideUrgentAllocationInput, INPUT]
) -> Answer[UrgenceRow]:
    return await perform(info, lambda tx: urgences.decide(tx, DecideUrgence(**vars(command))))
