"""The dwellings of a bailleur: found by words and by what they are, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from starlette.responses import Response

from server.db.dwellings import EXCLUDED, Dwelling, DwellingFilter
from server.db.paging import Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.stock_labels import EXCLUSION_CHOICES, TYPOLOGY_CHOICES
from server.errors import Conflict
from server.operations import vacancies
from server.pages import views
from server.pages.exports import MOST_ROWS, TOO_MANY, export_links, export_response
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity

PATH = "/logements"
LIST = {"label": "Logements", "href": PATH}
ORDERS = ("commune", "reference")
YES_NO: Mapping[str, str] = {"oui": "En quartier prioritaire", "non": "Hors quartier prioritaire"}
SIDES: Mapping[str, str] = {"dedans": "Dans l'assiette", "dehors": "Hors de l'assiette"}
ANY_EXCLUSION: Mapping[str, str] = {EXCLUDED: "Tous les logements exclus", **EXCLUSION_CHOICES}
# Name in the address → (name in words, the choices in words).
CHOICES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "typologie": ("Typologie", TYPOLOGY_CHOICES),
    "financement": ("Financement", labels.FINANCINGS),
    "qpv": ("Quartier prioritaire", YES_NO),
    "exclusion": ("Exclusion", ANY_EXCLUSION),
    "assiette": ("Assiette du flux", SIDES),
}
KEPT = ("q", "commune", *CHOICES, "tri")
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
        code="exclusion",
        label="Exclusion",
        description="L'une des six exclusions de l'annexe 1, vide s'il n'y en a pas.",
    ),
    Column(
        code="motif", label="Motif", description="Pourquoi le logement n'entre pas dans le flux."
    ),
)


def _chosen(visit: Visit, name: str) -> str:
    """What the address asks, if the list offers it."""
    asked = visit.query(name)
    return asked if asked in CHOICES[name][1] else ""


def _wanted(visit: Visit) -> DwellingFilter:
    chosen = {name: _chosen(visit, name) for name in CHOICES}
    return DwellingFilter(
        text=visit.query("q"),
        insee=visit.query("commune") or None,
        typology=chosen["typologie"] or None,
        financing=chosen["financement"] or None,
        is_qpv=chosen["qpv"] == "oui" if chosen["qpv"] else None,
        exclusion=chosen["exclusion"] or None,
        is_in_assiette=chosen["assiette"] == "dedans" if chosen["assiette"] else None,
    )


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await vacancies.list_dwellings(tx, asked_page(visit, ORDERS), _wanted(visit))
        communes = await vacancies.list_communes(tx)
        today = local_day(tx.now)
    rows = [
        {
            "href": f"{PATH}/{one.id}",
            "title": views.dwelling_title(one),
            "reference": one.reference,
            "verdict": views.verdict(one, today),
            "reason": EXCLUSION_CHOICES[one.exclusion] if one.exclusion else "",
        }
        for one in found.items
    ]
    return visit.render(
        "logements.html",
        title="Logements",
        block="liste",
        exports=export_links(visit, PATH),
        columns=_columns(visit),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        rows=rows,
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit),
        q=visit.query("q"),
        commune=visit.query("commune"),
        communes=[{"value": code, "label": name} for code, name in communes.items()],
        choices=[_choice(visit, name) for name in CHOICES],
        chips=_chips(visit, communes),
        is_own=visit.actor.capacity is Capacity.BAILLEUR,
    )


def _choice(visit: Visit, name: str) -> View:
    label, options = CHOICES[name]
    return {
        "name": name,
        "label": label,
        "value": _chosen(visit, name),
        "options": [{"value": code, "label": words} for code, words in options.items()],
    }


def _address(visit: Visit, **changed: object) -> str:
    return views.address(PATH, **{**{name: visit.query(name) for name in KEPT}, **changed})


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS) or Sort(code="commune")
    return [
        column(visit, "Logement", "commune", current),
        column(visit, "Référence", "reference", current),
        {"label": "Flux"},
    ]


def _chips(visit: Visit, communes: dict[str, str]) -> list[View]:
    text, insee = visit.query("q"), visit.query("commune")
    chips = []
    if text:
        value = f"« {text} »"
        chips.append(
            {"name": "Recherche", "value": value, "label": value, "href": _address(visit, q="")}
        )
    if insee:
        name = communes.get(insee, "inconnue")
        href = _address(visit, commune="")
        chips.append({"name": "Commune", "value": name, "label": f"Commune : {name}", "href": href})
    for name, (label, options) in CHOICES.items():
        if chosen := _chosen(visit, name):
            value = options[chosen]
            href = _address(visit, **{name: ""})
            chips.append(
                {"name": label, "value": value, "label": f"{label} : {value}", "href": href}
            )
    return chips


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await vacancies.search_dwellings(
            tx, _wanted(visit), limit=MOST_ROWS + 1, sort=sort_of(visit, ORDERS)
        )
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
        "exclusion": EXCLUSION_CHOICES[dwelling.exclusion] if dwelling.exclusion else "",
        "motif": " ".join(verdict["reasons"]),
    }
