"""What each bailleur of the demonstration owns and signed, written in its own name."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert

from server.db import tables
from server.db.columns import EXCLUSIONS
from server.db.ids import new_id
from server.demo.world_cast import ORGANISMES
from server.demo.world_dwellings import generate
from server.demo.world_patrimoine import AGREEMENTS, YEARS, Agreement, AnnexeOne
from server.domain.deadlines import PARIS
from server.tenants.actors import Capacity
from server.tenants.transactions import Transaction


async def insert_rows(tx: Transaction, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await tx.execute(insert(table), rows)


async def insert_conventions(
    tx: Transaction, tenants: dict[str, UUID], bailleur: str
) -> dict[tuple[str, str], UUID]:
    mine = [one for one in AGREEMENTS if one.bailleur == bailleur]
    ids = {(bailleur, one.reservataire): new_id() for one in mine}
    parties = [
        {
            "bailleur_id": tenants[bailleur],
            "reservataire_id": tenants[one.reservataire],
            "id": ids[bailleur, one.reservataire],
        }
        for one in mine
    ]
    await insert_rows(
        tx,
        tables.conventions,
        [
            {
                **party,
                "starts_on": one.starts_on,
                "mailbox": _mailbox(one),
                "charte_version": one.charte_version,
                "model_version": one.model_version,
            }
            for party, one in zip(parties, mine, strict=True)
        ],
    )
    communes = [
        {
            "convention_id": party["id"],
            "bailleur_id": party["bailleur_id"],
            "reservataire_id": party["reservataire_id"],
            "insee": insee,
        }
        for party, one in zip(parties, mine, strict=True)
        for insee in one.perimeter
    ]
    await insert_rows(tx, tables.convention_communes, communes)
    return ids


def _mailbox(one: Agreement) -> str | None:
    """Where offers go: the address of the réservataire, unless the convention left it blank."""
    addresses = {party.slug: party.mailboxes for party in ORGANISMES}
    return addresses[one.reservataire][Capacity.RESERVATAIRE] if one.has_mailbox else None


async def insert_annexes(tx: Transaction, tenants: dict[str, UUID], annexe: AnnexeOne) -> None:
    for year in YEARS:
        head = {"annexe_id": new_id(), "bailleur_id": tenants[annexe.bailleur]}
        published_at = datetime(year, 2, 20, 10, tzinfo=PARIS)
        values = {"epci_siren": annexe.epci_siren, "year": year, "version": 1}
        row = {"id": head["annexe_id"], "bailleur_id": head["bailleur_id"], **values}
        await insert_rows(tx, tables.annexes, [row])
        await _insert_stock(tx, head, annexe)
        await _insert_lines(tx, tenants, head, annexe)
        # last: from then on nothing of it changes any more
        table = tables.annexes
        await tx.execute(
            table.update().where(table.c.id == row["id"]).values(published_at=published_at)
        )


async def _insert_stock(tx: Transaction, head: dict[str, UUID], annexe: AnnexeOne) -> None:
    await insert_rows(
        tx,
        tables.annexe_communes,
        [
            {
                **head,
                "insee": one.insee,
                "position": position,
                "total": one.total,
                **{code: one.exclusions.get(code, 0) for code in EXCLUSIONS},
            }
            for position, one in enumerate(annexe.stock, start=1)
        ],
    )


async def _insert_lines(
    tx: Transaction, tenants: dict[str, UUID], head: dict[str, UUID], annexe: AnnexeOne
) -> None:
    lines = [(new_id(), line) for line in annexe.lines]
    await insert_rows(
        tx,
        tables.annexe_lines,
        [
            {
                **head,
                "id": line_id,
                "position": position,
                "reservataire_id": tenants[line.reservataire],
                "contingent": line.contingent,
                "droits": None if line.droits is None else Decimal(line.droits),
                "imposed_rate_bp": line.imposed_rate_bp,
            }
            for position, (line_id, line) in enumerate(lines, start=1)
        ],
    )
    communes = [
        {**head, "line_id": line_id, "insee": insee}
        for line_id, line in lines
        for insee in line.perimeter
    ]
    await insert_rows(tx, tables.annexe_line_communes, communes)
    readers = [{**head, "tenant_id": tenants[slug]} for slug in _readers(annexe)]
    await insert_rows(tx, tables.annexe_readers, readers)


def _readers(annexe: AnnexeOne) -> list[str]:
    return list(dict.fromkeys(line.reservataire for line in annexe.lines))


async def insert_dwellings(
    tx: Transaction,
    owner: UUID,
    annexe: AnnexeOne,
    dwellings: dict[tuple[str, str], tuple[UUID, ...]],
    excluded: dict[tuple[str, str], tuple[UUID, ...]],
) -> None:
    for stock in annexe.stock:
        already = sum(map(len, (*dwellings.values(), *excluded.values())))
        rows = list(generate(annexe.bailleur, owner, stock, already + 1))
        await insert_rows(tx, tables.dwellings, rows)
        key = (annexe.bailleur, stock.insee)
        dwellings[key] = tuple(row["id"] for row in rows if row["exclusion"] is None)
        excluded[key] = tuple(row["id"] for row in rows if row["exclusion"] is not None)


async def insert_bilan_agreement(tx: Transaction, tenants: dict[str, UUID]) -> None:
    """The CC des Sources du Lac is not LEC: it receives the bilan because the parties agreed."""
    await insert_rows(
        tx,
        tables.bilan_agreements,
        [
            {
                "bailleur_id": tenants["haute-savoie-habitat"],
                "tenant_id": tenants["cc-sources-du-lac"],
                "since_on": date(2024, 1, 15),
                "source": "Accord des parties, lettre du 15 janvier 2024 (démonstration)",
            }
        ],
    )
