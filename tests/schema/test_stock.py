"""The stock by the API: the assiette at a date, exclusions, the charte (art. 2)."""

from __future__ import annotations

from server.operations import assiette
from server.operations.assiette import ExcludeDwelling
from tests.operations.play import DOUSSARD, FAVERGES, Play
from tests.schema.client import Api

ASSIETTE = """query($on: Date) { assiette(on: $on) {
  insee name total excluded flux exclusions { code count } } }"""
EXCLUSIONS = "query($id: UUID!) { exclusions(id: $id) { code fromOn untilOn } }"
CHARTE = """{ charte { code fromOn mutationRateBp answerDays candidateDays indicator withdrawn
  exclusions } }"""


async def test_the_assiette_of_a_day(api: Api) -> None:
    """The real figures of the Sources du Lac (domain §2.5)."""
    found = {one["insee"]: one for one in (await api.ask("alice", ASSIETTE))["assiette"]}
    faverges = found[FAVERGES]
    assert (faverges["total"], faverges["excluded"], faverges["flux"]) == (586, 33, 553)
    assert sum(one["count"] for one in faverges["exclusions"]) == 33
    assert found[DOUSSARD]["flux"] == 54
    of_denis = (await api.ask("denis", ASSIETTE))["assiette"]
    assert DOUSSARD not in {one["insee"] for one in of_denis}


async def test_a_reservataire_has_no_assiette(api: Api) -> None:
    answer = await api.raw("chloe", ASSIETTE)
    assert answer["data"] == {"assiette": None}


async def test_the_exclusions_of_a_dwelling(api: Api, play: Play) -> None:
    home = play.home()
    command = ExcludeDwelling(dwelling_id=home, code="sante", from_on=play.now.date())
    await play.does("alice", lambda tx: assiette.exclude(tx, command))
    (found,) = (await api.ask("bruno", EXCLUSIONS, id=str(home)))["exclusions"]
    assert found == {"code": "sante", "fromOn": "2026-04-30", "untilOn": None}
    for stranger in ("denis", "chloe", "karine"):
        answer = await api.raw(stranger, EXCLUSIONS, id=str(home))
        assert answer["data"] == {"exclusions": None}


async def test_the_charte_is_read_by_all(api: Api) -> None:
    for who in ("alice", "chloe", "estelle", "farid"):
        (first,) = (await api.ask(who, CHARTE))["charte"]
        assert first["mutationRateBp"] == 1000
        assert first["withdrawn"] == ["mutation"]
        assert len(first["exclusions"]) == 6
