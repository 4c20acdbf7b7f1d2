"""The rights matrix (domain.md §1.2) as data: what each role of each capacity may do.

Row-level security decides which rows; this page decides which acts. Unknown means denied.
"""

from __future__ import annotations

from enum import StrEnum

from server.errors import Forbidden
from server.tenants.actors import Actor, Capacity, Role


class Permission(StrEnum):
    """An act or a reading that a page or an API field may ask for."""

    FLUX_READ = "flux.read"
    DWELLING_READ = "dwelling.read"
    VACANCY_READ = "vacancy.read"
    VACANCY_REGISTER = "vacancy.register"
    ORIENTATION_READ = "orientation.read"
    ORIENTATION_SEND = "orientation.send"
    ORIENTATION_ANSWER = "orientation.answer"
    CANDIDATES_READ = "candidates.read"
    CANDIDATES_PRESENT = "candidates.present"
    CANDIDATES_COMPLETE = "candidates.complete"
    CALEOL_READ = "caleol.read"
    CALEOL_HOLD = "caleol.hold"
    LEASE_RECORD = "lease.record"
    URGENCE_READ = "urgence.read"
    URGENCE_REQUEST = "urgence.request"
    URGENCE_DECIDE = "urgence.decide"
    BILAN_READ = "bilan.read"
    BILAN_PUBLISH = "bilan.publish"
    NOTIFICATION_READ = "notification.read"
    JOURNAL_READ = "journal.read"
    DEPARTMENT_READ = "department.read"


_P = Permission

READING: dict[Capacity, frozenset[Permission]] = {
    Capacity.BAILLEUR: frozenset({
        _P.FLUX_READ, _P.DWELLING_READ, _P.VACANCY_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ,
        _P.CALEOL_READ, _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ,
    }),
    Capacity.RESERVATAIRE: frozenset({
        _P.FLUX_READ, _P.DWELLING_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ, _P.CALEOL_READ,
        _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ,
    }),
    Capacity.PREFECTURE: frozenset({
        _P.FLUX_READ, _P.VACANCY_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ, _P.CALEOL_READ,
        _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ, _P.DEPARTMENT_READ,
    }),
    Capacity.EPCI: frozenset({
        _P.FLUX_READ, _P.CALEOL_READ, _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ,
    }),
}  # fmt: skip

ACTING: dict[Capacity, frozenset[Permission]] = {
    Capacity.BAILLEUR: frozenset({
        _P.VACANCY_REGISTER, _P.ORIENTATION_SEND, _P.CANDIDATES_COMPLETE, _P.CALEOL_HOLD,
        _P.LEASE_RECORD, _P.URGENCE_REQUEST, _P.BILAN_PUBLISH,
    }),
    Capacity.RESERVATAIRE: frozenset({_P.ORIENTATION_ANSWER, _P.CANDIDATES_PRESENT}),
    Capacity.PREFECTURE: frozenset({_P.URGENCE_DECIDE}),
    Capacity.EPCI: frozenset(),
}  # fmt: skip

ACTING_ROLES = frozenset({Role.RESPONSABLE, Role.AGENT, Role.MACHINE, Role.SYSTEM})


def may(actor: Actor, permission: Permission) -> bool:
    """Whether this actor's capacity and role hold the permission."""
    if permission in READING[actor.capacity]:
        return True
    return permission in ACTING[actor.capacity] and actor.role in ACTING_ROLES


def require(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden unless the actor holds the permission."""
    if not may(actor, permission):
        raise Forbidden
