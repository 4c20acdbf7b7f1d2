"""The roots of the schema: what can be asked, and the acts that can be done."""

from __future__ import annotations

from typing import Any

import strawberry

from server.schema.bilans import Bilan, BilanPayload, list_bilans, one_bilan, publish_bilan
from server.schema.caleol import (
    CaleolSession,
    CaleolSessionConnection,
    CaleolSessionPayload,
    one_session,
    plan_caleol,
    record_decision,
    record_lease,
    session_page,
)
from server.schema.dwellings import (
    Dwelling,
    Vacancy,
    VacancyConnection,
    VacancyPayload,
    dwellings,
    keep_vacancy,
    one_vacancy,
    register_vacancy,
    vacancy_page,
)
from server.schema.flux import FluxBoard, flux_boards
from server.schema.me import Me, me
from server.schema.notifications import NotificationConnection, notification_page
from server.schema.orientations import (
    Orientation,
    OrientationConnection,
    OrientationPayload,
    accept_orientation,
    one_orientation,
    orientation_page,
    present_candidates,
    refuse_orientation,
    send_orientation,
    withdraw_orientation,
)
from server.schema.urgences import (
    Urgence,
    UrgenceConnection,
    UrgencePayload,
    decide_urgent_allocation,
    one_urgence,
    request_urgent_allocation,
    urgence_page,
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
    me = _read(me, Me, "Qui vous êtes, et l'heure du portail.")
    flux_boards = _read(flux_boards, list[FluxBoard], "Les annexes 1 d'une année et leur position.")
    dwellings = _read(
        dwellings,
        list[Dwelling],
        "Les logements du bailleur qui répondent à une recherche, 50 au plus.",
    )
    vacancies = _read(vacancy_page, VacancyConnection, "Les libérations du bailleur.")
    vacancy = _read(one_vacancy, Vacancy, "Une libération et son conseil.")
    orientations = _read(
        orientation_page,
        OrientationConnection,
        "Les offres de logements dont vous êtes partie.",
    )
    orientation = _read(one_orientation, Orientation, "Une offre.")
    caleol_sessions = _read(session_page, CaleolSessionConnection, "Les séances de la CALEOL.")
    caleol_session = _read(one_session, CaleolSession, "Une séance de la CALEOL.")
    urgences = _read(urgence_page, UrgenceConnection, "Les affectations d'urgence.")
    urgence = _read(one_urgence, Urgence, "Une affectation d'urgence.")
    bilans = _read(list_bilans, list[Bilan], "Les bilans annuels, sans leur contenu.")
    bilan = _read(one_bilan, Bilan, "Un bilan annuel et son contenu.")
    notifications = _read(
        notification_page,
        NotificationConnection,
        "Les messages adressés à votre organisme.",
    )


@strawberry.type(description="Les actes ; une requête en porte un seul.")
class Mutation:
    register_vacancy = _act(register_vacancy, VacancyPayload, "Enregistrer une libération.")
    keep_vacancy = _act(
        keep_vacancy,
        VacancyPayload,
        "Garder une libération pour une mutation interne ou sur la part du bailleur.",
    )
    send_orientation = _act(
        send_orientation,
        OrientationPayload,
        "Offrir un logement libéré à un réservataire.",
    )
    accept_orientation = _act(accept_orientation, OrientationPayload, "Accepter une offre.")
    refuse_orientation = _act(refuse_orientation, OrientationPayload, "Refuser une offre.")
    withdraw_orientation = _act(
        withdraw_orientation,
        OrientationPayload,
        "Retirer une offre, avec son motif.",
    )
    present_candidates = _act(
        present_candidates,
        OrientationPayload,
        "Présenter des candidats : trois, ou un seul s'il est reconnu DALO.",
    )
    plan_caleol = _act(
        plan_caleol,
        CaleolSessionPayload,
        "Convoquer une séance de la CALEOL et inviter ses membres.",
    )
    record_decision = _act(
        record_decision,
        OrientationPayload,
        "Enregistrer les décisions de la CALEOL sur un logement.",
    )
    record_lease = _act(record_lease, OrientationPayload, "Enregistrer la signature du bail.")
    request_urgent_allocation = _act(
        request_urgent_allocation,
        UrgencePayload,
        "Demander à la préfecture d'affecter un logement libéré à une crise.",
    )
    decide_urgent_allocation = _act(
        decide_urgent_allocation,
        UrgencePayload,
        "Décider d'une affectation d'urgence, pour la préfecture.",
    )
    publish_bilan = _act(publish_bilan, BilanPayload, "Publier le bilan d'une année.")
