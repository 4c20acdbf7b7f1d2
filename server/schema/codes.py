"""The stored codes as enumerations of the API, one value a code, described by their labels."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry

from server.domain import labels, ledger_sentences
from server.domain.charte import Category
from server.domain.closures import RULES
from server.domain.convention_terms import MANAGEMENTS
from server.domain.delivery_labels import DELIVERIES, RESTARTS
from server.domain.ledger_sentences import FAMILIES
from server.domain.orientation_labels import MISTAKES, RECEIVED, REPLIES
from server.domain.scenarios.wording import DRAW_STATES, KINDS
from server.domain.visibility import SIGHTS


def _codes(name: str, description: str, meanings: Mapping[str, str]) -> Any:
    """An enumeration whose values are the stored codes themselves, so that the rows of the
    database serialize as they are.
    """
    members: Any = StrEnum  # the members come from the labels: no type checker could know them
    enum: Any = strawberry.enum(
        members(name, {code: code for code in meanings}), description=description
    )
    for value in enum.__strawberry_definition__.values:
        value.description = meanings[value.name] or None
    return enum


CapacityCode = _codes(
    "Capacity",
    "En quelle qualité un organisme agit.",
    {
        "bailleur": "bailleur social",
        "reservataire": "réservataire",
        "prefecture": "préfecture",
        "epci": "établissement public de coopération intercommunale",
    },
)
RoleCode = _codes(
    "Role",
    "Ce qu'une personne peut faire dans son organisme.",
    {
        "responsable": "responsable",
        "agent": "agent",
        "lecteur": "lecture seule",
        "machine": "application munie d'un jeton de l'organisme",
        "system": "le portail lui-même",
    },
)
MachineKind = _codes(
    "MachineKind",
    "De quelle nature est l'accès d'un outil.",
    {
        "token": "un jeton créé sur le portail",
        "client": "un client d'un serveur d'identité",
    },
)
ContingentCode = _codes(
    "Contingent",
    "Le contingent de l'État auquel une ligne appartient, s'il y en a un.",
    {
        "none": "aucun : tout réservataire autre que l'État",
        "fonctionnaires": "contingent des fonctionnaires",
        "rs": "contingent RS (mal-logés)",
    },
)
OrientationState = _codes(
    "OrientationState", "L'état d'une orientation (art. 5.3).", labels.ORIENTATION_STATES
)
AcceptanceMode = _codes("AcceptanceMode", "Comment une offre est acceptée.", labels.ACCEPTANCES)
SearcherCode = _codes("Searcher", "Qui recherche les candidats.", labels.SEARCHERS)
PresenterCode = _codes("Presenter", "Qui a présenté un candidat.", labels.PRESENTERS)
FirstQuartileCode = _codes(
    "FirstQuartile",
    "Si le ménage relève du premier quartile de ressources (L441-1).",
    labels.FIRST_QUARTILE,
)
CriterionCode = _codes("Criterion", "Critère de priorité de l'article L441-1.", labels.CRITERIA)
DaloOriginCode = _codes(
    "DaloOrigin",
    "Qui a désigné le ménage reconnu DALO.",
    {"prefet": "désigné par le préfet", "reservataire": "proposé par le réservataire"},
)
OutcomeCode = _codes(
    "Outcome", "Décision de la commission sur un candidat (R441-3).", labels.OUTCOMES
)
ReasonCode = _codes("Reason", "Motif d'une décision (L441-2-2).", labels.REASONS)
SessionMode = _codes(
    "SessionMode",
    "Comment se tient une séance de la CALEOL.",
    {"on_site": "sur place", "remote": "à distance", "written": "par écrit"},
)
SessionState = _codes(
    "SessionState",
    "L'état d'une séance de la CALEOL.",
    {"planned": "prévue", "held": "tenue", "cancelled": "annulée"},
)
KindCode = _codes("DwellingKind", "Nature du logement.", labels.KINDS)
TypologyCode = _codes("Typology", "Typologie du logement.", labels.TYPOLOGIES)
FinancingCode = _codes("Financing", "Financement du logement.", labels.FINANCINGS)
ExclusionCode = _codes(
    "Exclusion", "Motif d'exclusion de l'assiette (art. 2.2).", labels.EXCLUSIONS
)
VacancyNature = _codes(
    "VacancyNature",
    "Ce qu'une libération est pour le flux (art. 2 et 3).",
    {
        **{code: text for code, text in labels.NATURES.items() if code != "excluded"},
        "own": "gardée sur la part du bailleur",
    },
)
KeptNature = _codes(
    "KeptNature",
    "Pourquoi le bailleur garde un logement libéré.",
    {
        **{code: labels.NATURES[code] for code in Category},
        "own": "part non réservée du bailleur",
    },
)
VacancyState = _codes(
    "VacancyState",
    "L'état d'une libération.",
    {"open": "en cours", "closed": "close", "cancelled": "annulée"},
)
IndicatorCode = _codes(
    "Indicator", "Le compte qui sert de base au décompte (art. 7).", labels.INDICATORS
)
ConventionStateCode = _codes(
    "ConventionState", "L'état d'une convention, un jour donné (art. 8).", labels.CONVENTION_STATES
)
ConventionStepCode = _codes(
    "ConventionStep",
    "Une étape de la vie d'une convention, faite par une de ses parties (art. 8).",
    {
        "deliberate": "la délibération de l'assemblée du réservataire",
        "sign": "la signature",
        "reopen": "le retour au projet",
        "denounce": "la dénonciation avant l'anniversaire",
        "terminate": "la résiliation",
    },
)
ManagementCode = _codes("Management", "Qui cherche les candidats (art. 5.2).", MANAGEMENTS)
ClosureRuleCode = _codes(
    "ClosureRule", "Ce qu'une convention fait des fermetures de son réservataire.", RULES
)
StartRuleCode = _codes(
    "StartRule",
    "Quand une convention prend effet (art. 8).",
    {"fixed": "à une date fixe", "signature": "à la dernière des deux signatures"},
)
PriorityBasis = _codes(
    "PriorityBasis",
    "Ce que compte la part des ménages prioritaires.",
    {
        "attributed": "les attributions de la CALEOL",
        "leased": "les attributions suivies d'un bail",
    },
)
SetAsideReason = _codes(
    "SetAsideReason",
    "Pourquoi un organisme ne peut pas recevoir le logement.",
    ledger_sentences.SET_ASIDE,
)
StratumFamily = _codes(
    "StratumFamily",
    "Ce que le flux équilibre (R441-5-1) ; l'attractivité vient de l'article 5.1.",
    {family.value: words for family, words in ledger_sentences.FAMILIES.items()},
)
LedgerMoveKind = _codes(
    "LedgerMoveKind", "Ce que fait une écriture du registre.", ledger_sentences.MOVES
)
UrgenceState = _codes(
    "UrgenceState", "L'état d'une affectation d'urgence (art. 2.4).", labels.URGENCY_STATES
)
UrgenceKind = _codes("UrgenceKind", "La crise en cause.", labels.URGENCY_KINDS)
BilanState = _codes(
    "BilanState",
    "L'état d'un bilan.",
    {"preparing": "en préparation", "published": "publié"},
)
BilanNature = _codes("BilanNature", "Nature d'une ligne du bilan.", labels.NATURES)
DimensionCode = _codes(
    "Dimension", "Une ventilation du bilan consolidé (R441-5-1).", labels.DIMENSIONS
)
ReplyCode = _codes("Reply", "La réponse d'un candidat retenu (R441-10).", REPLIES)
ReceivedCode = _codes("Received", "Par quoi une réponse est parvenue au bailleur.", RECEIVED)
MistakeCode = _codes("Mistake", "Ce qu'une rectification corrige.", MISTAKES)
ChannelCode = _codes(
    "Channel",
    "Par où un acte est arrivé.",
    {
        "page": "le site",
        "api": "l'API",
        "worker": "le portail, à l'échéance",
        "mail": "un courriel",
    },
)
DeliveryState = _codes(
    "DeliveryState",
    "Où en est l'envoi d'une notification.",
    {
        "queued": "en attente",
        "sending": "en cours d'envoi",
        "sent": "envoyée",
        "kept": "gardée par la démonstration, sans envoi",
        "failed": "échouée",
        "uncertain": "incertaine",
    },
)
MutationLevel = _codes(
    "MutationLevel",
    "Où en est la part des mutations internes, plafonnée à 10 % (art. 2.3).",
    labels.LEVELS,
)
BilanAnswer = _codes(
    "BilanAnswer",
    "La réponse du réservataire.",
    {**labels.ACCEPTANCES, "refused": "refus"},
)
BilanOutcome = _codes(
    "BilanOutcome",
    "Ce que la commission a fait de l'orientation.",
    {"attributed": "attribuée", "not_attributed": "non attribuée"},
)
SightCode = _codes(
    "Sight",
    "Ce que l'on voit d'un dossier.",
    {str(code): words for code, words in SIGHTS.items()},
)
ScenarioChangeKind = _codes("ScenarioChangeKind", "Ce qu'une simulation change.", KINDS)
ScenarioDrawState = _codes("ScenarioDrawState", "Où en est un tirage d'années.", DRAW_STATES)
ScenarioFamily = _codes(
    "ScenarioFamily",
    "Sur quoi le flux est équilibré (R441-5-1, art. 5.1).",
    {family.value: words for family, words in FAMILIES.items()},
)
ScenarioReader = _codes(
    "ScenarioReader",
    "En quelle qualité un organisme lit une simulation.",
    {"reservataire": "réservataire", "prefecture": "préfecture"},
)
DeliveryCode = _codes("OfferDelivery", "Si l'offre est arrivée au réservataire.", DELIVERIES)
RestartCode = _codes("RestartCause", "Pourquoi un délai de réponse a recommencé.", RESTARTS)
