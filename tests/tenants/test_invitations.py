"""Invitations: one use, seven days, a digest only; the identity proven is what is attached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from server.errors import Conflict, NotFound, PortalError
from server.tenants import invitations
from server.tenants.actors import Actor, Capacity, Role
from server.tenants.invitations import UNUSABLE, Accepted
from server.tenants.sessions import digest, find_signed_in, open_session
from server.tenants.transactions import Database as App
from tests.operations.play import Play
from tests.worlds import ISSUER, Stage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Door:
    """The organisme of Alice, who invites; and the sign-in that accepts."""

    stage: Stage
    alice: Actor

    async def invite(self, name: str = "Théo Nouveau", role: Role = Role.AGENT) -> str:
        async with self.stage.app.write_transaction(self.alice) as tx:
            return await invitations.invite(
                tx,
                tenant_id=self.alice.tenant_id,
                capacity=self.alice.capacity,
                role=role,
                name=name,
                invited_by=self.alice.person_id,
                invited_by_name=self.alice.person_name,
                now=NOW,
            )

    async def accept(self, secret: str, subject: str = "theo", *, now: datetime = NOW) -> Accepted:
        return await invitations.accept(
            self.stage.app, secret=secret, issuer=ISSUER, subject=subject, now=now
        )


@pytest.fixture
def door(world: Stage) -> Door:
    return Door(stage=world, alice=world.world.actor("alice"))


@pytest.fixture
async def operator(world: Stage) -> AsyncIterator[App]:
    opened = App(world.database.migrate_dsn, pool_size=1)
    yield opened
    await opened.close()


async def test_the_invited_person_enters_with_the_identity_that_she_proves(
    door: Door, play: Play
) -> None:
    """security.md §2: the key of a person is (iss, sub), never an e-mail address."""
    accepted = await door.accept(await door.invite())
    assert play.rows(
        "select p.issuer, p.subject, p.name, m.role, m.capacity, m.tenant_id, m.revoked_at"
        " from memberships m join persons p on p.id = m.person_id where m.id = %s",
        accepted.membership_id,
    ) == [(ISSUER, "theo", "Théo Nouveau", "agent", "bailleur", door.alice.tenant_id, None)]
    secret = await open_session(
        door.stage.app, person_id=accepted.person_id, id_token="", user_agent=""
    )
    signed_in = await find_signed_in(door.stage.app, secret)
    assert signed_in is not None
    assert signed_in.actor is not None
    assert (signed_in.actor.tenant_id, signed_in.actor.role) == (door.alice.tenant_id, Role.AGENT)
    assert play.rows("select act, person_name, subject_name from people_events order by id") == [
        ("invited", "Alice Démo", "Théo Nouveau"),
        ("joined", "Théo Nouveau", "Théo Nouveau"),
    ]


async def test_only_a_digest_of_the_link_is_kept(door: Door, play: Play) -> None:
    secret = await door.invite()
    assert len(secret) >= 43  # 256 random bits
    ((kept,),) = play.rows("select secret_hash from invitations")
    assert kept == digest(secret)
    told = play.rows(
        "select t::text from invitations t union all select t::text from people_events t"
        " union all select t::text from notifications t"
        " union all select t::text from dramatiq.queue t"
    )
    assert told
    assert all(secret not in row for (row,) in told)


async def test_somebody_known_gets_one_organisme_more(door: Door, play: Play) -> None:
    """Karine keeps her commune, and her name is the one that she has."""
    karine = door.stage.world.people["karine"]
    accepted = await door.accept(await door.invite("K. Témoin"), karine.subject)
    assert accepted.person_id == karine.id
    assert play.scalar("select name from persons where id = %s", karine.id) == "Karine Témoin"
    assert play.scalar("select count(*) from memberships where person_id = %s", karine.id) == 2


async def test_the_same_subject_of_another_provider_is_another_person(door: Door) -> None:
    alice = door.stage.world.people["alice"]
    accepted = await invitations.accept(
        door.stage.app,
        secret=await door.invite(),
        issuer="https://ailleurs.invalid",
        subject=alice.subject,
        now=NOW,
    )
    assert accepted.person_id != alice.id


async def test_a_member_does_not_use_up_the_invitation_of_another(door: Door, play: Play) -> None:
    secret = await door.invite()
    before = play.dump()
    with pytest.raises(Conflict, match="already_member"):
        await door.accept(secret, "bruno")
    assert play.dump() == before
    await door.accept(secret)


async def test_an_invitation_lasts_seven_days(door: Door) -> None:
    secret = await door.invite()
    late = NOW + timedelta(days=7)
    assert await invitations.find(door.stage.app, secret, now=late - timedelta(seconds=1))
    assert await invitations.find(door.stage.app, secret, now=late) is None
    with pytest.raises(NotFound):
        await door.accept(secret, now=late)
    await door.accept(secret, now=late - timedelta(seconds=1))


async def test_used_expired_cancelled_and_unknown_links_look_alike(door: Door, play: Play) -> None:
    used, expired, cancelled = [await door.invite() for _ in range(3)]
    await door.accept(used)
    play.run("update invitations set expires_at = %s where secret_hash = %s", NOW, digest(expired))
    play.run(
        "update invitations set cancelled_at = %s where secret_hash = %s", NOW, digest(cancelled)
    )
    before = play.dump()
    for secret in (used, expired, cancelled, "inconnu", "", "é" * 5000):
        assert await invitations.find(door.stage.app, secret, now=NOW) is None
        with pytest.raises(NotFound) as refusal:
            await door.accept(secret, "ursule")
        assert refusal.value.message == UNUSABLE
    assert play.dump() == before


async def test_of_two_who_use_a_link_at_once_one_enters(door: Door, play: Play) -> None:
    for number in range(4):
        secret = await door.invite()
        outcomes = await asyncio.gather(
            door.accept(secret, f"une-{number}"),
            door.accept(secret, f"autre-{number}"),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, PortalError)]
        assert [type(one) for one in refused] == [NotFound]
    assert play.scalar("select count(*) from people_events where act = 'joined'") == 4


async def test_somebody_who_left_comes_back_by_a_new_link_only(door: Door, play: Play) -> None:
    """Her first stay remains as it was."""
    first = await door.accept(await door.invite())
    play.run(
        "update memberships set revoked_at = now(), ended_as = 'removed' where id = %s",
        first.membership_id,
    )
    second = await door.accept(await door.invite(role=Role.LECTEUR))
    assert second.person_id == first.person_id
    assert play.rows(
        "select role, revoked_at is null from memberships where person_id = %s order by id",
        first.person_id,
    ) == [("agent", False), ("lecteur", True)]


async def test_the_operator_invites_the_first_responsable(
    door: Door, operator: App, play: Play
) -> None:
    async with operator.operator_transaction() as tx:
        secret = await invitations.invite(
            tx,
            tenant_id=play.tenant("publier"),
            capacity=Capacity.RESERVATAIRE,
            role=Role.RESPONSABLE,
            name="Première Personne",
            now=NOW,
        )
    accepted = await door.accept(secret, "premiere")
    assert play.rows("select person_id, person_name from people_events where act = 'invited'") == [
        (None, "L'équipe du portail")
    ]
    assert play.scalar("select role from memberships where id = %s", accepted.membership_id) == (
        "responsable"
    )
