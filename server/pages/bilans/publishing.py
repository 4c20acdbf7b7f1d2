"""Before a bilan goes: what it says, what was checked, who will receive it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from server.domain import labels
from server.errors import Conflict, Invalid, Motif
from server.operations import bilans
from server.operations.bilans import BilanPreview
from server.pages import views
from server.pages.bilans import volets
from server.pages.bilans.listing import LIST, list_page
from server.pages.navigation import CAPACITY_LABELS
from server.pages.visits import Form, Visit, whole
from server.tenants.actors import Capacity

FIELDS = {"year": "annee"}
MISSING_YEAR = Motif(code="year_required", message="Choisissez l'année du bilan.", field="annee")


async def check(visit: Visit) -> Response:
    return await _check_page(visit, whole(visit.query("annee")))


async def _check_page(
    visit: Visit, year: int | None, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    if year is None:
        return await list_page(visit, motifs=motifs or (MISSING_YEAR,), status=422)
    try:
        async with visit.reading() as tx:
            preview = await bilans.preview(tx, year)
    except Invalid as error:
        return await list_page(visit, motifs=error.motifs, status=error.status)
    visit.breadcrumb = [LIST, {"label": f"Préparer le bilan {year}"}]
    return visit.render(
        "bilan_verifier.html",
        title=f"Préparer le bilan {year}",
        status=status,
        motifs=motifs,
        year=year,
        same_as=preview.same_as_version,
        parties=volets.party_rows(preview.content),
        checks=volets.check_rows(preview.content),
        recipients=_recipients(preview),
        **_facts(preview),
    )


def _facts(preview: BilanPreview) -> dict[str, Any]:
    content = preview.content
    return {
        "is_provisional": content["is_provisional"],
        "line_count": labels.plural(len(content["detailed"]), "ligne"),
        "all_ok": all(one["is_ok"] for one in content["checks"]),
    }


def _recipients(preview: BilanPreview) -> list[dict[str, str]]:
    return [
        {"name": name, "capacity": CAPACITY_LABELS[Capacity(capacity)]}
        for name, capacity in preview.recipients
    ]


async def publish(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    year = form.integer("annee")
    try:
        form.check()
        async with visit.writing() as tx:
            bilan_id = await bilans.publish(tx, year or 0)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _check_page(visit, year, motifs=motifs, status=error.status)
    message = f"Bilan {year} figé : le classeur se prépare, puis part aux destinataires."
    return visit.redirect(f"/bilans/{bilan_id}", message=message)
