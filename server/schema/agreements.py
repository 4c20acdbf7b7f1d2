"""The acts on a convention: prepared by its bailleur, moved by each of its parties (art. 8)."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from server.db.conventions import SignedConvention
from server.domain.convention_steps import ConventionStep, StartRule
from server.domain.convention_terms import Terms
from server.operations import conventions
from server.operations.conventions import MakeStep, PrepareConvention
from server.schema.acts import INPUT, Answer, changed, perform
from server.schema.codes import (
    ClosureRuleCode,
    ConventionStepCode,
    IndicatorCode,
    ManagementCode,
    StartRuleCode,
)
from server.schema.context import Info
from server.schema.conventions import Convention
from server.schema.errors import ActError
from server.tenants.transactions import TenantTransaction


@strawberry.type(description="La convention changée, ou pourquoi rien n'a changé.")
class ConventionPayload:
    convention = strawberry.field(
        resolver=changed, graphql_type=Convention | None, description="La convention."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="Un projet de convention ; rien n'engage avant deux signatures.")
class PrepareConventionInput:
    reservataire_id: UUID = strawberry.field(description="Le réservataire.")
    communes: list[str] = strawberry.field(description="Codes INSEE des communes du périmètre.")
    starts_on: date = strawberry.field(
        description="Premier jour ; le jour prévu, si elle prend effet à la signature."
    )
    model_version: str = strawberry.field(description="Modèle de la convention.")
    start_rule: str = strawberry.field(
        description="Quand elle prend effet.", graphql_type=StartRuleCode, default="fixed"
    )
    mailbox: str | None = strawberry.field(
        description="Adresse générique ; sans elle, aucune orientation ne part (art. 5.3).",
        default=None,
    )
    charte_version: str | None = strawberry.field(
        description="Version de la charte départementale ; celle du premier jour, si absente.",
        default=None,
    )
    answer_days: int | None = strawberry.field(
        description="Jours ouvrés pour répondre à une orientation ; ceux de la charte, si absent.",
        default=None,
    )
    candidate_days: int | None = strawberry.field(
        description="Jours ouvrés pour présenter les candidats ; ceux de la charte, si absent.",
        default=None,
    )
    mutation_rate_bp: int | None = strawberry.field(
        description="Part des mutations au plus, en centièmes de pour cent ; celle de la charte, "
        "si absente.",
        default=None,
    )
    indicator: str | None = strawberry.field(
        description="Le compte qui sert de base au décompte ; celui de la charte, si absent.",
        graphql_type=IndicatorCode | None,
        default=None,
    )
    management: str = strawberry.field(
        description="Qui cherche les candidats.", graphql_type=ManagementCode, default="direct"
    )
    closure_rule: str = strawberry.field(
        description="Si les fermetures déclarées suspendent les délais.",
        graphql_type=ClosureRuleCode,
        default="counted",
    )


@strawberry.input(description="Une étape qu'une partie enregistre.")
class MoveConventionInput:
    convention_id: UUID = strawberry.field(description="Identifiant de la convention.")
    step: str = strawberry.field(description="L'étape.", graphql_type=ConventionStepCode)
    on: date = strawberry.field(
        description="Jour du vote ou de la signature ; dernier jour d'une convention résiliée."
    )
    told: str = strawberry.field(
        description="Numéro de la délibération, fonction du signataire sans son nom, ou motif."
    )
    transmitted_on: date | None = strawberry.field(
        description="Jour de transmission de la délibération au contrôle de légalité.",
        default=None,
    )
    expected_version: int | None = strawberry.field(
        description="La version de la convention que vous aviez sous les yeux.", default=None
    )


async def prepare_convention(
    info: Info, command: Annotated[PrepareConventionInput, INPUT]
) -> Answer[SignedConvention]:
    given = {name: value for name, value in vars(command).items() if value is not None}
    head = {
        "reservataire_id": given.pop("reservataire_id"),
        "starts_on": given.pop("starts_on"),
        "start_rule": StartRule(given.pop("start_rule")),
    }
    perimeter = frozenset(given.pop("communes"))

    async def work(tx: TenantTransaction) -> SignedConvention:
        usual = await conventions.usual_terms(tx, command.starts_on)
        terms = Terms(perimeter=perimeter, **{**usual, **given})
        made = await conventions.create(tx, PrepareConvention(terms=terms, **head))
        return await conventions.get(tx, made)

    return await perform(info, work)


async def move_convention(
    info: Info, command: Annotated[MoveConventionInput, INPUT]
) -> Answer[SignedConvention]:
    values = dict(vars(command))
    step = MakeStep(
        convention_id=values.pop("convention_id"),
        step=ConventionStep(values.pop("step")),
        **values,
    )

    async def work(tx: TenantTransaction) -> SignedConvention:
        moved = await conventions.make_step(tx, step)
        return await conventions.get(tx, moved.id)

    return await perform(info, work)
