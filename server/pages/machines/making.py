"""A new access: what the tool may do, until when, from where; its secret is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain.deadlines import local_day
from server.domain.machines import LONGEST
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import machines
from server.operations.machines import Made, MakeClient, MakeToken
from server.pages import views
from server.pages.machines import words
from server.pages.machines.words import CRUMB, PATH
from server.pages.visits import Form, Visit
from server.settings import MachineIssuer
from server.tenants.bearers import ATTACHMENT_HEADER
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIELDS = {
    "name": "nom",
    "client_id": "client",
    "scopes": "portees",
    "last_day": "dernier_jour",
    "networks": "reseaux",
}
CLIENT = "client"
TITLES = {True: "Rattacher un client", False: "Créer un jeton"}


async def new(visit: Visit) -> Response:
    last = local_day(datetime.now(UTC)) + LONGEST - timedelta(days=1)
    nature = ("nature", visit.query("nature"))
    return await _page(visit, FormData([("dernier_jour", last.isoformat()), nature]))


async def _page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    issuer = _issuer(visit, data)
    async with visit.reading() as tx:
        require(tx.actor, Permission.MACHINES_MANAGE)
        offered = machines.offered_scopes(tx.actor)
    title = TITLES[issuer is not None]
    today = local_day(datetime.now(UTC))
    visit.breadcrumb = [CRUMB, {"label": title}]
    return visit.render(
        "machine_nouvelle.html",
        title=title,
        status=status,
        motifs=motifs,
        issuer=issuer.issuer if issuer else "",
        typed=_typed(data),
        scopes=[{"value": one, "label": words.SCOPES[one], "hint": one} for one in offered],
        first_day=today.isoformat(),
        last_day=(today + LONGEST - timedelta(days=1)).isoformat(),
    )


def _typed(data: FormData) -> dict[str, Any]:
    form = Form(data=data)
    names = ("nature", "nom", "client", "dernier_jour", "reseaux")
    return {**{name: form.text(name) for name in names}, "portees": _scopes(data)}


def _scopes(data: FormData) -> list[str]:
    return [one for one in data.getlist("portees") if isinstance(one, str)]


def _issuer(visit: Visit, data: FormData) -> MachineIssuer | None:
    """The issuer whose client is to be bound; None for a token. Absent when none is configured."""
    if Form(data=data).text("nature") != CLIENT:
        return None
    if visit.settings.machine_issuer is None:
        raise NotFound
    return visit.settings.machine_issuer


async def make(visit: Visit) -> Response:
    data = await visit.form()
    issuer = _issuer(visit, data)
    try:
        async with visit.writing() as tx:
            made = await _make(tx, data, issuer)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _page(visit, data, motifs=motifs, status=error.status)
    return _once(visit, made, issuer)


async def _make(tx: TenantTransaction, data: FormData, issuer: MachineIssuer | None) -> Made:
    form = Form(data=data)
    common: dict[str, Any] = {
        "name": form.text("nom"),
        "scopes": frozenset(_scopes(data)),
        "last_day": form.day("dernier_jour", required=False),
        "networks": tuple(form.text("reseaux").splitlines()),
    }
    if issuer is None:
        return await machines.make_token(tx, MakeToken(**common))
    client_id = form.text("client")
    command = MakeClient(**common, issuer=issuer.issuer, client_id=client_id)
    return await machines.make_client(tx, command)


def _once(visit: Visit, made: Made, issuer: MachineIssuer | None) -> Response:
    """The only page that ever holds the secret; no answer of the portal is kept by a browser."""
    visit.breadcrumb = [CRUMB, {"label": made.machine.name}]
    return visit.render(
        "machine_creee.html",
        title="Copiez ce jeton maintenant" if issuer is None else "Copiez ce code maintenant",
        secret=made.secret,
        machine=words.row(made.machine, datetime.now(UTC)),
        endpoint=f"{visit.settings.public_url}/graphql",
        issuer=issuer,
        header=ATTACHMENT_HEADER.title(),
        list_href=PATH,
    )
