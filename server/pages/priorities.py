"""DALO and the 25 %: what the préfecture follows of the priority households (art. 6.1 and 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.db.priorities import DaloEnding
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.caleol import Outcome, Reason
from server.domain.deadlines import local_day
from server.domain.flux import Indicator
from server.domain.priorities import MINIMUM_BP, SECRECY, Share, is_household_refusal
from server.operations import priorities
from server.operations.flux import party_name
from server.operations.priorities import INDICATORS, Asked, PriorityOverview
from server.pages import views
from server.pages.exports import export_links, export_response, export_routes
from server.pages.flux.annexes import FIRST_YEAR
from server.pages.sorting import column, sort_of
from server.pages.visits import Visit, page, parse_uuid

PATH = "/dalo"
TITLE = "DALO et 25 %"
ORDERS = ("nom", "taux", "attributions")
COUNTED = {
    Indicator.ATTRIBUTED: "attributions en CALEOL",
    Indicator.LEASED: "attributions suivies d'un bail",
}
SPLITS = (
    ("bailleurs", "bailleur", "Par bailleur", "Bailleur"),
    ("reservataires", "reservataire", "Par réservataire", "Réservataire"),
    ("epcis", "epci", "Par EPCI", "EPCI"),
)
NOT_TOLD = "–"

View = dict[str, Any]


# --- What the address asks ----------------------------------------------------------------------


def _asked(visit: Visit, this_year: int) -> Asked:
    known = {str(year): year for year in range(FIRST_YEAR, this_year + 1)}
    counted = visit.query("compter")
    return Asked(
        year=known.get(visit.query("annee"), this_year),
        indicator=Indicator(counted) if counted in INDICATORS else Indicator.ATTRIBUTED,
        bailleur_id=parse_uuid(visit.query("bailleur")),
        epci_siren=visit.query("epci") or None,
    )


async def _read(visit: Visit) -> PriorityOverview:
    async with visit.reading() as tx:
        return await priorities.overview(tx, _asked(visit, local_day(tx.now).year))


async def show(visit: Visit) -> Response:
    found = await _read(visit)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": TITLE}]
    return visit.render(
        "dalo.html",
        title=TITLE,
        block="dalo",
        filters=_filters(visit, found),
        exports=export_links(visit, PATH),
        year=found.asked.year,
        counted=COUNTED[found.asked.indicator],
        dalo=_dalo_tiles(found),
        endings=[_ending(one) for one in found.endings],
        has_more_endings=found.has_more_endings,
        tiles=_share_tiles(found),
        splits=_splits(visit, found),
    )


async def export(visit: Visit) -> Response:
    found = await _read(visit)
    rows = [
        _export_row(label, one)
        for code, _, _, label in SPLITS
        for one in _sorted(visit, getattr(found.shares, code))
    ]
    chips = [(chip["name"], chip["value"]) for chip in _chips(visit, found)]
    counted = ("Compter", COUNTED[found.asked.indicator])
    return export_response(
        visit, f"Ménages prioritaires {found.asked.year}", COLUMNS, rows, [counted, *chips]
    )


ROUTES = [Route(PATH, page(show)), *export_routes(PATH, export)]


# --- Filters ------------------------------------------------------------------------------------


def _filters(visit: Visit, found: PriorityOverview) -> View:
    asked = found.asked
    return {
        "year": str(asked.year),
        "years": _options((year, year) for year in range(found.this_year, FIRST_YEAR - 1, -1)),
        "counted": asked.indicator.value,
        "indicators": _options((one.value, COUNTED[one]) for one in INDICATORS),
        "bailleur": str(asked.bailleur_id or ""),
        "bailleurs": _options(found.bailleurs.items()),
        "epci": asked.epci_siren or "",
        "epcis": _options(found.epcis.items()),
        "chips": _chips(visit, found),
        "reset": _href(visit, bailleur="", epci=""),
        "keep": {"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
    }


def _options(pairs: Iterable[tuple[Any, Any]]) -> list[View]:
    return [{"value": str(value), "label": str(label)} for value, label in pairs]


def _href(visit: Visit, **changes: str) -> str:
    kept = {name: visit.query(name) for name in ("annee", "compter", "bailleur", "epci", "tri")}
    return views.address(PATH, **{**kept, **changes})


def _chips(visit: Visit, found: PriorityOverview) -> list[View]:
    asked, chips = found.asked, []
    if asked.bailleur_id is not None:
        chips.append(("Bailleur", "bailleur", found.bailleurs[asked.bailleur_id]))
    if asked.epci_siren is not None:
        chips.append(("EPCI", "epci", found.epcis[asked.epci_siren]))
    return [
        {"name": name, "value": value, "label": value, "href": _href(visit, **{code: ""})}
        for name, code, value in chips
    ]


def _perimeter(found: PriorityOverview) -> str:
    bailleur = found.bailleurs.get(found.asked.bailleur_id) if found.asked.bailleur_id else None
    epci = found.epcis.get(found.asked.epci_siren or "")
    return ", ".join(name for name in (bailleur, epci) if name) or (
        "Haute-Savoie, tous les bailleurs"
    )


# --- DALO ---------------------------------------------------------------------------------------


def _tile(found: PriorityOverview, label: str, value: object, formula: str, **more: Any) -> View:
    explain = {
        "formula": formula,
        "perimeter": _perimeter(found),
        "date": labels.french_instant(found.now),
        "hidden": label,
    }
    return {"label": label, "value": value, "explain": explain, **more}


def _dalo_tiles(found: PriorityOverview) -> list[View]:
    dalo, year = found.dalo, found.asked.year
    refusals = sum(_is_refusal(one) for one in found.endings)
    return [
        _tile(
            found,
            "Ménages reconnus DALO",
            labels.number(dalo.households),
            f"Ménages reconnus DALO présentés en {year}, comptés une fois chacun. Le portail ne "
            "connaît pas ceux qui n'ont encore été présentés nulle part.",
        ),
        _tile(
            found,
            "Propositions",
            labels.number(dalo.presentations),
            f"Présentations de ces ménages sur un logement en {year}, retraits déduits",
        ),
        _tile(
            found,
            "Relogés",
            labels.number(dalo.housed),
            f"Ménages DALO dont le bail a été signé en {year}",
            tone="success" if dalo.housed else "neutral",
        ),
        _tile(
            found,
            "Refus des ménages",
            f"{refusals}{' au moins' if found.has_more_endings else ''}",
            f"Désistements, silences et dossiers non constitués de {year} (convention, art. 6.3)",
            tone="warning" if refusals else "neutral",
        ),
        _tile(found, "Attente la plus longue", *_wait(found)),
    ]


def _wait(found: PriorityOverview) -> tuple[str, str]:
    formula = (
        f"Depuis la première présentation du ménage DALO le plus ancien sans bail, parmi "
        f"{labels.plural(found.dalo.waiting, 'ménage')} ; la date de la décision de la commission "
        "de médiation n'est pas dans le portail."
    )
    if found.dalo.oldest_at is None:
        return "aucune", formula
    days = (local_day(found.now) - local_day(found.dalo.oldest_at)).days
    return labels.plural(days, "jour"), formula


def _is_refusal(one: DaloEnding) -> bool:
    reason = Reason(one.reason) if one.reason else None
    return is_household_refusal(Outcome(one.outcome), reason)


def _ending(one: DaloEnding) -> View:
    is_refusal = _is_refusal(one)
    words = labels.REASONS[one.reason] if one.reason else labels.OUTCOMES[one.outcome]
    return {
        "href": f"/orientations/{one.orientation_id}",
        "day": views.capital(labels.french_instant(one.decided_at)),
        "commune": one.commune_name,
        "bailleur": one.bailleur_name,
        "reservataire": party_name(one.reservataire_name, one.contingent),
        "nature": "Refus du ménage" if is_refusal else "Décision de la commission",
        "tone": "warning" if is_refusal else "neutral",
        "reason": views.capital(words),
    }


# --- Shares -------------------------------------------------------------------------------------


def _words(one: Share) -> str:
    """As n / N, without n when it would tell of fewer than five households."""
    counted = NOT_TOLD if one.is_secret else labels.number(one.priority)
    return f"{counted} / {labels.number(one.total)}"


def _rate(one: Share) -> str:
    if one.rate_bp is None:
        return "sans objet"
    return NOT_TOLD if one.is_secret else labels.percent(one.rate_bp)


def _share_tiles(found: PriorityOverview) -> list[View]:
    shares, counted = found.shares, COUNTED[found.asked.indicator]
    formula = (
        f"Ménages prioritaires ÷ {counted} de {found.asked.year}, hors contingents de l'État. "
        f"Entre 1 et {SECRECY - 1} ménages, le nombre n'est pas donné."
    )
    return [
        _tile(
            found,
            "Part des prioritaires",
            _rate(shares.total),
            formula,
            detail=f"{_words(shares.total)} {counted}, {_state(shares.total).lower()}",
            tone=_tone(shares.total),
        ),
        _tile(
            found,
            "Contingent RS de l'État",
            labels.number(shares.rs_total),
            f"{views.capital(counted)} de {found.asked.year} sur le contingent RS : toutes vont à "
            "des ménages prioritaires, elles ne comptent pas dans les 25 % des autres.",
            detail=f"{counted}, toutes prioritaires",
        ),
    ]


def _tone(one: Share) -> str:
    if one.is_secret or one.is_reached is None:
        return "neutral"
    return "success" if one.is_reached else "warning"


def _sorted(visit: Visit, shares: Sequence[Share]) -> list[Share]:
    """A secret or absent rate stays last: its place would tell it."""
    sort = sort_of(visit, ORDERS)
    if sort is None or sort.code == "nom":
        return list(reversed(shares)) if sort and sort.is_descending else list(shares)
    if sort.code == "attributions":
        return sorted(shares, key=lambda one: one.total, reverse=sort.is_descending)
    known = [one for one in shares if one.rate_bp is not None and not one.is_secret]
    known.sort(key=lambda one: one.rate_bp or 0, reverse=sort.is_descending)
    return [*known, *(one for one in shares if one not in known)]


def _splits(visit: Visit, found: PriorityOverview) -> list[View]:
    return [
        {
            "id": code,
            "title": title,
            "columns": _columns(visit, label),
            "rows": [_row(visit, name, one) for one in _sorted(visit, getattr(found.shares, code))],
        }
        for code, name, title, label in SPLITS
    ]


def _columns(visit: Visit, label: str) -> list[View]:
    current = sort_of(visit, ORDERS)
    return [
        column(visit, label, "nom", current),
        column(visit, "Prioritaires / attributions", "attributions", current, falls=True)
        | {"num": True},
        column(visit, "Part", "taux", current, falls=True) | {"num": True},
        {"label": "Part et 25 %"},
        {"label": "Situation"},
    ]


def _row(visit: Visit, name: str, one: Share) -> View:
    is_told = one.rate_bp is not None and not one.is_secret
    return {
        "name": one.name,
        "href": _href(visit, **{name: one.key}) if name != "reservataire" and one.key else "",
        "count": _words(one),
        "rate": _rate(one),
        "gauge": {"done": (one.rate_bp or 0) / 100, "due": MINIMUM_BP / 100} if is_told else None,
        "sentence": f"{one.name} : {_rate(one)} pour 25 % au moins",
        "tone": _tone(one),
        "state": _state(one),
    }


def _state(one: Share) -> str:
    if one.is_secret:
        return "Secret statistique"
    if one.is_reached is None:
        return "Sans objet"
    return "25 % atteints" if one.is_reached else "sous 25 %"


COLUMNS = (
    Column(code="ventilation", label="Ventilation", description="Ce que compte la ligne."),
    Column(code="nom", label="Nom", description="Bailleur, réservataire ou EPCI."),
    Column(
        code="prioritaires",
        label="Prioritaires",
        kind=Kind.INTEGER,
        description="Attributions à un ménage prioritaire ; vide de 1 à 4 (secret statistique).",
    ),
    Column(
        code="attributions",
        label="Attributions",
        kind=Kind.INTEGER,
        description="Attributions comptées, hors contingents de l'État.",
    ),
    Column(
        code="taux",
        label="Part",
        kind=Kind.PERCENT,
        description="Prioritaires ÷ attributions.",
    ),
    Column(
        code="secret",
        label="Secret statistique",
        kind=Kind.BOOLEAN,
        description="Effectif trop petit pour être communiqué.",
    ),
)


def _export_row(label: str, one: Share) -> View:
    return {
        "ventilation": label,
        "nom": one.name,
        "prioritaires": None if one.is_secret else one.priority,
        "attributions": one.total,
        "taux": None if one.is_secret else one.rate_bp,
        "secret": one.is_secret,
    }
