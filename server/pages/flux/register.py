"""The ledger of a bailleur, move by move: where every number of the flux comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from starlette.responses import Response

from server.db import tenants
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.flux import BAILLEUR, UNIT, Indicator
from server.domain.ledger import DEFERRED, PENDING
from server.domain.ledger_sentences import MOVES, stratum_label
from server.domain.strata import from_facts
from server.errors import NotFound
from server.operations import ledger
from server.operations.flux import party_name, split_party_key
from server.operations.ledger import TraceLine
from server.pages import views
from server.pages.exports import MOST_ROWS, export_links, export_response
from server.pages.flux.annexes import BASIS_LABELS
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid, whole
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction

PATH = "/flux/registre"
TITLE = "Registre du flux"
SHOWN = 50
COLUMNS = (
    Column(code="numero", label="N°", kind=Kind.INTEGER, description="Rang de l'écriture."),
    Column(code="jour", label="Date", kind=Kind.DATE, description="Jour de l'acte."),
    Column(code="ecriture", label="Écriture", description="Ce que fait l'écriture."),
    Column(
        code="strates",
        label="Strates",
        description="Le total et les strates du logement : les mêmes montants dans chacune.",
    ),
    Column(code="organisme", label="Organisme", description="À qui va le montant."),
    Column(
        code="montant",
        label="Montant (logements)",
        kind=Kind.DECIMAL,
        description="Ce qui lui est dû en plus ; négatif, ce qu'il reçoit.",
    ),
    Column(code="charte", label="Charte", description="Version de la charte ce jour-là."),
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Whose ledger, on which basis, before which move."""

    bailleur_id: UUID
    basis: Indicator
    before: int | None


def _asked(visit: Visit) -> Asked:
    is_own = visit.actor.capacity is Capacity.BAILLEUR
    bailleur_id = visit.actor.tenant_id if is_own else parse_uuid(visit.query("bailleur"))
    if bailleur_id is None:
        raise NotFound
    code = visit.query("compter")
    return Asked(
        bailleur_id=bailleur_id,
        basis=Indicator(code) if code in set(Indicator) else Indicator.ORIENTED,
        before=whole(visit.query("avant")),
    )


async def show(visit: Visit) -> Response:
    asked = _asked(visit)
    async with visit.reading() as tx:
        lines = await ledger.trace(
            tx, asked.bailleur_id, basis=asked.basis, before=asked.before, limit=SHOWN + 1
        )
        names = await _names(tx, asked.bailleur_id, lines)
        communes = await _communes(tx, lines)
    shown = lines[:SHOWN]
    visit.breadcrumb = [{"label": "Flux", "href": "/flux"}, {"label": TITLE}]
    return visit.render(
        "flux_registre.html",
        title=TITLE,
        bailleur=names[BAILLEUR],
        basis=asked.basis.value,
        bailleur_id="" if visit.actor.capacity is Capacity.BAILLEUR else str(asked.bailleur_id),
        bases=[
            {"value": basis.value, "label": views.capital(words)}
            for basis, words in BASIS_LABELS.items()
        ],
        rows=[_row(one, names, communes, visit) for one in shown],
        next_href=_address(visit, avant=shown[-1].position) if len(lines) > SHOWN else "",
        first_href=_address(visit, avant="") if asked.before else "",
        exports=export_links(visit, PATH),
        is_own=visit.actor.capacity is Capacity.RESERVATAIRE,
    )


async def export(visit: Visit) -> Response:
    """One row for each party of each move; the newest moves first."""
    asked = _asked(visit)
    async with visit.reading() as tx:
        lines = await ledger.trace(tx, asked.bailleur_id, basis=asked.basis, limit=MOST_ROWS)
        names = await _names(tx, asked.bailleur_id, lines)
        communes = await _communes(tx, lines)
    rows = [row for one in lines for row in _export_rows(one, names, communes)]
    filters = [("Bailleur", names[BAILLEUR]), ("Compté en", BASIS_LABELS[asked.basis])]
    return export_response(visit, TITLE, COLUMNS, rows, filters)


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("bailleur", "compter")}
    return views.address(PATH, **{**kept, **changed})


async def _names(
    tx: TenantTransaction, bailleur_id: UUID, lines: Sequence[TraceLine]
) -> dict[str, str]:
    keys = {key for one in lines for key in one.amounts if ":" in key}
    ids = {split_party_key(key)[0] for key in keys} | {bailleur_id}
    found = await tenants.get_tenants(tx, list(ids))
    if bailleur_id not in found:
        raise NotFound
    names = {}
    for key in keys:
        tenant_id, contingent = split_party_key(key)
        names[key] = party_name(found[tenant_id].name, contingent)
    return names | {
        BAILLEUR: found[bailleur_id].name,
        PENDING: "À orienter",
        DEFERRED: "Affectations d'urgence étalées",
    }


async def _communes(tx: TenantTransaction, lines: Sequence[TraceLine]) -> dict[str, str]:
    insees = {insee for one in lines if (insee := one.strata.get("commune"))}
    return await tenants.commune_names(tx, sorted(insees))


def _strata(line: TraceLine, communes: dict[str, str]) -> str:
    words = [stratum_label(one, communes) for one in from_facts(line.strata)]
    return views.capital(", ".join(words))


def _exact(units: int) -> str:
    """With its four decimals: what adds up to zero is seen to do so."""
    return f"{'+' if units > 0 else ''}{labels.decimal(Decimal(units) / UNIT, 4)}"


def _row(line: TraceLine, names: dict[str, str], communes: dict[str, str], visit: Visit) -> View:
    is_bailleur = visit.actor.capacity is Capacity.BAILLEUR
    return {
        "position": line.position,
        "at": labels.french_instant(line.at),
        "kind": MOVES[line.kind],
        "href": f"/liberations/{line.vacancy_id}" if is_bailleur and line.vacancy_id else "",
        "strata": _strata(line, communes),
        "amounts": [
            {"name": names[key], "text": _exact(amount)} for key, amount in _ordered(line.amounts)
        ],
        "charte": line.settings_version,
    }


def _ordered(amounts: dict[str, int]) -> Collection[tuple[str, int]]:
    """What is owed first, what is received last."""
    return sorted(amounts.items(), key=lambda one: (-one[1], one[0]))


def _export_rows(
    line: TraceLine, names: dict[str, str], communes: dict[str, str]
) -> Iterator[View]:
    for key, amount in _ordered(line.amounts):
        yield {
            "numero": line.position,
            "jour": line.at.date(),
            "ecriture": MOVES[line.kind],
            "strates": _strata(line, communes),
            "organisme": names[key],
            "montant": Decimal(amount) / UNIT,
            "charte": line.settings_version,
        }
