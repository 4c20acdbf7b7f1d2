"""The public keys of an issuer: read again every ten minutes, kept an hour when it is down.

A key identifier that nobody knows makes the portal look again, once a minute at most: whoever
invents identifiers makes it fetch nothing more.
"""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

logger = structlog.get_logger()

LIFE_SECONDS = 600
COOL_DOWN_SECONDS = 60
MAX_STALE_SECONDS = 3600
TIMEOUT_SECONDS = 3
MOST_OCTETS = 128_000
MOST_KEYS = 50
WELL_KNOWN = "/.well-known/openid-configuration"
KEY_TYPES: dict[str, type[ECKey | RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
SHORTEST_RSA = 2048

PublicKey = ECKey | RSAKey
Read = Callable[[str], Awaitable[dict[str, Any]]]


async def read_json(address: str) -> dict[str, Any]:
    """An object of JSON; ValueError for anything else, without following a redirection."""
    body = bytearray()
    async with (
        httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client,
        client.stream("GET", address) as answer,
    ):
        if answer.status_code != httpx2.codes.OK:
            raise ValueError("not answered")
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST_OCTETS:
                raise ValueError("too long")
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for the caller
    return found


class KeyCache:
    """The keys of one issuer; `clock` counts seconds, `read` fetches."""

    def __init__(
        self,
        issuer: str,
        jwks_url: str = "",
        *,
        read: Read = read_json,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._jwks_url = issuer, jwks_url
        self._read, self._clock = read, clock
        self._keys: dict[str, PublicKey] = {}
        self._read_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str) -> PublicKey | None:
        """The key of this identifier, None if the issuer has none, or was not heard for an hour."""
        if kid not in self._keys or self._age > LIFE_SECONDS:
            await self._refresh(kid)
        return self._keys.get(kid) if self._age <= MAX_STALE_SECONDS else None

    @property
    def _age(self) -> float:
        return self._clock() - self._read_at

    async def _refresh(self, kid: str) -> None:
        """One at a time; those who waited find what the first one brought."""
        async with self._lock:
            is_known = kid in self._keys and self._age <= LIFE_SECONDS
            if is_known or self._clock() - self._tried_at < COOL_DOWN_SECONDS:
                return
            self._tried_at = self._clock()
            try:
                self._keys = public_keys(await self._read(await self._address()))
            except (httpx2.HTTPError, ValueError, JoseError) as error:
                logger.warning("machine_keys_unreachable", error=type(error).__name__)
                return
            self._read_at = self._clock()

    async def _address(self) -> str:
        if not self._jwks_url:
            found = await self._read(self._issuer + WELL_KNOWN)
            address = found.get("jwks_uri")
            if found.get("issuer") != self._issuer or not isinstance(address, str):
                raise ValueError("another issuer")
            if urlsplit(address).scheme != urlsplit(self._issuer).scheme:
                raise ValueError("keys in the clear")
            self._jwks_url = address
        return self._jwks_url


def public_keys(key_set: dict[str, Any]) -> dict[str, PublicKey]:
    """The signing keys by identifier: never a shared secret, nor one too short to be safe."""
    listed = key_set.get("keys")
    if not isinstance(listed, list):
        raise ValueError("no keys")  # noqa: TRY004 - one kind of error for the caller
    found: dict[str, PublicKey] = {}
    for one in listed[:MOST_KEYS]:
        key = _public_key(one)
        if key is not None:
            found.setdefault(one["kid"], key)
    return found


def _public_key(one: Any) -> PublicKey | None:
    if not isinstance(one, dict) or not isinstance(one.get("kid"), str):
        return None
    if one.get("kty") not in KEY_TYPES or one.get("use", "sig") != "sig" or _is_short(one):
        return None
    public = {name: value for name, value in one.items() if name in PUBLIC_PARTS}
    try:
        return KEY_TYPES[one["kty"]].import_key(public)
    except (JoseError, ValueError, TypeError):
        return None


def _is_short(one: dict[str, Any]) -> bool:
    """Looked at before the key is read: an RSA modulus, four characters for three octets."""
    if one["kty"] != "RSA":
        return False
    try:
        octets = urlsafe_b64decode(str(one.get("n")) + "===")
    except ValueError:
        return True
    return int.from_bytes(octets).bit_length() < SHORTEST_RSA


PUBLIC_PARTS = {"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"}
