"""Annexe 1 laid out as it is signed: the stock, then the rights and their rates (art. 4)."""

from __future__ import annotations

from datetime import datetime

from server.documents.annexe_tables import (
    NO_TOTAL,
    RIGHTS_HEADERS,
    SINGLE_HEADERS,
    STOCK_HEADERS,
    AnnexeTables,
    ComputedAnnexe,
    RightsRow,
    StockRow,
    tables_of,
)
from server.documents.workbooks.book import Book, Column, Kind, Sheet
from server.domain import labels
from server.domain.annexe import ExclusionCode
from server.domain.deadlines import PARIS

_BP = 10_000


STOCK_COLUMNS = (
    Column(header=STOCK_HEADERS[0], width=34),
    Column(header=STOCK_HEADERS[1], kind=Kind.COUNT, width=22),
    *(Column(header=labels.EXCLUSIONS[code], kind=Kind.COUNT, width=20) for code in ExclusionCode),
    Column(header=STOCK_HEADERS[2], kind=Kind.COUNT, width=16),
)
RIGHTS_COLUMNS = (
    Column(header=RIGHTS_HEADERS[0], width=34),
    Column(header=RIGHTS_HEADERS[1], kind=Kind.NUMBER, width=22),
    Column(header=RIGHTS_HEADERS[2], kind=Kind.RATE, width=20),
    Column(header="Dénominateur (A du périmètre)", kind=Kind.COUNT, width=20),
    Column(header="Périmètre", width=20),
)
SINGLE_COLUMNS = (
    Column(header=SINGLE_HEADERS[0], width=34),
    Column(header=SINGLE_HEADERS[1], kind=Kind.COUNT, width=22),
)


def annexe_workbook(computed: ComputedAnnexe) -> bytes:
    """Tables 1, 2 and 3; rates have different denominators, so no total of them is printed."""
    tables = tables_of(computed)
    created_at = tables.at or datetime(computed.facts.year, 1, 1, tzinfo=PARIS)
    book = Book(title=tables.title, author=tables.bailleur, created_at=created_at)
    sheet = book.sheet("Annexe 1")
    sheet.title(tables.title)
    sheet.note(tables.status)
    sheet.skip()
    _stock(sheet, tables)
    sheet.skip()
    _rights(sheet, tables)
    sheet.skip()
    _singles(sheet, tables)
    return book.close()


def _stock(sheet: Sheet, tables: AnnexeTables) -> None:
    sheet.subtitle("1. Logements du patrimoine : A, exclusions (B), C = A − B")
    rows = [_stock_row(row) for row in tables.stock]
    sheet.table("stock", STOCK_COLUMNS, rows, total=_stock_row(tables.stock_total))


def _stock_row(row: StockRow) -> tuple[str | int, ...]:
    return (row.name, row.total, *row.exclusions, row.flux)


def _rights(sheet: Sheet, tables: AnnexeTables) -> None:
    sheet.subtitle("2. Droits de réservation et taux")
    sheet.table(
        "droits",
        RIGHTS_COLUMNS,
        [_rights_row(row) for row in tables.rights],
        total=("Total", float(tables.total_droits)),
    )
    sheet.note(NO_TOTAL)


def _rights_row(row: RightsRow) -> tuple[str | int | float, ...]:
    perimeter = f"{row.perimeter} (sur C)" if row.is_over_flux else row.perimeter
    return (row.name, float(row.droits), row.rate_bp / _BP, row.denominator, perimeter)


def _singles(sheet: Sheet, tables: AnnexeTables) -> None:
    sheet.subtitle("3. Autres engagements en droit unique")
    rows = [(row.name, row.remaining) for row in tables.singles]
    sheet.table("droits_uniques", SINGLE_COLUMNS, rows)
