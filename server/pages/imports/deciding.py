"""Deciding about an import: its columns, another reading, its confirmation."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.responses import Response

from server.errors import Conflict, Invalid
from server.operations import imports
from server.operations.imports import ConfirmImport
from server.pages.imports.showing import import_page
from server.pages.imports.words import PATH
from server.pages.visits import Form, Visit, whole

COLUMN, ACCEPTED = "colonne.", "accepte."


async def choose_columns(visit: Visit) -> Response:
    data = await visit.form()
    typed = {
        name.removeprefix(COLUMN): str(chosen)
        for name, chosen in data.items()
        if name.startswith(COLUMN)
    }
    chosen = {code: number for code, text in typed.items() if (number := whole(text)) is not None}
    try:
        async with visit.writing() as tx:
            await imports.choose_columns(tx, visit.path_id(), chosen)
    except (Invalid, Conflict) as refusal:
        return await import_page(visit, motifs=refusal.motifs, typed=typed, status=refusal.status)
    return _back(visit, "Colonnes retenues : le fichier est relu.")


async def read_again(visit: Visit) -> Response:
    try:
        async with visit.writing() as tx:
            await imports.read_again(tx, visit.path_id())
    except Conflict as refusal:
        return await import_page(visit, motifs=refusal.motifs, status=refusal.status)
    return _back(visit, "Le fichier est relu.")


async def confirm(visit: Visit) -> Response:
    data = await visit.form()
    typed = {name: str(value) for name, value in data.items()}
    try:
        command = _command(visit, data)
        async with visit.writing() as tx:
            await imports.confirm(tx, command)
    except (Invalid, Conflict) as refusal:
        return await import_page(visit, motifs=refusal.motifs, typed=typed, status=refusal.status)
    return _back(visit, "Import confirmé.")


def _command(visit: Visit, data: FormData) -> ConfirmImport:
    form = Form(data=data)
    leaves = form.text("absents") == "sortis"
    command = ConfirmImport(
        import_id=visit.path_id(),
        kinds=frozenset(
            name.removeprefix(ACCEPTED)
            for name in data
            if name.startswith(ACCEPTED) and form.flag(name)
        ),
        with_departures=leaves,
        departed_on=form.day("sortis_le", required=False) if leaves else None,
    )
    form.check()
    return command


def _back(visit: Visit, message: str) -> Response:
    return visit.redirect(f"{PATH}/{visit.path_id()}", message=message)
