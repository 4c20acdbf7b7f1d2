"""Who is asking, for which organisme, in which capacity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID


class Capacity(StrEnum):
    """In what quality an organisme acts; rights go by capacity, never by name (domain.md §1)."""

    BAILLEUR = "bailleur"
    RESERVATAIRE = "reservataire"
    PREFECTURE = "prefecture"
    EPCI = "epci"


class Role(StrEnum):
    """What a person may do in an organisme; a machine holds a token of the organisme."""

    RESPONSABLE = "responsable"
    AGENT = "agent"
    LECTEUR = "lecteur"
    MACHINE = "machine"
    SYSTEM = "system"
    MAILBOX = "mailbox"
    """Whoever holds the link of one offer: reads and answers it, nothing else."""


class Channel(StrEnum):
    """Through what an act came in; kept in the journal."""

    PAGE = "page"
    API = "api"
    WORKER = "worker"
    MAIL = "mail"


NO_CONTINGENT = frozenset({"none"})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person, a machine or the portal itself, acting for one organisme in one capacity.

    `is_absorbed`: the organisme was merged into another one; it ends what it had begun.
    `scopes`: what a machine was given (`scopes.py`), None for a person; a machine without any may
    do nothing. `machine_id`: its token or its client, whose calls are counted.
    """

    tenant_id: UUID
    tenant_name: str
    capacity: Capacity
    role: Role
    channel: Channel
    person_id: UUID | None = None
    person_name: str = ""
    contingents: frozenset[str] = field(default=NO_CONTINGENT)
    is_absorbed: bool = False
    scopes: frozenset[str] | None = None
    machine_id: UUID | None = None

    @property
    def database_role(self) -> str:
        return f"portail_{self.capacity.value}"

    @property
    def client(self) -> str:
        """Who calls within the organisme: a machine or a person, by id."""
        return str(self.machine_id or self.person_id or "")


AUTOMATON = "Portail du flux (automatique)"


def portal_acting_for(actor_tenant_id: UUID, tenant_name: str, capacity: Capacity) -> Actor:
    """The worker, in the context of the tenant whose rows it handles."""
    return Actor(
        tenant_id=actor_tenant_id,
        tenant_name=tenant_name,
        capacity=capacity,
        role=Role.SYSTEM,
        channel=Channel.WORKER,
        person_name=AUTOMATON,
        contingents=frozenset({"none", "fonctionnaires", "rs"}),
    )


def seen_by(actor: Actor, contingent: str) -> Actor:
    """The same actor reduced to one contingent of the State."""
    return replace(actor, contingents=frozenset({contingent}))
