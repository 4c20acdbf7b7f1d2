"""What an organisme may be: its SIREN, its category, the capacities in which it may act.

The capacities are the rights (domain.md §1): they follow what a body is in law, never its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from server.errors import Motif

CATEGORIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "bailleur": frozenset({"bailleur"}),
        "commune": frozenset({"reservataire"}),
        "ccas": frozenset({"reservataire"}),
        "epci": frozenset({"epci", "reservataire"}),
        "action_logement": frozenset({"reservataire"}),
        "departement": frozenset({"reservataire"}),
        "etat": frozenset({"prefecture", "reservataire"}),
    }
)
"""The capacities that each category may have; an EPCI may itself be a reservataire (R441-5)."""

IN_A_COMMUNE = frozenset({"commune", "ccas"})
STATE = "etat"
STATE_CONTINGENTS = ("fonctionnaires", "rs")
SIREN_LENGTH = 9
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, kw_only=True)
class OrganismeFacts:
    """What the operator typed, and what the directory says of it.

    `known_commune`: the INSEE code is one of the departement; `commune_siren`: the SIREN that the
    reference gives to it; `known_epci`: the SIREN is one of an EPCI of the reference.
    """

    name: str
    category: str
    siren: str
    capacities: tuple[str, ...]
    insee: str | None = None
    mailboxes: tuple[str, ...] = ()
    known_commune: bool = False
    commune_siren: str | None = None
    known_epci: bool = False
    is_siren_taken: bool = False


@dataclass(frozen=True, kw_only=True)
class MergerFacts:
    """Two organismes and what is already recorded of them."""

    category: str
    absorbed_capacities: frozenset[str]
    into_capacities: frozenset[str]
    is_same: bool = False
    is_absorbed_already: bool = False
    is_into_absorbed: bool = False


def is_siren(text: str) -> bool:
    """Nine digits whose Luhn sum is a multiple of ten (Code de commerce R123-221)."""
    if len(text) != SIREN_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    doubled = [int(sign) * (1 + place % 2) for place, sign in enumerate(reversed(text))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004 - Luhn


def creation_motifs(facts: OrganismeFacts) -> tuple[Motif, ...]:
    """What forbids creating it, all at once.

    Codes: name_required, siren_invalid, siren_taken, category_unknown, capacity_incoherent,
    insee_required, insee_unknown, insee_refused, siren_of_another, epci_unknown, mailbox_invalid.
    """
    return (*_identity(facts), *_place(facts))


def _identity(facts: OrganismeFacts) -> Iterator[Motif]:
    if not facts.name.strip():
        yield Motif(code="name_required", message="Indiquez le nom de l'organisme.", field="name")
    if not is_siren(facts.siren):
        message = f"Le SIREN {facts.siren} n'en est pas un : neuf chiffres, clé de Luhn comprise."
        yield Motif(code="siren_invalid", message=message, field="siren")
    if facts.is_siren_taken:
        message = f"Un organisme a déjà le SIREN {facts.siren}."
        yield Motif(code="siren_taken", message=message, field="siren")
    if facts.category not in CATEGORIES:
        message = f"Catégorie inconnue : {facts.category} (connues : {', '.join(CATEGORIES)})."
        yield Motif(code="category_unknown", message=message, field="category")
        return
    allowed = CATEGORIES[facts.category]
    if not facts.capacities or not allowed.issuperset(facts.capacities):
        message = (
            f"Un organisme « {facts.category} » agit comme : {', '.join(sorted(allowed))}. "
            f"Demandé : {', '.join(facts.capacities) or 'rien'}."
        )
        yield Motif(code="capacity_incoherent", message=message, field="capacity")


def _place(facts: OrganismeFacts) -> Iterator[Motif]:
    if facts.category in IN_A_COMMUNE and facts.insee is None:
        message = "Une commune ou un CCAS a un code INSEE : ajoutez --insee."
        yield Motif(code="insee_required", message=message, field="insee")
    if facts.insee is not None and not facts.known_commune:
        message = f"Le code INSEE {facts.insee} n'est pas celui d'une commune du département."
        yield Motif(code="insee_unknown", message=message, field="insee")
    if facts.category not in IN_A_COMMUNE and facts.insee is not None:
        message = "Seuls une commune ou un CCAS ont un code INSEE : retirez --insee."
        yield Motif(code="insee_refused", message=message, field="insee")
    yield from _registers(facts)
    for address in facts.mailboxes:
        if not _ADDRESS.fullmatch(address):
            message = f"« {address} » n'est pas une adresse électronique."
            yield Motif(code="mailbox_invalid", message=message, field="mailbox")


def _registers(facts: OrganismeFacts) -> Iterator[Motif]:
    """The perimeter of an EPCI goes by its SIREN: an unknown one would read nothing."""
    if facts.category == "epci" and is_siren(facts.siren) and not facts.known_epci:
        message = f"Le SIREN {facts.siren} n'est pas celui d'un EPCI du département."
        yield Motif(code="epci_unknown", message=message, field="siren")
    if facts.category == "commune" and facts.commune_siren not in (None, facts.siren):
        message = f"La commune {facts.insee} a le SIREN {facts.commune_siren}, pas {facts.siren}."
        yield Motif(code="siren_of_another", message=message, field="siren")


def merger_motifs(facts: MergerFacts) -> tuple[Motif, ...]:
    """What forbids a merger.

    Codes: same_organisme, already_absorbed, into_absorbed, state_never_merges, capacity_lost.
    """
    return tuple(_merger(facts))


def _merger(facts: MergerFacts) -> Iterator[Motif]:
    if facts.is_same:
        message = "Un organisme ne fusionne pas avec lui-même."
        yield Motif(code="same_organisme", message=message, field="into")
    if facts.is_absorbed_already:
        message = "Une fusion de cet organisme est déjà enregistrée."
        yield Motif(code="already_absorbed", message=message, field="from")
    if facts.is_into_absorbed:
        message = "L'organisme qui reprend est lui-même absorbé : désignez celui qui le reprend."
        yield Motif(code="into_absorbed", message=message, field="into")
    if facts.category == STATE:
        message = "L'État ne fusionne pas : renommez l'organisme ou changez ses personnes."
        yield Motif(code="state_never_merges", message=message, field="from")
    lost = facts.absorbed_capacities - facts.into_capacities
    if lost:
        message = (
            "L'organisme qui reprend n'agit pas comme "
            f"{', '.join(sorted(lost))} : les personnes y perdraient leurs droits."
        )
        yield Motif(code="capacity_lost", message=message, field="into")


def contingents_motif(category: str, capacity: str, contingents: tuple[str, ...]) -> Motif | None:
    """The State answers by contingent, the others have none (R441-5-2)."""
    by_contingent = category == STATE and capacity == "reservataire"
    if by_contingent and (not contingents or not set(contingents) <= set(STATE_CONTINGENTS)):
        message = "Indiquez le contingent de l'État : --contingent fonctionnaires, rs, ou les deux."
        return Motif(code="contingent_invalid", message=message, field="contingent")
    if not by_contingent and contingents:
        message = "Seul l'État réservataire a des contingents : retirez --contingent."
        return Motif(code="contingent_invalid", message=message, field="contingent")
    return None
