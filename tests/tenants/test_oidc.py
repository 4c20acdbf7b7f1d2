"""Signing in through the OpenID provider of the demonstration, as a browser does it.

It checks neither secrets nor PKCE: what a provider may not do to us is in
test_hostile_provider.py, what ProConnect demands of us in test_proconnect.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from server.operations import people
from server.operations.people import InvitePerson
from server.tenants.oidc import CALLBACK_PATH
from tests.operations.play import Play
from tests.pages.browsers import ORIGIN
from tests.tenants.portals import Portal, leave, parameters
from tests.worlds import Stage

START_SECONDS = 30


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The development provider, as a child process on the loopback."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    claims = [word for one in ("alice", "chloe") for word in ("--user-claims", _claims_of(one))]
    with subprocess.Popen(  # noqa: S603 - a command of ours
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *claims],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            _wait(child, f"{address}/.well-known/openid-configuration")
            yield address
        finally:
            child.kill()


def _claims_of(subject: str) -> str:
    return json.dumps({"sub": subject, "name": subject.title()})


def _wait(child: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            httpx2.get(address, timeout=5).raise_for_status()
        except httpx2.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the development provider does not answer")


@pytest.fixture
async def portal(world: Stage, play: Play, issuer: str) -> AsyncIterator[Portal]:
    play.run("update persons set issuer = %s", issuer)
    opened = demonstration(world, issuer)
    yield opened
    await opened.close()


def demonstration(world: Stage, issuer: str) -> Portal:
    return Portal(world, issuer, mode="demo", public_url=ORIGIN)


def identify(address: str, subject: str = "alice") -> str:
    """What the provider's form does: the path of the return, with its code and state."""
    answer = httpx2.post(address, data={"sub": subject}, timeout=10)
    assert answer.status_code == 302, answer.text
    location = str(answer.headers["location"])
    assert location.startswith(ORIGIN + CALLBACK_PATH)
    return location.removeprefix(ORIGIN)


# --- The way in ---------------------------------------------------------------------------------


async def test_somebody_known_signs_in(portal: Portal, play: Play) -> None:
    async with portal.browser() as client:
        answer = await client.get(identify(await leave(client)))
        assert (answer.status_code, answer.headers["location"]) == (303, "/flux")
        cookies = answer.headers.get_list("set-cookie")
        (kept,) = [one for one in cookies if one.startswith("portail_demo_session=")]
        assert "httponly" in kept.lower()
        assert "samesite=lax" in kept.lower()
        page = await client.get("/flux")
    assert page.status_code == 200
    assert play.actor("alice").person_name in page.text
    assert play.scalar("select count(*) from login_attempts") == 0


async def test_the_deep_link_of_a_mail_survives_the_sign_in(portal: Portal, play: Play) -> None:
    wanted = f"/orientations/{await play.offer()}?vue=1"
    async with portal.browser() as client:
        sent_away = await client.get(wanted)
        departure = await client.get(sent_away.headers["location"])
        back = await client.get(identify(departure.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, wanted)
        assert (await client.get(wanted)).status_code == 200


async def test_the_departure_carries_code_pkce_state_and_nonce(portal: Portal, play: Play) -> None:
    async with portal.browser() as client:
        sent = parameters(await leave(client))
    assert (sent["response_type"], sent["code_challenge_method"]) == ("code", "S256")
    assert sent["redirect_uri"] == ORIGIN + CALLBACK_PATH
    assert not {"claims", "acr_values", "prompt"} & set(sent)  # no second factor demanded here
    assert len(sent["state"]) >= 32
    assert len(sent["nonce"]) >= 32
    nonce, verifier, state_hash = play.rows(
        "select nonce, code_verifier, state_hash from login_attempts"
    )[0]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    assert sent["code_challenge"] == challenge.decode().rstrip("=")
    assert sent["nonce"] == nonce
    assert sent["state"] != state_hash


async def test_each_departure_has_its_own_secrets(portal: Portal) -> None:
    async with portal.browser() as client:
        first, second = [parameters(await leave(client)) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


async def refusal(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 403
    assert not [
        one for one in answer.headers.get_list("set-cookie") if "portail_demo_session" in one
    ]
    return answer.text


async def test_a_return_is_not_replayed(portal: Portal) -> None:
    async with portal.browser() as client:
        back = identify(await leave(client))
        secret = client.cookies["portail_connexion"]
        assert (await client.get(back)).status_code == 303
        client.cookies.clear()
        client.cookies.set("portail_connexion", secret)
        assert "recommencez" in await refusal(client, back)


async def test_a_return_belongs_to_the_browser_that_left(portal: Portal) -> None:
    """Login CSRF: somebody else's return, pushed into a victim's browser."""
    async with portal.browser() as attacker, portal.browser() as victim:
        back = identify(await leave(attacker))
        await refusal(victim, back)
        await leave(victim)  # a departure of its own does not help
        await refusal(victim, back)
        assert (await attacker.get(back)).status_code == 303


async def test_a_wrong_state_or_code_is_refused(portal: Portal) -> None:
    async with portal.browser() as client:
        sent = parameters(identify(await leave(client)))
        for path in (
            f"{CALLBACK_PATH}?code={sent['code']}&state={'x' * 43}",
            f"{CALLBACK_PATH}?code={sent['code']}",
            CALLBACK_PATH,
            f"{CALLBACK_PATH}?error=access_denied&state={sent['state']}",
        ):
            await refusal(client, path)


async def test_a_code_of_somebody_s_other_sign_in_is_refused(portal: Portal) -> None:
    """The nonce of the id_token is the one of this attempt."""
    async with portal.browser() as client:
        first = parameters(identify(await leave(client), "chloe"))
        second = parameters(identify(await leave(client)))
        mixed = f"{CALLBACK_PATH}?code={first['code']}&state={second['state']}"
        assert "n&#39;a pas confirmé" in await refusal(client, mixed)


async def test_an_attempt_expires(portal: Portal, play: Play) -> None:
    async with portal.browser() as client:
        back = identify(await leave(client))
        play.run("update login_attempts set expires_at = now() - interval '1 second'")
        await refusal(client, back)


async def test_somebody_unknown_is_told_whom_to_ask(portal: Portal) -> None:
    async with portal.browser() as client:
        back = identify(await leave(client), "personne")
        assert "rattachée à aucun compte" in await refusal(client, back)


@pytest.mark.parametrize(
    "wanted", ["//ailleurs.invalid", "https://ailleurs.invalid/", "/\\ailleurs.invalid", "flux"]
)
async def test_the_return_stays_on_the_site(portal: Portal, wanted: str) -> None:
    async with portal.browser() as client:
        answer = await client.get(identify(await leave(client, wanted)))
    assert answer.headers["location"] == "/"


async def test_a_provider_that_is_down_is_told_as_such(world: Stage) -> None:
    portal = demonstration(world, "http://127.0.0.1:1")
    async with portal.browser() as client:
        for path in ("/connexion", "/demo/entrer/alice"):
            assert "ne répond pas" in await refusal(client, path)
    await portal.close()


async def test_one_click_enters_and_leaves_the_demonstration(portal: Portal) -> None:
    """Its provider keeps no session: signing out ends there, without a page of its own."""
    async with portal.browser() as client:
        departure = await client.get("/demo/entrer/alice")
        assert departure.status_code == 303
        back = await client.get(portal.path(departure.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, "/")
        assert (await client.get("/flux")).status_code == 200
        out = await client.post("/deconnexion")
        assert (out.status_code, out.headers["location"]) == (303, "/")
        assert (await client.get("/flux")).status_code == 303


# --- An invitation --------------------------------------------------------------------------------


async def invitation(play: Play) -> str:
    command = InvitePerson(name="Théo Nouveau", role="agent")
    return await play.does("alice", lambda tx: people.invite(tx, command))


async def test_an_invited_person_enters_with_what_the_provider_says(
    portal: Portal, play: Play, issuer: str
) -> None:
    """Nothing that the link or the form says counts: the identity is the one just proven."""
    secret = await invitation(play)
    async with portal.browser() as client:
        page = await client.get("/invitation", params={"jeton": secret})
        assert "Haute-Savoie Habitat" in page.text
        sent = await client.post("/invitation", data={"jeton": secret})
        assert (sent.status_code, sent.headers["refresh"]) == (
            *(200, "0;url=/connexion?retour=/invitation/accepter"),
        )
        back = identify(await leave(client, "/invitation/accepter"), "theo")
        answer = await client.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        home = await client.get("/")
    assert "Théo Nouveau" in home.text
    assert "Haute-Savoie Habitat" in home.text
    assert play.rows(
        "select p.issuer, p.subject from persons p join memberships m on m.person_id = p.id"
        " where p.name = 'Théo Nouveau'"
    ) == [(issuer, "theo")]


async def test_one_more_organisme_for_somebody_who_is_signed_in(portal: Portal, play: Play) -> None:
    """She then acts for the organisme that invited her."""
    async with portal.browser() as client:
        await client.get(identify(await leave(client), "chloe"))
        await client.post("/invitation", data={"jeton": await invitation(play)})
        await client.get(identify(await leave(client, "/invitation/accepter"), "chloe"))
        home = await client.get("/")
    assert "Commune de Doussard (réservataire)" in home.text
    assert "<strong>Haute-Savoie Habitat</strong>" in home.text


@pytest.mark.parametrize("kept", ["nothing", "unknown", "used"])
async def test_an_unusable_invitation_attaches_nobody(
    portal: Portal, play: Play, kept: str
) -> None:
    """Without the cookie that the portal's own form sets, no link opens anything."""
    secret = await invitation(play)
    async with portal.browser() as client:
        if kept == "used":
            await client.post("/invitation", data={"jeton": secret})
            play.run("update invitations set used_at = now()")
        if kept == "unknown":
            client.cookies.set("portail_invitation", "x" * 43)
        back = identify(await leave(client, "/invitation/accepter"), "ursule")
        before = play.dump()
        answer = await client.get(back)
    assert answer.status_code == 404
    assert "ne peut plus servir" in answer.text
    assert not portal.has_session(answer)
    after = play.dump()
    assert {name for name in after if after[name] != before[name]} <= {"login_attempts"}
