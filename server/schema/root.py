"""The roots of the schema: what can be asked, and the acts that can be done."""

from __future__ import annotations

from typing import Any

import strawberry

from server.schema import (
    bilans,
    caleol,
    dwellings,
    flux,
    me,
    notifications,
    orientations,
    urgences,
)


def _read(resolver: Any, graphql_type: Any, description: str) -> Any:
    """A root field that may be absent: the failure of one leaves the others readable."""
    return strawberry.field(
        resolver=resolver, graphql_type=graphql_type | None, description=description
    )


def _act(resolver: Any, payload: Any, description: str) -> Any:
    return strawberry.mutation(resolver=resolver, graphql_type=payload, description=description)


@strawberry.type(description="Ce que l'on peut lire ; chaque organisme ne voit que sa part.")
class Query:
    me = _read(me.me, me.Me, "Qui vous êtes, et l'heure du portail.")
    flux_boards = _read(
        flux.flux_boards, list[flux.FluxBoard], "Les annexes 1 d'une année et leur position."
    )
    dwellings = _read(
        dwellings.dwellings,
        list[dwellings.Dwelling],
        "Les logements du bailleur qui répondent à une recherche, 50 au plus.",
    )
    vacancies = _read(
        dwellings.vacancy_page, dwellings.VacancyConnection, "Les libérations du bailleur."
    )
    vacancy = _read(dwellings.one_vacancy, dwellings.Vacancy, "Une libération et son conseil.")
    orientations = _read(
        orientations.orientation_page,
        orientations.OrientationConnection,
        "Les offres de logements dont vous êtes partie.",
    )
    orientation = _read(orientations.one_orientation, orientations.Orientation, "Une offre.")
    caleol_sessions = _read(
        caleol.session_page, caleol.CaleolSessionConnection, "Les séances de la CALEOL."
    )
    caleol_session = _read(caleol.one_session, caleol.CaleolSession, "Une séance de la CALEOL.")
    urgences = _read(
        urgences.urgence_page, urgences.UrgenceConnection, "Les affectations d'urgence."
    )
    urgence = _read(urgences.one_urgence, urgences.Urgence, "Une affectation d'urgence.")
    bilans = _read(
        bilans.list_bilans, list[bilans.Bilan], "Les bilans annuels, sans leur contenu."
    )
    bilan = _read(bilans.one_bilan, bilans.Bilan, "Un bilan annuel et son contenu.")
    notifications = _read(
        notifications.notification_page,
        notifications.NotificationConnection,
        "Les messages adressés à votre organisme.",
    )


@strawberry.type(description="Les actes ; une requête en porte un seul.")
class Mutation:
    register_vacancy = _act(
        dwellings.register_vacancy, dwellings.VacancyPayload, "Enregistrer une libération."
    )
    keep_vacancy = _act(
        dwellings.keep_vacancy,
        dwellings.VacancyPayload,
        "Garder une libération pour une mutation interne ou sur la part du bailleur.",
    )
    send_orientation = _act(
        orientations.send_orientation,
        orientations.OrientationPayload,
        "Offrir un logement libéré à un réservataire.",
    )
    accept_orientation = _act(
        orientations.accept_orientation, orientations.OrientationPayload, "Accepter une offre."
    )
    refuse_orientation = _act(
        orientations.refuse_orientation, orientations.OrientationPayload, "Refuser une offre."
    )
    withdraw_orientation = _act(
        orientations.withdraw_orientation,
        orientations.OrientationPayload,
        "Retirer une offre, avec son motif.",
    )
    present_candidates = _act(
        orientations.present_candidates,
        orientations.OrientationPayload,
        "Présenter des candidats : trois, ou un seul s'il est reconnu DALO.",
    )
    plan_caleol = _act(
        caleol.plan_caleol,
        caleol.CaleolSessionPayload,
        "Convoquer une séance de la CALEOL et inviter ses membres.",
    )
    record_decision = _act(
        caleol.record_decision,
        orientations.OrientationPayload,
        "Enregistrer les décisions de la CALEOL sur un logement.",
    )
    record_lease = _act(
        caleol.record_lease, orientations.OrientationPayload, "Enregistrer la signature du bail."
    )
    request_urgent_allocation = _act(
        urgences.request_urgent_allocation,
        urgences.UrgencePayload,
        "Demander à la préfecture d'affecter un logement libéré à une crise.",
    )
    decide_urgent_allocation = _act(
        urgences.decide_urgent_allocation,
        urgences.UrgencePayload,
        "Décider d'une affectation d'urgence, pour la préfecture.",
    )
    publish_bilan = _act(
        bilans.publish_bilan, bilans.BilanPayload, "Publier le bilan d'une année."
    )
