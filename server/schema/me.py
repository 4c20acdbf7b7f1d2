"""Who is asking: the organisme, its capacity, its rights, and the business time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from server.domain.deadlines import local_day
from server.schema.codes import CapacityCode, ContingentCode, RoleCode
from server.schema.context import Info
from server.tenants.actors import Actor
from server.tenants.permissions import Permission, may


@strawberry.type(description="Un organisme de l'annuaire.")
class Organisme:
    id: UUID = strawberry.field(description="Identifiant de l'organisme.")
    name: str = strawberry.field(description="Nom de l'organisme.")


@dataclass(frozen=True, kw_only=True)
class OrganismeName:
    id: UUID
    name: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The actor of the request at a business time."""

    actor: Actor
    now: datetime

    @property
    def organisme(self) -> OrganismeName:
        return OrganismeName(id=self.actor.tenant_id, name=self.actor.tenant_name)

    @property
    def capacity(self) -> str:
        return self.actor.capacity.value

    @property
    def role(self) -> str:
        return self.actor.role.value

    @property
    def person_name(self) -> str:
        return self.actor.person_name

    @property
    def contingents(self) -> list[str]:
        return sorted(self.actor.contingents)

    @property
    def permissions(self) -> list[str]:
        return [permission.value for permission in Permission if may(self.actor, permission)]

    @property
    def today(self) -> date:
        return local_day(self.now)


@strawberry.type(description="Qui vous êtes pour le portail.")
class Me:
    organisme: Organisme = strawberry.field(description="L'organisme pour lequel vous agissez.")
    capacity: str = strawberry.field(
        description="En quelle qualité il agit.", graphql_type=CapacityCode
    )
    role: str = strawberry.field(
        description="Ce que vous pouvez y faire.", graphql_type=RoleCode
    )
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


async def me(info: Info) -> Any:
    tx = await info.context.read()
    return Identity(actor=tx.actor, now=tx.now)
