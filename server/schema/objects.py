"""One object of the API with what is selected below it, for a root or for an act's payload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from server.schema.context import Info
from server.schema.selection import Selection, selection
from server.tenants.transactions import TenantTransaction

Row = TypeVar("Row")


@dataclass(frozen=True)
class Single(Generic[Row]):
    """`get` reads the row, as the caller may see it; `look_ahead` reads what it will show."""

    get: Callable[[TenantTransaction, UUID], Awaitable[Row]]
    look_ahead: Callable[[Any, TenantTransaction, list[Row], Selection], Awaitable[None]]

    async def asked(self, info: Info, row_id: UUID) -> Row:
        """The object that a root field names; NotFound if the caller does not see it."""
        return await self._shown(info, await info.context.read(), row_id, selection(info))

    async def changed(self, info: Info, tx: TenantTransaction, row_id: UUID, field: str) -> Row:
        """The object that an act has changed, as `field` of its payload shows it."""
        return await self._shown(info, tx, row_id, selection(info).at(field))

    async def _shown(
        self, info: Info, tx: TenantTransaction, row_id: UUID, wanted: Selection
    ) -> Row:
        row = await self.get(tx, row_id)
        await self.look_ahead(info.context, tx, [row], wanted)
        return row
