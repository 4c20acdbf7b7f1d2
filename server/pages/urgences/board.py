"""The requests: those that wait, how long, what was decided and in how many hours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from server.db.paging import Page, PageRequest, Sort
from server.db.urgences import Places, Tally, Urgence, UrgenceFilter
from server.domain import labels
from server.domain.urgencies import UrgencyState
from server.operations import urgences
from server.operations.flux import party_name
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import column, sort_of
from server.pages.urgences.columns import COLUMNS
from server.pages.urgences.figures import STATES, hours, places_of, tiles_of
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/urgences"
LIST = {"label": "Urgences", "href": PATH}
LENGTH = 25
ORDERS = ("demande", "decision", "commune", "bailleur")
Lister = Callable[[PageRequest], Awaitable[Page[Urgence]]]
View = dict[str, Any]
LONG_WAIT = timedelta(hours=48)
OUT_OF_FLUX = "hors flux"
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


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of the two tables: its states, its own order, the parameter of its next rows, its place
    in the page.
    """

    states: tuple[str, ...]
    own: str
    cursor: str
    anchor: str


WAITING = Part(states=("requested",), own="demande", cursor="apres", anchor="en-attente")
CLOSED = Part(
    states=("approved", "refused"), own="-decision", cursor="apres_decidees", anchor="decidees"
)


async def board(visit: Visit) -> Response:
    async with visit.reading() as tx:
        waiting = await _part(visit, tx, WAITING)
        closed = await _part(visit, tx, CLOSED)
        tallies = await urgences.tallies(tx, _wanted(visit, ()))
        places = await urgences.places(tx)
        now = tx.now
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
        tiles=tiles_of(tallies, now),
        columns=_columns(visit),
        opened=_part_view(visit, WAITING, waiting, tallies, now),
        decided=_part_view(visit, CLOSED, closed, tallies, now),
        places=places_of(tallies),
        can_request=may(visit.actor, Permission.URGENCE_REQUEST),
        can_decide=may(visit.actor, Permission.URGENCE_DECIDE),
        with_bailleur=visit.actor.capacity is not Capacity.BAILLEUR,
    )


async def export(visit: Visit) -> Response:
    """Those that wait, then those decided, each in the order of its table."""
    async with visit.reading() as tx:
        found = [
            one
            for part in (WAITING, CLOSED)
            for one in await every(_lister(visit, tx, part.states), _sort(visit, part.own))
        ]
        places = await urgences.places(tx)
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, places)]
    return export_response(visit, "Urgences", COLUMNS, map(_export_row, found), filters)


async def _part(visit: Visit, tx: TenantTransaction, part: Part) -> Page[Urgence]:
    after, sort = visit.query(part.cursor) or None, _sort(visit, part.own)
    return await _lister(visit, tx, part.states)(PageRequest(first=LENGTH, after=after, sort=sort))


def _part_view(
    visit: Visit, part: Part, found: Page[Urgence], tallies: Sequence[Tally], now: datetime
) -> View:
    """The rows of a table and its way on; the other table stays where it is."""
    is_first = not visit.query(part.cursor)
    return {
        "rows": [row_view(one, now) for one in found.items],
        "count": sum(one.count for one in tallies if one.state in part.states),
        "next_href": _address(visit, part, found.end_cursor) if found.has_next else "",
        "first_href": "" if is_first else _address(visit, part, None),
    }


def _address(visit: Visit, part: Part, after: str | None) -> str:
    names = ("bailleur", "commune", "tri", WAITING.cursor, CLOSED.cursor)
    kept: View = {name: visit.query(name) for name in names}
    return f"{views.address(PATH, **{**kept, part.cursor: after})}#{part.anchor}"


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
