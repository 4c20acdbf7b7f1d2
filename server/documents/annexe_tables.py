"""The three tables of annexe 1, as signed: one model for the page, the PDF and the XLSX (art. 4).

There is no total of rates: their denominators differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from server.db.flux import AnnexeFacts
from server.domain import annexe_labels, labels
from server.domain.annexe import Annexe, CommuneStock, Denominator, ExclusionCode, LineRate

STOCK_TITLE = "Définition de l'assiette et répartition du flux"
STOCK_HEADERS = ("Échelle", "Nombre total de logements (A)", "Total brut du flux (C)")
EXCLUDED = "Logements exclus de l'assiette du flux (B)"
RIGHTS_HEADERS = (
    "Transformation du stock en flux",
    "Nombre de droits de réservation selon l'ex-stock",
    "Total de représentativité",
)
SINGLE_HEADERS = ("Autres engagements en droit unique", "Nombre de logements restant dus")
NO_TOTAL = "Les taux ont des dénominateurs différents : ils ne s'additionnent pas."


class ComputedAnnexe(Protocol):
    """An annexe as stored and as computed."""

    @property
    def facts(self) -> AnnexeFacts: ...

    @property
    def annexe(self) -> Annexe: ...


@dataclass(frozen=True, kw_only=True)
class StockRow:
    """A row of table 1: a commune, or the EPCI."""

    name: str
    total: int
    exclusions: tuple[int, ...]
    flux: int


@dataclass(frozen=True, kw_only=True)
class RightsRow:
    """A row of table 2; the rate in 1/100 %, the perimeter in words."""

    name: str
    droits: Decimal
    droits_text: str
    rate_bp: int
    denominator: int
    is_over_flux: bool
    perimeter: str


@dataclass(frozen=True, kw_only=True)
class SingleRow:
    """A row of table 3."""

    name: str
    remaining: int


@dataclass(frozen=True, kw_only=True)
class AnnexeTables:
    """What is printed, in the order of the signed annexe."""

    title: str
    epci: str
    bailleur: str
    status: str
    at: datetime | None
    stock: tuple[StockRow, ...]
    stock_total: StockRow
    rights: tuple[RightsRow, ...]
    total_droits: Decimal
    total_text: str
    singles: tuple[SingleRow, ...]


def tables_of(computed: ComputedAnnexe) -> AnnexeTables:
    facts, annexe = computed.facts, computed.annexe
    totals = annexe.totals
    names = {share.stock.insee: share.stock.name for share in annexe.communes}
    return AnnexeTables(
        title=f"Annexe 1 – {facts.bailleur_name} – {facts.epci_name} – {facts.year}",
        epci=facts.epci_name,
        bailleur=facts.bailleur_name,
        status=_status(facts),
        at=facts.published_at,
        stock=tuple(_stock(share.stock) for share in annexe.communes),
        stock_total=StockRow(
            name=facts.epci_name,
            total=totals.total,
            exclusions=tuple(totals.exclusions[code] for code in ExclusionCode),
            flux=totals.flux,
        ),
        rights=tuple(_rights(rate, names) for rate in annexe.lines),
        total_droits=annexe.total_droits,
        total_text=annexe_labels.total_droits(annexe),
        singles=tuple(
            SingleRow(name=f"{one.reservataire_name}, {one.programme}", remaining=one.remaining)
            for one in facts.droits_uniques
        ),
    )


def _status(facts: AnnexeFacts) -> str:
    if facts.published_at is None:
        return f"Version {facts.version}, non publiée"
    author = f" par {facts.published_by}" if facts.published_by else ""
    day = labels.french_instant(facts.published_at)
    return f"Version {facts.version}, publiée le {day}{author}"


def _stock(stock: CommuneStock) -> StockRow:
    return StockRow(
        name=stock.name,
        total=stock.total,
        exclusions=tuple(stock.exclusions.get(code, 0) for code in ExclusionCode),
        flux=stock.flux,
    )


def _rights(rate: LineRate, names: dict[str, str]) -> RightsRow:
    contingent = labels.CONTINGENTS[rate.line.contingent]
    name = f"{rate.line.reservataire} / {contingent}" if contingent else rate.line.reservataire
    covered = [name for insee, name in names.items() if rate.covers(insee)]
    return RightsRow(
        name=name,
        droits=rate.droits,
        droits_text=annexe_labels.droits(rate),
        rate_bp=rate.rate_bp,
        denominator=rate.denominator,
        is_over_flux=rate.line.denominator is Denominator.FLUX,
        perimeter="toutes les communes" if len(covered) == len(names) else ", ".join(covered),
    )
