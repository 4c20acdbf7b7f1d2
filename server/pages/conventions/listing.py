"""The list of conventions, its filters and its file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from starlette.responses import Response

from server.db.conventions import ConventionFilter, Parties, SignedConvention
from server.db.paging import Page, PageRequest
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.conventions import ConventionState
from server.domain.deadlines import local_day
from server.operations import conventions
from server.operations.conventions import Standing
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import asked_page, column, sort_of
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

PATH = "/conventions"
LIST = {"label": "Conventions", "href": PATH}
ORDERS = ("bailleur", "reservataire", "debut")
LEADS = {
    Capacity.BAILLEUR: "Vos conventions de réservation en flux, une par réservataire du "
    "département (R441-5).",
    Capacity.RESERVATAIRE: "Vos conventions de réservation en flux, une par bailleur du "
    "département (R441-5).",
    Capacity.PREFECTURE: "Les conventions de réservation en flux de tout le département (R441-5).",
    Capacity.EPCI: "Les conventions qui portent sur des communes de votre territoire.",
}
STATES = {"oui": "En vigueur", "non": "Pas en vigueur"}
TONES = {
    ConventionState.IN_FORCE: "success",
    ConventionState.RENEWED: "success",
    ConventionState.SIGNED: "info",
    ConventionState.EXPIRED: "warning",
}
MOST_NAMED = 3

View = dict[str, Any]


async def list_conventions(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await conventions.list_page(tx, asked_page(visit, ORDERS), wanted=_wanted(visit))
        parties = await conventions.parties(tx)
        today = local_day(tx.now)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Conventions"}]
    chips = _chips(visit, parties)
    return visit.render(
        "conventions.html",
        title="Conventions",
        block="liste",
        lead=LEADS[visit.actor.capacity],
        can_prepare=may(visit.actor, Permission.CONVENTION_PREPARE),
        has_sheet=visit.actor.capacity is Capacity.RESERVATAIRE,
        exports=export_links(visit, PATH),
        filters=_filters(visit, parties),
        chips=chips,
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        columns=_columns(visit),
        rows=[_row(conventions.standing(one, today)) for one in found.items],
        next=_next(visit, found),
        first=_href(visit) if visit.query("apres") else "",
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:

        async def fetch(request: PageRequest) -> Page[SignedConvention]:
            return await conventions.list_page(tx, request, wanted=_wanted(visit))

        found = await every(fetch, sort_of(visit, ORDERS))
        parties = await conventions.parties(tx)
        today = local_day(tx.now)
    rows = [_export_row(conventions.standing(one, today)) for one in found]
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, parties)]
    return export_response(visit, "Conventions", COLUMNS, rows, filters)


# --- Filters ------------------------------------------------------------------------------------


def _wanted(visit: Visit) -> ConventionFilter:
    """What the address asks wrongly is left out."""
    asked = visit.query("vigueur")
    return ConventionFilter(
        bailleur_id=parse_uuid(visit.query("bailleur")),
        reservataire_id=parse_uuid(visit.query("reservataire")),
        is_in_force={"oui": True, "non": False}.get(asked),
    )


def _choices(parties: Parties) -> dict[str, tuple[str, Mapping[str, str]]]:
    return {
        "bailleur": ("Bailleur", _by_text(parties.bailleurs.items())),
        "reservataire": ("Réservataire", _by_text(parties.reservataires.items())),
        "vigueur": ("État", STATES),
    }


def _by_text(pairs: Iterable[tuple[Any, str]]) -> dict[str, str]:
    return {str(key): name for key, name in pairs}


def _filters(visit: Visit, parties: Parties) -> list[View]:
    """Only the filters that can separate something."""
    return [
        {
            "name": code,
            "label": label,
            "value": visit.query(code),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for code, (label, choices) in _choices(parties).items()
        if len(choices) > 1
    ]


def _chips(visit: Visit, parties: Parties) -> list[View]:
    return [
        {
            "name": label,
            "value": choices[asked],
            "label": f"{label} : {choices[asked]}",
            "href": _href(visit, **{code: ""}),
        }
        for code, (label, choices) in _choices(parties).items()
        if (asked := visit.query(code)) in choices
    ]


def _href(visit: Visit, **changes: str) -> str:
    kept = {name: visit.query(name) for name in ("bailleur", "reservataire", "vigueur", "tri")}
    return views.address(PATH, **{**kept, **changes})


def _next(visit: Visit, found: Page[SignedConvention]) -> str:
    return _href(visit, apres=found.end_cursor or "") if found.has_next else ""


# --- Rows ---------------------------------------------------------------------------------------


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS)
    return [
        column(visit, "Réservataire", "reservataire", current),
        column(visit, "Bailleur", "bailleur", current),
        {"label": "Périmètre"},
        column(visit, "Début", "debut", current, falls=True),
        {"label": "Dernier jour"},
        {"label": "État"},
    ]


def state_view(one: Standing) -> View:
    """« Reconduite, 3e année »."""
    words = views.capital(labels.CONVENTION_STATES[one.state])
    year = {None: "", 1: ", 1re année"}.get(one.period, f", {one.period}e année")
    return {"text": f"{words}{year}", "tone": TONES.get(one.state, "neutral")}


def _perimeter(names: tuple[str, ...]) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} et {len(names) - MOST_NAMED} autres"


def _day(day: date) -> str:
    return labels.french_day(day)


def _row(one: Standing) -> View:
    return {
        "href": f"{PATH}/{one.row.id}",
        "reservataire": one.row.reservataire_name,
        "bailleur": one.row.bailleur_name,
        "perimeter": _perimeter(one.row.communes),
        "starts": _day(one.row.starts_on),
        "ends": _day(one.last_day),
        "state": state_view(one),
    }


COLUMNS = (
    Column(code="reservataire", label="Réservataire", description="Réservataire signataire."),
    Column(code="bailleur", label="Bailleur", description="Bailleur signataire."),
    Column(
        code="communes",
        label="Communes",
        description="Communes du périmètre que vous pouvez lire.",
    ),
    Column(code="debut", label="Début", kind=Kind.DATE, description="Premier jour (art. 8)."),
    Column(
        code="dernier_jour",
        label="Dernier jour",
        kind=Kind.DATE,
        description="Un an, deux reconductions tacites, ou fin anticipée (art. 8).",
    ),
    Column(code="etat", label="État", description="État de la convention le jour de l'export."),
    Column(
        code="annee",
        label="Année en cours",
        kind=Kind.INTEGER,
        description="1 la première année, 2 et 3 ses reconductions ; vide hors vigueur.",
    ),
    Column(
        code="reponse",
        label="Délai de réponse",
        kind=Kind.INTEGER,
        description="Jours ouvrés pour répondre à une orientation (art. 5.3).",
    ),
    Column(
        code="candidats",
        label="Délai de présentation",
        kind=Kind.INTEGER,
        description="Jours ouvrés pour présenter les candidats (art. 5.3).",
    ),
    Column(
        code="indicateur", label="Indicateur", description="Compte qui sert de base au décompte."
    ),
    Column(code="charte", label="Charte", description="Version de la charte départementale."),
    Column(
        code="adresse",
        label="Adresse générique",
        description="Où partent les orientations ; non communiquée aux EPCI.",
    ),
)


def _export_row(one: Standing) -> View:
    return {
        "reservataire": one.row.reservataire_name,
        "bailleur": one.row.bailleur_name,
        "communes": ", ".join(one.row.communes),
        "debut": one.row.starts_on,
        "dernier_jour": one.last_day,
        "etat": labels.CONVENTION_STATES[one.state],
        "annee": one.period,
        "reponse": one.row.answer_days,
        "candidats": one.row.candidate_days,
        "indicateur": labels.INDICATORS[one.row.indicator],
        "charte": one.row.charte_version,
        "adresse": one.row.mailbox,
    }
