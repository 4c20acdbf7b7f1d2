"""The demonstration: its clock, the mails that it keeps, the pieces of its pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from server.db.notifications import Notification
from server.domain import labels
from server.domain.deadlines import PARIS
from server.errors import Invalid, Motif, NotFound
from server.operations import clock, notifications
from server.pages import downloads, views
from server.pages.access import demo_people
from server.pages.navigation import CAPACITY_LABELS
from server.pages.visits import Form, Handler, Visit, public_page
from server.tenants.actors import Capacity

MAILS = "/demo/courriels"
# A mail is somebody else's page: no script, no form, nothing fetched, its own opaque origin.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'; sandbox"
)
STATES = {
    "queued": ("En file", "info"),
    "sending": ("En cours d'envoi", "info"),
    "sent": ("Envoyé", "success"),
    "kept": ("Gardé ici", "success"),
    "failed": ("Échec", "danger"),
    "uncertain": ("Incertain", "warning"),
}
UNWRITTEN = "Courriel en cours de rédaction"


def demo_page(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A page that exists in the demonstration only."""

    async def guarded(visit: Visit) -> Response:
        if not visit.settings.is_demo:
            raise NotFound
        return await handler(visit)

    return public_page(guarded)


async def _look_around(visit: Visit) -> None:
    """What the shell shows to somebody signed in."""
    if visit.signed_in is not None and visit.signed_in.current is not None:
        async with visit.reading():
            pass


# --- The clock --------------------------------------------------------------------------------


async def home(visit: Visit) -> Response:
    return await _home_page(visit)


async def _home_page(
    visit: Visit,
    *,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    await _look_around(visit)
    async with visit.database.demo_transaction() as tx:
        visit.now = tx.now
    local = visit.now.astimezone(PARIS)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Démonstration"}]
    return visit.render(
        "demo.html",
        title="Démonstration",
        status=status,
        motifs=motifs,
        clock=labels.french_instant(visit.now),
        earliest=local.isoformat(timespec="minutes")[:16],
        typed=typed or {"instant": "", "plus": ""},
        people=demo_people(visit),
    )


async def move_clock(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    try:
        now = await _move(visit, form)
    except Invalid as error:
        typed = {name: form.text(name) for name in ("instant", "plus")}
        return await _home_page(visit, motifs=error.motifs, typed=typed, status=error.status)
    return visit.redirect("/demo", message=f"Il est maintenant {labels.french_instant(now)}.")


async def _move(visit: Visit, form: Form) -> datetime:
    days = form.integer("plus", required=False)
    wanted = None if days is not None else form.instant("instant")
    form.check()
    async with visit.database.demo_transaction() as tx:
        if wanted is not None:
            return await clock.move_to(tx, wanted)
        return await clock.skip_working_days(tx, days or 0)


# --- The mails --------------------------------------------------------------------------------


async def list_mails(visit: Visit) -> Response:
    await _look_around(visit)
    async with visit.database.demo_transaction() as tx:
        found = await notifications.list_mails(tx, visit.page_request(first=50))
        visit.now = tx.now
    visit.breadcrumb = [{"label": "Démonstration", "href": "/demo"}, {"label": "Courriels"}]
    return visit.render(
        "demo_courriels.html",
        title="Courriels envoyés",
        mails=[_mail_view(one) for one in found.items],
        next_href=views.address(MAILS, apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
    )


async def list_as_json(visit: Visit) -> Response:
    async with visit.database.demo_transaction() as tx:
        found = await notifications.list_mails(tx, visit.page_request(first=100))
    mails = [
        {
            "id": str(one.id),
            "to": one.address,
            "organisme": one.recipient_name,
            "subject": one.subject,
            "text": one.body_text,
            "has_calendar": one.calendar is not None,
            "state": one.state,
        }
        for one in found.items
    ]
    following = views.address(f"{MAILS}.json", apres=found.end_cursor) if found.has_next else None
    return JSONResponse({"mails": mails, "next": following})


def _mail_view(one: Notification) -> dict[str, Any]:
    text, tone = STATES[one.state]
    contingent = labels.CONTINGENTS[one.contingent]
    capacity = CAPACITY_LABELS[Capacity(one.capacity)]
    return {
        "href": f"{MAILS}/{one.id}",
        "subject": one.subject or UNWRITTEN,
        "organisme": one.recipient_name,
        "capacity": f"{capacity}, contingent {contingent}" if contingent else capacity,
        "to": one.address or "adresse inconnue",
        "when": views.capital(labels.french_instant(one.created_at)),
        "state": {"text": text, "tone": tone},
        "has_calendar": one.calendar is not None,
        "error": one.error or "",
    }


async def _mail(visit: Visit) -> Notification:
    async with visit.database.demo_transaction() as tx:
        visit.now = tx.now
        return await notifications.get_mail(tx, visit.path_id())


async def show_mail(visit: Visit) -> Response:
    await _look_around(visit)
    mail = await _mail(visit)
    text = mail.body_text or ""
    visit.breadcrumb = [
        {"label": "Démonstration", "href": "/demo"},
        {"label": "Courriels", "href": MAILS},
        {"label": mail.subject or UNWRITTEN},
    ]
    return visit.render(
        "demo_courriel.html",
        title=mail.subject or UNWRITTEN,
        mail=_mail_view(mail),
        text=text,
        html_href=f"{MAILS}/{mail.id}/html" if mail.body_html else "",
        calendar_href=f"{MAILS}/{mail.id}/invitation.ics" if mail.calendar else "",
        message_id=mail.message_id or "",
        doors=_doors(visit, mail, text),
    )


def _doors(visit: Visit, mail: Notification, text: str) -> list[dict[str, str]]:
    """Who can follow the link of the mail, by one click."""
    link = re.search(re.escape(visit.settings.public_url) + r"(/[^\s>]+)", text)
    if link is None:
        return []
    return [
        {
            "label": f"Ouvrir en tant que {person['name']}",
            "href": f"{person['login']}?retour={quote(link.group(1))}",
        }
        for person in demo_people(visit)
        if mail.recipient_name in person["organisme"]
    ]


async def show_html(visit: Visit) -> Response:
    mail = await _mail(visit)
    if mail.body_html is None:
        raise NotFound
    return HTMLResponse(mail.body_html, headers={"content-security-policy": MAIL_POLICY})


async def download_calendar(visit: Visit) -> Response:
    mail = await _mail(visit)
    if mail.calendar is None:
        raise NotFound
    return downloads.calendar(mail.calendar, "invitation")


# --- The pieces of the pages ------------------------------------------------------------------


async def components(visit: Visit) -> Response:
    await _look_around(visit)
    return visit.render("components.html", title="Composants")


ROUTES = [
    Route("/demo", demo_page(home)),
    Route("/demo/horloge", demo_page(move_clock), methods=["POST"]),
    Route("/demo/courriels", demo_page(list_mails)),
    Route("/demo/courriels.json", demo_page(list_as_json)),
    Route("/demo/courriels/{id}", demo_page(show_mail)),
    Route("/demo/courriels/{id}/html", demo_page(show_html)),
    Route("/demo/courriels/{id}/invitation.ics", demo_page(download_calendar)),
    Route("/demo/composants", demo_page(components)),
]
