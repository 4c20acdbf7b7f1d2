"""A kept file, read off the event loop: its layout, its dwellings, its faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from server.db import assiette
from server.db import imports as rows
from server.db.imports import Import
from server.documents.imports import (
    Converter,
    Layout,
    Lines,
    Mapping,
    StockRow,
    Surroundings,
    guess,
    map_header,
    open_lines,
)
from server.domain.communes import codes_merged
from server.domain.deadlines import local_day
from server.errors import NotFound
from server.tenants.transactions import TenantTransaction

SLICE = 10_000
"""Lines read, or rows written, at once."""

Progress = Callable[[int], Awaitable[None]]
MAY_BE_EMPTIED = ("delivered_on", "exclusion")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file as the database has it, and what its lines are judged with."""

    row: Import
    content: bytes
    mapping: Mapping
    around: Surroundings


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A file being read: `stock` holds its dwellings, even where others are wrong."""

    lines: Lines
    layout: Layout
    converter: Converter
    stock: list[StockRow]

    @property
    def tells(self) -> frozenset[str]:
        """The columns of the file that may empty what is known."""
        return frozenset(one for one in MAY_BE_EMPTIED if one in self.layout.columns)

    @property
    def references(self) -> list[str]:
        return [row.reference for row in self.stock]


async def load(tx: TenantTransaction, import_id: UUID) -> Kept:
    row = await rows.find_import(tx, import_id)
    if row is None:
        raise NotFound
    today = local_day(row.received_at)
    return Kept(
        row=row,
        content=await rows.get_content(tx, import_id),
        mapping=await rows.read_mapping(tx, row.bailleur_id),
        around=Surroundings(
            today=today,
            communes=await rows.list_communes(tx),
            merged=codes_merged(await assiette.list_mergers(tx), today),
            references=await rows.list_references(tx, row.bailleur_id),
        ),
    )


def understand(kept: Kept) -> tuple[Lines, Layout]:
    """The layout that somebody chose for this file, else the one that is guessed."""
    lines = open_lines(kept.content)
    layout = guess(lines, kept.mapping)
    chosen = (kept.row.layout or {}).get("chosen")
    return lines, map_header(layout, chosen) if chosen else layout


async def open_kept(kept: Kept) -> Parsed | Layout:
    """The layout alone when it lacks a column; Invalid for what is no table."""
    lines, layout = await asyncio.to_thread(understand, kept)
    if layout.missing:
        return layout
    return Parsed(lines=lines, layout=layout, converter=Converter(layout, kept.around), stock=[])


async def slices(parsed: Parsed) -> AsyncIterator[list[StockRow]]:
    """The dwellings, some thousands at once; the next ones are read while these are dealt with."""
    reading = parsed.converter.rows(parsed.lines)

    def take() -> list[StockRow]:
        return list(islice(reading, SLICE))

    coming = asyncio.create_task(asyncio.to_thread(take))
    try:
        while part := await coming:
            coming = asyncio.create_task(asyncio.to_thread(take))
            yield part
    finally:
        await coming


async def parse(kept: Kept, *, progress: Progress) -> Parsed | Layout:
    """The whole file, its stock in memory; `progress` is told the lines read so far."""
    parsed = await open_kept(kept)
    if isinstance(parsed, Parsed):
        async for part in slices(parsed):
            parsed.stock.extend(part)
            await progress(parsed.converter.lines)
    return parsed
