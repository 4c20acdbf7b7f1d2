"""The header Idempotency-Key (security.md §7): an act sent twice is done once, told the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from server.operations import requests
from server.tenants.transactions import Database as App
from tests.operations.play import Play
from tests.schema.client import Api

KEEP = """mutation Garder($input: KeepVacancyInput!) {
  keepVacancy(input: $input) { vacancy { id state version } errors { code } } }"""
ACCEPT = """mutation($input: AcceptOrientationInput!) {
  acceptOrientation(input: $input) { orientation { id state } errors { code message } } }"""

Answer = dict[str, Any]


@pytest.fixture
async def vacancy_id(api: Api) -> UUID:
    return await api.play.vacancy()


@pytest.fixture
def acts(api: Api) -> Callable[[], int]:
    def count() -> int:
        return int(api.play.scalar("select count(*) from journal"))

    return count


def keeping(vacancy_id: UUID, reason: str = "Mutation d'un locataire", **more: Any) -> Answer:
    command = {"vacancyId": str(vacancy_id), "nature": "mutation", "reason": reason}
    return {"query": KEEP, "variables": {"input": command}, **more}


async def sent(api: Api, content: Answer, key: str, *, who: str = "alice") -> Any:
    return await api.send(who, content, **{"idempotency-key": key})


async def test_the_same_call_is_done_once_and_told_the_same(
    api: Api, vacancy_id: UUID, acts: Any
) -> None:
    before = acts()
    first = await sent(api, keeping(vacancy_id), "a-1")
    assert first.json()["data"]["keepVacancy"]["errors"] == []
    assert "idempotency-replayed" not in first.headers
    assert acts() == before + 1
    dump = api.play.dump()
    second = await sent(api, keeping(vacancy_id), "a-1")
    assert second.headers["idempotency-replayed"] == "true"
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert api.play.dump() == dump, "not one row of any table has changed"


async def test_the_spelling_of_a_call_is_not_its_content(
    api: Api, vacancy_id: UUID, acts: Any
) -> None:
    await sent(api, keeping(vacancy_id), "a-1")
    before = acts()
    command = dict(reversed(keeping(vacancy_id)["variables"]["input"].items()))
    again = {"query": " ".join(KEEP.split()), "variables": {"input": command}}
    assert (await sent(api, again, "a-1")).headers["idempotency-replayed"] == "true"
    assert acts() == before


async def test_the_same_key_for_another_act_is_a_conflict(
    api: Api, vacancy_id: UUID, acts: Any
) -> None:
    await sent(api, keeping(vacancy_id), "a-1")
    before, dump = acts(), api.play.dump()
    for other in (
        keeping(vacancy_id, "Autre motif"),
        keeping(uuid4()),
        keeping(vacancy_id, operationName="Garder"),
        {"query": KEEP.replace("version", ""), "variables": keeping(vacancy_id)["variables"]},
    ):
        answer = await sent(api, other, "a-1")
        assert answer.status_code == 409
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "idempotency_conflict"
        assert error["message"].startswith("Cette clé d'idempotence a déjà servi")
    assert acts() == before
    assert api.play.dump() == dump


async def test_a_key_is_its_client_s_own(api: Api, vacancy_id: UUID) -> None:
    """Neither a colleague, nor another organisme, nor the same one in another capacity."""
    alice = api.play.actor("alice")
    api.actors["colleague"] = replace(alice, person_id=uuid4())
    api.actors["tool"] = replace(alice, machine_id=uuid4())
    first = await sent(api, keeping(vacancy_id), "a-1")
    assert first.json()["data"]["keepVacancy"]["errors"] == []
    for who in ("colleague", "tool", "denis", "chloe"):
        answer = await sent(api, keeping(vacancy_id), "a-1", who=who)
        assert "idempotency-replayed" not in answer.headers, who
        assert answer.json()["data"]["keepVacancy"]["errors"], who
        assert answer.json()["data"]["keepVacancy"]["vacancy"] is None, who


async def test_a_refusal_leaves_no_key(api: Api) -> None:
    """So that the same call may be sent again when its cause is gone."""
    orientation_id = await api.play.offer()
    content = {"query": ACCEPT, "variables": {"input": {"orientationId": str(uuid4())}}}
    dump = api.play.dump()
    answer = await sent(api, content, "c-1", who="chloe")
    assert [one["code"] for one in answer.json()["data"]["acceptOrientation"]["errors"]] == [
        "not_found"
    ]
    assert api.play.dump() == dump
    content["variables"] = {"input": {"orientationId": str(orientation_id)}}
    answer = await sent(api, content, "c-1", who="chloe")
    assert answer.json()["data"]["acceptOrientation"]["errors"] == []
    assert api.play.state(orientation_id) == "searching"


async def test_what_fails_in_the_end_has_not_been_done(
    api: Api, vacancy_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer could not be given: nothing is done, and the same key does it later."""
    dump = api.play.dump()
    with monkeypatch.context() as patch:

        async def fail(*_: Any) -> None:
            raise RuntimeError("disk")

        patch.setattr("server.operations.requests.keep", fail)
        assert (await sent(api, keeping(vacancy_id), "a-1")).status_code == 500
    assert api.play.dump() == dump
    answer = await sent(api, keeping(vacancy_id), "a-1")
    assert answer.json()["data"]["keepVacancy"]["errors"] == []


async def test_of_two_at_once_one_acts_and_the_other_repeats(
    api: Api, vacancy_id: UUID, acts: Any
) -> None:
    before = acts()
    answers = await asyncio.gather(*(sent(api, keeping(vacancy_id), "a-1") for _ in range(4)))
    assert len({answer.content for answer in answers}) == 1
    assert sorted("idempotency-replayed" in answer.headers for answer in answers) == [
        False, True, True, True,
    ]  # fmt: skip
    assert acts() == before + 1


@pytest.mark.parametrize("key", ["", "deux mots", "é", "x" * 201, "a\tb"])
async def test_a_key_that_is_no_key_is_told(api: Api, vacancy_id: UUID, key: str) -> None:
    dump = api.play.dump()
    header: Any = {"idempotency-key": key.encode()}
    answer = await api.send("alice", keeping(vacancy_id), **header)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["extensions"]["code"] == "idempotency_key_invalid"
    assert api.play.dump() == dump


async def test_a_reading_is_always_read_again(api: Api) -> None:
    for _ in range(2):
        answer = await sent(api, {"query": "{ me { now } }"}, "a-1")
        assert answer.status_code == 200
        assert "idempotency-replayed" not in answer.headers
    assert api.play.scalar("select count(*) from kept_answers") == 0


async def test_keys_live_thirty_days(api: Api, vacancy_id: UUID) -> None:
    await sent(api, keeping(vacancy_id), "young")
    await sent(api, keeping(await api.play.vacancy(api.play.home(number=1))), "old")
    api.play.run(
        "update kept_answers set kept_at = now() - interval '30 days 1 minute' where key = 'old'"
    )
    worker = App(api.play.stage.database.worker_dsn, pool_size=1)
    assert await requests.forget_old(worker) == 1
    assert await requests.forget_old(worker) == 0
    await worker.close()
    assert api.play.rows("select key from kept_answers") == [("young",)]


async def test_what_is_kept_is_the_organisme_s_own(play: Play, api: Api, vacancy_id: UUID) -> None:
    """Row-level security, as for every table: Denis and Chloé see none of Alice's answers."""
    await sent(api, keeping(vacancy_id), "a-1")
    for who, number in (("alice", 1), ("bruno", 1), ("denis", 0), ("chloe", 0), ("estelle", 0)):
        assert await play.reads(who, _count_kept) == number, who


async def _count_kept(tx: Any) -> int:
    return int((await tx.execute(text("select count(*) from kept_answers"))).scalar_one())
