"""What waits, at whose door: tabs by stage, the nearest deadline first."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from server.db.orientations import OrientationFilter, Scope
from server.domain.orientations import LIVE_STATES, State
from server.operations import orientations, vacancies
from server.pages import views
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction

PATH = "/orientations"
FILTERS = ("commune", "bailleur", "reservataire")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A tab: the states of the law that it gathers; `is_urgent`: the nearest deadline first."""

    code: str
    label: str
    states: tuple[State, ...]
    empty: str
    is_urgent: bool = False


CLOSED = tuple(state for state in State if state not in LIVE_STATES)
ANSWER = Stage(
    code="reponse",
    label="Attend réponse",
    states=(State.SENT,),
    empty="Aucune offre n'attend de réponse.",
    is_urgent=True,
)
SEARCH = Stage(
    code="candidats",
    label="Attend candidats",
    states=(State.SEARCHING,),
    empty="Aucune recherche de candidats n'est en cours.",
    is_urgent=True,
)
EMPTY = Stage(
    code="sans_candidat",
    label="Sans candidat",
    states=(State.NO_CANDIDATE,),
    empty="Aucun délai n'a pris fin sans candidat.",
)
PRESENTED = Stage(
    code="a_inscrire",
    label="À inscrire en CALEOL",
    states=(State.CANDIDATES_COMPLETE, State.CANDIDATES_PARTIAL),
    empty="Aucun logement n'attend d'être inscrit à une CALEOL.",
)
COMMISSION = Stage(
    code="caleol",
    label="En CALEOL",
    states=(State.IN_CALEOL,),
    empty="Aucun logement n'est inscrit à une CALEOL.",
)
LEASE = Stage(
    code="bail",
    label="Bail",
    states=(State.ATTRIBUTED,),
    empty="Aucun logement attribué n'attend son bail.",
)
ENDED = Stage(
    code="closes",
    label="Closes",
    states=CLOSED,
    empty="Les offres refusées, retirées ou louées paraîtront ici.",
)
QUEUE = (ANSWER, SEARCH, EMPTY, PRESENTED, COMMISSION, LEASE, ENDED)
BOX = (
    Stage(
        code="reponse",
        label="À répondre",
        states=ANSWER.states,
        empty="Aucune offre n'attend votre réponse. Un courriel vous prévient de la prochaine.",
        is_urgent=True,
    ),
    Stage(
        code="candidats",
        label="Candidats à présenter",
        states=SEARCH.states,
        empty="Vous n'avez pas de candidats à présenter.",
        is_urgent=True,
    ),
    Stage(
        code="suivi",
        label="En cours chez le bailleur",
        states=(*PRESENTED.states, *EMPTY.states, *COMMISSION.states, *LEASE.states),
        empty="Aucun logement n'est en cours chez un bailleur.",
    ),
    Stage(code="closes", label="Terminées", states=CLOSED, empty="Aucune offre terminée."),
)
TITLES = {
    Capacity.BAILLEUR: ("Orientations", "Ce qui attend, chez qui, jusqu'à quand."),
    Capacity.RESERVATAIRE: (
        "Offres reçues",
        "Les logements que les bailleurs vous proposent, les plus urgents d'abord.",
    ),
    Capacity.PREFECTURE: ("Orientations du département", "Où en sont les offres, sans adresse."),
}


async def list_orientations(visit: Visit) -> Response:
    capacity = visit.actor.capacity
    async with visit.reading() as tx:
        numbers = await orientations.counts_in_law(tx)
        stage = _stage(visit, numbers)
        found = await orientations.list_page(
            tx, visit.page_request(), _wanted(visit, stage, tx), due_first=stage.is_urgent
        )
        scope = await orientations.scope(tx)
        waiting = await vacancies.count_awaiting(tx) if capacity is Capacity.BAILLEUR else 0
        rows = [views.offer_view(one, tx.now, capacity) for one in found.items]
    title, lead = TITLES[capacity]
    return visit.render(
        "orientations.html",
        title=title,
        block="liste",
        lead=lead,
        tabs=_tabs(visit, stage, numbers, waiting),
        stage=stage,
        rows=rows,
        capacity=capacity.value,
        filters=_filters(visit, scope),
        chips=_chips(visit, stage, scope),
        next_href=_address(visit, stage, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit, stage),
    )


def stages_of(capacity: Capacity) -> tuple[Stage, ...]:
    return BOX if capacity is Capacity.RESERVATAIRE else QUEUE


def count_of(stage: Stage, numbers: dict[str, int]) -> int:
    return sum(numbers.get(state.value, 0) for state in stage.states)


def _stage(visit: Visit, numbers: dict[str, int]) -> Stage:
    """The tab asked for, else the first one where something waits."""
    stages = stages_of(visit.actor.capacity)
    asked = next((one for one in stages if one.code == visit.query("etape")), None)
    waiting = (one for one in stages[:-1] if count_of(one, numbers))
    return asked or next(waiting, stages[0])


def _wanted(visit: Visit, stage: Stage, tx: TenantTransaction) -> OrientationFilter:
    return OrientationFilter(
        states=tuple(state.value for state in stage.states),
        at=tx.now,
        insee=visit.query("commune") or None,
        bailleur_id=parse_uuid(visit.query("bailleur")),
        reservataire_id=parse_uuid(visit.query("reservataire")),
    )


def _address(visit: Visit, stage: Stage, **changed: object) -> str:
    kept = {name: visit.query(name) for name in FILTERS}
    return views.address(PATH, **{"etape": stage.code, **kept, **changed})


def _tabs(visit: Visit, current: Stage, numbers: dict[str, int], waiting: int) -> list[View]:
    to_send = {"label": "À envoyer", "href": "/liberations", "count": waiting}
    tabs: list[View] = [to_send] if visit.actor.capacity is Capacity.BAILLEUR else []
    for stage in stages_of(visit.actor.capacity):
        tab = {
            "label": stage.label,
            "href": _address(visit, stage),
            "current": stage is current,
        }
        tabs.append(tab if stage.states == CLOSED else {**tab, "count": count_of(stage, numbers)})
    return tabs


def _choices(scope: Scope) -> dict[str, dict[str, str]]:
    return {
        "commune": scope.communes,
        "bailleur": {str(key): name for key, name in scope.bailleurs.items()},
        "reservataire": {str(key): name for key, name in scope.reservataires.items()},
    }


LABELS = {"commune": "Commune", "bailleur": "Bailleur", "reservataire": "Réservataire"}


def _filters(visit: Visit, scope: Scope) -> list[View]:
    """Only the filters that can separate something."""
    return [
        {
            "name": name,
            "label": LABELS[name],
            "value": visit.query(name),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for name, choices in _choices(scope).items()
        if len(choices) > 1 or visit.query(name)
    ]


def _chips(visit: Visit, stage: Stage, scope: Scope) -> list[View]:
    return [
        {
            "label": f"{LABELS[name]} : {choices.get(visit.query(name), 'inconnu')}",
            "href": _address(visit, stage, **{name: ""}),
        }
        for name, choices in _choices(scope).items()
        if visit.query(name)
    ]
