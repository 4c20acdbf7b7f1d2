"""What is chosen (a year, an EPCI, a bailleur, an indicator) and what each capacity reads of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from starlette.responses import Response

from server.documents.workbooks import annexe_workbook
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.dwellings import MUTATION_CEILING_BP, Level, MutationShare
from server.domain.flux import Indicator
from server.operations import flux, orientations, trajectories
from server.operations.flux import FluxBoard
from server.pages import views
from server.pages.downloads import file_name, workbook
from server.pages.exports import export_links
from server.pages.flux.annexes import BASIS_LABELS, FIRST_YEAR, annexe_view, bars_of, line_view
from server.pages.flux.trajectories import Series, line_names, of_annexe, of_own_lines
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

TITLES = {
    Capacity.BAILLEUR: "Flux",
    Capacity.RESERVATAIRE: "Mon flux",
    Capacity.PREFECTURE: "Flux du département",
    Capacity.EPCI: "Annexes 1",
}
LEADS = {
    Capacity.BAILLEUR: "Ce que vous devez à chaque réservataire, ce qu'il a reçu, et l'écart.",
    Capacity.RESERVATAIRE: "La part des logements libérés qui vous revient, et ce qui vous a été "
    "proposé depuis le 1er janvier.",
    Capacity.PREFECTURE: "L'annexe 1 de chaque bailleur et la position de chaque réservataire.",
    Capacity.EPCI: "Les taux et l'assiette publiés par les bailleurs de votre territoire.",
}
LEVEL_TONES = {Level.GREEN: "success", Level.AMBER: "warning", Level.RED: "danger"}
WAITING = (
    ("sent", "reponse", "Réponses attendues"),
    ("searching", "candidats", "Recherches de candidats en cours"),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks to see; what it asks wrongly is left out."""

    year: int
    epci: str
    bailleur: str
    basis: Indicator
    line: str

    def href(self, **changes: str) -> str:
        values = {
            "annee": str(self.year),
            "epci": self.epci,
            "bailleur": self.bailleur,
            "compter": self.basis.value if self.basis is not Indicator.ORIENTED else "",
            "ligne": self.line,
            **changes,
        }
        return views.address("/flux", **values)


def _asked(visit: Visit, this_year: int) -> Asked:
    year = visit.query("annee")
    known = {str(one): one for one in range(FIRST_YEAR, this_year + 1)}
    basis = visit.query("compter")
    bailleur = parse_uuid(visit.query("bailleur"))
    return Asked(
        year=known.get(year, this_year),
        epci=visit.query("epci"),
        bailleur=str(bailleur) if bailleur else "",
        basis=Indicator(basis) if basis in set(Indicator) else Indicator.ORIENTED,
        line=visit.query("ligne"),
    )


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        asked = _asked(visit, local_day(tx.now).year)
        boards = await flux.boards(tx, asked.year)
        asked = _with_known_line(asked, boards)
        tiles = await _tiles(tx, asked, boards)
        chosen = [board for board in boards if _is_asked(board, asked)]
        series = await trajectories.by_annexe(tx, chosen, asked.basis, line=asked.line)
        now = tx.now
    # what the filters change stays inside the block that they replace
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": TITLES[visit.actor.capacity]}]
    return visit.render(
        "flux.html",
        title=TITLES[visit.actor.capacity],
        block="flux",
        exports=export_links(visit, "/flux"),
        lead=LEADS[visit.actor.capacity],
        can_register=may(visit.actor, Permission.VACANCY_REGISTER),
        tiles=tiles,
        filters=_filters(visit, asked, boards, local_day(now).year),
        here=asked.href(),
        **_content(visit, asked, chosen, now, series),
    )


def _with_known_line(asked: Asked, boards: Sequence[FluxBoard]) -> Asked:
    """A line that none of the annexes chosen has is left out."""
    chosen = [board for board in boards if _is_asked(board, asked)]
    return asked if asked.line in line_names(chosen) else replace(asked, line="")


async def read_chosen(visit: Visit) -> tuple[Asked, list[FluxBoard]]:
    """What the address asks and the annexes that it keeps, for the file of the positions."""
    async with visit.reading() as tx:
        asked = _asked(visit, local_day(tx.now).year)
        boards = await flux.boards(tx, asked.year)
    return asked, [board for board in boards if _is_asked(board, asked)]


async def download(visit: Visit) -> Response:
    async with visit.reading() as tx:
        computed = await flux.get_annexe(tx, visit.path_id("annexe_id"))
    facts = computed.facts
    name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
    return workbook(annexe_workbook(computed), name)


# --- What is chosen and shown -----------------------------------------------------------------


def _options(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in dict(pairs).items()]


def _filters(
    visit: Visit, asked: Asked, boards: Sequence[FluxBoard], this_year: int
) -> dict[str, Any]:
    facts = [board.computed.facts for board in boards]
    chips = []
    for name, value, pairs in (
        ("epci", asked.epci, {one.epci_siren: one.epci_name for one in facts}),
        ("bailleur", asked.bailleur, {str(one.bailleur_id): one.bailleur_name for one in facts}),
    ):
        if value in pairs:
            chips.append({"label": pairs[value], "href": asked.href(**{name: ""})})
    years = [str(year) for year in range(this_year, FIRST_YEAR - 1, -1)]
    names = line_names([board for board in boards if _is_asked(board, asked)])
    if asked.line:
        chips.append({"label": names[asked.line], "href": asked.href(ligne="")})
    return {
        "asked": asked,
        "chips": chips,
        "reset": asked.href(epci="", bailleur="", ligne=""),
        "lines": _options(sorted(names.items(), key=lambda one: one[1]))
        if visit.actor.capacity is not Capacity.RESERVATAIRE
        else [],
        "years": _options((year, year) for year in years),
        "epcis": _options((one.epci_siren, one.epci_name) for one in facts),
        "bailleurs": _options((str(one.bailleur_id), one.bailleur_name) for one in facts)
        if visit.actor.capacity is not Capacity.BAILLEUR
        else [],
        "bases": _options((one.value, label) for one, label in BASIS_LABELS.items())
        if visit.actor.capacity is not Capacity.EPCI
        else [],
    }


def _content(
    visit: Visit, asked: Asked, chosen: Sequence[FluxBoard], now: datetime, series: Series
) -> dict[str, Any]:
    """The summary of a whole territory first, then an annexe once it is chosen."""
    capacity = visit.actor.capacity
    is_summary = capacity is not Capacity.BAILLEUR and len(chosen) > 1 and not asked.bailleur
    own = capacity is Capacity.RESERVATAIRE
    name = line_names(chosen).get(asked.line, "")
    return {
        "own_lines": [
            line_view(line, board, asked.basis, now, name=board.computed.facts.bailleur_name)
            for board in chosen
            for line in board.lines
            if own and line.position is not None
        ],
        "summary": [_summary(board, asked) for board in chosen] if is_summary else [],
        "with_counts": capacity not in (Capacity.EPCI, Capacity.RESERVATAIRE),
        "annexes": []
        if is_summary
        else [
            {
                **annexe_view(board, asked.basis, now, own=own),
                "curve": {} if own else of_annexe(board, series, asked.basis, name),
            }
            for board in chosen
        ],
        "own_curve": of_own_lines(chosen, series, asked.basis) if own else {},
        "basis_label": BASIS_LABELS[asked.basis],
        "day": labels.french_day(local_day(now)),
        "empty_title": f"Aucune annexe 1 publiée pour {asked.year}",
    }


def _is_asked(board: FluxBoard, asked: Asked) -> bool:
    facts = board.computed.facts
    return (not asked.epci or facts.epci_siren == asked.epci) and (
        not asked.bailleur or str(facts.bailleur_id) == asked.bailleur
    )


# --- Tiles --------------------------------------------------------------------------------------


async def _tiles(
    tx: TenantTransaction, asked: Asked, boards: Sequence[FluxBoard]
) -> list[dict[str, Any]]:
    if not may(tx.actor, Permission.ORIENTATION_READ):
        return []
    is_reservataire = tx.actor.capacity is Capacity.RESERVATAIRE
    tiles = [] if is_reservataire else [_vacancy_tile(asked, boards, tx.now)]
    if tx.actor.capacity is Capacity.BAILLEUR:
        tiles.append(_mutation_tile(asked, await flux.own_mutation_share(tx, asked.year), tx.now))
    counts = await orientations.counts_in_law(tx)
    tiles.extend(
        {"label": label, "value": counts.get(state, 0), "href": f"/orientations?etape={stage}"}
        for state, stage, label in WAITING
    )
    return tiles


def _vacancy_tile(asked: Asked, boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    chosen = [board for board in boards if _is_asked(board, asked)]
    return {
        "label": "Libérations dans le flux",
        "value": sum(board.vacancy_count for board in chosen),
        "detail": "depuis le 1er janvier",
        "explain": {
            "formula": "Libérations enregistrées depuis le 1er janvier, hors mutations internes, "
            "premières mises en location et urgences hors flux",
            "perimeter": ", ".join(dict.fromkeys(one.computed.facts.epci_name for one in chosen)),
            "date": labels.french_instant(now),
            "hidden": "Libérations dans le flux",
        },
    }


def _mutation_tile(asked: Asked, share: MutationShare, now: datetime) -> dict[str, Any]:
    ceiling = labels.percent(MUTATION_CEILING_BP)
    ratio = "aucune libération" if share.ratio_bp is None else labels.percent(share.ratio_bp)
    return {
        "label": "Mutations internes",
        "value": share.count,
        "unit": f"sur {views.plural(share.total, 'libération')}",
        "detail": f"{ratio}, pour {ceiling} au plus : {labels.LEVELS[share.level]}",
        "tone": LEVEL_TONES[share.level],
        "explain": {
            "formula": f"{views.plural(share.count, 'mutation')} ÷ "
            f"{views.plural(share.total, 'libération')} de l'assiette",
            "denominator": "Libérations de l'assiette depuis le 1er janvier, premières mises en "
            "location exclues",
            "perimeter": "Tout votre patrimoine du département",
            "date": labels.french_instant(now),
            "version": f"Convention, art. 2.3, année {asked.year}",
            "hidden": "Mutations internes",
        },
    }


def _summary(board: FluxBoard, asked: Asked) -> dict[str, Any]:
    facts, annexe = board.computed.facts, board.computed.annexe
    worst = bars_of(board, asked.basis)[:1]
    is_late = bool(worst) and worst[0]["value"] < 0
    return {
        "href": asked.href(bailleur=str(facts.bailleur_id), epci=facts.epci_siren),
        "bailleur": facts.bailleur_name,
        "epci": facts.epci_name,
        "communes": ", ".join(share.stock.name for share in annexe.communes),
        "totals": annexe.totals,
        "droits": labels.decimal(annexe.total_droits, 0),
        "vacancies": board.vacancy_count,
        "worst": f"{worst[0]['label']} ({worst[0]['text']})" if is_late else "aucun",
    }
