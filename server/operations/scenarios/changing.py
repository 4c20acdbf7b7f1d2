"""A scenario made, changed, copied, thrown away: its figures follow each time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from server.db import annexes as annexe_rows
from server.db import scenarios as rows
from server.db.ids import new_id
from server.domain.deadlines import local_day
from server.domain.scenarios import (
    Change,
    Hypotheses,
    Scenario,
    change_motifs,
    hypotheses_motifs,
)
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.scenarios.basing import count_base, first_hypotheses
from server.operations.scenarios.figuring import Outlook, keep, look_ahead
from server.operations.scenarios.storing import (
    base_json,
    change_json,
    hypotheses_json,
    scenario_of,
)
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

LONGEST_NAME = 120
STALE = Motif(
    code="stale_version",
    message="Cette simulation a changé pendant que vous la modifiiez : relisez-la, puis "
    "recommencez. Votre saisie est gardée.",
)


@dataclass(frozen=True, kw_only=True)
class NewScenario:
    """A question about a year, in one EPCI or, without any, in the whole stock."""

    name: str
    year: int
    epci_siren: str | None = None


async def create(tx: TenantTransaction, command: NewScenario) -> UUID:
    """Count the base, take the hypotheses of the last twelve months."""
    require(tx.actor, Permission.SCENARIO_PREPARE)
    await _check(tx, command)
    base = await count_base(tx, command.year, command.epci_siren)
    hypotheses = await first_hypotheses(tx, command.year, base)
    scenario = Scenario(year=command.year, base=base, hypotheses=hypotheses)
    scenario_id = new_id()
    await rows.insert_scenario(
        tx,
        {
            "id": scenario_id,
            "bailleur_id": tx.actor.tenant_id,
            "name": command.name.strip(),
            "year": command.year,
            "epci_siren": command.epci_siren,
            "hypotheses": hypotheses_json(hypotheses),
            "base": base_json(base),
            "counted_on": base.counted_on,
            "created_at": tx.now,
            "created_by": tx.actor.person_name,
            "changed_at": tx.now,
        },
    )
    tables = await keep(tx, scenario_id, await _ahead(tx, scenario))
    await rows.update_scenario(tx, scenario_id, tables=tables)
    return scenario_id


async def _ahead(tx: TenantTransaction, scenario: Scenario) -> Outlook:
    """Half a second of computing at 60 000 dwellings: beside the loop that serves the others."""
    return await asyncio.to_thread(look_ahead, scenario, tx.actor.tenant_name)


async def _check(tx: TenantTransaction, command: NewScenario) -> None:
    motifs = list(_name_motifs(command.name))
    this_year = local_day(tx.now).year
    if not this_year <= command.year <= this_year + 1:
        message = f"Choisissez {this_year} ou {this_year + 1}."
        motifs.append(Motif(code="year_invalid", message=message, field="year"))
    here = await annexe_rows.list_stock_epcis(tx, tx.actor.tenant_id)
    if command.epci_siren is not None and command.epci_siren not in here:
        message = "Choisissez un EPCI où vous avez des logements."
        motifs.append(Motif(code="epci_unknown", message=message, field="epci_siren"))
    if not here:
        message = "Aucun logement enregistré : importez d'abord votre patrimoine."
        motifs.append(Motif(code="no_dwellings", message=message))
    if motifs:
        raise Invalid(*motifs)


def _name_motifs(name: str) -> tuple[Motif, ...]:
    if 1 <= len(name.strip()) <= LONGEST_NAME:
        return ()
    message = f"Donnez un nom à cette simulation, {LONGEST_NAME} caractères au plus."
    return (Motif(code="name_required", message=message, field="name"),)


# --- What exists --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A scenario of the actor's own, with its base."""

    row: rows.ScenarioRow
    scenario: Scenario


async def open_own(tx: TenantTransaction, scenario_id: UUID) -> Opened:
    """NotFound for a stranger's; Forbidden for who does not prepare any."""
    require(tx.actor, Permission.SCENARIO_PREPARE)
    found = await rows.find_scenarios(tx, [scenario_id])
    row = found.get(scenario_id)
    if row is None:
        raise NotFound
    base = await rows.read_base(tx, scenario_id)
    return Opened(row=row, scenario=scenario_of(row, base or {}))


async def _locked(tx: TenantTransaction, scenario_id: UUID, revision: int) -> Opened:
    require(tx.actor, Permission.SCENARIO_PREPARE)
    known = await rows.lock_revision(tx, scenario_id)
    if known is None:
        raise NotFound
    if known != revision:
        raise Conflict(STALE)
    return await open_own(tx, scenario_id)


async def preview(tx: TenantTransaction, scenario_id: UUID, change: Change) -> Outlook:
    """What a change would do, before it is kept; Invalid at its field when it cannot be."""
    opened = await open_own(tx, scenario_id)
    return await _ahead(tx, _changed(opened.scenario, change))


def _changed(scenario: Scenario, change: Change) -> Scenario:
    motifs = change_motifs(scenario, change)
    if motifs:
        raise Invalid(*motifs)
    return replace(scenario, changes=(*scenario.changes, change))


async def add_change(
    tx: TenantTransaction, scenario_id: UUID, revision: int, change: Change
) -> None:
    opened = await _locked(tx, scenario_id, revision)
    await _keep(tx, opened, _changed(opened.scenario, change))


async def remove_change(
    tx: TenantTransaction, scenario_id: UUID, revision: int, number: int
) -> None:
    """`number` counts from 0, in the order of the changes."""
    opened = await _locked(tx, scenario_id, revision)
    changes = opened.scenario.changes
    if not 0 <= number < len(changes):
        raise NotFound
    left = (*changes[:number], *changes[number + 1 :])
    await _keep(tx, opened, replace(opened.scenario, changes=left))


async def suppose(
    tx: TenantTransaction, scenario_id: UUID, revision: int, *, name: str, hypotheses: Hypotheses
) -> None:
    """Another name, other hypotheses for the whole year."""
    opened = await _locked(tx, scenario_id, revision)
    motifs = (*_name_motifs(name), *hypotheses_motifs(hypotheses))
    if motifs:
        raise Invalid(*motifs)
    await _keep(tx, opened, replace(opened.scenario, hypotheses=hypotheses), name=name.strip())


async def _keep(
    tx: TenantTransaction, opened: Opened, scenario: Scenario, *, name: str | None = None
) -> None:
    """The figures follow; years drawn for what it was are of no use any more."""
    scenario_id = opened.row.id
    if scenario != opened.scenario:
        await rows.delete_draw(tx, scenario_id)
        tables = await keep(tx, scenario_id, await _ahead(tx, scenario))
    else:
        tables = opened.row.tables
    await rows.update_scenario(
        tx,
        scenario_id,
        name=opened.row.name if name is None else name,
        hypotheses=hypotheses_json(scenario.hypotheses),
        changes=[change_json(one) for one in scenario.changes],
        tables=tables,
        changed_at=tx.now,
    )


async def recount(tx: TenantTransaction, scenario_id: UUID, revision: int) -> None:
    """Start again from the stock and the rights as they are known now."""
    opened = await _locked(tx, scenario_id, revision)
    base = await count_base(tx, opened.row.year, opened.row.epci_siren)
    await rows.update_scenario(tx, scenario_id, base=base_json(base), counted_on=base.counted_on)
    await _keep(tx, opened, replace(opened.scenario, base=base))


async def duplicate(tx: TenantTransaction, scenario_id: UUID) -> UUID:
    """Another scenario on the very same base, to be changed and compared."""
    opened = await open_own(tx, scenario_id)
    copy_id = new_id()
    row = opened.row
    await rows.insert_scenario(
        tx,
        {
            "id": copy_id,
            "bailleur_id": tx.actor.tenant_id,
            "name": f"Copie de {row.name}"[:LONGEST_NAME],
            "year": row.year,
            "epci_siren": row.epci_siren,
            "hypotheses": row.hypotheses,
            "base": base_json(opened.scenario.base),
            "changes": row.changes,
            "counted_on": row.counted_on,
            "created_at": tx.now,
            "created_by": tx.actor.person_name,
            "changed_at": tx.now,
        },
    )
    tables = await keep(tx, copy_id, await _ahead(tx, opened.scenario))
    await rows.update_scenario(tx, copy_id, tables=tables)
    return copy_id


async def discard(tx: TenantTransaction, scenario_id: UUID, revision: int) -> None:
    """Thrown away, for those with whom it was shared too."""
    opened = await _locked(tx, scenario_id, revision)
    await rows.delete_scenario(tx, opened.row.id)
