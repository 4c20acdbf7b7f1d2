"""A file arrives and is kept as it is; what has been found in it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from server.db import imports as rows
from server.db.ids import new_id
from server.db.imports import Import
from server.db.paging import Page, PageRequest
from server.documents.imports import MOST_BYTES
from server.documents.imports.sources import SENTENCES
from server.errors import Invalid, Motif, NotFound
from server.operations.journal import Act, record
from server.queue import enqueue
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class NewImport:
    """A file as it was sent; its name is shown, and never used as a path."""

    name: str
    content: bytes


async def receive(tx: TenantTransaction, command: NewImport) -> UUID:
    """Keep the file and queue its reading; Invalid for an empty or too heavy one."""
    require(tx.actor, Permission.IMPORT_ACT)
    _look_at_size(len(command.content))
    import_id = new_id()
    name = shown_name(command.name)
    await rows.insert_import(
        tx,
        {
            "id": import_id,
            "bailleur_id": tx.actor.tenant_id,
            "file_name": name,
            "sha256": hashlib.sha256(command.content).hexdigest(),
            "size": len(command.content),
            "content": command.content,
            "received_at": tx.now,
            "received_by": tx.actor.person_name,
        },
    )
    await record(tx, import_act(tx, "import.received", import_id, reason=name))
    await enqueue(tx.connection, "imports.analyse", import_id)
    return import_id


def _look_at_size(size: int) -> None:
    reason = "empty" if not size else "too_large" if size > MOST_BYTES else ""
    if reason:
        raise Invalid(Motif(code=f"file_{reason}", message=SENTENCES[reason], field="fichier"))


def shown_name(name: str) -> str:
    """The last part of a path of any system, printable, short enough."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in last if sign.isprintable()).strip()
    return kept[-LONGEST_NAME:] or "fichier sans nom"


def import_act(
    tx: TenantTransaction,
    act: str,
    import_id: UUID,
    *,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> Act:
    return Act(
        act=act,
        subject_kind="import",
        subject_id=import_id,
        bailleur_id=tx.actor.tenant_id,
        reason=reason,
        facts=facts,
    )


async def list_page(tx: TenantTransaction, request: PageRequest) -> Page[Import]:
    require(tx.actor, Permission.IMPORT_READ)
    return await rows.page_imports(tx, request)


async def get(tx: TenantTransaction, import_id: UUID) -> Import:
    require(tx.actor, Permission.IMPORT_READ)
    found = await rows.find_import(tx, import_id)
    if found is None:
        raise NotFound
    return found


async def annotated(tx: TenantTransaction, import_id: UUID) -> bytes:
    """The file given back with a message beside each faulty line; absent when there is none."""
    require(tx.actor, Permission.IMPORT_READ)
    found = await rows.get_annotated(tx, import_id)
    if found is None:
        raise NotFound
    return found


async def list_communes(tx: TenantTransaction) -> dict[str, str]:
    """INSEE code → name, of the whole département: a file may name any of them."""
    require(tx.actor, Permission.IMPORT_READ)
    return await rows.list_communes(tx)


async def proposed_contingents(tx: TenantTransaction) -> dict[str, dict[str, int]]:
    """INSEE code → contingent (field 63 of the RPLS) → dwellings, of the last confirmed file.

    A proposal for the first photograph of the droits: nothing applies it.
    """
    require(tx.actor, Permission.IMPORT_READ)
    return await rows.last_contingents(tx)
