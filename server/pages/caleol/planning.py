"""A new session: when, where, and the dwellings whose candidates are presented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.candidates import is_complete
from server.domain.deadlines import PARIS
from server.domain.orientations import State
from server.errors import Conflict, Invalid, Motif
from server.operations import caleol, orientations
from server.operations.caleol import PlanCaleol
from server.pages import views
from server.pages.caleol.sessions import LIST
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

READY = (State.CANDIDATES_COMPLETE.value, State.CANDIDATES_PARTIAL.value)
FIELDS = {"starts_at": "date", "place": "lieu", "orientation_ids": "orientation"}


async def new_session(visit: Visit) -> Response:
    chosen = ("orientation", visit.query("orientation"))
    return await _new_page(visit, FormData([("heure", "14:00"), ("mode", "on_site"), chosen]))


async def _new_page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.CALEOL_HOLD)
        wanted = OrientationFilter(states=READY, at=tx.now)
        ready = await orientations.list_page(tx, PageRequest(first=100), wanted)
    visit.breadcrumb = [LIST, {"label": "Programmer une séance"}]
    return visit.render(
        "caleol_nouvelle.html",
        title="Programmer une séance de CALEOL",
        status=status,
        motifs=motifs,
        typed={name: Form(data=data).text(name) for name in ("date", "heure", "lieu", "mode")},
        modes=[{"value": code, "label": text} for code, text in labels.SESSION_MODES.items()],
        agenda=[_ready_view(one, data) for one in ready.items],
    )


def _ready_view(row: Orientation, data: FormData) -> dict[str, Any]:
    name = f"justification-{row.id}"
    return {
        "id": str(row.id),
        "title": views.offer_title(row),
        "reservataire": views.reservataire_of(row),
        "candidates": _count(row),
        "needs_justification": not is_complete(row.candidate_count, has_dalo=row.has_dalo),
        "justification": {"name": name, "value": Form(data=data).text(name)},
        "is_chosen": str(row.id) in data.getlist("orientation"),
    }


def _count(row: Orientation) -> str:
    if row.candidate_count == 1 and row.has_dalo:
        return "1 candidat DALO, seul"
    return labels.plural(row.candidate_count, "candidat")


async def plan(visit: Visit) -> Response:
    data = await visit.form()
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.CALEOL_HOLD)
            session_id = await caleol.plan(tx, await _planned(tx, data))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _new_page(visit, data, motifs=motifs, status=error.status)
    message = "Séance programmée : les invitations partent, avec l'ordre du jour de chacun."
    return visit.redirect(f"/caleol/{session_id}", message=message)


async def _planned(tx: TenantTransaction, data: FormData) -> PlanCaleol:
    """What was typed; each dwelling with a short list must say why (R441-3)."""
    form = Form(data=data)
    starts_at = _starts_at(form)
    ids = [found for text in data.getlist("orientation") if (found := parse_uuid(str(text)))]
    reasons = {one: form.text(f"justification-{one}") for one in ids}
    for row in (await orientations.visible_of(tx, ids)).values():
        if not is_complete(row.candidate_count, has_dalo=row.has_dalo) and not reasons[row.id]:
            message = f"{views.offer_title(row)} : justifiez la liste incomplète (art. R441-3)."
            form.motifs.append(
                Motif(
                    code="justification_required",
                    message=message,
                    field=f"justification-{row.id}",
                )
            )
    form.check()
    return PlanCaleol(
        starts_at=starts_at,
        place=form.text("lieu"),
        mode=form.text("mode"),
        orientation_ids=tuple(ids),
        justifications={one: text for one, text in reasons.items() if text},
    )


def _starts_at(form: Form) -> datetime:
    try:
        text = f"{form.text('date')}T{form.text('heure')}"
        return datetime.fromisoformat(text).replace(tzinfo=PARIS)
    except ValueError:
        message = "Indiquez la date et l'heure de la séance."
        form.motifs.append(Motif(code="instant_invalid", message=message, field="date"))
        return datetime.max.replace(tzinfo=PARIS)
