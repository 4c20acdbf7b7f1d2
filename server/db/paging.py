"""Keyset pages: a list never counts what it skips."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Select, tuple_
from sqlalchemy.engine import CursorResult, Row

from server.errors import Invalid, Motif

MAX_PAGE = 100
DEFAULT_PAGE = 25

T = TypeVar("T")


class Executor(Protocol):
    """What a query function needs of a transaction."""

    async def execute(
        self,
        statement: Executable,
        parameters: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> CursorResult[Any]: ...


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """Some rows of a list, and how to ask for the next ones."""

    items: tuple[T, ...]
    end_cursor: str | None
    has_next: bool


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """At most `first` rows (1 to 100) after the row named by `after`."""

    first: int = DEFAULT_PAGE
    after: str | None = None


def encode_cursor(instant: datetime, row_id: UUID) -> str:
    raw = f"{instant.isoformat()}|{row_id}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raise Invalid("cursor_invalid") for anything that `encode_cursor` did not write."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        instant_text, row_text = raw.split("|")
        return datetime.fromisoformat(instant_text).astimezone(UTC), UUID(row_text)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise Invalid(
            Motif(
                code="cursor_invalid",
                message="Le curseur de pagination n'est pas reconnu.",
                field="after",
            )
        ) from error


async def fetch_page(
    executor: Executor,
    statement: Select[Any],
    *,
    instant: ColumnElement[datetime],
    row_id: ColumnElement[UUID],
    request: PageRequest,
    read: Callable[[Row[Any]], T],
    ascending: bool = False,
) -> Page[T]:
    """Newest first by (`instant`, `row_id`), which the statement must select as cursor_at, id.

    `ascending` turns the order round: the nearest deadline first.
    """
    size = max(1, min(request.first, MAX_PAGE))
    key = tuple_(instant, row_id)
    if request.after:
        after = decode_cursor(request.after)
        statement = statement.where(key > after if ascending else key < after)
    order = (instant, row_id) if ascending else (instant.desc(), row_id.desc())
    statement = statement.order_by(*order).limit(size + 1)
    rows: Sequence[Row[Any]] = (await executor.execute(statement)).all()
    shown = rows[:size]
    last = shown[-1] if shown else None
    return Page(
        items=tuple(read(row) for row in shown),
        end_cursor=encode_cursor(last.cursor_at, last.id) if last is not None else None,
        has_next=len(rows) > size,
    )
