"""« Ce que voit mon organisme » on its page and by the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from server.db.isolation import insert_check
from server.operations import candidates, isolation
from server.operations.candidates import NewCandidate, PresentCandidates
from server.tenants.transactions import Database as App
from tests.operations.play import NUDS, Play
from tests.pages.browsers import Site
from tests.worlds import Stage

PATH = "/organisme/visibilite"
QUERY = """query Vue($id: UUID) { visibility(orientationId: $id) {
  subjects { code label reach count writes }
  viewers { name capacity contingent sights }
  readings { readerName personName channel orientationId bailleurName reservataireName at }
  lastCheck { ranAt isSound checks probes failures } } }"""


@pytest.fixture
async def read_by_estelle(world: Stage) -> AsyncIterator[tuple[Site, UUID]]:
    """An offer to Doussard whose DALO candidate Estelle has read on its page."""
    play, site = Play(world), Site(world)
    offer = await play.search()
    command = PresentCandidates(
        orientation_id=offer, candidates=(NewCandidate(nud=NUDS[7], is_dalo=True),)
    )
    await play.does("chloe", lambda tx: candidates.present(tx, command))
    async with site.browser("estelle") as estelle:
        assert NUDS[7] in (await estelle.get(f"/orientations/{offer}")).text
    yield site, offer
    play.close()
    await site.close()


async def test_the_parties_see_who_read(read_by_estelle: tuple[Site, UUID]) -> None:
    site, offer = read_by_estelle
    for who in ("alice", "bruno", "chloe"):
        async with site.browser(who) as visitor:
            page = (await visitor.get(f"{PATH}?orientation={offer}")).text
            assert "Préfecture de la Haute-Savoie" in page
            assert "Cette offre\u00a0: qui peut la voir" in page
            assert f"/orientations/{offer}" in page
            assert NUDS[7] not in page
            file = (await visitor.get(f"{PATH}.csv")).text
            assert str(offer) in file
            assert NUDS[7] not in file
    async with site.browser("karine") as karine:
        assert (await karine.get(f"{PATH}?orientation={offer}")).status_code == 404
        assert str(offer) not in (await karine.get(PATH)).text


async def test_nonsense_is_absent(read_by_estelle: tuple[Site, UUID]) -> None:
    site, _ = read_by_estelle
    async with site.browser("alice") as alice:
        for query in ("orientation=pas-un-identifiant", f"logement={UUID(int=1)}"):
            assert (await alice.get(f"{PATH}?{query}")).status_code == 404


async def test_the_self_test_is_on_the_page(world: Stage) -> None:
    site, worker = Site(world), App(world.database.worker_dsn, pool_size=1)
    async with site.browser("farid") as farid:
        assert "pas encore été vérifiée" in (await farid.get(PATH)).text
        await isolation.check(worker, world.database.worker_dsn, is_demo=True)
        assert "Isolation vérifiée\u00a0: aucune fuite" in (await farid.get(PATH)).text
        async with worker.system_transaction("test") as tx:
            await insert_check(tx, checks=33, probes=2000, findings=[{"code": "protected"}])
        assert "La vérification de l'isolation a échoué" in (
            (await farid.get(PATH)).text.replace("&#39;", "'")
        )
    await worker.close()
    await site.close()


async def test_the_api_says_the_same(read_by_estelle: tuple[Site, UUID]) -> None:
    site, offer = read_by_estelle
    async with site.browser("chloe") as chloe:
        answer = await chloe.post(
            "/graphql", json={"query": QUERY, "variables": {"id": str(offer)}}
        )
    data = answer.json()["data"]["visibility"]
    assert [one["orientationId"] for one in data["readings"]] == [str(offer)]
    assert {one["capacity"] for one in data["viewers"]} == {
        *("bailleur", "reservataire", "prefecture", "epci"),
    }
    subjects = {one["code"]: one for one in data["subjects"]}
    assert subjects["candidates"]["count"] == 1
    assert data["lastCheck"] is None
    async with site.browser("karine") as karine:
        answer = await karine.post(
            "/graphql", json={"query": QUERY, "variables": {"id": str(offer)}}
        )
    assert answer.json()["data"]["visibility"] is None
