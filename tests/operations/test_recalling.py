"""Reminders, digests, choices, mails that did not go: each once, each refused to strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from server.db.choices import Preferences
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import (
    choices,
    deliveries,
    letters,
    notifications,
    orientations,
    recalling,
    sweep,
)
from server.tenants.transactions import Database as App
from tests.operations.play import Play, paris
from tests.workers.stories import jobs_of, settings_of

NOBODY_S = {
    "bruno": Forbidden,
    "karine": NotFound,
    "denis": NotFound,
    "estelle": NotFound,
    "farid": NotFound,
}


@pytest.fixture
async def worker(play: Play) -> AsyncIterator[App]:
    opened = App(play.stage.database.worker_dsn, pool_size=3)
    yield opened
    await opened.close()


def at(play: Play, now: datetime) -> None:
    play.run("delete from business_clock")
    play.run("insert into business_clock (shift) values (%s - now())", now)


async def mail(play: Play, worker: App) -> None:
    for one in jobs_of(play.stage.database, "notifications.deliver"):
        await notifications.deliver(worker, UUID(one), settings_of(play.stage.database))


def subjects(play: Play, template: str) -> list[tuple[Any, ...]]:
    return play.rows(
        "select t.slug, n.state, n.address, n.subject from notifications n join tenants t on"
        " t.id = n.recipient_id where n.template = %s order by n.id",
        template,
    )


async def test_a_deadline_is_recalled_half_way_and_on_the_last_morning(
    play: Play, worker: App
) -> None:
    await play.offer()
    for now, given in (
        ("2026-05-01T10:00", 0),  # a holiday
        ("2026-05-03T10:00", 0),  # a Sunday
        ("2026-05-04T09:00", 1),
        ("2026-05-04T17:00", 1),
        ("2026-05-05T09:00", 2),
        ("2026-05-05T09:00", 2),
    ):
        at(play, paris(now))
        await sweep.record_due(worker)
        assert len(subjects(play, "orientation.reminder")) == given, now
    await mail(play, worker)
    told = subjects(play, "orientation.reminder")
    assert {(slug, state) for slug, state, _, _ in told} == {("doussard", "kept")}
    assert told[0][3].startswith("[Rappel : à répondre avant le mar. 05/05 à 24 h] T")
    acts = play.rows("select person_id, channel from journal where act = 'orientation.reminder'")
    assert acts == [(None, "worker")] * 2


async def test_what_is_answered_is_recalled_no_more(play: Play, worker: App) -> None:
    offer_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, offer_id))
    at(play, paris("2026-05-05T09:00"))
    assert await recalling.remind_due(worker) == 0


async def test_an_organisme_chooses_its_reminders(play: Play, worker: App) -> None:
    """They are read on the portal all the same."""
    await play.offer()
    quiet = Preferences(information=True, reminders=False)
    await play.is_refused("bruno", lambda tx: choices.choose(tx, quiet), Forbidden)
    await play.does("chloe", lambda tx: choices.choose(tx, quiet))
    await play.does("chloe", lambda tx: choices.choose(tx, quiet))
    at(play, paris("2026-05-05T09:00"))
    assert await recalling.remind_due(worker) == 1
    await mail(play, worker)
    await mail(play, worker)
    ((slug, state, _, subject),) = subjects(play, "orientation.reminder")
    assert (slug, state) == ("doussard", "muted")
    assert subject.startswith("[Rappel")
    assert subjects(play, "orientation.sent")[0][1] == "kept"


async def test_a_working_morning_has_one_digest(play: Play, worker: App) -> None:
    await play.offer()
    await play.does("chloe", lambda tx: choices.choose(tx, Preferences(digest=True)))
    await play.does("chloe", lambda tx: choices.choose_own(tx, "chloe@doussard.invalid"))
    await play.is_refused(
        "chloe", lambda tx: choices.choose_own(tx, "chloe"), Invalid, "address_invalid"
    )
    for now in ("2026-05-01T09:00", "2026-05-02T09:00", "2026-05-04T13:00"):
        at(play, paris(now))
        assert await recalling.digest_due(worker) == 0, now
    at(play, paris("2026-05-04T08:30"))
    assert await recalling.digest_due(worker) == 2
    assert await recalling.digest_due(worker) == 0
    await mail(play, worker)
    sent = subjects(play, "digest.morning")
    assert {address for _, _, address, _ in sent} == {
        "logement@doussard.invalid",
        "chloe@doussard.invalid",
    }
    assert {subject for _, _, _, subject in sent} == {"[Résumé du 4 mai 2026] 1 dossier à suivre"}


async def test_a_morning_without_anything_to_do_is_silent(play: Play, worker: App) -> None:
    await play.does("chloe", lambda tx: choices.choose(tx, Preferences(digest=True)))
    at(play, paris("2026-05-04T08:30"))
    assert await recalling.digest_due(worker) == 0
    assert subjects(play, "digest.morning") == []


async def test_a_person_s_digest_ends_with_her_address_or_her_account(
    play: Play, worker: App
) -> None:
    await play.offer()
    await play.does("chloe", lambda tx: choices.choose_own(tx, "chloe@doussard.invalid"))
    await play.does("chloe", lambda tx: choices.choose_own(tx, None))
    at(play, paris("2026-05-04T08:30"))
    assert await recalling.digest_due(worker) == 0
    await play.does("chloe", lambda tx: choices.choose_own(tx, "chloe@doussard.invalid"))
    play.run("set session_replication_role = replica")
    play.run("update memberships set revoked_at = now(), ended_as = 'removed' where person_id = %s",
             play.actor("chloe").person_id)  # fmt: skip
    play.run("set session_replication_role = default")
    assert await recalling.digest_due(worker) == 0


# --- Mails that did not go ------------------------------------------------------------------------


async def test_who_sent_a_mail_reads_that_it_failed_and_sends_it_again(
    play: Play, worker: App
) -> None:
    await play.offer()
    at(play, play.now)
    play.run("update conventions set mailbox = null")
    play.run("delete from tenant_mailboxes")
    await mail(play, worker)
    (found,) = await play.reads("alice", letters.list_failed)
    assert (found.template, found.state) == ("orientation.sent", "failed")
    for who, error in NOBODY_S.items():
        await play.is_refused(who, lambda tx: letters.replay(tx, found.notification_id), error)
    play.run("update conventions set mailbox = 'logement@doussard.invalid'")
    play.now = play.now.replace(minute=30)
    await play.does("alice", lambda tx: letters.replay(tx, found.notification_id))
    await play.is_refused(
        "alice", lambda tx: letters.replay(tx, found.notification_id), Conflict, "letter_in_hand"
    )
    await mail(play, worker)
    assert await play.reads("alice", letters.list_failed) == []
    assert subjects(play, "orientation.sent")[0][1] == "kept"
    assert play.scalar("select delivery from orientations") == "delivered"


async def test_a_mail_that_nobody_knows_of_waits_for_a_person(play: Play, worker: App) -> None:
    await play.offer()
    (row_id,) = play.rows("select id from notifications")[0]
    async with worker.system_transaction("test") as tx:
        row = await notifications.get_mail(tx, row_id)
        await deliveries.note(tx, row, "uncertain", "Connexion coupée.")
        await deliveries.note(tx, row, "uncertain", "Connexion coupée.")
    (found,) = await play.reads("alice", letters.list_failed)
    assert found.state == "uncertain"
    async with worker.system_transaction("test") as tx:
        assert await letters.replay_any(tx, row_id)
        assert not await letters.replay_any(tx, row_id)
