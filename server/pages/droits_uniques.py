"""Droits uniques: what is owed once, programme by programme, and what was already given (Q8)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from server.db.droits_uniques import DroitUnique
from server.documents.exports import Column, Kind
from server.domain import annexe_labels, labels
from server.errors import Conflict, Invalid, Motif
from server.operations import annexes, droits_uniques
from server.operations.droits_uniques import GrantRights
from server.operations.vacancies import list_communes
from server.pages import views
from server.pages.exports import export_links, export_response, export_routes
from server.pages.visits import Form, Visit, page, parse_uuid
from server.tenants.permissions import Permission, may, require

PATH = "/droits-uniques"
LIST = {"label": "Droits uniques", "href": PATH}
NAMES = ("reservataire", "commune", "programme", "origine", "date", "nombre")
FIELDS = {"origin": "origine", "granted_on": "date", "granted": "nombre"}
LEAD = (
    "Un logement, une fois : ces droits sortent de la part du bailleur et ne changent aucun taux. "
    "Ils sont réservés à l'envoi de l'offre, consommés à la signature du bail, rendus si l'offre "
    "n'aboutit pas."
)
COLUMNS = (
    Column(code="reservataire", label="Réservataire", description="À qui le logement est dû."),
    Column(code="bailleur", label="Bailleur", description="Qui le doit."),
    Column(code="programme", label="Programme", description="Programme financé ou repris."),
    Column(code="commune", label="Commune", description="Commune du programme."),
    Column(code="origine", label="Origine", description="Pourquoi ces droits ont été donnés."),
    Column(
        code="accordes_le", label="Accordés le", kind=Kind.DATE, description="Date de l'accord."
    ),
    Column(code="accordes", label="Accordés", kind=Kind.INTEGER, description="Logements dus."),
    Column(code="reserves", label="Réservés", kind=Kind.INTEGER, description="Offres en cours."),
    Column(code="consommes", label="Consommés", kind=Kind.INTEGER, description="Baux signés."),
    Column(
        code="restants", label="Restant dus", kind=Kind.INTEGER, description="Accordés − consommés."
    ),
)


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await droits_uniques.list_all(tx)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Droits uniques"}]
    return visit.render(
        "droits_uniques.html",
        title="Droits uniques",
        lead=LEAD,
        exports=export_links(visit, PATH),
        rights=[_row(one) for one in found],
        total=sum(one.remaining for one in found),
        can_grant=may(visit.actor, Permission.ANNEXE_PREPARE),
    )


def _row(one: DroitUnique) -> dict[str, Any]:
    return {
        "reservataire": one.reservataire_name,
        "bailleur": one.bailleur_name,
        "programme": one.programme,
        "commune": one.commune_name,
        "origin": annexe_labels.DROIT_UNIQUE_ORIGINS[one.origin],
        "granted_on": labels.french_day(one.granted_on),
        "granted": one.granted,
        "reserved": one.reserved,
        "consumed": one.consumed,
        "remaining": one.remaining,
    }


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await droits_uniques.list_all(tx)
    rows = [
        {
            "reservataire": one.reservataire_name,
            "bailleur": one.bailleur_name,
            "programme": one.programme,
            "commune": one.commune_name,
            "origine": annexe_labels.DROIT_UNIQUE_ORIGINS[one.origin],
            "accordes_le": one.granted_on,
            "accordes": one.granted,
            "reserves": one.reserved,
            "consommes": one.consumed,
            "restants": one.remaining,
        }
        for one in found
    ]
    return export_response(visit, "Droits uniques", COLUMNS, rows)


async def new(visit: Visit) -> Response:
    return await _form_page(visit, Form(data=await visit.form()))


async def _form_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        parties = await annexes.parties(tx)
        communes = await list_communes(tx)
    visit.breadcrumb = [LIST, {"label": "Enregistrer des droits uniques"}]
    return visit.render(
        "droits_uniques_nouveaux.html",
        title="Enregistrer des droits uniques",
        status=status,
        motifs=motifs,
        typed={name: form.text(name) for name in NAMES},
        parties=[{"value": str(one.id), "label": one.name} for one in parties],
        communes=[{"value": insee, "label": name} for insee, name in communes.items()],
        origins=[
            {"value": code, "label": views.capital(words)}
            for code, words in annexe_labels.DROIT_UNIQUE_ORIGINS.items()
        ],
    )


async def grant(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    try:
        async with visit.writing() as tx:
            await droits_uniques.grant(tx, _granted(form))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _form_page(visit, form, motifs=motifs, status=error.status)
    message = "Droits uniques enregistrés : ils paraîtront au tableau 3 de la prochaine annexe 1."
    return visit.redirect(PATH, message=message)


def _granted(form: Form) -> GrantRights:
    granted_on, granted = form.day("date"), form.integer("nombre")
    form.check()
    return GrantRights(
        reservataire_id=parse_uuid(form.text("reservataire")) or UUID(int=0),
        insee=form.text("commune"),
        programme=form.text("programme"),
        origin=form.text("origine"),
        granted_on=granted_on or date.min,
        granted=granted or 0,
    )


ROUTES = [
    Route(PATH, page(show)),
    *export_routes(PATH, export),
    Route(f"{PATH}/nouveaux", page(new), methods=["GET"]),
    Route(f"{PATH}/nouveaux", page(grant), methods=["POST"]),
]
