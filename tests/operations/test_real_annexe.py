"""The annexe of the Sources du Lac from nothing: a file of dwellings, six lines of rights (2.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from server.domain.annexe_drafts import on_flux
from server.operations import annexes, imports
from server.operations.annexes import AddLine, StartDraft
from server.tenants.transactions import Database as App
from server.tenants.transactions import TenantTransaction
from tests.operations.files import HEADER, confirmation, sent, table
from tests.operations.play import DOUSSARD, FAVERGES, SOURCES_DU_LAC, Play
from tests.worlds import Stage

BOTH = frozenset({DOUSSARD, FAVERGES})
LINES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("action-logement", {"droits": Decimal(31), "perimeter": BOTH}),
    ("doussard", {"droits": Decimal(16), "perimeter": frozenset({DOUSSARD})}),
    ("faverges-seythenex", {"droits": Decimal(143), "perimeter": frozenset({FAVERGES})}),
    ("departement", {"droits": Decimal(8), "perimeter": frozenset({DOUSSARD})}),
    ("prefecture", {"rate_bp": 500, "contingent": "fonctionnaires", "perimeter": BOTH}),
    ("prefecture", {"rate_bp": 2500, "contingent": "rs", "perimeter": BOTH}),
)


@pytest.fixture
async def worker(world: Stage) -> AsyncIterator[App]:
    opened = App(world.database.worker_dsn, pool_size=4)
    yield opened
    await opened.close()


def dwellings() -> bytes:
    """54 at Doussard, 586 at Faverges, 33 of which are in a plan de vente."""
    homes = [(DOUSSARD, "")] * 54 + [(FAVERGES, "plan de vente")] * 33 + [(FAVERGES, "")] * 553
    return table(
        *(
            f"LH-{number};{insee};{number} rue de la Maquette;T3;64,50;PLUS;1998;{exclusion}"
            for number, (insee, exclusion) in enumerate(homes)
        ),
        header=f"{HEADER};Motif d'exclusion",
    )


async def _add(command: AddLine, tx: TenantTransaction) -> UUID:
    return await annexes.add_line(tx, command)


async def test_the_real_annexe_from_a_file_and_six_lines(play: Play, worker: App) -> None:
    """Another bailleur, that has nothing there: no figure of it comes from anywhere else."""
    import_id = await sent(play, worker, dwellings(), who="denis")
    confirmed = confirmation(play, import_id)
    await play.does("denis", lambda tx: imports.confirm(tx, confirmed))
    await imports.apply(worker, import_id)
    start = StartDraft(epci_siren=SOURCES_DU_LAC, year=2026)
    annexe_id = await play.does("denis", lambda tx: annexes.start(tx, start))
    for slug, values in LINES:
        seen = play.scalar("select revision from annexes where id = %s", annexe_id)
        command = AddLine(
            annexe_id=annexe_id, revision=seen, reservataire_id=play.tenant(slug), **values
        )
        await play.does("denis", partial(_add, command))
    seen = play.scalar("select revision from annexes where id = %s", annexe_id)
    await play.does("denis", lambda tx: annexes.publish(tx, annexe_id, seen))
    read = await play.reads("chloe", lambda tx: annexes.read(tx, annexe_id))
    annexe = read.computed.annexe
    stocks = [share.stock for share in annexe.communes]
    assert [(one.total, one.excluded, one.flux) for one in stocks] == [(54, 0, 54), (586, 33, 553)]
    assert [rate.rate_bp for rate in annexe.lines] == [484, 2963, 2440, 1481, 500, 2500]
    assert [rate.droits for rate in annexe.lines] == [31, 16, 143, 8, 32, 160]
    assert annexe.total_droits == 390
    assert [share.bailleur_share_bp for share in annexe.communes] == [2072, 4076]
    what_if = [on_flux(rate, stocks) for rate in annexe.lines]
    assert what_if == [511, 2963, 2586, 1481, 527, 2636]
