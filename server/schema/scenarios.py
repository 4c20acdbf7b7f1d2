"""« What if » by the API: scenarios read, made, changed, drawn, shown, taken up in a draft."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import strawberry

from server.db.paging import Page
from server.errors import Conflict, Invalid, Motif
from server.operations import annexes, scenarios
from server.operations.scenarios import NewScenario, ReadScenario, ShareScenario
from server.operations.scenarios.changing import STALE
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.annexes import AnnexeVersion, annexe_version
from server.schema.codes import ScenarioReader
from server.schema.context import Info
from server.schema.errors import ActError
from server.schema.flux import checked_year
from server.schema.paging import DEFAULT_PAGE, After, Connection, First, PageInfo, connection
from server.schema.paging import page_request as asked
from server.schema.scenario_changes import ScenarioChangeInput, ScenarioHypothesesInput
from server.schema.scenario_figures import (
    Scenario,
    ScenarioComparison,
    comparison,
    scenario,
)
from server.tenants.transactions import TenantTransaction


@strawberry.type(description="Une simulation dans une page.")
class ScenarioEdge:
    node: Scenario = strawberry.field(description="La simulation.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page de simulations, la dernière modifiée d'abord.")
class ScenarioConnection:
    edges: list[ScenarioEdge] = strawberry.field(description="Les simulations.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


async def scenario_page(info: Info, first: First = DEFAULT_PAGE, after: After = None) -> Connection:
    tx = await info.context.read()
    found = await scenarios.list_page(tx, asked(first, after))
    rows = await scenarios.read_all(tx, [one.row.id for one in found.items])
    page = Page(
        items=tuple(scenario(one) for one in rows),
        end_cursor=found.end_cursor,
        has_next=found.has_next,
    )
    return connection(page, "changed_at", after=after)


async def one_scenario(info: Info, scenario_id: Annotated[UUID, ID]) -> Scenario:
    return scenario(await scenarios.get(await info.context.read(), scenario_id))


async def compare_scenarios(
    info: Info,
    scenario_id: Annotated[UUID, ID],
    other_id: Annotated[
        UUID | None,
        strawberry.argument(
            description="La seconde ; par défaut la dernière modifiée des autres que vous lisez."
        ),
    ] = None,
) -> ScenarioComparison | None:
    tx = await info.context.read()
    first = await scenarios.get(tx, scenario_id)
    chosen = other_id or await scenarios.last_other(tx, first.row.id)
    if chosen is None:
        return None
    return comparison(await scenarios.compare(tx, scenario_id, chosen))


# --- Acts -----------------------------------------------------------------------------------------


@strawberry.type(description="La simulation faite ou changée, ou pourquoi elle ne l'est pas.")
class ScenarioPayload:
    scenario = strawberry.field(
        resolver=changed, graphql_type=Scenario | None, description="La simulation."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="Une question sur une année, dans un EPCI ou tout le patrimoine.")
class CreateScenarioInput:
    name: str = strawberry.field(description="Son nom.")
    year: int = strawberry.field(description="Cette année ou la prochaine.")
    epci_siren: str | None = strawberry.field(
        default=None, description="SIREN de l'EPCI ; absent : tout le patrimoine."
    )


@strawberry.input(description="Ce qui change dans une simulation, ensemble ou pas du tout.")
class ChangeScenarioInput:
    scenario_id: UUID = strawberry.field(description="La simulation.")
    revision: int = strawberry.field(description="La révision lue.")
    remove: list[int] = strawberry.field(
        default_factory=list, description="Numéros des changements à retirer, de 1 en 1."
    )
    add: list[ScenarioChangeInput] = strawberry.field(
        default_factory=list, description="Changements à ajouter, dans l'ordre."
    )
    hypotheses: ScenarioHypothesesInput | None = strawberry.field(
        default=None, description="D'autres hypothèses pour toute l'année."
    )


@strawberry.input(description="Le tirage de mille années, à lancer ou à arrêter.")
class DrawScenarioInput:
    scenario_id: UUID = strawberry.field(description="La simulation.")
    stop: bool = strawberry.field(default=False, description="Arrêter le tirage en cours.")


@strawberry.input(description="Qui lira la simulation.")
class ShareScenarioInput:
    scenario_id: UUID = strawberry.field(description="La simulation.")
    reader_id: UUID = strawberry.field(description="L'organisme.")
    reader_capacity: str = strawberry.field(
        default="reservataire",
        description="En quelle qualité.",
        graphql_type=ScenarioReader,
    )


@strawberry.input(description="Le partage à retirer.")
class RevokeScenarioShareInput:
    scenario_id: UUID = strawberry.field(description="La simulation.")
    share_id: UUID = strawberry.field(description="Le partage.")


@strawberry.input(description="La simulation dont les droits passent dans le brouillon ouvert.")
class TakeUpScenarioInput:
    scenario_id: UUID = strawberry.field(description="La simulation.")
    annexe_revision: int = strawberry.field(description="La révision lue du brouillon.")
    epci_siren: str | None = strawberry.field(
        default=None, description="SIREN de l'EPCI, si la simulation en a plusieurs."
    )


async def create_scenario(
    info: Info, command: Annotated[CreateScenarioInput, INPUT]
) -> Answer[Scenario]:
    async def work(tx: TenantTransaction) -> Scenario:
        wanted = NewScenario(
            name=command.name, year=checked_year(command.year), epci_siren=command.epci_siren
        )
        return await _read(tx, await scenarios.create(tx, wanted))

    return await perform(info, work)


async def _read(tx: TenantTransaction, scenario_id: UUID) -> Scenario:
    return scenario(await scenarios.get(tx, scenario_id))


async def change_scenario(
    info: Info, command: Annotated[ChangeScenarioInput, INPUT]
) -> Answer[Scenario]:
    async def work(tx: TenantTransaction) -> Scenario:
        found = await _removed_and_added(tx, command)
        if command.hypotheses is not None:
            await scenarios.suppose(
                tx,
                command.scenario_id,
                found.row.revision,
                name=found.row.name,
                hypotheses=command.hypotheses.hypotheses(),
            )
        return await _read(tx, command.scenario_id)

    return await perform(info, work)


async def _removed_and_added(tx: TenantTransaction, command: ChangeScenarioInput) -> ReadScenario:
    """Each act is given the revision that the one before left."""
    await scenarios.open_own(tx, command.scenario_id)
    revision = command.revision
    for number in sorted(set(command.remove), reverse=True):
        await scenarios.remove_change(tx, command.scenario_id, revision, number - 1)
        revision += 1
    for one in command.add:
        await scenarios.add_change(tx, command.scenario_id, revision, one.change())
        revision += 1
    found = await scenarios.get(tx, command.scenario_id)
    if found.row.revision != revision:
        raise Conflict(STALE)
    return found


async def draw_scenario(
    info: Info, command: Annotated[DrawScenarioInput, INPUT]
) -> Answer[Scenario]:
    async def work(tx: TenantTransaction) -> Scenario:
        act = scenarios.stop if command.stop else scenarios.ask
        await act(tx, command.scenario_id)
        return await _read(tx, command.scenario_id)

    return await perform(info, work)


async def share_scenario(
    info: Info, command: Annotated[ShareScenarioInput, INPUT]
) -> Answer[Scenario]:
    async def work(tx: TenantTransaction) -> Scenario:
        wanted = ShareScenario(
            scenario_id=command.scenario_id,
            tenant_id=command.reader_id,
            capacity=str(command.reader_capacity),
        )
        await scenarios.share(tx, wanted)
        return await _read(tx, command.scenario_id)

    return await perform(info, work)


async def revoke_scenario_share(
    info: Info, command: Annotated[RevokeScenarioShareInput, INPUT]
) -> Answer[Scenario]:
    async def work(tx: TenantTransaction) -> Scenario:
        await scenarios.revoke(tx, command.scenario_id, command.share_id)
        return await _read(tx, command.scenario_id)

    return await perform(info, work)


async def take_up_scenario(
    info: Info, command: Annotated[TakeUpScenarioInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def work(tx: TenantTransaction) -> AnnexeVersion:
        opened = await scenarios.open_own(tx, command.scenario_id)
        siren = command.epci_siren or opened.row.epci_siren
        if siren is None:
            message = "Dites quelle annexe 1 : la simulation porte sur plusieurs EPCI."
            raise Invalid(Motif(code="epci_required", message=message, field="epciSiren"))
        draft_id = await scenarios.take_up(tx, command.scenario_id, siren, command.annexe_revision)
        return annexe_version(await annexes.read(tx, draft_id))

    return await perform(info, work)
