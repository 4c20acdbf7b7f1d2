"""What somebody decides about a file: its columns, and that it is applied, knowing what it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from server.db import imports as rows
from server.db.imports import Import
from server.documents.imports import KIND_WORDS, Layout, map_header
from server.documents.imports.layouts import LABELS
from server.domain import import_labels
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.imports.receiving import import_act
from server.operations.journal import record
from server.queue import enqueue
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

CONFIRMABLE_WORDS = {**KIND_WORDS, **import_labels.EXPLAINED}
MAPPED_AGAIN = ("to_map", "ready", "blocked", "stale")
READ_AGAIN = ("ready", "blocked", "stale")
STOCK_CHANGED = Motif(
    code="stock_changed",
    message="Le patrimoine a changé depuis la lecture de ce fichier : faites-le relire, puis "
    "confirmez le nouveau compte rendu. Rien n'a été enregistré.",
)


@dataclass(frozen=True, kw_only=True)
class ConfirmImport:
    """`kinds`: the confirmable warnings accepted; `departed_on`: when those that the file does not
    hold left the stock, None to keep them.
    """

    import_id: UUID
    kinds: frozenset[str]
    with_departures: bool
    departed_on: date | None


async def _locked(tx: TenantTransaction, import_id: UUID, *states: str) -> Import:
    require(tx.actor, Permission.IMPORT_ACT)
    found = await rows.find_import(tx, import_id, for_update=True)
    if found is None:
        raise NotFound
    if found.state not in states:
        state = import_labels.STATES[found.state]
        message = f"Ce fichier n'attend pas cette décision : il est « {state} »."
        raise Conflict(Motif(code="import_not_waiting", message=message))
    return found


# --- Its columns ----------------------------------------------------------------------------------


async def choose_columns(tx: TenantTransaction, import_id: UUID, chosen: Mapping[str, int]) -> None:
    """Remember which column holds what, for this file and the next ones, and read it again."""
    row = await _locked(tx, import_id, *MAPPED_AGAIN)
    layout = _layout_of(row)
    if layout.kind == "rpls":
        message = "Les champs de la déclaration RPLS ont une place fixe."
        raise Conflict(Motif(code="columns_fixed", message=message))
    mapped = map_header(layout, chosen)
    if motifs := tuple(_missing(mapped)):
        raise Invalid(*motifs)
    await rows.keep_mapping(tx, tx.actor.tenant_id, mapped.mapping, at=tx.now)
    told = {**(row.layout or {}), "chosen": dict(mapped.columns)}
    await rows.update_import(tx, import_id, layout=told)
    await _queue_again(tx, import_id)


def _layout_of(row: Import) -> Layout:
    told: dict[str, Any] = row.layout or {}
    return Layout(
        kind=told["kind"],
        header_line=told["header_line"],
        header=tuple(told["header"]),
        columns=told["columns"],
    )


def _missing(layout: Layout) -> Iterator[Motif]:
    for code in layout.missing:
        message = f"Indiquez la colonne « {LABELS[code]} » : sans elle, rien ne peut être lu."
        yield Motif(code="column_missing", message=message, field=f"colonne.{code}")
    twice = {index for index in layout.columns.values()
             if list(layout.columns.values()).count(index) > 1}  # fmt: skip
    for index in sorted(twice):
        message = f"La colonne « {layout.header[index]} » ne peut servir qu'une fois."
        code = next(code for code, found in layout.columns.items() if found == index)
        yield Motif(code="column_twice", message=message, field=f"colonne.{code}")


async def read_again(tx: TenantTransaction, import_id: UUID) -> None:
    """A new dry run, on the stock as it is now."""
    await _locked(tx, import_id, *READ_AGAIN)
    await _queue_again(tx, import_id)


async def _queue_again(tx: TenantTransaction, import_id: UUID) -> None:
    await rows.update_import(tx, import_id, state="received", lines_done=0)
    await enqueue(tx.connection, "imports.analyse", import_id)


# --- That it is applied ---------------------------------------------------------------------------


async def confirm(tx: TenantTransaction, command: ConfirmImport) -> None:
    """Queue the writing of the file; Conflict if the stock is not the one of the dry run."""
    row = await _locked(tx, command.import_id, "ready")
    if motifs := tuple(_unconfirmed(row, command, local_day(tx.now))):
        raise Invalid(*motifs)
    if await rows.stock_mark(tx, tx.actor.tenant_id) != row.stock_mark:
        raise Conflict(STOCK_CHANGED)
    leaving = command.departed_on if command.with_departures else None
    confirmation = {"kinds": sorted(command.kinds), "with_departures": command.with_departures}
    await rows.update_import(
        tx,
        row.id,
        state="applying",
        lines_done=0,
        confirmation=confirmation,
        departed_on=leaving,
        confirmed_at=tx.now,
        confirmed_by=tx.actor.person_name,
    )
    counts = (row.report or {})["counts"]
    act = import_act(tx, "import.confirmed", row.id, reason=row.file_name, facts=counts)
    await record(tx, act)
    await enqueue(tx.connection, "imports.apply", row.id)


def _unconfirmed(row: Import, command: ConfirmImport, today: date) -> Iterator[Motif]:
    report: dict[str, Any] = row.report or {}
    for code, count in report["confirmable"].items():
        if code not in command.kinds:
            message = f"Confirmez : {CONFIRMABLE_WORDS[code]} ({count})."
            yield Motif(code="not_confirmed", message=message, field=f"accepte.{code}")
    if not command.with_departures:
        return
    if command.departed_on is None:
        message = "Indiquez depuis quel jour ces logements ont quitté le patrimoine."
        yield Motif(code="required", message=message, field="sortis_le")
    elif command.departed_on > today:
        message = "Le jour de sortie ne peut pas être à venir."
        yield Motif(code="departure_to_come", message=message, field="sortis_le")
