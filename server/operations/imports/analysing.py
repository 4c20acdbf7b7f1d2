"""The dry run, in the worker: nothing of the stock is written, everything is told."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from itertools import islice
from typing import Any
from uuid import UUID

from server.db import imports as rows
from server.db.imports import COMPARED, Departure
from server.documents.imports import Fault, Layout
from server.documents.imports.annotating import annotate
from server.errors import Invalid, Motif
from server.operations.imports.parsing import SLICE, Kept, Parsed, load, parse
from server.operations.ownership import owner_of
from server.tenants.actors import Actor
from server.tenants.transactions import Database, TenantTransaction

SHOWN_FAULTS, SHOWN_CHANGES, SHOWN_DEPARTURES = 200, 100, 100
BEGUN = ("received", "reading")
NOT_READ = Motif(
    code="analysis_failed",
    message="La lecture de ce fichier a échoué plusieurs fois. Rien n'a été enregistré : "
    "envoyez-le de nouveau ou, si l'échec se répète, signalez-le à l'exploitant du portail.",
)

NOT_WRITTEN = Motif(
    code="writing_failed",
    message="L'enregistrement de ce fichier a échoué plusieurs fois. Rien n'a été enregistré : "
    "faites-le relire ou, si l'échec se répète, signalez-le à l'exploitant du portail.",
)


async def analyse(database: Database, import_id: UUID) -> None:
    """Read the file and keep what was found; run twice, it finds the same."""
    async with database.system_transaction("imports.analyse") as system:
        owner = await owner_of(system, "import", import_id)
    async with database.write_transaction(owner) as tx:
        if not await rows.claim_import(tx, import_id, state="reading", given=BEGUN):
            return
        kept = await load(tx, import_id)
    found = await _found(database, owner, kept)
    async with database.write_transaction(owner) as tx:
        await rows.update_import(tx, import_id, **found)


async def give_up(database: Database, import_id: UUID) -> None:
    """Say that a file could not be read, or written, after the last try; no effect on one that
    went further meanwhile.
    """
    async with database.system_transaction("imports.give_up") as system:
        owner = await owner_of(system, "import", import_id)
    async with database.write_transaction(owner) as tx:
        if await rows.claim_import(tx, import_id, state="unreadable", given=BEGUN):
            await rows.update_import(tx, import_id, report=_nothing_but(NOT_READ))
        elif await rows.claim_import(tx, import_id, state="stale", given=("applying",)):
            await rows.update_import(tx, import_id, report=_nothing_but(NOT_WRITTEN))


def _nothing_but(*motifs: Motif) -> dict[str, Any]:
    told = [{"code": one.code, "message": one.message} for one in motifs]
    return _empty_report() | {"motifs": told}


async def _found(database: Database, owner: Actor, kept: Kept) -> dict[str, Any]:
    """The columns of the row that say what was found."""

    async def progress(done: int) -> None:
        async with database.write_transaction(owner) as tx:
            await rows.update_import(tx, kept.row.id, lines_done=done)

    try:
        parsed = await parse(kept, progress=progress)
    except Invalid as refusal:
        return {"state": "unreadable", "report": _nothing_but(*refusal.motifs)}
    if isinstance(parsed, Layout):
        return {"state": "to_map", "layout": _layout(parsed, kept)}
    async with database.read_transaction(owner) as tx:
        report, mark = await dry_run(tx, parsed)
    has_messages = bool(parsed.converter.faults)
    return {
        "state": "ready" if parsed.converter.is_sound and parsed.stock else "blocked",
        "lines_done": parsed.converter.lines,
        "lines_total": parsed.converter.lines,
        "layout": _layout(parsed.layout, kept),
        "report": report,
        "stock_mark": mark,
        "annotated": await asyncio.to_thread(annotate, parsed.lines, parsed.layout,
                                             parsed.converter.faults) if has_messages else None,
    }  # fmt: skip


def _layout(layout: Layout, kept: Kept) -> dict[str, Any]:
    return {
        "kind": layout.kind,
        "header_line": layout.header_line,
        "header": list(layout.header),
        "columns": dict(layout.columns),
        "missing": list(layout.missing),
        "unknown": list(layout.unknown) if layout.kind == "table" else [],
        "chosen": (kept.row.layout or {}).get("chosen"),
    }


def _empty_report() -> dict[str, Any]:
    counts = ("created", "changed", "returned", "unchanged", "departed", "busy", "lines", "faults")
    return {
        "counts": dict.fromkeys(counts, 0),
        "ignored": {},
        "confirmable": {},
        "faults": [],
        "changes": [],
        "fields": {},
        "departures": [],
        "contingents": {},
        "for_sale": 0,
        "motifs": [],
    }


async def dry_run(tx: TenantTransaction, parsed: Parsed) -> tuple[dict[str, Any], str]:
    """What the file would do to the stock, and the mark of the stock that it was compared with."""
    bailleur_id = tx.actor.tenant_id
    report = _empty_report()
    counts, fields = report["counts"], Counter[str]()
    reading = iter(parsed.stock)
    matched = 0
    while part := list(islice(reading, SLICE)):
        found = await rows.compare_rows(tx, bailleur_id, part, tells=parsed.tells)
        matched += found.matched
        for change in found.changes:
            told = differences(change)
            fields.update(list(told))
            counts["returned"] += "left_on" in told
            counts["changed"] += 1
            if len(report["changes"]) < SHOWN_CHANGES:
                report["changes"].append({"reference": change["reference"], "fields": told})
    departures = await rows.find_departures(tx, bailleur_id, parsed.references)
    counts["created"] = len(parsed.stock) - matched
    counts["unchanged"] = matched - counts["changed"]
    report["fields"] = dict(fields.most_common())
    _tell_departures(report, departures)
    _tell_lines(report, parsed)
    return report, await rows.stock_mark(tx, bailleur_id)


def differences(change: dict[str, Any]) -> dict[str, list[Any]]:
    """Column → [as it was, as it will be], of those that differ."""
    return {
        name: [change[f"was_{name}"], change[name]]
        for name in COMPARED
        if change[f"was_{name}"] != change[name]
    }


def _tell_departures(report: dict[str, Any], departures: list[Departure]) -> None:
    leaving = [one for one in departures if not one.is_busy]
    report["counts"]["departed"] = len(leaving)
    report["counts"]["busy"] = len(departures) - len(leaving)
    ordered = sorted(departures, key=lambda one: not one.is_busy)
    report["departures"] = [
        {"reference": one.reference, "address": one.address, "is_busy": one.is_busy}
        for one in ordered[:SHOWN_DEPARTURES]
    ]


def told_fault(one: Fault) -> dict[str, Any]:
    return {
        "line": one.line,
        "column": one.column,
        "code": one.code,
        "message": one.message,
        "is_blocking": one.is_blocking,
    }


def _tell_lines(report: dict[str, Any], parsed: Parsed) -> None:
    converter = parsed.converter
    counted = converter.fault_counts
    contingents: dict[str, dict[str, int]] = defaultdict(dict)
    for (insee, code), count in sorted(converter.contingents.items()):
        contingents[insee][code] = count
    report["counts"]["lines"] = converter.lines
    report["counts"]["faults"] = sum(n for (_, is_blocking), n in counted.items() if is_blocking)
    report["confirmable"] = {
        code: n for (code, is_blocking), n in counted.items() if not is_blocking
    }
    if returned := report["counts"]["returned"]:
        report["confirmable"]["return"] = returned
    report["ignored"] = dict(converter.ignored)
    ordered = sorted(converter.faults, key=lambda one: (not one.is_blocking, one.line))
    report["faults"] = [told_fault(one) for one in ordered[:SHOWN_FAULTS]]
    report["contingents"] = contingents
    report["for_sale"] = converter.for_sale
    if not parsed.stock and converter.is_sound:
        message = "Aucune ligne de ce fichier n'est un logement de Haute-Savoie."
        report["motifs"] = [{"code": "file_without_dwelling", "message": message}]
