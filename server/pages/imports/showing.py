"""One import: how far it is, what it would do, what is to be mended or confirmed."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from server.db.imports import Import
from server.domain import labels
from server.domain.deadlines import local_day
from server.errors import Motif
from server.operations import imports
from server.pages import downloads
from server.pages.imports import words
from server.pages.imports.words import CRUMBS, PATH, RUNNING
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may

DECIDED = "ready"


async def show(visit: Visit) -> Response:
    return await import_page(visit)


async def import_page(
    visit: Visit,
    *,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with visit.reading() as tx:
        one = await imports.get(tx, visit.path_id())
        communes = await imports.list_communes(tx) if one.report else {}
        today = local_day(tx.now)
    visit.breadcrumb = [*CRUMBS, {"label": one.file_name}]
    return visit.render(
        "import.html",
        title=f"Import de {one.file_name}",
        status=status,
        motifs=motifs,
        address=f"{PATH}/{one.id}",
        state=one.state,
        badge=words.row(one)["state"],
        facts=words.facts(one),
        progress=_progress(one),
        report=_report(one, communes),
        mapping=_mapping(one, typed or {}),
        may_act=may(visit.actor, Permission.IMPORT_ACT),
        typed=typed or {},
        today=today.isoformat(),
    )


def _progress(one: Import) -> View | None:
    if one.state not in RUNNING:
        return None
    if one.state != "applying":
        told = f" : {labels.number(one.lines_done)} lignes lues" if one.lines_done else ""
        return {"text": f"lecture en cours{told}"}
    counts: dict[str, int] = (one.report or {}).get("counts", {})
    total = sum(counts.get(code, 0) for code in ("created", "changed", "unchanged"))
    told = f"{labels.number(one.lines_done)} sur {labels.number(total)}"
    return {"text": f"enregistrement en cours, logements écrits : {told}"}


def _report(one: Import, communes: dict[str, str]) -> View | None:
    report: dict[str, Any] | None = one.report
    if report is None or one.state in ("received", "reading", "to_map"):
        return None
    return {
        "motifs": report["motifs"],
        "figures": words.figures(report, one.state),
        "counts": report["counts"],
        "ignored": words.ignored(report),
        "faults": [words.fault(fault) for fault in report["faults"]],
        "fault_count": report["counts"]["faults"] + _warnings(report),
        "changes": [words.change(change) for change in report["changes"]],
        "departures": report["departures"],
        "confirmable": words.confirmable(report),
        "proposal": words.proposal(report, communes),
        "for_sale": words.for_sale(report["for_sale"]),
        "has_annotated": bool(report["faults"]),
    }


def _warnings(report: dict[str, Any]) -> int:
    return sum(count for code, count in report["confirmable"].items() if code != "return")


def _mapping(one: Import, typed: dict[str, str]) -> View | None:
    layout: dict[str, Any] | None = one.layout
    if (
        layout is None
        or layout["kind"] == "rpls"
        or one.state not in ("to_map", "ready", "blocked")
    ):
        return None
    return {
        "fields": words.column_fields(layout, typed),
        "options": words.column_options(layout),
        "missing": layout["missing"],
        "unknown": layout["unknown"],
    }


async def give_annotated(visit: Visit) -> Response:
    async with visit.reading() as tx:
        one = await imports.get(tx, visit.path_id())
        content = await imports.annotated(tx, one.id)
    return downloads.workbook(content, downloads.file_name("Fichier annoté", one.file_name))
