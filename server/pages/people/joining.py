"""Whoever holds an invitation: what it promises, then the sign-in that proves who she is.

The link rides through the sign-in in a cookie that only a form of this very site can set: another
site cannot bring somebody into an organisme without her knowing. `access.come_back` attaches.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.responses import Response

from server.db.invitations import Welcome
from server.domain import labels
from server.pages import views
from server.pages.navigation import CAPACITY_LABELS
from server.pages.people.words import ROLE_HINTS, ROLES, contingents_text
from server.pages.visits import Form, Visit
from server.tenants import invitations
from server.tenants.actors import Capacity

PATH = "/invitation"
RETURN = f"{PATH}/accepter"
"""The return address of a sign-in that accepts; it has no page of its own."""

COOKIE = "portail_invitation"
PENDING_SECONDS = 600


async def welcome(visit: Visit) -> Response:
    secret = visit.query("jeton")
    found = await invitations.find(visit.database, secret, now=datetime.now(UTC))
    if found is None:
        return unusable(visit)
    return visit.render(
        "invitation.html",
        title=f"Rejoindre {found.tenant_name}",
        facts=_facts(found),
        secret=secret,
        signed_in_as=visit.signed_in.session.person_name if visit.signed_in else "",
    )


def _facts(found: Welcome) -> list[dict[str, str]]:
    one = found.invitation
    role = f"{ROLES[one.role]}. {ROLE_HINTS[one.role]}"
    facts = [
        ("Organisme", found.tenant_name),
        ("En qualité de", views.capital(CAPACITY_LABELS[Capacity(one.capacity)])),
        ("Personne attendue", one.name),
        ("Rôle", role),
        ("Contingents", contingents_text(one.contingents)),
        ("Invitation de", one.invited_by_name),
        ("Valable jusqu'au", labels.french_instant(one.expires_at)),
    ]
    return [{"term": term, "value": value} for term, value in facts if value]


def unusable(visit: Visit) -> Response:
    """Unknown, used, expired or cancelled: one same page."""
    return visit.render(
        "invitation_close.html",
        title="Invitation à demander de nouveau",
        status=404,
        text=invitations.UNUSABLE,
    )


async def leave_to_sign_in(visit: Visit) -> Response:
    """A page that goes on by itself: the content policy would hold up a redirect of a form to the
    identity provider.
    """
    secret = Form(data=await visit.form()).text("jeton")
    if await invitations.find(visit.database, secret, now=datetime.now(UTC)) is None:
        return unusable(visit)
    address = f"/connexion?retour={quote(RETURN)}"
    response = visit.render(
        "invitation_connexion.html", title="Connexion en cours", address=address
    )
    response.headers["Refresh"] = f"0;url={address}"
    response.set_cookie(
        COOKIE,
        secret,
        max_age=PENDING_SECONDS,
        httponly=True,
        samesite="lax",
        secure=visit.settings.is_https,
    )
    return response
