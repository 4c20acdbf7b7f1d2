"""« Ce que voit mon organisme »: what it reads, who sees a file, who did, and the self-test."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.db.isolation import IsolationCheck
from server.db.paging import Page, PageRequest
from server.db.readings import Reading
from server.db.visibility import MOST_COUNTED
from server.documents.exports import Column, Kind
from server.domain import labels, orientation_labels
from server.domain.visibility import SIGHTS
from server.errors import NotFound
from server.operations import isolation, journal, readings, visibility
from server.operations.flux import party_name
from server.operations.visibility import SeenSubject, Viewer
from server.pages import views
from server.pages.exports import every, export_links, export_response, export_routes
from server.pages.navigation import CAPACITY_LABELS
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, page, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction

PATH = "/organisme/visibilite"
TITLE = "Ce que voit mon organisme"
ORDERS = ("lu", "lecteur")
FILES = {"orientation": "Cette offre", "logement": "Ce logement"}
COLUMNS = (
    Column(code="lu_le", label="Lu le", kind=Kind.INSTANT, description="Quand la lecture a eu "
           "lieu ; une ligne par personne, par dossier et par heure."),
    Column(code="organisme", label="Organisme", description="Organisme qui a lu."),
    Column(code="personne", label="Personne", description="Qui a lu pour cet organisme."),
    Column(code="canal", label="Canal", description="Sur le portail, ou par l'API."),
    Column(code="bailleur", label="Bailleur", description="Bailleur du logement."),
    Column(code="reservataire", label="Réservataire", description="Réservataire dont les "
           "candidats ont été lus, avec son contingent."),
    Column(code="dossier", label="Dossier", description="Adresse de l'offre sur le portail."),
)  # fmt: skip


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _list(visit, tx, asked_page(visit, ORDERS))
        subjects = await visibility.subjects(tx)
        check = await isolation.last_check(tx)
        file = await _file(visit, tx)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": TITLE}]
    return visit.render(
        "visibilite.html",
        title=TITLE,
        check=_check_view(check),
        subjects=[_subject_view(one) for one in subjects],
        file=file,
        chips=_chips(visit),
        exports=export_links(visit, PATH) if _may_have_readings(visit) else [],
        readings=[_reading_view(one) for one in found.items],
        columns=_columns(visit),
        capacity=visit.actor.capacity.value,
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href=_address(visit) if visit.query("apres") else "",
    )


def _may_have_readings(visit: Visit) -> bool:
    return visit.actor.capacity is not Capacity.EPCI


def _asked(visit: Visit) -> tuple[str, Any]:
    """What the address is about: an offer, a dwelling, or everything; nonsense is absent."""
    for name in FILES:
        if visit.query(name):
            found = parse_uuid(visit.query(name))
            if found is None:
                raise NotFound
            return name, found
    return "", None


async def _list(visit: Visit, tx: TenantTransaction, request: PageRequest) -> Page[Reading]:
    name, row_id = _asked(visit)
    return await readings.list_page(
        tx,
        request,
        orientation_id=row_id if name == "orientation" else None,
        dwelling_id=row_id if name == "logement" else None,
    )


async def _file(visit: Visit, tx: TenantTransaction) -> View | None:
    """Who may see the offer or the dwelling of the address, and what was done on it."""
    name, row_id = _asked(visit)
    if not name:
        return None
    if name == "orientation":
        viewers = await visibility.viewers_of_offer(tx, row_id)
        acts = await journal.timeline(tx, PageRequest(first=50), subject_id=row_id)
    else:
        viewers = await visibility.viewers_of_dwelling(tx, row_id)
        acts = await journal.timeline(tx, PageRequest(first=50), dwelling_id=row_id)
    return {
        "title": FILES[name],
        "href": f"/{'orientations' if name == 'orientation' else 'logements'}/{row_id}",
        "viewers": [_viewer_view(one) for one in viewers],
        "events": views.timeline(acts.items),
        "is_partial": visit.actor.capacity is not Capacity.BAILLEUR,
    }


def _check_view(check: IsolationCheck | None) -> View:
    if check is None:
        return {
            "tone": "warning",
            "title": "L'isolation n'a pas encore été vérifiée",
            "text": "Le portail la vérifie chaque jour ; le premier résultat paraîtra ici.",
        }
    when = labels.french_instant(check.ran_at)
    size = (
        f"{labels.number(check.checks)} règles et {labels.number(check.probes)} tentatives d'un "
        "organisme qui n'existe pas"
    )
    if check.is_sound:
        return {
            "tone": "success",
            "title": "Isolation vérifiée : aucune fuite",
            "text": f"{views.capital(when)}, {size}.",
        }
    return {
        "tone": "danger",
        "title": "La vérification de l'isolation a échoué",
        "text": f"{views.capital(when)}, {size} : {labels.plural(check.failures, 'règle')} en "
        "défaut. L'exploitant du portail en est averti.",
    }


def _subject_view(one: SeenSubject) -> View:
    return {
        "label": one.subject.label,
        "reach": one.reach or "Rien.",
        "count": _count(one.count),
        "writes": f"{views.capital(', '.join(one.writes))}." if one.writes else "",
    }


def _count(count: int | None) -> str:
    if count is None:
        return ""
    is_over = count > MOST_COUNTED
    return f"plus de {labels.number(MOST_COUNTED)}" if is_over else labels.number(count)


def _viewer_view(one: Viewer) -> View:
    return {
        "name": party_name(one.party.name, one.party.contingent),
        "capacity": CAPACITY_LABELS[Capacity(one.party.capacity)],
        "sees": views.capital("\u00a0; ".join(SIGHTS[sight] for sight in one.sights)) + ".",
    }


def _reading_view(one: Reading) -> View:
    return {
        "when": views.capital(labels.french_instant(one.at)),
        "who": f"{one.person_name}, {one.reader_name}",
        "channel": orientation_labels.CHANNELS[one.channel],
        "href": f"/orientations/{one.orientation_id}",
        "file": f"Offre de {one.bailleur_name} {views.to(_reservataire(one))}",
    }


def _reservataire(one: Reading) -> str:
    return party_name(one.reservataire_name, one.contingent)


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS)
    return [
        column(visit, "Lu le", "lu", current, falls=True),
        column(visit, "Par", "lecteur", current),
        {"label": "Dossier"},
    ]


def _chips(visit: Visit) -> list[View]:
    name, _ = _asked(visit)
    return [{"label": FILES[name], "href": PATH}] if name else []


def _address(visit: Visit, **changes: object) -> str:
    kept = {name: visit.query(name) for name in (*FILES, "tri")}
    return views.address(PATH, **{**kept, **changes})


async def export(visit: Visit) -> Response:
    """The nominative readings of the organisme's files, or a préfecture's own."""
    async with visit.reading() as tx:
        found = await every(lambda request: _list(visit, tx, request), sort_of(visit, ORDERS))
    rows = [_export_row(one, visit) for one in found]
    filters = [("Dossier", chip["label"]) for chip in _chips(visit)]
    return export_response(visit, "Lectures nominatives", COLUMNS, rows, filters)


def _export_row(one: Reading, visit: Visit) -> View:
    return {
        "lu_le": one.at,
        "organisme": one.reader_name,
        "personne": one.person_name,
        "canal": orientation_labels.CHANNELS[one.channel],
        "bailleur": one.bailleur_name,
        "reservataire": _reservataire(one),
        "dossier": f"{visit.settings.public_url}/orientations/{one.orientation_id}",
    }


ROUTES = [*export_routes(PATH, export), Route(PATH, page(show))]
