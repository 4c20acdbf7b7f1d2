"""Files that a bailleur's office would send, made by hand, and their way through the worker."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

from xlsxwriter import Workbook

from server.operations import imports
from server.operations.imports import ConfirmImport, NewImport
from server.tenants.transactions import Database as App
from tests.operations.play import Play

HEADER = "Référence;Code INSEE;Adresse;Typologie;Surface;Financement;Année de construction"
LINE = "HSH-{number};74104;{number} rue de la Maquette;T3;64,50;PLUS;1998"


def table(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines)).encode()


def homes(count: int) -> bytes:
    return table(*(LINE.format(number=number) for number in range(1, count + 1)))


def rpls(*changes: dict[int, str]) -> bytes:
    """A declaration: a line about the bailleur, then a dwelling for each `changes`, by field."""
    lines = ["123456789;BAILLEUR D'ESSAI;2026"]
    for number, change in enumerate(changes, 1):
        fields = {
            1: f"{number:010d}", 2: f"R-{number:04d}", 3: "1", 4: "74104", 5: "74210",
            6: "DOUSSARD", 7: str(number), 9: "RUE", 10: "DE LA MAQUETTE", 22: "2", 23: "C",
            24: "3", 25: "64,5", 26: "1998", 27: "1999", 32: "13", 37: "9", 59: "2", 63: "4",
        }  # fmt: skip
        fields.update(change)
        lines.append(";".join(fields.get(position, "") for position in range(1, 64)))
    return "\r\n".join(lines).encode("cp1252")


def workbook(*rows: Sequence[Any]) -> bytes:
    target = BytesIO()
    book = Workbook(target, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Patrimoine")
    for position, row in enumerate(rows):
        sheet.write_row(position, 0, row)
    book.close()
    return target.getvalue()


async def sent(play: Play, worker: App, content: bytes, *, who: str = "alice") -> UUID:
    """Received, then read by the worker."""
    command = NewImport(name="patrimoine.csv", content=content)
    import_id = await play.does(who, lambda tx: imports.receive(tx, command))
    await imports.analyse(worker, import_id)
    return import_id


def confirmation(play: Play, import_id: UUID, *, leave: bool = False) -> ConfirmImport:
    """All that may be confirmed is."""
    report = play.scalar("select report from imports where id = %s", import_id)
    return ConfirmImport(
        import_id=import_id,
        kinds=frozenset(report["confirmable"]),
        with_departures=leave,
        departed_on=play.day() if leave else None,
    )


async def applied(play: Play, worker: App, content: bytes, *, leave: bool = False) -> UUID:
    """Sent, confirmed, written."""
    import_id = await sent(play, worker, content)
    command = confirmation(play, import_id, leave=leave)
    await play.does("alice", lambda tx: imports.confirm(tx, command))
    await imports.apply(worker, import_id)
    return import_id


def state(play: Play, import_id: UUID) -> str:
    found: str = play.scalar("select state from imports where id = %s", import_id)
    return found


def report(play: Play, import_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = play.scalar("select report from imports where id = %s", import_id)
    return found


def told(play: Play, import_id: UUID) -> list[tuple[int, str, str]]:
    """Line, column and code of each fault."""
    faults = report(play, import_id)["faults"]
    return [(one["line"], one["column"], one["code"]) for one in faults]
