"""Relay cursor connections over the keyset pages of the operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from server.db.paging import DEFAULT_PAGE, MAX_PAGE, Page, PageRequest, encode_cursor
from server.errors import Invalid, Motif

First = Annotated[int, strawberry.argument(description=f"Nombre d'éléments, de 1 à {MAX_PAGE}.")]
After = Annotated[
    str | None,
    strawberry.argument(description="Le curseur après lequel continuer (pageInfo.endCursor)."),
]


@strawberry.type(description="Où une page se trouve dans sa liste.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="S'il reste des éléments après cette page.")
    has_previous_page: bool = strawberry.field(
        description="Si cette page a été demandée après un curseur."
    )
    start_cursor: str | None = strawberry.field(description="Curseur du premier élément.")
    end_cursor: str | None = strawberry.field(description="Curseur du dernier élément.")


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A row of a page with the cursor that names it."""

    node: Any
    cursor: str


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A page in the form of Relay."""

    edges: list[Edge]
    page_info: PageInfo


def page_request(first: int, after: str | None) -> PageRequest:
    """Raise Invalid when the page is out of bounds; a limit told is better than a shorter page."""
    if first > MAX_PAGE:
        message = f"Demandez au plus {MAX_PAGE} éléments par page."
        raise Invalid(Motif(code="page_too_large", message=message, field="first"))
    if first < 1:
        message = "Demandez au moins un élément par page."
        raise Invalid(Motif(code="page_too_small", message=message, field="first"))
    return PageRequest(first=first, after=after)


def connection(page: Page[Any], instant: str, *, after: str | None) -> Connection:
    """`instant` is the field of the rows by which their list is ordered."""
    edges = [
        Edge(node=row, cursor=encode_cursor(getattr(row, instant), row.id)) for row in page.items
    ]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )


__all__ = ["DEFAULT_PAGE", "After", "Connection", "First", "PageInfo", "connection", "page_request"]
