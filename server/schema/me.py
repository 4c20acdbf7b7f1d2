"""Who is asking: the organisme, its capacity, its rights, and the business time."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import strawberry

from server.domain.deadlines import local_day
from server.schema.codes import CapacityCode, ContingentCode, RoleCode
from server.schema.context import Info
from server.tenants.permissions import Permission, may


@strawberry.type(description="Un organisme de l'annuaire.")
class Organisme:
    id: UUID = strawberry.field(description="Identifiant de l'organisme.")
    name: str = strawberry.field(description="Nom de l'organisme.")


@strawberry.type(description="Qui vous êtes pour le portail.")
class Me:
    organisme: Organisme = strawberry.field(description="L'organisme pour lequel vous agissez.")
    capacity: str = strawberry.field(
        description="En quelle qualité il agit.", graphql_type=CapacityCode
    )
    role: str = strawberry.field(description="Ce que vous pouvez y faire.", graphql_type=RoleCode)
    person_name: str = strawberry.field(description="Votre nom, ou celui du jeton.")
    contingents: list[str] = strawberry.field(
        description="Les contingents de l'État que vous suivez.",
        graphql_type=list[ContingentCode],
    )
    permissions: list[str] = strawberry.field(
        description="Vos droits, par exemple « orientation.send »."
    )
    now: datetime = strawberry.field(
        description="L'heure des actes et des échéances, qui peut être déplacée dans une "
        "démonstration."
    )
    today: date = strawberry.field(description="Le jour correspondant, à Paris.")


async def me(info: Info) -> Me:
    tx = await info.context.read()
    actor = tx.actor
    return Me(
        organisme=Organisme(id=actor.tenant_id, name=actor.tenant_name),
        capacity=actor.capacity.value,
        role=actor.role.value,
        person_name=actor.person_name,
        contingents=sorted(actor.contingents),
        permissions=[one.value for one in Permission if may(actor, one)],
        now=tx.now,
        today=local_day(tx.now),
    )
