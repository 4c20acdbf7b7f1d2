"""Asking the préfecture to allot a freed dwelling to a crisis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.paging import PageRequest
from server.domain import labels
from server.errors import Conflict, Invalid, Motif
from server.operations import urgences, vacancies
from server.operations.flux import party_name, split_party_key
from server.operations.urgences import RequestUrgence
from server.pages import views
from server.pages.urgences.board import LIST
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.permissions import Permission, require

FIELDS = {
    "kind": "type",
    "circumstances": "circonstances",
    "household_count": "menages",
    "charged_to": "imputation",
}


async def new_request(visit: Visit) -> Response:
    return await _new_page(visit, FormData([("liberation", visit.query("liberation"))]))


async def _new_page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    form = Form(data=data)
    vacancy_id = parse_uuid(form.text("liberation"))
    async with visit.reading() as tx:
        require(tx.actor, Permission.URGENCE_REQUEST)
        chosen = await vacancies.get(tx, vacancy_id) if vacancy_id else None
        opened = await vacancies.list_page(tx, PageRequest(first=100), state="open")
        partners = (
            await urgences.partner_keys(
                tx, chosen.registered_on.year, tx.actor.tenant_id, chosen.dwelling.insee
            )
            if chosen
            else {}
        )
    names = ("circonstances", "type", "menages", "imputation")
    visit.breadcrumb = [LIST, {"label": "Demander une affectation"}]
    return visit.render(
        "urgence_nouvelle.html",
        title="Demander une affectation d'urgence",
        status=status,
        motifs=motifs,
        chosen={
            "id": str(chosen.id),
            "title": views.dwelling_title(chosen.dwelling),
            "free": labels.french_day(chosen.free_on),
        }
        if chosen
        else None,
        openings=[
            {"value": str(one.id), "label": views.dwelling_title(one.dwelling)}
            for one in opened.items
        ],
        kinds=_options(labels.URGENCY_KINDS),
        partners=partner_options(partners),
        typed={name: form.text(name) for name in names},
    )


def _options(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": views.capital(text)} for code, text in words.items()]


def partner_options(partners: Mapping[str, str]) -> list[dict[str, str]]:
    """The parties of the annexe in the commune, each contingent of the State apart."""
    return [
        {"value": key, "label": party_name(name, split_party_key(key)[1])}
        for key, name in partners.items()
    ]


async def send_request(visit: Visit) -> Response:
    data = await visit.form()
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.URGENCE_REQUEST)
            urgence_id = await urgences.request(tx, _requested(Form(data=data)))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _new_page(visit, data, motifs=motifs, status=error.status)
    message = "Demande envoyée à la préfecture. Tant qu'elle n'a pas décidé, rien ne change."
    return visit.redirect(f"/urgences/{urgence_id}", message=message)


def _requested(form: Form) -> RequestUrgence:
    vacancy_id = form.identifier("liberation", message="Choisissez le logement libéré.")
    households = form.integer("menages")
    charged, contingent = party_of(form)
    form.check()
    return RequestUrgence(
        vacancy_id=vacancy_id or UUID(int=0),
        kind=form.text("type"),
        title=form.text("circonstances"),
        households=households or 0,
        proposed_reservataire_id=charged,
        proposed_contingent=contingent,
    )


def party_of(form: Form) -> tuple[UUID | None, str]:
    """The party chosen in a list; none if it was left empty."""
    key = form.text("imputation")
    reservataire, _, contingent = key.partition(":")
    found = parse_uuid(reservataire)
    if key and (found is None or contingent not in labels.CONTINGENTS):
        message = "Choisissez un réservataire de la liste."
        form.motifs.append(Motif(code="charge_unknown", message=message, field="imputation"))
    return found, contingent if found else "none"
