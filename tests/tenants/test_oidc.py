"""Signing in through a real OpenID provider on this machine, and what a hostile one would serve."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.applications import Starlette

from server.app import create_app
from server.tenants.oidc import CALLBACK_PATH, Provider
from tests.operations.play import Play
from tests.pages.browsers import ORIGIN, settings_of
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
        _wait(child, f"{address}/.well-known/openid-configuration")
        yield address
        child.terminate()


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


class Portal:
    """The application behind the provider, and browsers that visit it."""

    def __init__(self, stage: Stage, issuer: str) -> None:
        self.settings = replace(settings_of(stage.database), oidc_issuer=issuer)
        self.app: Starlette = create_app(self.settings)

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx2.AsyncClient]:
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"accept": "text/html"}
        ) as client:
            yield client


@pytest.fixture
async def portal(world: Stage, play: Play, issuer: str) -> AsyncIterator[Portal]:
    play.run("update persons set issuer = %s", issuer)
    opened = Portal(world, issuer)
    yield opened
    await opened.app.state.database.close()


async def leave(client: httpx2.AsyncClient, wanted: str = "/flux") -> str:
    """The address at the provider to which the portal sends the browser."""
    answer = await client.get("/connexion", params={"retour": wanted})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def identify(address: str, subject: str = "alice") -> str:
    """What the provider's form does: the path of the return, with its code and state."""
    answer = httpx2.post(address, data={"sub": subject}, timeout=10)
    assert answer.status_code == 302, answer.text
    location = str(answer.headers["location"])
    assert location.startswith(ORIGIN + CALLBACK_PATH)
    return location.removeprefix(ORIGIN)


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


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
    portal = Portal(world, "http://127.0.0.1:1")
    async with portal.browser() as client:
        for path in ("/connexion", "/demo/entrer/alice"):
            assert "ne répond pas" in await refusal(client, path)
    await portal.app.state.database.close()


# --- A hostile provider ---------------------------------------------------------------------------

NONCE = "n" * 43
KEY = RSAKey.generate_key(2048, {"kid": "ours"})
OTHER = RSAKey.generate_key(2048, {"kid": "ours"})


def provider(world: Stage) -> Provider:
    settings = replace(settings_of(world.database), oidc_issuer="https://identite.invalid")
    public = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
    return Provider(settings=settings, keys=public, keys_read_at=time.monotonic())


def good_claims() -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": "https://identite.invalid",
        "aud": "portail",
        "sub": "alice",
        "nonce": NONCE,
        "iat": now,
        "exp": now + 300,
    }


def signed(claims: dict[str, Any], header: dict[str, Any] | None = None, key: Any = KEY) -> str:
    head = {"alg": "RS256", "kid": "ours", **(header or {})}
    return jwt.encode(head, claims, key, algorithms=[head["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'kid': 'ours'})}.{part(claims)}."


async def test_a_right_id_token_is_accepted(world: Stage) -> None:
    claims = await provider(world)._claims(signed(good_claims()), NONCE)
    assert claims["sub"] == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://ailleurs.invalid"},
        {"iss": None},
        {"aud": "un-autre"},
        {"aud": None},
        {"sub": ""},
        {"sub": None},
        {"sub": ["alice"]},
        {"nonce": "m" * 43},
        {"nonce": None},
        {"exp": -3600},
        {"exp": None},
        {"exp": -60},
        {"iat": None},
        {"iat": 3600},
    ],
)
async def test_wrong_claims_are_refused(world: Stage, changes: dict[str, Any]) -> None:
    """Instants are in seconds from now; None leaves the claim out."""
    now = int(time.time())
    moved = {
        name: now + value if isinstance(value, int) else value for name, value in changes.items()
    }
    claims = {
        name: value for name, value in {**good_claims(), **moved}.items() if value is not None
    }
    with pytest.raises((JoseError, ValueError)):
        await provider(world)._claims(signed(claims), NONCE)


async def test_wrong_signatures_are_refused(world: Stage) -> None:
    public = KEY.as_pem(private=False)
    bad = (
        unsigned(good_claims()),
        signed(good_claims(), key=OTHER),  # another key under the same name
        signed(  # the public key as a secret
            good_claims(), {"alg": "HS256"}, OctKey.import_key(base64.b64encode(public))
        ),
        signed(good_claims(), {"alg": "RS512"}),
        signed(good_claims(), {"typ": "at+jwt"}),  # an access token
        "",
        "a.b.c",
    )
    for token in bad:
        with pytest.raises((JoseError, ValueError)):
            await provider(world)._claims(token, NONCE)


async def test_keys_are_read_again_after_ten_minutes(world: Stage) -> None:
    """A retired key is not trusted for ever."""
    old = provider(world)
    old.keys_read_at -= 601
    old.metadata = {"jwks_uri": "http://127.0.0.1:1/jwks"}
    with pytest.raises(httpx2.HTTPError):
        await old._claims(signed(good_claims()), NONCE)
