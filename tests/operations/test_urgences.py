"""Urgency allocations: the bailleur asks, the préfecture decides last (art. 2.4)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import orientations, urgences
from server.operations.urgences import DecideUrgence, RequestUrgence
from tests.operations.play import NOT_THE_BAILLEUR, NUDS, Play

NOT_THE_PREFECTURE = {
    "alice": Forbidden,
    "bruno": Forbidden,
    "chloe": Forbidden,
    "denis": Forbidden,
    "karine": Forbidden,
    "pascal": Forbidden,
    "farid": Forbidden,
    "hsh machine": Forbidden,
}


def request(vacancy_id: UUID, **changes: Any) -> RequestUrgence:
    values = {"vacancy_id": vacancy_id, "kind": "fire", "title": "Incendie rue du Lac", **changes}
    return RequestUrgence(**values)


async def asked(play: Play) -> UUID:
    vacancy_id = await play.vacancy()
    return await play.does("alice", lambda tx: urgences.request(tx, request(vacancy_id)))


def charge(play: Play, urgence_id: UUID, **changes: Any) -> DecideUrgence:
    """Approved and charged to the commune."""
    values = {
        "urgence_id": urgence_id,
        "is_approved": True,
        "charged_reservataire_id": play.tenant("doussard"),
        **changes,
    }
    return DecideUrgence(**values)


# --- Asking -------------------------------------------------------------------------------------


async def test_who_asks(play: Play) -> None:
    command = request(await play.vacancy(), proposed_reservataire_id=play.tenant("doussard"))
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: urgences.request(tx, command))
    urgence_id, effects = await play.performs("alice", lambda tx: urgences.request(tx, command))
    assert effects.acts == ["urgence.requested"]
    assert effects.told == [("prefecture", "prefecture", "urgence.requested")]
    assert effects.jobs == ["notifications.deliver"]
    row = await play.reads("estelle", lambda tx: urgences.get(tx, urgence_id))
    assert (row.state, row.title, row.households) == ("requested", "Incendie rue du Lac", 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "party"}, "kind_invalid"),
        ({"title": "   "}, "circumstances_required"),
        ({"households": 0}, "household_count_invalid"),
    ],
)
async def test_what_was_typed_is_checked(play: Play, changes: dict[str, Any], code: str) -> None:
    command = request(await play.vacancy(), **changes)
    await play.is_refused("alice", lambda tx: urgences.request(tx, command), Invalid, code)


async def test_a_proposed_charge_has_a_share_in_the_commune(play: Play) -> None:
    command = request(await play.vacancy(), proposed_reservataire_id=play.tenant("publier"))
    await play.is_refused(
        "alice", lambda tx: urgences.request(tx, command), Invalid, "charge_unknown"
    )


async def test_one_request_at_a_time(play: Play) -> None:
    vacancy_id = await play.vacancy()
    await play.does("alice", lambda tx: urgences.request(tx, request(vacancy_id)))
    await play.is_refused(
        "alice",
        lambda tx: urgences.request(tx, request(vacancy_id)),
        Conflict,
        "urgency_already_requested",
    )


async def test_a_leased_dwelling_is_not_asked_for(play: Play) -> None:
    vacancy_id = await play.vacancy()
    play.run("update vacancies set state = 'closed', closed_on = registered_on")
    await play.is_refused(
        "alice",
        lambda tx: urgences.request(tx, request(vacancy_id)),
        Conflict,
        "vacancy_not_available",
    )


# --- Deciding -----------------------------------------------------------------------------------


async def test_the_prefecture_alone_decides(play: Play) -> None:
    urgence_id = await asked(play)
    command = charge(play, urgence_id)
    await play.is_refused_to(NOT_THE_PREFECTURE, lambda tx: urgences.decide(tx, command))
    row, effects = await play.performs("estelle", lambda tx: urgences.decide(tx, command))
    assert (row.state, row.charged_reservataire_id) == ("approved", play.tenant("doussard"))
    assert effects.acts == ["urgence.approved"]
    assert effects.told == [
        ("haute-savoie-habitat", "bailleur", "urgence.decided"),
        ("doussard", "reservataire", "urgence.decided"),
    ]
    assert sorted(effects.jobs) == ["notifications.deliver"] * 2 + ["urgences.apply"]


async def test_a_request_is_decided_once(play: Play) -> None:
    urgence_id = await asked(play)
    await play.does("estelle", lambda tx: urgences.decide(tx, charge(play, urgence_id)))
    for again in (charge(play, urgence_id), replace(charge(play, urgence_id), reason="Encore")):
        await play.is_refused(
            "estelle",
            partial(urgences.decide, command=again),
            Conflict,
            "urgency_already_decided",
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"charged_reservataire_id": None}, "charge_missing"),
        ({"is_out_of_flux": True}, "charge_ambiguous"),
        ({"charged_contingent": "rs"}, "charge_unknown"),
        ({"is_approved": False, "charged_reservataire_id": None}, "reason_required"),
    ],
)
async def test_a_decision_says_who_is_charged_or_why_not(
    play: Play, changes: dict[str, Any], code: str
) -> None:
    command = charge(play, await asked(play), **changes)
    await play.is_refused("estelle", lambda tx: urgences.decide(tx, command), Invalid, code)


async def test_a_decision_on_an_older_page_is_refused(play: Play) -> None:
    command = charge(play, await asked(play), expected_version=9)
    await play.is_refused(
        "estelle", lambda tx: urgences.decide(tx, command), Conflict, "stale_version"
    )


async def test_an_unknown_request_looks_absent(play: Play) -> None:
    command = charge(play, play.tenant("doussard"))
    await play.is_refused("estelle", lambda tx: urgences.decide(tx, command), NotFound)


async def test_who_reads_a_request(play: Play) -> None:
    vacancy_id = await play.vacancy()
    command = request(vacancy_id, proposed_reservataire_id=play.tenant("doussard"))
    urgence_id = await play.does("alice", lambda tx: urgences.request(tx, command))
    for who in ("alice", "bruno", "chloe", "estelle", "farid"):
        assert await play.reads(who, lambda tx: urgences.get(tx, urgence_id))
    for who in ("denis", "karine", "samuel", "pascal"):
        await play.is_refused(who, lambda tx: urgences.get(tx, urgence_id), NotFound)


# --- Applying -----------------------------------------------------------------------------------


async def test_an_approval_takes_the_offer_back_and_charges_the_party(play: Play) -> None:
    """Twice the same job: nothing more happens the second time."""
    orientation_id = await play.search()
    await play.present(orientation_id, NUDS[0])
    vacancy_id = play.scalar("select vacancy_id from orientations")
    urgence_id = await play.does("alice", lambda tx: urgences.request(tx, request(vacancy_id)))
    await play.does("estelle", lambda tx: urgences.decide(tx, charge(play, urgence_id)))
    _, effects = await play.performs("alice", lambda tx: urgences.apply(tx, urgence_id))
    assert effects.acts == ["orientation.divert", "urgence.applied"]
    assert [(slug, capacity) for slug, capacity, _ in effects.told] == [
        ("doussard", "reservataire")
    ]
    assert play.state(orientation_id) == "withdrawn"
    assert play.rows("select nature, state, charged_reservataire_id from vacancies") == [
        ("urgency", "closed", play.tenant("doussard"))
    ]
    before = play.dump()
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    assert play.dump() == before


async def test_an_approval_out_of_the_flux_is_charged_to_nobody(play: Play) -> None:
    urgence_id = await asked(play)
    command = charge(play, urgence_id, charged_reservataire_id=None, is_out_of_flux=True)
    await play.does("estelle", lambda tx: urgences.decide(tx, command))
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    assert play.rows("select nature, charged_reservataire_id from vacancies") == [
        ("urgency_out", None)
    ]


async def test_nothing_is_effective_before_the_decision_nor_after_a_refusal(play: Play) -> None:
    urgence_id = await asked(play)
    before = play.dump()
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    assert play.dump() == before
    refusal = DecideUrgence(urgence_id=urgence_id, is_approved=False, reason="Ailleurs")
    await play.does("estelle", lambda tx: urgences.decide(tx, refusal))
    before = play.dump()
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    assert play.dump() == before
    assert play.rows("select state, nature from vacancies") == [("open", "flux")]


async def test_an_approved_dwelling_is_offered_to_nobody_else(play: Play) -> None:
    vacancy_id = await play.vacancy()
    urgence_id = await play.does("alice", lambda tx: urgences.request(tx, request(vacancy_id)))
    await play.does("estelle", lambda tx: urgences.decide(tx, charge(play, urgence_id)))
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    command = orientations.SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=play.tenant("doussard")
    )
    await play.is_refused(
        "alice", lambda tx: orientations.send(tx, command), Conflict, "vacancy_not_available"
    )
