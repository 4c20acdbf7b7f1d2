"""What an organisme may be: SIREN, category, capacities (domain.md §1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.organismes import (
    CATEGORIES,
    MergerFacts,
    OrganismeFacts,
    contingents_motif,
    creation_motifs,
    is_siren,
    merger_motifs,
)
from server.reference import load_communes, load_epcis

COMMUNE = OrganismeFacts(
    name="Commune de Doussard",
    category="commune",
    siren="217401041",
    capacities=("reservataire",),
    insee="74104",
    mailboxes=("logement@doussard.invalid",),
    known_commune=True,
    commune_siren="217401041",
)
MERGER = MergerFacts(
    category="commune",
    absorbed_capacities=frozenset({"reservataire"}),
    into_capacities=frozenset({"reservataire"}),
)


def test_every_siren_of_the_reference_has_its_luhn_key() -> None:
    sirens = [row["siren"] for row in (*load_communes(), *load_epcis())]
    assert len(sirens) > 270
    assert [one for one in sirens if not is_siren(one)] == []


@pytest.mark.parametrize(
    "text", ["", "21740104", "2174010410", "217401042", "271401041", "21740104a", "²17401041"]
)
def test_what_is_no_siren(text: str) -> None:
    """One digit wrong, or two neighbours exchanged, is seen by the key."""
    assert not is_siren(text)


def test_an_organisme_may_be_created() -> None:
    assert creation_motifs(COMMUNE) == ()
    epci = OrganismeFacts(
        name="CC", category="epci", siren="247400773", capacities=("epci", "reservataire"),
        known_epci=True,
    )  # fmt: skip
    assert creation_motifs(epci) == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"name": " "}, "name_required"),
        ({"siren": "217401042"}, "siren_invalid"),
        ({"is_siren_taken": True}, "siren_taken"),
        ({"category": "mairie"}, "category_unknown"),
        ({"capacities": ()}, "capacity_incoherent"),
        ({"capacities": ("reservataire", "prefecture")}, "capacity_incoherent"),
        ({"insee": None}, "insee_required"),
        ({"known_commune": False}, "insee_unknown"),
        ({"category": "departement"}, "insee_refused"),
        ({"commune_siren": "217401231"}, "siren_of_another"),
        ({"mailboxes": ("mairie",)}, "mailbox_invalid"),
    ],
)
def test_what_forbids_creating(changed: dict[str, object], code: str) -> None:
    motifs = creation_motifs(replace(COMMUNE, **changed))  # type: ignore[arg-type] # a test's own
    assert code in [motif.code for motif in motifs]
    assert all(motif.message and motif.field for motif in motifs)


def test_an_epci_is_one_of_the_reference() -> None:
    """Its territory is found by its SIREN: an unknown one would read nothing, in silence."""
    facts = OrganismeFacts(name="CC", category="epci", siren="247400773", capacities=("epci",))
    assert [motif.code for motif in creation_motifs(facts)] == ["epci_unknown"]


def test_only_the_state_is_prefecture_and_only_a_bailleur_is_bailleur() -> None:
    for category, capacities in CATEGORIES.items():
        assert ("prefecture" in capacities) is (category == "etat")
        assert ("bailleur" in capacities) is (category == "bailleur")
        assert ("epci" in capacities) is (category == "epci")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"is_same": True}, "same_organisme"),
        ({"is_absorbed_already": True}, "already_absorbed"),
        ({"is_into_absorbed": True}, "into_absorbed"),
        ({"category": "etat"}, "state_never_merges"),
        ({"into_capacities": frozenset({"epci"})}, "capacity_lost"),
    ],
)
def test_what_forbids_a_merger(changed: dict[str, object], code: str) -> None:
    assert merger_motifs(MERGER) == ()
    motifs = merger_motifs(replace(MERGER, **changed))  # type: ignore[arg-type] # a test's own
    assert [motif.code for motif in motifs] == [code]


@pytest.mark.parametrize(
    ("category", "capacity", "contingents", "is_right"),
    [
        ("etat", "reservataire", ("rs",), True),
        ("etat", "reservataire", ("fonctionnaires", "rs"), True),
        ("etat", "reservataire", (), False),
        ("etat", "reservataire", ("none",), False),
        ("etat", "prefecture", (), True),
        ("etat", "prefecture", ("rs",), False),
        ("commune", "reservataire", (), True),
        ("commune", "reservataire", ("rs",), False),
    ],
)
def test_the_state_alone_has_contingents(
    category: str, capacity: str, contingents: tuple[str, ...], *, is_right: bool
) -> None:
    """R441-5-2: an invitation for the State says which contingent it works."""
    motif = contingents_motif(category, capacity, contingents)
    assert (motif is None) is is_right
