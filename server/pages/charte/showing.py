"""The versions of the charte side by side, and the conventions that say something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.responses import Response

from server.domain import charte as law
from server.domain import labels
from server.domain.charte import Version
from server.domain.deadlines import local_day
from server.operations import charte
from server.operations.charte import ReachedConvention
from server.pages import views
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may

PATH = "/charte"
LIST = {"label": "Charte départementale", "href": PATH}
GROUPS = (
    ("Soustraction", ("mutation_rate_bp",)),
    (
        "Relogements que le décret soustrait du flux",
        ("keeps_npnru", "keeps_orcod", "keeps_insalubrite", "keeps_vente"),
    ),
    ("Exclusions propres à la charte", ("excludes_plai_adapte", "excludes_gens_du_voyage")),
    ("Délais et décompte", ("answer_days", "candidate_days", "indicator")),
    (
        "Proposition : ce qui compte",
        ("advice_basis", "refusals", "refusal_rank", "urgences", "urgence_parts"),
    ),
    ("Proposition : attractivité et poids", (*law.YEARS, *law.WEIGHTS)),
)
SHOWN = 50


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        versions = await charte.list_versions(tx)
        today = local_day(tx.now)
        wanted = next((one for one in versions if one.code == visit.query("version")), None)
        compared = wanted or versions[-1]
        reached = await charte.reached_by(tx, compared)
    current = law.in_force(versions, today)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Charte départementale"}]
    return visit.render(
        "charte.html",
        title="Charte départementale",
        heads=[_head(one, current) for one in versions],
        columns=[
            {"label": "Paramètre"},
            *({"label": f"Version {one.code}"} for one in versions),
        ],
        groups=[_group(title, names, versions) for title, names in GROUPS],
        compared=compared.code,
        choices=[
            {
                "label": f"Version {one.code}",
                "href": views.address(PATH, version=one.code),
                "current": one.code == compared.code,
            }
            for one in versions
        ],
        reached=conventions_of(reached[:SHOWN]),
        reached_count=len(reached),
        can_revise=may(visit.actor, Permission.CHARTE_REVISE),
    )


def _head(version: Version, current: Version) -> View:
    if version == current:
        badge = {"text": "En vigueur", "tone": "success"}
    elif version.from_on > current.from_on:
        badge = {"text": "À venir", "tone": "info"}
    else:
        badge = {"text": "Remplacée", "tone": "neutral"}
    return {
        "code": version.code,
        "since": labels.french_day(version.from_on),
        "decision": version.decision,
        "badge": badge,
    }


def _group(title: str, names: Iterable[str], versions: Sequence[Version]) -> View:
    return {"title": title, "rows": [_row(name, versions) for name in names]}


def _row(name: str, versions: Sequence[Version]) -> View:
    """What changed from the version before stands out."""
    cells, before = [], None
    for one in versions:
        value = getattr(one.parameters, name)
        words = law.value_words(name, one.parameters)
        changed = before is not None and before != value
        cells.append({"version": one.code, "text": words, "changed": changed})
        before = value
    return {
        "label": law.PARAMETERS[name],
        "article": law.ARTICLES.get(name, "art. 2.3"),
        "cells": cells,
    }


def conventions_of(reached: Iterable[ReachedConvention]) -> list[View]:
    return [
        {
            "href": f"/conventions/{one.row.id}",
            "bailleur": one.row.bailleur_name,
            "reservataire": one.row.reservataire_name,
            "differences": [
                f"{law.PARAMETERS[item.name]} : {item.convention} dans la convention, "
                f"{item.charte} dans la charte"
                for item in one.differences
            ],
        }
        for one in reached
    ]
