"""What B does is invisible to A, and what is A's never comes out at B's: the whole API and pages.

Metamorphic: every query of A has the same body and status before and after any act of B. Canaries:
texts typed in the private rows of A are in no answer, page, export or mail of a stranger.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from graphql import get_named_type
from psycopg import sql

from server.pages import ROUTES
from tests.operations.play import DOUSSARD, HSH, NUDS
from tests.schema.attacks.arena import Arena, arena_of
from tests.schema.attacks.rights import QUERY, acts, needs_id
from tests.schema.client import Api
from tests.schema.test_matrix import root_arguments, selected

CANARY = "CANARI-DE-HSH"
SECRETS = (CANARY, *NUDS)
STRANGERS = ("denis", "karine")
# A text of Alice's own rows in each table: column by table.
TYPED = {
    "dwellings": ("address", "reference"),
    "orientations": ("justification", "withdrawal_reason", "refusal_motif"),
    "urgences": ("title", "dwelling_label"),
    "caleol_sessions": ("place",),
    "decisions": ("reason_text", "condition"),
    "journal": ("reason", "person_name"),
}


@pytest.fixture
async def arena(api: Api) -> AsyncIterator[Arena]:
    async with arena_of(api) as opened:
        yield opened


async def snapshot(arena: Arena, who: str) -> dict[str, Any]:
    """Status and body of every query, every field, as this person reads them now."""
    found = {}
    for name, field in QUERY.fields.items():
        kind, argument = get_named_type(field.type), needs_id(field)
        head, given, variables = "", root_arguments(field), {}
        if argument is not None:
            head, given = "query($id: UUID!) ", f"({argument}: $id)"
            variables = {"id": str(arena.ids[name])}
        query = head + "{ " + name + given + " " + selected(kind, 2, (kind.name,)) + " }"
        answer = await arena.send({"query": query, "variables": variables}, who)
        found[name] = (answer.status_code, timeless(answer.text))
    return found


def timeless(body: str) -> str:
    """Without the hour of the call, which is nobody's doing."""
    return re.sub(r'"(now|ranAt|lastUsedAt)":"[^"]*"', "", body)


async def b_acts(arena: Arena) -> None:
    """Denis, and Karine after him, do all they can: own acts that succeed, tries on Alice's."""
    play = arena.play
    homes = [row[0] for row in play.rows(
        "select d.id from dwellings d where d.bailleur_id = %s and d.exclusion is null limit 2",
        play.tenant("leman-habitat"),
    )]  # fmt: skip
    for home in homes:
        await play.vacancy(home, who="denis")
    await arena.codes("mutation { publishBilan(input: {year: 2026}) { errors { code } } }", "denis")
    for _name, document, command in acts(arena):
        for who in STRANGERS:
            await arena.codes(document, who, input=command)
            await arena.codes(document, who, input={**command, "dwellingId": str(uuid4())})


@pytest.mark.parametrize("who", ["alice", "chloe"])
async def test_nothing_that_b_does_changes_what_a_reads(arena: Arena, who: str) -> None:
    before = await snapshot(arena, who)
    rows = arena.play.scalar("select count(*) from journal")
    await b_acts(arena)
    assert arena.play.scalar("select count(*) from journal") > rows, "B has really acted"
    assert await snapshot(arena, who) == before


async def plant(arena: Arena) -> None:
    play = arena.play
    for table, columns in TYPED.items():
        for column in columns:
            owner = "actor_tenant_id" if table == "journal" else "bailleur_id"
            statement = sql.SQL(
                "update {} set {} = %s || '-' || md5(random()::text) where {} = %s"
            ).format(*map(sql.Identifier, (table, column, owner)))
            play._super.execute(statement, [CANARY, play.tenant(HSH)])


def addresses(arena: Arena) -> list[str]:
    """Every page and every export, with the id of each of Alice's rows in the place of an id."""
    ids = [*arena.ids.values(), arena.play.home()]
    found = []
    for route in ROUTES:
        if "GET" not in (route.methods or ()) or route.path == "/direct":
            continue
        if route.path.startswith(("/demo", "/connexion")):  # the demonstration shows every mail
            continue
        paths = {re.sub(r"\{\w+\}", str(one), route.path) for one in ids}
        found += [f"{path}?q={DOUSSARD}" for path in paths] + sorted(paths)
    return found


def leaked(text: str) -> list[str]:
    return [one for one in SECRETS if one in text]


def plain(content: bytes) -> bytes:
    """What a file holds, a workbook and the streams of a PDF unpacked."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return b"".join(book.read(name) for name in book.namelist())
    if content.startswith(b"%PDF"):
        return content + b"".join(unpacked(content))
    return content


def unpacked(pdf: bytes) -> Iterator[bytes]:
    """The packed streams; what has no filter (its metadata) is read as it is."""
    for before, stream in re.findall(rb" obj\b(.*?)stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        described = before.rpartition(b" obj")[2]
        if b"/FlateDecode" in described:
            yield zlib.decompressobj().decompress(stream)
        else:
            assert b"/Filter" not in described, described


async def test_what_is_a_s_is_in_nothing_that_a_stranger_gets(
    arena: Arena, capsys: pytest.CaptureFixture[str]
) -> None:
    await plant(arena)
    assert CANARY in str(await snapshot(arena, "alice")), "the owner sees it"
    outputs = 0
    for who in STRANGERS:
        for name, (_, body) in (await snapshot(arena, who)).items():
            assert not leaked(body), (who, name)
            outputs += 1
        async with arena.site.browser(who) as client:
            for address in addresses(arena):
                answer = await client.get(address)
                told = plain(answer.content).decode(errors="replace") + str(answer.headers)
                assert not leaked(told), (who, address)
                outputs += 1
        for _name, document, command in acts(arena):
            answer = await arena.send({"query": document, "variables": {"input": command}}, who)
            assert not leaked(answer.text), (who, _name)
            outputs += 1
    strangers = [arena.play.actor(who).tenant_id for who in STRANGERS]
    mails = arena.play.rows(
        "select n::text from notifications n where recipient_id = any (%s)", strangers
    )
    assert not [mail for (mail,) in mails if leaked(mail)]
    with capsys.disabled():
        print(f"\ncanaries: {outputs} outputs of strangers, none")  # noqa: T201 - how much was tried is part of the proof
