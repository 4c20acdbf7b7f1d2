"""Closures that a réservataire declares, read and declared by the API (domain.md §5.4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from server.db.closures import DeclaredClosure
from server.operations import closures
from server.operations.closures import DeclareClosure
from server.schema.acts import INPUT, Answer, changed, perform
from server.schema.context import Info
from server.schema.errors import ActError


@strawberry.type(description="Des jours où un réservataire est fermé.")
class Closure:
    id: UUID = strawberry.field(description="Identifiant de la fermeture.")
    first_day: date = strawberry.field(description="Premier jour fermé.")
    last_day: date = strawberry.field(description="Dernier jour fermé, compris.")
    reason: str = strawberry.field(description="Pourquoi, par exemple pont de l'Ascension.")
    declared_at: datetime = strawberry.field(
        description="Quand elle a été déclarée ; les offres parties avant ne la connaissent pas."
    )


@strawberry.input(description="Une fermeture à déclarer d'avance, 31 jours au plus.")
class DeclareClosureInput:
    first_day: date = strawberry.field(description="Premier jour fermé, aujourd'hui au plus tôt.")
    last_day: date = strawberry.field(description="Dernier jour fermé, compris.")
    reason: str = strawberry.field(description="Pourquoi, sans nommer personne.")


@strawberry.input(description="Une fermeture à retirer, qui n'a pas commencé.")
class WithdrawClosureInput:
    closure_id: UUID = strawberry.field(description="La fermeture.")


@strawberry.type(description="La fermeture, ou pourquoi rien n'a changé.")
class ClosurePayload:
    closure = strawberry.field(
        resolver=changed, graphql_type=Closure | None, description="La fermeture."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


async def closures_of(
    info: Info,
    reservataire_id: Annotated[
        UUID | None,
        strawberry.argument(description="Le réservataire ; le vôtre, si vous en êtes un."),
    ] = None,
) -> list[Closure]:
    tx = await info.context.read()
    if reservataire_id is None:
        found = await closures.list_own(tx)
    else:
        found = await closures.list_of(tx, reservataire_id)
    return [_shown(one) for one in found]


def _shown(one: DeclaredClosure) -> Closure:
    return Closure(
        id=one.id,
        first_day=one.first_day,
        last_day=one.last_day,
        reason=one.reason,
        declared_at=one.declared_at,
    )


async def declare_closure(
    info: Info, command: Annotated[DeclareClosureInput, INPUT]
) -> Answer[DeclaredClosure]:
    asked = DeclareClosure(
        first_day=command.first_day, last_day=command.last_day, reason=command.reason
    )
    return await perform(info, lambda tx: closures.declare(tx, asked))


async def withdraw_closure(
    info: Info, command: Annotated[WithdrawClosureInput, INPUT]
) -> Answer[DeclaredClosure]:
    """Answers the closure as it was: the list no longer has it."""
    return await perform(info, lambda tx: closures.withdraw(tx, command.closure_id))
