"""The rights matrix, cell by cell: what a role of a capacity may do, and nothing more."""

from __future__ import annotations

import itertools
from dataclasses import replace
from uuid import UUID

import pytest

from server.errors import Forbidden, ScopeMissing
from server.tenants.actors import Actor, Capacity, Channel, Role, seen_by
from server.tenants.permissions import Permission, may, require
from server.tenants.scopes import EVERY_SCOPE, FOR_PEOPLE, SCOPES, allowed_by

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
    P.SUBSTITUTION_READ: "BRPE",
    P.CONVENTION_READ: "BRPE",
    P.CLOSURE_READ: "R",
    P.DOSSIER_READ: "PE",
    P.IMPORT_READ: "B",
    P.ASSIETTE_READ: "BPE",
    P.SCENARIO_READ: "BRP",
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
    P.SUBSTITUTION_DECLARE: "P",
    P.CHARTE_REVISE: "P",
    P.EXCLUSION_DATE: "B",
    P.BILAN_PUBLISH: "B",
    P.CONVENTION_PREPARE: "B",
    P.CONVENTION_SIGN: "BR",
    P.CLOSURE_DECLARE: "R",
    P.IMPORT_ACT: "B",
    P.ANNEXE_PREPARE: "B",
    P.SCENARIO_PREPARE: "B",
}
# What a role adds, whatever the capacity.
MANAGED = {Role.RESPONSABLE: {P.PEOPLE_READ, P.PEOPLE_MANAGE, P.MACHINES_MANAGE}}
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
        scopes=EVERY_SCOPE if role is Role.MACHINE else None,
    )


def test_every_permission_has_its_line() -> None:
    assert set(READINGS) | set(ACTS) | set().union(*MANAGED.values()) == set(Permission)
    assert set(READINGS) & set(ACTS) == set()
    assert set(LETTERS.values()) == set(Capacity)


@pytest.mark.parametrize("capacity", Capacity)
@pytest.mark.parametrize("role", Role)
def test_the_matrix_is_the_one_that_was_reviewed(capacity: Capacity, role: Role) -> None:
    letter = next(letter for letter, one in LETTERS.items() if one is capacity)
    allowed = {one for one, letters in READINGS.items() if letter in letters}
    if role in ACTING:
        allowed |= {one for one, letters in ACTS.items() if letter in letters}
    allowed |= MANAGED.get(role, set())
    if role is Role.MACHINE:
        allowed -= FOR_PEOPLE
    if role is Role.MAILBOX:
        is_addressed = capacity is Capacity.RESERVATAIRE
        allowed = {P.ORIENTATION_READ, P.ORIENTATION_ANSWER} if is_addressed else set()
    assert {one for one in Permission if may(actor(capacity, role), one)} == allowed


def test_require_refuses_what_may_denies() -> None:
    for capacity, role, permission in itertools.product(Capacity, Role, Permission):
        one = actor(capacity, role)
        if may(one, permission):
            require(one, permission)
        else:
            with pytest.raises(Forbidden):
                require(one, permission)


def test_every_permission_is_in_a_scope_or_for_people_on_purpose() -> None:
    """The scopes are written as texts: each is a permission, and none is forgotten."""
    given = allowed_by(EVERY_SCOPE)
    assert given <= {one.value for one in Permission}
    assert given & FOR_PEOPLE == set()
    assert given | FOR_PEOPLE == {one.value for one in Permission}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_gives_its_permissions_and_nothing_else(scope: str) -> None:
    for capacity in Capacity:
        machine = replace(actor(capacity, Role.MACHINE), scopes=frozenset({scope}))
        agent = actor(capacity, Role.AGENT)
        expected = {one for one in SCOPES[scope] if may(agent, Permission(one))}
        assert {one.value for one in Permission if may(machine, one)} == expected


def test_a_machine_without_a_known_scope_may_do_nothing() -> None:
    for scopes in (None, frozenset[str](), frozenset({"tout:faire", "flux"})):
        machine = replace(actor(Capacity.BAILLEUR, Role.MACHINE), scopes=scopes)
        assert not any(may(machine, one) for one in Permission)


def test_a_missing_scope_is_named() -> None:
    machine = replace(actor(Capacity.BAILLEUR, Role.MACHINE), scopes=frozenset({"flux:lire"}))
    with pytest.raises(ScopeMissing, match="scope_missing") as caught:
        require(machine, P.BILAN_PUBLISH)
    assert "« bilans:agir »" in caught.value.message
    with pytest.raises(Forbidden) as refused:
        require(machine, P.URGENCE_DECIDE)
    assert not isinstance(refused.value, ScopeMissing)


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
