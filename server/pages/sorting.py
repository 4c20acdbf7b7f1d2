"""The order of a list in its address: `?tri=commune`, `?tri=-commune` for the other way round."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from server.db.paging import PageRequest, Sort
from server.pages.exports import NOT_FILTERS
from server.pages.visits import Visit


def sort_of(visit: Visit, allowed: Collection[str]) -> Sort | None:
    """What the address asks, if the list offers it."""
    asked = visit.query("tri")
    code = asked.removeprefix("-")
    return Sort(code=code, is_descending=asked.startswith("-")) if code in allowed else None


def asked_page(visit: Visit, allowed: Collection[str], first: int = 25) -> PageRequest:
    return PageRequest(
        first=first, after=visit.query("apres") or None, sort=sort_of(visit, allowed)
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
