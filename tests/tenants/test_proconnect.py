"""The portal before the engine that ProConnect uses, set as ProConnect sets it (security.md §2).

It is not ProConnect: before an opening, the script of deploy/EXPLOITATION.md is run by hand.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from server.settings import MachineIssuer
from server.tenants.jwks import KeyCache
from server.tenants.machine_tokens import TokenReader
from tests.operations.play import Play
from tests.tenants.engine import AUDIENCE, KEY, AskedAgain, Engine, Person, running
from tests.tenants.portals import PUBLIC, Portal, leave, parameters
from tests.worlds import Stage

MULTI_FACTOR = ("eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running() as opened:
        yield opened


class Town:
    """Portals before the engine, each with its settings; closed together."""

    def __init__(self, stage: Stage, engine: Engine) -> None:
        self.stage, self.engine = stage, engine
        self.opened: list[Portal] = []

    def portal(self, **changes: Any) -> Portal:
        settings = {"oidc_algorithm": "ES256", "oidc_acr_mfa": MULTI_FACTOR, **changes}
        self.opened.append(Portal(self.stage, self.engine.address, **settings))
        return self.opened[-1]


@pytest.fixture
async def town(world: Stage, play: Play, engine: Engine) -> AsyncIterator[Town]:
    play.run("update persons set issuer = %s", engine.address)
    opened = Town(world, engine)
    yield opened
    for portal in opened.opened:
        await portal.close()


@asynccontextmanager
async def signed_in(portal: Portal, person: Person) -> AsyncIterator[httpx2.AsyncClient]:
    async with portal.browser() as client:
        back = await client.get(portal.path(person.go(await leave(client))))
        assert (back.status_code, back.headers["location"]) == (303, "/flux"), back.text
        yield client


async def test_sign_in_with_a_signed_userinfo(town: Town, play: Play) -> None:
    """id_token and userinfo ES256, client_secret_post, PKCE, `iss` in the return (RFC 9207)."""
    portal, person = town.portal(), Person(subject="alice")
    metadata = await portal.provider.discover()
    assert metadata["authorization_response_iss_parameter_supported"] is True
    async with signed_in(portal, person) as client:
        assert (await client.get("/flux")).status_code == 200
    ((acr, id_token),) = play.rows("select acr, id_token from sessions")
    assert (acr, "canari" in id_token) == ("eidas1", False)
    assert person.asked[0]["params"]["scope"] == "openid"


async def test_another_algorithm_than_the_registered_one_is_refused(town: Town) -> None:
    portal = town.portal(oidc_algorithm="RS256")
    async with portal.browser() as client:
        back = portal.path(Person(subject="alice").go(await leave(client)))
        assert (await client.get(back)).status_code == 403


async def test_a_stranger_is_told_whom_to_ask(town: Town) -> None:
    """Even with the SIRET of the State's services in the department."""
    portal = town.portal()
    async with portal.browser() as client:
        back = portal.path(Person(subject="personne").go(await leave(client)))
        assert "rattachée à aucun compte" in (await client.get(back)).text


async def test_a_wrong_secret_signs_nobody_in(town: Town) -> None:
    portal = town.portal(oidc_client_secret="w" * 40)
    async with portal.browser() as client:
        back = portal.path(Person(subject="alice").go(await leave(client)))
        assert (await client.get(back)).status_code == 403


async def test_the_key_of_the_portal_replaces_the_secret(town: Town) -> None:
    """private_key_jwt: nothing to steal travels."""
    pem = KEY.as_pem(private=True).decode()
    portal = town.portal(oidc_client_id="portail-cle", oidc_client_key=pem, oidc_client_secret="")
    async with signed_in(portal, Person(subject="alice")) as client:
        assert (await client.get("/flux")).status_code == 200


async def test_a_code_is_redeemed_by_the_browser_that_left(town: Town) -> None:
    """PKCE is looked at here: the code of another departure is refused by the provider itself."""
    portal = town.portal()
    async with portal.browser() as client, portal.browser() as other:
        stolen = parameters(Person(subject="alice").go(await leave(client)))
        own = parameters(Person(subject="chloe").go(await leave(other)))
        mixed = {"code": stolen["code"], "state": own["state"], "iss": own["iss"]}
        assert (await other.get("/connexion/retour", params=mixed)).status_code == 403
        assert (await other.get("/flux")).status_code == 303


async def test_a_return_that_hides_its_issuer_is_refused(town: Town) -> None:
    portal = town.portal()
    async with portal.browser() as client:
        sent = parameters(Person(subject="alice").go(await leave(client)))
        sent.pop("iss")
        assert (await client.get("/connexion/retour", params=sent)).status_code == 403


async def test_the_second_factor_is_demanded_and_obtained(town: Town, play: Play) -> None:
    portal = town.portal(mfa_capacities=frozenset({"bailleur"}))
    person = Person(subject="alice")
    async with signed_in(portal, person) as client:
        page = await client.get("/flux")
        assert page.headers["location"] == "/connexion/renforcee?retour=/flux"
        person.acr = "eidas1-mfa"
        stronger = person.go(await leave(client, renforcee="1"))
        (asked,) = person.asked
        assert asked["prompt"]["name"] == "login"
        assert "essential_acrs" in asked["prompt"]["reasons"]
        assert (await client.get(portal.path(stronger))).status_code == 303
        assert (await client.get("/flux")).status_code == 200
    living = play.rows("select acr from sessions where revoked_at is null")
    assert living == [("eidas1-mfa",)]


async def test_a_second_factor_that_is_not_there_is_not_invented(town: Town) -> None:
    """The provider asks again; given up, the person is back where she was, told why."""
    portal = town.portal(mfa_capacities=frozenset({"bailleur"}))
    person = Person(subject="alice")
    async with signed_in(portal, person) as client:
        with pytest.raises(AskedAgain):
            person.go(await leave(client, renforcee="1"))
        given_up = person.go(await leave(client, renforcee="1"), error="access_denied")
        answer = await client.get(portal.path(given_up))
        assert answer.status_code == 403
        assert "double authentification" in answer.text
        assert (await client.get("/flux")).status_code == 303


async def test_the_provider_remembers_and_the_step_up_asks_again(town: Town) -> None:
    """Its session lasts twelve hours: a new sign-in is silent, `prompt=login` is not."""
    portal, person = town.portal(), Person(subject="alice", acr="eidas2")
    async with signed_in(portal, person) as client:
        assert len(person.asked) == 1
        person.go(await leave(client))
        assert person.asked == []
        person.go(await leave(client, renforcee="1"))
        assert len(person.asked) == 1


async def test_signing_out_ends_the_session_of_the_provider(town: Town) -> None:
    """id_token_hint, state, and the exact address of the return."""
    portal, person = town.portal(), Person(subject="alice")
    async with signed_in(portal, person) as client:
        page = await client.post("/deconnexion")
        going = page.headers["refresh"].removeprefix("0;url=")
        ended = person.leave(going)
        assert ended.headers["location"].startswith(f"{PUBLIC}/deconnexion/retour?state=")
        back = await client.get(portal.path(ended.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, "/")
        person.go(await leave(client))
        assert len(person.asked) == 1  # it does not remember her any more


async def test_an_address_of_return_that_is_not_registered_is_refused(town: Town) -> None:
    portal, person = town.portal(), Person(subject="alice")
    async with signed_in(portal, person) as client:
        portal.provider.settings = town.portal(public_url="https://ailleurs.invalid").settings
        page = await client.post("/deconnexion")
        refused = person.leave(page.headers["refresh"].removeprefix("0;url="))
        assert refused.status_code == 400
        assert "post_logout_redirect_uri" in refused.text


async def test_a_machine_has_a_token_that_the_portal_reads(engine: Engine) -> None:
    """client_credentials and at+jwt: not offered by ProConnect itself, but by Keycloak."""
    issuer = MachineIssuer(issuer=engine.address, audience=AUDIENCE)
    reader = TokenReader(issuer=issuer, keys=KeyCache(engine.address))
    assert await reader.client_of(engine.machine_token()) == "outil"
