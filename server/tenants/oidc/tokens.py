"""What a provider signs, checked claim by claim (OpenID Connect Core §3.1.3.7 and §5.3.2)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws, jwt

from server.tenants.oidc.keys import KeyRing

LEEWAY_SECONDS = 10
MAX_LENGTH = 16_384
# A key that comes with the token proves nothing; an extension that we do not know may say anything.
REFUSED_HEADERS = frozenset({"jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc", "cty"})
TYPES = ("JWT", None)


class Untrusted(ValueError):
    """What the provider answered does not hold; the reason is a constant, for the log."""


class WeakSignIn(Untrusted):
    """The person was identified with less than what was demanded."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What every answer of the registered provider carries."""

    issuer: str
    client_id: str
    algorithm: str


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What this sign-in's id_token must answer to."""

    nonce: str
    access_token: str
    acr_values: tuple[str, ...] = ()


async def read_id_token(
    token: object, keys: KeyRing, expected: Expected, demand: Demand
) -> dict[str, Any]:
    """The claims of a verified id_token; JoseError or ValueError (Untrusted) otherwise."""
    claims = await _read_signed(token, keys, expected.algorithm)
    jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    ).validate(claims)
    _check(claims["nonce"] == demand.nonce, "nonce")
    _check_party(claims, expected.client_id)
    if "at_hash" in claims:
        _check(claims["at_hash"] == half_hash(demand.access_token), "at_hash")
    acr = claims.get("acr")
    if demand.acr_values and not (isinstance(acr, str) and acr in demand.acr_values):
        raise WeakSignIn("acr")
    return claims


async def read_userinfo(
    kind: str, body: bytes, keys: KeyRing, expected: Expected, *, subject: str
) -> dict[str, Any]:
    """The claims of a userinfo answer about `subject`; `kind` is its media type.

    Signed (ProConnect), it is verified like an id_token; plain JSON has come straight from the
    provider over its own connection.
    """
    media_type = kind.partition(";")[0].strip().lower()
    if media_type == "application/jwt":
        claims = await _read_signed(body.decode("ascii"), keys, expected.algorithm)
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": expected.issuer},
            aud={"essential": True, "value": expected.client_id},
        ).validate(claims)
        _check_party(claims, expected.client_id)
    elif media_type == "application/json":
        claims = read_object(body)
    else:
        raise Untrusted("userinfo media type")
    _check(claims.get("sub") == subject, "userinfo sub")
    return claims


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object; ValueError for anything else."""
    found = orjson.loads(body)
    if not isinstance(found, dict):
        raise Untrusted("not an object")
    return found


def half_hash(access_token: str) -> str:
    """`at_hash` of an access token: every algorithm that we accept hashes with SHA-256."""
    digest = hashlib.sha256(access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


async def _read_signed(token: object, keys: KeyRing, algorithm: str) -> dict[str, Any]:
    """The claims of a token signed by one of `keys` with `algorithm` and no other."""
    if not isinstance(token, str) or not 0 < len(token) <= MAX_LENGTH:
        raise Untrusted("no token")
    header = jws.extract_compact(token.encode("ascii")).headers()
    _check(header.get("alg") == algorithm, "alg")
    _check(header.get("typ") in TYPES, "typ")
    _check(not REFUSED_HEADERS & set(header), "header")
    key = await keys.find(header.get("kid"))
    return jwt.decode(token, key, algorithms=[algorithm]).claims


def _check_party(claims: dict[str, Any], client_id: str) -> None:
    """Made for us alone: with several audiences, the authorised party is named and is us."""
    audience = claims["aud"]
    is_shared = isinstance(audience, list) and audience != [client_id]
    _check("azp" in claims or not is_shared, "azp missing")
    _check(claims.get("azp", client_id) == client_id, "azp")


def _check(holds: bool, reason: str) -> None:
    if not holds:
        raise Untrusted(reason)
