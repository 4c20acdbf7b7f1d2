"""Sessions and tokens live in the database: ended there, they are refused at the next request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from server.app import create_app
from server.pages.visits import session_cookie
from server.settings import Settings
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.bearers import Bearers
from server.tenants.sessions import (
    TOKEN_PREFIX,
    digest,
    find_signed_in,
    new_token,
    open_session,
    revoke_session,
    switch_membership,
)
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.worlds import Stage


@pytest.fixture
async def site(world: Stage) -> AsyncIterator[Site]:
    opened = Site(world)
    yield opened
    await opened.close()


async def sign_in(world: Stage, who: str = "alice") -> str:
    person_id = world.world.people[who].id
    return await open_session(
        world.app, person_id=person_id, id_token="jeton", user_agent="x" * 900
    )


# --- Sessions -----------------------------------------------------------------------------------


async def test_a_session_is_the_actor_of_its_person(world: Stage) -> None:
    signed_in = await find_signed_in(world.app, await sign_in(world))
    assert signed_in is not None
    assert signed_in.actor == world.world.actor("alice")


async def test_the_database_keeps_a_digest_only(world: Stage, play: Play) -> None:
    secret = await sign_in(world)
    ((kept, agent),) = play.rows("select id_hash, user_agent from sessions")
    assert kept == digest(secret)
    assert secret not in kept
    assert len(secret) >= 43  # 256 random bits
    assert len(agent) == 200


async def test_two_sessions_are_two_secrets(world: Stage) -> None:
    assert await sign_in(world) != await sign_in(world)


@pytest.mark.parametrize("secret", ["", "inconnu", "é", "x" * 5000])
async def test_an_unknown_secret_is_nobody(world: Stage, secret: str) -> None:
    assert await find_signed_in(world.app, secret) is None


async def test_a_revoked_session_is_over(world: Stage) -> None:
    secret, other = await sign_in(world), await sign_in(world)
    signed_in = await find_signed_in(world.app, secret)
    assert signed_in is not None
    await revoke_session(world.app, signed_in)
    assert await find_signed_in(world.app, secret) is None
    assert await find_signed_in(world.app, other) is not None


@pytest.mark.parametrize("column", ["last_seen_at", "expires_at"])
async def test_a_session_ends_after_an_hour_of_rest_and_after_twelve(
    world: Stage, play: Play, column: str
) -> None:
    secret = await sign_in(world)
    seen, ends = play.rows("select last_seen_at, expires_at from sessions")[0]
    assert ends - seen == timedelta(hours=12)
    rested = datetime.now(UTC) - timedelta(minutes=61)
    if column == "last_seen_at":
        play.run("update sessions set last_seen_at = %s", rested)
    else:
        play.run("update sessions set expires_at = %s", rested)
    assert await find_signed_in(world.app, secret) is None


async def test_a_visit_is_remembered(world: Stage, play: Play) -> None:
    secret = await sign_in(world)
    play.run("update sessions set last_seen_at = last_seen_at - interval '10 minutes'")
    before = play.scalar("select last_seen_at from sessions")
    assert await find_signed_in(world.app, secret) is not None
    assert play.scalar("select last_seen_at from sessions") > before


async def test_rights_are_read_again_at_each_request(world: Stage, play: Play) -> None:
    secret = await sign_in(world)
    play.run("set session_replication_role = replica")  # an organisme keeps a responsable
    play.run("update memberships set role = 'lecteur'")
    signed_in = await find_signed_in(world.app, secret)
    assert signed_in is not None
    assert signed_in.actor is not None
    assert signed_in.actor.role is Role.LECTEUR
    play.run("update memberships set revoked_at = now()")
    signed_in = await find_signed_in(world.app, secret)
    assert signed_in is not None
    assert (signed_in.actor, signed_in.memberships) == (None, ())


async def test_one_acts_for_her_own_organismes_only(world: Stage) -> None:
    secret = await sign_in(world, "leo")
    signed_in = await find_signed_in(world.app, secret)
    assert signed_in is not None
    mine = {one.tenant_name: one.id for one in signed_in.memberships}
    assert set(mine) == {"CCAS de Publier", "Commune de Publier"}
    (theirs,) = world.world.people["alice"].memberships
    assert not await switch_membership(world.app, signed_in, theirs.id)
    for name, membership_id in mine.items():
        assert await switch_membership(world.app, signed_in, membership_id)
        now = await find_signed_in(world.app, secret)
        assert now is not None
        assert now.actor is not None
        assert now.actor.tenant_name == name


# --- Tokens -------------------------------------------------------------------------------------


async def find_machine(stage: Stage, token: str) -> Actor | None:
    found = await Bearers(database=stage.app).find(token, address="192.0.2.7")
    return found.actor if found and not found.refusal else None


async def test_a_token_acts_for_its_organisme_in_its_capacity(world: Stage) -> None:
    for capacity in (Capacity.PREFECTURE, Capacity.RESERVATAIRE):
        token = world.world.token("prefecture", capacity)
        machine = await find_machine(world, token.plain)
        assert machine is not None
        assert (machine.capacity, machine.role, machine.channel) == (
            *(capacity, Role.MACHINE, Channel.API),
        )
        assert machine.contingents == token.contingents
        assert machine.person_id is None


@pytest.mark.parametrize(
    "token", ["", "pdf_", "pdf_inconnu", "Bearer", "é", f"{TOKEN_PREFIX}{'x' * 5000}"]
)
async def test_an_unknown_token_is_nobody(world: Stage, token: str) -> None:
    assert await find_machine(world, token) is None


async def test_expired_and_revoked_tokens_are_nobody(world: Stage, play: Play) -> None:
    token = world.world.token("doussard").plain
    assert await find_machine(world, token) is not None
    play.run("update api_tokens set expires_at = now() - interval '1 second'")
    assert await find_machine(world, token) is None
    play.run("update api_tokens set expires_at = now() + interval '1 day', revoked_at = now()")
    assert await find_machine(world, token) is None


async def test_a_token_is_kept_as_a_digest(world: Stage, play: Play) -> None:
    kept = {value for (value,) in play.rows("select token_hash from api_tokens")}
    assert kept == {digest(token.plain) for token in world.world.tokens}
    assert new_token() != new_token()
    assert new_token().startswith(TOKEN_PREFIX)


async def test_a_session_is_no_token_and_a_token_no_session(world: Stage) -> None:
    assert await find_machine(world, await sign_in(world)) is None
    assert await find_signed_in(world.app, world.world.token("doussard").plain) is None


# --- Over HTTP ----------------------------------------------------------------------------------


async def test_a_revoked_session_is_refused_at_the_next_request(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        assert (await client.get("/flux")).status_code == 200
        play.run("update sessions set revoked_at = now()")
        answer = await client.get("/flux")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion?retour=/flux")


async def test_signing_out_ends_the_session_everywhere(site: Site) -> None:
    async with site.browser("alice") as client:
        stolen = dict(client.cookies)
        answer = await client.post("/deconnexion")
        assert answer.status_code == 303
        assert f'{session_cookie(site.settings)}=""' in answer.headers["set-cookie"]
    async with site.anonymous() as thief:
        thief.cookies.update(stolen)
        assert (await thief.get("/flux")).status_code == 303


async def test_somebody_without_organisme_is_told_so(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        play.run("set session_replication_role = replica")  # an organisme keeps a responsable
        play.run("update memberships set revoked_at = now()")
        answer = await client.get("/flux", headers={"accept": "text/html"})
    assert answer.status_code == 403
    assert "rattaché à aucun organisme" in answer.text


async def test_another_site_cannot_act_with_the_cookie(site: Site) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://ailleurs.invalid"},
        {"origin": "null"},
    ):
        async with site.browser("alice") as client:
            answer = await client.post("/deconnexion", headers=headers)
            assert answer.status_code == 403
            assert (await client.get("/flux")).status_code == 200


async def test_over_https_the_cookie_belongs_to_this_host_alone(world: Stage) -> None:
    settings = Settings(
        mode="production",
        database_url=world.database.app_dsn,
        worker_database_url=world.database.worker_dsn,
        public_url="https://portail.invalid",
        secret_key="k" * 40,
        oidc_issuer="https://identite.invalid",
        oidc_client_id="portail",
        oidc_client_secret="x" * 40,
    )
    app = create_app(settings)
    assert session_cookie(settings) == "__Host-portail"
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://portail.invalid"
    ) as client:
        client.cookies.set("__Host-portail", await sign_in(world))
        assert (await client.get("/flux")).status_code == 200
        answer = await client.post("/deconnexion", headers={"sec-fetch-site": "same-origin"})
        assert "max-age=31536000" in answer.headers["strict-transport-security"]
    await app.state.database.close()
