"""The access token that a configured issuer gives to a machine (client_credentials, RFC 9068).

Everything is checked before it is believed (security.md §5); whatever is wrong is one error with a
reason for our log, never told to whoever calls. The token says which client calls, and nothing
more: for which organisme, with which rights, is in our table.
"""

from __future__ import annotations

import binascii
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from server.settings import MachineIssuer
from server.tenants.jwks import KeyCache, PublicKey

MOST_OCTETS = 8_000
PARTS = 3
LEEWAY_SECONDS = 10
LONGEST_SECONDS = 15 * 60
LONGEST_NAME = 200
FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "crit", "b64", "zip", "cty", "enc"})
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
KEY_TYPE_OF = {"ES": "EC", "RS": "RSA", "PS": "RSA"}


class BadToken(Exception):
    """Not a token for us; `reason` is for our log only."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class TokenReader:
    """Reads the tokens of one issuer; `clock` is in seconds since 1970."""

    issuer: MachineIssuer
    keys: KeyCache
    clock: Callable[[], float] = time.time

    async def client_of(self, token: str) -> str:
        """The client that holds this token; BadToken if anything about it is not as it must be."""
        header = _header(token)
        self._check_header(header)
        key = await self.keys.find(header["kid"])
        if key is None:
            raise BadToken("kid_unknown")
        claims = _claims(token, key, header["alg"])
        self._check_parties(claims)
        self._check_times(claims)
        return self._client(claims, is_plain=header["typ"].lower() not in ACCESS_TOKEN_TYPES)

    def _check_header(self, header: dict[str, Any]) -> None:
        if any(name in FORBIDDEN_HEADERS or name.startswith("x5") for name in header):
            raise BadToken("header_forbidden")
        if header.get("alg") not in self.issuer.algorithms:
            raise BadToken("alg")
        _name(header, "kid")
        kind = header.get("typ")
        accepted = ACCESS_TOKEN_TYPES | ({"jwt"} if self.issuer.accepts_plain_jwt else set())
        if not isinstance(kind, str) or kind.lower() not in accepted:
            raise BadToken("typ")

    def _check_parties(self, claims: dict[str, Any]) -> None:
        if claims.get("iss") != self.issuer.issuer:
            raise BadToken("iss")
        audience = claims.get("aud")
        listed = [audience] if isinstance(audience, str) else audience
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise BadToken("aud")
        if self.issuer.audience not in listed:
            raise BadToken("aud")
        scope = claims.get("scope")
        if not isinstance(scope, str) or self.issuer.scope not in scope.split(" "):
            raise BadToken("scope")

    def _check_times(self, claims: dict[str, Any]) -> None:
        now = self.clock()
        expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
        if expires <= now - LEEWAY_SECONDS:
            raise BadToken("expired")
        if issued > now + LEEWAY_SECONDS:
            raise BadToken("iat")
        if not 0 < expires - issued <= LONGEST_SECONDS:
            raise BadToken("lifetime")
        if "nbf" in claims and _seconds(claims, "nbf") > now + LEEWAY_SECONDS:
            raise BadToken("nbf")

    def _client(self, claims: dict[str, Any], *, is_plain: bool) -> str:
        """`azp` is how Keycloak names the client; both must agree when both are there."""
        _name(claims, "sub")
        _name(claims, "jti")
        if "nonce" in claims or "at_hash" in claims:
            raise BadToken("id_token")
        if "cnf" in claims:
            raise BadToken("bound_to_a_key")
        named = {_name(claims, name) for name in ("client_id", "azp") if name in claims}
        if len(named) != 1 or not (is_plain or "client_id" in claims):
            raise BadToken("client_id")
        return named.pop()


def _name(values: dict[str, Any], name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_NAME:
        raise BadToken(name)
    return found


def _seconds(claims: dict[str, Any], name: str) -> int:
    """A whole number of seconds; a boolean is none in spite of Python."""
    found = claims.get(name)
    if not isinstance(found, int) or isinstance(found, bool):
        raise BadToken(name)
    return found


def _header(token: str) -> dict[str, Any]:
    if len(token) > MOST_OCTETS or not token.isascii():
        raise BadToken("size")
    parts = token.split(".")
    if len(parts) != PARTS or not all(parts):
        raise BadToken("parts")
    try:
        padded = parts[0] + "=" * (-len(parts[0]) % 4)
        return _object(urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        raise BadToken("header") from None


def _claims(token: str, key: PublicKey, algorithm: str) -> dict[str, Any]:
    """The claims, once the signature holds with this key and this algorithm only."""
    if key.key_type != KEY_TYPE_OF[algorithm[:2]] or (key.alg or algorithm) != algorithm:
        raise BadToken("key")
    try:
        signed = jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise BadToken("signature") from None
    try:
        return _object(signed.payload)
    except ValueError:
        raise BadToken("claims") from None


def _object(raw: bytes) -> dict[str, Any]:
    """One object of JSON in which each name is there once; ValueError otherwise."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name twice")
        return found

    try:
        found = json.loads(raw, object_pairs_hook=once)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for the caller
    return found
