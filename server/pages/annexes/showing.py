"""A draft or a published version: the tables as signed, what moved, the files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from server.documents.annexe_papers import annexe_pdf
from server.documents.workbooks import annexe_workbook
from server.domain import labels
from server.domain.annexe_drafts import notice_last_day, photo_day
from server.operations import annexes
from server.operations.annexe_rates import compute
from server.operations.annexes import ReadVersion
from server.operations.annexes.reading import told_late
from server.pages.annexes.words import (
    LIST,
    comparison_view,
    proposal_sentence,
    state_of,
    tables_view,
    title_of,
)
from server.pages.downloads import file_name, pdf, workbook
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await annexes.read(tx, visit.path_id())
        facts, now = found.computed.facts, tx.now
        can_edit = found.is_draft and may(visit.actor, Permission.ANNEXE_PREPARE)
        proposed = await annexes.proposals(tx, facts) if can_edit else ()
    visit.breadcrumb = [LIST, {"label": title_of(facts)}]
    return visit.render(
        "annexe.html",
        title=title_of(facts),
        href=f"/annexes/{facts.id}",
        revision=facts.revision,
        state=state_of(facts),
        is_draft=found.is_draft,
        can_edit=can_edit,
        can_rectify=not found.is_draft and may(visit.actor, Permission.ANNEXE_PREPARE),
        rectify_href=f"/annexes/preparer?epci={facts.epci_siren}&annee={facts.year}",
        facts=_facts(found, now),
        warnings=[*found.computed.annexe.motifs, *found.computed.annexe.warnings],
        comparison=comparison_view(found.comparison),
        proposals=[proposal_sentence(one) for one in proposed],
        **tables_view(found.computed, is_draft=can_edit),
        can_read_rights=may(visit.actor, Permission.ORIENTATION_READ),
    )


def _facts(found: ReadVersion, now: datetime) -> list[dict[str, Any]]:
    facts = found.computed.facts
    photo = facts.photo_on or photo_day(facts.year)
    rows = [
        ("Bailleur", facts.bailleur_name),
        ("Logements comptés", f"au {labels.french_day(photo)}"),
        ("À transmettre", f"avant le 28 février {facts.year} : {_deadline(found, now)}"),
        ("Publiée le", labels.french_instant(facts.published_at) if facts.published_at else ""),
        ("Par", facts.published_by or ""),
        ("Motif de la rectification", facts.reason or ""),
        ("Dérogations du préfet", ", ".join(one.reference for one in found.derogations)),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def _deadline(found: ReadVersion, now: datetime) -> str:
    facts = found.computed.facts
    if facts.version > 1:
        return "déjà transmise, version rectifiée"
    is_late = told_late(facts.year, facts.published_at, now)
    if facts.published_at is not None:
        return "transmise en retard" if is_late else "transmise"
    last = labels.french_day(notice_last_day(facts.year))
    return "en retard" if is_late else f"jusqu'au {last} à 24 h"


async def download_pdf(visit: Visit) -> Response:
    async with visit.reading() as tx:
        facts = await annexes.get(tx, visit.path_id())
        now = tx.now
    name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
    return pdf(annexe_pdf(compute(facts), at=now), f"{name}-v{facts.version}")


async def download_workbook(visit: Visit) -> Response:
    async with visit.reading() as tx:
        facts = await annexes.get(tx, visit.path_id())
    name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
    return workbook(annexe_workbook(compute(facts)), f"{name}-v{facts.version}")
