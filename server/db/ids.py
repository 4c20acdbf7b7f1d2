"""Identifiers: UUIDv7, so that indexes grow at one end and nothing is told of other tenants."""

from __future__ import annotations

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


_VARIANT = {f"{digit:x}": "89ab"[digit % 4] for digit in range(16)}


def new_ids(count: int) -> list[str]:
    """As many at once, as text: for the thousands of rows of one statement."""
    moment = f"{time.time_ns() // 1_000_000:012x}"
    chance = os.urandom(10 * count).hex()
    return [
        f"{moment}7{chance[at : at + 3]}{_VARIANT[chance[at + 3]]}{chance[at + 4 : at + 19]}"
        for at in range(0, 20 * count, 20)
    ]
