"""The rights matrix, cell by cell: what a role of a capacity may do, and nothing more."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest

from server.errors import Forbidden
from server.tenants.actors import Actor, Capacity, Channel, Role, seen_by
from server.tenants.permissions import Permission, may, require

P = Permission

# Who may: B bailleur, R réservataire, P préfecture, E EPCI. Readings are open to every role.
READINGS = {
    P.FLUX_READ: "BRPE",
    P.DWELLING_READ: "BR",
    P.VACANCY_READ: "BP",
    P.ORIENTATION_READ: "BRP",
    P.CANDIDATES_READ: "BRP",
    P.CALEOL_READ: "BRPE",
    P.URGENCE_READ: "BRPE",
    P.BILAN_READ: "BRPE",
    P.NOTIFICATION_READ: "BRPE",
    P.JOURNAL_READ: "BRP",
    P.DEPARTMENT_READ: "P",
}
ACTS = {
    P.VACANCY_REGISTER: "B",
    P.ORIENTATION_SEND: "B",
    P.ORIENTATION_ANSWER: "R",
    P.CANDIDATES_PRESENT: "R",
    P.CANDIDATES_COMPLETE: "B",
    P.CALEOL_HOLD: "B",
    P.LEASE_RECORD: "B",
    P.URGENCE_REQUEST: "B",
    P.URGENCE_DECIDE: "P",
    P.BILAN_PUBLISH: "B",
}
LETTERS = {
    "B": Capacity.BAILLEUR,
    "R": Capacity.RESERVATAIRE,
    "P": Capacity.PREFECTURE,
    "E": Capacity.EPCI,
}
ACTING = {Role.RESPONSABLE, Role.AGENT, Role.MACHINE, Role.SYSTEM}


def actor(capacity: Capacity, role: Role) -> Actor:
    return Actor(
        tenant_id=UUID(int=1),
        tenant_name="Organisme",
        capacity=capacity,
        role=role,
        channel=Channel.PAGE,
    )


def test_every_permission_has_its_line() -> None:
    assert set(READINGS) | set(ACTS) == set(Permission)
    assert set(READINGS) & set(ACTS) == set()
    assert set(LETTERS.values()) == set(Capacity)


@pytest.mark.parametrize("capacity", Capacity)
@pytest.mark.parametrize("role", Role)
def test_the_matrix_is_the_one_that_was_reviewed(capacity: Capacity, role: Role) -> None:
    letter = next(letter for letter, one in LETTERS.items() if one is capacity)
    allowed = {one for one, letters in READINGS.items() if letter in letters}
    if role in ACTING:
        allowed |= {one for one, letters in ACTS.items() if letter in letters}
    assert {one for one in Permission if may(actor(capacity, role), one)} == allowed


def test_require_refuses_what_may_denies() -> None:
    for capacity, role, permission in itertools.product(Capacity, Role, Permission):
        one = actor(capacity, role)
        if may(one, permission):
            require(one, permission)
        else:
            with pytest.raises(Forbidden):
                require(one, permission)


def test_an_unknown_permission_is_denied() -> None:
    for capacity, role in itertools.product(Capacity, Role):
        assert not may(actor(capacity, role), "everything.do")  # type: ignore[arg-type] # on purpose


def test_an_actor_can_be_reduced_to_one_contingent() -> None:
    """R441-5-2: the two contingents of the State are two files."""
    both = Actor(
        tenant_id=UUID(int=1),
        tenant_name="État",
        capacity=Capacity.RESERVATAIRE,
        role=Role.AGENT,
        channel=Channel.PAGE,
        contingents=frozenset({"fonctionnaires", "rs"}),
    )
    assert seen_by(both, "rs").contingents == {"rs"}
    assert both.contingents == {"fonctionnaires", "rs"}
