"""How many statements each document costs: the same for one row as for many."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.operations.play import NUDS
from tests.schema.client import Api

Q1 = """{ orientations(first: 20) { edges { cursor node { id state effectiveState bailleurName
  reservataireName answerDeadline { dueAt workingDaysLeft } dwelling { address typology }
  candidates { nud isDalo criterion } } } pageInfo { hasNextPage endCursor } } }"""
ALL = """{ orientations { edges { node { ...o } } } }
fragment o on Orientation { id dwelling { id } candidates { nud } decisions { outcome }
  timeline { act } advice { year } }"""
SESSIONS = """{ caleolSessions { edges { node { invitations { tenantName }
  items { decisions { outcome } candidates { nud }
    orientation { id dwelling { address } candidates { nud } decisions { outcome }
      timeline { act } } } } } } }"""

CONTEXT = 1  # role, tenant and time of the transaction, in one round trip

COSTS = [
    ("chloe", "{ me { now } }", CONTEXT),
    ("alice", "{ __typename }", 0),
    ("alice", "{ fluxBoards(year: 2026) { lines { rate } } }", CONTEXT + 6),
    ("farid", "{ fluxBoards(year: 2026) { lines { rate } } }", CONTEXT + 3),
    ("alice", "{ dwellings { address } }", CONTEXT + 1),
    ("alice", "{ vacancies { edges { node { id dwelling { address } } } } }", CONTEXT + 1),
    ("alice", "{ vacancies { edges { node { advice { year } } } } }", CONTEXT + 1 + 9),
    ("chloe", "{ orientations { edges { node { id } } } }", CONTEXT + 2),
    ("chloe", Q1, CONTEXT + 3),
    ("alice", ALL, CONTEXT + 5),
    ("alice", SESSIONS, CONTEXT + 8),
    ("alice", "{ urgences { edges { node { title } } } }", CONTEXT + 1),
    ("alice", "{ bilans { id deliveries { tenantName } } }", CONTEXT + 2),
    ("estelle", "{ conventions { edges { node { communes periods { number } } } } }", CONTEXT + 1),
    ("alice", "{ priorityShares(year: 2026) { total { rateBp } epcis { name } } }", CONTEXT + 1),
    ("chloe", "{ notifications { edges { node { template } } } }", CONTEXT + 1),
]


async def furnish(api: Api, first: int, last: int) -> None:
    """A vacancy, an offer, three candidates and a session for each number."""
    for number in range(first, last):
        await api.play.vacancy(api.play.home(number=20 + number))
        orientation_id = await api.play.search(home=api.play.home(number=number))
        await api.play.present(orientation_id, *NUDS[:3])
        await api.play.session(orientation_id)


@pytest.mark.parametrize(("who", "query", "cost"), COSTS)
async def test_the_cost_of_a_document_does_not_grow_with_its_rows(
    api: Api, who: str, query: str, cost: int
) -> None:
    await furnish(api, 0, 1)
    with api.counted() as few:
        await api.ask(who, query)
    await furnish(api, 1, 4)
    with api.counted() as many:
        await api.ask(who, query)
    assert (len(few), len(many)) == (cost, cost)


async def test_nothing_is_read_ahead_that_was_not_asked(api: Api) -> None:
    await furnish(api, 0, 2)
    with api.counted() as statements:
        await api.ask("chloe", "{ orientations { edges { node { id } } } }")
    assert not any("candidates.nud" in one or "journal" in one for one in statements)


async def test_an_act_costs_one_transaction(api: Api) -> None:
    orientation_id = await api.play.offer()
    shown = "orientation { id candidates { nud } timeline { act } }"
    with api.counted() as statements:
        payload = await api.act(
            "chloe",
            "acceptOrientation",
            "AcceptOrientationInput",
            shown,
            orientationId=str(orientation_id),
        )
    assert payload["errors"] == []
    assert sum("set_config" in one for one in statements) == 1
    assert len(statements) == 14


async def test_a_refused_act_leaves_nothing_open(api: Api) -> None:
    for _ in range(8):  # more than the pool has connections
        payload = await api.act(
            "chloe",
            "acceptOrientation",
            "AcceptOrientationInput",
            "orientation { id }",
            orientationId=str(uuid4()),
        )
        assert [one["code"] for one in payload["errors"]] == ["not_found"]
        assert (await api.raw("chloe", "{ vacancies { edges { cursor } } }"))["errors"]
