"""Excluding a dwelling from the assiette by the API, and ending it (art. 2.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from server.db.assiette import Exclusion
from server.operations import assiette
from server.operations.assiette import ExcludeDwelling
from server.schema.acts import INPUT, Answer, changed, perform
from server.schema.codes import ExclusionCode
from server.schema.context import Info
from server.schema.errors import ActError
from server.schema.stock import DwellingExclusion
from server.tenants.transactions import TenantTransaction


@strawberry.input(description="Une exclusion de l'assiette ; celle qui court finit ce jour-là.")
class ExcludeDwellingInput:
    dwelling_id: UUID = strawberry.field(description="Le logement.")
    code: str = strawberry.field(
        description="Un des six motifs de l'annexe 1.", graphql_type=ExclusionCode
    )
    from_on: date = strawberry.field(description="Premier jour : aujourd'hui ou avant.")
    source: str = strawberry.field(
        default="", description="La délibération, la convention ou l'arrêté qui le justifie."
    )


@strawberry.input(description="La fin de l'exclusion qui court.")
class EndExclusionInput:
    dwelling_id: UUID = strawberry.field(description="Le logement.")
    until_on: date = strawberry.field(description="Premier jour de retour dans l'assiette.")
    source: str = strawberry.field(default="", description="Ce qui le justifie.")


@strawberry.type(description="Les exclusions du logement, ou pourquoi elles n'ont pas changé.")
class ExclusionPayload:
    exclusions = strawberry.field(
        resolver=changed,
        graphql_type=list[DwellingExclusion] | None,
        description="Toutes ses exclusions, la dernière d'abord.",
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


async def _done(
    info: Info, dwelling_id: UUID, act: Callable[[TenantTransaction], Awaitable[None]]
) -> Answer[Sequence[Exclusion]]:
    async def work(tx: TenantTransaction) -> Sequence[Exclusion]:
        await act(tx)
        return await assiette.exclusions_of(tx, dwelling_id)

    return await perform(info, work)


async def exclude_dwelling(
    info: Info, command: Annotated[ExcludeDwellingInput, INPUT]
) -> Answer[Sequence[Exclusion]]:
    asked = ExcludeDwelling(
        dwelling_id=command.dwelling_id,
        code=command.code,
        from_on=command.from_on,
        source=command.source,
    )
    return await _done(info, command.dwelling_id, lambda tx: assiette.exclude(tx, asked))


async def end_exclusion(
    info: Info, command: Annotated[EndExclusionInput, INPUT]
) -> Answer[Sequence[Exclusion]]:
    return await _done(
        info,
        command.dwelling_id,
        lambda tx: assiette.end(tx, command.dwelling_id, command.until_on, source=command.source),
    )
