"""Several factors, for the capacities that demand them: proven, verified, and never a lock-out."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import ECKey

from server.errors import ConfigurationError
from server.settings import CAPACITIES, read_settings
from server.tenants.actors import Capacity
from server.tenants.assurance import Assurance, assurance_of
from tests.house.sources import at, called_name, nodes, python_files
from tests.operations.play import Play
from tests.pages.browsers import settings_of
from tests.tenants.hostile_provider import HostileProvider, Scene, serving
from tests.tenants.portals import Portal, leave, parameters
from tests.worlds import Stage

MULTI_FACTOR = ("eidas0-mfa", "eidas1-mfa", "eidas2", "eidas3")
WEAK, STRONG = Scene(subject="estelle", claims={"acr": "eidas1"}), "eidas1-mfa"
STEP_UP = "/connexion/renforcee"


@pytest.fixture(scope="module")
def identity() -> Iterator[HostileProvider]:
    """Honest here: what changes is how strongly the person is identified."""
    with serving() as provider:
        yield provider


@pytest.fixture
async def portal(world: Stage, play: Play, identity: HostileProvider) -> AsyncIterator[Portal]:
    identity.play(WEAK)
    play.run("update persons set issuer = %s", identity.address)
    opened = Portal(
        world,
        identity.address,
        oidc_algorithm="ES256",
        oidc_acr_mfa=MULTI_FACTOR,
        mfa_capacities=frozenset({"prefecture"}),
    )
    yield opened
    await opened.close()


async def arrive(portal: Portal, client: httpx2.AsyncClient, address: str) -> httpx2.Response:
    """The person says yes at the provider, and comes back."""
    location = httpx2.get(address, timeout=10).headers["location"]
    return await client.get(portal.path(location))


async def sign_in(portal: Portal, client: httpx2.AsyncClient, **more: str) -> httpx2.Response:
    return await arrive(portal, client, await leave(client, "/urgences", **more))


async def test_with_one_factor_a_demanding_capacity_shows_nothing(
    portal: Portal, play: Play
) -> None:
    async with portal.browser() as client:
        assert (await sign_in(portal, client)).status_code == 303
        for path in ("/", "/urgences", "/departement?page=2", "/orientations.csv"):
            answer = await client.get(path)
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith(f"{STEP_UP}?retour=/")
        assert (await client.get("/direct")).status_code == 401
        question = {"query": "{ __typename }"}
        assert (await client.post("/graphql", json=question)).status_code == 401
        assert (await client.post("/notifications")).status_code == 303
        page = await client.get(STEP_UP, params={"retour": "/urgences"})
    assert "Double authentification demandée" in page.text
    assert 'href="/connexion?renforcee=1&amp;retour=/urgences"' in page.text
    assert play.scalar("select count(*) from sessions where revoked_at is null") == 1


async def test_she_proves_more_and_goes_on_where_she_was(
    portal: Portal, identity: HostileProvider, play: Play
) -> None:
    async with portal.browser() as client:
        await sign_in(portal, client)
        address = await leave(client, "/departement", renforcee="1")
        sent = parameters(address)
        assert sent["prompt"] == "login"  # the provider's own session would answer in silence
        assert json.loads(sent["claims"]) == {
            "id_token": {"acr": {"essential": True, "values": list(MULTI_FACTOR)}}
        }
        identity.play(Scene(subject="estelle", claims={"acr": STRONG}))
        back = await arrive(portal, client, address)
        assert (back.status_code, back.headers["location"]) == (303, "/departement")
        assert (await client.get("/departement")).status_code == 200
        assert (await client.get(STEP_UP)).headers["location"] == "/"
    sessions = play.rows("select acr, revoked_at is null from sessions order by created_at")
    assert sessions == [("eidas1", False), (STRONG, True)]


@pytest.mark.parametrize("acr", ["eidas1", "eidas1-mfa ", "EIDAS2", ""])
async def test_a_step_up_that_proves_nothing_more_is_refused_in_words(
    portal: Portal, identity: HostileProvider, play: Play, acr: str
) -> None:
    async with portal.browser() as client:
        await sign_in(portal, client)
        identity.play(Scene(subject="estelle", claims={"acr": acr}))
        answer = await sign_in(portal, client, renforcee="1")
        assert answer.status_code == 403
        assert "La double authentification demandée n&#39;a pas eu lieu" in answer.text
        assert (await client.get("/departement")).status_code == 303
    assert play.rows("select acr from sessions") == [("eidas1",)]


async def test_a_step_up_given_up_is_refused_in_the_same_words(
    portal: Portal, identity: HostileProvider
) -> None:
    """ProConnect and Keycloak come back with an error and no code."""
    async with portal.browser() as client:
        await sign_in(portal, client)
        identity.scene.redirect.update({"code": "", "error": "access_denied"})
        answer = await sign_in(portal, client, renforcee="1")
        identity.scene.redirect.clear()
    assert answer.status_code == 403
    assert "double authentification" in answer.text


async def test_nobody_is_locked_out_of_what_demands_less(
    portal: Portal, identity: HostileProvider, play: Play
) -> None:
    """Estelle is also an agent of Doussard: there one factor is enough."""
    person = portal_person(play, "estelle")
    play.run(
        "insert into memberships (id, person_id, tenant_id, capacity, role, created_at)"
        " values (gen_random_uuid(), %s, %s, 'reservataire', 'agent', now())",
        *(person, play.tenant("doussard")),
    )
    state = str(
        play.scalar(
            "select id from memberships where person_id = %s and capacity = 'prefecture'", person
        )
    )
    town = str(
        play.scalar(
            "select id from memberships where person_id = %s and tenant_id = %s",
            *(person, play.tenant("doussard")),
        )
    )
    async with portal.browser() as client:
        await sign_in(portal, client)
        await client.post("/organisme", data={"membership": state})
        page = await client.get(STEP_UP, params={"retour": "/urgences"})
        assert f'value="{town}"' in page.text
        assert f'value="{state}"' not in page.text
        switched = await client.post("/organisme", data={"membership": town})
        assert (switched.status_code, switched.headers["location"]) == (303, "/")
        assert (await client.get("/orientations")).status_code == 200
        assert (await client.get("/departement")).status_code == 403
        await client.post("/organisme", data={"membership": state})
        assert (await client.get("/orientations")).status_code == 303
        # she proves more: she goes on as the préfecture, not as the first of her organismes
        identity.play(Scene(subject="estelle", claims={"acr": STRONG}))
        await sign_in(portal, client, renforcee="1")
        assert (await client.get("/departement")).status_code == 200


def portal_person(play: Play, slug: str) -> object:
    return play.scalar("select id from persons where subject = %s", slug)


async def test_who_needs_no_second_factor_is_not_asked_for_one(
    portal: Portal, identity: HostileProvider
) -> None:
    identity.play(Scene(subject="alice"))
    async with portal.browser() as client:
        sent = parameters(await leave(client))
        assert sent["claims"] == '{"id_token":{"acr":null}}'  # told, not demanded
        assert "prompt" not in sent
        await sign_in(portal, client)
        assert (await client.get("/flux")).status_code == 200


async def test_who_has_already_proven_more_is_not_asked_again(
    portal: Portal, identity: HostileProvider
) -> None:
    identity.play(Scene(subject="estelle", claims={"acr": STRONG}))
    async with portal.browser() as client:
        await sign_in(portal, client)
        assert (await client.get("/departement")).status_code == 200


async def test_a_provider_without_the_parameter_claims_is_asked_by_acr_values(
    portal: Portal, identity: HostileProvider
) -> None:
    identity.play(Scene(discovery={"claims_parameter_supported": False}))
    async with portal.browser() as client:
        sent = parameters(await leave(client, renforcee="1"))
    assert sent["acr_values"] == " ".join(MULTI_FACTOR)
    assert (sent["prompt"], "claims" in sent) == ("login", False)


def test_the_demonstration_demands_nothing(world: Stage) -> None:
    assert assurance_of(settings_of(world.database)) == Assurance()
    assert all(Assurance().is_enough("", capacity) for capacity in Capacity)


def test_every_door_of_the_application_looks_at_the_assurance() -> None:
    """A door that forgot it would let one factor in."""
    calls = [
        (path, node)
        for path in python_files("server")
        for node in nodes(path)
        if isinstance(node, ast.Call) and called_name(node) == "find_signed_in"
    ]
    assert len(calls) >= 3
    assert [
        at(path, node.lineno)
        for path, node in calls
        if "assurance" not in {keyword.arg for keyword in node.keywords}
    ] == []


# --- Settings: a slip of the hand opens no door ---------------------------------------------------

RIGHT = {
    "DATABASE_URL": "postgresql://base",
    "WORKER_DATABASE_URL": "postgresql://base",
    "PUBLIC_URL": "https://portail.invalid/",
    "SECRET_KEY": "k" * 40,
    "OIDC_ISSUER": "https://identite.invalid/api/v2",
    "OIDC_CLIENT_ID": "portail",
    "OIDC_CLIENT_SECRET": "s" * 40,
}


def test_the_settings_of_proconnect_are_read() -> None:
    settings = read_settings(
        RIGHT
        | {
            "OIDC_ALGORITHM": "ES256",
            "OIDC_ACR_MFA": "eidas0-mfa, eidas1-mfa,eidas2,,eidas3",
            "MFA_CAPACITIES": "prefecture, bailleur",
        }
    )
    assert (settings.oidc_algorithm, settings.oidc_scopes) == ("ES256", "openid")
    assert settings.oidc_acr_mfa == MULTI_FACTOR
    assert settings.mfa_capacities == {"prefecture", "bailleur"}
    assert settings.public_url == "https://portail.invalid"
    assert set(CAPACITIES) == set(Capacity)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"OIDC_ALGORITHM": "HS256"}, "OIDC_ALGORITHM"),
        ({"OIDC_ALGORITHM": "none"}, "OIDC_ALGORITHM"),
        ({"OIDC_ISSUER": "http://identite.invalid"}, "https://"),
        ({"MFA_CAPACITIES": "prefecture"}, "OIDC_ACR_MFA"),
        ({"MFA_CAPACITIES": "préfecture", "OIDC_ACR_MFA": "eidas2"}, "qualité inconnue"),
        ({"OIDC_CLIENT_KEY_FILE": "/nulle/part.pem"}, "/nulle/part.pem"),
        ({"OIDC_CLIENT_SECRET": " "}, "OIDC_CLIENT_SECRET"),
    ],
)
def test_an_unsafe_setting_is_refused_by_name(changes: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        read_settings(RIGHT | changes)


def test_with_a_key_no_secret_is_needed(tmp_path: Path) -> None:
    file = tmp_path / "portail.pem"
    file.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    without = {name: value for name, value in RIGHT.items() if name != "OIDC_CLIENT_SECRET"}
    settings = read_settings(without | {"OIDC_CLIENT_KEY_FILE": str(file)})
    assert settings.oidc_client_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert settings.oidc_client_secret == ""
