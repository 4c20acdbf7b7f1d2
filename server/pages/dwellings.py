"""The dwellings of a bailleur: finding one, and all that happened to it."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response
from starlette.routing import Route

from server.db.dwellings import Dwelling
from server.db.orientations import OrientationFilter
from server.db.paging import PageRequest, Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.errors import Conflict
from server.operations import journal, orientations, vacancies
from server.pages import views
from server.pages.exports import (
    MOST_ROWS,
    TOO_MANY,
    export_links,
    export_response,
    export_routes,
)
from server.pages.sorting import column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, page
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/logements"
FULL = 50
ORDERS = ("commune", "reference")
COLUMNS = (
    Column(code="reference", label="Référence", description="Référence du bailleur."),
    Column(
        code="rpls",
        label="Identifiant RPLS",
        description="Identifiant au répertoire des logements.",
    ),
    Column(code="insee", label="Code INSEE", description="Code de la commune."),
    Column(code="commune", label="Commune", description="Commune du logement."),
    Column(code="adresse", label="Adresse", description="Adresse du logement."),
    Column(code="typologie", label="Typologie", description="De T1 à T6 et plus."),
    Column(
        code="surface",
        label="Surface (m²)",
        kind=Kind.DECIMAL,
        description="Surface habitable, en mètres carrés.",
    ),
    Column(code="financement", label="Financement", description="Financement d'origine."),
    Column(code="annee", label="Construction", description="Année de construction."),
    Column(
        code="qpv",
        label="Quartier prioritaire",
        kind=Kind.BOOLEAN,
        description="Dans un quartier prioritaire de la politique de la ville.",
    ),
    Column(
        code="dans_le_flux",
        label="Dans l'assiette",
        kind=Kind.BOOLEAN,
        description="Une libération de ce logement, aujourd'hui, entrerait dans le flux.",
    ),
    Column(
        code="motif", label="Motif", description="Pourquoi le logement n'entre pas dans le flux."
    ),
)


async def list_dwellings(visit: Visit) -> Response:
    text, insee = visit.query("q"), visit.query("commune")
    async with visit.reading() as tx:
        found = await _search(visit, tx, FULL)
        communes = await vacancies.list_communes(tx)
        today = local_day(tx.now)
    rows = [
        {
            "href": f"{PATH}/{one.id}",
            "title": views.dwelling_title(one),
            "reference": one.reference,
            "verdict": views.verdict(one, today),
        }
        for one in found
    ]
    return visit.render(
        "logements.html",
        title="Logements",
        block="liste",
        exports=export_links(visit, PATH),
        columns=_columns(visit),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        rows=rows,
        is_full=len(rows) >= FULL,
        q=text,
        commune=insee,
        communes=[{"value": code, "label": name} for code, name in communes.items()],
        chips=_chips(visit, communes),
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
    )


async def _search(visit: Visit, tx: TenantTransaction, limit: int) -> list[Dwelling]:
    return await vacancies.search_dwellings(
        tx,
        visit.query("q"),
        insee=visit.query("commune") or None,
        limit=limit,
        sort=sort_of(visit, ORDERS),
    )


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS) or Sort(code="commune")
    return [
        column(visit, "Logement", "commune", current),
        column(visit, "Référence", "reference", current),
        {"label": "Flux"},
    ]


def _chips(visit: Visit, communes: dict[str, str]) -> list[View]:
    text, insee, sort = visit.query("q"), visit.query("commune"), visit.query("tri")
    chips = []
    if text:
        href = views.address(PATH, commune=insee, tri=sort)
        value = f"« {text} »"
        chips.append({"name": "Recherche", "value": value, "label": value, "href": href})
    if insee:
        href = views.address(PATH, q=text, tri=sort)
        name = communes.get(insee, "inconnue")
        chips.append({"name": "Commune", "value": name, "label": f"Commune : {name}", "href": href})
    return chips


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _search(visit, tx, MOST_ROWS + 1)
        communes = await vacancies.list_communes(tx)
        today = local_day(tx.now)
    if len(found) > MOST_ROWS:
        raise Conflict(TOO_MANY)
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, communes)]
    rows = [_export_row(one, today) for one in found]
    return export_response(visit, "Logements", COLUMNS, rows, filters)


def _export_row(dwelling: Dwelling, today: date) -> View:
    verdict = views.verdict(dwelling, today)
    return {
        "reference": dwelling.reference,
        "rpls": dwelling.rpls_id,
        "insee": dwelling.insee,
        "commune": dwelling.commune_name,
        "adresse": dwelling.address,
        "typologie": labels.TYPOLOGIES[dwelling.typology],
        "surface": dwelling.surface_m2,
        "financement": labels.FINANCINGS[dwelling.financing],
        "annee": str(dwelling.built_year),
        "qpv": dwelling.is_qpv,
        "dans_le_flux": verdict["is_in"],
        "motif": " ".join(verdict["reasons"]),
    }


async def show(visit: Visit) -> Response:
    """A dwelling and its journal: the whole one for its bailleur, its slice for a réservataire."""
    async with visit.reading() as tx:
        dwelling = await vacancies.get_dwelling(tx, visit.path_id())
        today = local_day(tx.now)
        wanted = OrientationFilter(dwelling_id=dwelling.id)
        offers = await orientations.list_page(tx, PageRequest(first=20), wanted)
        entries = await journal.timeline(tx, visit.page_request(50), dwelling_id=dwelling.id)
        opened = await _open_vacancy(tx, visit)
        rows = [views.offer_view(one, tx.now, tx.actor.capacity) for one in offers.items]
    title = views.dwelling_title(dwelling)
    visit.breadcrumb = [{"label": "Logements", "href": PATH}, {"label": title}]
    verdict = views.verdict(dwelling, today)
    more = views.address(f"{PATH}/{dwelling.id}", apres=entries.end_cursor)
    return visit.render(
        "logement.html",
        title=title,
        rows=views.dwelling_rows(dwelling),
        verdict=verdict,
        offers=rows,
        events=views.timeline(entries.items),
        more_href=more if entries.has_next else "",
        vacancy_href=opened,
        register_href=_register_href(visit, verdict, opened),
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
    )


async def _open_vacancy(tx: TenantTransaction, visit: Visit) -> str:
    """Where the current vacancy is read, for the bailleur alone."""
    if tx.actor.capacity is not Capacity.BAILLEUR:
        return ""
    found = await vacancies.list_page(
        tx, PageRequest(first=1), state="open", dwelling_id=visit.path_id()
    )
    return f"/liberations/{found.items[0].id}" if found.items else ""


def _register_href(visit: Visit, verdict: View, opened: str) -> str:
    if opened or not verdict["is_in"] or not may(visit.actor, Permission.VACANCY_REGISTER):
        return ""
    return f"/liberations/nouvelle?logement={visit.path_id()}"


ROUTES = [
    Route(PATH, page(list_dwellings)),
    *export_routes(PATH, export),
    Route(PATH + "/{id}", page(show)),
]
