"""Where an offer has got to, and what is expected of whom: one sentence a state, for each side."""

from __future__ import annotations

from collections.abc import Mapping

from server.db.orientations import Orientation
from server.domain import labels
from server.domain.orientations import Searcher, State
from server.pages.views import capital, named, reservataire_of
from server.tenants.actors import Capacity

FOR_BAILLEUR: Mapping[State, str] = {
    State.SENT: "{reservataire} doit accepter ou refuser ce logement.",
    State.SEARCHING: "{reservataire} cherche des candidats pour ce logement.",
    State.CANDIDATES_COMPLETE: "La liste est complète : inscrivez ce logement à l'ordre du jour "
    "d'une CALEOL.",
    State.CANDIDATES_PARTIAL: "Le délai a pris fin avec {count}. Complétez la liste pour le compte "
    "du réservataire, ou inscrivez ce logement à une CALEOL en indiquant pourquoi il y a moins de "
    "trois candidats (R441-3).",
    State.NO_CANDIDATE: "Le délai a pris fin sans candidat : à vous de choisir la suite "
    "(convention, art. 5.3).",
    State.IN_CALEOL: "Ce logement est à l'ordre du jour d'une CALEOL.",
    State.ATTRIBUTED: "La CALEOL a attribué ce logement : proposez-le au candidat retenu, puis "
    "enregistrez le bail une fois signé.",
    State.RENOUNCED: "{reservataire} a renoncé à ce logement après l'avoir accepté : à vous de "
    "choisir la suite (convention, art. 5.3).",
    State.LEASE_FAILED: "Aucun candidat retenu n'a pris ce logement : il est à nouveau à orienter.",
}
FOR_RESERVATAIRE: Mapping[State, str] = {
    State.SENT: "{bailleur} vous propose ce logement : acceptez-le ou refusez-le.",
    State.SEARCHING: "Présentez trois candidats, ou un seul s'il s'agit d'un ménage reconnu DALO "
    "(convention, art. 5.3 et 6.3).",
    State.CANDIDATES_COMPLETE: "Votre liste est transmise : {bailleur} va l'inscrire à l'ordre du "
    "jour d'une CALEOL.",
    State.CANDIDATES_PARTIAL: "Le délai a pris fin avec {count}. {bailleur} peut compléter la "
    "liste pour votre compte.",
    State.NO_CANDIDATE: "Le délai a pris fin sans candidat. {bailleur} peut chercher des candidats "
    "pour votre compte, proposer le logement à un autre réservataire, ou vous accorder un délai.",
    State.IN_CALEOL: "Ce logement est à l'ordre du jour d'une CALEOL de {bailleur}.",
    State.ATTRIBUTED: "La CALEOL a attribué ce logement ; {bailleur} prépare le bail.",
}
FOR_ALL: Mapping[State, str] = {
    State.SENT: "Réponse attendue de {reservataire}.",
    State.SEARCHING: "Candidats attendus de {reservataire}.",
    State.CANDIDATES_COMPLETE: "Liste complète, à inscrire à une CALEOL de {bailleur}.",
    State.CANDIDATES_PARTIAL: "Délai terminé, liste incomplète.",
    State.NO_CANDIDATE: "Délai terminé, aucun candidat.",
    State.IN_CALEOL: "Inscrit à l'ordre du jour d'une CALEOL de {bailleur}.",
    State.ATTRIBUTED: "Attribué en CALEOL, bail attendu.",
    State.NOT_ATTRIBUTED: "La CALEOL n'a attribué ce logement à aucun des candidats.",
    State.LEASED: "Bail signé{leased} : l'attribution compte parmi celles suivies d'un bail.",
    State.LEASE_FAILED: "Aucun candidat retenu n'a signé de bail : le logement est libre.",
    State.REFUSED: "{reservataire} a refusé ce logement.",
    State.WITHDRAWN: "{bailleur} a retiré cette offre : il n'y a plus rien à faire.",
    State.REORIENTED: "Sans candidat dans le délai, {bailleur} a orienté ce logement vers un autre "
    "réservataire.",
    State.RENOUNCED: "{reservataire} a renoncé à ce logement après l'avoir accepté.",
    State.DRAFT: "Offre en préparation.",
}
BY_CAPACITY = {
    Capacity.BAILLEUR: FOR_BAILLEUR,
    Capacity.RESERVATAIRE: FOR_RESERVATAIRE,
}
ON_BEHALF = "{bailleur} cherche des candidats pour le compte de {reservataire} (art. 5.3)."


def standing(row: Orientation, state: State, capacity: Capacity) -> str:
    """What is expected now, in the reader's words."""
    sentence = BY_CAPACITY.get(capacity, FOR_ALL).get(state) or FOR_ALL[state]
    if state is State.SEARCHING and row.searched_by == Searcher.BAILLEUR:
        sentence = ON_BEHALF
    leased = f" le {labels.french_day(row.leased_on)}" if row.leased_on else ""
    return capital(
        sentence.format(
            bailleur=named(row.bailleur_name),
            reservataire=named(reservataire_of(row)),
            count=labels.plural(row.candidate_count, "candidat"),
            leased=leased,
        )
    )
