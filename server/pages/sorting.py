"""The order of a list in its address: `?tri=commune`, `?tri=-commune` for the other way round."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Generic, TypeVar

from server.db.paging import PageRequest, Sort
from server.pages.exports import NOT_FILTERS
from server.pages.visits import Visit, whole

Row = TypeVar("Row")


def sort_of(visit: Visit, allowed: Collection[str]) -> Sort | None:
    """What the address asks, if the list offers it."""
    asked = visit.query("tri")
    code = asked.removeprefix("-")
    return Sort(code=code, is_descending=asked.startswith("-")) if code in allowed else None


def asked_page(visit: Visit, allowed: Collection[str], first: int = 25) -> PageRequest:
    return PageRequest(
        first=first, after=visit.query("apres") or None, sort=sort_of(visit, allowed)
    )


def in_order(
    visit: Visit, rows: Iterable[Row], orders: Mapping[str, Callable[[Row], Any]], default: Sort
) -> list[Row]:
    """A list that is short enough to be read whole, in the order asked."""
    sort = sort_of(visit, orders) or default
    return sorted(rows, key=orders[sort.code], reverse=sort.is_descending)


@dataclass(frozen=True, kw_only=True)
class Leaf(Generic[Row]):
    """A page of such a list, `?page=2`: beyond the ends, the first or the last one."""

    rows: Sequence[Row]
    number: int
    last: int
    first_rank: int
    """Rank in the list of its first row, from 1."""
    count: int

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.last else None


def leaf_of(visit: Visit, rows: Sequence[Row], size: int) -> Leaf[Row]:
    last = max(1, ceil(len(rows) / size))
    number = min(max(1, whole(visit.query("page")) or 1), last)
    start = (number - 1) * size
    return Leaf(
        rows=rows[start : start + size],
        number=number,
        last=last,
        first_rank=start + 1,
        count=len(rows),
    )


def column(
    visit: Visit, label: str, code: str, current: Sort | None, *, falls: bool = False
) -> dict[str, Any]:
    """A header that sorts: `falls` from the newest or the most; a second click turns it round."""
    is_current = current is not None and current.code == code
    descending = not current.is_descending if current is not None and is_current else falls
    sign = "-" if descending else ""
    kept = visit.request.url.remove_query_params(sorted(NOT_FILTERS | {"tri"}))
    here = kept.include_query_params(tri=f"{sign}{code}")
    return {
        "label": label,
        "sort_href": f"{here.path}?{here.query}",
        "sorted": ("desc" if current.is_descending else "asc") if current and is_current else None,
    }
