"""A tool asks what it was given: its scopes, until when, and how much it may still call."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.operations import machines
from server.schema.codes import MachineKind
from server.schema.context import Info


@strawberry.type(description="L'accès par lequel un outil appelle.")
class Machine:
    name: str = strawberry.field(description="Nom donné à l'accès par votre organisme.")
    kind: str = strawberry.field(description="Sa nature.", graphql_type=MachineKind)
    scopes: list[str] = strawberry.field(
        description="Ses portées, par exemple « orientations:lire »."
    )
    networks: list[str] = strawberry.field(
        description="Les plages d'adresses d'où il est accepté ; aucune : de partout."
    )
    expires_at: datetime = strawberry.field(description="Instant à partir duquel il est refusé.")
    points_limit: int | None = strawberry.field(
        description="Mesure d'appels, en points de coût, quand elle est pleine."
    )
    points_left: int | None = strawberry.field(description="Ce qu'il en reste après cette requête.")


async def machine(info: Info) -> Machine | None:
    found = await machines.own(await info.context.read())
    if found is None:
        return None
    charge = info.context.charge
    return Machine(
        name=found.name,
        kind=found.kind,
        scopes=list(found.scopes),
        networks=list(found.networks),
        expires_at=found.expires_at,
        points_limit=charge.limit if charge else None,
        points_left=charge.remaining if charge else None,
    )
