"""The edge cases of domain.md §5.7, one test each, named after it, on the real database."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from types import MappingProxyType
from uuid import UUID

import pytest

from server.db.candidates import Elsewhere
from server.db.orientations import OrientationFilter
from server.db.paging import PageRequest
from server.domain import calendar
from server.errors import Conflict
from server.operations import (
    annexes,
    caleol,
    candidates,
    deliveries,
    flux,
    notifications,
    orientations,
    vacancies,
)
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.tenants.answer_links import unseal
from server.tenants.transactions import Database as App
from tests.operations.play import NUDS, PUBLIER, SOURCES_DU_LAC, Play, paris
from tests.pages.browsers import settings_of


def send(play: Play, vacancy_id: UUID, reservataire: str) -> SendOrientation:
    return SendOrientation(
        vacancy_id=vacancy_id,
        reservataire_id=play.tenant(reservataire),
        departure_motif="Essai",
    )


async def test_01_a_reply_one_second_after_midnight(play: Play) -> None:
    """Rejected as already accepted tacitly; the réservataire may renounce (T17)."""
    offer_id = await play.offer()
    play.now = paris("2026-05-06T00:00:01")
    await play.is_refused(
        "chloe", lambda tx: orientations.refuse(tx, offer_id), Conflict, "answer_too_late"
    )
    row = await play.does("chloe", lambda tx: orientations.renounce(tx, offer_id))
    assert (row.state, row.acceptance_mode) == ("renounced", "tacit")
    acts = [line[0] for line in play.journal(offer_id)]
    assert acts == ["orientation.sent", "orientation.tacit", "orientation.renounce"]


async def test_02_a_scheduler_down_over_midnight(play: Play) -> None:
    """The state is computed from the dates; the acceptance bears D2, not the day of the run."""
    offer_id = await play.offer()
    play.now = paris("2026-05-07T15:00")
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert (row.state, orientations.effective_state(row, play.now)) == ("sent", "searching")
    await play.does("alice", lambda tx: orientations.record_due(tx, offer_id))
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert row.accepted_on == date(2026, 5, 5)
    assert row.candidates_last_day == date(2026, 5, 29)


async def test_03_a_mail_that_bounces_before_the_second_day(play: Play) -> None:
    """Q5: the silence of who received nothing accepts nothing, until the offer is sent again."""
    offer_id = await play.offer()
    carried = play.scalar("select delivery_id from orientations where id = %s", offer_id)
    play.run("update notifications set state = 'sent' where id = %s", carried)
    play.now = paris("2026-05-04T15:00")
    worker = App(play.stage.database.worker_dsn, pool_size=2)
    assert await deliveries.bounce(worker, carried, "L'adresse a renvoyé le message.")
    await deliveries.report(worker, carried)
    await worker.close()
    play.now = paris("2026-05-07T09:00")
    await play.does("alice", lambda tx: orientations.record_due(tx, offer_id))
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert (row.state, orientations.effective_state(row, play.now)) == ("sent", "sent")
    await play.does("alice", lambda tx: orientations.resend(tx, offer_id))
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert row.answer_last_day == date(2026, 5, 12)  # Friday 8 May is a holiday
    play.run(
        "update orientations set delivery = 'delivered', delivered_at = %s where id = %s",
        *(play.now, offer_id),
    )
    play.now = paris("2026-05-13T00:00")
    await play.does("alice", lambda tx: orientations.record_due(tx, offer_id))
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer_id))
    assert (row.state, row.accepted_on) == ("searching", date(2026, 5, 12))
    acts = [line[0] for line in play.journal(offer_id)]
    assert acts == [
        "orientation.sent",
        "orientation.undelivered",
        "orientation.resend",
        "orientation.tacit",
    ]


async def test_04_a_convention_without_address(play: Play) -> None:
    """Doussard's is literally blank: sending is blocked, and the message says what to fill."""
    vacancy_id = await play.vacancy()
    play.run(
        "update conventions set mailbox = null where reservataire_id = %s", play.tenant("doussard")
    )
    error = await play.is_refused(
        "alice",
        lambda tx: orientations.send(tx, send(play, vacancy_id, "doussard")),
        Conflict,
        "address_missing",
    )
    assert "restée en blanc dans la convention" in error.message


async def test_05_one_mailbox_for_the_ccas_and_the_commune(play: Play) -> None:
    """Two organismes read the same box: each mail says for whom, its link opens that one only."""
    for slug, bailleur, who in (
        ("publier", "haute-savoie-habitat", "alice"),
        ("ccas-publier", "alliade-habitat", "gaelle"),
    ):
        await play.offer(slug, home=play.home(PUBLIER, 0, bailleur), who=who)
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    settings = settings_of(play.stage.database)
    for (one,) in play.rows("select id from notifications where template = 'orientation.sent'"):
        await notifications.deliver(worker, one, settings)
    await worker.close()
    mails = play.rows(
        "select n.address, t.name, t.id, n.body_text from notifications n join tenants t"
        " on t.id = n.recipient_id where template = 'orientation.sent'"
    )
    assert len({address for address, *_ in mails}) == 1
    for _, name, tenant_id, text in mails:
        assert f"pour : {name}" in text
        token = re.search(r"/offre/(\S+)", text)
        assert token is not None
        link = unseal(settings.secret_key, token[1])
        assert link is not None
        assert link.reservataire_id == tenant_id


async def test_06_a_chain_of_refusals_then_the_bailleur_s_own_share(play: Play) -> None:
    """Longer than two: allowed; last resort, the bailleur keeps the dwelling."""
    vacancy_id = await play.vacancy()
    for rank, (slug, who) in enumerate(
        [("doussard", "chloe"), ("departement", "odile"), ("action-logement", "nadir")], start=1
    ):
        offer_id = await play.does(
            "alice", partial(orientations.send, command=send(play, vacancy_id, slug))
        )
        assert play.scalar("select rank from orientations where id = %s", offer_id) == rank
        await play.does(who, partial(orientations.refuse, orientation_id=offer_id))
    await play.does(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="own", reason="Trois refus")
    )
    assert play.rows("select state, nature from vacancies where id = %s", vacancy_id) == [
        ("closed", "own")
    ]


async def test_07_an_offer_withdrawn_while_the_reservataire_types(play: Play) -> None:
    offer_id = await play.offer()
    await play.does("alice", lambda tx: orientations.withdraw(tx, offer_id, reason="Sinistre"))
    for answer in (orientations.accept, orientations.refuse):
        await play.is_refused(
            "chloe",
            partial(answer, orientation_id=offer_id, expected_version=1),
            Conflict,
            "stale_version",
        )


async def test_08_a_convention_that_expires_on_the_way(play: Play) -> None:
    """The orientation goes on under the rules of its sending date."""
    offer_id = await play.offer()
    play.run(
        "update conventions set ended_on = '2026-05-01' where reservataire_id = %s",
        play.tenant("doussard"),
    )
    play.now = paris("2026-05-04T09:00")
    await play.does("chloe", lambda tx: orientations.accept(tx, offer_id))
    await play.present(offer_id, *NUDS[:3])
    assert play.state(offer_id) == "candidates_complete"


async def test_09_a_new_version_of_the_annexe(play: Play) -> None:
    """Counters belong to the year of sending, whatever the version published since."""

    async def oriented() -> dict[int, int]:
        boards = await play.reads("alice", lambda tx: flux.boards(tx, 2026))
        return {
            board.computed.facts.version: line.position.oriented
            for board in boards
            for line in board.lines
            if line.position and line.reservataire_id == play.tenant("doussard")
        }

    await play.offer()
    before = await oriented()
    command = annexes.StartDraft(epci_siren=SOURCES_DU_LAC, year=2026, reason="Essai")
    draft = await play.does("alice", lambda tx: annexes.start(tx, command))
    read = await play.reads("alice", lambda tx: annexes.get(tx, draft))
    await play.does("alice", lambda tx: annexes.publish(tx, draft, revision=read.revision))
    after = await oriented()
    assert set(before.values()) == set(after.values()) == {10_000}
    assert set(before) != set(after)


async def test_10_the_same_nud_on_two_live_orientations(play: Play) -> None:
    """A warning, not a refusal."""
    first = await play.search()
    second = await play.search(home=play.home(number=1))
    await play.present(first, NUDS[0])
    await play.present(second, NUDS[0], NUDS[1])
    for who in ("chloe", "alice"):
        for offer_id in (first, second):
            count = partial(candidates.count_elsewhere, orientation_id=offer_id)
            assert await play.reads(who, count) == Elsewhere(live=1, housed=0)
    await play.does("chloe", lambda tx: orientations.renounce(tx, first))
    count = partial(candidates.count_elsewhere, orientation_id=second)
    assert await play.reads("chloe", count) == Elsewhere(live=0, housed=0)


async def test_10_a_nud_already_radiated(play: Play) -> None:
    """R441-2-8: its household has signed a lease elsewhere; a warning to both, not a refusal."""
    leased = await play.attributed()
    await play.does("alice", lambda tx: caleol.record_lease(tx, leased, signed_on=play.day()))
    housed = play.scalar(
        "select c.nud from orientations o join candidates c on c.id = attributed_candidate_id"
        " where o.id = %s",
        leased,
    )
    others = play.rows("select nud from candidates where nud <> %s", housed)
    offer_id = await play.search(home=play.home(number=1))
    await play.present(offer_id, housed, others[0][0])
    for who in ("chloe", "alice"):
        count = partial(candidates.count_elsewhere, orientation_id=offer_id)
        assert await play.reads(who, count) == Elsewhere(live=0, housed=1)


async def test_11_an_orientation_that_crosses_31_december(play: Play) -> None:
    """Oriented in N, attributed and leased in N+1 (Q13)."""
    play.now = paris("2025-12-14T10:00")
    offer_id = await play.complete()
    play.now = paris("2025-12-29T10:00")
    session_id = await play.session(offer_id)
    command = play.decision(session_id, offer_id)
    play.now = paris("2026-01-06T10:00")
    await play.does("alice", lambda tx: caleol.record_decision(tx, command))
    signed_on = play.day()
    await play.does("alice", lambda tx: caleol.record_lease(tx, offer_id, signed_on=signed_on))
    counted = {}
    for year in (2025, 2026):
        for indicator in ("oriented", "attributed", "leased"):
            wanted = OrientationFilter(year=year, indicator=indicator)
            page = await play.reads(
                "alice", partial(orientations.list_page, request=PageRequest(), wanted=wanted)
            )
            counted[year, indicator] = len(page.items)
    assert [key for key, number in counted.items() if number] == [
        (2025, "oriented"),
        (2026, "attributed"),
        (2026, "leased"),
    ]


async def test_12_a_candidate_that_withdraws(play: Play) -> None:
    """Before D15 it may be replaced; after D15 only by the bailleur."""
    offer_id = await play.search()
    await play.present(offer_id, *NUDS[:2])
    first = play.candidates(offer_id)[0]
    await play.does("chloe", lambda tx: candidates.withdraw(tx, offer_id, first))
    await play.present(offer_id, NUDS[2])
    play.now = paris("2026-05-28T09:00")
    late = PresentCandidates(orientation_id=offer_id, candidates=(NewCandidate(nud=NUDS[3]),))
    await play.is_refused(
        "chloe", lambda tx: candidates.present(tx, late), Conflict, "candidates_too_late"
    )
    second = play.candidates(offer_id)[-1]
    await play.is_refused(
        "chloe", lambda tx: candidates.withdraw(tx, offer_id, second), Conflict, "wrong_state"
    )
    await play.present(offer_id, NUDS[3], who="alice")
    kept = play.rows("select presented_by from candidates where nud = %s", NUDS[3])
    assert kept == [("bailleur",)]


async def test_13_two_users_of_one_organisme_answer_differently(play: Play) -> None:
    """The first wins, the second gets a conflict."""
    offer_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.accept(tx, offer_id, expected_version=1))
    await play.is_refused(
        "doussard machine",
        lambda tx: orientations.refuse(tx, offer_id, expected_version=1),
        Conflict,
        "stale_version",
    )
    assert play.state(offer_id) == "searching"


async def test_14_a_calendar_edited_after_sending(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A holiday added on the last day moves no deadline that was announced."""
    offer_id = await play.offer()
    known = calendar.holidays(2026)
    edited = MappingProxyType({**known, date(2026, 5, 5): "Jour ajouté"})
    monkeypatch.setattr(calendar, "_holidays", lambda _year, _zone: edited)
    row = await play.reads("chloe", lambda tx: orientations.get(tx, offer_id))
    assert row.answer_last_day == date(2026, 5, 5)
    assert row.answer_receipt["last_day"] == "2026-05-05"
    play.now = paris("2026-05-06T00:00")
    assert orientations.effective_state(row, play.now) == "searching"
