"""Keyset pages: a list never counts what it skips."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Date, DateTime, Executable, Select, tuple_
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
class Sort:
    """An order asked for, by its code; each list has the table of those that it knows."""

    code: str
    is_descending: bool = False


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """At most `first` rows (1 to 100) after the row named by `after`, in the order `sort`."""

    first: int = DEFAULT_PAGE
    after: str | None = None
    sort: Sort | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """The key of a list: a column that is never null, so that each row has its place."""

    key: ColumnElement[Any]
    is_descending: bool


def sorted_by(
    request: PageRequest, orders: Mapping[str, ColumnElement[Any]], default: Sort
) -> Order:
    """The order asked for if the list knows it, else its own one."""
    sort = request.sort if request.sort and request.sort.code in orders else default
    return Order(key=orders[sort.code], is_descending=sort.is_descending)


def encode_cursor(key: datetime | date | str, row_id: UUID) -> str:
    text = key if isinstance(key, str) else key.isoformat()
    raw = f"{text}|{row_id}"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError(text)
    return text


def _reader(key: ColumnElement[Any]) -> Callable[[str], Any]:
    if isinstance(key.type, DateTime):
        return _instant
    return date.fromisoformat if isinstance(key.type, Date) else _text


def decode_cursor(cursor: str, read: Callable[[str], Any] = _instant) -> tuple[Any, UUID]:
    """Raise Invalid("cursor_invalid") for anything that `encode_cursor` did not write."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        key_text, row_text = raw.rsplit("|", 1)
        return read(key_text), UUID(row_text)
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
    instant: ColumnElement[Any],
    row_id: ColumnElement[UUID],
    request: PageRequest,
    read: Callable[[Row[Any]], T],
    ascending: bool = False,
) -> Page[T]:
    """Newest first by (`instant`, `row_id`), which the statement must select as cursor_at, id.

    `ascending` turns the order round: the nearest deadline first. The key may be a day or a text
    (`sorted_by`).
    """
    size = max(1, min(request.first, MAX_PAGE))
    key = tuple_(instant, row_id)
    if request.after:
        after = decode_cursor(request.after, _reader(instant))
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
