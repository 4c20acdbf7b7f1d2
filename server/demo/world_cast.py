"""The organismes of the demonstration and the invented people who act for them.

The organismes are real bodies of Haute-Savoie; the people are not. A SIREN that begins with 000 is
fictitious: the source texts do not print the true one. Every address ends in `.invalid`.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.tenants.actors import NO_CONTINGENT, Capacity, Role

DOUSSARD, FAVERGES, PUBLIER = "74104", "74123", "74218"
CC_SOURCES_DU_LAC, CC_PAYS_D_EVIAN = "247400773", "200071967"
STATE_CONTINGENTS = frozenset({"fonctionnaires", "rs"})
PUBLIER_MAILBOX = "logement@publier.invalid"


@dataclass(frozen=True, kw_only=True)
class Organisme:
    """A tenant; the address of each capacity, in which it also receives the portal's mail."""

    slug: str
    name: str
    category: str
    mailboxes: dict[Capacity, str]
    siren: str = ""
    insee: str | None = None


@dataclass(frozen=True, kw_only=True)
class Seat:
    """What a person may act for."""

    organisme: str
    capacity: Capacity
    role: Role = Role.AGENT
    contingents: frozenset[str] = NO_CONTINGENT


@dataclass(frozen=True, kw_only=True)
class Member:
    slug: str
    name: str
    seats: tuple[Seat, ...]


def _bailleur(slug: str, name: str, siren: str) -> Organisme:
    return Organisme(
        slug=slug,
        name=name,
        category="bailleur",
        siren=siren,
        mailboxes={Capacity.BAILLEUR: f"attributions@{slug}.invalid"},
    )


def _reservataire(
    slug: str, name: str, category: str, mailbox: str, *, siren: str = "", insee: str | None = None
) -> Organisme:
    return Organisme(
        slug=slug,
        name=name,
        category=category,
        siren=siren,
        insee=insee,
        mailboxes={Capacity.RESERVATAIRE: mailbox},
    )


def _commune(slug: str, name: str, insee: str, mailbox: str) -> Organisme:
    """A commune; its SIREN comes from the reference data."""
    return _reservataire(slug, name, "commune", mailbox, insee=insee)


def _epci(slug: str, name: str, siren: str) -> Organisme:
    return Organisme(
        slug=slug,
        name=name,
        category="epci",
        siren=siren,
        mailboxes={Capacity.EPCI: f"habitat@{slug}.invalid"},
    )


ORGANISMES = (
    _bailleur("haute-savoie-habitat", "Haute-Savoie Habitat", "349185611"),
    _bailleur("alliade-habitat", "Alliade Habitat", "960506152"),
    _bailleur("leman-habitat", "Léman Habitat", "000000018"),
    _bailleur("vilogia", "Vilogia", "475680815"),
    _bailleur("le-mont-blanc", "Le Mont-Blanc", "000000026"),
    _bailleur("semcoda", "SEMCODA", "759200751"),
    _commune("doussard", "Commune de Doussard", DOUSSARD, "logement@doussard.invalid"),
    _commune(
        *("faverges-seythenex", "Commune de Faverges-Seythenex"),
        *(FAVERGES, "logement@faverges-seythenex.invalid"),
    ),
    _commune("publier", "Commune de Publier", PUBLIER, PUBLIER_MAILBOX),
    _reservataire(
        *("ccas-publier", "CCAS de Publier", "ccas", PUBLIER_MAILBOX),
        siren="000000034",
        insee=PUBLIER,
    ),
    _reservataire(
        *("action-logement", "Action Logement Services", "action_logement"),
        "reservations@action-logement.invalid",
        siren="000000042",
    ),
    _reservataire(
        *("departement", "Conseil départemental de la Haute-Savoie", "departement"),
        "logement@departement-hautesavoie.invalid",
        siren="000000059",
    ),
    Organisme(
        slug="prefecture",
        name="Préfecture de la Haute-Savoie",
        category="etat",
        siren="000000067",
        mailboxes={
            Capacity.PREFECTURE: "urgences@prefecture-hautesavoie.invalid",
            Capacity.RESERVATAIRE: "reservations@prefecture-hautesavoie.invalid",
        },
    ),
    _epci("cc-sources-du-lac", "CC des Sources du Lac d'Annecy", CC_SOURCES_DU_LAC),
    Organisme(  # itself a réservataire (R441-5): two capacities, two sets of rights
        slug="cc-pays-d-evian",
        name="CC Pays d'Evian Vallée d'Abondance",
        category="epci",
        siren=CC_PAYS_D_EVIAN,
        mailboxes={
            Capacity.EPCI: "habitat@cc-pays-d-evian.invalid",
            Capacity.RESERVATAIRE: "reservations@cc-pays-d-evian.invalid",
        },
    ),
)


def _one(slug: str, name: str, seat: Seat, *others: Seat) -> Member:
    return Member(slug=slug, name=name, seats=(seat, *others))


def _bailleur_seat(organisme: str, role: Role = Role.RESPONSABLE) -> Seat:
    return Seat(organisme=organisme, capacity=Capacity.BAILLEUR, role=role)


def _reservataire_seat(
    organisme: str, contingent: str = "none", role: Role = Role.RESPONSABLE
) -> Seat:
    return Seat(
        organisme=organisme,
        capacity=Capacity.RESERVATAIRE,
        role=role,
        contingents=frozenset({contingent}),
    )


def _epci_seat(organisme: str) -> Seat:
    return Seat(organisme=organisme, capacity=Capacity.EPCI, role=Role.RESPONSABLE)


MEMBERS = (
    _one("alice", "Alice Démo", _bailleur_seat("haute-savoie-habitat")),
    _one("bruno", "Bruno Exemple", _bailleur_seat("haute-savoie-habitat", Role.LECTEUR)),
    _one("chloe", "Chloé Essai", _reservataire_seat("doussard")),
    _one("denis", "Denis Fictif", _bailleur_seat("leman-habitat")),
    _one(
        *("estelle", "Estelle Spécimen"),
        Seat(organisme="prefecture", capacity=Capacity.PREFECTURE, role=Role.RESPONSABLE),
    ),
    _one("farid", "Farid Modèle", _epci_seat("cc-sources-du-lac")),
    _one("gaelle", "Gaëlle Maquette", _bailleur_seat("alliade-habitat")),
    _one("hugo", "Hugo Brouillon", _bailleur_seat("vilogia")),
    _one("ines", "Inès Prototype", _bailleur_seat("le-mont-blanc")),
    _one("jules", "Jules Échantillon", _bailleur_seat("semcoda")),
    _one("karine", "Karine Témoin", _reservataire_seat("faverges-seythenex")),
    _one(
        *("leo", "Léo Duplicata"),
        *(_reservataire_seat("publier"), _reservataire_seat("ccas-publier", role=Role.AGENT)),
    ),
    _one("manon", "Manon Croquis", _reservataire_seat("ccas-publier")),
    _one("nadir", "Nadir Gabarit", _reservataire_seat("action-logement")),
    _one("odile", "Odile Canevas", _reservataire_seat("departement")),
    _one("pascal", "Pascal Ébauche", _reservataire_seat("prefecture", "rs")),
    _one("rosa", "Rosa Esquisse", _reservataire_seat("prefecture", "fonctionnaires")),
    _one(
        *("samuel", "Samuel Figurant"),
        *(_epci_seat("cc-pays-d-evian"), _reservataire_seat("cc-pays-d-evian")),
    ),
)
