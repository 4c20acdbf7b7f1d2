"""What the organisme was told, newest first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from server.operations import notifications
from server.schema.codes import ContingentCode, DeliveryState
from server.schema.context import Info
from server.schema.paging import (
    DEFAULT_PAGE,
    After,
    Connection,
    First,
    PageInfo,
    connection,
    page_request,
)


@strawberry.type(description="Un message adressé à votre organisme.")
class Notification:
    id: UUID = strawberry.field(description="Identifiant du message.")
    contingent: str = strawberry.field(
        description="Contingent de l'État concerné, s'il y en a un.", graphql_type=ContingentCode
    )
    template: str = strawberry.field(description="Code du message, par exemple orientation.sent.")
    subject_kind: str = strawberry.field(description="Sur quoi il porte, par exemple orientation.")
    subject_id: UUID = strawberry.field(description="Identifiant de ce sur quoi il porte.")
    state: str = strawberry.field(description="Où en est l'envoi.", graphql_type=DeliveryState)
    created_at: datetime = strawberry.field(description="Instant de l'acte annoncé.")
    subject: str | None = strawberry.field(description="Objet du courriel, une fois écrit.")
    body_text: str | None = strawberry.field(description="Texte du courriel, une fois écrit.")
    processed_at: datetime | None = strawberry.field(description="Instant de l'envoi.")
    read_at: datetime | None = strawberry.field(description="Quand il a été lu sur le portail.")


@strawberry.type(description="Un message dans une page.")
class NotificationEdge:
    node: Notification = strawberry.field(description="Le message.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page de messages, du plus récent au plus ancien.")
class NotificationConnection:
    edges: list[NotificationEdge] = strawberry.field(description="Les messages de la page.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


async def notification_page(
    info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Connection:
    request = page_request(first, after)
    page = await notifications.inbox(await info.context.read(), request)
    return connection(page, "created_at", after=after)
