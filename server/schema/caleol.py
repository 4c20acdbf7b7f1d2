"""The commission: its sessions, their agenda and the invited, the decisions, the lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.caleol import CaleolItem as ItemRow
from server.db.caleol import CaleolSession as SessionRow
from server.operations import caleol, orientations
from server.operations.caleol import PlanCaleol, RecordDecision
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.candidates import (
    Candidate,
    CandidateDecisionInput,
    Decision,
    candidate_decision,
)
from server.schema.codes import CapacityCode, ContingentCode, SessionMode, SessionState
from server.schema.context import Context, Info
from server.schema.errors import ActError
from server.schema.objects import Single
from server.schema.orientations import Orientation, perform_on
from server.schema.orientations import look_ahead as look_ahead_of_orientations
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

Item = strawberry.Parent[ItemRow]
Session = strawberry.Parent[SessionRow]


def _item_orientation(root: Item, info: Info) -> Any:
    return info.context.loaded.orientations.of(root.orientation_id)


def _item_candidates(root: Item, info: Info) -> Any:
    return info.context.loaded.candidates.of(root.orientation_id)


def _item_decisions(root: Item, info: Info) -> Any:
    """Those of this session: a dwelling postponed comes back to another one."""
    decisions = info.context.loaded.decisions.of(root.orientation_id)
    return [one for one in decisions if one.session_id == root.session_id]


def _items(root: Session, info: Info) -> Any:
    return info.context.loaded.items.of(root.id)


def _invitations(root: Session, info: Info) -> Any:
    return info.context.loaded.invitations.of(root.id)


@strawberry.type(description="Un logement à l'ordre du jour.")
class CaleolItem:
    orientation_id: UUID = strawberry.field(description="L'orientation examinée.")
    reservataire_id: UUID = strawberry.field(description="Le réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    position: int = strawberry.field(description="Rang à l'ordre du jour.")
    orientation = strawberry.field(
        resolver=_item_orientation,
        graphql_type=Orientation | None,
        description="L'orientation, si vous pouvez la voir.",
    )
    candidates = strawberry.field(
        resolver=_item_candidates,
        graphql_type=list[Candidate],
        description="Les candidats que vous pouvez voir.",
    )
    decisions = strawberry.field(
        resolver=_item_decisions,
        graphql_type=list[Decision],
        description="Les décisions de cette séance que vous pouvez voir.",
    )


@strawberry.type(description="Une invitation à une séance.")
class Invitation:
    id: UUID = strawberry.field(description="Identifiant de l'invitation.")
    tenant_id: UUID = strawberry.field(description="L'organisme invité.")
    tenant_name: str = strawberry.field(description="Son nom.")
    capacity: str = strawberry.field(
        description="En quelle qualité il est invité.", graphql_type=CapacityCode
    )
    sequence: int = strawberry.field(description="Numéro du dernier envoi.")
    invited_at: datetime = strawberry.field(description="Quand il a été invité.")


@strawberry.type(description="Une séance de la commission d'attribution (CALEOL).")
class CaleolSession:
    id: UUID = strawberry.field(description="Identifiant de la séance.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    starts_at: datetime = strawberry.field(description="Début de la séance.")
    place: str = strawberry.field(description="Lieu, ou lien pour la suivre.")
    mode: str = strawberry.field(description="Comment elle se tient.", graphql_type=SessionMode)
    state: str = strawberry.field(description="État de la séance.", graphql_type=SessionState)
    sequence: int = strawberry.field(description="Numéro du dernier envoi aux invités.")
    version: int = strawberry.field(description="Numéro de version, qui croît à chaque acte.")
    minutes_at: datetime | None = strawberry.field(description="Quand le PV a été établi.")
    item_count: int = strawberry.field(description="Logements à l'ordre du jour, visibles ici.")
    items = strawberry.field(
        resolver=_items, graphql_type=list[CaleolItem], description="L'ordre du jour."
    )
    invitations = strawberry.field(
        resolver=_invitations,
        graphql_type=list[Invitation],
        description="Les invitations ; un invité ne voit que la sienne.",
    )


@strawberry.type(description="Une séance dans une page.")
class CaleolSessionEdge:
    node: CaleolSession = strawberry.field(description="La séance.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page de séances, de la plus tardive à la plus ancienne.")
class CaleolSessionConnection:
    edges: list[CaleolSessionEdge] = strawberry.field(description="Les séances de la page.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


# --- Queries ----------------------------------------------------------------------------------


async def look_ahead(
    context: Context, tx: TenantTransaction, rows: Sequence[SessionRow], wanted: Selection
) -> None:
    """Read what was selected below these sessions: one statement a kind for all of them."""
    ids = [row.id for row in rows]
    if "invitations" in wanted:
        context.loaded.invitations.keep(ids, await caleol.invitations_of(tx, ids), [])
    if "items" in wanted:
        found = await caleol.items_of(tx, ids)
        context.loaded.items.keep(ids, found, [])
        items = [item for one in found.values() for item in one]
        await _look_ahead_of_items(context, tx, items, wanted.at("items"))


async def _look_ahead_of_items(
    context: Context, tx: TenantTransaction, items: Sequence[ItemRow], wanted: Selection
) -> None:
    ids = list(dict.fromkeys(item.orientation_id for item in items))
    below = wanted.at("orientation")
    if "orientation" in wanted:
        found = await orientations.visible_of(tx, ids)
        context.loaded.orientations.keep(ids, found, None)
        await look_ahead_of_orientations(context, tx, list(found.values()), below)
    if "candidates" in wanted and "candidates" not in below:
        context.loaded.candidates.keep(ids, await caleol.candidates_of(tx, ids), [])
    if "decisions" in wanted and "decisions" not in below:
        context.loaded.decisions.keep(ids, await caleol.decisions_of(tx, ids), [])


_session = Single(caleol.get, look_ahead)


async def session_page(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    state: Annotated[
        str | None,
        strawberry.argument(description="Cet état seulement.", graphql_type=SessionState | None),
    ] = None,
) -> Connection:
    request = page_request(first, after)
    tx = await info.context.read()
    page = await caleol.list_page(tx, request, state=state)
    await look_ahead(info.context, tx, page.items, selection(info).at("edges", "node"))
    return connection(page, "starts_at", after=after)


async def one_session(info: Info, session_id: Annotated[UUID, ID]) -> Any:
    return await _session.asked(info, session_id)


# --- Mutations --------------------------------------------------------------------------------


@strawberry.type(description="La séance changée, ou pourquoi rien n'a changé.")
class CaleolSessionPayload:
    session = strawberry.field(
        resolver=changed, graphql_type=CaleolSession | None, description="La séance."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="Pourquoi un logement a moins de trois candidats (R441-3).")
class JustificationInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    text: str = strawberry.field(description="La justification.")


@strawberry.input(description="Une séance et les logements qui y sont examinés.")
class PlanCaleolInput:
    starts_at: datetime = strawberry.field(description="Début de la séance.")
    place: str = strawberry.field(description="Lieu, ou lien pour la suivre.")
    orientation_ids: list[UUID] = strawberry.field(description="Les orientations, dans l'ordre.")
    mode: str = strawberry.field(
        description="Comment elle se tient.", graphql_type=SessionMode, default="on_site"
    )
    justifications: list[JustificationInput] = strawberry.field(
        description="Pour chaque logement qui a moins de trois candidats.", default_factory=list
    )


@strawberry.input(description="Les décisions d'une séance sur un logement.")
class RecordDecisionInput:
    session_id: UUID = strawberry.field(description="La séance.")
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    decisions: list[CandidateDecisionInput] = strawberry.field(
        description="Une décision par candidat présenté."
    )


@strawberry.input(description="La signature du bail.")
class RecordLeaseInput:
    orientation_id: UUID = strawberry.field(description="L'orientation.")
    signed_on: date = strawberry.field(description="Jour de la signature.")
    expected_version: int | None = strawberry.field(
        description="La version de l'orientation que vous aviez sous les yeux.", default=None
    )


async def plan_caleol(info: Info, command: Annotated[PlanCaleolInput, INPUT]) -> Answer[SessionRow]:
    plan = PlanCaleol(
        starts_at=command.starts_at,
        place=command.place,
        orientation_ids=tuple(command.orientation_ids),
        mode=command.mode,
        justifications={one.orientation_id: one.text for one in command.justifications},
    )

    async def work(tx: TenantTransaction) -> SessionRow:
        session_id = await caleol.plan(tx, plan)
        return await _session.changed(info, tx, session_id, "session")

    return await perform(info, work)


async def record_decision(info: Info, command: Annotated[RecordDecisionInput, INPUT]) -> Any:
    decided = RecordDecision(
        session_id=command.session_id,
        orientation_id=command.orientation_id,
        decisions=tuple(candidate_decision(one) for one in command.decisions),
    )

    async def act(tx: TenantTransaction) -> UUID:
        return (await caleol.record_decision(tx, decided)).id

    return await perform_on(info, act)


async def record_lease(info: Info, command: Annotated[RecordLeaseInput, INPUT]) -> Any:
    async def act(tx: TenantTransaction) -> UUID:
        row = await caleol.record_lease(
            tx,
            command.orientation_id,
            signed_on=command.signed_on,
            expected_version=command.expected_version,
        )
        return row.id

    return await perform_on(info, act)
