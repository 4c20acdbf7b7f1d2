"""The requests: those that wait, how long, what was decided and in how many hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from server.db.paging import Page, PageRequest, Sort
from server.db.urgences import Places, Urgence, UrgenceFilter
from server.domain import labels
from server.domain.urgencies import UrgencyState
from server.operations import urgences
from server.operations.flux import party_name
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import column, sort_of
from server.pages.urgences.columns import COLUMNS
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/urgences"
LIST = {"label": "Urgences", "href": PATH}
LENGTH = 100
OPEN, DECIDED = ("requested",), ("approved", "refused")
ORDERS = ("demande", "decision", "commune", "bailleur")
Lister = Callable[[PageRequest], Awaitable[Page[Urgence]]]
View = dict[str, Any]
LONG_WAIT = timedelta(hours=48)
OUT_OF_FLUX = "hors flux"
STATES = {"requested": "À décider", "approved": "Validée", "refused": "Refusée"}
TONES = {"requested": "warning", "approved": "success", "refused": "neutral"}
LEADS = {
    Capacity.BAILLEUR: "Vos demandes d'affecter un logement libéré à une crise locale, et les "
    "décisions de la préfecture.",
    Capacity.RESERVATAIRE: "Les affectations d'urgence imputées, ou qu'il est proposé d'imputer, "
    "à votre part du flux.",
    Capacity.PREFECTURE: "Les demandes des bailleurs, les plus anciennes d'abord : vous décidez en "
    "dernier ressort (art. 2.4).",
    Capacity.EPCI: "Les affectations d'urgence sur votre territoire.",
}


async def board(visit: Visit) -> Response:
    first = PageRequest(first=LENGTH, sort=_sort(visit, "demande"))
    last = PageRequest(first=LENGTH, sort=_sort(visit, "-decision"))
    async with visit.reading() as tx:
        waiting = await urgences.list_page(tx, first, wanted=_wanted(visit, OPEN))
        closed = await urgences.list_page(tx, last, wanted=_wanted(visit, DECIDED))
        places = await urgences.places(tx)
        now = tx.now
    opened, decided = waiting.items, closed.items
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Urgences"}]
    return visit.render(
        "urgences.html",
        title="Affectations d'urgence",
        block="liste",
        lead=LEADS[visit.actor.capacity],
        exports=export_links(visit, PATH),
        filters=_filters(visit, places),
        chips=_chips(visit, places),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        tiles=_tiles(opened, decided, now),
        columns=_columns(visit),
        opened=[row_view(one, now) for one in opened],
        decided=[row_view(one, now) for one in decided],
        is_cut=waiting.has_next or closed.has_next,
        places=_places([*opened, *decided]) if len({*map(_place, opened + decided)}) > 1 else [],
        can_request=may(visit.actor, Permission.URGENCE_REQUEST),
        can_decide=may(visit.actor, Permission.URGENCE_DECIDE),
        with_bailleur=visit.actor.capacity is not Capacity.BAILLEUR,
    )


async def export(visit: Visit) -> Response:
    """Those that wait, then those decided, each in the order of its table."""
    async with visit.reading() as tx:
        found = [
            one
            for states, own in ((OPEN, "demande"), (DECIDED, "-decision"))
            for one in await every(_lister(visit, tx, states), _sort(visit, own))
        ]
        places = await urgences.places(tx)
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, places)]
    return export_response(visit, "Urgences", COLUMNS, map(_export_row, found), filters)


def _lister(visit: Visit, tx: TenantTransaction, states: tuple[str, ...]) -> Lister:
    return lambda request: urgences.list_page(tx, request, wanted=_wanted(visit, states))


def _wanted(visit: Visit, states: tuple[str, ...]) -> UrgenceFilter:
    return UrgenceFilter(
        states=states,
        bailleur_id=parse_uuid(visit.query("bailleur")),
        insee=visit.query("commune") or None,
    )


def _sort(visit: Visit, own: str) -> Sort:
    """What is asked, else the order of the table."""
    default = Sort(code=own.removeprefix("-"), is_descending=own.startswith("-"))
    return sort_of(visit, ORDERS) or default


def _columns(visit: Visit) -> View:
    """The headers that sort both tables; without any choice each one has its own order."""
    current, is_many = sort_of(visit, ORDERS), visit.actor.capacity is not Capacity.BAILLEUR
    head = [
        column(visit, "Demande", "demande", current),
        *([column(visit, "Bailleur", "bailleur", current)] if is_many else []),
        column(visit, "Logement", "commune", current),
    ]
    return {
        "opened": [
            *head,
            {"label": "Ménages", "num": True},
            {"label": "Imputation proposée"},
            {"label": "Attend depuis", "num": True},
        ],
        "decided": [
            *head,
            column(visit, "Décision", "decision", current, falls=True),
            {"label": "Imputation"},
            {"label": "Décidée en", "num": True},
        ],
    }


def _choices(places: Places) -> dict[str, tuple[str, dict[str, str]]]:
    bailleurs = {str(key): name for key, name in places.bailleurs.items()}
    return {"bailleur": ("Bailleur", bailleurs), "commune": ("Commune", places.communes)}


def _filters(visit: Visit, places: Places) -> list[View]:
    """Only the filters that can separate something."""
    return [
        {
            "name": code,
            "label": label,
            "value": visit.query(code),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
        }
        for code, (label, choices) in _choices(places).items()
        if len(choices) > 1 or visit.query(code)
    ]


def _chips(visit: Visit, places: Places) -> list[View]:
    kept = {name: visit.query(name) for name in ("bailleur", "commune", "tri")}
    return [
        {
            "name": label,
            "value": (value := choices.get(kept[code], "inconnu")),
            "label": f"{label} : {value}",
            "href": views.address(PATH, **{**kept, code: ""}),
        }
        for code, (label, choices) in _choices(places).items()
        if kept[code]
    ]


def _export_row(row: Urgence) -> View:
    delay = delay_of(row)
    return {
        "demandee_le": row.requested_at,
        "nature": views.capital(labels.URGENCY_KINDS[row.kind]),
        "demande": row.title,
        "bailleur": row.bailleur_name,
        "logement": row.dwelling_label,
        "insee": row.insee,
        "commune": row.commune_name,
        "menages": row.households,
        "etat": STATES[row.state],
        "decidee_le": row.decided_at,
        "heures": int(delay.total_seconds() // 3600) if delay is not None else None,
        "imputation": views.capital(charge_of(row)),
    }


def hours(span: timedelta) -> str:
    """« 22 h », « moins d'une heure »."""
    whole = int(span.total_seconds() // 3600)
    return f"{whole}{labels.NBSP}h" if whole else "moins d'une heure"


def delay_of(row: Urgence) -> timedelta | None:
    return row.decided_at - row.requested_at if row.decided_at else None


def charge_of(row: Urgence) -> str:
    """To whom the dwelling is charged, or would be as the bailleur proposes."""
    name, contingent = row.charged_reservataire_name, row.charged_contingent
    if row.state == UrgencyState.REQUESTED:
        name, contingent = row.proposed_reservataire_name, row.proposed_contingent
    if row.state == UrgencyState.REFUSED:
        return "—"
    return party_name(name, contingent) if name else OUT_OF_FLUX


def row_view(row: Urgence, now: datetime) -> dict[str, Any]:
    delay, waited = delay_of(row), now - row.requested_at
    return {
        "href": f"/urgences/{row.id}",
        "title": row.title,
        "kind": views.capital(labels.URGENCY_KINDS[row.kind]),
        "bailleur": row.bailleur_name,
        "dwelling": row.dwelling_label,
        "commune": row.commune_name,
        "households": row.households,
        "requested": labels.french_instant(row.requested_at),
        "age": hours(waited),
        "age_tone": "danger" if waited >= LONG_WAIT else "warning",
        "charge": views.capital(charge_of(row)),
        "state": {"text": STATES[row.state], "tone": TONES[row.state]},
        "delay": hours(delay) if delay is not None else "",
        "decided": labels.french_instant(row.decided_at) if row.decided_at else "",
    }


def _tiles(
    opened: Sequence[Urgence], decided: Sequence[Urgence], now: datetime
) -> list[dict[str, Any]]:
    delays = [delay for one in decided if (delay := delay_of(one)) is not None]
    approved = [one for one in decided if one.state == UrgencyState.APPROVED]
    tiles: list[dict[str, Any]] = [
        {
            "label": "En attente de décision",
            "value": len(opened),
            "tone": "warning" if opened else "success",
        }
    ]
    if opened:
        tiles.append(
            {"label": "Plus ancienne demande", "value": hours(now - opened[0].requested_at)}
        )
    if delays:
        mean = sum(delays, timedelta()) / len(delays)
        detail = f"sur {views.plural(len(delays), 'décision')}, de la demande à la décision"
        tiles.append({"label": "Délai moyen de décision", "value": hours(mean), "detail": detail})
    households = sum(one.households for one in approved)
    detail = f"pour {views.plural(households, 'ménage')}"
    tiles.append({"label": "Logements affectés", "value": len(approved), "detail": detail})
    return tiles


def _place(row: Urgence) -> tuple[str, str]:
    return row.bailleur_name, row.commune_name


def _places(rows: Iterable[Urgence]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in rows:
        counts.setdefault(_place(one), Counter())[one.state] += 1
    return [
        {"bailleur": bailleur, "commune": commune, **{state: found[state] for state in STATES}}
        for (bailleur, commune), found in sorted(counts.items())
    ]
