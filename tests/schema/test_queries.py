from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.db.paging import encode_cursor
from server.operations import candidates, orientations
from server.operations.candidates import NewCandidate, PresentCandidates
from tests.operations.play import HSH, NUDS, paris
from tests.schema.client import Api

ORIENTATION = """query($id: UUID!) { orientation(id: $id) {
  id version state effectiveState effectiveStateLabel acceptanceMode acceptedOn candidateCount
  dwelling { address reference typology surfaceM2 } departureMotif
  advice { year proposals { name rank } }
  answerDeadline { dueAt lastDay text workingDaysLeft isOver
    receipt { startOn lastDay days skipped { day reason } calendarVersion } }
  candidatesDeadline { lastDay workingDaysLeft receipt { startOn days } }
  candidates { nud isDalo position } decisions { outcome }
  timeline { act actorTenantName personName toState }
} }"""

BOARDS = """query($year: Int!) { fluxBoards(year: $year) {
  bailleurName epciName year version totalDroits indicator vacancyCount countedOn
  assiette { total excluded flux exclusions { code count } }
  communes { insee name assiette { total excluded flux } bailleurShare bailleurShareBp }
  bailleurPosition { due { units } }
  lines { reservataireName contingent droits denominator rate rateBp rateExact perimeter
    explanation { formula numerator denominator perimeter annexeVersion publishedAt }
    position { due { dwellings units } oriented { units } attributed { units } leased { units }
      gap { dwellings units } } }
} }"""


async def test_me_says_who_acts_and_when(still: Api) -> None:
    query = """{ me { organisme { id name } capacity role personName contingents permissions now
      today } }"""
    me = (await still.ask("alice", query))["me"]
    assert me["organisme"] == {"id": str(still.play.tenant(HSH)), "name": "Haute-Savoie Habitat"}
    assert (me["capacity"], me["role"]) == ("bailleur", "responsable")
    assert "orientation.send" in me["permissions"]
    assert "urgence.decide" not in me["permissions"]
    assert me["today"] == "2026-04-30"
    now = datetime.fromisoformat(me["now"])
    assert timedelta(0) <= now - still.play.now < timedelta(minutes=2)
    machine = (await still.ask("doussard machine", query))["me"]
    assert (machine["capacity"], machine["role"]) == ("reservataire", "machine")
    assert (await still.ask("pascal", query))["me"]["contingents"] == ["rs"]


async def test_the_printed_annexe_is_computed_from_its_droits(still: Api) -> None:
    """Doussard's convention, annexe 1."""
    boards = (await still.ask("alice", BOARDS, year=2026))["fluxBoards"]
    board = next(one for one in boards if "Sources" in one["epciName"])
    assert [(line["rate"], line["denominator"]) for line in board["lines"]] == [
        ("4.84", 640),
        ("29.63", 54),
        ("24.40", 586),
        ("14.81", 54),
        ("5.00", 640),
        ("25.00", 640),
    ]
    assert [line["rateBp"] for line in board["lines"]] == [484, 2963, 2440, 1481, 500, 2500]
    assert board["lines"][0]["rateExact"] == "31/640"
    assert board["totalDroits"] == "390"
    totals = board["assiette"]
    assert (totals["total"], totals["excluded"], totals["flux"]) == (640, 33, 607)
    shares = [(one["name"], one["bailleurShare"], one["assiette"]) for one in board["communes"]]
    assert shares == [
        ("Doussard", "20.72", {"total": 54, "excluded": 0, "flux": 54}),
        ("Faverges-Seythenex", "40.76", {"total": 586, "excluded": 33, "flux": 553}),
    ]
    explanation = board["lines"][0]["explanation"]
    assert explanation["formula"].startswith("droits ÷ A")
    assert explanation["numerator"] == "31"
    assert explanation["perimeter"] == ["Doussard", "Faverges-Seythenex"]
    assert explanation["annexeVersion"] == 1
    assert explanation["publishedAt"].startswith("2026-02-20")
    assert "imposé" in board["lines"][4]["explanation"]["formula"]


async def test_a_changed_droit_moves_the_rate(api: Api) -> None:
    api.play.rewrite("update annexe_lines set droits = 32 where droits = 31")
    boards = (await api.ask("alice", BOARDS, year=2026))["fluxBoards"]
    line = next(one for one in boards if "Sources" in one["epciName"])["lines"][0]
    assert (line["rate"], line["rateExact"]) == ("5.00", "1/20")


async def test_each_reader_sees_its_part_of_the_flux(api: Api) -> None:
    await api.play.offer()
    mine = (await api.ask("chloe", BOARDS, year=2026))["fluxBoards"]
    assert len(mine[0]["lines"]) == 6
    counted = {
        line["reservataireName"]: line["position"]
        for one in mine
        for line in one["lines"]
        if line["position"]
    }
    assert list(counted) == ["Commune de Doussard"]
    assert {one["bailleurPosition"] for one in mine} == {None}
    position = counted["Commune de Doussard"]
    assert position["oriented"] == {"units": 10_000}
    assert position["due"] == {"dwellings": "0.2963", "units": 2963}
    assert position["gap"] == {"dwellings": "0.7037", "units": 7037}
    epci = (await api.ask("farid", BOARDS, year=2026))["fluxBoards"]
    assert {line["position"] for one in epci for line in one["lines"]} == {None}
    assert {one["bailleurPosition"] for one in epci} == {None}


@pytest.mark.parametrize("year", [0, -1, 1999, 99999])
async def test_a_year_out_of_range_is_told(still: Api, year: int) -> None:
    answer = await still.raw("alice", BOARDS, year=year)
    assert answer["data"] == {"fluxBoards": None}
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["year_invalid"]


async def test_dwellings_are_searched_by_words(still: Api) -> None:
    query = """query($search: String!, $insee: String) {
      dwellings(search: $search, insee: $insee) { id communeName exclusion reference } }"""
    found = (await still.ask("alice", query, search="", insee="74104"))["dwellings"]
    assert len(found) == 50
    assert {one["communeName"] for one in found} == {"Doussard"}
    reference = found[0]["reference"]
    again = (await still.ask("alice", query, search=reference))["dwellings"]
    assert found[0] in again
    assert (await still.ask("denis", query, search=reference))["dwellings"] == []
    answer = await still.raw("alice", query, search="a " * 101)
    assert answer["errors"][0]["extensions"] == {"code": "search_too_long", "field": "search"}


async def test_a_vacancy_comes_with_who_should_receive_it(api: Api) -> None:
    vacancy_id = await api.play.vacancy()
    query = """query($id: UUID!) { vacancy(id: $id) { id state nature registeredOn
      dwelling { communeName } advice { year note
        proposals { name isBailleur reservataireId contingent rank lag { units } rate sentence }
        setAside { name reservataireId code sentence } } } }"""
    vacancy = (await api.ask("alice", query, id=str(vacancy_id)))["vacancy"]
    assert (vacancy["state"], vacancy["nature"]) == ("open", "flux")
    assert vacancy["registeredOn"] == "2026-04-30"
    proposals = vacancy["advice"]["proposals"]
    assert [one["rank"] for one in proposals] == list(range(1, len(proposals) + 1))
    first = proposals[0]
    assert first["name"] == "Commune de Doussard"
    assert first["reservataireId"] == str(api.play.tenant("doussard"))
    assert (first["rate"], first["lag"]) == ("29.63", {"units": 2963})
    assert [one["isBailleur"] for one in proposals].count(True) == 1
    aside = {one["name"]: one["code"] for one in vacancy["advice"]["setAside"]}
    assert aside["Commune de Faverges-Seythenex"] == "perimeter"
    assert (await api.ask("bruno", query, id=str(vacancy_id)))["vacancy"] == vacancy


async def test_the_vacancies_of_a_bailleur_are_its_own(api: Api) -> None:
    kept = await api.play.vacancy()
    offered = await api.play.offer(home=api.play.home(number=1))
    query = """query($awaiting: Boolean!, $state: VacancyState) {
      vacancies(awaiting: $awaiting, state: $state) {
        edges { node { id advice { year } } } pageInfo { hasNextPage } } }"""

    async def ids(who: str, **values: Any) -> list[str]:
        page = (await api.ask(who, query, **{"awaiting": False, **values}))["vacancies"]
        return [edge["node"]["id"] for edge in page["edges"]]

    assert offered is not None
    assert len(await ids("alice")) == 2
    assert await ids("alice", awaiting=True) == [str(kept)]
    assert await ids("alice", state="closed") == []
    assert await ids("denis") == []
    for who in ("chloe", "estelle", "farid"):
        answer = await api.raw(who, "{ vacancies { edges { node { id } } } }")
        assert answer["errors"][0]["extensions"]["code"] == "forbidden"


async def test_an_orientation_is_read_with_the_eyes_of_each_party(api: Api) -> None:
    orientation_id = await api.play.offer()
    found = (await api.ask("alice", ORIENTATION, id=str(orientation_id)))["orientation"]
    assert (found["state"], found["effectiveState"]) == ("sent", "sent")
    assert found["effectiveStateLabel"] == "envoyée, réponse attendue"
    assert found["advice"]["proposals"][0] == {"name": "Commune de Doussard", "rank": 1}
    assert found["answerDeadline"] == {
        "dueAt": "2026-05-05T22:00:00+00:00",
        "lastDay": "2026-05-05",
        "text": "mardi 5 mai 2026 à 24 h",
        "workingDaysLeft": 2,
        "isOver": False,
        "receipt": {
            "startOn": "2026-04-30",
            "lastDay": "2026-05-05",
            "days": 2,
            "skipped": [
                {"day": "2026-05-01", "reason": "Fête du Travail"},
                {"day": "2026-05-02", "reason": "samedi"},
                {"day": "2026-05-03", "reason": "dimanche"},
            ],
            "calendarVersion": "jours-ouvres-1",
        },
    }
    assert found["candidatesDeadline"] is None
    assert "orientation.sent" in [entry["act"] for entry in found["timeline"]]
    theirs = (await api.ask("chloe", ORIENTATION, id=str(orientation_id)))["orientation"]
    assert theirs["advice"] is None
    assert theirs["dwelling"]["address"]
    seen = (await api.ask("estelle", ORIENTATION, id=str(orientation_id)))["orientation"]
    assert seen["dwelling"]["address"] is None
    assert seen["dwelling"]["typology"]


async def test_silence_accepts_at_its_date_before_any_sweep(api: Api) -> None:
    """Art. 5.3: sent on Thursday 30 April 2026, accepted on Tuesday 5 May at 24:00."""
    orientation_id = await api.play.offer()
    api.set_clock(paris("2026-05-06T00:00"))
    found = (await api.ask("chloe", ORIENTATION, id=str(orientation_id)))["orientation"]
    assert (found["state"], found["effectiveState"]) == ("sent", "searching")
    assert found["answerDeadline"]["isOver"]
    assert found["candidatesDeadline"]["lastDay"] == "2026-05-29"
    assert found["candidatesDeadline"]["receipt"] == {"startOn": "2026-05-05", "days": 15}
    assert (found["acceptanceMode"], found["acceptedOn"]) == ("tacit", "2026-05-05")
    query = "query($s: [OrientationState!]) { orientations(states: $s) { edges { node { id } } } }"
    searching = (await api.ask("chloe", query, s=["searching"]))["orientations"]["edges"]
    assert searching == [{"node": {"id": str(orientation_id)}}]
    assert (await api.ask("chloe", query, s=["sent"]))["orientations"]["edges"] == []


@pytest.mark.parametrize(
    ("late", "state"), [("2026-05-06T09:00", "searching"), ("2026-06-10T09:00", "no_candidate")]
)
async def test_a_stopped_sweep_changes_no_field(api: Api, late: str, state: str) -> None:
    """domain.md §5.7, 2: but what says itself to be the record, and the record of the acts."""
    orientation_id = await api.play.offer()
    fields = ORIENTATION.partition("orientation(id: $id) {")[2].removesuffix("} }")
    list_of = "query($s: [OrientationState!]) { orientations(states: $s) { edges { node {"
    listed = f"{list_of}{fields}}} }} }} }}"
    api.set_clock(paris(late))

    async def told(who: str) -> list[dict[str, Any]]:
        one = (await api.ask(who, ORIENTATION, id=str(orientation_id)))["orientation"]
        page = (await api.ask(who, listed, s=[state]))["orientations"]["edges"]
        recorded = ("state", "version", "timeline")
        return [
            {name: value for name, value in found.items() if name not in recorded}
            for found in (one, *(edge["node"] for edge in page))
        ]

    before = {who: await told(who) for who in ("alice", "chloe", "estelle")}
    assert {len(found) for found in before.values()} == {2}
    await api.play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    assert api.play.state(orientation_id) == state
    assert {who: await told(who) for who in before} == before


@pytest.mark.parametrize(
    ("field", "who"),
    [
        ("orientation", "chloe"),
        ("orientation", "alice"),
        ("vacancy", "alice"),
        ("caleolSession", "alice"),
        ("caleolSession", "farid"),
        ("urgence", "estelle"),
        ("bilan", "farid"),
    ],
)
async def test_an_absent_thing_is_told_absent(still: Api, field: str, who: str) -> None:
    answer = await still.raw(
        who, f"query($id: UUID!) {{ {field}(id: $id) {{ id }} }}", id=str(uuid4())
    )
    assert answer["data"] == {field: None}
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["not_found"]


async def test_what_is_of_another_tenant_looks_absent(api: Api) -> None:
    orientation_id = await api.play.complete()
    vacancy_id = api.play.scalar("select vacancy_id from orientations")
    session_id = await api.play.session(orientation_id)
    for field, one in (
        ("orientation", orientation_id),
        ("vacancy", vacancy_id),
        ("caleolSession", session_id),
    ):
        query = f"query($id: UUID!) {{ {field}(id: $id) {{ id }} }}"
        for who in ("denis", "leman machine"):
            theirs = await api.send(who, {"query": query, "variables": {"id": str(one)}})
            nothing = await api.send(who, {"query": query, "variables": {"id": str(uuid4())}})
            assert theirs.content == nothing.content
            assert theirs.status_code == nothing.status_code


@pytest.mark.parametrize("one", ["", "1", "x" * 36, "{}", "0" * 33])
async def test_a_malformed_identifier_is_told(still: Api, one: str) -> None:
    answer = await still.raw("alice", ORIENTATION, id=one)
    assert "data" not in answer or answer["data"] is None
    assert "un identifiant est un UUID" in answer["errors"][0]["message"]


async def test_orientations_are_filtered_and_paged(api: Api) -> None:
    sent = [str(await api.play.offer(home=api.play.home(number=n))) for n in range(5)]
    await api.play.does("chloe", _accept(UUID(sent[0])))
    query = """query($first: Int! = 25, $after: String, $states: [OrientationState!],
        $insee: String, $reservataire: UUID) {
      orientations(first: $first, after: $after, states: $states, insee: $insee,
          reservataireId: $reservataire) {
        edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""

    async def page(**values: Any) -> Any:
        return (await api.ask("alice", query, **values))["orientations"]

    def ids(one: Any) -> list[str]:
        return [edge["node"]["id"] for edge in one["edges"]]

    found, after, pages = [], None, 0
    while True:
        one = await page(first=2, after=after)
        found += ids(one)
        pages += 1
        assert one["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert one["pageInfo"]["endCursor"] == one["edges"][-1]["cursor"]
        after = one["pageInfo"]["endCursor"]
        if not one["pageInfo"]["hasNextPage"]:
            break
    assert pages == 3
    assert sorted(found) == sorted(sent)
    assert ids(await page(states=["searching"])) == [sent[0]]
    assert ids(await page(states=[])) == found
    assert ids(await page(insee="74123")) == []
    assert ids(await page(reservataire=str(api.play.tenant("doussard")))) == found
    nothing = {"startCursor": None, "endCursor": None}
    place = {"hasNextPage": False, "hasPreviousPage": False, **nothing}
    empty = await page(reservataire=str(uuid4()))
    assert empty == {"edges": [], "pageInfo": place}


def _accept(orientation_id: UUID) -> Any:
    return lambda tx: orientations.accept(tx, orientation_id)


CONNECTIONS = ["orientations", "vacancies", "caleolSessions", "urgences", "notifications"]


@pytest.mark.parametrize("field", CONNECTIONS)
@pytest.mark.parametrize(
    ("first", "code"),
    [(101, "page_too_large"), (2000, "page_too_large"), (0, "page_too_small"),
     (-1, "page_too_small")],
)  # fmt: skip
async def test_a_page_has_one_to_a_hundred_elements(
    still: Api, field: str, first: int, code: str
) -> None:
    query = f"query($first: Int!) {{ {field}(first: $first) {{ pageInfo {{ endCursor }} }} }}"
    with still.counted() as statements:
        answer = await still.raw("alice", query, first=first)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, "first")
    assert statements == []


@pytest.mark.parametrize("field", CONNECTIONS)
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "====",
        base64.urlsafe_b64encode(b"2026-01-01|x").decode(),
        base64.urlsafe_b64encode(b"|").decode(),
        base64.urlsafe_b64encode(f"0001-01-01T00:00:00+14:00|{UUID(int=1)}".encode()).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "A" * 5000,
    ],
)
async def test_a_malformed_cursor_is_told(still: Api, field: str, cursor: str) -> None:
    query = f"query($after: String) {{ {field}(after: $after) {{ pageInfo {{ endCursor }} }} }}"
    answer = await still.raw("alice", query, after=cursor)
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "cursor_invalid", "field": "after"}
    assert "curseur" in error["message"]


async def test_a_cursor_of_nothing_is_an_empty_page(api: Api) -> None:
    await api.play.offer()
    cursor = encode_cursor(datetime(2000, 1, 1, tzinfo=UTC), UUID(int=0))
    query = "query($after: String) { orientations(after: $after) { edges { cursor } } }"
    assert (await api.ask("alice", query, after=cursor))["orientations"]["edges"] == []


async def test_two_root_fields_share_one_connection(api: Api) -> None:
    """strawberry resolves siblings at the same time and a connection carries one statement."""
    await api.play.search()
    query = """{ a: orientations { edges { node { id candidates { nud } } } }
      b: orientations { edges { node { id timeline { act } } } }
      me { now } notifications { edges { node { template } } } fluxBoards(year: 2026) { year } }"""
    with api.counted() as statements:
        data = await api.ask("chloe", query)
    assert len(data["a"]["edges"]) == len(data["b"]["edges"]) == 1
    assert sum("set_config" in one for one in statements) == 1


async def test_the_failure_of_one_root_field_leaves_the_others(api: Api) -> None:
    orientation_id = await api.play.offer()
    query = """query($id: UUID!) { vacancies { edges { cursor } } orientation(id: $id) { id }
      urgence(id: $id) { id } }"""
    answer = await api.raw("chloe", query, id=str(orientation_id))
    assert answer["data"] == {
        "vacancies": None,
        "orientation": {"id": str(orientation_id)},
        "urgence": None,
    }
    assert sorted((one["path"][0], one["extensions"]["code"]) for one in answer["errors"]) == [
        ("urgence", "not_found"),
        ("vacancies", "forbidden"),
    ]


async def test_a_caleol_session_is_seen_as_far_as_each_may(api: Api) -> None:
    orientation_id = await api.play.complete()
    session_id = await api.play.session(orientation_id)
    query = """query($id: UUID!) { caleolSession(id: $id) { place mode state itemCount
      items { position orientationId orientation { id communeName candidates { nud } }
        candidates { nud } decisions { outcome rank } }
      invitations { tenantName capacity } } }"""

    async def seen(who: str) -> Any:
        return (await api.ask(who, query, id=str(session_id)))["caleolSession"]

    mine = await seen("alice")
    (item,) = mine["items"]
    assert [one["nud"] for one in item["candidates"]] == list(NUDS[:3])
    assert item["orientation"]["candidates"] == item["candidates"]
    assert {one["capacity"] for one in mine["invitations"]} == {"reservataire", "prefecture"}
    theirs = await seen("chloe")
    assert theirs["items"] == mine["items"]
    assert [one["tenantName"] for one in theirs["invitations"]] == ["Commune de Doussard"]
    prefecture = await seen("estelle")
    assert prefecture["items"][0]["candidates"] == []
    assert prefecture["items"][0]["orientation"]["communeName"] == "Doussard"
    page = await api.ask("alice", "{ caleolSessions { edges { node { id itemCount } } } }")
    assert page["caleolSessions"]["edges"] == [{"node": {"id": str(session_id), "itemCount": 1}}]


async def test_an_epci_sits_in_the_commission_without_reading_the_files(api: Api) -> None:
    orientation_id = await api.play.complete()
    session_id = await api.play.session(orientation_id)
    api.play.run(
        "insert into caleol_invitations (id, session_id, bailleur_id, tenant_id, capacity,"
        " invited_at) values (%s, %s, %s, %s, 'epci', now())",
        uuid4(),
        session_id,
        api.play.tenant(HSH),
        api.play.tenant("cc-sources-du-lac"),
    )
    query = """{ caleolSessions { edges { node { place items { position orientation { id }
      candidates { nud } decisions { outcome } } invitations { capacity } } } } }"""
    data = await api.ask("farid", query)
    (edge,) = data["caleolSessions"]["edges"]
    assert edge["node"]["items"] == [
        {"position": 1, "orientation": None, "candidates": [], "decisions": []}
    ]
    assert edge["node"]["invitations"] == [{"capacity": "epci"}]
    answer = await api.raw("farid", "{ orientations { edges { cursor } } }")
    assert answer["errors"][0]["extensions"]["code"] == "forbidden"


async def test_what_the_organisme_was_told(api: Api) -> None:
    orientation_id = await api.play.offer()
    query = "{ notifications { edges { node { template subjectKind subjectId state subject } } } }"
    (edge,) = (await api.ask("chloe", query))["notifications"]["edges"]
    assert edge["node"] == {
        "template": "orientation.sent",
        "subjectKind": "orientation",
        "subjectId": str(orientation_id),
        "state": "queued",
        "subject": None,
    }
    assert (await api.ask("karine", query))["notifications"]["edges"] == []


async def test_who_read_is_told_with_its_instant(api: Api) -> None:
    """A reading of a DALO household by the préfecture is shown to the parties as it was written."""
    offer = await api.play.search()
    one = NewCandidate(nud=NUDS[7], is_dalo=True)
    command = PresentCandidates(orientation_id=offer, candidates=(one,))
    await api.play.does("chloe", lambda tx: candidates.present(tx, command))
    query = "query($id: UUID!) { orientation(id: $id) { candidates { nud } } }"
    assert (await api.ask("estelle", query, id=str(offer)))["orientation"]["candidates"]
    read_at = api.play.scalar("select at from nominative_readings")
    seen = "{ visibility { readings { at orientationId } } }"
    for who in ("alice", "chloe"):
        (found,) = (await api.ask(who, seen))["visibility"]["readings"]
        assert found["orientationId"] == str(offer)
        assert datetime.fromisoformat(found["at"]) == read_at
    assert (await api.ask("karine", seen))["visibility"]["readings"] == []
