"""What waits, at whose door: tabs by stage, the nearest deadline first."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from server.db.orientations import OrientationFilter, Scope
from server.db.paging import Sort
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.flux import Indicator
from server.domain.orientations import LIVE_STATES, State
from server.operations import orientations, vacancies
from server.pages import views
from server.pages.exports import export_links
from server.pages.flux.annexes import BASIS_LABELS, FIRST_YEAR
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/orientations"
CHOICES = ("commune", "bailleur", "reservataire", "contingent", "annee")
HIDDEN_FILTERS = ("annexe", "compter")
FILTERS = (*CHOICES, *HIDDEN_FILTERS)
ORDERS = ("echeance", "envoi", "commune")
CARD_ORDERS = {"echeance": "échéance", "-envoi": "dernière offre reçue", "commune": "commune"}


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
ALL = Stage(code="toutes", label="Toutes", states=(), empty="Aucune offre ne correspond.")
QUEUE = (ANSWER, SEARCH, EMPTY, PRESENTED, COMMISSION, LEASE, ENDED, ALL)
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
    ALL,
)
TITLES = {
    Capacity.BAILLEUR: ("Orientations", "Ce qui attend, chez qui, jusqu'à quand."),
    Capacity.RESERVATAIRE: (
        "Offres reçues",
        "Les logements que les bailleurs vous proposent, les plus urgents d'abord.",
    ),
    Capacity.PREFECTURE: ("Orientations du département", "Où en sont les offres, sans adresse."),
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks: a stage, filters, an order."""

    stage: Stage
    wanted: OrientationFilter
    numbers: dict[str, int]
    sort: Sort | None


async def read_asked(visit: Visit, tx: TenantTransaction) -> Asked:
    numbers = await orientations.counts_in_law(tx)
    stage = _stage(visit, numbers)
    return Asked(
        stage=stage,
        wanted=_wanted(visit, stage, tx),
        numbers=numbers,
        sort=sort_of(visit, ORDERS),
    )


async def list_orientations(visit: Visit) -> Response:
    capacity = visit.actor.capacity
    async with visit.reading() as tx:
        asked = await read_asked(visit, tx)
        stage = asked.stage
        found = await orientations.list_page(
            tx, asked_page(visit, ORDERS), asked.wanted, due_first=stage.is_urgent
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
        exports=export_links(visit, PATH),
        tabs=_tabs(visit, stage, asked.numbers, waiting),
        stage=stage,
        rows=rows,
        columns=_columns(visit, asked),
        capacity=capacity.value,
        sorting=_sorting(visit),
        can_send=may(visit.actor, Permission.ORIENTATION_SEND),
        can_remind=stage in (ANSWER, SEARCH) and may(visit.actor, Permission.ORIENTATION_SEND),
        keep=_kept(visit, stage),
        filters=_filters(visit, scope),
        chips=chips(visit, stage, scope),
        next_href=_address(visit, stage, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit, stage),
    )


def _columns(visit: Visit, asked: Asked) -> list[View]:
    urgent = asked.stage.is_urgent
    own = Sort(code="echeance") if urgent else Sort(code="envoi", is_descending=True)
    current = asked.sort or own
    return [
        column(visit, "Logement", "commune", current),
        {"label": "Bailleur"}
        if visit.actor.capacity is not Capacity.BAILLEUR
        else column(visit, "Envoyée", "envoi", current, falls=True),
        {"label": "Réservataire"},
        {"label": "État"},
        column(visit, "Échéance", "echeance", current),
    ]


def _sorting(visit: Visit) -> View:
    """Where offers are cards, a choice stands for the headers."""
    sort = sort_of(visit, ORDERS)
    return {
        "value": visit.query("tri") if sort else "",
        "options": [{"value": code, "label": words} for code, words in CARD_ORDERS.items()],
    }


def _kept(visit: Visit, stage: Stage) -> View:
    """What a filter must not lose."""
    values = {name: visit.query(name) for name in HIDDEN_FILTERS if visit.query(name)}
    is_cards = visit.actor.capacity is Capacity.RESERVATAIRE and stage.is_urgent
    sort = {} if is_cards or not sort_of(visit, ORDERS) else {"tri": visit.query("tri")}
    return {"etape": stage.code, **values, **sort}


def stages_of(capacity: Capacity) -> tuple[Stage, ...]:
    return BOX if capacity is Capacity.RESERVATAIRE else QUEUE


def count_of(stage: Stage, numbers: dict[str, int]) -> int:
    return sum(numbers.get(state.value, 0) for state in stage.states)


def _stage(visit: Visit, numbers: dict[str, int]) -> Stage:
    """The tab asked for, else the first one where something waits."""
    stages = stages_of(visit.actor.capacity)
    asked = next((one for one in stages if one.code == visit.query("etape")), None)
    waiting = (one for one in stages[:-2] if count_of(one, numbers))
    return asked or next(waiting, stages[0])


def _wanted(visit: Visit, stage: Stage, tx: TenantTransaction) -> OrientationFilter:
    is_answering = tx.actor.capacity is Capacity.RESERVATAIRE
    return OrientationFilter(
        states=tuple(state.value for state in stage.states),
        at=tx.now,
        insee=visit.query("commune") or None,
        bailleur_id=parse_uuid(visit.query("bailleur")),
        reservataire_id=parse_uuid(visit.query("reservataire")),
        contingent=visit.query("contingent") or None,
        annexe_id=parse_uuid(visit.query("annexe")),
        year=_year(visit),
        indicator=_indicator(visit).value,
        # what the préfet answers in its place, a commune reads under « Toutes »
        addressee_id=tx.actor.tenant_id if is_answering and stage.states else None,
    )


def _year(visit: Visit) -> int | None:
    text = visit.query("annee")
    return int(text) if text in map(str, _years(visit)) else None


def _years(visit: Visit) -> range:
    this_year = local_day(visit.now).year if visit.now else FIRST_YEAR
    return range(this_year, FIRST_YEAR - 1, -1)


def _indicator(visit: Visit) -> Indicator:
    text = visit.query("compter")
    return Indicator(text) if text in set(Indicator) else Indicator.ORIENTED


def _address(visit: Visit, stage: Stage, **changed: object) -> str:
    kept = {name: visit.query(name) for name in (*FILTERS, "tri")}
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
        tabs.append(
            tab if stage.states in (CLOSED, ()) else {**tab, "count": count_of(stage, numbers)}
        )
    return tabs


def _choices(visit: Visit, scope: Scope) -> dict[str, dict[str, str]]:
    words = {code: labels.CONTINGENTS[code] for code in sorted(scope.contingents)}
    return {
        "commune": scope.communes,
        "bailleur": {str(key): name for key, name in scope.bailleurs.items()},
        "reservataire": {str(key): name for key, name in scope.reservataires.items()},
        "contingent": {code: views.capital(text) or "Aucun" for code, text in words.items()},
        "annee": {str(year): str(year) for year in _years(visit)},
    }


LABELS = {
    "commune": "Commune",
    "bailleur": "Bailleur",
    "reservataire": "Réservataire",
    "contingent": "Contingent",
    "annee": "Comptée dans le flux de",
}


def _filters(visit: Visit, scope: Scope) -> list[View]:
    """Only the filters that can separate something."""
    return [
        {
            "name": name,
            "label": LABELS[name],
            "value": visit.query(name),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for name, choices in _choices(visit, scope).items()
        if len(choices) > 1 or visit.query(name)
    ]


def chips(visit: Visit, stage: Stage, scope: Scope) -> list[View]:
    named = [
        (LABELS[name], choices.get(visit.query(name), "inconnu"), name)
        for name, choices in _choices(visit, scope).items()
        if visit.query(name)
    ]
    if visit.query("annexe"):
        named.append(("Communes", "celles de l'annexe 1 choisie", "annexe"))
    if visit.query("compter"):
        named.append(("Compté en", BASIS_LABELS[_indicator(visit)], "compter"))
    return [
        {
            "name": name,
            "value": value,
            "label": f"{name} : {value}",
            "href": _address(visit, stage, **{code: ""}),
        }
        for name, value, code in named
    ]
