"""Bailleur × year: what was received, read, or is missing; the dossier for the CIL (art. 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from server.documents.dossiers import archive
from server.domain import labels
from server.domain.bilans import bilan_last_day, cil_last_day, is_late
from server.domain.deadlines import local_day
from server.operations import bilans
from server.operations.bilans import Reception
from server.operations.bilans.dossier import Cell, Receipt, Territory
from server.pages import downloads, views
from server.pages.visits import Visit, whole

PATH = "/bilans/dossier.zip"

View = dict[str, Any]


async def download(visit: Visit) -> Response:
    """The first download by a recipient is its acknowledgement of each bilan inside."""
    async with visit.writing() as tx:
        dossier = await bilans.compose(
            tx, year=whole(visit.query("annee")), epci_siren=visit.query("epci") or None
        )
    name = downloads.file_name("dossier cil", dossier.year, dossier.epci_name)
    return downloads.archive(archive(dossier), name)


# --- The grid -----------------------------------------------------------------------------------


def grid(found: Reception) -> View:
    return {
        "columns": [{"label": "Bailleur"}, *({"label": str(year)} for year in found.years)],
        "rows": [
            {"name": row.bailleur_name, "cells": [_cell(one) for one in row.cells]}
            for row in found.rows
        ],
    }


def _cell(one: Cell) -> View:
    """« Reçu le 24 février 2027 », lu ou non ; sinon ce qui est attendu, et jusqu'à quand."""
    if one.bilan is not None:
        received = one.bilan.distributed_at or one.bilan.published_at
        return {
            "year": str(one.year),
            "href": f"/bilans/{one.bilan.id}",
            "text": f"Reçu le {labels.french_day(local_day(received))}",
            "badge": {"text": "Lu", "tone": "success"}
            if one.opened_at
            else {"text": "Non lu", "tone": "warning"},
        }
    due = bilan_last_day(one.year) + timedelta(days=1)
    text, badge = {
        Receipt.MISSING: (
            f"Dû avant le {labels.french_day(due)}",
            {"text": "Manquant", "tone": "danger"},
        ),
        Receipt.AWAITED: (
            f"Avant le {labels.french_day(due)}",
            {"text": "Attendu", "tone": "neutral"},
        ),
        Receipt.RUNNING: (
            f"Avant le {labels.french_day(due)}",
            {"text": "Année en cours", "tone": "neutral"},
        ),
    }.get(one.receipt, ("Aucun bilan dû", None))
    return {"year": str(one.year), "href": "", "text": text, "badge": badge}


def missing(found: Reception, now: datetime) -> View | None:
    """The bailleurs whose bilan of the last closed year is late."""
    year = local_day(now).year - 1
    names = [
        row.bailleur_name
        for row in found.rows
        for one in row.cells
        if one.year == year and one.receipt is Receipt.MISSING
    ]
    if not names:
        return None
    late_on, cil_on = bilan_last_day(year) + timedelta(days=1), cil_last_day(year)
    verb = "était à remettre" if is_late(now, cil_on) else "est à remettre"
    return {
        "year": year,
        "since": labels.french_day(late_on),
        "names": names,
        "cil": f"Le dossier {verb} à la conférence intercommunale du logement avant le "
        f"{labels.french_day(cil_on + timedelta(days=1))}.",
    }


# --- Dossiers -----------------------------------------------------------------------------------


def dossiers(visit: Visit, found: Reception, now: datetime) -> list[View]:
    """Those of the year asked in the list, else of the last closed year and of the running one."""
    this_year = local_day(now).year
    asked = visit.query("annee")
    years = {asked} if asked else {str(this_year), str(this_year - 1)}
    return [_dossier(one) for one in found.territories if str(one.year) in years]


def _dossier(one: Territory) -> View:
    return {
        "epci": one.epci_name,
        "year": str(one.year),
        "count": f"{one.received} sur {one.expected}",
        "missing": (", ".join(one.missing) or "aucun") if one.is_due else "pas encore dus",
        "before": labels.french_day(cil_last_day(one.year) + timedelta(days=1)),
        "href": views.address(PATH, annee=one.year, epci=one.epci_siren) if one.received else "",
    }
