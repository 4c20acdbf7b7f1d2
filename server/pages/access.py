"""Signing in and out, acting for another organisme, the doors of the demonstration."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.db import tenants
from server.errors import Forbidden, NotFound
from server.pages.navigation import membership_label
from server.pages.people import joining
from server.pages.visits import STEP_UP, Form, Visit, parse_uuid, public_page, session_cookie
from server.tenants import invitations
from server.tenants.actors import Capacity
from server.tenants.assurance import assurance_of
from server.tenants.metering import Attempts
from server.tenants.oidc import (
    CALLBACK_PATH,
    FAREWELL_PATH,
    UNREACHABLE,
    Farewell,
    Identity,
    Provider,
    StaleAttempt,
)
from server.tenants.sessions import open_session, revoke_session, switch_membership

BROWSER_COOKIE = "portail_connexion"
FAREWELL_COOKIE = "portail_deconnexion"
PENDING_SECONDS = 600
HOME = "/"

logger = structlog.get_logger()


def safe_return(address: str) -> str:
    """Only a path of this site: never a door to another one."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if is_local and "\n" not in address and "\r" not in address else HOME


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


def _remember(visit: Visit, response: Response, name: str, secret: str) -> Response:
    """Bind what has begun elsewhere to this browser, for its return."""
    response.set_cookie(
        name,
        secret,
        max_age=PENDING_SECONDS,
        httponly=True,
        samesite="lax",
        secure=visit.settings.is_https,
    )
    return response


def _count_attempt(visit: Visit) -> None:
    """Raise TooMany for an address that tries too often; the demonstration is one click."""
    client = visit.request.client
    if client is not None and not visit.settings.is_demo:
        attempts: Attempts = visit.request.app.state.attempts
        attempts.note(client.host)


async def sign_in(visit: Visit) -> Response:
    """Leave for the identity provider; the address asked for is kept for the return."""
    _count_attempt(visit)
    wanted = safe_return(visit.query("retour") or HOME)
    demanded = visit.settings.oidc_acr_mfa if visit.query("renforcee") else ()
    departure = await _provider(visit.request).depart(visit.database, wanted, acr_values=demanded)
    response = RedirectResponse(departure.url, status_code=303)
    return _remember(visit, response, BROWSER_COOKIE, departure.browser_secret)


async def step_up(visit: Visit) -> Response:
    """Several factors are demanded for the organisme chosen: prove them, or choose another one."""
    wanted = safe_return(visit.query("retour") or HOME)
    signed_in = visit.signed_in
    if signed_in is None or signed_in.awaiting is None:
        return visit.redirect(wanted)
    assurance, acr = assurance_of(visit.settings), signed_in.session.acr
    return visit.render(
        "connexion_renforcee.html",
        title="Double authentification demandée",
        organisme=membership_label(signed_in.awaiting),
        wanted=wanted,
        others=[
            {"id": str(one.id), "label": membership_label(one)}
            for one in signed_in.memberships
            if assurance.is_enough(acr, Capacity(one.capacity))
        ],
    )


async def come_back(visit: Visit) -> Response:
    """Return from the provider: a session for the person attached to (issuer, subject)."""
    _count_attempt(visit)
    try:
        identity = await _provider(visit.request).arrive(
            visit.database,
            state=visit.query("state"),
            code=visit.query("code"),
            browser_secret=visit.request.cookies.get(BROWSER_COOKIE, ""),
            issuer=visit.query("iss"),
        )
    except StaleAttempt as error:
        return visit.render(
            "error.html",
            title="Connexion à recommencer",
            status=error.status,
            message=error.message,
            back_href="/connexion",
            back_label="Recommencer la connexion",
        )
    if identity.return_to == joining.RETURN:
        return await _join(visit, identity)
    async with visit.database.identity_transaction() as tx:
        person = await tenants.find_person(tx, identity.issuer, identity.subject)
    if person is None:
        logger.warning("security.sign_in_refused", reason="unknown_identity")
        raise Forbidden(
            "Cette identité n'est rattachée à aucun compte du portail. Demandez une invitation au "
            "responsable de votre organisme."
        )
    return await _begin_session(visit, identity, person[0])


async def _join(visit: Visit, identity: Identity) -> Response:
    """The identity just proven enters the organisme whose invitation this browser holds."""
    try:
        accepted = await invitations.accept(
            visit.database,
            secret=visit.request.cookies.get(joining.COOKIE, ""),
            issuer=identity.issuer,
            subject=identity.subject,
            now=datetime.now(UTC),
        )
    except NotFound:
        return joining.unusable(visit)
    arrived = replace(identity, return_to=HOME)
    response = await _begin_session(
        visit, arrived, accepted.person_id, membership_id=accepted.membership_id
    )
    response.delete_cookie(joining.COOKIE)
    return response


async def _begin_session(
    visit: Visit, identity: Identity, person_id: UUID, *, membership_id: UUID | None = None
) -> Response:
    """A new session, which ends the one that this browser had; she goes on where she was, or
    begins with `membership_id`.
    """
    before = visit.signed_in
    if before is not None:
        await revoke_session(visit.database, before)
    is_same = before is not None and before.session.person_id == person_id
    secret = await open_session(
        visit.database,
        person_id=person_id,
        id_token=identity.id_token,
        user_agent=visit.request.headers.get("user-agent", ""),
        acr=identity.acr,
        membership_id=membership_id
        or (before.session.membership_id if before and is_same else None),
    )
    logger.info("security.signed_in", person=str(person_id), acr=identity.acr)
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
    """End the session here, then the provider's own where it offers a way."""
    farewell, signed_in = None, visit.signed_in
    if signed_in is not None:
        await revoke_session(visit.database, signed_in)
        logger.info("security.signed_out", person=str(signed_in.session.person_id))
        farewell = await _provider(visit.request).farewell(signed_in.session.id_token)
        visit.signed_in = None
    response = _go_and_end(visit, farewell) if farewell else RedirectResponse(HOME, status_code=303)
    response.delete_cookie(
        session_cookie(visit.settings), path="/", secure=visit.settings.is_https, httponly=True
    )
    return response


def _go_and_end(visit: Visit, farewell: Farewell) -> Response:
    """A page that goes on by itself: a redirect after a form, the content policy would hold up."""
    response = visit.render(
        "deconnexion.html", title="Vous êtes déconnecté du portail", address=farewell.url
    )
    response.headers["Refresh"] = f"0;url={farewell.url}"
    return _remember(visit, response, FAREWELL_COOKIE, farewell.state)


async def signed_out(visit: Visit) -> Response:
    """Return from the provider, its session ended: only for who left from here."""
    kept = visit.request.cookies.get(FAREWELL_COOKIE, "")
    if not kept or not secrets.compare_digest(kept.encode(), visit.query("state").encode()):
        raise Forbidden("Cette adresse ne termine aucune déconnexion commencée dans ce navigateur.")
    response = visit.redirect(
        HOME, message="Vous êtes déconnecté du portail et de votre fournisseur d'identité."
    )
    response.delete_cookie(FAREWELL_COOKIE)
    return response


async def switch(visit: Visit) -> Response:
    """Act for another organisme of the same person."""
    form = Form(data=await visit.form())
    membership_id = parse_uuid(form.text("membership"))
    if visit.signed_in is None:
        return visit.redirect("/connexion")
    if membership_id is None:
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
    return _remember(visit, response, BROWSER_COOKIE, departure.browser_secret)


ROUTES = [
    Route("/connexion", public_page(sign_in)),
    Route(CALLBACK_PATH, public_page(come_back)),
    Route(STEP_UP, public_page(step_up)),
    Route("/deconnexion", public_page(sign_out), methods=["POST"]),
    Route(FAREWELL_PATH, public_page(signed_out)),
    Route("/organisme", public_page(switch), methods=["POST"]),
    Route("/demo/entrer/{slug}", public_page(demo_enter)),
]
