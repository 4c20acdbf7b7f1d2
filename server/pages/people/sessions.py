"""The sessions of one person: she recognises her browsers and ends those that are not hers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from server.domain import labels
from server.errors import NotFound
from server.pages import views
from server.pages.visits import Form, Visit, session_cookie
from server.tenants import own_sessions
from server.tenants.own_sessions import Browser
from server.tenants.sessions import MOST_SESSIONS

PATH = "/mes-sessions"
UNKNOWN = "Navigateur inconnu"
# The first that matches: Edge and Opera also say Chrome, Chrome also says Safari.
BROWSERS = (
    ("Edge", "Edg"),
    ("Opera", "OPR/"),
    ("Firefox", "Firefox/"),
    ("Chrome", "Chrom"),
    ("Safari", "Safari/"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone ou iPad", r"iPhone|iPad"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """« Firefox sous Windows », enough to recognise one's own machine."""
    browser, system = (
        next((name for name, mark in known if re.search(mark, user_agent)), "")
        for known in (BROWSERS, SYSTEMS)
    )
    if not browser:
        return system or UNKNOWN
    return f"{browser} sous {system}" if system else browser


async def list_own(visit: Visit) -> Response:
    """Even without any organisme, or before several factors: these are her own."""
    signed_in = visit.signed_in
    if signed_in is None:
        return visit.redirect(f"/connexion?retour={quote(PATH)}")
    found = await own_sessions.list_own(visit.database, signed_in)
    await visit.look_around()
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Mes sessions"}]
    return visit.render(
        "mes_sessions.html",
        title="Mes sessions",
        browsers=[_view(one) for one in found],
        most=MOST_SESSIONS,
    )


def _view(one: Browser) -> dict[str, Any]:
    return {
        "handle": one.handle,
        "name": browser_name(one.user_agent),
        "organisme": one.tenant_name or "aucun organisme",
        "opened": views.capital(labels.french_instant(one.opened_at)),
        "seen": views.capital(labels.french_instant(one.last_seen_at)),
        "is_current": one.is_current,
    }


async def end_one(visit: Visit) -> Response:
    signed_in = visit.signed_in
    if signed_in is None:
        return visit.redirect(f"/connexion?retour={quote(PATH)}")
    handle = Form(data=await visit.form()).text("session")
    if not await own_sessions.end_one(visit.database, signed_in, handle):
        raise NotFound
    return visit.redirect(PATH, message="Cette session est fermée.")


async def end_everywhere(visit: Visit) -> Response:
    signed_in = visit.signed_in
    if signed_in is None:
        return visit.redirect(f"/connexion?retour={quote(PATH)}")
    await own_sessions.end_everywhere(visit.database, signed_in)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(
        session_cookie(visit.settings), path="/", secure=visit.settings.is_https, httponly=True
    )
    return response
