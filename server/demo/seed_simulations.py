"""The two questions that Haute-Savoie Habitat asks about next year, one shown to Doussard.

Their years are drawn by the worker once the demonstration is up: opening waits for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from server.demo.seed_stage import Acts, Stage
from server.demo.seed_stories import HSH, paris
from server.demo.world_cast import CC_SOURCES_DU_LAC, FAVERGES
from server.domain.scenarios import Change, ChangeKind
from server.operations import flux, scenarios
from server.tenants.transactions import TenantTransaction

YEAR = 2027
NEW_YEAR = date(YEAR, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A simulation of the Sources du Lac, what it changes, and who is shown it."""

    at: datetime
    name: str
    changes: tuple[Change, ...]
    reader: str | None = None


def simulations(stage: Stage) -> Iterator[Acts]:
    """One each, asked and drawn at its own date."""
    for question in _questions(stage):
        yield _ask(stage, question)


def _questions(stage: Stage) -> tuple[Question, ...]:
    guarantee = Change(
        kind=ChangeKind.DROITS,
        from_on=NEW_YEAR,
        epci_siren=CC_SOURCES_DU_LAC,
        party_key=flux.party_key(stage.world.tenants["doussard"], "none"),
        droits=Decimal(20),
    )
    programme = Change(
        kind=ChangeKind.PROGRAMME,
        from_on=date(2026, 10, 1),
        insee=FAVERGES,
        number=24,
        typology="t3",
        financing="plus",
        name="Les Essais",
    )
    return (
        Question(
            at=paris("2026-04-22T10:20"),
            name="Doussard garantit un emprunt : 20 droits",
            changes=(guarantee,),
            reader="doussard",
        ),
        Question(
            at=paris("2026-04-24T15:45"),
            name="24 logements livrés à Faverges-Seythenex",
            changes=(programme,),
        ),
    )


async def _ask(stage: Stage, question: Question) -> Acts:
    yield question.at
    async with stage.db.write_transaction(stage.manager(HSH), now=question.at) as tx:
        await _prepare(tx, stage, question)


async def _prepare(tx: TenantTransaction, stage: Stage, question: Question) -> None:
    scenario_id = await scenarios.create(
        tx, scenarios.NewScenario(name=question.name, year=YEAR, epci_siren=CC_SOURCES_DU_LAC)
    )
    for change in question.changes:
        opened = await scenarios.open_own(tx, scenario_id)
        await scenarios.add_change(tx, scenario_id, opened.row.revision, change)
    await scenarios.ask(tx, scenario_id)
    if question.reader is not None:
        await scenarios.share(
            tx,
            scenarios.ShareScenario(
                scenario_id=scenario_id, tenant_id=stage.world.tenants[question.reader]
            ),
        )
