"""Sending an offer, answering it, and what silence makes of it (convention, art. 5)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from server.db.paging import PageRequest
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import journal, orientations
from server.operations.orientations import SendOrientation
from tests.operations.play import (
    FAVERGES,
    NOT_THE_BAILLEUR,
    NOT_THE_RESERVATAIRE,
    Play,
    paris,
)


def send(play: Play, vacancy_id: UUID, slug: str = "doussard", **more: Any) -> SendOrientation:
    return SendOrientation(vacancy_id=vacancy_id, reservataire_id=play.tenant(slug), **more)


# --- Sending ------------------------------------------------------------------------------------


async def test_who_sends_an_offer(play: Play) -> None:
    command = send(play, await play.vacancy())
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: orientations.send(tx, command))
    orientation_id, effects = await play.performs(
        "alice", lambda tx: orientations.send(tx, command)
    )
    assert effects.acts == ["orientation.sent"]
    assert effects.told == [("doussard", "reservataire", "orientation.sent")]
    assert effects.jobs == ["notifications.deliver"]
    row = await play.reads("chloe", lambda tx: orientations.get(tx, orientation_id))
    assert (row.state, row.rank, row.version) == ("sent", 1, 1)
    assert row.dwelling is not None
    assert row.dwelling.address


@pytest.mark.parametrize(
    ("sent", "answer_due", "answer_day", "candidates_day"),
    [
        ("2026-04-30T10:00", "2026-05-06T00:00", "2026-05-05", "2026-05-29"),
        ("2025-12-24T10:00", "2025-12-30T00:00", "2025-12-29", "2026-01-20"),
    ],
    ids=["before-May-1st", "before-Christmas"],
)
async def test_the_deadlines_of_the_convention(
    play: Play, sent: str, answer_due: str, answer_day: str, candidates_day: str
) -> None:
    """Art. 5.3: two working days, then fifteen; the last day counts until 24:00."""
    play.now = paris(sent)
    orientation_id = await play.offer()
    row = await play.reads("chloe", lambda tx: orientations.get(tx, orientation_id))
    assert row.answer_due_at == paris(answer_due)
    assert row.answer_last_day == date.fromisoformat(answer_day)
    play.now = paris(answer_due)
    assert await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    row = await play.reads("chloe", lambda tx: orientations.get(tx, orientation_id))
    assert (row.state, row.acceptance_mode) == ("searching", "tacit")
    assert row.accepted_on == date.fromisoformat(answer_day)
    assert row.candidates_last_day == date.fromisoformat(candidates_day)
    assert row.candidates_due_at == paris(candidates_day) + timedelta(days=1)


async def test_a_vacancy_is_offered_to_one_at_a_time(play: Play) -> None:
    orientation_id = await play.offer()
    vacancy_id = play.scalar("select vacancy_id from orientations where id = %s", orientation_id)
    for slug in ("doussard", "departement"):
        command = send(play, vacancy_id, slug, departure_motif="Deux fois")
        await play.is_refused(
            "alice",
            partial(orientations.send, command=command),
            Conflict,
            "live_orientation_exists",
        )


async def test_a_choice_that_departs_from_the_proposal_says_why(play: Play) -> None:
    vacancy_id = await play.vacancy()
    await play.is_refused(
        "alice",
        lambda tx: orientations.send(tx, send(play, vacancy_id, "departement")),
        Invalid,
        "departure_motif_required",
    )
    command = send(play, vacancy_id, "departement", departure_motif="Accord du 2 avril")
    orientation_id = await play.does("alice", lambda tx: orientations.send(tx, command))
    row = await play.reads("alice", lambda tx: orientations.get(tx, orientation_id))
    assert row.departure_motif == "Accord du 2 avril"
    told = await play.reads("odile", lambda tx: orientations.get(tx, orientation_id))
    assert told.departure_motif is None  # the bailleur's own reasons stay its own


async def refused_offer(
    play: Play, slug: str, code: str, *, who: str = "alice", home: UUID | None = None
) -> str:
    vacancy_id = await play.vacancy(home, who=who)
    command = send(play, vacancy_id, slug, departure_motif="Essai")
    error = await play.is_refused(who, lambda tx: orientations.send(tx, command), Conflict, code)
    return error.message


async def test_no_offer_without_a_convention(play: Play) -> None:
    await refused_offer(play, "ccas-publier", "convention_missing")


async def test_no_offer_under_a_convention_that_has_ended(play: Play) -> None:
    play.run(
        "update conventions set ended_on = '2026-04-29' where id = %s",
        play.stage.world.conventions["haute-savoie-habitat", "doussard"],
    )
    await refused_offer(play, "doussard", "convention_not_in_force")


async def test_no_offer_under_a_convention_that_is_not_signed(play: Play) -> None:
    play.run(
        "update conventions set state = 'draft' where id = %s",
        play.stage.world.conventions["haute-savoie-habitat", "doussard"],
    )
    await refused_offer(play, "doussard", "convention_not_in_force")


async def test_no_offer_without_an_address(play: Play) -> None:
    """One convention of Publier was signed with its address left blank."""
    home = play.home("74218", bailleur="semcoda")
    message = await refused_offer(play, "publier", "address_missing", who="jules", home=home)
    assert "adresse" in message


async def test_no_offer_outside_the_perimeter(play: Play) -> None:
    message = await refused_offer(
        play, "doussard", "commune_outside_perimeter", home=play.home(FAVERGES)
    )
    assert "Faverges" in message


async def test_no_offer_of_a_dwelling_that_left_the_assiette(play: Play) -> None:
    """Art. 2.2: put in a plan de vente after it was freed."""
    vacancy_id = await play.vacancy()
    play.run("update dwellings set exclusion = 'plan_vente' where id = %s", play.home())
    await play.is_refused(
        "alice", lambda tx: orientations.send(tx, send(play, vacancy_id)), Conflict
    )


@pytest.mark.parametrize(
    ("slug", "contingent"), [("doussard", "rs"), ("prefecture", "none"), ("prefecture", "autre")]
)
async def test_an_offer_names_a_contingent_that_exists(
    play: Play, slug: str, contingent: str
) -> None:
    """R441-5-2: the State has two contingents, the others have none; nobody would see the offer."""
    vacancy_id = await play.vacancy()
    command = send(play, vacancy_id, slug, contingent=contingent, departure_motif="Essai")
    await play.is_refused(
        "alice", lambda tx: orientations.send(tx, command), Invalid, "contingent_invalid"
    )


async def test_a_replayed_sending_sends_once(play: Play) -> None:
    command = send(play, await play.vacancy())
    await play.does("alice", lambda tx: orientations.send(tx, command))
    await play.is_refused(
        "alice", lambda tx: orientations.send(tx, command), Conflict, "live_orientation_exists"
    )


async def test_a_preview_writes_nothing(play: Play) -> None:
    command = send(play, await play.vacancy())
    before = play.dump()
    transition = await play.reads("alice", lambda tx: orientations.preview(tx, command))
    assert transition.answer is not None
    assert transition.answer.last_day == date(2026, 5, 5)
    assert play.dump() == before


# --- Answering ----------------------------------------------------------------------------------


async def test_who_accepts(play: Play) -> None:
    orientation_id = await play.offer()
    await play.is_refused_to(
        NOT_THE_RESERVATAIRE, lambda tx: orientations.accept(tx, orientation_id)
    )
    row, effects = await play.performs("chloe", lambda tx: orientations.accept(tx, orientation_id))
    assert (row.state, row.acceptance_mode) == ("searching", "express")
    assert effects.acts == ["orientation.accept"]
    assert effects.told == [("haute-savoie-habitat", "bailleur", "orientation.accept")]
    assert effects.jobs == ["notifications.deliver"]
    assert play.journal(orientation_id)[-1] == (
        *("orientation.accept", "sent", "searching"),
        *(play.actor("chloe").person_name, "page"),
    )


async def test_a_machine_answers_for_its_organisme(play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("doussard machine", lambda tx: orientations.accept(tx, orientation_id))
    assert play.journal(orientation_id)[-1][4] == "api"


async def test_who_refuses(play: Play) -> None:
    orientation_id = await play.offer()
    await play.is_refused_to(
        NOT_THE_RESERVATAIRE, lambda tx: orientations.refuse(tx, orientation_id)
    )
    row, effects = await play.performs(
        "chloe", lambda tx: orientations.refuse(tx, orientation_id, motif=" Trop loin ")
    )
    assert (row.state, row.refusal_motif) == ("refused", "Trop loin")
    assert effects.acts == ["orientation.refuse"]
    assert effects.told == [("haute-savoie-habitat", "bailleur", "orientation.refuse")]
    assert effects.jobs == ["flux.post", "notifications.deliver"]


async def test_after_a_refusal_the_vacancy_goes_to_a_second_one(play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, orientation_id))
    vacancy_id = play.scalar("select vacancy_id from orientations where id = %s", orientation_id)
    command = send(play, vacancy_id, "departement", departure_motif="Second réservataire")
    second = await play.does("alice", lambda tx: orientations.send(tx, command))
    assert play.scalar("select rank from orientations where id = %s", second) == 2


async def test_an_answer_is_given_once(play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.accept(tx, orientation_id))
    for again in (orientations.accept, orientations.refuse):
        await play.is_refused(
            "chloe", partial(again, orientation_id=orientation_id), Conflict, "stale_version"
        )


async def test_an_answer_to_an_older_page_is_refused(play: Play) -> None:
    orientation_id = await play.offer()
    await play.is_refused(
        "chloe",
        lambda tx: orientations.accept(tx, orientation_id, expected_version=7),
        Conflict,
        "stale_version",
    )


async def test_an_answer_in_time_is_heard_until_midnight(play: Play) -> None:
    orientation_id = await play.offer()
    play.now = paris("2026-05-05T23:59:59")
    row = await play.does("chloe", lambda tx: orientations.refuse(tx, orientation_id))
    assert row.state == "refused"


async def test_an_answer_after_the_deadline_comes_too_late(play: Play) -> None:
    """Art. 5.3: silence is acceptance, recorded or not."""
    orientation_id = await play.offer()
    play.now = paris("2026-05-06T00:00")
    for answer in (orientations.refuse, orientations.accept):
        error = await play.is_refused(
            "chloe",
            partial(answer, orientation_id=orientation_id),
            Conflict,
            "answer_too_late",
        )
        assert "réputée acceptée depuis le mardi 5 mai 2026 à 24 h" in error.message
    row = await play.reads("chloe", lambda tx: orientations.get(tx, orientation_id))
    assert (row.state, orientations.effective_state(row, play.now)) == ("sent", "searching")


# --- Silence ------------------------------------------------------------------------------------


async def test_the_sweep_records_a_silence_at_its_legal_date(play: Play) -> None:
    orientation_id = await play.offer()
    play.now = paris("2026-05-08T11:30")
    recorded, effects = await play.performs(
        "alice", lambda tx: orientations.record_due(tx, orientation_id)
    )
    assert recorded
    assert effects.acts == ["orientation.tacit"]
    assert sorted(effects.told) == [
        ("doussard", "reservataire", "orientation.tacit"),
        ("haute-savoie-habitat", "bailleur", "orientation.tacit"),
    ]
    assert effects.jobs == ["notifications.deliver"] * 2
    (line,) = play.rows(
        "select at, person_name, person_id, channel from journal where act = 'orientation.tacit'"
    )
    assert line == (paris("2026-05-06T00:00"), "Portail du flux (automatique)", None, "worker")


async def test_the_sweep_run_twice_records_once(play: Play) -> None:
    orientation_id = await play.offer()
    play.now = paris("2026-05-08T11:30")
    await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    before = play.dump()
    assert not await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    assert play.dump() == before


async def test_the_sweep_does_nothing_early(play: Play) -> None:
    orientation_id = await play.offer()
    play.now = paris("2026-05-05T23:59:59")
    before = play.dump()
    assert not await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    assert play.dump() == before


async def test_a_search_without_candidate_ends_with_its_period(play: Play) -> None:
    orientation_id = await play.search()
    play.now = paris("2026-06-02T09:00")
    await play.does("alice", lambda tx: orientations.record_due(tx, orientation_id))
    assert play.state(orientation_id) == "no_candidate"


# --- Withdrawing and reading ----------------------------------------------------------------------


async def test_who_withdraws_an_offer(play: Play) -> None:
    orientation_id = await play.offer()
    await play.is_refused_to(
        NOT_THE_BAILLEUR, lambda tx: orientations.withdraw(tx, orientation_id, reason="Sinistre")
    )
    await play.is_refused(
        "alice",
        lambda tx: orientations.withdraw(tx, orientation_id, reason="  "),
        Conflict,
        "reason_required",
    )
    row, effects = await play.performs(
        "alice", lambda tx: orientations.withdraw(tx, orientation_id, reason="Sinistre")
    )
    assert (row.state, row.withdrawal_reason) == ("withdrawn", "Sinistre")
    assert effects.acts == ["orientation.withdraw"]
    assert effects.told == [("doussard", "reservataire", "orientation.withdraw")]
    assert effects.jobs == ["notifications.deliver"]


async def test_who_reads_an_offer(play: Play) -> None:
    orientation_id = await play.offer()
    for who in ("alice", "bruno", "chloe", "estelle", "hsh machine", "doussard machine"):
        row = await play.reads(who, lambda tx: orientations.get(tx, orientation_id))
        assert row.id == orientation_id
        assert bool(row.dwelling and row.dwelling.address) is (who != "estelle"), who
    absent = {"denis": NotFound, "karine": NotFound, "leo": NotFound, "pascal": NotFound}
    for who, error in {**absent, "farid": Forbidden}.items():
        await play.is_refused(who, lambda tx: orientations.get(tx, orientation_id), error)


async def test_the_state_s_contingents_are_two_files(play: Play) -> None:
    """R441-5-2: who answers for one contingent sees and does nothing of the other."""
    orientation_id = await play.offer("prefecture", contingent="rs")
    for act in (orientations.get, orientations.accept, orientations.refuse):
        await play.is_refused("rosa", partial(act, orientation_id=orientation_id), NotFound)
    page = await play.reads("rosa", lambda tx: orientations.list_page(tx, PageRequest()))
    assert page.items == ()
    entries = await play.reads("rosa", lambda tx: journal.timeline(tx, PageRequest()))
    assert entries.items == ()
    row = await play.does("pascal", lambda tx: orientations.accept(tx, orientation_id))
    assert row.state == "searching"


async def test_an_unknown_offer_and_a_stranger_s_look_alike(play: Play) -> None:
    theirs = await play.offer()
    for act in (orientations.get, orientations.accept, orientations.refuse):
        told = {
            (await play.is_refused("karine", partial(act, orientation_id=one), NotFound)).message
            for one in (theirs, play.tenant("doussard"))
        }
        assert len(told) == 1


async def test_each_party_reads_its_slice_of_the_timeline(play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.accept(tx, orientation_id))

    async def acts(who: str) -> list[str]:
        page = await play.reads(
            who, lambda tx: journal.timeline(tx, PageRequest(), dwelling_id=play.home())
        )
        return [entry.act for entry in reversed(page.items)]

    assert await acts("alice") == ["vacancy.registered", "orientation.sent", "orientation.accept"]
    assert await acts("chloe") == ["orientation.sent", "orientation.accept"]
    for who in ("denis", "karine", "estelle", "pascal"):
        assert await acts(who) == []
