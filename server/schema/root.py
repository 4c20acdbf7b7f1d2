"""The roots of the schema: what can be asked, and the acts that can be done."""

from __future__ import annotations

from typing import Any

import strawberry

from server.schema.agreements import ConventionPayload, move_convention, prepare_convention
from server.schema.annexe_drafts import (
    add_annexe_line,
    discard_annexe,
    record_derogation,
    recount_annexe,
    remove_annexe_line,
)
from server.schema.annexes import (
    AnnexePayload,
    AnnexeVersion,
    change_annexe_line,
    one_annexe,
    publish_annexe,
    start_annexe,
)
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
from server.schema.closures import (
    Closure,
    ClosurePayload,
    closures_of,
    declare_closure,
    withdraw_closure,
)
from server.schema.conventions import (
    Convention,
    ConventionConnection,
    convention_page,
    one_convention,
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
from server.schema.exclusions import ExclusionPayload, end_exclusion, exclude_dwelling
from server.schema.fairness import Fairness, fairness
from server.schema.flux import FluxBoard, flux_boards
from server.schema.following import (
    extend_search,
    fail_lease,
    offer_next_rank,
    record_received,
    record_reply,
    rectify_orientation,
    remind_orientation,
    renounce_orientation,
    reorient,
    search_on_behalf,
    tell_candidate,
)
from server.schema.ledger import (
    JointAdvice,
    LedgerBalance,
    LedgerMove,
    joint_advice,
    ledger_balances,
    ledger_moves,
)
from server.schema.machines import Machine, machine
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
from server.schema.priorities import PriorityShares, priority_shares
from server.schema.scenario_figures import Scenario, ScenarioComparison
from server.schema.scenarios import (
    ScenarioConnection,
    ScenarioPayload,
    change_scenario,
    compare_scenarios,
    create_scenario,
    draw_scenario,
    one_scenario,
    revoke_scenario_share,
    scenario_page,
    share_scenario,
    take_up_scenario,
)
from server.schema.stock import (
    AssietteCommune,
    CharteVersion,
    DwellingExclusion,
    assiette_at,
    charte_versions,
    exclusions_of,
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
from server.schema.visibility import Visibility, visibility_of


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
    machine = _read(
        machine, Machine, "L'accès par lequel un outil appelle ; rien pour une personne."
    )
    flux_boards = _read(flux_boards, list[FluxBoard], "Les annexes 1 d'une année et leur position.")
    fairness = _read(
        fairness, Fairness, "Ce qu'une ligne a reçu à côté de ce que le flux avait à répartir."
    )
    ledger_balances = _read(
        ledger_balances,
        list[LedgerBalance],
        "Les soldes du registre d'un bailleur, par organisme et par strate.",
    )
    ledger_moves = _read(
        ledger_moves,
        list[LedgerMove],
        "Les écritures du registre, de la plus récente à la plus ancienne, 100 au plus.",
    )
    joint_advice = _read(
        joint_advice,
        list[JointAdvice],
        "La proposition pour toutes les libérations à orienter, regardées ensemble, 50 au plus.",
    )
    annexe = _read(one_annexe, AnnexeVersion, "Une annexe 1, brouillon ou version publiée.")
    conventions = _read(convention_page, ConventionConnection, "Les conventions que vous lisez.")
    convention = _read(one_convention, Convention, "Une convention.")
    priority_shares = _read(
        priority_shares,
        PriorityShares,
        "La part des ménages prioritaires dans les attributions d'une année (25 %, L441-1).",
    )
    dwellings = _read(
        dwellings,
        list[Dwelling],
        "Les logements du bailleur qui répondent à une recherche, 50 au plus.",
    )
    exclusions = _read(
        exclusions_of,
        list[DwellingExclusion],
        "Les exclusions d'un logement, de la plus récente à la plus ancienne (art. 2.2).",
    )
    assiette = _read(
        assiette_at,
        list[AssietteCommune],
        "L'assiette de chaque commune un jour donné : A, les six exclusions B, C (art. 2).",
    )
    charte = _read(
        charte_versions,
        list[CharteVersion],
        "Les versions de la charte départementale, de la plus ancienne à la plus récente.",
    )
    vacancies = _read(vacancy_page, VacancyConnection, "Les libérations du bailleur.")
    vacancy = _read(one_vacancy, Vacancy, "Une libération et son conseil.")
    orientations = _read(
        orientation_page,
        OrientationConnection,
        "Les offres de logements dont vous êtes partie.",
    )
    orientation = _read(one_orientation, Orientation, "Une offre.")
    closures = _read(
        closures_of,
        list[Closure],
        "Les fermetures en cours et à venir d'un réservataire, dans l'ordre.",
    )
    caleol_sessions = _read(session_page, CaleolSessionConnection, "Les séances de la CALEOL.")
    caleol_session = _read(one_session, CaleolSession, "Une séance de la CALEOL.")
    urgences = _read(urgence_page, UrgenceConnection, "Les affectations d'urgence.")
    urgence = _read(one_urgence, Urgence, "Une affectation d'urgence.")
    bilans = _read(list_bilans, list[Bilan], "Les bilans annuels, sans leur contenu.")
    bilan = _read(one_bilan, Bilan, "Un bilan annuel et son contenu.")
    scenarios = _read(
        scenario_page, ScenarioConnection, "Les simulations du flux, les vôtres ou celles montrées."
    )
    scenario = _read(one_scenario, Scenario, "Une simulation du flux.")
    scenario_comparison = _read(
        compare_scenarios, ScenarioComparison, "Deux simulations côte à côte."
    )
    notifications = _read(
        notification_page,
        NotificationConnection,
        "Les messages adressés à votre organisme.",
    )
    visibility = _read(
        visibility_of,
        Visibility,
        "Ce que voit votre organisme, qui voit un dossier, qui l'a lu.",
    )


@strawberry.type(description="Les actes ; une requête en porte un seul.")
class Mutation:
    register_vacancy = _act(register_vacancy, VacancyPayload, "Enregistrer une libération.")
    keep_vacancy = _act(
        keep_vacancy,
        VacancyPayload,
        "Garder une libération pour une mutation interne ou sur la part du bailleur.",
    )
    exclude_dwelling = _act(
        exclude_dwelling,
        ExclusionPayload,
        "Exclure un logement de l'assiette, pour un des six motifs.",
    )
    end_exclusion = _act(
        end_exclusion, ExclusionPayload, "Remettre un logement exclu dans l'assiette."
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
    renounce_orientation = _act(
        renounce_orientation,
        OrientationPayload,
        "Renoncer à un logement accepté, pour le réservataire.",
    )
    search_on_behalf = _act(
        search_on_behalf,
        OrientationPayload,
        "Sans candidat : chercher pour le compte du réservataire.",
    )
    reorient = _act(
        reorient, OrientationPayload, "Sans candidat : proposer le logement à un autre."
    )
    extend_search = _act(
        extend_search, OrientationPayload, "Sans candidat : accorder un délai supplémentaire."
    )
    record_received = _act(
        record_received,
        OrientationPayload,
        "Enregistrer une réponse reçue sur papier, par téléphone ou par courriel.",
    )
    remind_orientation = _act(
        remind_orientation, OrientationPayload, "Relancer le réservataire d'une offre."
    )
    rectify_orientation = _act(
        rectify_orientation,
        OrientationPayload,
        "Rectifier un acte faux par un nouvel acte daté et motivé.",
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
    tell_candidate = _act(
        tell_candidate,
        OrientationPayload,
        "Enregistrer la notification faite au candidat qui a le logement (R441-10).",
    )
    record_reply = _act(
        record_reply, OrientationPayload, "Enregistrer la réponse du candidat qui a le logement."
    )
    offer_next_rank = _act(
        offer_next_rank, OrientationPayload, "Proposer le logement au candidat de rang suivant."
    )
    fail_lease = _act(
        fail_lease, OrientationPayload, "Constater qu'aucun candidat retenu ne signe de bail."
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
    declare_closure = _act(
        declare_closure, ClosurePayload, "Déclarer une fermeture de votre organisme."
    )
    withdraw_closure = _act(
        withdraw_closure, ClosurePayload, "Retirer une fermeture qui n'a pas commencé."
    )
    prepare_convention = _act(
        prepare_convention, ConventionPayload, "Préparer un projet de convention."
    )
    move_convention = _act(
        move_convention,
        ConventionPayload,
        "Enregistrer le vote, la signature ou la fin d'une convention, chacun pour sa part.",
    )
    start_annexe = _act(start_annexe, AnnexePayload, "Ouvrir le brouillon d'une annexe 1.")
    change_annexe_line = _act(
        change_annexe_line, AnnexePayload, "Changer les droits d'une ligne d'un brouillon."
    )
    add_annexe_line = _act(add_annexe_line, AnnexePayload, "Ajouter une ligne à un brouillon.")
    remove_annexe_line = _act(
        remove_annexe_line, AnnexePayload, "Retirer une ligne d'un brouillon."
    )
    recount_annexe = _act(
        recount_annexe, AnnexePayload, "Compter de nouveau les logements d'un brouillon."
    )
    record_derogation = _act(
        record_derogation,
        AnnexePayload,
        "Enregistrer la dérogation du préfet qu'il faut à un brouillon.",
    )
    discard_annexe = _act(
        discard_annexe, AnnexePayload, "Abandonner un brouillon, rendu tel qu'il était."
    )
    publish_annexe = _act(
        publish_annexe, AnnexePayload, "Publier une annexe 1 et prévenir chaque partie."
    )
    create_scenario = _act(create_scenario, ScenarioPayload, "Faire une simulation du flux.")
    change_scenario = _act(
        change_scenario, ScenarioPayload, "Changer une simulation ; ses chiffres suivent."
    )
    draw_scenario = _act(
        draw_scenario, ScenarioPayload, "Tirer mille années d'une simulation, ou s'arrêter."
    )
    share_scenario = _act(
        share_scenario, ScenarioPayload, "Montrer une simulation à un réservataire ou au préfet."
    )
    revoke_scenario_share = _act(
        revoke_scenario_share, ScenarioPayload, "Ne plus montrer une simulation."
    )
    take_up_scenario = _act(
        take_up_scenario,
        AnnexePayload,
        "Reprendre les droits d'une simulation dans le brouillon d'annexe 1.",
    )
    publish_bilan = _act(publish_bilan, BilanPayload, "Publier le bilan d'une année.")
