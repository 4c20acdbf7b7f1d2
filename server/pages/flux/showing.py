"""What is chosen (a year, an EPCI, a bailleur, an indicator) and what each capacity reads of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from server.db.paging import Sort
from server.documents.workbooks import annexe_workbook
from server.domain import labels
from server.domain.deadlines import end_of_day, local_day
from server.domain.dwellings import Level, MutationShare
from server.domain.flux import Indicator
from server.operations import flux, orientations, substitutions, trajectories
from server.operations.flux import FluxBoard
from server.pages import views
from server.pages.downloads import file_name, workbook
from server.pages.exports import export_links
from server.pages.flux.annexes import BASIS_LABELS, annexe_view, bars_of, line_view
from server.pages.flux.asking import asked_basis, asked_day, asked_year, options, year_options
from server.pages.flux.ordering import asked_sort, columns_of, ordered_boards, ordered_pairs
from server.pages.flux.trajectories import Series, line_names, of_annexe, of_own_lines
from server.pages.replacing import substitution_notice
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
STRATA = ("/flux/strates", "Écarts par strate")
FURTHER = {
    Capacity.BAILLEUR: (STRATA,),
    Capacity.RESERVATAIRE: (("/flux/equite", "Équité du flux"),),
    Capacity.PREFECTURE: (STRATA,),
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
    sort: Sort | None
    until: date | None = None

    @property
    def tri(self) -> str:
        return f"{'-' if self.sort.is_descending else ''}{self.sort.code}" if self.sort else ""

    def href(self, **changes: str) -> str:
        values = {
            "annee": str(self.year),
            "epci": self.epci,
            "bailleur": self.bailleur,
            "compter": self.basis.value if self.basis is not Indicator.ORIENTED else "",
            "ligne": self.line,
            "au": self.until.isoformat() if self.until else "",
            "tri": self.tri,
            **changes,
        }
        return views.address("/flux", **values)


def _asked(visit: Visit, today: date) -> Asked:
    bailleur = parse_uuid(visit.query("bailleur"))
    year = asked_year(visit, today.year)
    return Asked(
        year=year,
        epci=visit.query("epci"),
        bailleur=str(bailleur) if bailleur else "",
        basis=asked_basis(visit),
        line=visit.query("ligne"),
        sort=asked_sort(visit),
        until=asked_day(visit, year, today),
    )


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        asked = _asked(visit, local_day(tx.now))
        boards = await flux.boards(tx, asked.year, until=asked.until)
        asked = _with_known_line(asked, boards)
        tiles = await _tiles(tx, asked, boards)
        chosen = ordered_boards(_chosen(boards, asked), asked.sort, asked.basis)
        series = await trajectories.by_annexe(
            tx, chosen, asked.basis, line=asked.line, until=asked.until
        )
        parties = {line.reservataire_id for board in chosen for line in board.lines}
        replaced = await substitutions.in_force(tx, parties)
        now, today = _counted_at(asked, tx.now), local_day(tx.now)
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
        filters=_filters(visit, asked, boards, today.year),
        here=asked.href(),
        further=[
            {"href": href, "label": label} for href, label in FURTHER.get(visit.actor.capacity, ())
        ],
        replaced=[substitution_notice(one) for one in replaced.values()],
        **_content(visit, asked, chosen, now, series),
    )


def _counted_at(asked: Asked, now: datetime) -> datetime:
    """The instant that figures are said to be of: the last minute of the day asked."""
    return end_of_day(asked.until) - timedelta(minutes=1) if asked.until else now


def _with_known_line(asked: Asked, boards: Sequence[FluxBoard]) -> Asked:
    """A line that none of the annexes chosen has is left out."""
    known = line_names(_chosen(boards, asked))
    return asked if asked.line in known else replace(asked, line="")


def _chosen(boards: Sequence[FluxBoard], asked: Asked) -> list[FluxBoard]:
    return [board for board in boards if _is_asked(board, asked)]


async def read_chosen(visit: Visit) -> tuple[Asked, list[FluxBoard]]:
    """What the address asks and the annexes that it keeps, for the file of the positions."""
    async with visit.reading() as tx:
        asked = _asked(visit, local_day(tx.now))
        boards = await flux.boards(tx, asked.year, until=asked.until)
    return asked, ordered_boards(_chosen(boards, asked), asked.sort, asked.basis)


async def download(visit: Visit) -> Response:
    async with visit.reading() as tx:
        computed = await flux.get_annexe(tx, visit.path_id("annexe_id"))
    facts = computed.facts
    name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
    return workbook(annexe_workbook(computed), name)


# --- What is chosen and shown -----------------------------------------------------------------


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
    names = line_names(_chosen(boards, asked))
    if asked.until:
        day = f"Au {labels.french_day(asked.until)}"
        chips.append({"label": day, "href": asked.href(au="")})
    if asked.line:
        chips.append({"label": names[asked.line], "href": asked.href(ligne="")})
    return {
        "asked": asked,
        "chips": chips,
        "keep": {"tri": asked.tri} if asked.tri else {},
        "reset": asked.href(epci="", bailleur="", ligne="", au=""),
        "lines": options(sorted(names.items(), key=lambda one: one[1]))
        if visit.actor.capacity is not Capacity.RESERVATAIRE
        else [],
        "years": year_options(this_year),
        "epcis": options((one.epci_siren, one.epci_name) for one in facts),
        "bailleurs": options((str(one.bailleur_id), one.bailleur_name) for one in facts)
        if visit.actor.capacity is not Capacity.BAILLEUR
        else [],
        "bases": options((one.value, label) for one, label in BASIS_LABELS.items())
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
            for line, board in ordered_pairs(chosen, asked.sort, asked.basis)
            if own and line.position is not None
        ],
        "summary": [_summary(board, asked) for board in chosen] if is_summary else [],
        "columns": columns_of(visit),
        "signed_href": asked.href(tri="") if asked.sort else "",
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
    if asked.until:
        return tiles  # the others are of today
    if tx.actor.capacity is Capacity.BAILLEUR:
        tiles.append(_mutation_tile(asked, await flux.own_mutation_share(tx, asked.year), tx.now))
    counts = await orientations.counts_in_law(tx)
    tiles.extend(
        {"label": label, "value": counts.get(state, 0), "href": f"/orientations?etape={stage}"}
        for state, stage, label in WAITING
    )
    return tiles


def _vacancy_tile(asked: Asked, boards: Sequence[FluxBoard], now: datetime) -> dict[str, Any]:
    chosen = _chosen(boards, asked)
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
    ceiling = labels.percent(share.ceiling_bp)
    ratio = "aucune libération" if share.ratio_bp is None else labels.percent(share.ratio_bp)
    return {
        "label": "Mutations internes",
        "href": f"/soustractions?annee={asked.year}",
        "value": share.count,
        "unit": f"sur {labels.plural(share.total, 'libération')}",
        "detail": f"{ratio}, pour {ceiling} au plus : {labels.LEVELS[share.level]}",
        "tone": LEVEL_TONES[share.level],
        "explain": {
            "formula": f"{labels.plural(share.count, 'mutation')} ÷ "
            f"{labels.plural(share.total, 'libération')} de l'assiette",
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
