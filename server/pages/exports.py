"""Lists as files: `/liste.xlsx` and `/liste.csv` give exactly what `/liste` filters.

To give a list its files: a table of columns, a handler that ends with `export_response`, and
`*export_routes("/liste", export)` before the routes that take an id; the page calls
`export_links(visit, "/liste")` for its links.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from starlette.responses import Response
from starlette.routing import Route

from server.db.paging import MAX_PAGE, Page, PageRequest, Sort
from server.documents.exports import About, Column, Row, csv, workbook
from server.domain.deadlines import PARIS
from server.errors import Conflict, Motif
from server.pages import downloads
from server.pages.downloads import file_name
from server.pages.visits import Handler, Visit, page

T = TypeVar("T")

MOST_ROWS = 10_000
NOT_FILTERS = frozenset({"apres", "apres_decidees", "page", "bloc"})
"""Parameters of the address that say where one is in a list, not what it holds."""


def export_routes(path: str, handler: Handler) -> list[Route]:
    return [Route(f"{path}.xlsx", page(handler)), Route(f"{path}.csv", page(handler))]


def export_links(visit: Visit, path: str) -> list[dict[str, str]]:
    """The links of a list's page to its files, filters included, for `ui.exports`."""
    kept = visit.request.url.remove_query_params(sorted(NOT_FILTERS)).query
    query = f"?{kept}" if kept else ""
    return [
        {"label": "XLSX", "href": f"{path}.xlsx{query}"},
        {"label": "CSV", "href": f"{path}.csv{query}"},
    ]


def export_response(
    visit: Visit,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Row],
    filters: Sequence[tuple[str, str]] = (),
) -> Response:
    """The file that the end of the address asks for; `name` is its title, in French."""
    at = visit.now or datetime.now(UTC)
    file = file_name(name, visit.actor.tenant_name, f"{at.astimezone(PARIS):%Y-%m-%d}")
    if visit.request.url.path.endswith(".csv"):
        return downloads.csv(csv(columns, rows), file)
    about = About(organisme=visit.actor.tenant_name, at=at, filters=filters)
    return downloads.workbook(workbook(name, columns, rows, about=about), file)


async def every(
    fetch: Callable[[PageRequest], Awaitable[Page[T]]], sort: Sort | None = None
) -> list[T]:
    """All the rows of a list that is read page by page; Conflict beyond 10 000."""
    found: list[T] = []
    after: str | None = None
    while True:
        part = await fetch(PageRequest(first=MAX_PAGE, after=after, sort=sort))
        found.extend(part.items)
        if len(found) > MOST_ROWS:
            raise Conflict(TOO_MANY)
        if not part.has_next:
            return found
        after = part.end_cursor


TOO_MANY = Motif(
    code="export_too_large",
    message="Cette liste dépasse 10 000 lignes : ajoutez un filtre avant de l'exporter.",
)
