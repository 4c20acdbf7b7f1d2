"""Domain.md Q5 on the real database and a real SMTP server: what did not arrive binds nobody."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller

from server.documents.bounces import return_address
from server.errors import Conflict
from server.operations import conventions, deliveries, notifications, orientations, outages, sweep
from server.operations.notifications import DeliveryError
from server.tenants.transactions import Database as App
from tests.documents.test_bounces import dsn
from tests.operations.play import NOT_THE_BAILLEUR, Play, paris
from tests.workers.stories import jobs_of, settings_of
from workers.bouncing import run as run_bounce

AFTER = paris("2026-05-06T09:00")
ADDRESS = "logement@doussard.invalid"


class Relay:
    """A mail server that takes everything, or answers what it is told."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that aiosmtpd calls
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def relay() -> Iterator[tuple[Relay, str]]:
    taken = Relay()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(taken, hostname="127.0.0.1", port=port)
    controller.start()
    yield taken, f"smtp://127.0.0.1:{port}"
    controller.stop()


class Post:
    """The worker, turn by turn, and an offer that it carries."""

    def __init__(self, play: Play, worker: App) -> None:
        self.play, self.worker, self.done = play, worker, 0

    async def offer(self) -> UUID:
        """Sent, and not yet taken by the worker."""
        sent = await self.play.offer()
        self.play.run(
            "update orientations set delivery = 'pending', delivered_at = null where id = %s", sent
        )
        return sent

    async def works(self, smtp_url: str | None = None) -> None:
        """Every job of a mail, then every report, each run twice: the second changes nothing."""
        database = self.play.stage.database
        settings = replace(
            settings_of(database, smtp_url=smtp_url), mail_return="retours@portail.invalid"
        )
        jobs = jobs_of(database, "notifications.deliver")
        for _ in range(2):
            for one in jobs[self.done :]:
                await notifications.deliver(self.worker, UUID(one), settings)
        self.done = len(jobs)
        await self.reports()

    async def reports(self) -> None:
        for one in jobs_of(self.play.stage.database, "orientations.undelivered") * 2:
            await deliveries.report(self.worker, UUID(one))

    async def sweeps(self, now: datetime) -> int:
        self.play.run("delete from business_clock")
        self.play.run("insert into business_clock values (true, %s - now())", now)
        return await sweep.record_due(self.worker)

    def row(self, offer_id: UUID) -> tuple[Any, ...]:
        return self.play.rows(
            "select state, delivery, answer_last_day::text, answer_receipt ->> 'restart'"
            " from orientations where id = %s",
            offer_id,
        )[0]

    def told(self, template: str) -> list[str]:
        return [
            row[0]
            for row in self.play.rows(
                "select t.slug from notifications n join tenants t on t.id = n.recipient_id"
                " where n.template = %s order by 1",
                template,
            )
        ]


@pytest.fixture
async def post(play: Play) -> AsyncIterator[Post]:
    opened = App(play.stage.database.worker_dsn, pool_size=3)
    yield Post(play, opened)
    await opened.close()


async def test_a_kept_mail_is_delivered_when_it_was_written(post: Post) -> None:
    """The demonstration keeps its mails: moving its clock delays none."""
    offer_id = await post.offer()
    assert await post.sweeps(AFTER) == 0  # nobody has carried it: silence says nothing
    await post.works()
    assert post.play.scalar("select delivered_at = sent_at from orientations")
    assert await post.sweeps(AFTER) == 1
    assert post.row(offer_id)[:3] == ("searching", "delivered", "2026-05-05")


async def test_a_refused_address_stops_the_clock_and_is_told_once(
    post: Post, relay: tuple[Relay, str]
) -> None:
    server, url = relay
    offer_id = await post.offer()
    server.answer = "550 5.1.1 no such user"
    await post.works(url)
    assert post.row(offer_id)[:2] == ("sent", "failed")
    assert post.told("orientation.undelivered") == ["haute-savoie-habitat"]
    assert post.play.scalar("select mailbox_failed_at is not null from conventions where mailbox"
                            " = %s", ADDRESS)  # fmt: skip
    assert await post.sweeps(AFTER) == 0
    assert post.play.scalar("select count(*) from journal where act = 'orientation.tacit'") == 0
    await post.play.does("chloe", lambda tx: orientations.accept(tx, offer_id), now=AFTER)


async def test_the_bailleur_corrects_and_sends_again(post: Post, relay: tuple[Relay, str]) -> None:
    server, url = relay
    offer_id = await post.offer()
    server.answer = "550 5.1.1 no such user"
    await post.works(url)
    now = paris("2026-05-07T15:00")

    async def correct(tx: Any) -> None:
        row = await orientations.get(tx, offer_id)
        agreed = await conventions.get_record(tx, row.convention_id)
        await conventions.set_mailbox(
            tx, agreed.id, "mairie@doussard.invalid", version=agreed.version
        )
        await orientations.resend(tx, offer_id)

    await post.play.is_refused(
        "alice", lambda tx: orientations.resend(tx, offer_id, expected_version=99), Conflict,
        "stale_version",
    )  # fmt: skip
    await post.play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: orientations.resend(tx, offer_id))
    await post.play.does("alice", correct, now=now)
    assert post.row(offer_id) == ("sent", "pending", "2026-05-12", "resent")
    await post.play.is_refused(
        "alice", lambda tx: orientations.resend(tx, offer_id), Conflict, "delivery_not_failed"
    )
    server.answer = "250 OK"
    await post.works(url)
    assert server.envelopes[-1].rcpt_tos == ["mairie@doussard.invalid"]
    assert post.row(offer_id)[1] == "delivered"
    assert post.told("orientation.resend") == ["doussard"]
    assert post.play.scalar("select count(*) from conventions where mailbox_failed_at"
                            " is not null") == 0  # fmt: skip


async def test_a_server_that_is_down_delays_and_blocks_nothing(post: Post) -> None:
    offer_id = await post.offer()
    with pytest.raises(DeliveryError):
        await post.works("smtp://127.0.0.1:1")
    assert post.row(offer_id)[:2] == ("sent", "pending")
    assert post.play.scalar("select delivery_error from orientations").startswith("Le serveur")
    for one in jobs_of(post.play.stage.database, "notifications.deliver"):
        await deliveries.exhaust(post.worker, UUID(one))
        await deliveries.exhaust(post.worker, UUID(one))
    await post.reports()
    assert post.row(offer_id)[1] == "failed"
    assert post.told("orientation.undelivered") == ["haute-savoie-habitat"]
    post.done = 0
    await post.works()  # the same mail, tried once more by hand, arrives
    assert post.row(offer_id)[1] == "delivered"


@pytest.mark.parametrize("by_address", [True, False])
async def test_a_mail_that_comes_back_was_never_delivered(
    post: Post, relay: tuple[Relay, str], by_address: bool
) -> None:
    """Edge case 3 of §5.7, through the command that a mail server calls."""
    server, url = relay
    offer_id = await post.offer()
    await post.works(url)
    assert post.row(offer_id)[1] == "delivered"
    row_id, message_id = post.play.rows("select id, message_id from notifications")[0]
    back = return_address(row_id, "retours@portail.invalid", "secret")
    assert server.envelopes[0].mail_from == back
    raw = (
        dsn(to=back, message_id="X-Rien: 1")
        if by_address
        else dsn(message_id=f"Message-ID: {message_id}")
    )
    settings = {
        "WORKER_DATABASE_URL": post.play.stage.database.worker_dsn,
        "SECRET_KEY": "secret",
    }
    await post.worker.close()
    answers = [await _piped(settings, raw) for _ in range(2)]
    assert [status for _, status in answers] == [0, 0]
    assert answers[0][0].startswith("Courriel non remis. L'adresse a renvoyé le message")
    assert answers[1][0].startswith("Ce courriel n'est pas")
    for one in jobs_of(post.play.stage.database, "orientations.undelivered"):
        await deliveries.report(post.worker, UUID(one))
    assert post.row(offer_id)[1] == "failed"
    assert post.told("orientation.undelivered") == ["haute-savoie-habitat"]


async def _piped(settings: dict[str, str], raw: bytes) -> tuple[str, int]:
    return await asyncio.to_thread(run_bounce, settings, io.BytesIO(raw))


async def test_an_old_mail_that_comes_back_spares_the_new_one(
    post: Post, relay: tuple[Relay, str]
) -> None:
    _, url = relay
    offer_id = await post.offer()
    await post.works(url)
    first = post.play.scalar("select delivery_id from orientations")
    await post.play.does("alice", lambda tx: orientations.mark_failed(tx, offer_id))
    await post.play.does("alice", lambda tx: orientations.resend(tx, offer_id))
    await post.works(url)
    assert await deliveries.bounce(post.worker, first, "L'adresse a renvoyé le message.")
    await post.works(url)
    assert post.row(offer_id)[1] == "delivered"


async def test_the_bailleur_says_that_an_address_is_wrong(post: Post) -> None:
    offer_id = await post.offer()
    await post.works()
    await post.play.is_refused_to(
        NOT_THE_BAILLEUR, lambda tx: orientations.mark_failed(tx, offer_id)
    )
    await post.play.does("alice", lambda tx: orientations.mark_failed(tx, offer_id))
    await post.play.is_refused(
        "alice", lambda tx: orientations.mark_failed(tx, offer_id), Conflict, "delivery_not_marked"
    )
    assert post.row(offer_id)[:2] == ("sent", "failed")


async def test_a_late_mail_gives_the_whole_period_again(post: Post) -> None:
    offer_id = await post.offer()
    post.play.run(
        "update orientations set delivery = 'delivered', delivered_at = %s",
        paris("2026-05-04T11:00"),
    )
    assert await post.sweeps(AFTER) == 1
    assert await post.sweeps(AFTER) == 0
    assert post.row(offer_id) == ("sent", "delivered", "2026-05-06", "late_delivery")
    assert post.told("orientation.restart") == ["doussard", "haute-savoie-habitat"]


async def test_an_outage_restarts_the_offers_that_it_met_once(post: Post) -> None:
    met, spared = await post.offer(), await post.play.offer(home=post.play.home(number=1))
    await post.works()
    post.play.run("update orientations set clock_at = %s where id = %s",
                  paris("2026-05-04T17:00"), spared)  # fmt: skip
    post.play.run("insert into outages values (%s, %s)", paris("2026-05-04T09:00"),
                  paris("2026-05-04T10:15"))  # fmt: skip
    assert await post.sweeps(AFTER) == 2  # one restarted, the other accepted by silence
    assert await post.sweeps(AFTER) == 0
    assert post.row(met) == ("sent", "delivered", "2026-05-06", "outage")
    assert post.row(spared)[0] == "searching"
    facts = post.play.scalar("select facts from journal where act = 'orientation.restart'")
    assert facts == {"on": "2026-05-04", "cause": "outage", "answer_last_day": "2026-05-06"}


async def test_an_answer_given_before_the_sweep_saw_the_outage_stands(post: Post) -> None:
    offer_id = await post.offer()
    await post.works()
    post.play.run("insert into outages values (%s, %s)", paris("2026-05-04T09:00"),
                  paris("2026-05-04T10:15"))  # fmt: skip
    await post.play.does("chloe", lambda tx: orientations.refuse(tx, offer_id), now=AFTER)
    assert post.row(offer_id)[0] == "refused"
    assert await post.sweeps(AFTER) == 0


async def test_the_heart_beats_in_real_time_and_a_moved_clock_is_no_outage(post: Post) -> None:
    app, play = post.play.stage.app, post.play
    assert not await outages.beat(app)
    play.run("insert into business_clock values (true, interval '40 days')")
    assert not await outages.beat(app)
    assert play.scalar("select count(*) from outages") == 0
    play.run("update heartbeats set at = now() - interval '40 days'")
    assert await outages.beat(app)
    assert not await outages.beat(app)
    started, ended = play.rows("select started_at, ended_at from outages")[0]
    assert timedelta(days=40) <= ended - started < timedelta(days=41)
