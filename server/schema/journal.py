"""The timeline of a dwelling: each act that its reader may see."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from server.schema.codes import ChannelCode

TIMELINE_LENGTH = 50


@strawberry.type(description="Un acte porté au journal.")
class JournalEntry:
    id: UUID = strawberry.field(description="Identifiant de la ligne.")
    at: datetime = strawberry.field(description="Date de l'acte en droit.")
    actor_tenant_name: str = strawberry.field(description="L'organisme qui a agi.")
    person_name: str = strawberry.field(description="La personne, ou le portail lui-même.")
    channel: str = strawberry.field(
        description="Par où l'acte est arrivé.", graphql_type=ChannelCode
    )
    act: str = strawberry.field(description="Code de l'acte, par exemple orientation.accept.")
    subject_kind: str = strawberry.field(description="Sur quoi il porte, par exemple orientation.")
    subject_id: UUID = strawberry.field(description="Identifiant de ce sur quoi il porte.")
    from_state: str | None = strawberry.field(description="Code de l'état d'avant.")
    to_state: str | None = strawberry.field(description="Code de l'état d'après.")
    reason: str | None = strawberry.field(description="Le motif donné.")
