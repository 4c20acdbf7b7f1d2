"""What a bailleur withdraws from the flux: counted as it comes, expected ahead (art. 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.db.charte import WithdrawnVacancy
from server.db.paging import Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.charte import CATEGORIES, Category
from server.domain.deadlines import local_day
from server.domain.dwellings import MutationShare
from server.errors import Conflict, Invalid, Motif
from server.operations import soustractions
from server.operations.soustractions import Standing
from server.pages import views
from server.pages.exports import MOST_ROWS, export_links, export_response, export_routes
from server.pages.sorting import column, in_order, leaf_of, sort_of
from server.pages.views import View
from server.pages.visits import Form, Visit, page, whole
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/soustractions"
FIRST_YEAR = 2023
SHOWN = 50
NEWEST = Sort(code="jour", is_descending=True)
ORDERS: dict[str, Callable[[WithdrawnVacancy], Any]] = {
    "jour": lambda one: one.registered_on,
    "commune": lambda one: (one.commune_name, one.address),
    "operation": lambda one: CATEGORIES[one.category],
}
TONES = {"green": "success", "amber": "warning", "red": "danger"}
COLUMNS = (
    Column(code="categorie", label="Opération", description="Pourquoi le logement est soustrait."),
    Column(
        code="enregistree",
        label="Enregistrée le",
        kind=Kind.DATE,
        description="Jour d'enregistrement de la libération ; il donne son année.",
    ),
    Column(code="libre", label="Libre le", kind=Kind.DATE, description="Premier jour libre."),
    Column(code="reference", label="Référence", description="Référence du bailleur."),
    Column(code="adresse", label="Adresse", description="Adresse du logement."),
    Column(code="typologie", label="Typologie", description="De T1 à T6 et plus."),
    Column(code="insee", label="Code INSEE", description="Code de la commune."),
    Column(code="commune", label="Commune", description="Commune du logement."),
    Column(code="epci", label="EPCI", description="Intercommunalité de la commune."),
)


async def _year(visit: Visit, tx: TenantTransaction) -> int:
    """The one asked for if it can have figures, else the current one."""
    current = local_day(tx.now).year
    asked = whole(visit.query("annee")) or current
    return asked if FIRST_YEAR <= asked <= current else current


def _category(visit: Visit) -> str | None:
    asked = visit.query("operation")
    return asked if asked in CATEGORIES else None


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(
    visit: Visit,
    *,
    motifs: Sequence[Motif] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with visit.reading() as tx:
        year = await _year(visit, tx)
        found = await soustractions.standing(tx, year)
        rows = await _chosen(visit, tx, year)
        this_year = local_day(tx.now).year
        expected = (
            {one: await soustractions.forecast_of(tx, one) for one in _years(this_year)}
            if (may(visit.actor, Permission.BILAN_PUBLISH))
            else {}
        )
    visit.breadcrumb = [{"label": "Flux", "href": "/flux"}, {"label": "Soustractions"}]
    return visit.render(
        "soustractions.html",
        title="Logements soustraits du flux",
        status=status,
        motifs=motifs,
        year=year,
        years=_tabs(year, this_year),
        share=share_words(found.share),
        categories=_categories(found),
        epcis=[{"name": name, **share_words(share)} for name, share in found.by_epci],
        columns=_columns(visit),
        keep={"annee": year} | ({"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {}),
        row_count=len(rows),
        **_leaf(visit, rows),
        operation=_category(visit) or "",
        operations=[{"value": code, "label": words} for code, words in CATEGORIES.items()],
        exports=export_links(visit, PATH),
        forecasts=[_forecast(one, given, typed) for one, given in expected.items()],
    )


async def _chosen(visit: Visit, tx: TenantTransaction, year: int) -> list[WithdrawnVacancy]:
    """Those of the asked operation in the asked order: a year has few, all read at once."""
    found = await soustractions.list_withdrawn(tx, year, _category(visit))
    return in_order(visit, found, ORDERS, NEWEST)


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS) or NEWEST
    return [
        column(visit, "Logement", "commune", current),
        column(visit, "Opération", "operation", current),
        column(visit, "Enregistrée le", "jour", current, falls=True),
    ]


def _leaf(visit: Visit, rows: Sequence[WithdrawnVacancy]) -> View:
    """The asked page of the list, with the addresses of those around it."""
    leaf = leaf_of(visit, rows, SHOWN)
    here = visit.request.url.remove_query_params("page")

    def address(number: int | None) -> str:
        there = here.include_query_params(page=number)
        return f"{there.path}?{there.query}" if number else ""

    return {
        "rows": [_row(one) for one in leaf.rows],
        "page_text": f"Page {leaf.number} sur {leaf.last}" if leaf.last > 1 else "",
        "previous_href": address(leaf.previous),
        "next_href": address(leaf.next),
    }


def _years(this_year: int) -> tuple[int, int]:
    return this_year, this_year + 1


def _tabs(year: int, this_year: int) -> list[View]:
    return [
        {
            "label": str(one),
            "href": views.address(PATH, annee=one),
            "current": one == year,
        }
        for one in range(this_year, FIRST_YEAR - 1, -1)
    ]


def share_words(share: MutationShare) -> View:
    ratio = "aucune libération" if share.ratio_bp is None else labels.percent(share.ratio_bp)
    return {
        "count": share.count,
        "total": share.total,
        "ratio": ratio,
        "ceiling": labels.percent(share.ceiling_bp),
        "level": views.capital(labels.LEVELS[share.level]),
        "tone": TONES[share.level],
    }


def _categories(found: Standing) -> list[View]:
    return [
        {
            "label": words,
            "count": found.counts[code],
            "expected": found.forecast.get(code, "—"),
            "rule": _rule(Category(code), found),
        }
        for code, words in CATEGORIES.items()
    ]


def _rule(category: Category, found: Standing) -> str:
    if category is Category.MUTATION:
        return f"{labels.percent(found.share.ceiling_bp)} des libérations au plus"
    return "soustraits" if category in found.withdrawn else "restent dans le flux (charte)"


def _row(one: WithdrawnVacancy) -> View:
    return {
        "href": f"/liberations/{one.id}",
        "home": f"{labels.TYPOLOGIES[one.typology]}, {one.address}",
        "commune": one.commune_name,
        "category": CATEGORIES[one.category],
        "day": labels.french_day(one.registered_on),
    }


def _forecast(year: int, given: Mapping[str, int], typed: dict[str, str] | None) -> View:
    is_typed = typed is not None and typed["annee"] == str(year)
    values: Mapping[str, object] = typed if typed is not None and is_typed else given
    return {
        "year": year,
        "is_given": bool(given),
        "fields": [
            {"name": code, "label": words, "value": str(values.get(code, ""))}
            for code, words in CATEGORIES.items()
        ],
        "is_typed": is_typed,
    }


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        year = await _year(visit, tx)
        rows = await _chosen(visit, tx, year)
    if len(rows) > MOST_ROWS:
        raise Conflict(
            Motif(code="export_too_large", message="Choisissez une opération avant d'exporter.")
        )
    chosen = _category(visit)
    filters = [("Année", str(year)), *([("Opération", CATEGORIES[chosen])] if chosen else [])]
    return export_response(visit, "Soustractions", COLUMNS, map(_export_row, rows), filters)


def _export_row(one: WithdrawnVacancy) -> View:
    return {
        "categorie": CATEGORIES[one.category],
        "enregistree": one.registered_on,
        "libre": one.free_on,
        "reference": one.reference,
        "adresse": one.address,
        "typologie": labels.TYPOLOGIES[one.typology],
        "insee": one.insee,
        "commune": one.commune_name,
        "epci": one.epci_name or "",
    }


async def save_forecast(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    typed = {name: form.text(name) for name in ("annee", *CATEGORIES)}
    try:
        year = form.integer("annee")
        numbers = {code: form.integer(code, required=False) or 0 for code in CATEGORIES}
        form.check()
        async with visit.writing() as tx:
            await soustractions.save_forecast(tx, year or 0, numbers)
    except Invalid as error:
        motifs = views.renamed(error.motifs, {"year": "annee"})
        return await _page(visit, motifs=motifs, typed=typed, status=error.status)
    message = f"Prévisionnel {year} enregistré : il partira avec le prochain bilan."
    return visit.redirect(PATH, message=message)


ROUTES = [
    Route(PATH, page(show)),
    *export_routes(PATH, export),
    Route(PATH + "/previsionnel", page(save_forecast), methods=["POST"]),
]
