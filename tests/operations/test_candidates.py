"""Presenting candidates: three, or one alone if DALO (convention, art. 5.3 and 6.3; R441-3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import candidates, orientations
from server.operations.candidates import NewCandidate, PresentCandidates
from tests.operations.play import NOT_THE_RESERVATAIRE, NUDS, Play, paris


def present(orientation_id: UUID, *nuds: str, **of_each: Any) -> PresentCandidates:
    return PresentCandidates(
        orientation_id=orientation_id,
        candidates=tuple(NewCandidate(nud=nud, **of_each) for nud in nuds),
    )


async def test_who_presents_candidates(play: Play) -> None:
    orientation_id = await play.search()
    command = present(orientation_id, NUDS[0])
    refusals = {**NOT_THE_RESERVATAIRE, "alice": Conflict, "hsh machine": Conflict}
    await play.is_refused_to(
        refusals | {"denis": NotFound}, lambda tx: candidates.present(tx, command)
    )
    row, effects = await play.performs("chloe", lambda tx: candidates.present(tx, command))
    assert (row.state, row.candidate_count) == ("searching", 1)
    assert (effects.acts, effects.told) == ([], [])


async def test_three_candidates_complete_the_list(play: Play) -> None:
    orientation_id = await play.search()
    command = present(orientation_id, *NUDS[:3])
    row, effects = await play.performs("chloe", lambda tx: candidates.present(tx, command))
    assert (row.state, row.candidate_count) == ("candidates_complete", 3)
    assert effects.acts == ["orientation.complete"]
    assert sorted(effects.told) == [
        ("doussard", "reservataire", "orientation.complete"),
        ("haute-savoie-habitat", "bailleur", "orientation.complete"),
    ]
    assert effects.jobs == ["notifications.deliver"] * 2


async def test_the_fourth_candidate_is_refused(play: Play) -> None:
    orientation_id = await play.search()
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, *NUDS[:4])),
        Conflict,
        "too_many_candidates",
    )
    await play.present(orientation_id, *NUDS[:2])
    error = await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, *NUDS[2:4])),
        Conflict,
        "too_many_candidates",
    )
    assert "quatrième" in error.message


async def test_a_list_that_is_complete_takes_no_one_more(play: Play) -> None:
    orientation_id = await play.complete()
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, NUDS[3])),
        Conflict,
        "wrong_state",
    )


async def test_a_dalo_household_is_presented_alone(play: Play) -> None:
    """Art. 6.3."""
    orientation_id = await play.search()
    among_others = PresentCandidates(
        orientation_id=orientation_id,
        candidates=(NewCandidate(nud=NUDS[0]), NewCandidate(nud=NUDS[1], is_dalo=True)),
    )
    await play.is_refused(
        "chloe", lambda tx: candidates.present(tx, among_others), Conflict, "dalo_not_alone"
    )
    await play.present(orientation_id, NUDS[0])
    after_another = present(orientation_id, NUDS[1], is_dalo=True)
    await play.is_refused(
        "chloe", lambda tx: candidates.present(tx, after_another), Conflict, "dalo_not_alone"
    )


async def test_one_dalo_household_completes_the_list(play: Play) -> None:
    orientation_id = await play.search()
    command = present(orientation_id, NUDS[0], is_dalo=True)
    row = await play.does("chloe", lambda tx: candidates.present(tx, command))
    assert (row.state, row.has_dalo) == ("candidates_complete", True)
    (found,) = (await play.reads("estelle", lambda tx: candidates.list_of(tx, [orientation_id])))[
        orientation_id
    ]
    assert (found.nud, found.is_dalo, found.dalo_origin) == (NUDS[0], True, "reservataire")


@pytest.mark.parametrize(
    "nud", ["", "074042600000000", "07404260000000001X9", "0740426000-0000001"]
)
async def test_a_nud_has_eighteen_letters_or_digits(play: Play, nud: str) -> None:
    """R441-2-3."""
    orientation_id = await play.search()
    error = await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, nud)),
        Invalid,
        "nud_invalid",
    )
    assert error.motifs[0].field == "candidates.0.nud"
    assert not nud or nud not in error.message


async def test_a_nud_may_be_typed_with_spaces(play: Play) -> None:
    orientation_id = await play.search()
    typed = f" {NUDS[0][:3]} {NUDS[0][3:10]} {NUDS[0][10:]} "
    await play.present(orientation_id, typed)
    assert play.scalar("select nud from candidates") == NUDS[0]


@pytest.mark.parametrize(
    ("of_each", "code"),
    [
        ({"criterion": "zz"}, "criterion_unknown"),
        ({"first_quartile": "peut-être"}, "first_quartile_invalid"),
        ({"is_dalo": True, "dalo_origin": "maire"}, "dalo_origin_invalid"),
    ],
)
async def test_codes_that_do_not_exist_are_refused(
    play: Play, of_each: dict[str, Any], code: str
) -> None:
    orientation_id = await play.search()
    command = present(orientation_id, NUDS[0], **of_each)
    await play.is_refused("chloe", lambda tx: candidates.present(tx, command), Invalid, code)


async def test_nobody_is_presented_twice(play: Play) -> None:
    orientation_id = await play.search()
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, NUDS[0], NUDS[0])),
        Conflict,
        "nud_already_presented",
    )
    await play.present(orientation_id, NUDS[0])
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, NUDS[0])),
        Conflict,
        "nud_already_presented",
    )


async def test_an_empty_list_is_refused(play: Play) -> None:
    orientation_id = await play.search()
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id)),
        Invalid,
        "candidates_empty",
    )


async def test_candidates_before_the_answer_are_refused(play: Play) -> None:
    orientation_id = await play.offer()
    await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, NUDS[0])),
        Conflict,
        "wrong_state",
    )


async def test_candidates_after_the_period_come_too_late(play: Play) -> None:
    orientation_id = await play.search()
    play.now = paris("2026-05-28T10:00")
    error = await play.is_refused(
        "chloe",
        lambda tx: candidates.present(tx, present(orientation_id, NUDS[0])),
        Conflict,
        "candidates_too_late",
    )
    assert "mercredi 27 mai 2026 à 24 h" in error.message


async def test_candidates_follow_a_tacit_acceptance_at_once(play: Play) -> None:
    """What the silence did is recorded first, at its legal date."""
    orientation_id = await play.offer()
    play.now = paris("2026-05-07T09:00")
    command = present(orientation_id, *NUDS[:3])
    row, effects = await play.performs("chloe", lambda tx: candidates.present(tx, command))
    assert effects.acts == ["orientation.tacit", "orientation.complete"]
    assert (row.state, row.acceptance_mode) == ("candidates_complete", "tacit")


async def test_the_bailleur_completes_a_list_that_ended_short(play: Play) -> None:
    orientation_id = await play.search()
    await play.present(orientation_id, NUDS[0])
    play.now = paris("2026-06-02T10:00")
    command = present(orientation_id, NUDS[1], NUDS[2])
    refusals = {"bruno": Forbidden, "denis": NotFound, "chloe": Conflict}
    await play.is_refused_to(refusals, lambda tx: candidates.present(tx, command))
    row = await play.does("alice", lambda tx: candidates.present(tx, command))
    assert (row.state, row.candidate_count) == ("candidates_partial", 3)
    assert {by for (by,) in play.rows("select presented_by from candidates")} == {
        "bailleur",
        "reservataire",
    }


async def test_who_withdraws_a_candidate(play: Play) -> None:
    orientation_id = await play.search()
    await play.present(orientation_id, NUDS[0])
    (candidate_id,) = play.candidates(orientation_id)
    await play.is_refused_to(
        NOT_THE_RESERVATAIRE, lambda tx: candidates.withdraw(tx, orientation_id, candidate_id)
    )
    await play.is_refused(
        "chloe", lambda tx: candidates.withdraw(tx, orientation_id, orientation_id), NotFound
    )
    await play.does("chloe", lambda tx: candidates.withdraw(tx, orientation_id, candidate_id))
    await play.present(orientation_id, *NUDS[:3])
    assert play.state(orientation_id) == "candidates_complete"


async def test_who_reads_the_candidates(play: Play) -> None:
    """Domain §1.2: the parties; the préfecture the DALO households only; the EPCI nobody."""
    orientation_id = await play.complete()
    for who in ("alice", "bruno", "chloe", "hsh machine", "doussard machine"):
        found = await play.reads(who, lambda tx: candidates.list_of(tx, [orientation_id]))
        assert [one.nud for one in found[orientation_id]] == list(NUDS[:3])
    for who in ("denis", "karine", "pascal", "estelle", "leo"):
        found = await play.reads(who, lambda tx: candidates.list_of(tx, [orientation_id]))
        assert found.get(orientation_id, []) == []
    await play.is_refused("farid", lambda tx: candidates.list_of(tx, [orientation_id]), Forbidden)


async def test_a_stale_page_presents_nobody(play: Play) -> None:
    orientation_id = await play.search()
    command = PresentCandidates(
        orientation_id=orientation_id,
        candidates=(NewCandidate(nud=NUDS[0]),),
        expected_version=99,
    )
    await play.is_refused(
        "chloe", lambda tx: candidates.present(tx, command), Conflict, "stale_version"
    )


async def test_the_state_presents_for_its_own_contingent(play: Play) -> None:
    orientation_id = await play.offer("prefecture", contingent="rs")
    await play.does("pascal", lambda tx: orientations.accept(tx, orientation_id))
    command = present(orientation_id, NUDS[0], is_dalo=True, dalo_origin="prefet")
    await play.is_refused("rosa", lambda tx: candidates.present(tx, command), NotFound)
    row = await play.does("pascal", lambda tx: candidates.present(tx, command))
    assert row.state == "candidates_complete"
