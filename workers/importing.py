"""`portail import`: a bailleur's file read by the operator; written only with `--confirm`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from server.db import tenants
from server.db.imports import Import
from server.domain import import_labels, labels
from server.errors import ConfigurationError, Conflict, Invalid, Motif
from server.logs import silence_logs
from server.operations import imports
from server.operations.imports import ConfirmImport, NewImport
from server.tenants.actors import Actor, Capacity, portal_acting_for
from server.tenants.transactions import Database

MISSING = (
    "La variable d'environnement WORKER_DATABASE_URL est obligatoire : l'adresse de la base pour "
    "le compte portail_worker."
)
FIGURES = (
    ("created", "nouveaux"),
    ("changed", "modifiés"),
    ("unchanged", "inchangés"),
    ("departed", "absents du fichier"),
    ("faults", "erreurs"),
)


def run(
    environment: Mapping[str, str],
    file: str,
    *,
    bailleur: str,
    confirm: bool,
    left_on: str | None,
) -> tuple[str, int]:
    """The report, and 0, or 1 if the file cannot be written as it is."""
    silence_logs()
    dsn = environment.get("WORKER_DATABASE_URL", "").strip()
    if not dsn:
        raise ConfigurationError(MISSING)
    command = NewImport(name=Path(file).name, content=_content(file))
    decided = _day(left_on) if left_on else None
    found = asyncio.run(_import(dsn, command, bailleur, confirm=confirm, left_on=decided))
    return _sentences(found), int(found.state not in ("ready", "confirmed"))


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"Le fichier {file} ne peut pas être lu.") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"« {text} » n'est pas une date, comme 2026-03-15."
        raise Invalid(Motif(code="date_invalid", message=message)) from error


async def _import(
    dsn: str, command: NewImport, slug: str, *, confirm: bool, left_on: date | None
) -> Import:
    database = Database(dsn, pool_size=2)
    try:
        actor = await _bailleur(database, slug)
        async with database.write_transaction(actor) as tx:
            import_id = await imports.receive(tx, command)
        await imports.analyse(database, import_id)
        if confirm:
            await _confirm(database, actor, import_id, left_on)
        return await _read(database, actor, import_id)
    except Conflict as refusal:
        raise ConfigurationError(refusal.message) from refusal
    finally:
        await database.close()


async def _bailleur(database: Database, slug: str) -> Actor:
    async with database.system_transaction("import") as tx:
        found = await tenants.list_tenants(tx, Capacity.BAILLEUR.value)
    for one in found:
        if one.slug == slug:
            return portal_acting_for(one.id, one.name, Capacity.BAILLEUR)
    known = ", ".join(one.slug for one in found)
    raise ConfigurationError(f"Aucun bailleur n'a le code « {slug} ». Connus : {known}.")


async def _read(database: Database, actor: Actor, import_id: UUID) -> Import:
    async with database.read_transaction(actor) as tx:
        return await imports.get(tx, import_id)


async def _confirm(database: Database, actor: Actor, import_id: UUID, left_on: date | None) -> None:
    """Every warning is accepted by `--confirm`; dwellings leave only if a day was given."""
    found = await _read(database, actor, import_id)
    if found.state != "ready":
        return
    report: dict[str, Any] = found.report or {}
    command = ConfirmImport(
        import_id=import_id,
        kinds=frozenset(report["confirmable"]),
        with_departures=left_on is not None,
        departed_on=left_on,
    )
    async with database.write_transaction(actor) as tx:
        await imports.confirm(tx, command)
    await imports.apply(database, import_id)


def _sentences(found: Import) -> str:
    report: dict[str, Any] = found.report or {}
    lines = [f"{found.file_name} : {import_labels.STATES[found.state]}"]
    if found.state == "to_map":
        lines.append("Colonnes à indiquer dans le navigateur, à la page de cet import.")
    if report:
        counts = report["counts"]
        lines += [f"{labels.number(counts[code]):>8}  {word}" for code, word in FIGURES]
        lines += [motif["message"] for motif in report["motifs"]]
        lines += [
            f"ligne {one['line']}, colonne « {one['column']} » : {one['message']}"
            for one in report["faults"]
        ]
    if found.state == "ready":
        lines.append("Rien n'est enregistré : ajoutez --confirm pour le faire.")
    return "\n".join(lines)
