"""One simulation: what each could receive, why, stratum by stratum, in the drawn years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from server.db.scenarios import Figures, Share
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.ledger import Family
from server.domain.ledger_sentences import FAMILIES, stratum_label
from server.operations import scenarios
from server.operations.scenarios import ReadScenario
from server.pages import views
from server.pages.exports import export_links, export_response
from server.pages.scenarios.words import (
    LIST,
    PATH,
    commune_names,
    draw_view,
    drawn_view,
    expected,
    eyebrow,
    facts,
    own_rows,
    place_of,
    plot_sentence,
    shown_name,
    strata_rows,
)
from server.pages.views import View
from server.pages.visits import Visit, whole
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

CAPACITIES = {"reservataire": "comme réservataire", "prefecture": "comme préfecture"}
COLUMNS = (
    Column(code="reservataire", label="Réservataire", description="Ligne de l'annexe 1, ou part du "
           "bailleur."),
    Column(code="famille", label="Famille", description="Tous les logements, ou une famille de "
           "R441-5-1."),
    Column(code="strate", label="Strate", description="Valeur dans la famille."),
    Column(code="attendu", label="Attendu", kind=Kind.DECIMAL, description="Logements attendus "
           "dans l'année, en moyenne."),
    Column(code="bas", label="Au moins", kind=Kind.DECIMAL, description="Borne basse : dépassée "
           "neuf années sur dix avec la borne haute."),
    Column(code="haut", label="Au plus", kind=Kind.DECIMAL, description="Borne haute."),
    Column(code="avant", label="Sans les changements", kind=Kind.DECIMAL, description="Logements "
           "attendus sans les changements de la simulation."),
    Column(code="tire", label="Tiré", kind=Kind.DECIMAL, description="Moyenne des années tirées ; "
           "vide si elles ne le sont pas."),
)  # fmt: skip


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await scenarios.get(tx, visit.path_id())
    row, href = found.row, f"{PATH}/{found.row.id}"
    can_prepare = may(visit.actor, Permission.SCENARIO_PREPARE)
    rows = own_rows(found.figures)
    visit.breadcrumb = [LIST, {"label": row.name}]
    return visit.render(
        "simulation.html",
        title=row.name,
        eyebrow=eyebrow(row),
        href=href,
        revision=row.revision,
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
        can_prepare=can_prepare,
        facts=facts(row),
        warnings=row.tables["warnings"],
        rows=rows,
        told=plot_sentence(rows, "sans les changements", "avec"),
        changes=[
            {**one, "number": number, "kind": one["kind"]}
            for number, one in enumerate(row.tables["changes"], start=1)
        ],
        epcis=[_epci(one) for one in row.tables["epcis"]],
        exports=export_links(visit, f"{href}/chiffres"),
        party=_party(visit, found),
        draw=draw_view(found.draw),
        shares=[_share(one) for one in found.shares if one.revoked_at is None],
        revoked=sum(one.revoked_at is not None for one in found.shares),
        place=place_of(row),
    )


def _epci(one: Mapping[str, Any]) -> View:
    version = one["source_version"]
    source = f"version {version}" if version else "brouillon"
    return {
        "siren": one["epci_siren"],
        "name": one["epci_name"],
        "source": f"Droits de l'annexe 1 de {one['source_year']}, {source}"
        if one["source_year"]
        else "Aucune annexe 1 : tout le flux est au bailleur",
        "lines": [_line(line) for line in one["lines"]],
        "communes": [_commune(share) for share in one["communes"]],
    }


def _line(one: Mapping[str, Any]) -> View:
    droits, before = (labels.number(Decimal(one[n])) for n in ("droits", "before_droits"))
    rate, was = (labels.percent(one[n]) for n in ("rate_bp", "before_rate_bp"))
    return {
        "name": one["name"],
        "perimeter": ", ".join(one["perimeter"]),
        "droits": droits if droits == before else f"{before} → {droits}",
        "denominator": labels.number(one["denominator"]),
        "rate": rate if rate == was else f"{was} → {rate}",
    }


def _commune(one: Mapping[str, Any]) -> View:
    share, was = (labels.percent(one[n]) for n in ("bailleur_bp", "before_bailleur_bp"))
    return {
        "name": one["name"],
        "total": labels.number(one["total"]),
        "flux": labels.number(one["flux"]),
        "bailleur": share if share == was else f"{was} → {share}",
    }


def _share(one: Share) -> View:
    return {
        "id": str(one.id),
        "name": one.tenant_name,
        "capacity": CAPACITIES[one.capacity],
        "since": f"{labels.french_day(one.shared_at.date())}, par {one.shared_by}",
    }


def _party(visit: Visit, found: ReadScenario) -> View | None:
    """The one chosen in the address, else the one whom the changes move the most."""
    asked = whole(visit.query("ligne"))
    chosen = found.of(asked) if asked is not None else None
    one = chosen or max(found.figures, key=_moved, default=None)
    if one is None:
        return None
    return {
        "position": str(one.position),
        "name": shown_name(one),
        "options": [
            {"value": str(other.position), "label": shown_name(other)} for other in found.figures
        ],
        "strata": strata_rows(one, found.row.tables),
        "drawn": drawn_view(one),
    }


def _moved(one: Figures) -> float:
    """In tenths, as it is shown: of two that move alike, the bailleur's row is the last."""
    now, before = expected(one.figures["total"]), expected(one.figures["before"])
    return round(abs(now.mean - before.mean), 1)


# --- As a file ------------------------------------------------------------------------------------


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await scenarios.get(tx, visit.path_id())
    rows = [row for one in found.figures for row in _export_rows(one, found.row.tables)]
    filters = [("Simulation", found.row.name), ("Année", str(found.row.year))]
    return export_response(visit, f"Simulation {found.row.name}", COLUMNS, rows, filters)


def _export_rows(one: Figures, tables: Mapping[str, Any]) -> Iterator[View]:
    names, drawn = commune_names(tables), one.drawn or {}
    mean, low, high = one.figures["total"]
    total = FAMILIES[Family.TOTAL]
    yield _export_row(one, total, total, (mean, low, high), one.figures["before"][0],
                      drawn.get("mean"))  # fmt: skip
    seen = {(family, value): seen for family, value, seen, _ in drawn.get("strata", ())}
    for family, value, mean, low, high, before in one.figures["strata"]:
        yield _export_row(
            one,
            FAMILIES[Family(family)],
            stratum_label((Family(family), value), names),
            (mean, low, high),
            before,
            seen.get((family, value)),
        )


def _export_row(
    one: Figures,
    family: str,
    stratum: str,
    numbers: tuple[float, float, float],
    before: float,
    drawn: float | None,
) -> View:
    return {
        "reservataire": shown_name(one),
        "famille": views.capital(family),
        "strate": stratum,
        "attendu": numbers[0],
        "bas": numbers[1],
        "haut": numbers[2],
        "avant": before,
        "tire": drawn,
    }
