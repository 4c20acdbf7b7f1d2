"""The sessions: those to come, nearest first, and those held; the same as a file."""

from __future__ import annotations

from starlette.responses import Response

from server.db.caleol import CaleolSession
from server.db.paging import Page, PageRequest, Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.operations import caleol
from server.pages import views
from server.pages.caleol.sessions import STATES, session_view
from server.pages.exports import every, export_links, export_response
from server.pages.sorting import column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

PATH = "/caleol"
ORDERS = ("seance", "bailleur", "lieu")
TABS = {"planned": "À venir", "held": "Tenues"}
COLUMNS = (
    Column(
        code="seance",
        label="Séance",
        kind=Kind.INSTANT,
        description="Jour et heure de la séance.",
    ),
    Column(code="bailleur", label="Bailleur", description="Bailleur qui tient la commission."),
    Column(code="lieu", label="Lieu", description="Lieu ou lien de la séance."),
    Column(code="mode", label="Mode", description="En présence, à distance ou les deux."),
    Column(
        code="logements",
        label="Logements",
        kind=Kind.INTEGER,
        description="Logements à l'ordre du jour que vous pouvez lire.",
    ),
    Column(code="etat", label="État", description="Programmée ou tenue."),
    Column(
        code="close_le",
        label="Décisions closes le",
        kind=Kind.INSTANT,
        description="Quand la dernière décision a été inscrite.",
    ),
)


async def list_sessions(visit: Visit) -> Response:
    state, sort = _state(visit), _sort(visit)
    with_bailleur = visit.actor.capacity is not Capacity.BAILLEUR
    request = PageRequest(after=visit.query("apres") or None, sort=sort)
    async with visit.reading() as tx:
        found = await _list(visit, tx, request)
        bailleurs = await _bailleurs(tx)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "CALEOL"}]
    return visit.render(
        "caleol_liste.html",
        title="Commissions d'attribution (CALEOL)",
        block="liste",
        exports=export_links(visit, PATH),
        tabs=[
            {"label": label, "href": _address(visit, etat=code), "current": state == code}
            for code, label in TABS.items()
        ],
        sessions=[session_view(one) for one in found.items],
        columns=_columns(visit, sort, with_bailleur=with_bailleur),
        bailleur=visit.query("bailleur"),
        bailleurs=[{"value": code, "label": name} for code, name in bailleurs.items()],
        chips=_chips(visit, bailleurs),
        keep={"etat": state, **({"tri": visit.query("tri")} if visit.query("tri") else {})},
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href=_address(visit) if visit.query("apres") else "",
        with_bailleur=with_bailleur,
        can_plan=may(visit.actor, Permission.CALEOL_HOLD),
        empty_title="Aucune séance programmée" if state == "planned" else "Aucune séance tenue",
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await every(lambda request: _list(visit, tx, request), _sort(visit))
        bailleurs = await _bailleurs(tx)
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit, bailleurs)]
    rows = [_export_row(one) for one in found]
    kind = ("Séances", TABS[_state(visit)])
    return export_response(visit, "CALEOL", COLUMNS, rows, [kind, *filters])


def _state(visit: Visit) -> str:
    return "held" if visit.query("etat") == "held" else "planned"


def _sort(visit: Visit) -> Sort:
    """What is asked, else the nearest session: the next one, or the last one held."""
    own = Sort(code="seance", is_descending=_state(visit) == "held")
    return sort_of(visit, ORDERS) or own


async def _list(visit: Visit, tx: TenantTransaction, request: PageRequest) -> Page[CaleolSession]:
    bailleur_id = parse_uuid(visit.query("bailleur"))
    return await caleol.list_page(tx, request, state=_state(visit), bailleur_id=bailleur_id)


async def _bailleurs(tx: TenantTransaction) -> dict[str, str]:
    if tx.actor.capacity is Capacity.BAILLEUR:
        return {}
    return {str(key): name for key, name in (await caleol.bailleurs(tx)).items()}


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("bailleur", "tri")}
    return views.address(PATH, **{"etat": _state(visit), **kept, **changed})


def _columns(visit: Visit, current: Sort, *, with_bailleur: bool) -> list[View]:
    bailleur = [column(visit, "Bailleur", "bailleur", current)] if with_bailleur else []
    return [
        column(visit, "Séance", "seance", current),
        *bailleur,
        column(visit, "Lieu", "lieu", current),
        {"label": "Mode"},
        {"label": "Logements", "num": True},
        {"label": "État"},
    ]


def _chips(visit: Visit, bailleurs: dict[str, str]) -> list[View]:
    if not visit.query("bailleur"):
        return []
    name = bailleurs.get(visit.query("bailleur"), "inconnu")
    href = _address(visit, bailleur="")
    return [{"name": "Bailleur", "value": name, "label": f"Bailleur : {name}", "href": href}]


def _export_row(session: CaleolSession) -> View:
    return {
        "seance": session.starts_at,
        "bailleur": session.bailleur_name,
        "lieu": session.place,
        "mode": views.capital(labels.SESSION_MODES[session.mode]),
        "logements": session.item_count,
        "etat": views.capital(STATES[session.state]),
        "close_le": session.minutes_at,
    }
