"""The entries that make one number of the fairness page, the newest first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from starlette.responses import Response

from server.db.ledgers import StratumEntry
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.flux import UNIT, Account
from server.domain.ledger import Family, Stratum
from server.domain.ledger_sentences import FAMILIES, MOVES, signed, stratum_label
from server.domain.strata import from_facts
from server.errors import NotFound
from server.operations import fairness
from server.operations.fairness import Fairness, StratumAccount
from server.pages import views
from server.pages.exports import MOST_ROWS, export_links, export_response
from server.pages.flux.annexes import BASIS_LABELS, account_words
from server.pages.flux.asking import Chosen, asked_fairness
from server.pages.flux.fairness import ENTRIES, PATH, TITLE
from server.pages.views import View
from server.pages.visits import Visit

SHOWN = 200
COLUMNS = (
    Column(code="jour", label="Date", kind=Kind.DATE, description="Jour de l'acte."),
    Column(code="bailleur", label="Bailleur", description="À qui est le registre."),
    Column(code="numero", label="N°", kind=Kind.INTEGER, description="Rang dans ce registre."),
    Column(code="ecriture", label="Écriture", description="Ce que fait l'écriture."),
    Column(code="strates", label="Strates", description="Le total et les strates du logement."),
    Column(
        code="montant",
        label="Montant (logements)",
        kind=Kind.DECIMAL,
        description="Positif, dû à la ligne ; négatif, reçu. La somme est le retard.",
    ),
)


def _asked_stratum(visit: Visit) -> Stratum:
    family = visit.query("famille") or Family.TOTAL.value
    if family not in set(Family):
        raise NotFound
    return Family(family), visit.query("strate")


async def _account(visit: Visit, limit: int) -> StratumAccount:
    stratum = _asked_stratum(visit)
    async with visit.reading() as tx:
        wanted = asked_fairness(visit, local_day(tx.now))
        found = await fairness.stratum_account(tx, wanted, stratum, limit=limit)
    if found is None:
        raise NotFound
    return found


async def show(visit: Visit) -> Response:
    account = await _account(visit, SHOWN + 1)
    found, share = account.fairness, account.share
    name = views.capital(stratum_label(share.stratum, found.communes))
    chosen = Chosen(path=PATH, wanted=found.wanted)
    visit.breadcrumb = [
        {"label": "Flux", "href": "/flux"},
        {"label": TITLE, "href": chosen.href()},
        {"label": name},
    ]
    rows = [_row(one, found) for one in account.entries[:SHOWN]]
    return visit.render(
        "flux_equite_ecritures.html",
        title=f"Écritures : {name}",
        who=found.lines[found.wanted.party],
        family=FAMILIES[share.stratum[0]],
        day=labels.french_day(found.on),
        words=account_words(share.account, found.wanted.basis),
        sums=_sums(share.account, found.on.year),
        rows=rows,
        is_cut=len(account.entries) > SHOWN,
        exports=export_links(visit, ENTRIES),
        back=chosen.href(),
    )


async def export(visit: Visit) -> Response:
    account = await _account(visit, MOST_ROWS)
    found, share = account.fairness, account.share
    filters = [
        ("Ligne", found.lines[found.wanted.party]),
        ("Strate", stratum_label(share.stratum, found.communes)),
        ("Jusqu'au", labels.french_day(found.on)),
        ("Compté en", BASIS_LABELS[found.wanted.basis]),
    ]
    rows = [_export_row(one, found) for one in account.entries]
    return export_response(visit, "Écritures du flux", COLUMNS, rows, filters)


def _sums(account: Account, year: int) -> str:
    """What the amounts add up to, before the year and in it, as the reader will find by adding."""
    return (
        f"Somme des montants avant {year} : {signed(account.carried)} ; en {year} : "
        f"{signed(account.lag - account.carried)} ; en tout {signed(account.lag)}, qui est le "
        f"retard. L'écart est ce nombre, de signe contraire : {signed(-account.lag)}."
    )


def _strata(one: StratumEntry, found: Fairness) -> str:
    words = [stratum_label(stratum, found.communes) for stratum in from_facts(one.strata)]
    return views.capital(", ".join(words[1:] or words))


def _row(one: StratumEntry, found: Fairness) -> View:
    sign = "+" if one.amount > 0 else "−"
    return {
        "kind": MOVES[one.kind],
        "at": labels.french_instant(one.at),
        "bailleur": found.bailleurs.get(one.bailleur_id, ""),
        "position": one.position,
        "strata": _strata(one, found),
        "amount": f"{sign}{labels.decimal(Decimal(abs(one.amount)) / UNIT, 4)}",
    }


def _export_row(one: StratumEntry, found: Fairness) -> dict[str, Any]:
    return {
        "jour": local_day(one.at),
        "bailleur": found.bailleurs.get(one.bailleur_id, ""),
        "numero": one.position,
        "ecriture": MOVES[one.kind],
        "strates": _strata(one, found),
        "montant": Decimal(one.amount) / UNIT,
    }
