"""The explorer of the API, in the demonstration only; its assets are local."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from server.errors import NotFound
from server.pages.visits import Visit, page

# The editor measures its text by injecting styles; nothing else on the site may.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " font-src data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def explore(visit: Visit) -> Response:
    if not visit.settings.is_demo:
        raise NotFound
    answer = visit.render("graphiql.html", title="Explorateur GraphQL")
    answer.headers["content-security-policy"] = POLICY
    return answer


ROUTES = [Route("/graphiql", page(explore))]
