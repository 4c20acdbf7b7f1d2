"""The header Idempotency-Key: an act that is sent again is done once, and answered the same."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from graphql import strip_ignored_characters
from starlette.requests import Request

from server.errors import Invalid, Motif
from server.operations import requests
from server.schema.context import Context

KEY = "idempotency-key"
REPLAYED = "idempotency-replayed"
LONGEST_KEY = 200

Content = dict[str, Any]

KEY_INVALID = Motif(
    code="idempotency_key_invalid",
    message=f"Une clé d'idempotence compte de 1 à {LONGEST_KEY} lettres, chiffres et signes, sans "
    "espace : un UUID convient.",
)


class _Undone(Exception):
    """Nothing was done: the transaction is left without a trace, the key with it."""


def key_of(request: Request) -> str | None:
    """Raise Invalid for a key that is no key."""
    key = request.headers.get(KEY)
    if key is None:
        return None
    is_key = 0 < len(key) <= LONGEST_KEY and all("!" <= sign <= "~" for sign in key)
    if not is_key:
        raise Invalid(KEY_INVALID)
    return key


def input_hash(query: str, variables: Content | None, operation_name: str | None) -> str:
    """SHA-256 of the call in one spelling: white space and the order of the names say nothing."""
    canonical = [strip_ignored_characters(query), variables or {}, operation_name]
    return hashlib.sha256(orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def act_once(
    context: Context,
    key: str,
    named: tuple[str, Content | None, str | None],
    execute: Callable[[], Awaitable[Content]],
) -> tuple[Content, bool]:
    """The answer, and whether it is the one of an earlier call.

    The key, the act and its answer commit together; an act refused or failed leaves no key.
    """
    content: Content = {}
    try:
        async with context.database.write_transaction(context.actor) as tx:
            call = requests.call_of(tx, key=key, input_hash=input_hash(*named))
            known = await requests.claim(tx, call)
            if known is not None:
                return orjson.loads(known), True
            context.lend(tx)
            content = await execute()
            if context.is_undone or "errors" in content:
                raise _Undone  # noqa: TRY301 - the only way out of a transaction without commit
            await requests.keep(tx, call, orjson.dumps(content).decode())
    except _Undone:
        pass
    return content, False
