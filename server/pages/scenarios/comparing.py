"""Two simulations side by side: expected at once, then in the very same drawn years."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from server.db.scenarios import Figures
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.scenarios.wording import count_text, signed_text
from server.errors import Invalid, Motif
from server.operations import scenarios
from server.operations.scenarios import Compared, Paired, ReadScenario
from server.pages import views
from server.pages.exports import export_links, export_response
from server.pages.scenarios.words import LIST, PATH, eyebrow, plot_row, plot_sentence, shown_name
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.transactions import TenantTransaction

HERE = f"{PATH}/comparer"
COLUMNS = (
    Column(code="reservataire", label="Réservataire", description="Ligne de l'annexe 1, ou part du "
           "bailleur."),
    Column(code="premiere", label="Première simulation", kind=Kind.DECIMAL, description="Logements "
           "attendus dans l'année."),
    Column(code="premiere_bas", label="Première, au moins", kind=Kind.DECIMAL,
           description="Borne basse de neuf années sur dix."),
    Column(code="premiere_haut", label="Première, au plus", kind=Kind.DECIMAL,
           description="Borne haute."),
    Column(code="seconde", label="Seconde simulation", kind=Kind.DECIMAL, description="Logements "
           "attendus dans l'année."),
    Column(code="seconde_bas", label="Seconde, au moins", kind=Kind.DECIMAL,
           description="Borne basse."),
    Column(code="seconde_haut", label="Seconde, au plus", kind=Kind.DECIMAL,
           description="Borne haute."),
    Column(code="ecart", label="Écart", kind=Kind.DECIMAL, description="Seconde moins première."),
    Column(code="ecart_tire", label="Écart tiré", kind=Kind.DECIMAL, description="Écart moyen sur "
           "les mêmes années tirées ; vide si les deux ne le sont pas."),
)  # fmt: skip
NOTHING = [0.0, 0.0, 0.0]


async def _asked(visit: Visit, tx: TenantTransaction) -> Compared:
    """Two different ones; Invalid says how to choose them."""
    ids = [parse_uuid(visit.query(name)) for name in ("a", "b")]
    first, second = (one or UUID(int=0) for one in ids)
    if None in ids or first == second:
        message = "Choisissez deux simulations différentes dans la liste, puis comparez-les."
        raise Invalid(Motif(code="two_required", message=message))
    return await scenarios.compare(tx, first, second)


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _asked(visit, tx)
    rows = [plot_row(name, first, second) for _, name, first, second in _pairs(found)]
    visit.breadcrumb = [LIST, {"label": "Comparer"}]
    first, second = found.first.row.name, found.second.row.name
    return visit.render(
        "simulations_comparer.html",
        title="Comparer deux simulations",
        first=_head(found.first),
        second=_head(found.second),
        rows=rows,
        told=plot_sentence(rows, f"« {first} »", f"« {second} »"),
        exports=export_links(visit, HERE),
        swap_href=views.address(HERE, a=found.second.row.id, b=found.first.row.id),
        paired=_paired(found) if found.paired is not None else [],
        years=labels.number(found.first.draw.wanted if found.paired and found.first.draw else 0),
        is_same_base=found.first.row.counted_on == found.second.row.counted_on,
        is_same_year=found.first.row.year == found.second.row.year,
    )


def _head(one: ReadScenario) -> View:
    return {
        "name": one.row.name,
        "href": f"{PATH}/{one.row.id}",
        "about": eyebrow(one.row),
        "vacancies": count_text(one.row.tables["vacancies"]),
        "changes": [f"{c['sentence']}, {c['day']}" for c in one.row.tables["changes"]],
    }


def _pairs(found: Compared) -> list[tuple[str, str, list[float], list[float]]]:
    """(party, name, first, second): in the order of the first, then those of the second alone."""
    one, other = ({scenarios.key_of(f): f for f in s.figures} for s in (found.first, found.second))
    return [
        (key, shown_name(one.get(key) or other[key]), _total(one.get(key)), _total(other.get(key)))
        for key in dict.fromkeys((*one, *other))
    ]


def _total(one: Figures | None) -> list[float]:
    return list(one.figures["total"]) if one else NOTHING


def _paired(found: Compared) -> list[View]:
    pairs = found.paired or {}
    return [
        {"name": name, **_pair(pairs[key])} for key, name, _, _ in _pairs(found) if key in pairs
    ]


def _pair(one: Paired) -> View:
    return {
        "mean": signed_text(one.mean),
        "range": f"{signed_text(one.low)} à {signed_text(one.high)}",
        "more": labels.number(one.more),
        "same": labels.number(one.same),
        "less": labels.number(one.less),
    }


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await _asked(visit, tx)
    pairs = found.paired or {}
    rows = [
        {
            "reservataire": name,
            "premiere": first[0],
            "premiere_bas": first[1],
            "premiere_haut": first[2],
            "seconde": second[0],
            "seconde_bas": second[1],
            "seconde_haut": second[2],
            "ecart": second[0] - first[0],
            "ecart_tire": pairs[key].mean if key in pairs else None,
        }
        for key, name, first, second in _pairs(found)
    ]
    filters = [("Première", found.first.row.name), ("Seconde", found.second.row.name)]
    return export_response(visit, "Comparaison de simulations", COLUMNS, rows, filters)
