"""One access of the organisme, and its revocation."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from server.errors import Conflict
from server.operations import machines
from server.pages.machines import words
from server.pages.machines.words import CRUMB, PATH
from server.pages.visits import Visit


async def show(visit: Visit) -> Response:
    at = datetime.now(UTC)
    async with visit.reading() as tx:
        found = await machines.get(tx, visit.path_id())
    visit.breadcrumb = [CRUMB, {"label": found.name}]
    return visit.render(
        "machine.html",
        title=found.name,
        machine=words.row(found, at),
        facts=words.facts(found),
        revoke_href=f"{PATH}/{found.id}/revoquer" if found.revoked_at is None else "",
    )


async def check_revocation(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await machines.get(tx, visit.path_id())
    visit.breadcrumb = [CRUMB, {"label": found.name, "href": f"{PATH}/{found.id}"}]
    visit.breadcrumb.append({"label": "Révoquer"})
    return visit.render(
        "machine_revoquer.html",
        title=f"Révoquer « {found.name} »",
        machine=words.row(found, datetime.now(UTC)),
        facts=words.facts(found),
        is_over=found.revoked_at is not None,
    )


async def revoke(visit: Visit) -> Response:
    machine_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            found = await machines.revoke(tx, machine_id)
    except Conflict as error:
        return visit.redirect(f"{PATH}/{machine_id}", message=error.message)
    return visit.redirect(
        PATH, message=f"« {found.name} » est révoqué : son prochain appel sera refusé."
    )
