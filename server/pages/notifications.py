"""What the organisme was told: the same as its mails, on the portal."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from server.db.notifications import Notification
from server.db.paging import Page, PageRequest, Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.operations import notifications
from server.pages import views
from server.pages.exports import every, export_links, export_response, export_routes
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, page
from server.tenants.transactions import TenantTransaction

PATH = "/notifications"
FOLDERS = {
    "orientation": "/orientations",
    "caleol": "/caleol",
    "urgence": "/urgences",
    "bilan": "/bilans",
    "annexe": "/annexes",
    "scenario": "/simulations",
    "convention": "/conventions",
    "substitution": "/substitutions",
    "membership": "/organisme/personnes",
    "machine": "/organisme/acces-machine",
    "digest": "",
}
ORDERS = ("recue",)
GROUPS = {"a_faire": (True, "À faire"), "informations": (False, "Informations")}
READINGS = {"non_lues": (False, "Non lues"), "lues": (True, "Lues")}
KINDS = {
    "orientation": "Orientations",
    "caleol": "CALEOL",
    "urgence": "Urgences",
    "bilan": "Bilans",
    "annexe": "Annexes 1",
    "scenario": "Simulations",
    "convention": "Conventions",
    "substitution": "Substitutions",
    "membership": "Personnes",
    "machine": "Accès des machines",
    "digest": "Résumés du matin",
}
COLUMNS = (
    Column(
        code="recue_le",
        label="Reçue le",
        kind=Kind.INSTANT,
        description="Quand le portail l'a annoncée.",
    ),
    Column(code="objet", label="Objet", description="Ce qui est annoncé, comme dans le courriel."),
    Column(code="nature", label="Nature", description="Orientations, CALEOL, urgences, bilans…"),
    Column(
        code="contingent", label="Contingent", description="Contingent de l'État, s'il y a lieu."
    ),
    Column(
        code="lue_le",
        label="Lue le",
        kind=Kind.INSTANT,
        description="Quand votre organisme l'a marquée comme lue ; vide tant qu'elle ne l'est pas.",
    ),
    Column(code="lien", label="Lien", description="Adresse de la page, sur le portail."),
)
UNWRITTEN = {
    "orientation": "Du nouveau sur une orientation",
    "caleol": "Une séance de CALEOL est programmée",
    "urgence": "Du nouveau sur une affectation d'urgence",
    "bilan": "Un bilan est publié",
    "annexe": "Une annexe 1 est publiée",
    "scenario": "Une simulation vous est montrée",
    "convention": "Du nouveau sur une convention",
    "substitution": "Du nouveau sur la substitution du préfet à une commune",
    "membership": "Le compte d'une personne n'a pas servi",
    "machine": "L'accès d'un outil arrive à son terme",
    "digest": "Le résumé du matin",
}


async def inbox(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _list(visit, tx, asked_page(visit, ORDERS))
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Notifications"}]
    return visit.render(
        "notifications.html",
        title="Notifications",
        block="liste",
        exports=export_links(visit, PATH),
        notices=[_view(one) for one in found.items],
        unread=visit.bell_count,
        tabs=_tabs(visit),
        kind=_kind(visit) or "",
        kinds=[{"value": code, "label": label} for code, label in KINDS.items()],
        chips=_chips(visit),
        keep={name: value for name in ("lecture", "tri") if (value := visit.query(name))},
        columns=[{"label": "Objet"}, _received(visit), {"label": "Lecture"}],
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit),
    )


async def _list(visit: Visit, tx: TenantTransaction, request: PageRequest) -> Page[Notification]:
    is_read, _ = READINGS.get(visit.query("lecture"), (None, ""))
    return await notifications.inbox(
        tx,
        request,
        is_read=is_read,
        subject_kind=_kind(visit),
        is_awaited=GROUPS.get(visit.query("lecture"), (None, ""))[0],
    )


def _kind(visit: Visit) -> str | None:
    asked = visit.query("nature")
    return asked if asked in KINDS else None


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await every(lambda request: _list(visit, tx, request), sort_of(visit, ORDERS))
    _, reading = {**GROUPS, **READINGS}.get(visit.query("lecture"), (None, "Toutes"))
    filters = [("Lecture", reading), *((chip["name"], chip["value"]) for chip in _chips(visit))]
    rows = [_export_row(one, visit) for one in found]
    return export_response(visit, "Notifications", COLUMNS, rows, filters)


def _export_row(one: Notification, visit: Visit) -> View:
    return {
        "recue_le": one.created_at,
        "objet": _title(one),
        "nature": KINDS[one.subject_kind],
        "contingent": labels.CONTINGENTS[one.contingent],
        "lue_le": one.read_at,
        "lien": f"{visit.settings.public_url}{_href(one)}",
    }


def _chips(visit: Visit) -> list[dict[str, str]]:
    kind = _kind(visit)
    if kind is None:
        return []
    value, href = KINDS[kind], _address(visit, nature="")
    return [{"name": "Nature", "value": value, "label": f"Nature : {value}", "href": href}]


def _received(visit: Visit) -> View:
    current = sort_of(visit, ORDERS) or Sort(code="recue", is_descending=True)
    return column(visit, "Reçue le", "recue", current, falls=True)


def _tabs(visit: Visit) -> list[View]:
    chosen = visit.query("lecture") if visit.query("lecture") in {**GROUPS, **READINGS} else ""
    tabs: list[View] = [
        {"label": "Toutes", "href": _address(visit, lecture=""), "current": not chosen}
    ]
    for code, (_, label) in GROUPS.items():
        href = _address(visit, lecture=code)
        tabs.append({"label": label, "href": href, "current": chosen == code})
    for code, (is_read, label) in READINGS.items():
        tab = {"label": label, "href": _address(visit, lecture=code), "current": chosen == code}
        tabs.append(tab if is_read or _kind(visit) else {**tab, "count": visit.bell_count})
    return tabs


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("lecture", "nature", "tri")}
    return views.address(PATH, **{**kept, **changed})


def _href(one: Notification) -> str:
    folder = FOLDERS[one.subject_kind]
    return f"{folder}/{one.subject_id}" if folder else "/"


def _title(one: Notification) -> str:
    return one.subject or UNWRITTEN[one.subject_kind]


def _view(one: Notification) -> View:
    contingent = labels.CONTINGENTS[one.contingent]
    return {
        "href": _href(one),
        "title": _title(one),
        "when": views.capital(labels.french_instant(one.created_at)),
        "contingent": f"Contingent {contingent}" if contingent else "",
        "is_unread": one.read_at is None,
        "is_awaited": one.is_awaited,
    }


async def bell(visit: Visit) -> Response:
    """The bell of the header alone, which asks again for itself."""
    async with visit.reading():
        pass
    if not visit.wants_fragment:
        return visit.redirect(PATH)
    return visit.render("base.html", title="Notifications", block="cloche")


async def mark_all_read(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await notifications.mark_all_read(tx)
    return visit.redirect(PATH, message="Toutes les notifications sont lues.")


ROUTES = [
    Route(PATH, page(inbox), methods=["GET"]),
    Route(PATH, page(mark_all_read), methods=["POST"]),
    *export_routes(PATH, export),
    Route(f"{PATH}/cloche", page(bell)),
]
