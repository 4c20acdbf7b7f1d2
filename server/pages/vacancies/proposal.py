"""A freed dwelling: who should receive it and why, and where it has got to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from server.db.droits_uniques import DroitUnique
from server.db.dwellings import Vacancy
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.db.substitutions import Substitution
from server.domain import labels
from server.domain import orientations as workflow
from server.domain.advice import SetAside
from server.domain.charte import Category
from server.domain.deadlines import local_day
from server.domain.dwellings import MutationShare
from server.domain.flux import BAILLEUR
from server.domain.ledger_sentences import signed
from server.errors import Motif
from server.operations import (
    advice,
    flux,
    journal,
    orientations,
    substitutions,
    vacancies,
)
from server.operations.advice import ExplainedAdvice
from server.operations.flux import Soustraction
from server.operations.ledger import Ground
from server.pages import views
from server.pages.replacing import substitution_notice
from server.pages.vacancies.listing import LIST, STEPS, badge, free_words
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What the choice of a réservataire reads of a vacancy that awaits its orientation."""

    explained: ExplainedAdvice
    soustraction: Soustraction
    replaced: tuple[Substitution, ...]


@dataclass(frozen=True, kw_only=True)
class File:
    """All that the page of a vacancy reads; `waiting` only while it awaits an orientation."""

    vacancy: Vacancy
    offers: tuple[Orientation, ...]
    events: list[View]
    waiting: Waiting | None


async def read_file(tx: TenantTransaction, vacancy_id: UUID) -> File:
    vacancy = await vacancies.get(tx, vacancy_id)
    wanted = OrientationFilter(vacancy_id=vacancy.id)
    offers = (await orientations.list_page(tx, PageRequest(first=20), wanted)).items
    live = [one for one in offers if workflow.State(one.state) in workflow.LIVE_STATES]
    is_waiting = vacancy.state == "open" and vacancy.nature == "flux" and not live
    entries = await journal.timeline(tx, PageRequest(first=20), dwelling_id=vacancy.dwelling.id)
    return File(
        vacancy=vacancy,
        offers=offers,
        events=views.timeline(entries.items),
        waiting=await _waiting(tx, vacancy) if is_waiting else None,
    )


async def _waiting(tx: TenantTransaction, vacancy: Vacancy) -> Waiting:
    ground = Ground(tx)
    explained = await advice.advise(tx, vacancy, ground)
    keys = [one.party_key for one in explained.advice.proposals]
    parties = [flux.split_party_key(key)[0] for key in keys if key != BAILLEUR]
    replaced = await substitutions.in_force(tx, parties) if parties else {}
    year = local_day(tx.now).year
    return Waiting(
        explained=explained,
        soustraction=await flux.own_soustraction(tx, year, ground),
        replaced=tuple(replaced.values()),
    )


async def read_choice(
    tx: TenantTransaction, vacancy_id: UUID, ground: Ground
) -> tuple[Vacancy, ExplainedAdvice | None]:
    """What the check page needs of the same: the advice, while nobody has been chosen yet."""
    vacancy = await vacancies.get(tx, vacancy_id)
    is_waiting = vacancy.state == "open" and vacancy.nature == "flux"
    if not is_waiting or await vacancies.is_offered(tx, vacancy.id):
        return vacancy, None
    return vacancy, await advice.advise(tx, vacancy, ground)


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
        proposal=_proposal(file.waiting, visit.actor.tenant_name) if file.waiting else None,
        events=file.events,
        steps=STEPS,
        motifs=motifs,
        typed=typed or {"choix": "", "reservataire": "", "droit": "", "motif": ""},
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


def _proposal(waiting: Waiting, bailleur: str) -> View:
    """The advice in the order of the rule, and what the form may choose."""
    explained, found = waiting.explained, waiting.explained.advice
    return {
        "note": found.note,
        "first": {
            "sentence": found.proposals[0].sentence,
            "is_own": found.first == BAILLEUR,
            "own_share": explained.served.sentence if explained.served else "",
        },
        "rows": [
            {
                "rank": one.rank,
                "name": _party(explained, one.party_key, bailleur),
                "lag": _lag(one.lag),
                "rate": labels.percent(one.rate_bp),
                "sentence": one.sentence,
            }
            for one in found.proposals
        ],
        "set_aside": [one.sentence for one in found.set_aside],
        "strata": strata_view(explained, bailleur),
        "origin": origin_view(explained),
        "choices": _choices(explained, waiting.soustraction, bailleur),
        "rights": [right_option(one) for one in explained.rights],
        "served": next(
            (
                right_option(one)["value"]
                for one in explained.rights
                if explained.served and str(one.id) == explained.served.key
            ),
            "",
        ),
        "replaced": [substitution_notice(one) for one in waiting.replaced],
        "others": _others(explained, bailleur),
    }


def strata_view(explained: ExplainedAdvice, bailleur: str) -> View:
    """Where each one stands in the strata of this dwelling, and the sum that orders them."""
    found = explained.advice
    return {
        "columns": [
            {"label": "Organisme"},
            *({"label": label, "num": True} for label in explained.strata_labels()),
            {"label": "Somme pondérée", "num": True},
        ],
        "rows": [
            {
                "name": _party(explained, one.party_key, bailleur),
                "waits": isinstance(one, SetAside),
                "cells": [signed(lag) for lag in one.lags],
                "score": signed(explained.score_of(one.lags)),
            }
            for one in found.standings
        ],
    }


def origin_view(explained: ExplainedAdvice) -> View:
    """From which versions the numbers come: what is kept with the decision."""
    return {
        "position": labels.number(explained.position),
        "basis": labels.INDICATORS[explained.basis],
        "charte": explained.settings_version,
        "annexe_href": f"/annexes/{explained.annexe_id}" if explained.annexe_id else "",
        "weights": views.capital(explained.weights_words()),
    }


def _party(explained: ExplainedAdvice, key: str, bailleur: str) -> str:
    return f"{bailleur}, part non réservée" if key == BAILLEUR else explained.names[key]


def _lag(lag: int) -> str:
    if lag == 0:
        return "à son quota"
    side = "de retard" if lag > 0 else "d'avance"
    return f"{labels.dwelling_count(abs(lag))} {side}"


def _choices(explained: ExplainedAdvice, taken: Soustraction, bailleur: str) -> list[View]:
    """What the portal proposes comes first."""
    share, withdrawn = share_view(taken.share), taken.withdrawn
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
    relocations = [
        {"value": one.value, "label": f"Garder pour un {labels.NATURES[one]}"}
        for one in withdrawn
        if one is not Category.MUTATION
    ]
    return [
        *_first(explained, bailleur),
        other,
        mutation,
        *relocations,
        *_last(explained, bailleur),
    ]


SINGLE = "Offrir au titre d'un droit unique"


def _first(explained: ExplainedAdvice, bailleur: str) -> list[View]:
    """The proposal, then what remains possible within the same share."""
    first, own = explained.advice.first, _own(bailleur)
    if first != BAILLEUR:
        return [{"value": "suivre", "label": _follow(explained.names[first])}]
    if explained.served:
        single = _single() | {"label": _follow(_lowered(SINGLE))}
        return [single, own]
    return [own | {"label": _follow(_lowered(own["label"]))}]


def _last(explained: ExplainedAdvice, bailleur: str) -> list[View]:
    """The own share when it is not the proposal, and its droits uniques."""
    own = [_own(bailleur)] if explained.advice.first != BAILLEUR else []
    return [*own, *([_single()] if explained.rights and not explained.served else [])]


def _follow(what: str) -> str:
    return f"Suivre la proposition : {what}"


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _own(bailleur: str) -> View:
    return {
        "value": "part",
        "label": f"Garder sur la part non réservée de {bailleur}",
        "hint": "Le logement compte dans votre part, aucun réservataire n'est sollicité.",
    }


def _single() -> View:
    return {
        "value": "droit",
        "label": SINGLE,
        "hint": "Le logement compte sur votre part ; aucun taux ne change.",
    }


def _others(explained: ExplainedAdvice, bailleur: str) -> list[View]:
    """Those whom the convention allows, but the first proposal and the bailleur."""
    keys = [
        key for key in explained.advice.allowed if key not in (explained.advice.first, BAILLEUR)
    ]
    return [{"value": key, "label": _party(explained, key, bailleur)} for key in keys]


def right_option(one: DroitUnique) -> View:
    """« Action Logement, programme Les Tilleuls (2 restants) »."""
    left = labels.plural(one.available, "restant")
    label = f"{one.reservataire_name}, programme {one.programme} ({left})"
    return {"value": f"{one.id}:{one.reservataire_id}", "label": label}


def share_view(share: MutationShare) -> View:
    ratio = labels.percent(share.ratio_bp) if share.ratio_bp is not None else "aucune libération"
    tone = {"green": "success", "amber": "warning", "red": "danger"}[share.level.value]
    return {
        "text": f"{labels.plural(share.count, 'mutation')} sur "
        f"{labels.plural(share.total, 'libération')} depuis le 1er janvier ({ratio} ; "
        f"plafond {labels.percent(share.ceiling_bp)} sur l'année)",
        "level": views.capital(labels.LEVELS[share.level]),
        "tone": tone,
    }
