"""A list as a file: the same rows, typed, with what they mean and which filters made them.

Nothing that anybody typed is ever a formula, an address or a number by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from csv import writer
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from io import BytesIO, StringIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from server.documents.workbooks.book import A4, BLUE, FONT_SIZE, SAFE
from server.domain import labels
from server.domain.deadlines import PARIS

Row = Mapping[str, Any]

LONGEST_TEXT = 32_767  # what a cell of a spreadsheet can hold
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for the beginning of a formula, or drops before reading one.
DANGEROUS = tuple("=+-@\t\r\n\0＝＋－＠")
_BP = 10_000
_TRUTH = {True: "oui", False: "non"}


class Kind(Enum):
    """What a column holds, in words; a rate is given in 1/100 %, as everywhere in the portal."""

    TEXT = "texte"
    INTEGER = "nombre entier"
    DECIMAL = "nombre décimal"
    PERCENT = "pourcentage"
    DATE = "date"
    INSTANT = "date et heure de Paris"
    BOOLEAN = "vrai ou faux"


FORMATS = {
    Kind.TEXT: "@",
    Kind.INTEGER: "#,##0",
    Kind.DECIMAL: "#,##0.00",
    Kind.PERCENT: "0.00%",
    Kind.DATE: "dd/mm/yyyy",
    Kind.INSTANT: "dd/mm/yyyy hh:mm",
    Kind.BOOLEAN: "General",
}
WIDTHS = {Kind.TEXT: 24, Kind.INSTANT: 17}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `code` is its key in the rows and never changes, `label` is its header."""

    code: str
    label: str
    kind: Kind = Kind.TEXT
    description: str


@dataclass(frozen=True, kw_only=True)
class About:
    """For whom and when the file was made, and the filters in place, as (name, value)."""

    organisme: str
    at: datetime
    filters: Sequence[tuple[str, str]] = ()


def workbook(title: str, columns: Sequence[Column], rows: Iterable[Row], *, about: About) -> bytes:
    """The rows, then « Dictionnaire » and « À propos »; same facts, same bytes."""
    target = BytesIO()
    book = Workbook(target, SAFE)
    made_at = about.at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": title, "author": about.organisme, "created": made_at})
    styles = {kind: book.add_format(_style(kind)) for kind in Kind}
    head = book.add_format(_style(Kind.TEXT) | HEADER)
    count = _list(book.add_worksheet("Liste"), columns, rows, styles, head)
    dictionary = [(one.label, one.code, one.kind.value, one.description) for one in columns]
    words = ("Colonne", "Code", "Type", "Signification")
    _texts(book.add_worksheet("Dictionnaire"), [words, *dictionary], (28, 22, 22, 80), styles, head)
    facts = [("Information", "Valeur"), *_about(title, about, count)]
    _texts(book.add_worksheet("À propos"), facts, (28, 80), styles, head)
    book.close()
    return target.getvalue()


HEADER = {"bold": True, "bg_color": BLUE, "font_color": "#FFFFFF", "text_wrap": True, "border": 1}


def _style(kind: Kind) -> dict[str, Any]:
    return {"font_size": FONT_SIZE, "valign": "top", "num_format": FORMATS[kind]}


def _about(title: str, about: About, count: int) -> list[tuple[str, str]]:
    return [
        ("Liste", title),
        ("Organisme", about.organisme),
        ("Éditée le", labels.french_instant(about.at)),
        ("Lignes", labels.number(count)),
        *(about.filters or [("Filtre", "aucun")]),
        ("Source", "Portail du flux : ce que l'organisme pouvait lire à cet instant"),
    ]


def _list(
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Iterable[Row],
    styles: Mapping[Kind, Any],
    head: Any,
) -> int:
    """Write the rows under a frozen, filtered header, and answer how many there were."""
    for index, column in enumerate(columns):
        sheet.set_column(index, index, WIDTHS.get(column.kind, 13))
        sheet.write_string(0, index, column.label, head)
    last = 0
    for last, row in enumerate(rows, 1):
        for index, column in enumerate(columns):
            _write(sheet, last, index, row[column.code], column.kind, styles[column.kind])
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    sheet.repeat_rows(0)
    _fit(sheet)
    return last


def _texts(
    sheet: Worksheet,
    lines: Sequence[Sequence[str]],
    widths: Sequence[int],
    styles: Mapping[Kind, Any],
    head: Any,
) -> None:
    for index, width in enumerate(widths):
        sheet.set_column(index, index, width)
    for number, line in enumerate(lines):
        for index, text in enumerate(line):
            sheet.write_string(number, index, text, styles[Kind.TEXT] if number else head)
    sheet.freeze_panes(1, 0)
    _fit(sheet)


def _fit(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RPage &P / &N")


def _write(sheet: Worksheet, row: int, column: int, value: Any, kind: Kind, style: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
    elif kind is Kind.TEXT:
        sheet.write_string(row, column, str(value)[:LONGEST_TEXT], style)
    elif kind is Kind.DATE:
        sheet.write_datetime(row, column, value, style)
    elif kind is Kind.INSTANT:
        sheet.write_datetime(row, column, _local(value), style)
    elif kind is Kind.BOOLEAN:
        sheet.write_boolean(row, column, value, style)
    else:
        sheet.write_number(row, column, value / _BP if kind is Kind.PERCENT else value, style)


def _local(instant: datetime) -> datetime:
    """A spreadsheet knows no time zone: the wall clock of Paris."""
    return instant.astimezone(PARIS).replace(tzinfo=None)


# --- CSV ----------------------------------------------------------------------------------------


def csv(columns: Sequence[Column], rows: Iterable[Row]) -> bytes:
    """As a French spreadsheet opens it: UTF-8 with its mark, semicolons, decimal commas."""
    target = StringIO()
    lines = writer(target, delimiter=";", lineterminator="\r\n")
    lines.writerow([_defused(column.label) for column in columns])
    lines.writerows([_text(row[column.code], column.kind) for column in columns] for row in rows)
    return (BYTE_ORDER_MARK + target.getvalue()).encode()


def _text(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind is Kind.TEXT:
        return _defused(str(value))
    return _WORDS[kind](value)


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _french_number(value: Decimal | float) -> str:
    return f"{Decimal(str(value)):f}".replace(".", ",")


def _french_date(day: date) -> str:
    return f"{day:%d/%m/%Y}"


_WORDS: Mapping[Kind, Callable[[Any], str]] = {
    Kind.INTEGER: str,
    Kind.DECIMAL: _french_number,
    Kind.PERCENT: lambda rate_bp: f"{_french_number(Decimal(rate_bp) / 100)}%",
    Kind.DATE: _french_date,
    Kind.INSTANT: lambda instant: f"{_local(instant):%d/%m/%Y %H:%M}",
    Kind.BOOLEAN: lambda value: _TRUTH[bool(value)],
}
