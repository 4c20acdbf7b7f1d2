"""Candidates: the NUD, flags and criteria, and what the commission decided of each."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import strawberry

from server.operations.caleol import CandidateDecision
from server.operations.candidates import NewCandidate, PresentCandidates
from server.schema.codes import (
    CriterionCode,
    DaloOriginCode,
    FirstQuartileCode,
    OutcomeCode,
    PresenterCode,
    ReasonCode,
    ReplyCode,
)


@strawberry.type(description="Un ménage présenté pour un logement, connu par son seul NUD.")
class Candidate:
    id: UUID = strawberry.field(description="Identifiant du candidat.")
    nud: str = strawberry.field(description="Numéro unique de demande, 18 signes.")
    is_dalo: bool = strawberry.field(description="S'il est reconnu prioritaire au titre du DALO.")
    dalo_origin: str | None = strawberry.field(
        description="Qui a désigné le ménage DALO.", graphql_type=DaloOriginCode | None
    )
    first_quartile: str = strawberry.field(
        description="S'il relève du premier quartile.", graphql_type=FirstQuartileCode
    )
    criterion: str | None = strawberry.field(
        description="Critère de priorité (L441-1).", graphql_type=CriterionCode | None
    )
    position: int = strawberry.field(description="Rang dans l'ordre du réservataire.")
    presented_by: str = strawberry.field(
        description="Qui l'a présenté.", graphql_type=PresenterCode
    )
    presented_at: datetime = strawberry.field(description="Quand il a été présenté.")


@strawberry.type(description="La décision de la commission sur un candidat (R441-3).")
class Decision:
    id: UUID = strawberry.field(description="Identifiant de la décision.")
    session_id: UUID = strawberry.field(description="La séance.")
    candidate_id: UUID = strawberry.field(description="Le candidat.")
    outcome: str = strawberry.field(description="La décision.", graphql_type=OutcomeCode)
    rank: int | None = strawberry.field(description="Rang de l'attribution, à partir de 1.")
    reason: str | None = strawberry.field(
        description="Motif (L441-2-2).", graphql_type=ReasonCode | None
    )
    reason_text: str | None = strawberry.field(description="Explication du motif.")
    condition: str | None = strawberry.field(
        description="Pièce attendue, si l'attribution est sous condition."
    )
    condition_until: date | None = strawberry.field(description="Dernier jour pour la fournir.")
    decided_at: datetime = strawberry.field(description="Quand la décision a été enregistrée.")


@strawberry.type(description="Ce qui a été proposé à un candidat retenu, et sa réponse (R441-10).")
class CandidateOffer:
    id: UUID = strawberry.field(description="Identifiant de la proposition.")
    candidate_id: UUID = strawberry.field(description="Le candidat.")
    rank: int = strawberry.field(description="Son rang, à partir de 1.")
    notified_on: date = strawberry.field(description="Jour de la notification.")
    due_at: datetime = strawberry.field(description="Fin du délai, exclue ; le silence refuse.")
    last_day: date = strawberry.field(description="Dernier jour pour répondre, compris.")
    reply: str | None = strawberry.field(
        description="Sa réponse, si elle est enregistrée.", graphql_type=ReplyCode | None
    )
    replied_on: date | None = strawberry.field(description="Jour de la réponse.")
    reply_reason: str | None = strawberry.field(description="Motif donné par le candidat.")


@strawberry.input(description="Un ménage que l'on présente : son NUD et sa priorité, sans plus.")
class CandidateInput:
    nud: str = strawberry.field(description="Numéro unique de demande, 18 signes.")
    is_dalo: bool = strawberry.field(
        description="S'il est reconnu prioritaire au titre du DALO : il est alors présenté seul.",
        default=False,
    )
    dalo_origin: str | None = strawberry.field(
        description="Qui a désigné le ménage DALO.",
        graphql_type=DaloOriginCode | None,
        default=None,
    )
    first_quartile: str = strawberry.field(
        description="S'il relève du premier quartile.",
        graphql_type=FirstQuartileCode,
        default="unknown",
    )
    criterion: str | None = strawberry.field(
        description="Critère de priorité (L441-1).",
        graphql_type=CriterionCode | None,
        default=None,
    )


@strawberry.input(description="Des candidats ajoutés à une offre acceptée, tous ou aucun.")
class PresentCandidatesInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    candidates: list[CandidateInput] = strawberry.field(description="Les candidats, dans l'ordre.")
    is_final: bool = strawberry.field(description="S'il n'y en aura pas d'autre.", default=False)
    expected_version: int | None = strawberry.field(
        description="La version de l'orientation que vous aviez sous les yeux.", default=None
    )


@strawberry.input(description="La décision de la commission sur un candidat.")
class CandidateDecisionInput:
    candidate_id: UUID = strawberry.field(description="Le candidat.")
    outcome: str = strawberry.field(description="La décision.", graphql_type=OutcomeCode)
    rank: int | None = strawberry.field(
        description="Rang de l'attribution, à partir de 1.", default=None
    )
    reason: str | None = strawberry.field(
        description="Motif (L441-2-2).", graphql_type=ReasonCode | None, default=None
    )
    reason_text: str | None = strawberry.field(
        description="Explication du motif, quand il en demande une.", default=None
    )
    condition: str | None = strawberry.field(
        description="Pièce attendue, si l'attribution est sous condition.", default=None
    )
    condition_until: date | None = strawberry.field(
        description="Dernier jour pour la fournir.", default=None
    )


def presentation(command: PresentCandidatesInput) -> PresentCandidates:
    return PresentCandidates(
        orientation_id=command.orientation_id,
        candidates=tuple(NewCandidate(**vars(one)) for one in command.candidates),
        is_final=command.is_final,
        expected_version=command.expected_version,
    )


def candidate_decision(command: CandidateDecisionInput) -> CandidateDecision:
    return CandidateDecision(**vars(command))
