"""Registering a freed dwelling: which one, and from when."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from server.db.dwellings import Dwelling, DwellingFilter, Vacancy
from server.db.paging import PageRequest
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import vacancies
from server.operations.vacancies import RegisterVacancy
from server.pages import views
from server.pages.vacancies.listing import LIST, STEPS, now_of
from server.pages.views import View
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

FIELDS = {"dwelling_id": "logement", "free_on": "libre_le", "notice_on": "conge_le"}


async def new_vacancy(visit: Visit) -> Response:
    """First the dwelling, then the dates."""
    return await _new_page(visit, dwelling_id=parse_uuid(visit.query("logement")))


async def _new_page(
    visit: Visit,
    *,
    dwelling_id: UUID | None,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    visit.breadcrumb = [LIST, {"label": "Enregistrer une libération"}]
    text = visit.query("q")
    async with visit.reading() as tx:
        require(tx.actor, Permission.VACANCY_REGISTER)
        dwelling = await vacancies.get_dwelling(tx, dwelling_id) if dwelling_id else None
        wanted = DwellingFilter(text=text)
        found = await vacancies.search_dwellings(tx, wanted) if text and not dwelling else []
        current = await _open_vacancy(tx, dwelling)
    return visit.render(
        "liberation_nouvelle.html",
        title="Enregistrer une libération",
        status=status,
        steps=STEPS,
        q=text,
        results=[_result(one, visit) for one in found],
        dwelling=_chosen(dwelling, current, visit) if dwelling else None,
        motifs=motifs,
        typed=typed or {"conge_le": "", "libre_le": ""},
    )


async def _open_vacancy(tx: TenantTransaction, dwelling: Dwelling | None) -> Vacancy | None:
    if dwelling is None:
        return None
    found = await vacancies.list_page(
        tx, PageRequest(first=1), state="open", dwelling_id=dwelling.id
    )
    return found.items[0] if found.items else None


def _result(dwelling: Dwelling, visit: Visit) -> View:
    return {
        "href": f"/liberations/nouvelle?logement={dwelling.id}",
        "title": views.dwelling_title(dwelling),
        "reference": dwelling.reference,
        "verdict": views.verdict(dwelling, local_day(now_of(visit))),
    }


def _chosen(dwelling: Dwelling, current: Vacancy | None, visit: Visit) -> View:
    return {
        "id": str(dwelling.id),
        "title": views.dwelling_title(dwelling),
        "rows": views.dwelling_rows(dwelling),
        "verdict": views.verdict(dwelling, local_day(now_of(visit))),
        "current_href": f"/liberations/{current.id}" if current else "",
    }


async def register(visit: Visit) -> Response:
    """Open the vacancy, then read who should receive it."""
    form = Form(data=await visit.form())
    dwelling_id = form.identifier("logement", message="Choisissez un logement.")
    typed = {name: form.text(name) for name in ("conge_le", "libre_le")}
    try:
        async with visit.writing() as tx:
            vacancy_id = await vacancies.register(tx, _command(form, dwelling_id))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _new_page(
            visit, dwelling_id=dwelling_id, motifs=motifs, typed=typed, status=error.status
        )
    return visit.redirect(f"/liberations/{vacancy_id}", message="Libération enregistrée.")


def _command(form: Form, dwelling_id: UUID | None) -> RegisterVacancy:
    notice_on = form.day("conge_le", required=False)
    free_on = form.day("libre_le")
    form.check()
    if dwelling_id is None or free_on is None:
        raise NotFound
    return RegisterVacancy(dwelling_id=dwelling_id, free_on=free_on, notice_on=notice_on)
