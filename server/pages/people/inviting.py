"""Inviting a person: a link that serves once, shown once, handed over by the responsable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import labels
from server.domain.people import INVITATION_LIFE
from server.errors import Conflict, Invalid, Motif
from server.operations import people
from server.operations.people import InvitePerson
from server.pages import views
from server.pages.people.words import FIELDS, LIST, PATH, ROLE_OPTIONS, contingent_options
from server.pages.visits import Form, Visit
from server.tenants.invitations import link_of
from server.tenants.permissions import Permission, require


async def new_invitation(visit: Visit) -> Response:
    return await _form_page(visit, FormData())


async def _form_page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.PEOPLE_MANAGE)
        contingents = people.grantable(tx)
    form = Form(data=data)
    visit.breadcrumb = [LIST, {"label": "Inviter"}]
    return visit.render(
        "personne_inviter.html",
        title="Inviter une personne",
        status=status,
        motifs=motifs,
        roles=ROLE_OPTIONS,
        contingents=contingent_options(contingents),
        typed={
            "nom": form.text("nom"),
            "role": form.text("role"),
            "contingents": chosen_contingents(data),
        },
    )


def chosen_contingents(data: FormData) -> list[str]:
    return [value for value in data.getlist("contingents") if isinstance(value, str)]


async def invite(visit: Visit) -> Response:
    data = await visit.form()
    form = Form(data=data)
    command = InvitePerson(
        name=form.text("nom"),
        role=form.text("role"),
        contingents=frozenset(chosen_contingents(data)),
    )
    try:
        async with visit.writing() as tx:
            secret = await people.invite(tx, command)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _form_page(visit, data, motifs=motifs, status=error.status)
    return await _link_page(visit, command.name, link_of(visit.settings.public_url, secret))


async def _link_page(visit: Visit, name: str, link: str) -> Response:
    """The only time that the link is seen: it is kept nowhere."""
    async with visit.reading():
        until = labels.french_instant(datetime.now(UTC) + INVITATION_LIFE)
    visit.breadcrumb = [LIST, {"label": "Invitation"}]
    return visit.render(
        "personne_invitee.html",
        title=f"Invitation de {name}",
        link=link,
        until=until,
        mail=_mail(visit.actor.tenant_name, link, until),
    )


def _mail(organisme: str, link: str, until: str) -> str:
    """A draft in the responsable's own mail program: the portal never keeps the link."""
    body = (
        "Bonjour,\n\n"
        f"{organisme} vous invite à agir en son nom sur le Portail du flux, les réservations de "
        "logements sociaux du département.\n\n"
        f"Ouvrez ce lien, valable une seule fois, jusqu'au {until} :\n{link}\n\n"
        "Vous vous connecterez avec votre compte professionnel habituel.\n"
    )
    subject = "Invitation au Portail du flux"
    return f"mailto:?subject={quote(subject)}&body={quote(body)}"


async def cancel(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await people.cancel_invitation(tx, visit.path_id())
    return visit.redirect(PATH, message="Invitation annulée : son lien n'ouvre plus rien.")
