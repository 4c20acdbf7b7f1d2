"""A spreadsheet as lines of text, read by a confined child: `python -m` this module.

What a hostile file could make the reader allocate or compute ends the child, never the worker.
Standard input: the file; standard output: a line a row, cells apart by SEPARATOR; status 0, or
one of REASONS.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from datetime import date, datetime
from io import BytesIO
from typing import Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

SEPARATOR = "\x1f"
MEMORY = 900 * 1024 * 1024
"""Address space of the child, in octets: its libraries take a third of it."""
SECONDS = 60
MOST_ROWS, MOST_COLUMNS = 100_000, 256
WIDE_ENOUGH = 7
"""Columns: what is required of a dwelling."""
REASONS = {3: "password", 4: "unreadable", 5: "too_large"}
_PASSWORD, _UNREADABLE, _TOO_LARGE = 3, 4, 5


def lines_of(content: bytes) -> tuple[str, str]:
    """The text of the sheet of the stock, and "" or the reason of a refusal."""
    command = [sys.executable, "-m", "server.documents.imports.spreadsheets"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, input=content, capture_output=True, check=False, timeout=2 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return "", "too_large"
    if done.returncode:
        return "", REASONS.get(done.returncode, "too_large")
    return done.stdout.decode(), ""


def confine() -> None:
    """Bound the memory and the time of this process, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def convert(source: BinaryIO, target: BinaryIO) -> int:
    """Write the lines of the workbook; 0, or the status that tells why not."""
    try:
        with CalamineWorkbook.from_filelike(BytesIO(source.read())) as book:
            return _write(book, target)
    except PasswordError:
        return _PASSWORD
    except MemoryError:
        return _TOO_LARGE
    except (CalamineError, OSError, ValueError):
        return _UNREADABLE


def _write(book: CalamineWorkbook, target: BinaryIO) -> int:
    """The first sheet that an office sees and that is wide enough to be a stock; a cover page, or
    a draft that is hidden, is passed over.
    """
    kept: CalamineSheet | None = None
    for one in book.sheets_metadata:
        if one.typ != SheetTypeEnum.WorkSheet or one.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(one.name)
        if sheet.total_height > MOST_ROWS or sheet.total_width > MOST_COLUMNS:
            return _TOO_LARGE
        if sheet.height and (kept is None or sheet.width >= WIDE_ENOUGH > kept.width):
            kept = sheet
    if kept is not None:
        first = kept.start[0] if kept.start else 0
        target.write(b"\n" * first)  # a row keeps the number that the office sees
        rows = kept.to_python(skip_empty_area=True)
        target.writelines(f"{SEPARATOR.join(map(_text, row))}\n".encode() for row in rows)
    return 0


def _text(cell: Any) -> str:
    """As an office would have typed it; a date as AAAA-MM-JJ, a whole number without a point."""
    if isinstance(cell, bool):
        return "oui" if cell else "non"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).replace(SEPARATOR, " ").split("\n"))


if __name__ == "__main__":
    confine()
    sys.exit(convert(sys.stdin.buffer, sys.stdout.buffer))
