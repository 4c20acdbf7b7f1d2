"""How a mutation runs: one transaction, its payload read inside it, refusals as data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import strawberry

from server.errors import PortalError
from server.schema.context import Info
from server.schema.errors import ActError, act_errors
from server.tenants.transactions import TenantTransaction

T = TypeVar("T")

INPUT = strawberry.argument(name="input", description="L'acte demandé.")
ID = strawberry.argument(name="id", description="Identifiant.")


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T]):
    """What a mutation answers: the changed row, or why nothing changed."""

    changed: T | None = None
    errors: list[ActError] = field(default_factory=list)


async def perform(info: Info, work: Callable[[TenantTransaction], Awaitable[T]]) -> Answer[T]:
    """Run the act; a refusal rolls everything back."""
    try:
        async with info.context.write() as tx:
            changed = await work(tx)
    except PortalError as error:
        return Answer(errors=act_errors(error))
    return Answer(changed=changed)


def changed(root: Any) -> Any:
    """Resolver of the payload's object."""
    return root.changed
