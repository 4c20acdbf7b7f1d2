"""The people of an organisme: who may do what about whom, and what can never happen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from server.db.paging import PageRequest
from server.db.people import MemberFilter, update_member
from server.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from server.operations import administration, notifications, people, sweep
from server.operations.people import ChangeRole, InvitePerson
from server.tenants import invitations
from server.tenants.actors import Actor, Role
from server.tenants.sessions import find_signed_in, open_session
from server.tenants.transactions import Database as App
from tests.operations.play import Act, Play
from tests.pages.browsers import settings_of
from tests.worlds import ISSUER

# Rights on people belong to the responsables, of whatever capacity; a machine has none.
NOT_RESPONSABLE = {
    "bruno": Forbidden,
    "leo_agent": Forbidden,
    "hsh machine": Forbidden,
    "doussard machine": Forbidden,
}
# They are responsable elsewhere: to them Alice's colleagues do not exist.
RESPONSABLE_ELSEWHERE = ("chloe", "denis", "karine", "estelle", "farid")
FIRST = PageRequest(first=100)


def who(play: Play, name: str) -> Actor:
    if name == "leo_agent":
        return play.stage.world.actor("leo", tenant="ccas-publier")
    return play.actor(name)


def seat(play: Play, slug: str) -> UUID:
    return play.stage.world.people[slug].memberships[0].id


def invite(name: str = "Théo Nouveau", role: str = "agent", **more: Any) -> Act[str]:
    return lambda tx: people.invite(tx, InvitePerson(name=name, role=role, **more))


def change(membership_id: UUID, role: str, **more: Any) -> Act[Any]:
    command = ChangeRole(membership_id=membership_id, role=role, **more)
    return lambda tx: people.change_role(tx, command)


def remove(membership_id: UUID) -> Act[Any]:
    return lambda tx: people.remove(tx, membership_id)


async def enter(play: Play, subject: str, role: str = "agent", by: str = "alice") -> UUID:
    """Somebody new in the organisme of `by`; answers her membership."""
    contingents = play.actor(by).contingents
    secret = await play.does(by, invite(f"Personne {subject}", role, contingents=contingents))
    accepted = await invitations.accept(
        play.stage.app, secret=secret, issuer=ISSUER, subject=subject, now=datetime.now(UTC)
    )
    return accepted.membership_id


async def names(play: Play, name: str, **wanted: str) -> list[str]:
    page = await play.reads(
        who(play, name), lambda tx: people.list_page(tx, FIRST, MemberFilter(**wanted))
    )
    return [one.name for one in page.items]


def events(play: Play) -> list[tuple[Any, ...]]:
    return play.rows(
        "select act, person_name, subject_name, from_role, to_role from people_events order by id"
    )


# --- Who ----------------------------------------------------------------------------------------


async def test_agents_readers_and_machines_neither_see_nor_act(play: Play) -> None:
    bruno = seat(play, "bruno")
    for name, error in NOT_RESPONSABLE.items():
        actor = who(play, name)
        for act in (
            lambda tx: people.list_page(tx, FIRST, MemberFilter()),
            lambda tx: people.get(tx, bruno),
            people.expected,
            people.review,
            lambda tx: people.trail(tx, FIRST),
            invite(),
            change(bruno, "agent"),
            remove(bruno),
            people.confirm_review,
            lambda tx: people.cancel_invitation(tx, bruno),
        ):
            await play.is_refused(actor, act, error)


async def test_another_organisme_does_not_exist(play: Play) -> None:
    """Nor does the same organisme in another capacity: rights go by capacity."""
    bruno = seat(play, "bruno")
    await play.does("alice", invite())
    invitation_id = play.scalar("select id from invitations")
    for name in RESPONSABLE_ELSEWHERE:
        for act in (
            lambda tx: people.get(tx, bruno),
            change(bruno, "agent"),
            remove(bruno),
            lambda tx: people.cancel_invitation(tx, invitation_id),
        ):
            await play.is_refused(name, act, NotFound)
        assert "Bruno Exemple" not in await names(play, name)
    assert await names(play, "estelle") == ["Estelle Spécimen"]
    assert await names(play, "pascal") == ["Pascal Ébauche", "Rosa Esquisse"]


async def test_the_database_itself_hides_the_others(play: Play) -> None:
    """Row by row and column by column: an identity at the provider is nobody's business."""
    await enter(play, "theo")
    for name, own in (("bruno", 3), ("chloe", 1), ("denis", 1), ("farid", 1), ("estelle", 1)):
        actor = play.actor(name)
        with psycopg.connect(play.stage.database.app_dsn) as connection:
            connection.execute(
                "select set_config('role', %s, false), set_config('app.tenant_id', %s, false)",
                [actor.database_role, str(actor.tenant_id)],
            )
            for seen in (
                connection.execute("select count(id) from memberships").fetchall(),
                connection.execute("select count(id) from persons").fetchall(),
            ):
                assert seen == [(own,)], name
            for hidden in (
                sql.SQL("subject from persons"),
                sql.SQL("secret_hash from invitations"),
            ):
                with (
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                    connection.transaction(),
                ):
                    connection.execute(sql.SQL("select ") + hidden)


# --- Inviting -----------------------------------------------------------------------------------


async def test_an_invitation_waits_until_it_is_used_or_cancelled(play: Play) -> None:
    await play.does("alice", invite("  Théo   Nouveau "))
    (waiting,) = await play.reads("alice", people.expected)
    assert (waiting.name, waiting.role, waiting.invited_by_name) == (
        *("Théo Nouveau", "agent", "Alice Démo"),
    )
    await play.does("alice", lambda tx: people.cancel_invitation(tx, waiting.id))
    assert await play.reads("alice", people.expected) == []
    await play.is_refused(
        "alice",
        lambda tx: people.cancel_invitation(tx, waiting.id),
        Conflict,
        "invitation_over",
    )
    assert [row[0] for row in events(play)] == ["invited", "invitation_cancelled"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (InvitePerson(name=" ", role="agent"), "name_required"),
        (InvitePerson(name="x" * 201, role="agent"), "name_required"),
        (InvitePerson(name="Théo", role="machine"), "role_unknown"),
        (InvitePerson(name="Théo", role=""), "role_unknown"),
    ],
)
async def test_an_invitation_says_who_and_as_what(
    play: Play, command: InvitePerson, code: str
) -> None:
    await play.is_refused("alice", lambda tx: people.invite(tx, command), Invalid, code)


async def test_a_contingent_is_given_by_who_follows_it(play: Play) -> None:
    """domain.md §1.2, hard rule 3: the two contingents see each other only with both roles."""
    for asked in (frozenset({"fonctionnaires"}), frozenset({"rs", "fonctionnaires"}), frozenset()):
        await play.is_refused("pascal", invite(contingents=asked), Invalid, "contingent_required")
    await play.does("pascal", invite(contingents=frozenset({"rs"})))
    await play.does("alice", invite(contingents=frozenset({"rs"})))
    assert play.rows("select contingents from invitations order by id") == [(["rs"],), (["none"],)]
    rosa = seat(play, "rosa")
    await play.is_refused("pascal", change(rosa, "agent", contingents=frozenset({"rs"})), Forbidden)
    await play.is_refused("pascal", remove(rosa), Forbidden)


async def test_invitations_do_not_pile_up(play: Play) -> None:
    for number in range(50):
        await play.does("alice", invite(f"Personne {number}"))
    await play.is_refused("alice", invite(), Conflict, "too_many_invitations")
    await play.does("denis", invite())
    play.run("update invitations set expires_at = now() where name = 'Personne 7'")
    await play.does("alice", invite())


# --- Changing and removing ------------------------------------------------------------------------


async def test_a_new_role_counts_at_the_next_request(play: Play) -> None:
    bruno = play.stage.world.people["bruno"]
    secret = await open_session(play.stage.app, person_id=bruno.id, id_token="", user_agent="")
    await play.does("alice", change(seat(play, "bruno"), "agent"))
    signed_in = await find_signed_in(play.stage.app, secret)
    assert signed_in is not None
    assert signed_in.actor is not None
    assert signed_in.actor.role is Role.AGENT
    await play.does("alice", remove(seat(play, "bruno")))
    signed_in = await find_signed_in(play.stage.app, secret)
    assert signed_in is not None
    assert signed_in.actor is None
    assert events(play) == [
        ("role_changed", "Alice Démo", "Bruno Exemple", "lecteur", "agent"),
        ("removed", "Alice Démo", "Bruno Exemple", "agent", None),
    ]
    await play.is_refused("alice", remove(seat(play, "bruno")), Conflict, "membership_over")
    await play.is_refused(
        "alice", change(seat(play, "bruno"), "lecteur"), Conflict, "membership_over"
    )


async def test_a_removed_person_keeps_her_other_organismes(play: Play) -> None:
    """Léo is removed from the CCAS and goes on for his commune."""
    leo = play.stage.world.people["leo"]
    ccas = next(one.id for one in leo.memberships if one.tenant_slug == "ccas-publier")
    secret = await open_session(
        play.stage.app, person_id=leo.id, id_token="", user_agent="", membership_id=ccas
    )
    await play.does("manon", remove(ccas))
    signed_in = await find_signed_in(play.stage.app, secret)
    assert signed_in is not None
    assert [one.tenant_name for one in signed_in.memberships] == ["Commune de Publier"]


async def test_a_change_changes_something(play: Play) -> None:
    for role, code in (("lecteur", "nothing_changes"), ("roi", "role_unknown")):
        await play.is_refused("alice", change(seat(play, "bruno"), role), Invalid, code)


async def test_who_leaves_takes_her_pending_links_along(play: Play) -> None:
    """A link that she kept for herself would bring her back."""
    second = await enter(play, "seconde", "responsable")
    person_id = play.scalar("select person_id from memberships where id = %s", second)
    colleague = play.actor("alice")
    hers = Actor(**{**vars(colleague), "person_id": person_id, "person_name": "Seconde"})
    kept = await play.does(hers, invite("Elle-même", "responsable"))
    others = await play.does("alice", invite("Théo"))
    await play.does("alice", change(second, "agent"))
    now = datetime.now(UTC)
    assert await invitations.find(play.stage.app, kept, now=now) is None
    assert await invitations.find(play.stage.app, others, now=now) is not None


# --- Never without a responsable ------------------------------------------------------------------


async def test_the_last_responsable_stays(play: Play) -> None:
    alice = seat(play, "alice")
    for act in (change(alice, "agent"), change(alice, "lecteur"), remove(alice)):
        await play.is_refused("alice", act, Conflict, "last_responsable")
    await play.does("alice", change(seat(play, "bruno"), "responsable"))
    await play.does("alice", change(alice, "agent"))
    assert await names(play, "alice", role="responsable") == ["Bruno Exemple"]


async def test_each_contingent_of_the_state_keeps_a_responsable(play: Play) -> None:
    """Pascal alone follows RS: nobody else could give it, or manage who follows it."""
    pascal = seat(play, "pascal")
    refused = (change(pascal, "agent", contingents=frozenset({"rs"})), remove(pascal))
    for act in refused:
        await play.is_refused("pascal", act, Conflict, "last_responsable")
    second = await enter(play, "seconde", "responsable", by="pascal")
    await play.does("pascal", remove(pascal))
    assert play.scalar("select revoked_at is null from memberships where id = %s", second)


async def test_who_follows_two_contingents_drops_none_that_nobody_else_follows(play: Play) -> None:
    both = frozenset({"rs", "fonctionnaires"})
    pascal, rosa = seat(play, "pascal"), seat(play, "rosa")
    follow = "update memberships set contingents = %s where id = %s"
    play.run(follow, sorted(both), pascal)
    play.run(follow, ["fonctionnaires"], rosa)
    actor = Actor(**{**vars(play.actor("pascal")), "contingents": both})
    only_one = change(pascal, "responsable", contingents=frozenset({"fonctionnaires"}))
    await play.is_refused(actor, only_one, Conflict, "last_responsable")
    shared = change(pascal, "responsable", contingents=frozenset({"rs"}))
    await play.does(actor, shared)
    assert play.scalar("select contingents from memberships where id = %s", pascal) == ["rs"]


@pytest.mark.parametrize("attempt", range(4))
async def test_two_responsables_cannot_leave_at_once(play: Play, attempt: int) -> None:
    """On two real connections: one leaves, the other is told that she is the last."""
    bruno, alice = seat(play, "bruno"), seat(play, "alice")
    await play.does("alice", change(bruno, "responsable"))
    started = asyncio.Barrier(2)

    async def leave(act: Act[Any]) -> object:
        async def together(tx: Any) -> object:
            await started.wait()
            return await act(tx)

        try:
            return await play.does("alice", together)
        except PortalError as error:
            return error

    acts = (change(alice, "agent"), remove(bruno) if attempt % 2 else change(bruno, "agent"))
    outcomes = await asyncio.gather(*(leave(act) for act in acts))
    (refusal,) = [one for one in outcomes if isinstance(one, PortalError)]
    assert (type(refusal), refusal.code) == (Conflict, "last_responsable")
    assert len(await names(play, "alice", role="responsable", state="actives")) == 1


LEAVE = "update memberships set role = 'agent' where id = %s"


async def test_the_database_itself_keeps_a_responsable(play: Play) -> None:
    """Whoever writes, whatever the operation forgot; the check waits for the commit."""
    alice, bruno = seat(play, "alice"), seat(play, "bruno")
    refused = (
        LEAVE,
        "update memberships set revoked_at = now() where id = %s",
        "delete from memberships where id = %s",
    )
    with psycopg.connect(play.stage.database.super_dsn, autocommit=True) as connection:
        connection.execute("delete from sessions")
        for statement in refused:
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                connection.execute(statement, [alice])
            assert caught.value.diag.constraint_name == "memberships_last_responsable"
        with connection.transaction():  # the successor comes second, in the same transaction
            connection.execute(LEAVE, [alice])
            connection.execute("update memberships set role = 'responsable' where id = %s", [bruno])
        connection.execute("update memberships set revoked_at = now() where id = %s", [alice])
        pascal = seat(play, "pascal")  # Rosa, who stays, follows the other contingent
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(LEAVE, [pascal])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "update memberships set contingents = '{fonctionnaires}' where id = %s", [pascal]
            )


def test_two_departures_wait_for_each_other_in_the_database(play: Play) -> None:
    """Two connections, each demoting another one, without the lock of the operation: the second
    commit waits for the first, then is refused.
    """
    alice, bruno = seat(play, "alice"), seat(play, "bruno")
    play.run("update memberships set role = 'responsable' where id = %s", bruno)
    dsn = play.stage.database.super_dsn
    with psycopg.connect(dsn) as one, psycopg.connect(dsn) as other:
        one.execute(LEAVE, [alice])
        one.execute("set constraints all immediate")  # holds the lock of the organisme
        other.execute(LEAVE, [bruno])
        other.execute("set lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("set constraints all immediate")
        other.rollback()
        other.execute(LEAVE, [bruno])
        one.commit()
        with pytest.raises(psycopg.errors.CheckViolation):
            other.commit()
    assert play.scalar("select role from memberships where id = %s", bruno) == "responsable"


async def test_the_operator_may_close_an_organisme(play: Play) -> None:
    """It merges organismes, and it alone can name a first responsable."""
    operator = App(play.stage.database.migrate_dsn, pool_size=1)
    denis = seat(play, "denis")
    async with operator.operator_transaction() as tx:
        await update_member(tx, denis, revoked_at=datetime.now(UTC), ended_as="removed")
    await operator.close()
    assert play.scalar("select revoked_at is not null from memberships where id = %s", denis)


# --- The quarterly review -------------------------------------------------------------------------


async def test_the_list_is_confirmed_every_three_months(play: Play) -> None:
    play.run("update memberships set created_at = '2026-01-10T12:00+01'")
    review = await play.reads("alice", people.review)
    assert (review.last_on, str(review.due_on), review.is_due) == (None, "2026-04-10", True)
    await play.does("alice", people.confirm_review)
    review = await play.reads("alice", people.review)
    assert (str(review.last_on), review.last_by) == ("2026-04-30", "Alice Démo")
    assert (str(review.due_on), review.is_due) == ("2026-07-30", False)
    assert (await play.reads("denis", people.review)).last_on is None
    play.now += timedelta(days=91)
    assert (await play.reads("alice", people.review)).is_due


# --- Dormant accounts -----------------------------------------------------------------------------


@pytest.fixture
def worker(play: Play) -> App:
    return App(play.stage.database.worker_dsn, pool_size=2)


async def settle(worker: App, days: int) -> int:
    """What the sweep does so many real days after today; twice, it does nothing more."""
    now = datetime.now(UTC) + timedelta(days=days)
    count = await people.settle_dormant(worker, now=now)
    assert await people.settle_dormant(worker, now=now) == 0
    return count


async def test_an_account_that_sleeps_is_warned_then_closed(play: Play, worker: App) -> None:
    bruno = seat(play, "bruno")
    play.run("update memberships set last_sign_in_at = now() + interval '1 year' where id <> %s",
             bruno)  # fmt: skip
    assert await settle(worker, 179) == 0
    assert await settle(worker, 180) == 1
    assert play.rows("select recipient_id, capacity, template from notifications") == [
        (play.tenant("haute-savoie-habitat"), "bailleur", "membership.dormant")
    ]
    await notifications.deliver(
        worker, play.scalar("select id from notifications"), settings_of(play.stage.database)
    )
    state, subject, text = play.rows("select state, subject, body_text from notifications")[0]
    assert (state, subject.startswith("[Compte inutilisé] Fermeture prévue le ")) == ("kept", True)
    assert f"/organisme/personnes/{bruno}" in text
    assert "Bruno" not in subject + text  # no name in a mail
    assert await settle(worker, 209) == 0
    assert await settle(worker, 211) == 1
    assert play.rows("select ended_as, role from memberships where id = %s", bruno) == [
        ("dormant", "lecteur")
    ]
    assert [row[:3] for row in events(play)] == [
        ("dormant_warned", "Portail du flux (automatique)", "Bruno Exemple"),
        ("dormant_closed", "Portail du flux (automatique)", "Bruno Exemple"),
    ]
    await worker.close()


async def test_the_sweep_settles_them(play: Play, worker: App) -> None:
    """Nobody has to think of it; no act is recorded for it."""
    bruno = seat(play, "bruno")
    play.run("update memberships set created_at = now() - interval '181 days' where id = %s", bruno)
    assert await sweep.record_due(worker) == 0
    assert play.rows("select id from memberships where dormant_warned_at is not null") == [(bruno,)]
    await worker.close()


async def test_signing_in_wakes_the_account(play: Play, worker: App) -> None:
    bruno = play.stage.world.people["bruno"]
    play.run("update memberships set last_sign_in_at = now() + interval '1 year'")
    play.run(
        "update memberships set last_sign_in_at = now() - interval '200 days' where person_id = %s",
        bruno.id,
    )
    assert await settle(worker, 0) == 1
    await open_session(play.stage.app, person_id=bruno.id, id_token="", user_agent="")
    assert await settle(worker, 40) == 0
    assert play.scalar(
        "select dormant_warned_at is null and revoked_at is null from memberships"
        " where person_id = %s",
        bruno.id,
    )
    await worker.close()


async def test_the_last_responsable_is_warned_and_never_closed(play: Play, worker: App) -> None:
    everybody = play.scalar("select count(*) from memberships")
    assert await settle(worker, 300) == everybody
    closed = await settle(worker, 700)
    left = play.rows("select role from memberships where revoked_at is null")
    assert {role for (role,) in left} == {"responsable"}
    assert closed == everybody - len(left)
    followed = "select distinct tenant_id, capacity, unnest(contingents) from memberships"
    still = play.rows(f"{followed} where revoked_at is null order by 1, 2, 3")
    assert still == play.rows(f"{followed} order by 1, 2, 3")
    await worker.close()
    operator = App(play.stage.database.migrate_dsn, pool_size=1)
    async with operator.operator_transaction() as tx:
        told = await administration.list_dormant(tx)
    await operator.close()
    assert len(told) == len(left)
    assert {"Alice Démo", "Pascal Ébauche", "Rosa Esquisse"} <= {one.person_name for one in told}
