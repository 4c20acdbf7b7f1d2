"""The flux: what the annexe 1 gives each réservataire, what it received, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from server.documents.workbooks import annexe_workbook
from server.domain import annexe as law
from server.domain import labels
from server.domain.annexe import CommuneShare, LineRate
from server.domain.deadlines import local_day
from server.domain.dwellings import MUTATION_CEILING_BP, Level, MutationShare
from server.domain.flux import UNIT, Indicator, Position
from server.operations import flux, orientations
from server.operations.flux import FluxBoard, FluxLine, party_name
from server.pages.downloads import file_name, workbook
from server.pages.visits import Visit, page, parse_uuid
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

FIRST_YEAR = 2024  # stock became flux on 24 November 2023
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
BASIS_LABELS = {
    Indicator.ORIENTED: "logements orientés",
    Indicator.ATTRIBUTED: "logements attribués en CALEOL",
    Indicator.LEASED: "baux signés",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the address asks to see; what it asks wrongly is left out."""

    year: int
    epci: str
    bailleur: str
    basis: Indicator

    def href(self, **changes: str) -> str:
        values = {
            "annee": str(self.year),
            "epci": self.epci,
            "bailleur": self.bailleur,
            "compter": self.basis.value if self.basis is not Indicator.ORIENTED else "",
            **changes,
        }
        return "/flux?" + urlencode({name: value for name, value in values.items() if value})


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
    )


async def show(visit: Visit) -> Response:
    async with visit.reading() as tx:
        asked = _asked(visit, local_day(tx.now).year)
        boards = await flux.boards(tx, asked.year)
        tiles = await _tiles(tx, asked, boards)
        now = tx.now
    visit.breadcrumb = _crumbs(visit, asked, boards)
    return visit.render(
        "flux.html",
        title=f"{TITLES[visit.actor.capacity]} {asked.year}",
        block="flux",
        lead=LEADS[visit.actor.capacity],
        can_register=may(visit.actor, Permission.VACANCY_REGISTER),
        tiles=tiles,
        filters=_filters(visit, asked, boards, local_day(now).year),
        **_content(visit, asked, boards, now),
    )


async def download(visit: Visit) -> Response:
    async with visit.reading() as tx:
        computed = await flux.get_annexe(tx, visit.path_id("annexe_id"))
    facts = computed.facts
    name = file_name("annexe 1", facts.bailleur_name, facts.epci_name, facts.year)
    return workbook(annexe_workbook(computed), name)


ROUTES = [
    Route("/flux", page(show)),
    Route("/flux/{annexe_id}/annexe.xlsx", page(download)),
]


# --- What is chosen and shown -----------------------------------------------------------------


def _crumbs(visit: Visit, asked: Asked, boards: Sequence[FluxBoard]) -> list[dict[str, str]]:
    title = f"{TITLES[visit.actor.capacity]} {asked.year}"
    crumbs = [{"label": "Accueil", "href": "/"}, {"label": title, "href": asked.href(bailleur="")}]
    chosen = [one for one in boards if str(one.computed.facts.bailleur_id) == asked.bailleur]
    if chosen:
        crumbs.append({"label": chosen[0].computed.facts.bailleur_name})
    return crumbs


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
    return {
        "asked": asked,
        "chips": chips,
        "reset": asked.href(epci="", bailleur=""),
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
    visit: Visit, asked: Asked, boards: Sequence[FluxBoard], now: datetime
) -> dict[str, Any]:
    """The summary of a whole territory first, then an annexe once it is chosen."""
    capacity = visit.actor.capacity
    chosen = [board for board in boards if _is_asked(board, asked)]
    is_summary = capacity is not Capacity.BAILLEUR and len(chosen) > 1 and not asked.bailleur
    own = capacity is Capacity.RESERVATAIRE
    return {
        "own_lines": [
            _line(line, board, asked, now, name=board.computed.facts.bailleur_name)
            for board in chosen
            for line in board.lines
            if own
        ],
        "summary": [_summary(board, asked) for board in chosen] if is_summary else [],
        "with_counts": capacity not in (Capacity.EPCI, Capacity.RESERVATAIRE),
        "annexes": [] if is_summary else [_annexe(board, asked, now, own=own) for board in chosen],
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
    waiting = {"sent": "Réponses attendues", "searching": "Recherches de candidats en cours"}
    tiles.extend(
        {"label": label, "value": counts.get(state, 0), "href": f"/orientations?etat={state}"}
        for state, label in waiting.items()
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
        "unit": f"sur {share.total} libérations",
        "detail": f"{ratio}, pour {ceiling} au plus : {labels.LEVELS[share.level]}",
        "tone": LEVEL_TONES[share.level],
        "explain": {
            "formula": f"{share.count} mutations ÷ {share.total} libérations de l'assiette",
            "denominator": "Libérations de l'assiette depuis le 1er janvier, premières mises en "
            "location exclues",
            "perimeter": "Tout votre patrimoine du département",
            "date": labels.french_instant(now),
            "version": f"Convention, art. 2.3, année {asked.year}",
            "hidden": "Mutations internes",
        },
    }


# --- An annexe ----------------------------------------------------------------------------------


def _annexe(board: FluxBoard, asked: Asked, now: datetime, *, own: bool) -> dict[str, Any]:
    facts, annexe = board.computed.facts, board.computed.annexe
    counted = any(line.position for line in board.lines) and not own
    bars = _bars(board, asked) if counted and board.vacancy_count else []
    shown = (
        [_line(line, board, asked, now) for line in board.lines]
        if counted
        else [_bare_line(rate, board, now) for rate in annexe.lines]
    )
    return {
        "id": f"annexe-{str(facts.id)[-12:]}",
        "title": f"{facts.bailleur_name}, {facts.epci_name}",
        "version": _version(board),
        "workbook": f"/flux/{facts.id}/annexe.xlsx",
        "stock": [_stock_row(share) for share in annexe.communes],
        "totals": annexe.totals,
        "exclusions": [annexe.totals.exclusions[code] for code in law.ExclusionCode],
        "epci_name": facts.epci_name,
        "lines": shown,
        "counted": counted,
        "total_droits": labels.decimal(annexe.total_droits, 0),
        "bailleur": _bailleur_row(board, asked, counted=counted),
        "shares": [_share_row(share, board, now) for share in annexe.communes],
        "bars": bars,
        "bars_sentence": _bars_sentence(bars),
        "vacancies": board.vacancy_count,
        "warnings": [motif.message for motif in annexe.warnings],
    }


def _version(board: FluxBoard) -> str:
    facts = board.computed.facts
    day = labels.french_day(local_day(facts.published_at)) if facts.published_at else ""
    return f"Annexe 1 de {facts.year}, version {facts.version}, publiée le {day}"


def _stock_row(share: CommuneShare) -> dict[str, Any]:
    stock = share.stock
    return {
        "name": stock.name,
        "total": stock.total,
        "exclusions": [stock.exclusions.get(code, 0) for code in law.ExclusionCode],
        "flux": stock.flux,
    }


def _percentage(value: Fraction) -> str:
    return labels.decimal(Decimal(value.numerator * 100) / Decimal(value.denominator), 5)


def _rate_explanation(rate: LineRate, board: FluxBoard, now: datetime) -> dict[str, str]:
    names = {share.stock.insee: share.stock.name for share in board.computed.annexe.communes}
    perimeter = ", ".join(names[insee] for insee in names if insee in rate.line.perimeter)
    droits, printed = labels.number(rate.droits), labels.percent(rate.rate_bp)
    if rate.line.imposed_rate_bp is None:
        formula = (
            f"{droits} droits ÷ {rate.denominator} logements = {_percentage(rate.exact)} %, "
            f"arrondi à {printed}"
        )
    else:
        formula = (
            f"Taux fixé par la convention de l'État : {printed} × {rate.denominator} logements = "
            f"{droits} droits"
        )
    return {
        "formula": formula,
        "denominator": f"{rate.denominator} : nombre total de logements (A) du périmètre, "
        "logements exclus compris",
        "perimeter": perimeter,
        "date": labels.french_instant(now),
        "version": _version(board),
        "note": "",
        "rows_href": "",
        "hidden": party_name(rate.line.reservataire, rate.line.contingent),
    }


def _bare_line(rate: LineRate, board: FluxBoard, now: datetime) -> dict[str, Any]:
    explanation = _rate_explanation(rate, board, now)
    return {
        "name": party_name(rate.line.reservataire, rate.line.contingent),
        "perimeter": explanation["perimeter"],
        "droits": labels.decimal(rate.droits, 0),
        "denominator": rate.denominator,
        "rate": labels.percent(rate.rate_bp),
        "explanation": explanation,
    }


def _line(
    line: FluxLine, board: FluxBoard, asked: Asked, now: datetime, *, name: str = ""
) -> dict[str, Any]:
    row = _bare_line(line.rate, board, now)
    row["name"] = name or row["name"]
    if line.position is None:
        return row
    standing = _standing(line.position, asked.basis, row["name"])
    due, rate = line.position.due, line.rate.rate_bp
    vacancies = due // rate if rate else 0
    row["explanation"] |= {
        "note": f"Dû : {vacancies} libération(s) du flux dans le périmètre × {row['rate']} = "
        f"{labels.dwelling_count(due)}. Écart : {standing['done']} "
        f"({BASIS_LABELS[asked.basis]}) moins {labels.dwelling_count(due)} dû.",
        "rows_href": _rows_href(line, board, asked),
    }
    return {**row, **standing}


def _rows_href(line: FluxLine, board: FluxBoard, asked: Asked) -> str:
    values = {
        "annee": asked.year,
        "bailleur": board.computed.facts.bailleur_id,
        "reservataire": line.reservataire_id,
        "contingent": line.contingent,
    }
    return "/orientations?" + urlencode(values)


def _done(position: Position, basis: Indicator) -> int:
    counts = {
        Indicator.ORIENTED: position.oriented,
        Indicator.ATTRIBUTED: position.attributed,
        Indicator.LEASED: position.leased,
    }
    return counts[basis]


def signed(units: int) -> str:
    """A gap in dwellings with its sign: −2,30 ; +0,11."""
    sign = "−" if units < 0 else "+" if units > 0 else ""
    return sign + labels.dwelling_count(abs(units))


def _standing(position: Position, basis: Indicator, name: str) -> dict[str, Any]:
    done = _done(position, basis)
    gap = done - position.due
    late, ahead = gap <= -UNIT, gap >= UNIT
    return {
        "due": labels.dwelling_count(position.due),
        "oriented": position.oriented // UNIT,
        "attributed": position.attributed // UNIT,
        "leased": position.leased // UNIT,
        "done": done // UNIT,
        "gauge": {"done": done / UNIT, "due": position.due / UNIT},
        "sentence": f"{name} : {done // UNIT} pour {labels.dwelling_count(position.due)} dû",
        "gap": signed(gap),
        "state": "En retard" if late else "En avance" if ahead else "Proche de la cible",
        "tone": "warning" if late else "info" if ahead else "success",
    }


def _bailleur_row(board: FluxBoard, asked: Asked, *, counted: bool) -> dict[str, Any]:
    annexe = board.computed.annexe
    row: dict[str, Any] = {
        "name": f"{board.computed.facts.bailleur_name}, part non réservée",
        "droits": labels.decimal(annexe.bailleur_droits, 0),
        "denominator": annexe.totals.total,
    }
    if counted and board.bailleur_position is not None:
        row |= _standing(board.bailleur_position, asked.basis, row["name"])
    return row


def _share_row(share: CommuneShare, board: FluxBoard, now: datetime) -> dict[str, Any]:
    rates = " − ".join(labels.percent(signed_rate) for _, signed_rate in share.rates)
    exact = share.exact_bailleur_share
    printed = labels.percent(share.bailleur_share_bp)
    return {
        "name": share.stock.name,
        "rates": [
            f"{party_name(rate.line.reservataire, rate.line.contingent)} : "
            f"{labels.percent(signed_rate)}"
            for rate, signed_rate in share.rates
        ],
        "share": printed,
        "explanation": {
            "formula": f"100 % − {rates} = {printed}",
            "denominator": "Ce que laissent les taux signés de la commune",
            "perimeter": share.stock.name,
            "date": labels.french_instant(now),
            "version": _version(board),
            "note": f"Sans arrondir les taux : {exact.numerator}/{exact.denominator}, soit "
            f"{_percentage(exact)} %. Les taux signés, arrondis, font foi pour l'année.",
            "hidden": f"Part du bailleur, {share.stock.name}",
        },
    }


# --- Gaps ---------------------------------------------------------------------------------------


def _bars(board: FluxBoard, asked: Asked) -> list[dict[str, Any]]:
    """The most late first; the bailleur, who holds what is not offered yet, last."""
    gaps = [
        (
            party_name(line.reservataire_name, line.contingent),
            _done(line.position, asked.basis) - line.position.due,
        )
        for line in board.lines
        if line.position is not None
    ]
    gaps.sort(key=lambda one: one[1])
    own = board.bailleur_position
    if own is not None:
        gaps.append(("Part du bailleur", _done(own, asked.basis) - own.due))
    return [{"label": name, "value": gap / UNIT, "text": signed(gap)} for name, gap in gaps]


def _bars_sentence(bars: Sequence[dict[str, Any]]) -> str:
    if len(bars) < 2:  # noqa: PLR2004 - one réservataire and the bailleur at least
        return ""
    first, last = bars[0], bars[-2]
    return (
        f"Écarts des réservataires en logements, de {first['label']}, {first['text']}, "
        f"à {last['label']}, {last['text']}."
    )


def _summary(board: FluxBoard, asked: Asked) -> dict[str, Any]:
    facts, annexe = board.computed.facts, board.computed.annexe
    worst = _bars(board, asked)[:1]
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
