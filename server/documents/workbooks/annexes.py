"""Annexe 1 laid out as it is signed: the stock, then the rights and their rates (art. 4)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from server.db.flux import AnnexeFacts
from server.documents.workbooks.book import Book, Column, Kind, Sheet
from server.domain import labels
from server.domain.annexe import Annexe, CommuneShare, ExclusionCode, LineRate
from server.domain.deadlines import PARIS

_BP = 10_000


class ComputedAnnexe(Protocol):
    """An annexe as stored and as computed."""

    @property
    def facts(self) -> AnnexeFacts: ...

    @property
    def annexe(self) -> Annexe: ...


STOCK_COLUMNS = (
    Column(header="Échelle", width=34),
    Column(header="Nombre total de logements (A)", kind=Kind.COUNT, width=22),
    *(Column(header=labels.EXCLUSIONS[code], kind=Kind.COUNT, width=20) for code in ExclusionCode),
    Column(header="Total brut du flux (C)", kind=Kind.COUNT, width=16),
)
RIGHTS_COLUMNS = (
    Column(header="Transformation du stock en flux", width=34),
    Column(header="Nombre de droits de réservation selon l'ex-stock", kind=Kind.NUMBER, width=22),
    Column(header="Total de représentativité", kind=Kind.RATE, width=20),
    Column(header="Dénominateur (A du périmètre)", kind=Kind.COUNT, width=20),
    Column(header="Périmètre", width=20),
)


def annexe_workbook(computed: ComputedAnnexe) -> bytes:
    """Tables 1 and 2; rates have different denominators, so no total of them is ever printed."""
    facts = computed.facts
    title = f"Annexe 1 – {facts.bailleur_name} – {facts.epci_name} – {facts.year}"
    created_at = facts.published_at or datetime(facts.year, 1, 1, tzinfo=PARIS)
    book = Book(title=title, author=facts.bailleur_name, created_at=created_at)
    sheet = book.sheet("Annexe 1")
    sheet.title(title)
    sheet.note(_version(facts))
    sheet.skip()
    _stock(sheet, computed)
    sheet.skip()
    _rights(sheet, computed)
    return book.close()


def _version(facts: AnnexeFacts) -> str:
    if facts.published_at is None:
        return f"Version {facts.version}, non publiée"
    return f"Version {facts.version}, publiée le {labels.french_instant(facts.published_at)}"


def _stock(sheet: Sheet, computed: ComputedAnnexe) -> None:
    sheet.subtitle("1. Logements du patrimoine : A, exclusions (B), C = A − B")
    totals = computed.annexe.totals
    sheet.table(
        "stock",
        STOCK_COLUMNS,
        [_commune(share) for share in computed.annexe.communes],
        total=(
            computed.facts.epci_name,
            totals.total,
            *(totals.exclusions[code] for code in ExclusionCode),
            totals.flux,
        ),
    )


def _commune(share: CommuneShare) -> tuple[str | int, ...]:
    stock = share.stock
    excluded = (stock.exclusions.get(code, 0) for code in ExclusionCode)
    return (stock.name, stock.total, *excluded, stock.flux)


def _rights(sheet: Sheet, computed: ComputedAnnexe) -> None:
    names = {share.stock.insee: share.stock.name for share in computed.annexe.communes}
    sheet.subtitle("2. Droits de réservation et taux")
    sheet.table(
        "droits",
        RIGHTS_COLUMNS,
        [_line(rate, names) for rate in computed.annexe.lines],
        total=("Total", float(computed.annexe.total_droits)),
    )
    sheet.note("Les taux ont des dénominateurs différents : ils ne s'additionnent pas.")


def _line(rate: LineRate, names: dict[str, str]) -> tuple[str | int | float, ...]:
    contingent = labels.CONTINGENTS[rate.line.contingent]
    name = f"{rate.line.reservataire} / {contingent}" if contingent else rate.line.reservataire
    covered = [name for insee, name in names.items() if rate.covers(insee)]
    perimeter = "toutes les communes" if len(covered) == len(names) else ", ".join(covered)
    return (name, float(rate.droits), rate.rate_bp / _BP, rate.denominator, perimeter)
