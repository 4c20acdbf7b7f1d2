"""What is done to a draft of an annexe 1 by the API, its lines' rights apart (art. 4)."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from server.operations import annexes
from server.operations.annexes import AddLine, RecordDerogation
from server.schema.acts import INPUT, Answer, perform
from server.schema.annexes import AnnexeVersion, annexe_after, annexe_version, droits_of
from server.schema.codes import ContingentCode
from server.schema.context import Info
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@strawberry.input(description="Un brouillon, tel qu'il a été lu.")
class AnnexeDraftInput:
    annexe_id: UUID = strawberry.field(description="Le brouillon.")
    revision: int = strawberry.field(description="La révision lue.")


@strawberry.input(description="Une ligne à ajouter à un brouillon : des droits, ou un taux imposé.")
class AddAnnexeLineInput:
    annexe_id: UUID = strawberry.field(description="Le brouillon.")
    revision: int = strawberry.field(description="La révision lue.")
    reservataire_id: UUID = strawberry.field(description="Le réservataire.")
    contingent: str = strawberry.field(
        default="none",
        description="Contingent de l'État, s'il y en a un.",
        graphql_type=ContingentCode,
    )
    perimeter: list[str] = strawberry.field(description="Codes INSEE du périmètre.")
    droits: str | None = strawberry.field(
        default=None, description="Droits, deux décimales au plus."
    )
    rate_bp: int | None = strawberry.field(
        default=None, description="Taux imposé d'une ligne de l'État, en centièmes de pour cent."
    )
    origin: str = strawberry.field(
        default="autre", description="garantie, terrain, financement ou autre."
    )
    denominator_kind: str = strawberry.field(default="total", description="total : A ; flux : C.")
    reason: str = strawberry.field(default="", description="Pourquoi cette ligne.")


@strawberry.input(description="Une ligne à retirer d'un brouillon.")
class RemoveAnnexeLineInput:
    annexe_id: UUID = strawberry.field(description="Le brouillon.")
    line_id: UUID = strawberry.field(description="La ligne.")
    revision: int = strawberry.field(description="La révision lue.")


@strawberry.input(description="L'arrêté du préfet qui permet de dépasser 30 % ou 5 % (R441-5-2).")
class RecordDerogationInput:
    annexe_id: UUID = strawberry.field(description="Le brouillon qui en a besoin.")
    reference: str = strawberry.field(description="Référence de l'arrêté.")
    starts_on: date = strawberry.field(description="Premier jour.")
    ends_on: date = strawberry.field(description="Dernier jour, un an après au plus.")


async def add_annexe_line(
    info: Info, command: Annotated[AddAnnexeLineInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        line = AddLine(
            annexe_id=command.annexe_id,
            revision=command.revision,
            reservataire_id=command.reservataire_id,
            contingent=command.contingent,
            perimeter=frozenset(command.perimeter),
            droits=None if command.droits is None else droits_of(command.droits, "droits"),
            rate_bp=command.rate_bp,
            origin=command.origin,
            denominator=command.denominator_kind,
            reason=command.reason,
        )
        await annexes.add_line(tx, line)

    return await annexe_after(info, command.annexe_id, act)


async def remove_annexe_line(
    info: Info, command: Annotated[RemoveAnnexeLineInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        await annexes.remove_line(tx, command.annexe_id, command.line_id, command.revision)

    return await annexe_after(info, command.annexe_id, act)


async def recount_annexe(
    info: Info, command: Annotated[AnnexeDraftInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        await annexes.recount(tx, command.annexe_id, command.revision)

    return await annexe_after(info, command.annexe_id, act)


async def record_derogation(
    info: Info, command: Annotated[RecordDerogationInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        await annexes.get(tx, command.annexe_id)
        derogation = RecordDerogation(
            reference=command.reference, starts_on=command.starts_on, ends_on=command.ends_on
        )
        await annexes.record_derogation(tx, derogation)

    return await annexe_after(info, command.annexe_id, act)


async def discard_annexe(
    info: Info, command: Annotated[AnnexeDraftInput, INPUT]
) -> Answer[AnnexeVersion]:
    """Answers the draft as it was: nothing of it is left."""

    async def work(tx: TenantTransaction) -> AnnexeVersion:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        last = annexe_version(await annexes.read(tx, command.annexe_id))
        await annexes.discard(tx, command.annexe_id, command.revision)
        return last

    return await perform(info, work)
