"""Access tokens of an issuer (security.md §5): good ones are read, no bad one is accepted.

The keys come from a real server on the loopback; time is ours.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from server.errors import ConfigurationError
from server.settings import MachineIssuer, read_settings
from server.tenants.jwks import COOL_DOWN_SECONDS, LIFE_SECONDS, MAX_STALE_SECONDS, KeyCache
from server.tenants.machine_tokens import LEEWAY_SECONDS, LONGEST_SECONDS, BadToken, TokenReader
from tests.tenants.issuers import WELL_KNOWN, Issuer, served

NOW = 1_800_000_000
CLIENT = "logiciel-metier"
AUDIENCE = "https://portail.invalid"
CPU_SECONDS = 0.05
GENEROUS = 4


@dataclass
class Door:
    """A reader of tokens in front of an issuer, whose clock the test moves."""

    issuer: Issuer
    now: float = NOW
    settings: MachineIssuer = field(init=False)
    reader: TokenReader = field(init=False)

    def __post_init__(self) -> None:
        self.configure()

    def configure(self, **changed: Any) -> None:
        base = MachineIssuer(issuer=self.issuer.address, audience=AUDIENCE)
        self.settings = replace(base, **changed)
        keys = KeyCache(self.settings.issuer, self.settings.jwks_url, clock=lambda: self.now)
        self.reader = TokenReader(issuer=self.settings, keys=keys, clock=lambda: self.now)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Those of a good token; None takes a claim away."""
        good = {
            "iss": self.issuer.address,
            "aud": AUDIENCE,
            "sub": CLIENT,
            "client_id": CLIENT,
            "scope": "portail",
            "jti": "un",
            "iat": NOW - 5,
            "exp": NOW + 295,
            **changed,
        }
        return {name: value for name, value in good.items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """Signed by the key that its header names, ES256 unless told otherwise."""
        head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1", **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        key = self.issuer.keys.get(head.get("kid", "k1")) or self.issuer.keys["k1"]
        return jwt.encode(head, self.claims(**changed), key, algorithms=[head["alg"]])

    async def accepts(self, token: str) -> bool:
        try:
            return await self.reader.client_of(token) == CLIENT
        except BadToken:
            return False


@pytest.fixture
def door() -> Iterator[Door]:
    with served() as issuer:
        issuer.add("k1")
        yield Door(issuer)


@pytest.fixture(scope="module")
def still_door() -> Iterator[Door]:
    """One whose keys, read once, and clock never change."""
    with served() as issuer:
        issuer.add("k1")
        yield Door(issuer)


# --- Good ones ----------------------------------------------------------------------------------


async def test_a_good_token_says_which_client_calls(door: Door) -> None:
    assert await door.reader.client_of(door.token()) == CLIENT
    assert await door.accepts(door.token(aud=["autre", AUDIENCE], scope="profile portail"))
    assert await door.accepts(door.token(header={"typ": "application/at+jwt"}, nbf=NOW - 5))
    assert await door.accepts(door.token(azp=CLIENT, exp=NOW - 5 + LONGEST_SECONDS))
    assert await door.accepts(door.token(iat=NOW - 200, exp=NOW - LEEWAY_SECONDS + 1))


async def test_rs256_is_accepted_where_it_is_allowed_only(door: Door) -> None:
    door.issuer.add("rsa", RSAKey.generate_key(2048))
    token = door.token(header={"alg": "RS256", "kid": "rsa"})
    assert not await door.accepts(token)
    door.configure(algorithms=("ES256", "RS256"))
    assert await door.accepts(token)
    assert await door.accepts(door.token())


async def test_a_plain_jwt_is_accepted_where_it_is_allowed_with_its_client(door: Door) -> None:
    """Keycloak says `typ: JWT` and names its client `azp` unless its at+jwt option is on."""
    keycloak = door.token(header={"typ": "JWT"}, client_id=None, azp=CLIENT)
    assert not await door.accepts(keycloak)
    door.configure(accepts_plain_jwt=True)
    assert await door.accepts(keycloak)
    for bad in ({"azp": None}, {"nonce": "n"}, {"at_hash": "h"}, {"client_id": "un autre"}):
        claims = {"client_id": None, "azp": CLIENT, **bad}
        assert not await door.accepts(door.token(header={"typ": "JWT"}, **claims)), bad


async def test_the_keys_may_be_at_a_configured_address(door: Door) -> None:
    door.configure(jwks_url=f"{door.issuer.address}/cles")
    assert await door.accepts(door.token())
    assert door.issuer.asked == ["/cles"]


# --- Bad ones -----------------------------------------------------------------------------------


def _raw(header: Any, claims: Any, signature: bytes = b"x" * 64) -> str:
    parts = [
        one if isinstance(one, bytes) else json.dumps(one).encode() for one in (header, claims)
    ]
    return ".".join(_coded(one) for one in (*parts, signature))


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(door: Door) -> str:
    return _raw({"alg": "none", "typ": "at+jwt", "kid": "k1"}, door.claims(), b"")


def _hmac(door: Door) -> str:
    """The public key taken for a shared secret."""
    signed = _raw({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}, door.claims()).rsplit(".", 1)[0]
    secret = door.issuer.keys["k1"].as_pem(private=False)
    code = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{_coded(code)}"


def _another_key(door: Door) -> str:
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
    return jwt.encode(head, door.claims(), ECKey.generate_key("P-256"), algorithms=["ES256"])


def _embedded_key(door: Door) -> str:
    mine = ECKey.generate_key("P-256")
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1", "jwk": mine.as_dict(private=False)}
    return jwt.encode(head, door.claims(), mine, algorithms=["ES256"])


def _header_with(name: str, value: Any) -> Callable[[Door], str]:
    """Well signed: the member alone is too much."""

    def made(door: Door) -> str:
        head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1", name: value}
        signed = door.token().split(".")
        return ".".join([_coded(json.dumps(head).encode()), *signed[1:]])

    return made


def _changed(door: Door) -> str:
    """The claims of another client under the signature of this one."""
    head, _, signature = door.token().split(".")
    return ".".join([head, _raw({}, door.claims(client_id="autre")).split(".")[1], signature])


def _with_claims(**changed: Any) -> Callable[[Door], str]:
    return lambda door: door.token(**changed)


def _with_header(**changed: Any) -> Callable[[Door], str]:
    return lambda door: door.token(header=changed)


def _payload(raw: bytes) -> Callable[[Door], str]:
    """Well signed, whatever is in it."""

    def made(door: Door) -> str:
        head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
        return jws.serialize_compact(head, raw, door.issuer.keys["k1"], algorithms=["ES256"])

    return made


def _twice(door: Door) -> str:
    """The same claim twice: readers would not agree on which one holds."""
    raw = json.dumps(door.claims()).encode()[:-1]
    return _payload(raw + b', "client_id": "autre"}')(door)


BAD: dict[str, Callable[[Door], str]] = {
    # its form
    "empty": lambda _: "",
    "a word": lambda _: "jeton",
    "two parts": lambda door: door.token().rsplit(".", 1)[0],
    "four parts": lambda door: door.token() + ".x",
    "five parts": lambda door: door.token() + ".x.y",
    "an empty part": lambda door: door.token().rsplit(".", 1)[0] + ".",
    "over 8 kB": _with_claims(note="x" * 8_000),
    "not ASCII": lambda door: door.token() + "é",
    "header of noise": lambda door: _raw(b"\xff\xfe", door.claims()),
    "header a list": lambda door: _raw([1], door.claims()),
    "header too deep": lambda door: _raw(b'{"a":' * 900 + b"1" + b"}" * 900, door.claims()),
    "payload not JSON": _payload(b"bonjour"),
    "payload a list": _payload(b"[1]"),
    "payload NaN": _payload(b'{"exp": NaN}'),
    "a claim twice": _twice,
    # its algorithm and its key
    "alg none": _unsigned,
    "alg None": lambda door: _raw({"alg": "None", "typ": "at+jwt", "kid": "k1"}, door.claims()),
    "no alg": lambda door: _raw({"typ": "at+jwt", "kid": "k1"}, door.claims()),
    "alg a list": lambda _: _raw({"alg": ["ES256"], "typ": "at+jwt", "kid": "k1"}, {}),
    "HS256 with the public key": _hmac,
    "RS256 not allowed": lambda door: _raw(
        {"alg": "RS256", "typ": "at+jwt", "kid": "k1"}, door.claims()
    ),
    "another key, same kid": _another_key,
    "embedded jwk": _embedded_key,
    "jwk": _header_with("jwk", {}),
    "jku": _header_with("jku", "https://ailleurs.invalid/cles"),
    "x5u": _header_with("x5u", "https://ailleurs.invalid/c.pem"),
    "x5c": _header_with("x5c", ["AA"]),
    "x5t": _header_with("x5t", "AA"),
    "crit": _header_with("crit", ["exp"]),
    "b64": _header_with("b64", False),
    "signature changed": _changed,
    "no kid": _with_header(kid=None),
    "kid a number": lambda door: _raw({"alg": "ES256", "typ": "at+jwt", "kid": 1}, door.claims()),
    "kid empty": lambda door: _raw({"alg": "ES256", "typ": "at+jwt", "kid": ""}, door.claims()),
    "kid unknown": lambda door: _raw(
        {"alg": "ES256", "typ": "at+jwt", "kid": "../k1"}, door.claims()
    ),
    # its kind
    "typ JWT": _with_header(typ="JWT"),
    "no typ": _with_header(typ=None),
    "typ a list": lambda door: _raw(
        {"alg": "ES256", "typ": ["at+jwt"], "kid": "k1"}, door.claims()
    ),
    "an id_token": _with_claims(nonce="n", at_hash="h"),
    "bound to a key": _with_claims(cnf={"jkt": "empreinte"}),
    # for whom, from whom
    "no iss": _with_claims(iss=None),
    "another iss": _with_claims(iss="https://ailleurs.invalid"),
    "iss with a slash more": lambda door: door.token(iss=door.issuer.address + "/"),
    "no aud": _with_claims(aud=None),
    "another aud": _with_claims(aud="https://ailleurs.invalid"),
    "aud a list of others": _with_claims(aud=["account"]),
    "aud a list of numbers": _with_claims(aud=[AUDIENCE, 1]),
    "aud an object": _with_claims(aud={AUDIENCE: True}),
    "no scope": _with_claims(scope=None),
    "scope that contains ours": _with_claims(scope="portail-lecture monportail"),
    "scope a list": _with_claims(scope=["portail"]),
    "no sub": _with_claims(sub=None),
    "sub empty": _with_claims(sub=" "),
    "sub a list": _with_claims(sub=[CLIENT]),
    "no client_id": _with_claims(client_id=None),
    "azp in place of client_id": _with_claims(client_id=None, azp=CLIENT),
    "client_id a number": _with_claims(client_id=7),
    "client_id and azp differ": _with_claims(azp="autre"),
    "no jti": _with_claims(jti=None),
    "jti a number": _with_claims(jti=1),
    # when
    "no exp": _with_claims(exp=None),
    "exp a text": _with_claims(exp=str(NOW + 100)),
    "exp true": _with_claims(exp=True),
    "exp a fraction": _with_claims(exp=NOW + 100.5),
    "expired": _with_claims(iat=NOW - 400, exp=NOW - LEEWAY_SECONDS),
    "no iat": _with_claims(iat=None),
    "iat a text": _with_claims(iat="hier"),
    "iat in the future": _with_claims(iat=NOW + LEEWAY_SECONDS + 1),
    "exp before iat": _with_claims(iat=NOW + 5, exp=NOW + 4),
    "sixteen minutes": _with_claims(exp=NOW - 5 + LONGEST_SECONDS + 1),
    "a year": _with_claims(exp=NOW + 31_000_000),
    "nbf in the future": _with_claims(nbf=NOW + LEEWAY_SECONDS + 1),
    "nbf a text": _with_claims(nbf="demain"),
}


def test_the_list_of_bad_ones_is_long_enough() -> None:
    assert len(BAD) >= 34


@pytest.mark.parametrize("fault", BAD)
async def test_a_bad_token_is_refused_and_cheaply(still_door: Door, fault: str) -> None:
    door = still_door
    assert await door.accepts(door.token())  # the keys are there: the fault alone decides
    token = BAD[fault](door)
    before = time.process_time()
    accepted = await door.accepts(token)
    spent = time.process_time() - before
    assert not accepted
    assert spent < CPU_SECONDS * GENEROUS


async def test_a_check_takes_about_a_millisecond(door: Door) -> None:
    token = door.token()
    assert await door.accepts(token)
    before = time.process_time()
    for _ in range(50):
        assert await door.accepts(token)
    assert (time.process_time() - before) / 50 < CPU_SECONDS


# --- Keys ---------------------------------------------------------------------------------------


async def test_invented_identifiers_make_the_portal_fetch_nothing_more(door: Door) -> None:
    assert await door.accepts(door.token())
    asked = list(door.issuer.asked)
    assert asked == [WELL_KNOWN, "/cles"]
    for number in range(50):
        head = {"alg": "ES256", "typ": "at+jwt", "kid": f"invente-{number}"}
        assert not await door.accepts(_raw(head, door.claims()))
    assert door.issuer.asked == asked
    door.now += COOL_DOWN_SECONDS
    for number in range(50):
        head = {"alg": "ES256", "typ": "at+jwt", "kid": f"encore-{number}"}
        assert not await door.accepts(_raw(head, door.claims()))
    assert door.issuer.asked == [*asked, "/cles"]


async def test_a_rotated_key_is_accepted_once_the_cool_down_is_over(door: Door) -> None:
    assert await door.accepts(door.token())
    door.issuer.add("k2")
    rotated = door.token(header={"kid": "k2"})
    assert not await door.accepts(rotated)
    door.now += COOL_DOWN_SECONDS
    assert await door.accepts(rotated)


async def test_a_retired_key_is_refused_after_ten_minutes(door: Door) -> None:
    retired = door.token(iat=NOW, exp=NOW + LONGEST_SECONDS)
    assert await door.accepts(retired)
    door.issuer.add("k2")
    del door.issuer.keys["k1"]
    assert await door.accepts(retired)
    door.now += LIFE_SECONDS + 1
    assert not await door.accepts(retired)


def _fresh(door: Door) -> str:
    return door.token(iat=int(door.now), exp=int(door.now) + 300)


async def test_an_issuer_that_is_down_is_tolerated_for_an_hour(door: Door) -> None:
    assert await door.accepts(_fresh(door))
    door.issuer.is_down = True
    door.now += LIFE_SECONDS + 1
    assert await door.accepts(_fresh(door))
    door.now = NOW + MAX_STALE_SECONDS
    assert await door.accepts(_fresh(door))
    door.now += 1
    assert not await door.accepts(_fresh(door))
    door.issuer.is_down = False
    door.now += COOL_DOWN_SECONDS
    assert await door.accepts(_fresh(door))


async def test_a_discovery_that_names_another_issuer_gives_no_key(door: Door) -> None:
    door.issuer.named = "https://ailleurs.invalid"
    assert not await door.accepts(door.token())


async def test_keys_that_are_no_signing_keys_are_not_taken(door: Door) -> None:
    modulus = ((1 << 1023) + 1).to_bytes(128)
    secret = OctKey.generate_key(256)
    door.configure(algorithms=("ES256", "RS256"))
    door.issuer.more = [
        {"kty": "RSA", "kid": "court", "e": "AQAB", "n": _coded(modulus)},
        {"kty": "RSA", "kid": "sans module", "e": "AQAB"},
        {**secret.as_dict(private=True), "kid": "secret"},
        {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "enc", "use": "enc"},
        {"kty": "EC", "kid": "casse", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC"},
        "rien",
    ]
    assert await door.accepts(door.token())
    for kid in ("court", "sans module", "secret", "enc", "casse"):
        assert await door.reader.keys.find(kid) is None, kid


async def test_a_key_of_another_kind_does_not_check_the_signature(door: Door) -> None:
    """RS256 announced over the identifier of an elliptic key."""
    door.configure(algorithms=("ES256", "RS256"))
    mine = RSAKey.generate_key(2048)
    head = {"alg": "RS256", "typ": "at+jwt", "kid": "k1"}
    assert not await door.accepts(jwt.encode(head, door.claims(), mine, algorithms=["RS256"]))


async def test_keys_in_the_clear_are_not_read_for_an_issuer_in_https() -> None:
    """The discovery is over TLS; the keys that it names must be too."""
    asked: list[str] = []

    async def read(address: str) -> dict[str, Any]:
        asked.append(address)
        return {"issuer": "https://identite.invalid", "jwks_uri": "http://identite.invalid/cles"}

    assert await KeyCache("https://identite.invalid", read=read).find("k1") is None
    assert asked == ["https://identite.invalid" + WELL_KNOWN]


# --- Settings -----------------------------------------------------------------------------------

RIGHT = {
    "DATABASE_URL": "postgresql://base",
    "WORKER_DATABASE_URL": "postgresql://base",
    "PUBLIC_URL": "https://portail.invalid/",
    "SECRET_KEY": "k" * 40,
    "OIDC_ISSUER": "https://identite.invalid",
    "OIDC_CLIENT_ID": "portail",
    "OIDC_CLIENT_SECRET": "s" * 40,
    "MACHINE_ISSUER": "https://identite.invalid/realms/74/",
}


def test_the_issuer_of_machines_is_read_from_the_environment() -> None:
    assert read_settings(RIGHT).machine_issuer == MachineIssuer(
        issuer="https://identite.invalid/realms/74", audience="https://portail.invalid"
    )
    keycloak = {
        "MACHINE_AUDIENCE": "portail-du-flux",
        "MACHINE_ALGORITHMS": "ES256, RS256",
        "MACHINE_PLAIN_JWT": "1",
        "MACHINE_SCOPE": "flux",
    }
    found = read_settings(RIGHT | keycloak).machine_issuer
    assert found is not None
    assert (found.audience, found.scope) == ("portail-du-flux", "flux")
    assert (found.algorithms, found.accepts_plain_jwt) == (("ES256", "RS256"), True)
    assert read_settings({**RIGHT, "MACHINE_ISSUER": ""}).machine_issuer is None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"MACHINE_ALGORITHMS": "HS256"}, "MACHINE_ALGORITHMS"),
        ({"MACHINE_ALGORITHMS": "ES256,none"}, "MACHINE_ALGORITHMS"),
        ({"MACHINE_ISSUER": "http://identite.invalid"}, "https://"),
        ({"MACHINE_JWKS_URL": "http://identite.invalid/cles"}, "https://"),
        ({"MACHINE_AUDIENCE": "portail"}, "OIDC_CLIENT_ID"),
    ],
)
def test_an_unsafe_issuer_is_refused_at_the_start(changes: dict[str, str], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        read_settings(RIGHT | changes)
