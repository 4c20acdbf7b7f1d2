"""The years of a scenario drawn in the worker: asked for, followed, stopped, taken up again.

Each block of years is kept as it ends: a worker that is killed begins its block again, and the
same seed gives the same years.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from server.db import scenarios as rows
from server.db.scenarios import Draw, Figures
from server.domain.flux import BAILLEUR
from server.errors import Conflict, Motif, NotFound
from server.operations.annexe_rates import party_key
from server.operations.ownership import owner_of
from server.operations.scenarios.changing import open_own
from server.operations.scenarios.results import drawn_json
from server.operations.simulations.drawing import BLOCK, Plan
from server.operations.simulations.tallying import Tally, kept, packed, play, unpacked
from server.queue import enqueue
from server.tenants.actors import Actor
from server.tenants.permissions import Permission, require
from server.tenants.transactions import Database, TenantTransaction

YEARS = 1_000
GOING = ("waiting", "running")


async def ask(tx: TenantTransaction, scenario_id: UUID) -> None:
    """Draw its years; those of a stopped drawing go on where they were.

    The seed is the year: every scenario of a year meets the same vacancies and refusals.
    """
    opened = await open_own(tx, scenario_id)
    if not opened.scenario.base.flux_count:
        message = "Aucun logement dans le flux : il n'y a rien à tirer."
        raise Conflict(Motif(code="no_dwellings", message=message))
    known = (await rows.find_draws(tx, [scenario_id])).get(scenario_id)
    if known is not None and known.state in GOING:
        message = "Le tirage est déjà en cours."
        raise Conflict(Motif(code="already_drawing", message=message))
    if known is None or known.state == "done":
        await rows.insert_draw(tx, _new(tx, opened.row))
    else:
        await rows.move_draw(
            tx, scenario_id, given=("cancelled", "failed"), state="waiting", ended_at=None,
            asked_at=tx.now, asked_by=tx.actor.person_name,
        )  # fmt: skip
    await enqueue(tx.connection, "scenarios.draw", scenario_id)


def _new(tx: TenantTransaction, row: rows.ScenarioRow) -> dict[str, Any]:
    return {
        "scenario_id": row.id,
        "bailleur_id": tx.actor.tenant_id,
        "revision": row.revision,
        "seed": row.year,
        "wanted": YEARS,
        "asked_at": tx.now,
        "asked_by": tx.actor.person_name,
    }


async def stop(tx: TenantTransaction, scenario_id: UUID) -> None:
    """The years already drawn are kept."""
    require(tx.actor, Permission.SCENARIO_PREPARE)
    if not await rows.find_scenarios(tx, [scenario_id]):
        raise NotFound
    stopped = await rows.move_draw(tx, scenario_id, given=GOING, state="cancelled", ended_at=tx.now)
    if not stopped:
        message = "Aucun tirage n'est en cours."
        raise Conflict(Motif(code="not_drawing", message=message))


# --- In the worker --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What the worker holds of a scenario while it draws."""

    scenario_id: UUID
    owner: Actor
    plan: Plan

    @property
    def parties(self) -> list[str]:
        return list(self.plan.masses.parties)


async def draw(database: Database, scenario_id: UUID) -> None:
    """Every block that is missing; run twice, or killed and run again, it draws the same."""
    async with database.system_transaction("scenarios.draw") as system:
        owner = await owner_of(system, "scenario", scenario_id)
    async with database.write_transaction(owner) as tx:
        if not await rows.move_draw(tx, scenario_id, given=GOING, state="running"):
            return
        scenario = (await open_own(tx, scenario_id)).scenario
    plan = await asyncio.to_thread(Plan, scenario)
    work = _Work(scenario_id=scenario_id, owner=owner, plan=plan)
    while await _next_block(database, work):
        pass


async def _next_block(database: Database, work: _Work) -> bool:
    """False once there is nothing left to draw, or somebody stopped it."""
    async with database.read_transaction(work.owner) as tx:
        state = (await rows.find_draws(tx, [work.scenario_id])).get(work.scenario_id)
    if state is None or state.state != "running":
        return False
    runs = min(BLOCK, state.wanted - state.done)
    if not runs:
        await _finish(database, work)
        return False
    tally = await asyncio.to_thread(
        play, work.plan, seed=state.seed, block=state.done // BLOCK, runs=runs
    )
    return await _append(database, work, state, tally)


async def _append(database: Database, work: _Work, state: Draw, tally: Tally) -> bool:
    async with database.write_transaction(work.owner) as tx:
        before, _ = await rows.read_years(tx, work.scenario_id)
        return await rows.append_years(
            tx,
            state,
            years=len(tally.served),
            served=packed(tally.served),
            tally=kept(tally, before if state.done else None),
            parties=work.parties,
        )


async def _finish(database: Database, work: _Work) -> None:
    """What the years say of each party, where those who may read it find it."""
    async with database.write_transaction(work.owner) as tx:
        moved = await rows.move_draw(
            tx, work.scenario_id, given=("running",), state="done", ended_at=tx.now
        )
        if not moved:
            return
        tally, content = await rows.read_years(tx, work.scenario_id)
        served = unpacked(content, len(work.parties))
        strata = {at: stratum for stratum, at in work.plan.masses.strata.items()}
        for one in (await rows.list_figures(tx, [work.scenario_id]))[work.scenario_id]:
            number = work.plan.masses.parties.get(key_of(one))
            if number is not None and tally is not None:
                drawn = drawn_json(number, served, tally, strata)
                await rows.put_drawn(tx, work.scenario_id, one.position, drawn)


def key_of(one: Figures) -> str:
    if one.reservataire_id is None:
        return BAILLEUR
    return party_key(one.reservataire_id, one.contingent)


async def give_up(database: Database, scenario_id: UUID) -> None:
    """Say that the years could not be drawn, after the last try."""
    async with database.system_transaction("scenarios.give_up") as system:
        owner = await owner_of(system, "scenario", scenario_id)
    async with database.write_transaction(owner) as tx:
        await rows.move_draw(tx, scenario_id, given=GOING, state="failed", ended_at=tx.now)
