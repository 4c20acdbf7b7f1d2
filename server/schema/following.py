"""After the answer: giving up, the three ways of art. 5.3, the candidates in turn (R441-10)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.domain.deadlines import REPLY_DAYS
from server.operations import caleol, orientations
from server.operations.caleol import RecordReply, TellCandidate
from server.operations.orientations import ReceivedAnswer, Rectify
from server.schema.acts import INPUT
from server.schema.codes import MistakeCode, ReceivedCode, ReplyCode
from server.schema.context import Info
from server.schema.orientations import perform_on
from server.tenants.transactions import TenantTransaction

_ORIENTATION = "L'orientation."
_VERSION = "La version de l'orientation que vous aviez sous les yeux."


@strawberry.input(description="La renonciation du réservataire à un logement accepté.")
class RenounceOrientationInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    motif: str | None = strawberry.field(description="Le motif, facultatif.", default=None)
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Une suite choisie par le bailleur : art. 5.3, ou rang suivant.")
class FollowOrientationInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Un délai supplémentaire pour présenter des candidats.")
class ExtendSearchInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    days: int = strawberry.field(description="Nombre de jours ouvrés, comptés d'aujourd'hui.")
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="La notification faite au candidat qui a le logement.")
class TellCandidateInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    notified_on: date = strawberry.field(description="Jour de la notification.")
    days: int = strawberry.field(
        description="Délai en jours, dix au moins (R441-10).", default=REPLY_DAYS
    )


@strawberry.input(description="La réponse du candidat qui a le logement.")
class RecordReplyInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    reply: str = strawberry.field(description="Sa réponse.", graphql_type=ReplyCode)
    replied_on: date = strawberry.field(description="Jour de la réponse.")
    reason: str | None = strawberry.field(description="Le motif qu'il donne.", default=None)


@strawberry.input(description="Le constat qu'aucun candidat retenu ne signe de bail.")
class FailLeaseInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    reason: str = strawberry.field(description="Le motif.")
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Une réponse parvenue au bailleur hors du portail.")
class RecordReceivedInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    is_accepted: bool = strawberry.field(description="Si le réservataire accepte.")
    received_on: date = strawberry.field(description="Jour de la réception.")
    channel: str = strawberry.field(
        description="Par quoi elle est parvenue.", graphql_type=ReceivedCode
    )
    person: str = strawberry.field(description="Qui a répondu, nom ou fonction.")
    motif: str | None = strawberry.field(description="Le motif d'un refus.", default=None)
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Un rappel au réservataire, un par offre et par jour au plus.")
class RemindOrientationInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)


@strawberry.input(description="La rectification d'un acte faux, par un nouvel acte daté.")
class RectifyOrientationInput:
    orientation_id: UUID = strawberry.field(description=_ORIENTATION)
    mistake: str = strawberry.field(description="Ce qui est faux.", graphql_type=MistakeCode)
    reason: str = strawberry.field(description="Le motif.")
    day: date | None = strawberry.field(
        description="La date exacte, s'il s'agit d'une date.", default=None
    )
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


async def renounce_orientation(
    info: Info, command: Annotated[RenounceOrientationInput, INPUT]
) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.renounce(tx, **vars(command))).id

    return await perform_on(info, act)


async def search_on_behalf(info: Info, command: Annotated[FollowOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.search_on_behalf(tx, **vars(command))).id

    return await perform_on(info, act)


async def reorient(info: Info, command: Annotated[FollowOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.reorient(tx, **vars(command))).id

    return await perform_on(info, act)


async def extend_search(info: Info, command: Annotated[ExtendSearchInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.extend(tx, **vars(command))).id

    return await perform_on(info, act)


async def tell_candidate(info: Info, command: Annotated[TellCandidateInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await caleol.tell(tx, TellCandidate(**vars(command)))).id

    return await perform_on(info, act)


async def record_reply(info: Info, command: Annotated[RecordReplyInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await caleol.hear(tx, RecordReply(**vars(command)))).id

    return await perform_on(info, act)


async def offer_next_rank(info: Info, command: Annotated[FollowOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await caleol.next_rank(tx, **vars(command))).id

    return await perform_on(info, act)


async def fail_lease(info: Info, command: Annotated[FailLeaseInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await caleol.fail_lease(tx, **vars(command))).id

    return await perform_on(info, act)


async def record_received(info: Info, command: Annotated[RecordReceivedInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.record_received(tx, ReceivedAnswer(**vars(command)))).id

    return await perform_on(info, act)


async def remind_orientation(info: Info, command: Annotated[RemindOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.remind(tx, command.orientation_id)).id

    return await perform_on(info, act)


async def rectify_orientation(
    info: Info, command: Annotated[RectifyOrientationInput, INPUT]
) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await orientations.rectify(tx, Rectify(**vars(command)))).id

    return await perform_on(info, act)
