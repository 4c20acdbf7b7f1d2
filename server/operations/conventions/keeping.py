"""The signed papers of a convention: kept as they are, read by its parties and the préfecture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from server.db import conventions as rows
from server.db.conventions import ConventionRecord, Scan
from server.db.ids import new_id
from server.domain.convention_terms import SCANS
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations.conventions.preparing import get_record, side_of, tell
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

MOST_BYTES = 10 * 1024 * 1024
MAGIC = b"%PDF-"
ENDING = b"%%EOF"
TAIL = 1024
"""A PDF ends with its mark, in its last kilobyte."""

KEPT = Motif(code="already_kept", message="Ce même fichier est déjà conservé avec la convention.")


@dataclass(frozen=True, kw_only=True)
class KeepScan:
    """A PDF, whatever its name was: the portal gives it its own."""

    convention_id: UUID
    kind: str
    content: bytes


async def list_scans(tx: TenantTransaction, row: ConventionRecord) -> list[Scan]:
    require(tx.actor, Permission.CONVENTION_READ)
    return await rows.list_scans(tx, row.id)


async def fetch(
    tx: TenantTransaction, convention_id: UUID, scan_id: UUID
) -> tuple[ConventionRecord, Scan, bytes]:
    row = await get_record(tx, convention_id)
    found = await rows.find_scan(tx, row.id, scan_id)
    if found is None:
        raise NotFound
    scan, content = found
    return row, scan, content


async def keep(tx: TenantTransaction, command: KeepScan) -> UUID:
    """Never changed afterwards; a better scan is kept beside the first."""
    require(tx.actor, Permission.CONVENTION_SIGN)
    row = await get_record(tx, command.convention_id)
    if side_of(tx, row) is None:
        raise NotFound
    _check(command)
    scan_id = new_id()
    digest = hashlib.sha256(command.content).hexdigest()
    was_new = await rows.insert_scan(
        tx,
        {
            "id": scan_id,
            "convention_id": row.id,
            "bailleur_id": row.bailleur_id,
            "reservataire_id": row.reservataire_id,
            "kind": command.kind,
            "sha256": digest,
            "size": len(command.content),
            "content": command.content,
            "kept_at": tx.now,
            "kept_by_id": tx.actor.tenant_id,
        },
    )
    if not was_new:
        raise Conflict(KEPT)
    await tell(tx, row, "scanned", facts={"kind": command.kind, "sha256": digest})
    return scan_id


def _check(command: KeepScan) -> None:
    motifs = []
    if command.kind not in SCANS:
        message = "Dites ce qu'est ce document."
        motifs.append(Motif(code="code_invalid", message=message, field="kind"))
    if not command.content:
        message = "Choisissez un fichier PDF."
        motifs.append(Motif(code="file_required", message=message, field="file"))
    elif len(command.content) > MOST_BYTES:
        message = "Ce fichier dépasse 10 Mo : numérisez-le en noir et blanc, ou à 150 ppp."
        motifs.append(Motif(code="file_too_large", message=message, field="file"))
    elif not command.content.startswith(MAGIC) or ENDING not in command.content[-TAIL:]:
        message = "Ce fichier n'est pas un PDF entier."
        motifs.append(Motif(code="not_a_pdf", message=message, field="file"))
    if motifs:
        raise Invalid(*motifs)
