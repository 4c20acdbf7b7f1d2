from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.operations.play import HSH, NUDS, SOURCES_DU_LAC, paris
from tests.schema.client import Api

VACANCY = "vacancy { id state nature dwelling { id } advice { proposals { name } } }"
ORIENTATION = """orientation { id state version acceptanceMode refusalMotif withdrawalReason
  leasedOn candidates { id nud isDalo } decisions { outcome rank } timeline { act } }"""
SESSION = """session { id state place items { orientationId orientation { state } }
  invitations { tenantName capacity } }"""
URGENCE = "urgence { id state chargedReservataireName decisionReason }"
BILAN = """bilan { id year state downloadPath deliveries { tenantName }
  content { isProvisional parties { name due { units } oriented gap { dwellings } }
    detailed { address nature sentOn partyKey } consolidated { dimension cells { value label } }
    outOfFlux { nature count } mutations { ratio level } checks { code label isOk }
    rates { rate rateBp } } }"""

Input = Mapping[str, Any]


def of(orientation_id: UUID, **values: Any) -> dict[str, Any]:
    return {"orientationId": str(orientation_id), **values}


# --- Vacancies --------------------------------------------------------------------------------


async def test_registering_a_vacancy_says_who_should_receive_it(api: Api) -> None:
    home = str(api.play.home())
    values = {"dwellingId": home, "freeOn": "2026-06-30", "noticeOn": "2026-04-29"}
    payload = await api.act("alice", "registerVacancy", "RegisterVacancyInput", VACANCY, **values)
    assert payload["errors"] == []
    assert payload["vacancy"]["state"] == "open"
    assert payload["vacancy"]["dwelling"] == {"id": home}
    assert payload["vacancy"]["advice"]["proposals"][0] == {"name": "Commune de Doussard"}
    assert api.play.journal(UUID(payload["vacancy"]["id"]))[0][0] == "vacancy.registered"


async def test_a_machine_acts_through_the_api(api: Api) -> None:
    values = {"dwellingId": str(api.play.home()), "freeOn": "2026-06-30"}
    payload = await api.act(
        "hsh machine", "registerVacancy", "RegisterVacancyInput", VACANCY, **values
    )
    (line,) = api.play.journal(UUID(payload["vacancy"]["id"]))
    assert line[-1] == "api"


@pytest.mark.parametrize(
    ("who", "values", "code", "field"),
    [
        ("alice", {"noticeOn": "2026-07-01"}, "notice_after_free", "noticeOn"),
        ("alice", {"dwellingId": str(uuid4())}, "not_found", None),
        ("bruno", {}, "forbidden", None),
        ("chloe", {}, "forbidden", None),
        ("denis", {}, "not_found", None),
        ("estelle", {}, "forbidden", None),
        ("farid", {}, "forbidden", None),
        ("doussard machine", {}, "forbidden", None),
    ],
)
async def test_a_vacancy_refused(
    api: Api, who: str, values: Input, code: str, field: str | None
) -> None:
    known = {"dwellingId": str(api.play.home()), "freeOn": "2026-06-30", **values}
    errors = await api.is_refused(
        who, "registerVacancy", "RegisterVacancyInput", VACANCY, code, **known
    )
    assert [error["field"] for error in errors] == [field]


async def test_a_dwelling_has_one_vacancy_and_is_in_the_assiette(api: Api) -> None:
    await api.play.vacancy()
    names = ("registerVacancy", "RegisterVacancyInput", VACANCY)
    values = {"dwellingId": str(api.play.home()), "freeOn": "2026-06-30"}
    (error,) = await api.is_refused("alice", *names, "vacancy_already_open", **values)
    assert error["field"] == "dwellingId"
    excluded = api.play.stage.world.excluded[HSH, "74123"][0]
    values["dwellingId"] = str(excluded)
    (error,) = await api.is_refused("alice", *names, "dwelling_outside_assiette", **values)
    assert "plan de vente" in error["message"]


async def test_a_vacancy_is_kept_once(api: Api) -> None:
    vacancy_id = str(await api.play.vacancy())
    names = ("keepVacancy", "KeepVacancyInput", VACANCY)
    for who, code in (("bruno", "forbidden"), ("denis", "not_found"), ("chloe", "forbidden")):
        await api.is_refused(who, *names, code, vacancyId=vacancy_id, nature="mutation")
    payload = await api.act("alice", *names, vacancyId=vacancy_id, nature="own", reason="Part")
    assert (payload["vacancy"]["state"], payload["vacancy"]["nature"]) == ("closed", "own")
    await api.is_refused(
        "alice", *names, "vacancy_not_available", vacancyId=vacancy_id, nature="mutation"
    )


# --- Orientations -----------------------------------------------------------------------------

SEND = ("sendOrientation", "SendOrientationInput", ORIENTATION)


async def test_sending_an_offer(api: Api) -> None:
    vacancy_id = str(await api.play.vacancy())
    values = {"vacancyId": vacancy_id, "reservataireId": str(api.play.tenant("doussard"))}
    for who, code in (("bruno", "forbidden"), ("denis", "not_found"), ("chloe", "forbidden")):
        await api.is_refused(who, *SEND, code, **values)
    payload = await api.act("alice", *SEND, **values)
    assert payload["errors"] == []
    assert payload["orientation"]["state"] == "sent"
    assert [one["act"] for one in payload["orientation"]["timeline"]] == [
        "orientation.sent",
        "vacancy.registered",
    ]
    await api.is_refused("alice", *SEND, "live_orientation_exists", **values)


@pytest.mark.parametrize(
    ("slug", "values", "code"),
    [
        ("action-logement", {}, "departure_motif_required"),
        ("faverges-seythenex", {"departureMotif": "Essai"}, "commune_outside_perimeter"),
        ("publier", {"departureMotif": "Essai"}, "commune_outside_perimeter"),
        ("leman-habitat", {"departureMotif": "Essai"}, "convention_missing"),
    ],
)
async def test_an_offer_refused(api: Api, slug: str, values: Input, code: str) -> None:
    vacancy_id = str(await api.play.vacancy())
    before = api.play.dump()
    payload = await api.act(
        "alice",
        *SEND,
        vacancyId=vacancy_id,
        reservataireId=str(api.play.tenant(slug)),
        **values,
    )
    assert payload["orientation"] is None
    assert code in [error["code"] for error in payload["errors"]], payload["errors"]
    assert api.play.dump() == before


async def test_accepting_refusing_withdrawing(api: Api) -> None:
    accepted, refused, withdrawn = [
        await api.play.offer(home=api.play.home(number=number)) for number in range(3)
    ]
    accept = ("acceptOrientation", "AcceptOrientationInput", ORIENTATION)
    refuse = ("refuseOrientation", "RefuseOrientationInput", ORIENTATION)
    withdraw = ("withdrawOrientation", "WithdrawOrientationInput", ORIENTATION)
    for who, code in (
        *(("alice", "forbidden"), ("bruno", "forbidden"), ("denis", "forbidden")),
        *(("karine", "not_found"), ("estelle", "forbidden"), ("farid", "forbidden")),
        ("faverges machine", "not_found"),
    ):
        await api.is_refused(who, *accept, code, **of(accepted))
        await api.is_refused(who, *refuse, code, **of(accepted))
    for who, code in (("chloe", "forbidden"), ("bruno", "forbidden"), ("denis", "not_found")):
        await api.is_refused(who, *withdraw, code, **of(withdrawn, reason="Essai"))
    payload = await api.act("chloe", *accept, **of(accepted, expectedVersion=1))
    assert payload["orientation"]["state"] == "searching"
    assert payload["orientation"]["acceptanceMode"] == "express"
    payload = await api.act("doussard machine", *refuse, **of(refused, motif="Trop loin"))
    assert payload["orientation"]["state"] == "refused"
    assert payload["orientation"]["refusalMotif"] == "Trop loin"
    (error,) = await api.is_refused(
        "alice", *withdraw, "reason_required", **of(withdrawn, reason=" ")
    )
    assert error["field"] == "reason"
    payload = await api.act("alice", *withdraw, **of(withdrawn, reason="Sinistre"))
    assert payload["orientation"]["withdrawalReason"] == "Sinistre"
    await api.is_refused("chloe", *refuse, "stale_version", **of(accepted))


async def test_a_stale_version_and_an_answer_too_late(api: Api) -> None:
    orientation_id = await api.play.offer()
    accept = ("acceptOrientation", "AcceptOrientationInput", ORIENTATION)
    await api.is_refused("chloe", *accept, "stale_version", **of(orientation_id, expectedVersion=9))
    api.set_clock(paris("2026-05-06T00:00"))
    (error,) = await api.is_refused("chloe", *accept, "answer_too_late", **of(orientation_id))
    assert "réputée acceptée depuis le mardi 5 mai 2026 à 24 h" in error["message"]


PRESENT = ("presentCandidates", "PresentCandidatesInput", ORIENTATION)


async def test_presenting_three_candidates_ends_the_search(api: Api) -> None:
    orientation_id = await api.play.search()
    candidates = [{"nud": nud, "criterion": "f"} for nud in NUDS[:3]]
    for who, code in (("alice", "wrong_state"), ("bruno", "forbidden"), ("karine", "not_found")):
        await api.is_refused(who, *PRESENT, code, **of(orientation_id, candidates=candidates))
    payload = await api.act("chloe", *PRESENT, **of(orientation_id, candidates=candidates))
    assert payload["orientation"]["state"] == "candidates_complete"
    assert [one["nud"] for one in payload["orientation"]["candidates"]] == list(NUDS[:3])
    assert payload["orientation"]["version"] == api.play.scalar(
        "select version from orientations where id = %s", orientation_id
    )


@pytest.mark.parametrize(
    ("candidates", "code", "field"),
    [
        ([{"nud": "123"}], "nud_invalid", "candidates.0.nud"),
        ([{"nud": "0" * 17 + "é"}], "nud_invalid", "candidates.0.nud"),
        ([{"nud": NUDS[0]}, {"nud": NUDS[0]}], "nud_already_presented", "candidates.1.nud"),
        ([{"nud": nud} for nud in NUDS[:4]], "too_many_candidates", None),
        ([{"nud": NUDS[0], "isDalo": True}, {"nud": NUDS[1]}], "dalo_not_alone", None),
        ([], "candidates_empty", None),
    ],
)
async def test_candidates_refused(
    api: Api, candidates: list[Input], code: str, field: str | None
) -> None:
    orientation_id = await api.play.search()
    errors = await api.is_refused(
        "chloe", *PRESENT, code, **of(orientation_id, candidates=candidates)
    )
    assert field in [error["field"] for error in errors]
    assert not any(nud in error["message"] for error in errors for nud in NUDS)


async def test_a_dalo_candidate_alone_is_enough_and_seen_by_the_prefecture(api: Api) -> None:
    orientation_id = await api.play.search()
    candidates = [{"nud": NUDS[0], "isDalo": True, "daloOrigin": "prefet"}]
    payload = await api.act("chloe", *PRESENT, **of(orientation_id, candidates=candidates))
    assert payload["orientation"]["state"] == "candidates_complete"
    query = "query($id: UUID!) { orientation(id: $id) { candidates { isDalo daloOrigin } } }"
    data = await api.ask("estelle", query, id=str(orientation_id))
    assert data["orientation"]["candidates"] == [{"isDalo": True, "daloOrigin": "prefet"}]


# --- The commission ---------------------------------------------------------------------------

PLAN = ("planCaleol", "PlanCaleolInput", SESSION)
DECIDE = ("recordDecision", "RecordDecisionInput", ORIENTATION)
LEASE = ("recordLease", "RecordLeaseInput", ORIENTATION)


def ranked(api: Api, orientation_id: UUID) -> list[Input]:
    first, second, third = api.play.candidates(orientation_id)
    refused = {"outcome": "not_attributed", "reason": "other", "reasonText": "Essai"}
    return [
        {"candidateId": str(first), "outcome": "attribution"},
        {"candidateId": str(second), "outcome": "attribution_rank", "rank": 2},
        {"candidateId": str(third), **refused},
    ]


async def test_from_the_agenda_to_the_lease(api: Api) -> None:
    orientation_id = await api.play.complete()
    agenda = {
        "startsAt": "2026-05-07T09:00:00+02:00",
        "place": "Annecy",
        "orientationIds": [str(orientation_id)],
    }
    for who, code in (("bruno", "forbidden"), ("chloe", "forbidden"), ("denis", "not_found")):
        await api.is_refused(who, *PLAN, code, **agenda)
    session = (await api.act("alice", *PLAN, **agenda))["session"]
    assert session["items"][0]["orientation"] == {"state": "in_caleol"}
    assert "Préfecture de la Haute-Savoie" in [one["tenantName"] for one in session["invitations"]]

    decided = of(orientation_id, sessionId=session["id"], decisions=ranked(api, orientation_id))
    await api.is_refused("alice", *DECIDE, "decision_before_session", **decided)
    api.set_clock(paris("2026-05-07T12:00"))
    for who, code in (("bruno", "forbidden"), ("chloe", "forbidden"), ("denis", "not_found")):
        await api.is_refused(who, *DECIDE, code, **decided)
    payload = await api.act("alice", *DECIDE, **decided)
    assert payload["errors"] == []
    assert payload["orientation"]["state"] == "attributed"
    assert [one["rank"] for one in payload["orientation"]["decisions"]] == [1, 2, None]

    await api.is_refused(
        "alice", *LEASE, "lease_in_future", **of(orientation_id, signedOn="2026-06-01")
    )
    for who, code in (("bruno", "forbidden"), ("chloe", "forbidden"), ("denis", "not_found")):
        await api.is_refused(who, *LEASE, code, **of(orientation_id, signedOn="2026-05-07"))
    payload = await api.act("alice", *LEASE, **of(orientation_id, signedOn="2026-05-07"))
    assert payload["orientation"]["leasedOn"] == "2026-05-07"
    acts = [one["act"] for one in payload["orientation"]["timeline"]]
    assert acts[0] == "orientation.lease"
    assert acts[-1] == "vacancy.registered"


async def test_decisions_refused_name_the_fields_of_the_input(api: Api) -> None:
    orientation_id = await api.play.complete()
    session_id = await api.play.session(orientation_id)
    api.set_clock(paris("2026-05-08T12:00"))
    one, two, _ = api.play.candidates(orientation_id)
    errors = await api.is_refused(
        "alice",
        *DECIDE,
        "condition_required",
        **of(
            orientation_id,
            sessionId=str(session_id),
            decisions=[
                {"candidateId": str(one), "outcome": "attribution_condition"},
                {"candidateId": str(two), "outcome": "not_attributed"},
                {"candidateId": str(uuid4()), "outcome": "inadmissible", "reason": "other"},
            ],
        ),
    )
    assert {error["field"] for error in errors} >= {
        "decisions.0.condition",
        "decisions.0.conditionUntil",
        "decisions.1.reason",
        "decisions.2.candidateId",
    }


async def test_a_short_list_needs_its_justification(api: Api) -> None:
    orientation_id = await api.play.search()
    await api.play.present(orientation_id, NUDS[0])
    api.set_clock(paris("2026-06-01T09:00"))
    agenda: dict[str, Any] = {
        "startsAt": "2026-06-10T09:00:00+02:00",
        "place": "Annecy",
        "orientationIds": [str(orientation_id)],
    }
    await api.is_refused("alice", *PLAN, "justification_required", **agenda)
    agenda["justifications"] = [of(orientation_id, text="Commune peu demandée")]
    assert (await api.act("alice", *PLAN, **agenda))["errors"] == []


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"place": " "}, "place_required", "place"),
        ({"startsAt": "2026-04-01T09:00:00+02:00"}, "session_in_past", "startsAt"),
        ({"orientationIds": []}, "agenda_empty", "orientationIds"),
        ({"orientationIds": [str(uuid4())]}, "not_found", None),
    ],
)
async def test_a_session_refused(api: Api, values: Input, code: str, field: str | None) -> None:
    orientation_id = await api.play.complete()
    agenda = {
        "startsAt": "2026-05-07T09:00:00+02:00",
        "place": "Annecy",
        "orientationIds": [str(orientation_id)],
        **values,
    }
    (error,) = await api.is_refused("alice", *PLAN, code, **agenda)
    assert error["field"] == field


# --- Urgencies --------------------------------------------------------------------------------

REQUEST = ("requestUrgentAllocation", "RequestUrgentAllocationInput", URGENCE)
SETTLE = ("decideUrgentAllocation", "DecideUrgentAllocationInput", URGENCE)


async def test_an_urgency_asked_and_decided(api: Api) -> None:
    doussard = str(api.play.tenant("doussard"))
    asked = {
        "vacancyId": str(await api.play.vacancy()),
        "kind": "fire",
        "title": "Incendie d'un immeuble",
        "households": 2,
        "proposedReservataireId": doussard,
    }
    for who, code in (("bruno", "forbidden"), ("denis", "not_found"), ("estelle", "forbidden")):
        await api.is_refused(who, *REQUEST, code, **asked)
    (error,) = await api.is_refused(
        "alice", *REQUEST, "circumstances_required", **{**asked, "title": " "}
    )
    assert error["field"] == "title"
    urgence = (await api.act("alice", *REQUEST, **asked))["urgence"]
    assert urgence["state"] == "requested"
    settled = {"urgenceId": urgence["id"], "isApproved": True, "chargedReservataireId": doussard}
    for who, code in (
        *(("alice", "forbidden"), ("chloe", "forbidden"), ("farid", "forbidden")),
        *(("denis", "forbidden"), ("pascal", "forbidden")),
    ):
        await api.is_refused(who, *SETTLE, code, **settled)
    (error,) = await api.is_refused(
        "estelle", *SETTLE, "charge_missing", urgenceId=urgence["id"], isApproved=True
    )
    assert error["field"] == "chargedReservataireId"
    await api.is_refused(
        "estelle", *SETTLE, "reason_required", urgenceId=urgence["id"], isApproved=False
    )
    payload = await api.act("estelle", *SETTLE, **settled)
    assert payload["urgence"]["state"] == "approved"
    assert payload["urgence"]["chargedReservataireName"] == "Commune de Doussard"
    await api.is_refused("estelle", *SETTLE, "urgency_already_decided", **settled)
    query = "{ urgences(state: approved) { edges { node { title communeName } } } }"
    for who in ("estelle", "alice", "chloe", "farid"):
        (edge,) = (await api.ask(who, query))["urgences"]["edges"]
        assert edge["node"]["communeName"] == "Doussard"
    assert (await api.ask("denis", query))["urgences"]["edges"] == []


# --- Bilans -----------------------------------------------------------------------------------

PUBLISH = ("publishBilan", "PublishBilanInput", BILAN)


async def test_publishing_a_bilan(api: Api) -> None:
    await api.play.offer()
    for who in ("bruno", "chloe", "estelle", "farid"):
        await api.is_refused(who, *PUBLISH, "forbidden", year=2026)
    payload = await api.act("alice", *PUBLISH, year=2026)
    assert payload["errors"] == []
    bilan = payload["bilan"]
    assert (bilan["state"], bilan["downloadPath"], bilan["deliveries"]) == ("preparing", None, [])
    content = bilan["content"]
    assert content["isProvisional"]
    doussard = next(one for one in content["parties"] if one["name"] == "Commune de Doussard")
    assert (doussard["due"], doussard["oriented"]) == ({"units": 2963}, 1)
    assert doussard["gap"] == {"dwellings": "0.7037"}
    (detail,) = content["detailed"]
    assert detail["sentOn"] == "2026-04-30"
    assert [one["dimension"] for one in content["consolidated"]] == [
        *("typology", "financing", "qpv", "commune", "period"),
    ]
    communes = content["consolidated"][3]["cells"]
    assert {"value": "74104", "label": "Doussard"} in communes
    assert all(one["isOk"] and one["label"] != one["code"] for one in content["checks"])
    assert {"rate": "29.63", "rateBp": 2963} in content["rates"]
    await api.is_refused("alice", *PUBLISH, "bilan_unchanged", year=2026)
    query = "query($id: UUID!) { bilan(id: $id) { year content { detailed { address } } } }"
    assert (await api.ask("alice", query, id=bilan["id"]))["bilan"]["year"] == 2026
    listed = await api.ask("bruno", "{ bilans(year: 2026) { id content { year } } }")
    assert listed["bilans"] == [{"id": bilan["id"], "content": None}]
    for who in ("denis", "chloe", "estelle", "farid"):
        assert (await api.ask(who, "{ bilans { id } }"))["bilans"] == []


@pytest.mark.parametrize(
    ("year", "code"),
    [
        (2027, "year_in_future"),
        (2022, "year_too_old"),
        (0, "year_invalid"),
        (10**9, "year_invalid"),
    ],
)
async def test_a_bilan_refused(api: Api, year: int, code: str) -> None:
    (error,) = await api.is_refused("alice", *PUBLISH, code, year=year)
    assert error["field"] == "year"


# --- All of them ------------------------------------------------------------------------------


async def test_server_owned_fields_are_not_in_any_input(api: Api) -> None:
    orientation_id = await api.play.offer()
    before = api.play.dump()
    for extra in ({"state": "leased"}, {"bailleurId": str(uuid4())}, {"answeredAt": "2026-01-01"}):
        document = (
            "mutation($i: AcceptOrientationInput!) { acceptOrientation(input: $i) { __typename } }"
        )
        answer = await api.raw("chloe", document, i=of(orientation_id, **extra))
        assert answer["errors"]
        assert answer.get("data") is None
    assert api.play.dump() == before


@pytest.mark.parametrize(
    "instant",
    ["2026-05-07T09:00:00", "2026-05-07", "demain", "9999-12-31T23:59:59-12:00", "", 12],
)
async def test_an_instant_needs_its_offset(api: Api, instant: Any) -> None:
    document = "mutation($i: PlanCaleolInput!) { planCaleol(input: $i) { __typename } }"
    values = {"startsAt": instant, "place": "x", "orientationIds": []}
    answer = await api.raw("alice", document, i=values)
    assert "un instant s'écrit" in answer["errors"][0]["message"]


async def test_a_payload_shows_what_was_committed(api: Api) -> None:
    """The payload is read inside the transaction, and the transaction is committed."""
    orientation_id = await api.play.offer()
    accept = ("acceptOrientation", "AcceptOrientationInput", ORIENTATION)
    payload = await api.act("chloe", *accept, **of(orientation_id))
    query = (
        f"query($id: UUID!) {{ orientation(id: $id) {ORIENTATION.removeprefix('orientation')} }}"
    )
    data = await api.ask("chloe", query, id=str(orientation_id))
    assert data["orientation"] == payload["orientation"]


# --- Conventions ------------------------------------------------------------------------------

CONVENTION = "convention { id state version management startsOn communes }"
PREPARE = ("prepareConvention", "PrepareConventionInput", CONVENTION)
MOVE = ("moveConvention", "MoveConventionInput", CONVENTION)


async def test_a_convention_prepared_then_moved_by_each_party(api: Api) -> None:
    """Art. 8: the same acts as on the pages; no machine makes them."""
    project = {
        "reservataireId": str(api.play.tenant("doussard")),
        "communes": ["74104"],
        "startsOn": "2026-11-23",
        "modelVersion": "Convention bilatérale",
    }
    for who in ("bruno", "chloe", "estelle", "farid"):
        await api.is_refused(who, *PREPARE, "forbidden", **project)
    await api.is_refused("hsh machine", *PREPARE, "scope_missing", **project)
    (error,) = await api.is_refused(
        "alice", *PREPARE, "perimeter_required", **{**project, "communes": []}
    )
    assert error["field"] == "perimeter"
    made = (await api.act("alice", *PREPARE, **project))["convention"]
    assert (made["state"], made["version"], made["management"]) == ("draft", 1, "direct")
    today = api.play.day().isoformat()
    vote = {
        "conventionId": made["id"],
        "step": "deliberate",
        "on": today,
        "told": "n° 1",
        "transmittedOn": today,
    }
    await api.is_refused("alice", *MOVE, "not_your_step", **vote)
    await api.is_refused("karine", *MOVE, "not_found", **vote)
    voted = (await api.act("chloe", *MOVE, **vote))["convention"]
    assert voted["state"] == "deliberated"
    sign = {"conventionId": made["id"], "step": "sign", "on": today, "told": "Maire"}
    await api.is_refused("chloe", *MOVE, "stale_version", **sign, expectedVersion=1)
    await api.act("chloe", *MOVE, **sign)
    signed = (await api.act("alice", *MOVE, **sign))["convention"]
    assert (signed["state"], signed["communes"]) == ("signed", ["Doussard"])


# --- Closures ---------------------------------------------------------------------------------

CLOSED = "closure { id firstDay lastDay reason }"
DECLARE = ("declareClosure", "DeclareClosureInput", CLOSED)
WITHDRAW = ("withdrawClosure", "WithdrawClosureInput", CLOSED)
READ_CLOSURES = "query($of: UUID) { closures(reservataireId: $of) { firstDay reason } }"


async def test_a_closure_is_declared_read_by_the_bailleur_then_withdrawn(api: Api) -> None:
    """domain.md §5.4: shown to who sends an offer; the convention says whether it stops a clock."""
    first = (api.play.day() + timedelta(days=7)).isoformat()
    command = {"firstDay": first, "lastDay": first, "reason": "Pont"}
    for who in ("alice", "denis", "estelle", "farid"):
        await api.is_refused(who, *DECLARE, "forbidden", **command)
    (error,) = await api.is_refused(
        "chloe", *DECLARE, "closure_order", **{**command, "lastDay": "2020-01-01"}
    )
    assert error["field"] == "lastDay"
    made = (await api.act("chloe", *DECLARE, **command))["closure"]
    assert made == {"id": made["id"], "firstDay": first, "lastDay": first, "reason": "Pont"}
    shown = [{"firstDay": first, "reason": "Pont"}]
    doussard = str(api.play.tenant("doussard"))
    assert (await api.ask("alice", READ_CLOSURES, of=doussard))["closures"] == shown
    assert (await api.ask("chloe", READ_CLOSURES))["closures"] == shown
    assert (await api.ask("karine", READ_CLOSURES, of=doussard))["closures"] == []
    await api.is_refused("karine", *WITHDRAW, "not_found", closureId=made["id"])
    gone = (await api.act("chloe", *WITHDRAW, closureId=made["id"]))["closure"]
    assert gone == made
    assert (await api.ask("alice", READ_CLOSURES, of=doussard))["closures"] == []


# --- Exclusions of the assiette ---------------------------------------------------------------

PERIODS = "exclusions { code fromOn untilOn }"
EXCLUDE = ("excludeDwelling", "ExcludeDwellingInput", PERIODS)
END_EXCLUSION = ("endExclusion", "EndExclusionInput", PERIODS)
STRANGERS_TO_THE_STOCK = (
    *(("bruno", "forbidden"), ("chloe", "forbidden"), ("denis", "not_found")),
    *(("karine", "forbidden"), ("estelle", "forbidden"), ("farid", "forbidden")),
)


async def test_a_dwelling_is_excluded_then_back(api: Api) -> None:
    """Art. 2.2: one of the six motifs, from a day that has come, to the first day back."""
    today = api.play.day().isoformat()
    home = {"dwellingId": str(api.play.home(number=9))}
    command = {**home, "code": "sante", "fromOn": today, "source": "Convention du 3 mars"}
    ending = {**home, "untilOn": today}
    for who, code in STRANGERS_TO_THE_STOCK:
        await api.is_refused(who, *EXCLUDE, code, **command)
        await api.is_refused(who, *END_EXCLUSION, code, **ending)
    await api.is_refused("alice", *END_EXCLUSION, "not_excluded", **ending)
    (error,) = await api.is_refused(
        "alice", *EXCLUDE, "exclusion_in_future", **{**command, "fromOn": "2099-01-01"}
    )
    assert error["field"] == "fromOn"
    running = {"code": "sante", "fromOn": today, "untilOn": None}
    assert (await api.act("alice", *EXCLUDE, **command))["exclusions"] == [running]
    await api.is_refused("hsh machine", *END_EXCLUSION, "scope_missing", **ending)
    ended = (await api.act("alice", *END_EXCLUSION, **ending))["exclusions"]
    assert ended == [{**running, "untilOn": today}]


# --- Annexes 1 --------------------------------------------------------------------------------

ANNEXE = """annexe { id version revision publishedAt
  lines { id reservataireName droits rate perimeter } }"""
START = ("startAnnexe", "StartAnnexeInput", ANNEXE)
CHANGE = ("changeAnnexeLine", "ChangeAnnexeLineInput", ANNEXE)
PUBLISH_ANNEXE = ("publishAnnexe", "PublishAnnexeInput", ANNEXE)
READ_ANNEXE = "query($id: UUID!) { annexe(id: $id) { publishedAt lines { droits } } }"


def line_of_doussard(annexe: Any) -> Any:
    return next(one for one in annexe["lines"] if one["reservataireName"] == "Commune de Doussard")


async def test_an_annexe_started_changed_then_published(api: Api) -> None:
    """Art. 4: the rights of a line move its rate; the parties read it once it is published."""
    api.set_clock(paris("2027-01-20T09:00"))
    wanted = {"epciSiren": SOURCES_DU_LAC, "year": 2027}
    for who in ("bruno", "chloe", "estelle", "farid"):
        await api.is_refused(who, *START, "forbidden", **wanted)
    await api.is_refused("denis", *START, "epci_unknown", **wanted)
    draft = (await api.act("alice", *START, **wanted))["annexe"]
    line = line_of_doussard(draft)
    assert (draft["publishedAt"], line["droits"], line["rate"]) == (None, "16", "29.63")
    await api.is_refused("alice", *START, "draft_exists", **wanted)
    command = {
        "annexeId": draft["id"],
        "lineId": line["id"],
        "revision": draft["revision"],
        "perimeter": line["perimeter"],
        "added": "1",
        "reason": "Programme neuf",
    }
    for who, code in STRANGERS_TO_THE_DRAFT:
        await api.is_refused(who, *CHANGE, code, **command)
    (error,) = await api.is_refused(
        "alice", *CHANGE, "reason_required", **{**command, "reason": ""}
    )
    assert error["field"] == "reason"
    await api.is_refused("alice", *CHANGE, "number_invalid", **{**command, "added": "un"})
    changed = (await api.act("hsh machine", *CHANGE, **command))["annexe"]
    assert line_of_doussard(changed)["rate"] == "31.48"
    await api.is_refused("alice", *CHANGE, "stale_version", **command)
    assert (await api.raw("chloe", READ_ANNEXE, id=draft["id"]))["data"] == {"annexe": None}
    seen = {"id": draft["id"], "revision": changed["revision"]}
    for who, code in STRANGERS_TO_THE_DRAFT:
        await api.is_refused(who, *PUBLISH_ANNEXE, code, **seen)
    published = (await api.act("alice", *PUBLISH_ANNEXE, **seen))["annexe"]
    assert published["publishedAt"] is not None
    assert (await api.ask("chloe", READ_ANNEXE, id=draft["id"]))["annexe"]["publishedAt"]
    await api.is_refused("alice", *CHANGE, "annexe_published", **command)


STRANGERS_TO_THE_DRAFT = (
    ("bruno", "forbidden"),
    ("chloe", "forbidden"),
    ("denis", "not_found"),
    ("karine", "forbidden"),
    ("estelle", "forbidden"),
    ("farid", "forbidden"),
)


ADD = ("addAnnexeLine", "AddAnnexeLineInput", ANNEXE)
REMOVE = ("removeAnnexeLine", "RemoveAnnexeLineInput", ANNEXE)
RECOUNT = (
    "recountAnnexe",
    "AnnexeDraftInput",
    "annexe { revision communes { insee assiette { total } } }",
)
DEROGATION = ("recordDerogation", "RecordDerogationInput", "annexe { id }")
DISCARD = ("discardAnnexe", "AnnexeDraftInput", "annexe { id }")


async def test_a_draft_is_made_and_given_up_without_a_browser(api: Api) -> None:
    """Its lines come and go, its dwellings are counted again, its derogation is recorded."""
    api.set_clock(paris("2027-01-20T09:00"))
    wanted = {"epciSiren": SOURCES_DU_LAC, "year": 2027}
    draft = (await api.act("alice", *START, **wanted))["annexe"]
    head = {"annexeId": draft["id"], "revision": draft["revision"]}
    line = {"lineId": line_of_doussard(draft)["id"]}
    new = {
        "reservataireId": str(api.play.tenant("publier")),
        "perimeter": ["74104"],
        "droits": "2",
        "reason": "Convention nouvelle",
    }
    for act, command in (
        (ADD, head | new), (REMOVE, head | line), (RECOUNT, head), (DISCARD, head),
    ):  # fmt: skip
        for who, code in STRANGERS_TO_THE_DRAFT:
            await api.is_refused(who, *act, code, **command)
    await api.is_refused("alice", *ADD, "droits_or_rate", **head, **{**new, "droits": None})
    await api.is_refused("alice", *ADD, "number_invalid", **head, **{**new, "droits": "deux"})
    added = (await api.act("alice", *ADD, **head, **new))["annexe"]
    assert [one["rate"] for one in added["lines"] if one["droits"] == "2"] == ["3.70"]
    await api.is_refused("alice", *REMOVE, "stale_version", **head, **line)
    head["revision"] = added["revision"]
    removed = (await api.act("hsh machine", *REMOVE, **head, **line))["annexe"]
    assert len(removed["lines"]) == len(draft["lines"])
    head["revision"] = removed["revision"]
    api.play.rewrite("update dwellings set left_on = '2026-06-01' where id = %s", api.play.home())
    counted = (await api.act("alice", *RECOUNT, **head))["annexe"]
    assert {"insee": "74104", "assiette": {"total": 53}} in counted["communes"]
    head["revision"] = counted["revision"]
    await api.act("alice", *DISCARD, **head)
    assert (await api.raw("alice", READ_ANNEXE, id=draft["id"]))["data"] == {"annexe": None}


async def test_a_derogation_is_recorded_for_a_draft(api: Api) -> None:
    """R441-5-2: an arrêté of the préfet, a year at most."""
    api.set_clock(paris("2027-01-20T09:00"))
    wanted = {"epciSiren": SOURCES_DU_LAC, "year": 2027}
    draft = (await api.act("alice", *START, **wanted))["annexe"]
    arrete = {
        "annexeId": draft["id"],
        "reference": "Arrêté n° 12",
        "startsOn": "2027-01-01",
        "endsOn": "2027-12-31",
    }
    for who, code in STRANGERS_TO_THE_DRAFT:
        await api.is_refused(who, *DEROGATION, code, **arrete)
    (error,) = await api.is_refused(
        "alice", *DEROGATION, "period_too_long", **{**arrete, "endsOn": "2028-02-01"}
    )
    assert error["field"] == "endsOn"
    await api.act("alice", *DEROGATION, **arrete)
    assert api.play.scalar("select reference from state_derogations") == "Arrêté n° 12"
