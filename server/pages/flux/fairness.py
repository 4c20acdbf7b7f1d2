"""The fairness page: what was offered to a party beside what the flux had to share (art. 5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.fairness import Share, part_bp
from server.domain.flux import UNIT, Account, Indicator
from server.domain.ledger import TOTAL, Family, Stratum
from server.domain.ledger_sentences import FAMILIES, signed, stratum_label
from server.operations import fairness
from server.operations.fairness import Fairness
from server.operations.flux import split_party_key
from server.pages import views
from server.pages.exports import export_links, export_response
from server.pages.flux.annexes import BASIS_LABELS, account_words
from server.pages.flux.asking import (
    Chosen,
    asked_fairness,
    basis_code,
    basis_options,
    options,
    year_options,
)
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity

PATH = "/flux/equite"
ENTRIES = "/flux/equite/ecritures"
TITLE = "Équité du flux"
UNSHOWN = "non montré"
FAMILIES_SHOWN = (
    Family.APPEAL,
    *(one for one in Family if one not in (Family.TOTAL, Family.APPEAL)),
)
FREED = (
    "Logements libérés dans les communes où s'applique le taux de la ligne, sortis du flux "
    "déduits ; un logement proposé qui reste compté sans suite est à répartir une fois de plus."
)
COLUMNS = (
    Column(code="famille", label="Famille", description="Ce sur quoi le flux s'équilibre."),
    Column(code="strate", label="Strate", description="Valeur dans la famille."),
    Column(code="flux", label="À répartir", kind=Kind.INTEGER, description=FREED),
    Column(
        code="autres",
        label="Aux autres",
        kind=Kind.INTEGER,
        description="À répartir moins reçus : proposés aux autres réservataires, gardés sur la "
        "part du bailleur ou encore à orienter.",
    ),
    Column(
        code="proposes",
        label="Proposés",
        kind=Kind.INTEGER,
        description="Logements proposés à la ligne dans l'année, urgences imputées comprises.",
    ),
    Column(
        code="refuses",
        label="Refusés",
        kind=Kind.INTEGER,
        description="Parmi eux, ceux que la ligne a refusés.",
    ),
    Column(
        code="reporte",
        label="Solde reporté",
        kind=Kind.DECIMAL,
        description="Avance (positive) ou retard (négatif) des années passées.",
    ),
    Column(
        code="quota", label="Quota de l'année", kind=Kind.DECIMAL, description="Dû dans l'année."
    ),
    Column(
        code="recus",
        label="Reçus",
        kind=Kind.DECIMAL,
        description="Ce que le registre a compté à la ligne dans l'année.",
    ),
    Column(
        code="ecart",
        label="Écart",
        kind=Kind.DECIMAL,
        description="Solde reporté, plus reçus, moins quota : négatif, en retard.",
    ),
)


async def _found(visit: Visit) -> tuple[Fairness, int]:
    """With the year of today."""
    async with visit.reading() as tx:
        today = local_day(tx.now)
        return await fairness.fairness(tx, asked_fairness(visit, today)), today.year


async def show(visit: Visit) -> Response:
    found, this_year = await _found(visit)
    chosen = Chosen(path=PATH, wanted=found.wanted)
    visit.breadcrumb = [{"label": "Flux", "href": "/flux"}, {"label": TITLE}]
    total = found.share(TOTAL)
    return visit.render(
        "flux_equite.html",
        title=TITLE,
        block="equite",
        exports=export_links(visit, PATH),
        filters=_filters(visit, found, chosen, this_year),
        who=found.lines.get(found.wanted.party, ""),
        is_own=visit.actor.capacity is Capacity.RESERVATAIRE,
        day=labels.french_day(found.on),
        basis_label=BASIS_LABELS[found.wanted.basis],
        tiles=_tiles(found, chosen, total) if total else [],
        offers_href=_offers_href(found),
        bases=[_basis_row(found, basis, chosen) for basis in Indicator] if total else [],
        appeal=_appeal_words(found),
        families=[_family(found, family, chosen) for family in FAMILIES_SHOWN] if total else [],
        has_secrets=any(one.is_secret for one in found.shares),
    )


async def export(visit: Visit) -> Response:
    found, _ = await _found(visit)
    rows = [_export_row(one, found) for one in found.shares]
    return export_response(visit, TITLE, COLUMNS, rows, list(_told(found)))


def _told(found: Fairness) -> Iterator[tuple[str, str]]:
    wanted = found.wanted
    yield "Ligne", found.lines.get(wanted.party, "aucune")
    if wanted.bailleur_id:
        yield "Bailleur", found.bailleurs[wanted.bailleur_id]
    yield "Du 1er janvier au", labels.french_day(found.on)
    yield "Compté en", BASIS_LABELS[wanted.basis]


def _filters(visit: Visit, found: Fairness, chosen: Chosen, this_year: int) -> View:
    wanted = found.wanted
    chips = []
    if wanted.bailleur_id:
        name = found.bailleurs[wanted.bailleur_id]
        chips.append({"label": name, "href": chosen.href(bailleur="")})
    if wanted.until:
        day = f"Au {labels.french_day(wanted.until)}"
        chips.append({"label": day, "href": chosen.href(au="")})
    is_bailleur = visit.actor.capacity is Capacity.BAILLEUR
    return {
        "wanted": wanted,
        "chips": chips,
        "reset": chosen.href(bailleur="", au=""),
        "years": year_options(this_year),
        "bases": basis_options(),
        "lines": options(found.lines.items()),
        "bailleurs": []
        if is_bailleur
        else options((str(key), name) for key, name in found.bailleurs.items()),
    }


# --- Figures --------------------------------------------------------------------------------------


def _tiles(found: Fairness, chosen: Chosen, total: Share) -> list[View]:
    account = total.account
    explain = _explanation(found, total, chosen)
    return [
        {
            "label": "Quota de l'année",
            "value": labels.dwelling_count(account.due),
            "detail": f"sur {_freed_words(total)} dans votre périmètre",
            "explain": explain,
        },
        {
            "label": "Solde reporté",
            "value": signed(-account.carried),
            "detail": "des années passées : en moins, en retard",
        },
        {
            "label": "Reçus",
            "value": labels.dwelling_count(account.received),
            "detail": f"{labels.plural(total.offered, 'logement proposé')}, "
            f"dont {labels.plural(total.refused, 'refusé')}",
        },
        {
            "label": "Écart",
            "value": signed(-account.lag),
            "detail": f"compté en {BASIS_LABELS[found.wanted.basis]}",
            "tone": _tone(account.lag),
        },
    ]


def _freed_words(share: Share) -> str:
    if share.is_secret:
        return "les logements à répartir"
    return f"{labels.plural(share.freed, 'logement')} à répartir"


def _tone(lag: int) -> str:
    return "warning" if lag >= UNIT else "info" if lag <= -UNIT else "success"


def _basis_row(found: Fairness, basis: Indicator, chosen: Chosen) -> View:
    account = found.totals[basis]
    return {
        "name": views.capital(BASIS_LABELS[basis]),
        "href": "" if basis is found.wanted.basis else chosen.href(compter=basis_code(basis)),
        **_account_cells(account),
    }


def _account_cells(account: Account) -> View:
    return {
        "carried": signed(-account.carried),
        "due": labels.dwelling_count(account.due),
        "received": labels.dwelling_count(account.received),
        "gap": signed(-account.lag),
        "tone": _tone(account.lag),
        "state": "En retard"
        if account.lag >= UNIT
        else "En avance"
        if account.lag <= -UNIT
        else "Proche de la cible",
    }


def _appeal_words(found: Fairness) -> str:
    """The part of what is least asked for, in the flux and in what was offered."""
    total, low = found.share(TOTAL), found.share((Family.APPEAL, "low"))
    if total is None or total.is_secret or not (total.freed and total.offered):
        return ""
    of_flux, offered = (low.freed, low.offered) if low else (0, 0)
    if low is not None and low.is_secret:
        return ""
    return (
        f"Attrait faible : {_among(offered, total.offered)} des logements proposés, pour "
        f"{_among(of_flux, total.freed)} de ceux à répartir dans le périmètre."
    )


def _among(count: int, total: int) -> str:
    return f"{count} sur {total} ({_percent(count, total)})"


def _percent(count: int, total: int) -> str:
    part = part_bp(count, total)
    return "" if part is None else labels.percent(part)


def _family(found: Fairness, family: Family, chosen: Chosen) -> View:
    shares = [one for one in found.shares if one.stratum[0] is family]
    total = found.share(TOTAL)
    rows = [_row(one, total, found, chosen) for one in shares if total]
    bars = [
        {"label": row["name"], "value": -one.account.lag / UNIT, "text": row["gap"]}
        for row, one in zip(rows, shares, strict=True)
    ]
    late = min(bars, key=lambda one: one["value"], default=None)
    name = FAMILIES[family]
    return {
        "id": family.value,
        "title": views.capital(name),
        "caption": f"{views.capital(name)} : ce qui a été proposé et ce qu'il y avait à répartir",
        "rows": rows,
        "bars": bars,
        "bars_title": f"Écarts par strate, en logements : {name}",
        "sentence": f"Le moins bien servi : {late['label']}, {late['text']} logement."
        if late
        else "",
    }


def _row(one: Share, total: Share, found: Fairness, chosen: Chosen) -> View:
    name = views.capital(stratum_label(one.stratum, found.communes))
    return {
        "name": name,
        "freed": UNSHOWN if one.is_secret else one.freed,
        "freed_part": "" if one.is_secret else _percent(one.freed, total.freed),
        "others": UNSHOWN if one.is_secret else one.others,
        "others_part": "" if one.is_secret else _percent(one.others, total.others),
        "offered": one.offered,
        "offered_part": _percent(one.offered, total.offered),
        "refused": one.refused,
        **_account_cells(one.account),
        "gauge": {"done": max(0, one.account.received) / UNIT, "due": one.account.due / UNIT},
        "sentence": f"{name} : {labels.dwelling_count(one.account.received)} reçu pour "
        f"{labels.dwelling_count(one.account.due)} dû",
        "explanation": _explanation(found, one, chosen),
    }


def _explanation(found: Fairness, one: Share, chosen: Chosen) -> View:
    name = stratum_label(one.stratum, found.communes)
    names = found.bailleurs
    only = found.wanted.bailleur_id
    return {
        "formula": account_words(one.account, found.wanted.basis),
        "perimeter": names[only] if only else ", ".join(names.values()),
        "date": labels.french_day(found.on),
        "note": "" if one.is_secret else f"À répartir : {one.freed}. {FREED}",
        "rows_href": entries_href(chosen, one.stratum),
        "rows_label": "Voir les écritures qui font ce chiffre",
        "hidden": views.capital(name),
    }


def entries_href(chosen: Chosen, stratum: Stratum) -> str:
    return chosen.href(ENTRIES, famille=stratum[0].value, strate=stratum[1])


def _offers_href(found: Fairness) -> str:
    """The very offers."""
    wanted = found.wanted
    if not wanted.party:
        return ""
    reservataire_id, contingent = split_party_key(wanted.party)
    return views.address(
        "/orientations",
        etape="toutes",
        annee=wanted.year,
        bailleur=wanted.bailleur_id or "",
        reservataire=reservataire_id,
        contingent=contingent,
    )


def _export_row(one: Share, found: Fairness) -> dict[str, Any]:
    account = one.account
    return {
        "famille": views.capital(FAMILIES[one.stratum[0]]),
        "strate": views.capital(stratum_label(one.stratum, found.communes)),
        "flux": None if one.is_secret else one.freed,
        "autres": None if one.is_secret else one.others,
        "proposes": one.offered,
        "refuses": one.refused,
        "reporte": Decimal(-account.carried) / UNIT,
        "quota": Decimal(account.due) / UNIT,
        "recus": Decimal(account.received) / UNIT,
        "ecart": Decimal(-account.lag) / UNIT,
    }
