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
BETWEEN = "\x1f"
"""Between the two texts of a key, where no word of a commune or of an address holds it."""

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


def _texts(text: str) -> tuple[str, str]:
    first, second = _text(text).split(BETWEEN)
    return first, second


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
    then: ColumnElement[str] | None = None,
) -> Page[T]:
    """Newest first by (`instant`, `row_id`), which the statement must select as cursor_at, id.

    `ascending` turns the order round: the nearest deadline first. The key may be a day or a text
    (`sorted_by`); a text may have a second one, `then`, selected as cursor_then: an index on both
    then gives the order.
    """
    size = max(1, min(request.first, MAX_PAGE))
    columns = (instant, row_id) if then is None else (instant, then, row_id)
    if request.after:
        statement = statement.where(*_beyond(request.after, columns, ascending=ascending))
    order = columns if ascending else tuple(column.desc() for column in columns)
    statement = statement.order_by(*order).limit(size + 1)
    rows: Sequence[Row[Any]] = (await executor.execute(statement)).all()
    shown = rows[:size]
    last = shown[-1] if shown else None
    return Page(
        items=tuple(read(row) for row in shown),
        end_cursor=None if last is None else _cursor_of(last, is_double=then is not None),
        has_next=len(rows) > size,
    )


def _cursor_of(row: Row[Any], *, is_double: bool) -> str:
    key = f"{row.cursor_at}{BETWEEN}{row.cursor_then}" if is_double else row.cursor_at
    return encode_cursor(key, row.id)


def _beyond(
    cursor: str, columns: tuple[ColumnElement[Any], ...], *, ascending: bool
) -> list[ColumnElement[bool]]:
    """What comes after the cursor; of two texts the first is said alone too, for its index."""
    if len(columns) == 2:  # noqa: PLR2004 - the key and the id
        after = decode_cursor(cursor, _reader(columns[0]))
        return [tuple_(*columns) > after if ascending else tuple_(*columns) < after]
    (first, second), row_id = decode_cursor(cursor, _texts)
    whole, key = tuple_(*columns), columns[0]
    if ascending:
        return [key >= first, whole > (first, second, row_id)]
    return [key <= first, whole < (first, second, row_id)]
