"""A freed dwelling: who should receive it and why, and where it has got to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from server.db.dwellings import Vacancy
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain import orientations as workflow
from server.domain.deadlines import local_day
from server.domain.dwellings import MutationShare
from server.domain.flux import BAILLEUR, Advice, SetAsideCode
from server.errors import Motif
from server.operations import flux, journal, orientations, vacancies
from server.operations.flux import ExplainedAdvice
from server.pages import views
from server.pages.vacancies.listing import LIST, STEPS, badge, free_words
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class File:
    """All that the page of a vacancy reads; `explained` only while it awaits an orientation."""

    vacancy: Vacancy
    offers: tuple[Orientation, ...]
    explained: ExplainedAdvice | None
    share: MutationShare
    events: list[View]


async def read_file(tx: TenantTransaction, vacancy_id: UUID) -> File:
    vacancy = await vacancies.get(tx, vacancy_id)
    wanted = OrientationFilter(vacancy_id=vacancy.id)
    offers = (await orientations.list_page(tx, PageRequest(first=20), wanted)).items
    live = [one for one in offers if workflow.State(one.state) in workflow.LIVE_STATES]
    awaiting = vacancy.state == "open" and vacancy.nature == "flux" and not live
    entries = await journal.timeline(tx, PageRequest(first=20), dwelling_id=vacancy.dwelling.id)
    return File(
        vacancy=vacancy,
        offers=offers,
        explained=await flux.advise(tx, vacancy) if awaiting else None,
        share=await flux.own_mutation_share(tx, local_day(tx.now).year),
        events=views.timeline(entries.items),
    )


async def show(visit: Visit) -> Response:
    return await show_file(visit)


async def show_file(
    visit: Visit,
    *,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    async with visit.reading() as tx:
        file = await read_file(tx, visit.path_id())
        now = tx.now
    home = views.dwelling_title(file.vacancy.dwelling)
    visit.breadcrumb = [LIST, {"label": home}]
    return visit.render(
        "liberation.html",
        title=home,
        status=status,
        vacancy=vacancy_view(file, visit),
        offers=[views.offer_view(one, now, visit.actor.capacity) for one in file.offers],
        proposal=_proposal(file.explained, file.share, visit.actor.tenant_name)
        if file.explained
        else None,
        events=file.events,
        steps=STEPS,
        motifs=motifs,
        typed=typed or {"choix": "", "reservataire": "", "motif": ""},
        may_send=may(visit.actor, Permission.ORIENTATION_SEND),
        may_ask_urgence=may(visit.actor, Permission.URGENCE_REQUEST),
    )


def vacancy_view(file: File, visit: Visit) -> View:
    vacancy = file.vacancy
    notice = labels.french_day(vacancy.notice_on) if vacancy.notice_on else "date non indiquée"
    return {
        "id": str(vacancy.id),
        "is_open": vacancy.state == "open",
        "nature": vacancy.nature,
        "badge": badge(vacancy, file.offers[0] if file.offers else None, visit),
        "dwelling_href": f"/logements/{vacancy.dwelling.id}",
        "rows": [
            {"term": "Congé reçu", "value": notice},
            {"term": "Libre", "value": free_words(vacancy, visit)},
            {"term": "Enregistrée", "value": labels.french_instant(vacancy.registered_at)},
            *views.dwelling_rows(vacancy.dwelling),
        ],
        "is_first_offer": not file.offers,
    }


def _proposal(explained: ExplainedAdvice, share: MutationShare, bailleur: str) -> View:
    """The advice in the order of the law, and what the form may choose."""
    advice = explained.advice
    first = advice.proposals[0] if advice.proposals else None
    return {
        "year": explained.year,
        "note": advice.note,
        "first": {"sentence": first.sentence, "is_own": first.party_key == BAILLEUR}
        if first
        else None,
        "rows": [
            {
                "rank": one.rank,
                "name": _party(explained, one.party_key, bailleur),
                "lag": _lag(one.lag),
                "rate": labels.percent(one.rate_bp),
                "sentence": one.sentence,
            }
            for one in advice.proposals
        ],
        "set_aside": [one.sentence for one in advice.set_aside],
        "choices": _choices(explained, share_view(share), bailleur),
        "others": _others(explained, bailleur),
    }


def _party(explained: ExplainedAdvice, key: str, bailleur: str) -> str:
    return f"{bailleur}, part non réservée" if key == BAILLEUR else explained.names[key]


def _lag(lag: int) -> str:
    if lag == 0:
        return "à son quota"
    side = "de retard" if lag > 0 else "d'avance"
    return f"{labels.dwelling_count(abs(lag))} {side}"


def _choices(explained: ExplainedAdvice, share: View, bailleur: str) -> list[View]:
    first = explained.advice.proposals[0].party_key if explained.advice.proposals else BAILLEUR
    followed = (
        {"value": "part", "label": f"Suivre la proposition : garder sur la part de {bailleur}"}
        if first == BAILLEUR
        else {"value": "suivre", "label": f"Suivre la proposition : {explained.names[first]}"}
    )
    other = {
        "value": "autre",
        "label": "Choisir un autre réservataire",
        "hint": "Motif obligatoire : il est conservé avec la décision.",
    }
    mutation = {
        "value": "mutation",
        "label": "Garder pour une mutation interne",
        "hint": "Pour un locataire déjà logé dans votre parc (art. 2.3). "
        f"{share['text']}, {share['level'].lower()}.",
    }
    own = {
        "value": "part",
        "label": f"Garder sur la part non réservée de {bailleur}",
        "hint": "Le logement compte dans votre part, aucun réservataire n'est sollicité.",
    }
    return [followed, other, mutation, *([own] if first != BAILLEUR else [])]


def _others(explained: ExplainedAdvice, bailleur: str) -> list[View]:
    """Those whom the convention allows: the next ranks, and who has no rate in the commune."""
    advice = explained.advice
    ranked = [one.party_key for one in advice.proposals if one.party_key != BAILLEUR]
    unrated = [one.party_key for one in advice.set_aside if one.code is SetAsideCode.NO_RATE]
    keys = [key for key in (*ranked, *unrated) if key != first_of(advice)]
    return [{"value": key, "label": _party(explained, key, bailleur)} for key in keys]


def first_of(advice: Advice) -> str | None:
    return advice.proposals[0].party_key if advice.proposals else None


def share_view(share: MutationShare) -> View:
    ratio = labels.percent(share.ratio_bp) if share.ratio_bp is not None else "aucune libération"
    tone = {"green": "success", "amber": "warning", "red": "danger"}[share.level.value]
    return {
        "text": f"{views.plural(share.count, 'mutation')} sur "
        f"{views.plural(share.total, 'libération')} depuis le 1er janvier ({ratio} ; "
        "plafond 10 % sur l'année)",
        "level": views.capital(labels.LEVELS[share.level]),
        "tone": tone,
    }
