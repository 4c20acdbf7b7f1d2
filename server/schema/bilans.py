"""The yearly bilan: its versions, to whom they were given, and publishing one (art. 7)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.bilans import Bilan as BilanRow
from server.operations import bilans
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.bilan_content import BilanContent, bilan_content
from server.schema.codes import BilanState, CapacityCode
from server.schema.context import Context, Info
from server.schema.errors import ActError
from server.schema.flux import checked_year
from server.schema.objects import Single
from server.schema.selection import Selection, selection
from server.tenants.transactions import TenantTransaction

DOWNLOAD = "/bilans/{id}/classeur.xlsx"

Row = strawberry.Parent[BilanRow]


def _download_path(root: Row) -> str | None:
    return DOWNLOAD.format(id=root.id) if root.workbook_hash else None


def _deliveries(root: Row, info: Info) -> Any:
    return info.context.loaded.deliveries.of(root.id)


def _content(root: Row, info: Info) -> Any:
    return info.context.loaded.contents.of(root.id)


@strawberry.type(description="À qui un bilan a été remis.")
class BilanDelivery:
    tenant_id: UUID = strawberry.field(description="L'organisme.")
    tenant_name: str = strawberry.field(description="Son nom.")
    capacity: str = strawberry.field(
        description="En quelle qualité il le reçoit.", graphql_type=CapacityCode
    )
    created_at: datetime = strawberry.field(description="Quand il a été remis.")
    opened_at: datetime | None = strawberry.field(description="Quand il a été ouvert d'abord.")


@strawberry.type(description="Une version du bilan d'une année.")
class Bilan:
    id: UUID = strawberry.field(description="Identifiant du bilan.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    year: int = strawberry.field(description="Année du bilan.")
    version: int = strawberry.field(description="Numéro de version dans l'année.")
    state: str = strawberry.field(description="État du bilan.", graphql_type=BilanState)
    published_at: datetime = strawberry.field(description="Quand il a été arrêté.")
    distributed_at: datetime | None = strawberry.field(description="Quand il a été remis.")
    content_hash: str = strawberry.field(description="Empreinte SHA-256 du contenu.")
    workbook_hash: str | None = strawberry.field(description="Empreinte SHA-256 du classeur.")
    download_path = strawberry.field(
        resolver=_download_path,
        description="Chemin du classeur XLSX sur le portail ; absent tant qu'il est en "
        "préparation.",
    )
    deliveries = strawberry.field(
        resolver=_deliveries,
        graphql_type=list[BilanDelivery],
        description="À qui il a été remis ; un destinataire ne voit que sa ligne.",
    )
    content = strawberry.field(
        resolver=_content,
        graphql_type=BilanContent | None,
        description="Le contenu arrêté, dans « bilan » seulement : une liste ne le porte pas.",
    )


async def _look_ahead(
    context: Context, tx: TenantTransaction, rows: list[BilanRow], wanted: Selection
) -> None:
    ids = [row.id for row in rows]
    if "deliveries" in wanted:
        context.loaded.deliveries.keep(ids, await bilans.deliveries(tx, ids), [])


async def _look_ahead_of_one(
    context: Context, tx: TenantTransaction, rows: list[BilanRow], wanted: Selection
) -> None:
    await _look_ahead(context, tx, rows, wanted)
    if "content" in wanted:
        contents = {row.id: bilan_content(await bilans.content(tx, row.id)) for row in rows}
        context.loaded.contents.keep(contents, contents, None)


_bilan = Single(bilans.get, _look_ahead_of_one)


async def list_bilans(
    info: Info,
    year: Annotated[int | None, strawberry.argument(description="Cette année.")] = None,
    bailleur_id: Annotated[UUID | None, strawberry.argument(description="Ce bailleur.")] = None,
) -> Any:
    wanted_year = None if year is None else checked_year(year)
    tx = await info.context.read()
    rows = await bilans.list_all(tx, year=wanted_year, bailleur_id=bailleur_id)
    await _look_ahead(info.context, tx, rows, selection(info))
    info.context.loaded.contents.keep([row.id for row in rows], {}, None)
    return rows


async def one_bilan(info: Info, bilan_id: Annotated[UUID, ID]) -> Any:
    return await _bilan.asked(info, bilan_id)


@strawberry.type(description="Le bilan publié, ou pourquoi il ne l'est pas.")
class BilanPayload:
    bilan = strawberry.field(
        resolver=changed, graphql_type=Bilan | None, description="Le bilan, en préparation."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="L'année dont le bilan est à publier.")
class PublishBilanInput:
    year: int = strawberry.field(description="L'année ; celle en cours donne un bilan provisoire.")


async def publish_bilan(
    info: Info, command: Annotated[PublishBilanInput, INPUT]
) -> Answer[BilanRow]:
    async def work(tx: TenantTransaction) -> BilanRow:
        bilan_id = await bilans.publish(tx, checked_year(command.year))
        return await _bilan.changed(info, tx, bilan_id, "bilan")

    return await perform(info, work)
