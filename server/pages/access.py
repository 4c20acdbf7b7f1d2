"""Signing in and out, acting for another organisme, the doors of the demonstration."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.db import tenants
from server.errors import Forbidden, NotFound
from server.pages.navigation import membership_label
from server.pages.visits import Form, Visit, page, parse_uuid, public_page, session_cookie
from server.tenants.oidc import CALLBACK_PATH, UNREACHABLE, Provider
from server.tenants.sessions import open_session, revoke_session, switch_membership

BROWSER_COOKIE = "portail_connexion"
HOME = "/"


def safe_return(address: str) -> str:
    """Only a path of this site: never a door to another one."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_local and "\n" not in address and "\r" not in address else HOME


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


def _remember_browser(visit: Visit, response: Response, secret: str) -> Response:
    response.set_cookie(
        BROWSER_COOKIE,
        secret,
        max_age=600,
        httponly=True,
        samesite="lax",
        secure=visit.settings.is_https,
    )
    return response


async def sign_in(visit: Visit) -> Response:
    """Leave for the identity provider; the address asked for is kept for the return."""
    wanted = safe_return(visit.query("retour") or HOME)
    departure = await _provider(visit.request).depart(visit.database, wanted)
    response = RedirectResponse(departure.url, status_code=303)
    return _remember_browser(visit, response, departure.browser_secret)


async def come_back(visit: Visit) -> Response:
    """Return from the provider: a session for the person attached to (issuer, subject)."""
    identity = await _provider(visit.request).arrive(
        visit.database,
        state=visit.query("state"),
        code=visit.query("code"),
        browser_secret=visit.request.cookies.get(BROWSER_COOKIE, ""),
    )
    async with visit.database.identity_transaction() as tx:
        person = await tenants.find_person(tx, identity.issuer, identity.subject)
    if person is None:
        raise Forbidden(
            "Cette identité n'est rattachée à aucun compte du portail. Demandez une invitation au "
            "responsable de votre organisme."
        )
    secret = await open_session(
        visit.database,
        person_id=person[0],
        id_token=identity.id_token,
        user_agent=visit.request.headers.get("user-agent", ""),
    )
    response = RedirectResponse(safe_return(identity.return_to), status_code=303)
    response.delete_cookie(BROWSER_COOKIE)
    response.set_cookie(
        session_cookie(visit.settings),
        secret,
        httponly=True,
        samesite="lax",
        secure=visit.settings.is_https,
        path="/",
    )
    return response


async def sign_out(visit: Visit) -> Response:
    if visit.signed_in is not None:
        await revoke_session(visit.database, visit.signed_in)
    response = RedirectResponse(HOME, status_code=303)
    response.delete_cookie(session_cookie(visit.settings), path="/")
    return response


async def switch(visit: Visit) -> Response:
    """Act for another organisme of the same person."""
    form = Form(data=await visit.form())
    membership_id = parse_uuid(form.text("membership"))
    if visit.signed_in is None or membership_id is None:
        raise NotFound
    if not await switch_membership(visit.database, visit.signed_in, membership_id):
        raise NotFound
    return RedirectResponse(safe_return(form.text("retour") or HOME), status_code=303)


ELEMENT = re.compile(r"/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/|$)", re.IGNORECASE)


def offered_switches(visit: Visit, status: int) -> list[dict[str, str]]:
    """The other organismes of a person to whom the page of an element is closed.

    Nobody looks whether the element exists for them: the offer says nothing about it.
    """
    signed_in = visit.signed_in
    is_closed = status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
    if signed_in is None or signed_in.current is None or visit.request.method != "GET":
        return []
    if not is_closed or not ELEMENT.search(visit.request.url.path):
        return []
    return [
        {"id": str(one.id), "label": membership_label(one)}
        for one in signed_in.memberships
        if one.id != signed_in.current.id
    ]


def demo_people(visit: Visit) -> list[dict[str, Any]]:
    """Who one can be in the demonstration, as `portail demo` wrote it."""
    if not visit.settings.is_demo or visit.settings.demo_file is None:
        return []
    path = Path(visit.settings.demo_file)
    if not path.exists():
        return []
    people: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["people"]
    return people


async def demo_enter(visit: Visit) -> Response:
    """One click to be somebody: the portal types the name on the development provider's page."""
    if not visit.settings.is_demo:
        raise NotFound
    departure = await _provider(visit.request).depart(
        visit.database, safe_return(visit.query("retour") or HOME)
    )
    try:
        async with httpx2.AsyncClient(timeout=10) as client:
            form = {"sub": visit.request.path_params["slug"]}
            answer = await client.post(departure.url, data=form)
    except httpx2.HTTPError as error:
        raise Forbidden(UNREACHABLE) from error
    target = answer.headers.get("location", "")
    if not target.startswith(visit.settings.public_url + CALLBACK_PATH):
        raise Forbidden("Le fournisseur d'identité de la démonstration n'a pas répondu.")
    response = RedirectResponse(target, status_code=303)
    return _remember_browser(visit, response, departure.browser_secret)


ROUTES = [
    Route("/connexion", public_page(sign_in)),
    Route(CALLBACK_PATH, public_page(come_back)),
    Route("/deconnexion", public_page(sign_out), methods=["POST"]),
    Route("/organisme", page(switch), methods=["POST"]),
    Route("/demo/entrer/{slug}", public_page(demo_enter)),
]
