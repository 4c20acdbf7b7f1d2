"""An XLSX in memory: typed cells, tables with filters, a print that fits, nothing executable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

A4 = 9
FONT_SIZE = 10
# a text that begins with = + - or @ stays a text: nothing typed by anybody is ever a formula
SAFE = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
GREEN, RED, BLUE = "#1B6E3C", "#A4161A", "#12395B"


class Kind(Enum):
    """What a column holds; the value is its number format."""

    TEXT = "@"
    NUMBER = "General"
    COUNT = "#,##0"
    DWELLINGS = "#,##0.00"
    GAP = "+#,##0.00;-#,##0.00;0.00"
    RATE = "0.00%"
    DATE = "dd/mm/yyyy"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table; `meaning` goes to the dictionary of the workbook."""

    header: str
    kind: Kind = Kind.TEXT
    width: int = 14
    meaning: str = ""


Row = Sequence[Any]


class Sheet:
    """A sheet written from top to bottom."""

    def __init__(self, book: Book, name: str) -> None:
        self._book = book
        self.name = name
        self._sheet = book.workbook.add_worksheet(name)
        self._sheet.set_landscape()
        self._sheet.set_paper(A4)
        self._sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_footer(f"&L{name}&RPage &P / &N")
        self._next = 0
        self._widths: dict[int, int] = {}

    def skip(self) -> None:
        self._next += 1

    def title(self, text: str) -> None:
        self._sheet.write_string(self._next, 0, text, self._book.style(bold=True, size=14))
        self._next += 1

    def subtitle(self, text: str) -> None:
        self._sheet.write_string(self._next, 0, text, self._book.style(bold=True, size=11))
        self._next += 1

    def note(self, text: str) -> None:
        self._sheet.write_string(self._next, 0, text, self._book.style())
        self._next += 1

    def pair(self, label: str, value: object, kind: Kind = Kind.TEXT) -> None:
        self._sheet.write_string(self._next, 0, label, self._book.style(bold=True))
        self._write(self._next, 1, value, kind)
        self._next += 1

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Row],
        *,
        total: Row | None = None,
        freeze: bool = False,
        verdicts: int | None = None,
    ) -> None:
        """A filtered table; `total` stands below it, outside of the filter; `verdicts` is the
        column whose texts are green when « conforme », red otherwise.
        """
        first = self._next
        body = rows or [("Aucune ligne", *[None] * (len(columns) - 1))]
        for offset, row in enumerate(body, 1):
            for index, value in enumerate(row):
                color = _verdict(value) if index == verdicts else None
                self._write(first + offset, index, value, columns[index].kind, color=color)
        self._sheet.add_table(
            *(first, 0, first + len(body), len(columns) - 1),
            {
                "name": name,
                "style": "Table Style Light 1",
                "columns": [
                    {"header": column.header, "header_format": self._book.style(header=True)}
                    for column in columns
                ],
            },
        )
        self._fit(columns)
        if freeze:
            self._sheet.freeze_panes(first + 1, 1)
            self._sheet.repeat_rows(first)
        self._next = first + len(body) + 1
        if total is not None:
            self._total(columns, total)

    def _total(self, columns: Sequence[Column], row: Row) -> None:
        for index, value in enumerate(row):
            self._write(self._next, index, value, columns[index].kind, bold=True)
        self._next += 1

    def _fit(self, columns: Sequence[Column]) -> None:
        for index, column in enumerate(columns):
            width = max(self._widths.get(index, 0), column.width)
            self._widths[index] = width
            self._sheet.set_column(index, index, width)

    def _write(
        self,
        row: int,
        column: int,
        value: object,
        kind: Kind,
        *,
        bold: bool = False,
        color: str | None = None,
    ) -> None:
        style = self._book.style(kind=kind, bold=bold, color=color)
        if value is None or value == "":
            self._sheet.write_blank(row, column, None, style)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, column, value, style)
        elif isinstance(value, str):
            self._sheet.write_string(row, column, value, style)
        else:
            self._sheet.write_number(row, column, value, style)


def _verdict(value: object) -> str:
    return GREEN if value == "conforme" else RED


class Book:
    """A workbook; `created_at` is the date of its facts: the bytes depend on nothing else."""

    def __init__(self, *, title: str, author: str, created_at: datetime) -> None:
        self._target = BytesIO()
        self.workbook = Workbook(self._target, SAFE)
        self.workbook.set_properties(
            {
                "title": title,
                "author": author,
                "created": created_at.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        self._styles: dict[tuple[object, ...], Any] = {}

    def sheet(self, name: str) -> Sheet:
        return Sheet(self, name)

    def style(
        self,
        *,
        kind: Kind = Kind.TEXT,
        bold: bool = False,
        header: bool = False,
        size: int = FONT_SIZE,
        color: str | None = None,
    ) -> Any:
        key = (kind, bold, header, size, color)
        if key not in self._styles:
            values: dict[str, Any] = {"font_size": size, "valign": "top", "num_format": kind.value}
            if bold or color:
                values["bold"] = True
            if color:
                values["font_color"] = color
            if header:
                values |= {"bold": True, "bg_color": BLUE, "font_color": "#FFFFFF"}
                values |= {"text_wrap": True, "border": 1}
            self._styles[key] = self.workbook.add_format(values)
        return self._styles[key]

    def close(self) -> bytes:
        self.workbook.close()
        return self._target.getvalue()
