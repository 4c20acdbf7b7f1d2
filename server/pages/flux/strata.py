"""Who is late or ahead in which stratum: one table for a bailleur, a column for each stratum."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.flux import BAILLEUR, UNIT, Account
from server.domain.ledger import DEFERRED, PENDING, TOTAL, Family, Stratum
from server.domain.ledger_sentences import FAMILIES, signed, stratum_label, stratum_rank
from server.operations import strata
from server.operations.strata import Matrix, Wanted, account_of
from server.pages import views
from server.pages.exports import export_links, export_response
from server.pages.flux.annexes import BASIS_LABELS
from server.pages.flux.asking import (
    asked_basis,
    asked_day,
    asked_year,
    basis_code,
    basis_options,
    options,
    year_options,
)
from server.pages.flux.fairness import PATH as FAIRNESS
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.actors import Capacity

PATH = "/flux/strates"
TITLE = "Écarts par strate"
EPCI = "epci"
MOST_COLUMNS = 40
SHADES = (UNIT // 2, UNIT, 2 * UNIT)
COLUMNS = (
    Column(code="organisme", label="Organisme", description="Ligne de l'annexe 1, part du "
           "bailleur, ou logements libérés qui restent à orienter."),
    Column(code="famille", label="Famille", description="Ce sur quoi le flux s'équilibre."),
    Column(code="strate", label="Strate", description="Valeur dans la famille."),
    Column(code="reporte", label="Solde reporté", kind=Kind.DECIMAL,
           description="Avance (positive) ou retard (négatif) des années passées."),
    Column(code="quota", label="Quota de l'année", kind=Kind.DECIMAL,
           description="Dû depuis le 1er janvier."),
    Column(code="recus", label="Reçus", kind=Kind.DECIMAL,
           description="Compté depuis le 1er janvier."),
    Column(code="ecart", label="Écart", kind=Kind.DECIMAL,
           description="Solde reporté, plus reçus, moins quota : négatif, en retard."),
)  # fmt: skip

Cells = Mapping[str, Mapping[Stratum, Account]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`by_epci` adds the communes up; `epci` keeps those of one."""

    wanted: Wanted
    by_epci: bool
    epci: str

    def href(self, **changes: object) -> str:
        wanted = self.wanted
        values: dict[str, object] = {
            "annee": wanted.year,
            "au": wanted.until.isoformat() if wanted.until else "",
            "bailleur": wanted.bailleur_id or "",
            "famille": EPCI if self.by_epci else wanted.family.value,
            "epci": self.epci,
            "compter": basis_code(wanted.basis),
        }
        return views.address(PATH, **{**values, **changes})


async def _read(visit: Visit) -> tuple[Asked, Matrix, int]:
    """What is asked, as it could be answered, and the year of today."""
    code = visit.query("famille")
    by_epci = code == EPCI
    known = code in set(Family) - {Family.TOTAL}
    family = Family.COMMUNE if by_epci else Family(code) if known else Family.TYPOLOGY
    async with visit.reading() as tx:
        today = local_day(tx.now)
        year = asked_year(visit, today.year)
        wanted = Wanted(
            year=year,
            family=family,
            bailleur_id=parse_uuid(visit.query("bailleur")),
            until=asked_day(visit, year, today),
            basis=asked_basis(visit),
        )
        found = await strata.matrix(tx, wanted)
    epci = visit.query("epci")
    asked = Asked(
        wanted=found.wanted,
        by_epci=by_epci,
        epci=epci if epci in found.epcis and family is Family.COMMUNE and not by_epci else "",
    )
    return _narrowed(asked, found), found, today.year


def _narrowed(asked: Asked, found: Matrix) -> Asked:
    """More communes than a screen holds are read one EPCI at a time."""
    is_wide = asked.wanted.family is Family.COMMUNE and len(found.communes) > MOST_COLUMNS
    if is_wide and not (asked.by_epci or asked.epci):
        return replace(asked, epci=next(iter(found.epcis)))
    return asked


async def show(visit: Visit) -> Response:
    asked, found, this_year = await _read(visit)
    cells = _cells(asked, found)
    columns = _columns(cells)
    visit.breadcrumb = [{"label": "Flux", "href": "/flux"}, {"label": TITLE}]
    return visit.render(
        "flux_strates.html",
        title=TITLE,
        block="strates",
        exports=export_links(visit, PATH),
        filters=_filters(visit, asked, found, this_year),
        bailleur=found.bailleurs.get(found.wanted.bailleur_id) if found.wanted.bailleur_id else "",
        day=labels.french_day(found.on),
        basis_label=BASIS_LABELS[found.wanted.basis],
        family=_family_label(asked),
        columns=[{"label": "Organisme"}]
        + [{"label": _label(one, found), "num": True} for one in columns],
        rows=[_row(key, name, cells, columns, asked) for key, name in _parties(found, cells)],
        sums=[
            signed(-sum(row[one].lag for row in cells.values() if one in row)) for one in columns
        ],
    )


async def export(visit: Visit) -> Response:
    asked, found, _ = await _read(visit)
    cells = _cells(asked, found)
    rows = [
        _export_row(name, one, cells[key][one], asked, found)
        for key, name in _parties(found, cells)
        for one in _columns(cells)
        if one in cells[key]
    ]
    return export_response(visit, TITLE, COLUMNS, rows, list(_told(asked, found)))


def _told(asked: Asked, found: Matrix) -> Iterator[tuple[str, str]]:
    if found.wanted.bailleur_id:
        yield "Bailleur", found.bailleurs[found.wanted.bailleur_id]
    yield "Famille", _family_label(asked)
    if asked.epci:
        yield "EPCI", found.epcis[asked.epci][0]
    yield "Du 1er janvier au", labels.french_day(found.on)
    yield "Compté en", BASIS_LABELS[found.wanted.basis]


def _family_label(asked: Asked) -> str:
    return "EPCI" if asked.by_epci else FAMILIES[asked.wanted.family]


# --- Cells ----------------------------------------------------------------------------------------


def _cells(asked: Asked, found: Matrix) -> Cells:
    """Party → stratum → account; communes added up by EPCI, or those of one EPCI alone."""
    cells: defaultdict[str, dict[Stratum, Account]] = defaultdict(dict)
    for one in found.balances:
        stratum = _stratum(asked, found, (Family(one.family), one.value))
        if stratum is not None:
            row = cells[one.party]
            row[stratum] = row.get(stratum, Account()) + account_of(one)
    return cells


def _stratum(asked: Asked, found: Matrix, stratum: Stratum) -> Stratum | None:
    family, value = stratum
    if family is not Family.COMMUNE:
        return stratum
    if asked.by_epci:
        return family, next(
            (key for key, (_, insees) in found.epcis.items() if value in insees), ""
        )
    is_kept = not asked.epci or value in found.epcis[asked.epci][1]
    return stratum if is_kept else None


def _columns(cells: Cells) -> list[Stratum]:
    return sorted({one for row in cells.values() for one in row}, key=stratum_rank)


def _sum(cells: Cells, stratum: Stratum) -> int:
    return sum(row[stratum].lag for row in cells.values() if stratum in row)


def _label(stratum: Stratum, found: Matrix) -> str:
    family, value = stratum
    if stratum == TOTAL:
        return "Total"
    if family is Family.COMMUNE and value in found.epcis:
        return found.epcis[value][0]
    if family is Family.COMMUNE and not value:
        return "Hors annexe 1"
    return views.capital(stratum_label(stratum, found.communes))


def _parties(found: Matrix, cells: Cells) -> list[tuple[str, str]]:
    """In the order of the annexes; the bailleur, then what waits, last."""
    own = ((BAILLEUR, "Part du bailleur"), (PENDING, "À orienter"), (DEFERRED, "À étaler"))
    past = [(key, "Ligne d'une annexe passée") for key in cells if key not in found.parties]
    named = [*found.parties.items(), *(one for one in past if ":" in one[0]), *own]
    return [(key, name) for key, name in named if key in cells]


def _row(key: str, name: str, cells: Cells, columns: list[Stratum], asked: Asked) -> View:
    wanted = asked.wanted
    return {
        "name": name,
        "href": views.address(
            FAIRNESS,
            annee=wanted.year,
            au=wanted.until.isoformat() if wanted.until else "",
            bailleur=wanted.bailleur_id,
            ligne=key,
            compter=basis_code(wanted.basis),
        )
        if ":" in key
        else "",
        "cells": [
            _cell(cells[key].get(one), is_party=key not in (PENDING, DEFERRED)) for one in columns
        ],
    }


def _cell(account: Account | None, *, is_party: bool) -> View:
    """Its colour repeats the sign and the size of the number; what waits is nobody's gap."""
    if account is None:
        return {"text": "–", "shade": "", "detail": ""}
    gap = -account.lag
    if not is_party:
        return {"text": signed(gap), "shade": "", "detail": ""}
    strength = sum(abs(gap) >= least for least in SHADES)
    side = "late" if gap < 0 else "ahead"
    return {
        "text": signed(gap),
        "shade": f"{side}-{strength}" if strength else "",
        "detail": f"{labels.dwelling_count(account.received)} sur "
        f"{labels.dwelling_count(account.due)}",
    }


def _filters(visit: Visit, asked: Asked, found: Matrix, this_year: int) -> View:
    wanted = asked.wanted
    names = {key: name for key, (name, _) in found.epcis.items()}
    chips = []
    if wanted.until:
        chips.append({"label": f"Au {labels.french_day(wanted.until)}", "href": asked.href(au="")})
    families = {
        one.value: views.capital(FAMILIES[one]) for one in Family if one is not Family.TOTAL
    }
    return {
        "asked": asked,
        "family": EPCI if asked.by_epci else wanted.family.value,
        "chips": chips,
        "years": year_options(this_year),
        "bases": basis_options(),
        "families": options({**families, EPCI: "EPCI"}.items()),
        "epcis": options(names.items())
        if wanted.family is Family.COMMUNE and not asked.by_epci
        else [],
        "bailleurs": options((str(key), name) for key, name in found.bailleurs.items())
        if visit.actor.capacity is Capacity.PREFECTURE
        else [],
    }


def _export_row(
    name: str, stratum: Stratum, account: Account, asked: Asked, found: Matrix
) -> dict[str, Any]:
    return {
        "organisme": name,
        "famille": "Total" if stratum == TOTAL else views.capital(_family_label(asked)),
        "strate": _label(stratum, found),
        "reporte": Decimal(-account.carried) / UNIT,
        "quota": Decimal(account.due) / UNIT,
        "recus": Decimal(account.received) / UNIT,
        "ecart": Decimal(-account.lag) / UNIT,
    }
