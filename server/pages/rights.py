"""Who may do what: the rights matrix on one page, computed from the one that decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from server.pages import views
from server.pages.navigation import CAPACITY_LABELS, ROLE_LABELS
from server.pages.visits import Visit, public_page
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.permissions import Permission, may

P = Permission
PATH = "/aide/droits"
WORDS: Mapping[Permission, str] = {
    P.FLUX_READ: "Lire les annexes 1 et la position du flux",
    P.DWELLING_READ: "Lire les logements",
    P.VACANCY_READ: "Lire les libérations",
    P.VACANCY_REGISTER: "Enregistrer une libération",
    P.ORIENTATION_READ: "Lire les orientations",
    P.ORIENTATION_SEND: "Envoyer, retirer ou réorienter une offre",
    P.ORIENTATION_ANSWER: "Accepter ou refuser une offre",
    P.CANDIDATES_READ: "Lire les candidats (numéro unique et priorité)",
    P.CANDIDATES_PRESENT: "Présenter ou retirer des candidats",
    P.CANDIDATES_COMPLETE: "Compléter une liste de candidats pour le compte du réservataire",
    P.CALEOL_READ: "Lire les séances de CALEOL",
    P.CALEOL_HOLD: "Programmer une CALEOL et enregistrer ses décisions",
    P.LEASE_RECORD: "Enregistrer un bail",
    P.URGENCE_READ: "Lire les affectations d'urgence",
    P.URGENCE_REQUEST: "Demander une affectation d'urgence",
    P.URGENCE_DECIDE: "Décider d'une affectation d'urgence",
    P.BILAN_READ: "Lire les bilans",
    P.ANNEXE_PREPARE: "Préparer et publier les annexes 1, enregistrer des droits uniques",
    P.BILAN_PUBLISH: "Publier un bilan",
    P.SUBSTITUTION_READ: "Lire les substitutions du préfet",
    P.SUBSTITUTION_DECLARE: "Déclarer une substitution du préfet, y mettre fin",
    P.NOTIFICATION_READ: "Lire les notifications",
    P.JOURNAL_READ: "Lire le journal des actes",
    P.DEPARTMENT_READ: "Lire les chiffres du département",
    P.ASSIETTE_READ: "Lire l'assiette par commune",
    P.IMPORT_READ: "Lire les imports de son patrimoine",
    P.IMPORT_ACT: "Importer son patrimoine et confirmer",
    P.SCENARIO_READ: "Lire les simulations du flux (les siennes, ou celles qu'on lui montre)",
    P.SCENARIO_PREPARE: "Faire une simulation, la tirer, la partager",
    P.EXCLUSION_DATE: "Dater une exclusion de l'assiette",
    P.CHARTE_REVISE: "Enregistrer une version de la charte départementale",
    P.CONVENTION_READ: "Lire les conventions",
    P.CONVENTION_PREPARE: "Préparer une convention, ses avenants, son adresse",
    P.CONVENTION_SIGN: "Enregistrer le vote, la signature ou la fin d'une convention",
    P.CLOSURE_READ: "Lire les fermetures de son organisme",
    P.CLOSURE_DECLARE: "Déclarer une fermeture de son organisme",
    P.DOSSIER_READ: "Télécharger le dossier des bilans pour la CIL",
    P.PEOPLE_READ: "Lire les personnes de son organisme",
    P.PEOPLE_MANAGE: "Inviter une personne, changer son rôle, la retirer",
    P.MACHINES_MANAGE: "Gérer les accès des machines",
}
PERSONS = (Role.RESPONSABLE, Role.AGENT, Role.LECTEUR)
EVERY_ROLE, NO_ROLE = "Tous les rôles", "Non"


def granted(capacity: Capacity, role: Role, permission: Permission) -> bool:
    """The answer of the matrix itself: this page has no list of its own."""
    somebody = Actor(
        tenant_id=UUID(int=0),
        tenant_name="",
        capacity=capacity,
        role=role,
        channel=Channel.PAGE,
    )
    return may(somebody, permission)


async def show(visit: Visit) -> Response:
    await visit.look_around()
    chosen = visit.query("qualite")
    capacity = Capacity(chosen) if chosen in set(Capacity) else None
    visit.breadcrumb = [{"label": "Aide", "href": "/aide"}, {"label": "Droits"}]
    return visit.render(
        "droits.html",
        title="Qui peut faire quoi",
        tabs=_tabs(capacity),
        columns=[{"label": "Acte ou lecture"}, *({"label": name} for name in _names(capacity))],
        rows=_of_roles(capacity) if capacity else _of_capacities(),
        caption=f"Droits d'un organisme {CAPACITY_LABELS[capacity]}, selon le rôle"
        if capacity
        else "Droits selon la qualité de l'organisme",
    )


def _names(capacity: Capacity | None) -> list[str]:
    words = [ROLE_LABELS[role.value] for role in PERSONS] if capacity else CAPACITY_LABELS.values()
    return [views.capital(word) for word in words]


def _of_capacities() -> list[dict[str, Any]]:
    """Which roles of each capacity hold a permission."""
    return [
        _row(permission, {name: _roles(one, permission) for one, name in CAPACITY_LABELS.items()})
        for permission in WORDS
    ]


def _of_roles(capacity: Capacity) -> list[dict[str, Any]]:
    """What each role of one capacity holds; what no role of it holds is left out."""
    return [
        _row(
            permission,
            {
                ROLE_LABELS[role.value]: "Oui" if granted(capacity, role, permission) else NO_ROLE
                for role in PERSONS
            },
        )
        for permission in WORDS
        if _roles(capacity, permission) != NO_ROLE
    ]


def _row(permission: Permission, cells: Mapping[str, str]) -> dict[str, Any]:
    return {
        "words": WORDS[permission],
        "cells": [
            {"label": views.capital(name), "text": text, "is_no": text == NO_ROLE}
            for name, text in cells.items()
        ],
    }


def _roles(capacity: Capacity, permission: Permission) -> str:
    held = [role for role in PERSONS if granted(capacity, role, permission)]
    if not held:
        return NO_ROLE
    if len(held) == len(PERSONS):
        return EVERY_ROLE
    return views.capital(", ".join(ROLE_LABELS[role.value] for role in held))


def _tabs(capacity: Capacity | None) -> list[dict[str, Any]]:
    return [
        {"label": "Toutes les qualités", "href": PATH, "current": capacity is None},
        *(
            {
                "label": views.capital(label),
                "href": views.address(PATH, qualite=one.value),
                "current": one is capacity,
            }
            for one, label in CAPACITY_LABELS.items()
        ),
    ]


ROUTES = [Route(PATH, public_page(show))]
