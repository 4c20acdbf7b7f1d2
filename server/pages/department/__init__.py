"""The department of the préfecture: the figures of its communes, on a map and in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from server.db.department import CommuneFigures
from server.domain import labels
from server.operations import department
from server.operations.department import Overview
from server.pages.department.drawing import map_view
from server.pages.department.indicators import COLUMNS, INDICATORS, Indicator, has_figures, total
from server.pages.exports import export_links, export_response, export_routes
from server.pages.sorting import leaf_of
from server.pages.visits import Visit, page, parse_uuid, whole

PATH = "/departement"
PAGE_SIZE = 25

View = dict[str, Any]


TEXT_SORTS: dict[str, Callable[[CommuneFigures], str]] = {
    "commune": lambda row: row.sort_name,
    "epci": lambda row: (row.epci_name or "").casefold(),
}


# --- What the address asks ----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks to see; what it asks wrongly is left out."""

    indicator: Indicator
    epci: str
    bailleur: str
    sort: str
    is_descending: bool
    page: int = 1

    def href(self, path: str = PATH, **changes: str) -> str:
        values = {
            "indicateur": self.indicator.code,
            "epci": self.epci,
            "bailleur": self.bailleur,
            "tri": f"{'-' if self.is_descending else ''}{self.sort}",
            "page": str(self.page) if self.page > 1 else "",
            **changes,
        }
        return f"{path}?" + urlencode({name: value for name, value in values.items() if value})


def _asked(visit: Visit, overview: Overview) -> Asked:
    indicator = INDICATORS.get(visit.query("indicateur"), INDICATORS["logements"])
    sort = visit.query("tri")
    if sort.lstrip("-") not in {*INDICATORS, *TEXT_SORTS}:
        sort = f"-{indicator.code}"
    known = {row.epci_siren for row in overview.communes}
    epci = visit.query("epci")
    return Asked(
        indicator=indicator,
        epci=epci if epci in known else "",
        bailleur=str(overview.bailleur_id or ""),
        sort=sort.lstrip("-"),
        is_descending=sort.startswith("-"),
        page=whole(visit.query("page")) or 1,
    )


async def _read(visit: Visit) -> tuple[Overview, Asked]:
    async with visit.reading() as tx:
        overview = await department.overview(tx, bailleur_id=parse_uuid(visit.query("bailleur")))
    return overview, _asked(visit, overview)


async def show(visit: Visit) -> Response:
    overview, asked = await _read(visit)
    inside = [row for row in overview.communes if _is_inside(row, asked)]
    title = f"Département {overview.year}"
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": title}]
    return visit.render(
        "departement.html",
        title=title,
        block="departement",
        asked=asked,
        here=asked.href(),
        day=labels.french_day(overview.on),
        exports=export_links(visit, PATH),
        filters=_filters(overview, asked),
        tiles=_tiles(inside, overview, asked),
        map=map_view(inside, asked.indicator),
        table=_table(visit, inside, asked),
    )


async def export(visit: Visit) -> Response:
    overview, asked = await _read(visit)
    rows = [_export_row(row) for row in _sorted(_with_figures(overview.communes, asked), asked)]
    chips = _filters(overview, asked)["active"]
    return export_response(
        visit,
        f"Département {overview.year}",
        COLUMNS,
        rows,
        [(chip["name"], chip["label"]) for chip in chips],
    )


ROUTES = [Route(PATH, page(show)), *export_routes(PATH, export)]


# --- Filters and rows -----------------------------------------------------------------------------


def _is_inside(row: CommuneFigures, asked: Asked) -> bool:
    return not asked.epci or row.epci_siren == asked.epci


def _with_figures(rows: Iterable[CommuneFigures], asked: Asked) -> list[CommuneFigures]:
    return [row for row in rows if _is_inside(row, asked) and has_figures(row)]


def _sorted(rows: list[CommuneFigures], asked: Asked) -> list[CommuneFigures]:
    """By the column asked, then by name; a rate without answer is always last."""
    if asked.sort in TEXT_SORTS:
        return sorted(rows, key=TEXT_SORTS[asked.sort], reverse=asked.is_descending)
    value = INDICATORS[asked.sort].value
    known = [(figure, row) for row in rows if (figure := value(row)) is not None]
    known.sort(key=lambda one: one[0], reverse=asked.is_descending)
    return [*(row for _, row in known), *(row for row in rows if value(row) is None)]


def _export_row(row: CommuneFigures) -> View:
    figures = {code: one.value(row) for code, one in INDICATORS.items()}
    return {"insee": row.insee, "commune": row.name, "epci": row.epci_name, **figures}


def _filters(overview: Overview, asked: Asked) -> View:
    epcis = sorted(
        {(row.epci_siren, row.epci_name) for row in overview.communes if row.epci_siren},
        key=lambda one: one[1] or "",
    )
    bailleurs = [(str(key), name) for key, name in overview.bailleurs.items()]
    chosen = (("EPCI", "epci", epcis), ("Bailleur", "bailleur", bailleurs))
    return {
        "indicators": _options((one.code, one.label) for one in INDICATORS.values()),
        "epcis": _options(epcis),
        "bailleurs": _options(bailleurs),
        "active": [
            {"name": name, "label": label, "href": asked.href(**{key: "", "page": ""})}
            for name, key, pairs in chosen
            for value, label in pairs
            if value == getattr(asked, key)
        ],
        "reset": asked.href(epci="", bailleur="", page=""),
    }


def _options(pairs: Iterable[tuple[Any, Any]]) -> list[View]:
    return [{"value": value, "label": label} for value, label in pairs]


# --- Totals -------------------------------------------------------------------------------------


def _tiles(inside: Sequence[CommuneFigures], overview: Overview, asked: Asked) -> list[View]:
    return [
        {
            "label": one.label,
            "value": one.words(total(inside, one)),
            "tone": "neutral",
            "explain": {
                "formula": one.formula,
                "perimeter": _perimeter(overview, asked),
                "date": labels.french_day(overview.on),
                "hidden": one.label,
            },
        }
        for one in INDICATORS.values()
    ]


def _perimeter(overview: Overview, asked: Asked) -> str:
    chips = _filters(overview, asked)["active"]
    return ", ".join(chip["label"] for chip in chips) or "Haute-Savoie, tous les bailleurs"


# --- Table --------------------------------------------------------------------------------------


def _table(visit: Visit, inside: Sequence[CommuneFigures], asked: Asked) -> View:
    leaf = leaf_of(visit, _sorted(_with_figures(inside, asked), asked), PAGE_SIZE)
    last_rank = leaf.first_rank + len(leaf.rows) - 1
    return {
        "columns": [_column("commune", "Commune", asked), _column("epci", "EPCI", asked)]
        + [_column(one.code, one.label, asked, num=True) for one in INDICATORS.values()],
        "rows": [_row(row) for row in leaf.rows],
        "text": f"{leaf.first_rank} à {last_rank} sur {leaf.count}"
        if leaf.rows
        else "Aucune commune",
        "count": leaf.count,
        "previous": asked.href(page=str(leaf.previous)) if leaf.previous else "",
        "next": asked.href(page=str(leaf.next)) if leaf.next else "",
    }


def _column(code: str, label: str, asked: Asked, *, num: bool = False) -> View:
    """A click sorts figures from the highest, names from A; a second click turns it round."""
    is_current = asked.sort == code
    descending = not asked.is_descending if is_current else num
    order = "desc" if asked.is_descending else "asc"
    return {
        "label": label,
        "num": num,
        "sort_href": asked.href(tri=f"{'-' if descending else ''}{code}", page=""),
        "sorted": order if is_current else None,
    }


def _row(row: CommuneFigures) -> View:
    return {
        "href": "/orientations?" + urlencode({"commune": row.insee}),
        "name": row.name,
        "epci": row.epci_name or "",
        "figures": [
            {"label": one.label, "text": one.words(one.value(row))} for one in INDICATORS.values()
        ],
    }
