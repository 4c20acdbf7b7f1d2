"""The file given back: its lines as they were sent, and beside them what is to be mended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from io import BytesIO

from xlsxwriter import Workbook

from server.documents.imports.converting import Fault
from server.documents.imports.layouts import Layout
from server.documents.imports.sources import Lines
from server.documents.workbooks.book import BLUE, SAFE

MOST_LINES = 3_000
"""Given back; above, only the lines with a message."""
_MESSAGE_WIDTH, _CELL_WIDTH = 70, 16
_HEAD = ("Ligne", "Ce qu'il faut corriger ou confirmer")
LONGEST_CELL = 32_000


def annotate(lines: Lines, layout: Layout, faults: Sequence[Fault]) -> bytes:
    """A workbook of the lines, with a column of messages; nothing in it is ever a formula."""
    told: dict[int, list[Fault]] = defaultdict(list)
    for one in faults:
        told[one.line].append(one)
    target = BytesIO()
    book = Workbook(target, {**SAFE, "constant_memory": True})
    sheet = book.add_worksheet("Fichier annoté")
    head = book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE})
    wrong = book.add_format({"bg_color": "#FBE3E4", "num_format": "@"})
    plain = book.add_format({"num_format": "@"})
    sheet.set_column(1, 1, _MESSAGE_WIDTH)
    sheet.set_column(2, len(layout.header) + 1, _CELL_WIDTH)
    sheet.freeze_panes(1, 2)
    for column, name in enumerate((*_HEAD, *layout.header)):
        sheet.write_string(0, column, name, head)
    for position, (number, cells) in enumerate(_kept(lines, layout, told), 1):
        sheet.write_number(position, 0, number)
        sheet.write_string(position, 1, _messages(told.get(number, [])))
        blamed = {one.column for one in told.get(number, [])}
        for column, name in enumerate(layout.header):
            cell = cells[column] if column < len(cells) else ""  # what lacks is coloured too
            style = wrong if name in blamed else plain
            sheet.write_string(position, column + 2, cell[:LONGEST_CELL], style)
    book.close()
    return target.getvalue()


def _kept(lines: Lines, layout: Layout, told: Mapping[int, object]) -> list[tuple[int, list[str]]]:
    is_whole = lines.count <= MOST_LINES
    kept: list[tuple[int, list[str]]] = []
    for number, cells in lines:
        if number > layout.header_line and (is_whole or number in told):
            kept.append((number, cells))
        if len(kept) == MOST_LINES:
            break
    return kept


def _messages(faults: Sequence[Fault]) -> str:
    return " ".join(
        f"{'À corriger' if one.is_blocking else 'À confirmer'}, colonne « {one.column} » : "
        f"{one.message}"
        for one in faults
    )
