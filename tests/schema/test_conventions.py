"""Conventions and priority shares: each reads its part, and nothing tells of the others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.operations.play import HSH
from tests.schema.client import Api

CONVENTIONS = """query($first: Int!, $after: String, $bailleurId: UUID, $inForce: Boolean) {
  conventions(first: $first, after: $after, bailleurId: $bailleurId, inForce: $inForce) {
    edges { cursor node { id bailleurName reservataireName communes state startsOn lastDay period
      periods { number fromOn untilOn } answerDays candidateDays indicator mailbox } }
    pageInfo { hasNextPage endCursor } } }"""
ONE = "query($id: UUID!) { convention(id: $id) { id mailbox state } }"
SHARES = """query($year: Int!, $basis: PriorityBasis!) {
  priorityShares(year: $year, basis: $basis) { rsTotal
    total { name priority total rateBp isReached isSecret }
    bailleurs { name total } reservataires { name total } epcis { name total } } }"""


async def parties(api: Api, who: str, **variables: object) -> list[tuple[str, str]]:
    found = (await api.ask(who, CONVENTIONS, first=100, **variables))["conventions"]
    nodes = [edge["node"] for edge in found["edges"]]
    return [(one["bailleurName"], one["reservataireName"]) for one in nodes]


async def test_each_lists_its_own_conventions(still: Api) -> None:
    """Domain §1.2."""
    assert await parties(still, "chloe") == [("Haute-Savoie Habitat", "Commune de Doussard")]
    mine = await parties(still, "alice")
    assert {bailleur for bailleur, _ in mine} == {"Haute-Savoie Habitat"}
    assert await parties(still, "doussard machine") == await parties(still, "chloe")
    everyone = await parties(still, "estelle")
    assert len(everyone) == still.play.scalar("select count(*) from conventions")
    territory = await parties(still, "farid")
    assert ("Alliade Habitat", "CCAS de Publier") not in territory
    assert ("Haute-Savoie Habitat", "Commune de Doussard") in territory


async def test_a_convention_says_its_three_years(still: Api) -> None:
    """Art. 8: the convention of Doussard ends on 22 November 2026."""
    found = await still.ask("chloe", CONVENTIONS, first=1)
    one = found["conventions"]["edges"][0]["node"]
    assert (one["state"], one["period"], one["lastDay"]) == ("renewed", 3, "2026-11-22")
    assert one["periods"][0] == {"number": 1, "fromOn": "2023-11-23", "untilOn": "2024-11-22"}
    assert (one["answerDays"], one["candidateDays"], one["indicator"]) == (2, 15, "oriented")
    assert one["communes"] == ["Doussard"]


async def test_the_pages_follow_one_another(still: Api) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = (await still.ask("estelle", CONVENTIONS, first=8, after=after))["conventions"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 21


async def test_conventions_are_filtered(still: Api) -> None:
    own = await parties(still, "estelle", bailleurId=str(still.play.tenant(HSH)))
    assert own == await parties(still, "alice")
    assert await parties(still, "estelle", inForce=False) == []
    assert len(await parties(still, "estelle", inForce=True)) == 21


async def test_the_generic_address_is_not_for_an_epci(still: Api) -> None:
    found = (await still.ask("farid", CONVENTIONS, first=100))["conventions"]["edges"]
    assert {edge["node"]["mailbox"] for edge in found} == {None}
    own = (await still.ask("chloe", CONVENTIONS, first=1))["conventions"]["edges"]
    assert own[0]["node"]["mailbox"].endswith(".invalid")


async def test_the_convention_of_others_looks_absent(still: Api) -> None:
    found = (await still.ask("chloe", CONVENTIONS, first=1))["conventions"]["edges"][0]["node"]
    for who in ("alice", "chloe", "estelle", "farid"):
        assert (await still.ask(who, ONE, id=found["id"]))["convention"]["id"] == found["id"]
    refusals = set()
    for who in ("denis", "karine", "leman machine"):
        for convention_id in (found["id"], str(uuid4())):
            answer = await still.raw(who, ONE, id=convention_id)
            assert answer["data"] == {"convention": None}
            refusals.add(
                (answer["errors"][0]["message"], answer["errors"][0]["extensions"]["code"])
            )
    assert len(refusals) == 1


# --- Priority shares ----------------------------------------------------------------------------


async def test_a_party_counts_its_own_attributions(api: Api) -> None:
    await api.play.attributed()
    api.set_clock(api.play.now)
    for who in ("alice", "chloe", "hsh machine"):
        found = (await api.ask(who, SHARES, year=2026, basis="attributed"))["priorityShares"]
        assert found["reservataires"] == [{"name": "Commune de Doussard", "total": 1}]
        total = found["total"]
        assert (total["priority"], total["total"], total["rateBp"]) == (0, 1, 0)
        assert (total["isReached"], total["isSecret"]) == (False, False)
    for who in ("denis", "karine"):
        none = (await api.ask(who, SHARES, year=2026, basis="attributed"))["priorityShares"]
        assert (none["total"]["rateBp"], none["reservataires"]) == (None, [])


async def test_the_prefecture_is_told_no_small_number(api: Api) -> None:
    await api.play.attributed()
    api.set_clock(api.play.now)
    found = (await api.ask("estelle", SHARES, year=2026, basis="attributed"))["priorityShares"]
    total = found["total"]
    assert (total["isSecret"], total["total"]) == (True, 1)
    assert (total["priority"], total["rateBp"], total["isReached"]) == (None, None, None)
    leased = (await api.ask("estelle", SHARES, year=2026, basis="leased"))["priorityShares"]
    assert leased["bailleurs"] == []


@pytest.mark.parametrize("year", [0, 99999])
async def test_a_year_out_of_range_is_told(still: Api, year: int) -> None:
    answer = await still.raw("estelle", SHARES, year=year, basis="attributed")
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["year_invalid"]


async def test_an_epci_counts_no_household(still: Api) -> None:
    """Domain §1.2: an EPCI reads no candidature."""
    answer = await still.raw("farid", SHARES, year=2026, basis="attributed")
    assert answer["data"] == {"priorityShares": None}
    assert answer["errors"][0]["extensions"]["code"] == "forbidden"
