"""A confirmed file becomes the stock, in one transaction: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from server.db import imports as rows
from server.db.ids import new_id
from server.db.imports import Import
from server.documents.imports import Layout
from server.domain import import_labels
from server.errors import Conflict
from server.operations.imports.analysing import differences
from server.operations.imports.deciding import STOCK_CHANGED
from server.operations.imports.parsing import Parsed, Progress, load, open_kept, slices
from server.operations.imports.receiving import import_act
from server.operations.journal import record
from server.operations.ownership import owner_of
from server.tenants.actors import AUTOMATON, Channel
from server.tenants.transactions import Database, TenantTransaction


async def apply(database: Database, import_id: UUID) -> None:
    """Write what was confirmed; run twice, it writes once. The file is « stale » instead if it, or
    the stock, is not what was looked at.
    """
    async with database.system_transaction("imports.apply") as system:
        owner = await owner_of(system, "import", import_id)
    async with database.read_transaction(owner) as tx:
        kept = await load(tx, import_id)
    if kept.row.state != "applying":
        return
    parsed = await open_kept(kept)

    async def progress(done: int) -> None:
        """Committed apart: what is being written shows to nobody before its end."""
        async with database.write_transaction(owner) as apart:
            await rows.update_import(apart, import_id, lines_done=done)

    try:
        async with database.write_transaction(owner) as tx:
            await _apply_once(tx, import_id, parsed, progress)
    except Conflict:
        async with database.write_transaction(owner) as tx:
            await rows.claim_import(tx, import_id, state="stale", given=("applying",))


async def _apply_once(
    tx: TenantTransaction, import_id: UUID, parsed: Parsed | Layout, progress: Progress
) -> None:
    """Raise Conflict, so that nothing is written, for anything but what was looked at.

    The stock is held, not the row of the file: its progress is written there meanwhile.
    """
    bailleur_id = tx.actor.tenant_id
    await rows.hold_stock(tx, bailleur_id)
    row = await rows.find_import(tx, import_id)
    if row is None or row.state != "applying":
        return
    is_same = await rows.stock_mark(tx, bailleur_id, held=True) == row.stock_mark
    if not is_same or not isinstance(parsed, Parsed):
        raise Conflict(STOCK_CHANGED)
    counts = await write_stock(tx, parsed, row, progress)
    is_ours = await rows.claim_import(tx, row.id, state="confirmed", given=("applying",))
    if not (is_ours and parsed.converter.is_sound):
        raise Conflict(STOCK_CHANGED)
    await rows.update_import(tx, row.id, lines_done=parsed.converter.lines)
    act = import_act(tx, "import.applied", row.id, reason=row.file_name, facts=counts)
    await record(tx, act, by_portal=True)


async def write_stock(
    tx: TenantTransaction, parsed: Parsed, row: Import, progress: Progress
) -> dict[str, int]:
    """Insert, update, and let go of what left; answers the counts of each.

    `progress` is told the dwellings written so far.
    """
    bailleur_id = tx.actor.tenant_id
    counts = {"created": 0, "changed": 0, "departed": 0}
    references: list[str] = []
    known = parsed.converter.around.references
    async for part in slices(parsed):
        found = await rows.apply_rows(tx, bailleur_id, part, tells=parsed.tells, known=known)
        counts["created"] += len(part) - found.matched
        counts["changed"] += len(found.changes)
        references += [one.reference for one in part]
        await rows.tell_changes(tx, [_changed(tx, row, change) for change in found.changes])
        await progress(len(references))
    if row.departed_on is not None:
        left = await rows.depart(tx, bailleur_id, references, left_on=row.departed_on)
        counts["departed"] = len(left)
        await rows.tell_changes(tx, list(_left(tx, row, left, row.departed_on)))
    return counts


def _entry(
    tx: TenantTransaction, row: Import, act: str, dwelling_id: Any, facts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "at": tx.now,
        "recorded_at": datetime.now(UTC),
        "actor_tenant_id": tx.actor.tenant_id,
        "actor_capacity": tx.actor.capacity.value,
        "person_name": row.confirmed_by or AUTOMATON,
        "channel": Channel.WORKER.value,
        "act": act,
        "subject_kind": "import",
        "subject_id": row.id,
        "bailleur_id": tx.actor.tenant_id,
        "dwelling_id": dwelling_id,
        **facts,
    }


def _changed(tx: TenantTransaction, row: Import, change: dict[str, Any]) -> dict[str, Any]:
    told = differences(change)
    reason = " ; ".join(
        f"{import_labels.FIELDS[name]} : {_shown(before)} → {_shown(after)}"
        for name, (before, after) in told.items()
    )
    facts = {"reason": reason, "facts": told}
    return _entry(tx, row, "dwelling.changed", change["dwelling_id"], facts)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "vide"
    if isinstance(value, bool):
        return "oui" if value else "non"
    return str(value).replace(".", ",") if isinstance(value, float) else str(value)


def _left(
    tx: TenantTransaction, row: Import, left: Iterable[tuple[UUID, str]], day: date
) -> Iterable[dict[str, Any]]:
    facts = {"reason": f"absent du fichier {row.file_name}", "facts": {"left_on": day.isoformat()}}
    return (_entry(tx, row, "dwelling.left", dwelling_id, facts) for dwelling_id, _ in left)
