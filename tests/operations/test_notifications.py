"""Notifications on the real database: each mail with the eyes of its recipient, each one once."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from server.db.ids import new_id
from server.db.notifications import Notification
from server.db.paging import PageRequest
from server.documents.messages import ORIENTATION_WORDINGS
from server.domain.orientations import RULES, Actor, Step
from server.errors import NotFound
from server.operations import notifications, orientations, sweep
from server.operations.notifications import DeliveryError
from server.tenants.transactions import Database as App
from tests.workers.stories import NUDS, Play, jobs_of, rows_of, settings_of
from tests.worlds import Stage

SECRETS = (*NUDS, "Madame Secret", "Chloé", "Alice")


@pytest.fixture
async def worker(world: Stage) -> AsyncIterator[App]:
    """The database as the worker's login opens it."""
    opened = App(world.database.worker_dsn, pool_size=3)
    yield opened
    await opened.close()


@pytest.fixture
def play(world: Stage) -> Play:
    return Play(stage=world)


async def deliver_all(play: Play, worker: App, *, smtp_url: str | None = None) -> None:
    settings = settings_of(play.stage.database, smtp_url=smtp_url)
    for notification_id in jobs_of(play.stage.database, "notifications.deliver"):
        await notifications.deliver(worker, UUID(notification_id), settings)


def mails(play: Play, template: str) -> list[dict[str, Any]]:
    names = ("slug", "capacity", "contingent", "state", "address", "subject", "body_text",
             "body_html", "calendar", "error", "attempts", "message_id")  # fmt: skip
    found = rows_of(
        play.stage.database,
        "select t.slug, n.capacity, n.contingent, n.state, n.address, n.subject, n.body_text,"
        " n.body_html, n.calendar, n.error, n.attempts, n.message_id from notifications n"
        " join tenants t on t.id = n.recipient_id where n.template = %s"
        " order by t.slug, n.capacity",
        template,
    )
    return [dict(zip(names, row, strict=True)) for row in found]


async def test_an_offer_is_told_to_the_mailbox_of_the_convention(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    await deliver_all(play, worker)
    (mail,) = mails(play, "orientation.sent")
    assert (mail["state"], mail["slug"]) == ("kept", "doussard")
    assert mail["address"] == "logement@doussard.invalid"
    assert re.fullmatch(
        r"\[À répondre avant le mar\. 05/05 à 24 h\] T\d(?: PL\w+)? – Doussard", mail["subject"]
    )
    assert "mardi 5 mai 2026 à 24 h" in mail["body_text"]
    assert "réputée acceptée" in mail["body_text"]
    assert "https://portail.invalid/orientations/" in mail["body_text"]


async def test_delivering_twice_changes_nothing(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    await deliver_all(play, worker)
    before = mails(play, "orientation.sent")
    await deliver_all(play, worker)
    assert mails(play, "orientation.sent") == before
    assert before[0]["attempts"] == 1


async def test_a_rolled_back_act_announces_nothing(play: Play) -> None:
    vacancy_id = await play.vacancy()
    with suppress(ZeroDivisionError):
        async with play.stage.app.write_transaction(play.alice, now=play.now) as tx:
            await orientations.send(tx, play.offer(vacancy_id))
            raise ZeroDivisionError
    assert jobs_of(play.stage.database, "notifications.deliver") == []
    assert rows_of(play.stage.database, "select id from notifications") == []


async def whole_cycle(play: Play, worker: App) -> None:
    """Every template: the nominal cycle, a refusal, a silence, urgencies, a bilan."""
    await play.refuse(await play.send(await play.vacancy()))
    await play.leased()
    asked = await play.vacancy()
    await play.send(asked)
    await play.approve_urgence(await play.request_urgence(asked))
    await deliver_all(play, worker)


async def test_no_mail_says_anything_of_a_household_or_a_person(play: Play, worker: App) -> None:
    await whole_cycle(play, worker)
    found = rows_of(
        play.stage.database,
        "select template, capacity, subject, body_text, body_html, coalesce(calendar, '')"
        " from notifications where state = 'kept'",
    )
    assert {row[0] for row in found} >= {
        "orientation.sent", "orientation.refuse", "orientation.accept", "orientation.complete",
        "orientation.decide", "orientation.lease", "caleol.planned", "urgence.requested",
        "urgence.decided",
    }  # fmt: skip
    for row in found:
        for secret in SECRETS:
            assert secret not in " ".join(row[2:]), (row[0], row[1], secret)


async def test_every_notification_of_the_cycle_is_kept(play: Play, worker: App) -> None:
    await whole_cycle(play, worker)
    states = rows_of(play.stage.database, "select template, state, error from notifications")
    assert [row for row in states if row[1] != "kept"] == []


async def test_the_invitation_comes_with_its_calendar(play: Play, worker: App) -> None:
    await play.leased()
    await deliver_all(play, worker)
    by_reader = {(one["slug"], one["capacity"]): one for one in mails(play, "caleol.planned")}
    assert set(by_reader) == {("doussard", "reservataire"), ("prefecture", "prefecture")}
    for one in by_reader.values():
        assert "METHOD:REQUEST" in one["calendar"]
        assert "CLASS:PRIVATE" in one["calendar"]
    assert "Logement 1" in by_reader["doussard", "reservataire"]["body_text"]
    assert "3 candidats" in by_reader["doussard", "reservataire"]["body_text"]
    assert "3 candidats" not in by_reader["prefecture", "prefecture"]["body_text"]


async def test_silence_is_told_to_both_by_the_sweep(play: Play, worker: App) -> None:
    """Art. 5.3: tacit acceptance, whose legal day is the last one of the period."""
    orientation_id = await play.send(await play.vacancy())
    await deliver_all(play, worker)
    after = play.now.replace(month=5, day=6)
    execute(play, "insert into business_clock values (true, %s - now())", after)
    assert await sweep.record_due(worker) == 1
    assert await sweep.record_due(worker) == 0
    await deliver_all(play, worker)
    told = {one["slug"]: one["subject"] for one in mails(play, "orientation.tacit")}
    assert told["doussard"].startswith("[Candidats à présenter avant le ven. 29/05 à 24 h] T")
    assert told["haute-savoie-habitat"].startswith("[Offre réputée acceptée] T")
    assert rows_of(
        play.stage.database, "select accepted_on::text from orientations where id = %s",
        orientation_id,
    ) == [("2026-05-05",)]  # fmt: skip


def execute(play: Play, statement: str, *values: object) -> None:
    rows_of(play.stage.database, f"{statement} returning 1", *values)


def test_every_template_in_use_has_its_words() -> None:
    source = "".join(path.read_text() for path in sorted(Path("server/operations").rglob("*.py")))
    used = set(re.findall(r'(?:template=|entry, \w+, )"([a-z]+\.[a-z_]+)"', source))
    by_time = {f"orientation.{step}" for step in Step if RULES[step].actor is Actor.SYSTEM}
    told = set(ORIENTATION_WORDINGS) | {
        *("caleol.planned", "urgence.requested", "urgence.decided", "bilan.published"),
        *("annexe.published", "scenario.shared"),
    }
    assert used | by_time <= told
    assert len(used) >= 8


async def test_an_unknown_mailbox_is_visible_and_stops_nothing(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    execute(play, "update conventions set mailbox = null")
    execute(play, "delete from tenant_mailboxes")
    await deliver_all(play, worker)
    (mail,) = mails(play, "orientation.sent")
    assert (mail["state"], mail["error"]) == ("failed", "adresse inconnue")
    assert mail["subject"]


# --- SMTP -------------------------------------------------------------------------------------


class Sink:
    """An SMTP server that keeps what it receives, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        if self.answer.startswith("250"):
            self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        return self.answer


@pytest.fixture
def smtp() -> Iterator[tuple[Sink, str]]:
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink, f"smtp://127.0.0.1:{port}"
    controller.stop()


async def test_a_mail_goes_by_smtp_once(play: Play, worker: App, smtp: tuple[Sink, str]) -> None:
    sink, url = smtp
    await play.send(await play.vacancy())
    await deliver_all(play, worker, smtp_url=url)
    await deliver_all(play, worker, smtp_url=url)
    (mail,) = sink.mails
    (row,) = mails(play, "orientation.sent")
    assert (row["state"], row["message_id"]) == ("sent", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"] == "logement@doussard.invalid"
    assert mail["Subject"] == row["subject"]
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    event = next(one for one in mail.iter_parts() if one.get_content_type() == "text/calendar")
    assert event.get_param("method") == "PUBLISH"
    assert "DTSTART;VALUE=DATE:20260505" in event.get_content()


async def test_an_invitation_is_a_calendar_part(
    play: Play, worker: App, smtp: tuple[Sink, str]
) -> None:
    sink, url = smtp
    await play.leased()
    await deliver_all(play, worker, smtp_url=url)
    invited = [one for one in sink.mails if one["Subject"].startswith("[CALEOL")]
    part = list(invited[0].iter_parts())[-1]
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "REQUEST"
    assert "BEGIN:VEVENT" in part.get_content()


async def test_a_refused_mail_is_tried_again_under_the_same_identifier(
    play: Play, worker: App, smtp: tuple[Sink, str]
) -> None:
    sink, url = smtp
    await play.send(await play.vacancy())
    sink.answer = "451 try later"
    with pytest.raises(DeliveryError):
        await deliver_all(play, worker, smtp_url=url)
    (failed,) = mails(play, "orientation.sent")
    assert failed["state"] == "failed"
    assert "451" in failed["error"]
    sink.answer = "250 OK"
    await deliver_all(play, worker, smtp_url=url)
    (sent,) = mails(play, "orientation.sent")
    assert (sent["state"], sent["error"], sent["attempts"]) == ("sent", None, 2)
    assert sink.mails[0]["Message-ID"] == failed["message_id"]


async def test_an_unreachable_server_blocks_no_act(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    with pytest.raises(DeliveryError):
        await deliver_all(play, worker, smtp_url="smtp://127.0.0.1:1")
    (mail,) = mails(play, "orientation.sent")
    assert (mail["state"], mail["error"]) == (
        "failed",
        "Le serveur de messagerie est injoignable.",
    )


async def test_a_worker_killed_while_sending_is_taken_over(
    play: Play, worker: App, smtp: tuple[Sink, str]
) -> None:
    sink, url = smtp
    await play.send(await play.vacancy())
    execute(play, "update notifications set state = 'sending', attempts = 1")
    await deliver_all(play, worker, smtp_url=url)
    assert len(sink.mails) == 1
    assert mails(play, "orientation.sent")[0]["state"] == "sent"


# --- On the portal ----------------------------------------------------------------------------


async def test_the_inbox_is_its_recipient_s_only(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    await deliver_all(play, worker)
    app, world = play.stage.app, play.stage.world

    async def seen_by(slug: str) -> tuple[Notification, ...]:
        async with app.read_transaction(world.actor(slug)) as tx:
            return (await notifications.inbox(tx, PageRequest())).items

    assert len(await seen_by("chloe")) == 1
    assert await seen_by("karine") == ()
    assert await seen_by("alice") == ()


async def test_reading_the_inbox_empties_the_counter(play: Play) -> None:
    await play.send(await play.vacancy())
    app = play.stage.app
    async with app.write_transaction(play.chloe) as tx:
        assert (await notifications.news(tx))[0] == 1
        await notifications.mark_all_read(tx)
        assert (await notifications.news(tx))[0] == 0


async def test_the_demonstration_shows_every_mail(play: Play, worker: App) -> None:
    await play.send(await play.vacancy())
    await deliver_all(play, worker)
    with play.stage.database.demo():
        async with play.stage.app.demo_transaction() as tx:
            (mail,) = (await notifications.list_mails(tx, PageRequest())).items
            assert (await notifications.get_mail(tx, mail.id)).body_html == mail.body_html
            with pytest.raises(NotFound):
                await notifications.get_mail(tx, new_id())
