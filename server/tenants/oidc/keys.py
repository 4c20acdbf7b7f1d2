"""The public keys of an issuer: kept ten minutes, looked up again once for a name not yet seen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import InvalidKeyIdError

from server.tenants.jwks import PublicKey, public_keys

KEYS_LIFE_SECONDS = 600
COOL_DOWN_SECONDS = 30
"""Between two searches for unknown names: invented ones must not make us call the issuer."""


@dataclass(kw_only=True)
class KeyRing:
    """Keys that may sign; `read` answers the issuer's JWKS document."""

    read: Callable[[], Awaitable[dict[str, Any]]]
    keys: dict[str, PublicKey] = field(default_factory=dict)
    read_at: float | None = None
    searched_at: float | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def find(self, kid: object) -> PublicKey:
        """The key of that name, or the only one where none is named.

        Raises JoseError when there is none, and whatever `read` raises: a key that cannot be
        confirmed any more is not trusted.
        """
        async with self.lock:
            if _is_past(self.read_at, KEYS_LIFE_SECONDS):
                await self._read_again()
            found = self._named(kid)
            if found is None and _is_past(self.searched_at, COOL_DOWN_SECONDS):
                self.searched_at = time.monotonic()
                await self._read_again()
                found = self._named(kid)
        if found is None:
            raise InvalidKeyIdError
        return found

    async def _read_again(self) -> None:
        self.keys = public_keys(await self.read())
        self.read_at = time.monotonic()

    def _named(self, kid: object) -> PublicKey | None:
        if kid is None:
            return next(iter(self.keys.values())) if len(self.keys) == 1 else None
        return self.keys.get(kid) if isinstance(kid, str) else None


def _is_past(instant: float | None, seconds: int) -> bool:
    return instant is None or time.monotonic() - instant > seconds
