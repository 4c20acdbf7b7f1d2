"""Before an access of a machine ends, its organisme is told: thirty days, then seven, once each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from server.operations import machines, notifications
from server.operations.machines import MakeToken, give_due_notices
from server.tenants.transactions import Database as App
from tests.operations.play import Play
from tests.pages.browsers import settings_of


@pytest.fixture
async def worker(play: Play) -> AsyncIterator[App]:
    """The login of the worker: it may see when accesses end, and neither name nor secret."""
    opened = App(play.stage.database.worker_dsn, pool_size=2)
    yield opened
    await opened.close()


async def access(play: Play, days: int, who: str = "alice") -> machines.Made:
    command = MakeToken(
        name="Logiciel d'essai",
        scopes=frozenset({"flux:lire"}),
        last_day=datetime.now(UTC).date() + timedelta(days=days),
    )
    return await play.does(who, lambda tx: machines.make_token(tx, command))


def notices(play: Play, made: machines.Made) -> list[tuple[str, str]]:
    return play.rows(
        "select t.slug, n.capacity from notifications n join tenants t on t.id = n.recipient_id"
        " where n.template = 'machine.expiring' and n.subject_id = %s order by n.id",
        made.machine.id,
    )


async def test_an_access_is_announced_at_thirty_and_seven_days_once_each(
    play: Play, worker: App
) -> None:
    made = await access(play, 200)
    end = made.machine.expires_at
    mine = ("haute-savoie-habitat", "bailleur")
    for left, expected in ((31, 0), (29, 1), (29, 1), (8, 1), (6, 2), (1, 2)):
        await give_due_notices(worker, at=end - timedelta(days=left))
        assert notices(play, made) == [mine] * expected, left
    await give_due_notices(worker, at=end + timedelta(days=1))
    assert notices(play, made) == [mine] * 2


async def test_a_worker_that_slept_gives_the_last_notice_only(play: Play, worker: App) -> None:
    made = await access(play, 200)
    for _ in range(2):
        await give_due_notices(worker, at=made.machine.expires_at - timedelta(days=3))
    assert len(notices(play, made)) == 1


async def test_what_is_made_for_a_short_time_is_not_announced_at_once(
    play: Play, worker: App
) -> None:
    made = await access(play, 20)
    await give_due_notices(worker)
    assert notices(play, made) == []
    await give_due_notices(worker, at=made.machine.expires_at - timedelta(days=6))
    assert len(notices(play, made)) == 1


async def test_a_revoked_access_is_announced_no_more(play: Play, worker: App) -> None:
    made = await access(play, 200)
    await play.does("alice", lambda tx: machines.revoke(tx, made.machine.id))
    await give_due_notices(worker, at=made.machine.expires_at - timedelta(days=3))
    assert notices(play, made) == []


async def test_the_mail_says_when_and_where_and_names_nothing(play: Play, worker: App) -> None:
    """A free text typed by somebody is never copied into a mail."""
    made = await access(play, 200)
    await give_due_notices(worker, at=made.machine.expires_at - timedelta(days=20))
    (waiting,) = play.rows("select id from notifications where subject_id = %s", made.machine.id)
    await notifications.deliver(worker, waiting[0], settings_of(play.stage.database))
    subject, text, state = play.rows(
        "select subject, body_text, state from notifications where id = %s", waiting[0]
    )[0]
    assert state == "kept"
    assert subject.startswith("[Accès machine] Fin le ")
    assert f"/organisme/acces-machine/{made.machine.id}" in text
    assert "Logiciel d'essai" not in subject + text


async def test_each_contingent_of_the_state_is_told(play: Play, worker: App) -> None:
    """A token of both contingents is seen, and announced, to who follows either."""
    due = play.scalar(
        "select expires_at from api_tokens where capacity = 'reservataire'"
        " and 'rs' = any (contingents)"
    )
    await give_due_notices(worker, at=due - timedelta(days=3))
    told = play.rows(
        "select n.contingent from notifications n join api_tokens t on t.id = n.subject_id"
        " where 'rs' = any (t.contingents) order by 1"
    )
    assert told == [("fonctionnaires",), ("rs",)]


async def test_calls_are_forgotten_after_thirty_days(play: Play, worker: App) -> None:
    play.run(
        "insert into api_calls (id, tenant_id, capacity, caller_id, caller_name, day, operation,"
        " outcome, last_at) select gen_random_uuid(), tenant_id, capacity, id, name,"
        " current_date - age, 'me', 'ok', now() from api_tokens, unnest(array[0, 29, 32]) age"
        " where name = 'Haute-Savoie Habitat'"
    )
    await give_due_notices(worker)
    assert play.scalar("select count(*) from api_calls") == 2
