"""Offers of freed dwellings: reading them, and what each side does with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.orientations import Orientation as OrientationRow
from server.db.orientations import OrientationFilter
from server.domain import labels
from server.operations import caleol, candidates, journal, orientations
from server.operations.orientations import SendOrientation
from server.schema import deadlines
from server.schema.acts import ID, INPUT, changed, perform
from server.schema.candidates import (
    Candidate,
    CandidateOffer,
    Decision,
    PresentCandidatesInput,
    presentation,
)
from server.schema.codes import (
    AcceptanceMode,
    ContingentCode,
    DeliveryCode,
    OrientationState,
    SearcherCode,
)
from server.schema.context import Context, Info
from server.schema.deadlines import Deadline
from server.schema.dwellings import Advice, Dwelling, frozen_advice
from server.schema.errors import ActError
from server.schema.journal import TIMELINE_LENGTH, JournalEntry
from server.schema.objects import Single
from server.schema.paging import (
    DEFAULT_PAGE,
    After,
    Connection,
    First,
    PageInfo,
    connection,
    page_request,
)
from server.schema.selection import Selection, selection
from server.tenants.transactions import TenantTransaction

Row = strawberry.Parent[OrientationRow]


def _effective_state(root: Row, info: Info) -> str:
    return orientations.effective_state(root, info.context.now).value


def _effective_state_label(root: Row, info: Info) -> str:
    return labels.ORIENTATION_STATES[orientations.effective_state(root, info.context.now)]


def _acceptance_mode(root: Row, info: Info) -> str | None:
    acceptance = orientations.in_law(root, info.context.now).acceptance
    return acceptance.value if acceptance else None


def _accepted_on(root: Row, info: Info) -> date | None:
    return orientations.in_law(root, info.context.now).accepted_on


def _answer_deadline(root: Row, info: Info) -> Deadline:
    return deadlines.answer(root, info.context.now)


def _candidates_deadline(root: Row, info: Info) -> Deadline | None:
    return deadlines.candidates(root, info.context.now)


def _advice(root: Row) -> Advice | None:
    return frozen_advice(root.advice, {}) if root.advice else None


def _candidates(root: Row, info: Info) -> Any:
    return info.context.loaded.candidates.of(root.id)


def _decisions(root: Row, info: Info) -> Any:
    return info.context.loaded.decisions.of(root.id)


def _told(root: Row, info: Info) -> Any:
    return info.context.loaded.told.of(root.id)


def _timeline(root: Row, info: Info) -> Any:
    return info.context.loaded.timelines.of(root.dwelling_id)


@strawberry.type(description="L'offre d'un logement libéré à un réservataire (art. 5.3).")
class Orientation:
    id: UUID = strawberry.field(description="Identifiant de l'orientation.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    reservataire_id: UUID = strawberry.field(description="Identifiant du réservataire.")
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    vacancy_id: UUID = strawberry.field(description="La libération offerte.")
    dwelling_id: UUID = strawberry.field(description="Identifiant du logement.")
    dwelling: Dwelling | None = strawberry.field(description="Le logement.")
    convention_id: UUID = strawberry.field(description="La convention de l'offre.")
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    commune_name: str = strawberry.field(description="Nom de la commune.")
    state: str = strawberry.field(
        description="Dernier état enregistré.", graphql_type=OrientationState
    )
    effective_state = strawberry.field(
        resolver=_effective_state,
        graphql_type=OrientationState,
        description="L'état en droit, à l'heure du portail : un silence vaut acceptation à sa "
        "date, même s'il n'est pas encore enregistré.",
    )
    effective_state_label = strawberry.field(
        resolver=_effective_state_label, description="Le même, en français."
    )
    rank: int = strawberry.field(description="Rang de l'offre pour cette libération.")
    version: int = strawberry.field(description="Numéro de version, qui croît à chaque acte.")
    sent_at: datetime = strawberry.field(description="Instant de l'envoi.")
    sent_on: date = strawberry.field(description="Jour de l'envoi, à Paris.")
    answer_deadline = strawberry.field(
        resolver=_answer_deadline, description="Jusqu'à quand répondre ; le silence accepte."
    )
    delivery: str = strawberry.field(
        description="Si l'offre est arrivée : sans remise, le silence ne vaut pas acceptation.",
        graphql_type=DeliveryCode,
    )
    delivered_at: datetime | None = strawberry.field(description="Instant de la remise.")
    delivery_error: str | None = strawberry.field(
        description="Pourquoi l'offre n'est pas arrivée, ou pas encore."
    )
    candidates_deadline = strawberry.field(
        resolver=_candidates_deadline, description="Jusqu'à quand présenter des candidats."
    )
    extension_count: int = strawberry.field(description="Délais supplémentaires accordés.")
    acceptance_mode = strawberry.field(
        resolver=_acceptance_mode,
        graphql_type=AcceptanceMode | None,
        description="Comment l'offre a été acceptée, en droit.",
    )
    accepted_on = strawberry.field(
        resolver=_accepted_on, description="Jour de l'acceptation, en droit."
    )
    answered_at: datetime | None = strawberry.field(description="Instant de la réponse.")
    refusal_motif: str | None = strawberry.field(description="Motif du refus, s'il a été donné.")
    searched_by: str = strawberry.field(
        description="Qui recherche les candidats.", graphql_type=SearcherCode
    )
    justification: str | None = strawberry.field(
        description="Pourquoi moins de trois candidats (R441-3)."
    )
    withdrawal_reason: str | None = strawberry.field(description="Motif du retrait de l'offre.")
    attributed_candidate_id: UUID | None = strawberry.field(description="Le candidat attributaire.")
    attributed_on: date | None = strawberry.field(description="Jour de l'attribution.")
    leased_on: date | None = strawberry.field(description="Jour de signature du bail.")
    candidate_count: int = strawberry.field(description="Nombre de candidats que vous voyez.")
    has_dalo: bool = strawberry.field(description="Si l'un d'eux est reconnu DALO.")
    droit_unique_id: UUID | None = strawberry.field(
        description="Le droit unique au titre duquel l'offre est faite, s'il y en a un."
    )
    programme: str | None = strawberry.field(description="Le programme de ce droit unique.")
    departure_motif: str | None = strawberry.field(
        description="Pourquoi le bailleur s'est écarté du conseil ; pour lui seul."
    )
    advice = strawberry.field(
        resolver=_advice, description="Le conseil tel qu'il était à l'envoi ; pour le bailleur."
    )
    candidates = strawberry.field(
        resolver=_candidates,
        graphql_type=list[Candidate],
        description="Les candidats présentés que vous pouvez voir.",
    )
    decisions = strawberry.field(
        resolver=_decisions,
        graphql_type=list[Decision],
        description="Les décisions de la commission que vous pouvez voir.",
    )
    candidate_offers = strawberry.field(
        resolver=_told,
        graphql_type=list[CandidateOffer],
        description="Ce qui a été proposé aux candidats retenus, dans l'ordre des rangs ; pour les "
        "deux parties.",
    )
    timeline = strawberry.field(
        resolver=_timeline,
        graphql_type=list[JournalEntry],
        description="Les actes sur le logement que vous pouvez voir, du plus récent au plus "
        f"ancien, {TIMELINE_LENGTH} au plus.",
    )


@strawberry.type(description="Une orientation dans une page.")
class OrientationEdge:
    node: Orientation = strawberry.field(description="L'orientation.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page d'orientations, de la plus récente à la plus ancienne.")
class OrientationConnection:
    edges: list[OrientationEdge] = strawberry.field(description="Les orientations de la page.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


# --- Queries ----------------------------------------------------------------------------------


async def look_ahead(
    context: Context, tx: TenantTransaction, rows: Sequence[OrientationRow], wanted: Selection
) -> None:
    """Read what was selected below these orientations: one statement a kind for all of them."""
    ids = [row.id for row in rows]
    if "candidates" in wanted:
        context.loaded.candidates.keep(ids, await candidates.list_of(tx, ids), [])
    if "decisions" in wanted:
        context.loaded.decisions.keep(ids, await caleol.decisions_of(tx, ids), [])
    if "candidateOffers" in wanted:
        context.loaded.told.keep(ids, await caleol.offers_of(tx, ids), [])
    if "timeline" in wanted:
        homes = list(dict.fromkeys(row.dwelling_id for row in rows))
        entries = await journal.timelines_of(tx, homes, length=TIMELINE_LENGTH)
        context.loaded.timelines.keep(homes, entries, [])


_orientation = Single(orientations.get, look_ahead)


async def orientation_page(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    states: Annotated[
        list[str] | None,
        strawberry.argument(
            description="Ces états en droit seulement (effectiveState).",
            graphql_type=list[OrientationState] | None,
        ),
    ] = None,
    insee: Annotated[str | None, strawberry.argument(description="Cette commune.")] = None,
    reservataire_id: Annotated[
        UUID | None, strawberry.argument(description="Ce réservataire.")
    ] = None,
    bailleur_id: Annotated[UUID | None, strawberry.argument(description="Ce bailleur.")] = None,
    vacancy_id: Annotated[UUID | None, strawberry.argument(description="Cette libération.")] = None,
    dwelling_id: Annotated[UUID | None, strawberry.argument(description="Ce logement.")] = None,
) -> Connection:
    request = page_request(first, after)
    tx = await info.context.read()
    wanted = OrientationFilter(
        states=tuple(dict.fromkeys(states or ())),
        at=tx.now,
        insee=insee,
        reservataire_id=reservataire_id,
        bailleur_id=bailleur_id,
        vacancy_id=vacancy_id,
        dwelling_id=dwelling_id,
    )
    page = await orientations.list_page(tx, request, wanted)
    await look_ahead(info.context, tx, page.items, selection(info).at("edges", "node"))
    return connection(page, "sent_at", after=after)


async def one_orientation(info: Info, orientation_id: Annotated[UUID, ID]) -> Any:
    return await _orientation.asked(info, orientation_id)


# --- Mutations --------------------------------------------------------------------------------


@strawberry.type(description="L'orientation changée, ou pourquoi rien n'a changé.")
class OrientationPayload:
    orientation = strawberry.field(
        resolver=changed, graphql_type=Orientation | None, description="L'orientation."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


_VERSION = "La version de l'orientation que vous aviez sous les yeux."


@strawberry.input(description="L'offre d'une libération à un réservataire.")
class SendOrientationInput:
    vacancy_id: UUID = strawberry.field(description="La libération.")
    reservataire_id: UUID = strawberry.field(description="Le réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.",
        graphql_type=ContingentCode,
        default="none",
    )
    departure_motif: str | None = strawberry.field(
        description="Pourquoi vous vous écartez du conseil, si vous vous en écartez.", default=None
    )
    droit_unique_id: UUID | None = strawberry.field(
        description="Le droit unique de ce réservataire sur lequel l'offre est faite, s'il y en a "
        "un : le logement compte sur votre part.",
        default=None,
    )


@strawberry.input(description="L'acceptation d'une offre.")
class AcceptOrientationInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Le refus d'une offre.")
class RefuseOrientationInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    motif: str | None = strawberry.field(description="Le motif, facultatif.", default=None)
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


@strawberry.input(description="Le retrait d'une offre par le bailleur.")
class WithdrawOrientationInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    reason: str = strawberry.field(description="Le motif.")
    expected_version: int | None = strawberry.field(description=_VERSION, default=None)


async def perform_on(
    info: Info,
    act: Callable[[TenantTransaction], Awaitable[UUID]],
) -> Any:
    """An act that answers an orientation, read again with what the payload selects."""

    async def work(tx: TenantTransaction) -> OrientationRow:
        orientation_id = await act(tx)
        return await _orientation.changed(info, tx, orientation_id, "orientation")

    return await perform(info, work)


async def send_orientation(info: Info, command: Annotated[SendOrientationInput, INPUT]) -> Any:
    return await perform_on(
        info, lambda tx: orientations.send(tx, SendOrientation(**vars(command)))
    )


async def accept_orientation(info: Info, command: Annotated[AcceptOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        row = await orientations.accept(
            tx, command.orientation_id, expected_version=command.expected_version
        )
        return row.id

    return await perform_on(info, act)


async def refuse_orientation(info: Info, command: Annotated[RefuseOrientationInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        row = await orientations.refuse(
            tx,
            command.orientation_id,
            motif=command.motif,
            expected_version=command.expected_version,
        )
        return row.id

    return await perform_on(info, act)


async def withdraw_orientation(
    info: Info, command: Annotated[WithdrawOrientationInput, INPUT]
) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        row = await orientations.withdraw(
            tx,
            command.orientation_id,
            reason=command.reason,
            expected_version=command.expected_version,
        )
        return row.id

    return await perform_on(info, act)


async def present_candidates(info: Info, command: Annotated[PresentCandidatesInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        return (await candidates.present(tx, presentation(command))).id

    return await perform_on(info, act)
