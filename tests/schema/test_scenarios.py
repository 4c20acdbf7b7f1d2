"""« What if » by the API: a tool makes, changes, draws, shows and takes up a scenario."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from server.operations import annexes, scenarios
from server.operations.annexes import StartDraft
from server.tenants.transactions import Database as App
from tests.operations.play import SOURCES_DU_LAC
from tests.schema.client import Api

SCENARIO = """scenario { id revision vacancies changes { number kind sentence }
  lines { partyKey name droits rate rateBefore } figures { name expected { mean low high }
  drawn { years mean histogram { dwellings years } months { month mean late } } }
  draw { state done wanted percent seed } shares { id tenantName revokedAt } }"""
ACT = "mutation($input: %s!) { %s(input: $input) { " + SCENARIO + " errors { code field } } }"
NAMES = {
    "createScenario": "CreateScenarioInput",
    "changeScenario": "ChangeScenarioInput",
    "drawScenario": "DrawScenarioInput",
    "shareScenario": "ShareScenarioInput",
    "revokeScenarioShare": "RevokeScenarioShareInput",
}
READ = "query($id: UUID!) { " + SCENARIO.replace("scenario {", "scenario(id: $id) {", 1) + " }"
COMPARED = """query($id: UUID!, $other: UUID) { scenarioComparison(id: $id, otherId: $other) {
  differences { name first { mean } second { mean } drawnMean } } }"""
TAKE_UP = """mutation($input: TakeUpScenarioInput!) { takeUpScenario(input: $input) {
  annexe { lines { reservataireName droits } } errors { code } } }"""


async def does(api: Api, act: str, who: str = "hsh machine", **command: Any) -> Any:
    answer = await api.ask(who, ACT % (NAMES[act], act), input=command)
    return answer[act]


async def test_a_tool_asks_draws_shows_and_takes_up(api: Api) -> None:
    play = api.play
    made = await does(api, "createScenario", name="Par outil", year=2027, epciSiren=SOURCES_DU_LAC)
    found = made["scenario"]
    line = next(one for one in found["lines"] if one["name"] == "Commune de Doussard")
    change = {
        "kind": "droits", "fromOn": "2027-01-01", "epciSiren": SOURCES_DU_LAC,
        "partyKey": line["partyKey"], "droits": "20",
    }  # fmt: skip
    head = {"scenarioId": found["id"]}
    stale = await does(api, "changeScenario", **head, revision=9, add=[change])
    assert stale["errors"] == [{"code": "stale_version", "field": None}]
    hypotheses = {"turnoverBp": 900, "mutationBp": 1000, "indicator": "leased"}
    seen = found["revision"]
    done = await does(
        api, "changeScenario", **head, revision=seen, add=[change], hypotheses=hypotheses
    )
    found = done["scenario"]
    assert found["changes"][0]["sentence"].startswith("Commune de Doussard : 20 droits")
    moved = next(one for one in found["lines"] if one["name"] == "Commune de Doussard")
    assert (moved["rateBefore"], moved["rate"]) == ("29.63", "37.04")

    await _draw_and_show(api, found)
    start = StartDraft(epci_siren=SOURCES_DU_LAC, year=2027)
    await play.does("alice", lambda tx: annexes.start(tx, start))
    taken = await api.ask("hsh machine", TAKE_UP, input={**head, "annexeRevision": 1})
    lines = taken["takeUpScenario"]["annexe"]["lines"]
    rights = {one["reservataireName"]: one["droits"] for one in lines}
    assert rights["Commune de Doussard"] == "20"


async def _draw_and_show(api: Api, found: Any) -> None:
    head = {"scenarioId": found["id"]}
    assert (await does(api, "drawScenario", **head))["scenario"]["draw"]["state"] == "waiting"
    again = await does(api, "drawScenario", **head)
    assert again["errors"][0]["code"] == "already_drawing"
    stopped = await does(api, "drawScenario", **head, stop=True)
    assert stopped["scenario"]["draw"] == {
        "state": "cancelled", "done": 0, "wanted": 1000, "percent": 0, "seed": "2027",
    }  # fmt: skip

    reader = {"readerId": str(api.play.tenant("doussard"))}
    shares = (await does(api, "shareScenario", **head, **reader))["scenario"]["shares"]
    hers = (await api.ask("doussard machine", READ, id=found["id"]))["scenario"]
    assert [one["name"] for one in hers["figures"]] == ["Commune de Doussard"]
    assert hers["lines"] == found["lines"]
    assert hers["draw"] is None
    await does(api, "revokeScenarioShare", **head, shareId=shares[0]["id"])
    gone = await api.raw("doussard machine", READ, id=found["id"])
    assert gone["data"] == {"scenario": None}


async def test_drawn_years_are_read_and_compared(api: Api) -> None:
    ids = []
    worker = App(api.play.stage.database.worker_dsn, pool_size=1)
    for name in ("Une", "Deux"):
        made = await does(api, "createScenario", name=name, year=2027, epciSiren=SOURCES_DU_LAC)
        ids.append(made["scenario"]["id"])
        await does(api, "drawScenario", scenarioId=ids[-1])
        await scenarios.draw(worker, UUID(ids[-1]))
    await worker.close()
    found = (await api.ask("alice", READ, id=ids[0]))["scenario"]
    assert found["draw"]["percent"] == 100
    for one in found["figures"]:
        assert one["drawn"]["years"] == 1000
        assert sum(cell["years"] for cell in one["drawn"]["histogram"]) == 1000
        assert one["drawn"]["months"][-1]["month"] == 12
        assert abs(one["drawn"]["mean"] - one["expected"]["mean"]) < 0.35
    both = (await api.ask("alice", COMPARED, id=ids[0], other=ids[1]))["scenarioComparison"]
    assert {one["drawnMean"] for one in both["differences"]} == {0}
    same = await api.ask("alice", COMPARED, id=ids[0])
    assert same["scenarioComparison"]["differences"] == both["differences"]
    alone = await api.raw("denis", COMPARED, id=ids[0])
    assert alone["data"] == {"scenarioComparison": None}
