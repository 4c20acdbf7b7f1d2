"""The rights matrix (domain.md §1.2) as data: what each role of each capacity may do.

Row-level security decides which rows; this page decides which acts. Unknown means denied.
"""

from __future__ import annotations

from enum import StrEnum

from server.errors import Forbidden, ScopeMissing
from server.tenants.actors import Actor, Capacity, Role
from server.tenants.scopes import allowed_by, scope_for


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
    ANNEXE_PREPARE = "annexe.prepare"
    SUBSTITUTION_READ = "substitution.read"
    SUBSTITUTION_DECLARE = "substitution.declare"
    NOTIFICATION_READ = "notification.read"
    JOURNAL_READ = "journal.read"
    DEPARTMENT_READ = "department.read"
    CONVENTION_READ = "convention.read"
    ASSIETTE_READ = "assiette.read"
    EXCLUSION_DATE = "exclusion.date"
    CHARTE_REVISE = "charte.revise"
    CONVENTION_PREPARE = "convention.prepare"
    CONVENTION_SIGN = "convention.sign"
    CLOSURE_READ = "closure.read"
    CLOSURE_DECLARE = "closure.declare"
    DOSSIER_READ = "dossier.read"
    MACHINES_MANAGE = "machines.manage"
    IMPORT_READ = "import.read"
    IMPORT_ACT = "import.act"
    SCENARIO_READ = "scenario.read"
    SCENARIO_PREPARE = "scenario.prepare"
    PEOPLE_READ = "people.read"
    PEOPLE_MANAGE = "people.manage"


_P = Permission

READING: dict[Capacity, frozenset[Permission]] = {
    Capacity.BAILLEUR: frozenset({
        _P.ASSIETTE_READ, _P.IMPORT_READ, _P.CONVENTION_READ, _P.SUBSTITUTION_READ,
        _P.SCENARIO_READ,
        _P.FLUX_READ, _P.DWELLING_READ, _P.VACANCY_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ,
        _P.CALEOL_READ, _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ,
    }),
    Capacity.RESERVATAIRE: frozenset({
        _P.CLOSURE_READ, _P.CONVENTION_READ, _P.SUBSTITUTION_READ, _P.SCENARIO_READ,
        _P.FLUX_READ, _P.DWELLING_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ, _P.CALEOL_READ,
        _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ,
    }),
    Capacity.PREFECTURE: frozenset({
        _P.ASSIETTE_READ, _P.CONVENTION_READ, _P.SUBSTITUTION_READ, _P.DOSSIER_READ,
        _P.SCENARIO_READ,
        _P.FLUX_READ, _P.VACANCY_READ, _P.ORIENTATION_READ, _P.CANDIDATES_READ, _P.CALEOL_READ,
        _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ, _P.JOURNAL_READ, _P.DEPARTMENT_READ,
    }),
    Capacity.EPCI: frozenset({
        _P.ASSIETTE_READ, _P.CONVENTION_READ, _P.SUBSTITUTION_READ, _P.DOSSIER_READ,
        _P.FLUX_READ, _P.CALEOL_READ, _P.URGENCE_READ, _P.BILAN_READ, _P.NOTIFICATION_READ,
    }),
}  # fmt: skip

ACTING: dict[Capacity, frozenset[Permission]] = {
    Capacity.BAILLEUR: frozenset({
        _P.IMPORT_ACT, _P.EXCLUSION_DATE, _P.CONVENTION_PREPARE, _P.CONVENTION_SIGN,
        _P.SCENARIO_PREPARE,
        _P.ANNEXE_PREPARE, _P.VACANCY_REGISTER, _P.ORIENTATION_SEND, _P.CANDIDATES_COMPLETE,
        _P.CALEOL_HOLD, _P.LEASE_RECORD, _P.URGENCE_REQUEST, _P.BILAN_PUBLISH,
    }),
    Capacity.RESERVATAIRE: frozenset({
        _P.ORIENTATION_ANSWER, _P.CANDIDATES_PRESENT, _P.CONVENTION_SIGN, _P.CLOSURE_DECLARE,
    }),
    Capacity.PREFECTURE: frozenset({_P.URGENCE_DECIDE, _P.CHARTE_REVISE, _P.SUBSTITUTION_DECLARE}),
    Capacity.EPCI: frozenset(),
}  # fmt: skip

# What a role adds, in any capacity.
MANAGING: dict[Role, frozenset[Permission]] = {
    Role.RESPONSABLE: frozenset({_P.PEOPLE_READ, _P.PEOPLE_MANAGE, _P.MACHINES_MANAGE}),
}

# What an absorbed organisme still does: end what is live. Sending again is refused by the offer
# itself; the database inserts nothing for it either.
CLOSING = frozenset({
    _P.ORIENTATION_SEND, _P.ORIENTATION_ANSWER, _P.CANDIDATES_PRESENT, _P.CANDIDATES_COMPLETE,
    _P.CALEOL_HOLD, _P.LEASE_RECORD,
})  # fmt: skip

ACTING_ROLES = frozenset({Role.RESPONSABLE, Role.AGENT, Role.MACHINE, Role.SYSTEM})


# The link of an offer in a shared mailbox: for the réservataire that received it.
BY_LINK = frozenset({_P.ORIENTATION_READ, _P.ORIENTATION_ANSWER})


def may(actor: Actor, permission: Permission) -> bool:
    """Whether this actor's capacity and role hold the permission, and a machine its scope."""
    return holds(actor, permission) and _is_in_scope(actor, permission)


def holds(actor: Actor, permission: Permission) -> bool:
    """Whether capacity and role give it, whatever the scopes of a machine."""
    if actor.role is Role.MAILBOX:
        return actor.capacity is Capacity.RESERVATAIRE and permission in BY_LINK
    if permission in READING[actor.capacity] or permission in MANAGING.get(actor.role, ()):
        return True
    if actor.is_absorbed and permission not in CLOSING:
        return False
    return permission in ACTING[actor.capacity] and actor.role in ACTING_ROLES


def _is_in_scope(actor: Actor, permission: Permission) -> bool:
    """The one place where scopes count: a machine without any holds nothing."""
    if actor.role is not Role.MACHINE:
        return True
    return permission in allowed_by(actor.scopes or ())


def require(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden unless the actor may; ScopeMissing if a scope is all that lacks."""
    if not holds(actor, permission):
        raise Forbidden
    if not _is_in_scope(actor, permission):
        raise ScopeMissing(scope_for(permission))
