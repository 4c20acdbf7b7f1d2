"""One visit: the request, who is behind it, its transactions, and how it is answered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.db.paging import PageRequest
from server.domain.deadlines import PARIS
from server.errors import Forbidden, Invalid, Motif, NotFound
from server.logs import note
from server.operations import notifications
from server.pages.navigation import Shell, anonymous_shell, shell_of
from server.pages.rendering import Renderer
from server.settings import Settings
from server.tenants.actors import Actor
from server.tenants.assurance import assurance_of
from server.tenants.sessions import SignedIn, find_signed_in
from server.tenants.transactions import Database, TenantTransaction

FLASH_COOKIE = "portail_message"
BY_ITSELF = "portail-direct"
"""Header of a panel that asks again by itself: no sign that somebody is there."""
STEP_UP = "/connexion/renforcee"
"""Where to prove with several factors who one is, or to act for an organisme that needs less."""

NO_ORGANISME = (
    "Votre compte n'est rattaché à aucun organisme. Demandez une invitation à un responsable du "
    "vôtre : le lien qu'il vous remettra vous ouvrira cette page."
)

Handler = Callable[["Visit"], Awaitable[Response]]


@dataclass(kw_only=True)
class Visit:
    """What a page handler works with."""

    request: Request
    database: Database
    settings: Settings
    renderer: Renderer
    signed_in: SignedIn | None = None
    bell_count: int = 0
    is_shown_scenarios: bool = False
    now: datetime | None = None
    opened_at: float = field(default_factory=time.time)
    breadcrumb: list[dict[str, str]] = field(default_factory=list)

    # --- Who ----------------------------------------------------------------------------------

    @property
    def actor(self) -> Actor:
        actor = self.signed_in.actor if self.signed_in else None
        if actor is None:
            raise Forbidden(NO_ORGANISME)
        return actor

    def turned_away(self) -> Response | None:
        """Where goes whoever may not enter yet: to sign in, or to sign in more strongly."""
        signed_in = self.signed_in
        if signed_in is None or signed_in.awaiting is not None:
            if BY_ITSELF in self.request.headers:
                return Response(status_code=204)
            door = "/connexion" if signed_in is None else STEP_UP
            return self.redirect(f"{door}?retour={quote(self.address)}")
        if signed_in.current is None:
            raise Forbidden(NO_ORGANISME)
        return None

    # --- What was asked -----------------------------------------------------------------------

    def path_id(self, name: str = "id") -> UUID:
        """An id of the address; what is no id is simply absent."""
        return parse_uuid(self.request.path_params[name]) or _absent()

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def page_request(self, first: int = 25) -> PageRequest:
        return PageRequest(first=first, after=self.query("apres") or None)

    async def form(self) -> FormData:
        return await self.request.form(max_files=0, max_fields=200)

    @property
    def address(self) -> str:
        """The path asked for, with its parameters."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    @property
    def wants_fragment(self) -> bool:
        headers = self.request.headers
        return "hx-request" in headers and headers.get("hx-history-restore-request") != "true"

    # --- Transactions -------------------------------------------------------------------------

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[TenantTransaction]:
        """A read-only transaction in the visitor's context; also reads what the shell shows."""
        async with self.database.read_transaction(self.actor) as tx:
            self.now = tx.now
            self.bell_count, self.is_shown_scenarios = await notifications.news(tx)
            yield tx

    async def look_around(self) -> None:
        """What the shell shows, for a page that reads nothing else: nobody's has no bell."""
        if self.signed_in is not None and self.signed_in.current is not None:
            async with self.reading():
                pass

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[TenantTransaction]:
        """A transaction that commits when the block ends well."""
        async with self.database.write_transaction(self.actor) as tx:
            self.now = tx.now
            yield tx

    # --- Answers ------------------------------------------------------------------------------

    @property
    def shell(self) -> Shell:
        if self.signed_in is None or self.signed_in.current is None:
            return anonymous_shell(self.settings, self.signed_in)
        return shell_of(
            self.signed_in,
            self.signed_in.current,
            path=self.request.url.path,
            bell_count=self.bell_count,
            is_shown_scenarios=self.is_shown_scenarios,
            now=self.now,
            is_demo=self.settings.is_demo,
            opened_at=self.opened_at,
        )

    def render(
        self,
        template: str,
        *,
        title: str,
        status: int = 200,
        block: str | None = None,
        **context: Any,
    ) -> Response:
        """The page, or its `block` alone when htmx asks for a fragment."""
        values: Mapping[str, Any] = {
            "shell": self.shell,
            "page_title": title,
            "here": self.address,
            "status": status,
            "breadcrumb": self.breadcrumb,
            "message": self._take_flash(),
            **context,
        }
        if block and self.wants_fragment:
            html = self.renderer.block(template, block, values)
        else:
            html = self.renderer.page(template, values)
        response = HTMLResponse(html, status_code=status, headers={"Vary": "HX-Request"})
        if values["message"]:
            response.delete_cookie(FLASH_COOKIE)
        return response

    def _take_flash(self) -> str:
        return unquote(self.request.cookies.get(FLASH_COOKIE, ""))

    def redirect(self, address: str, *, message: str = "") -> Response:
        """After an act: the page to see next, with one sentence saying what was done."""
        response: Response
        if self.wants_fragment:
            response = Response(status_code=200, headers={"HX-Redirect": address})
        else:
            response = RedirectResponse(address, status_code=303)
        if message:
            response.set_cookie(
                FLASH_COOKIE,
                quote(message),
                max_age=60,
                httponly=True,
                samesite="lax",
                secure=self.settings.is_https,
            )
        return response


def _absent() -> UUID:
    raise NotFound


def parse_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


MOST_DIGITS = 9
"""What a column of the database holds whatever the digits."""


def whole(text: str) -> int | None:
    """A number in an address or a hidden field; what is not one is simply absent."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None


def page(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A page for somebody signed in; the others are sent to sign in and come back."""

    async def answer(request: Request) -> Response:
        visit = await open_visit(request)
        return visit.turned_away() or await handler(visit)

    return answer


def public_page(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A page that anybody may see."""

    async def answer(request: Request) -> Response:
        return await handler(await open_visit(request))

    return answer


async def open_visit(request: Request) -> Visit:
    state = request.app.state
    secret = request.cookies.get(session_cookie(state.settings), "")
    visit = Visit(
        request=request,
        database=state.database,
        settings=state.settings,
        renderer=state.renderer,
        signed_in=await find_signed_in(
            state.database,
            secret,
            assurance=assurance_of(state.settings),
            touch=BY_ITSELF not in request.headers,
        )
        if secret
        else None,
    )
    if visit.signed_in is not None:
        _note_visitor(visit.signed_in)
    return visit


def _note_visitor(signed_in: SignedIn) -> None:
    """For the line of the request: identifiers, never a name."""
    current = signed_in.current
    note(
        person=str(signed_in.session.person_id),
        tenant="" if current is None else str(current.tenant_id),
    )


def session_cookie(settings: Settings) -> str:
    """`__Host-` demands HTTPS; over plain HTTP the demonstration says so by another name."""
    return "__Host-portail" if settings.is_https else "portail_demo_session"


# --- Reading a form: a French error at the field, nothing lost ----------------------------------


@dataclass(kw_only=True)
class Form:
    """Typed values of a form; `motifs` collects what could not be understood."""

    data: FormData
    motifs: list[Motif] = field(default_factory=list)

    def text(self, name: str) -> str:
        value = self.data.get(name, "")
        return value.strip().replace("\x00", "") if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        return self.text(name) in ("1", "on", "oui", "true")

    def identifier(self, name: str, *, message: str) -> UUID | None:
        found = parse_uuid(self.text(name))
        if found is None:
            self.motifs.append(Motif(code="required", message=message, field=name))
        return found

    def day(self, name: str, *, required: bool = True) -> date | None:
        text = self.text(name)
        if not text and not required:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            message = "Indiquez une date, par exemple 30/04/2026."
            self.motifs.append(Motif(code="date_invalid", message=message, field=name))
            return None

    def instant(self, name: str) -> datetime | None:
        """A local date and time of Paris."""
        try:
            return datetime.fromisoformat(self.text(name)).replace(tzinfo=PARIS)
        except ValueError:
            message = "Indiquez une date et une heure."
            self.motifs.append(Motif(code="instant_invalid", message=message, field=name))
            return None

    def integer(self, name: str, *, required: bool = True) -> int | None:
        text = self.text(name)
        if not text and not required:
            return None
        try:
            return int(text)
        except ValueError:
            message = "Indiquez un nombre entier."
            self.motifs.append(Motif(code="number_invalid", message=message, field=name))
            return None

    def check(self) -> None:
        if self.motifs:
            raise Invalid(*self.motifs)
