"""The page of the responsable: accesses of tools made, shown once, ended, and what they called."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx2
from python_calamine import CalamineWorkbook

from server.pages.machines.words import PATH, SCOPES
from server.tenants.scopes import SCOPES as VOCABULARY
from server.tenants.sessions import digest
from tests.operations.play import Play
from tests.pages.browsers import ORIGIN, Site, site
from tests.worlds import Stage

NEW = f"{PATH}/nouveau"
SECRET = re.compile(r'name="secret"[^>]* value="(pdf_[\w-]+)"')


def typed(**changed: Any) -> dict[str, Any]:
    day = datetime.now(UTC).date() + timedelta(days=100)
    return {
        "nature": "jeton",
        "nom": "Logiciel locatif",
        "portees": ["orientations:lire", "flux:lire"],
        "dernier_jour": day.isoformat(),
        "reseaux": "192.0.2.0/24\n2001:db8::/48\n",
        **changed,
    }


async def made(client: httpx2.AsyncClient, **changed: Any) -> str:
    answer = await client.post(NEW, data=typed(**changed))
    assert answer.status_code == 200, answer.text
    found = SECRET.search(answer.text)
    assert found is not None
    return found[1]


async def called(opened: Site, secret: str, query: str, address: str = "192.0.2.9") -> int:
    transport = httpx2.ASGITransport(app=opened.app, client=(address, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as tool:
        answer = await tool.post(
            "/graphql", json={"query": query}, headers={"authorization": f"Bearer {secret}"}
        )
    return answer.status_code


def _machine(play: Play, name: str = "Logiciel locatif") -> UUID:
    found: UUID = play.scalar("select id from api_tokens where name = %s", name)
    return found


def test_every_scope_has_its_words() -> None:
    assert list(SCOPES) == list(VOCABULARY)


async def test_a_token_is_shown_once_and_never_again(world: Stage, play: Play) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        answer = await client.post(NEW, data=typed())
        assert answer.headers["cache-control"] == "no-store"
        found = SECRET.search(answer.text)
        assert found is not None
        secret = found[1]
        assert play.scalar("select token_hash from api_tokens where name = 'Logiciel locatif'") == (
            digest(secret)
        )
        machine = f"{PATH}/{_machine(play)}"
        for address in (PATH, machine, f"{machine}/revoquer", f"{PATH}/appels"):
            page = await client.get(address)
            assert page.status_code == 200
            assert secret not in page.text
            assert digest(secret) not in page.text
        again = await client.post(NEW, data=typed())  # the same form sent twice
        assert again.status_code == 422
        assert "porte déjà ce nom" in again.text


async def test_the_token_of_the_page_calls_the_api(world: Stage) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        secret = await made(client)
        assert await called(opened, secret, "{ me { role } }") == 200
        assert await called(opened, secret, "{ me { role } }", "198.51.100.1") == 401


async def test_what_was_typed_is_kept_when_it_is_refused(world: Stage, play: Play) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        before = play.dump()
        answer = await client.post(
            NEW, data=typed(nom="", reseaux="partout", dernier_jour="2020-01-01", portees=[])
        )
        assert answer.status_code == 422
        assert play.dump() == before
    for words in ("Nommez l&#39;outil", "au moins une portée", "Choisissez un dernier jour"):
        assert words in answer.text
    assert "«\u00a0partout\u00a0»" in answer.text
    assert ">partout</textarea>" in answer.text


async def test_only_what_the_capacity_may_is_offered(world: Stage) -> None:
    async with site(world) as opened:
        async with opened.browser("alice") as client:
            bailleur = (await client.get(NEW)).text
        async with opened.browser("farid") as client:
            epci = (await client.get(NEW)).text
    assert 'value="orientations:agir"' in bailleur
    assert 'value="orientations:agir"' not in epci
    assert 'value="flux:lire"' in epci


async def test_revoking_is_checked_first_and_acts_at_the_next_call(
    world: Stage, play: Play
) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        secret = await made(client)
        machine = f"{PATH}/{_machine(play)}"
        check = await client.get(f"{machine}/revoquer")
        assert "ne se rétablit pas" in check.text
        assert await called(opened, secret, "{ me { role } }") == 200
        answer = await client.post(f"{machine}/revoquer")
        assert (answer.status_code, answer.headers["location"]) == (303, PATH)
        assert await called(opened, secret, "{ me { role } }") == 401
        assert "Révoqué" in (await client.get(f"{PATH}?etat=termines")).text
        assert "par Alice Démo" in (await client.get(machine)).text
        twice = await client.post(f"{machine}/revoquer")
        assert twice.headers["location"] == machine


async def test_the_accesses_are_filtered_sorted_and_exported(world: Stage, play: Play) -> None:
    """A name that a spreadsheet would take for a formula stays a text."""
    names = ["=1+1", "Annuaire", "Zonage"]
    async with site(world) as opened, opened.browser("alice") as client:
        for name in names:
            await made(client, nom=name)
        ended = _machine(play, "Zonage")
        await client.post(f"{PATH}/{ended}/revoquer")

        async def listed(**query: str) -> list[str]:
            text = (await client.get(PATH, params=query)).text
            return re.findall(r"<th scope=.row.><a [^>]*>(.*?)</a>", text)

        assert await listed() == ["=1+1", "Annuaire", "Haute-Savoie Habitat"]
        assert await listed(etat="termines") == ["Zonage"]
        assert await listed(etat="tous", tri="-nom") == [
            *("Zonage", "Haute-Savoie Habitat", "Annuaire", "=1+1")
        ]
        assert (
            f'href="{PATH}.xlsx?etat=termines"'
            in (await client.get(PATH, params={"etat": "termines"})).text
        )
        rows = (await client.get(f"{PATH}.csv", params={"tri": "-nom"})).text.splitlines()
        assert [row.split(";")[0] for row in rows[1:]] == [
            *("Haute-Savoie Habitat", "Annuaire", "'=1+1")
        ]
        book = CalamineWorkbook.from_filelike(
            BytesIO((await client.get(f"{PATH}.xlsx", params={"etat": "termines"})).content)
        )
        header, *cells = book.get_sheet_by_index(0).to_python()
        (only,) = [dict(zip(header, row, strict=True)) for row in cells]
        assert (only["Nom"], only["État"]) == ("Zonage", "Révoqué")
        assert isinstance(only["Dernier jour"], date)
        assert isinstance(only["Révoqué le"], datetime)


async def test_calls_and_errors_are_listed_filtered_and_exported(world: Stage, play: Play) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        secret = await made(client)
        await called(opened, secret, "{ me { role } }")
        await called(opened, secret, "{ me { role } }")
        await called(opened, secret, "{ bilans { id } }")
        await called(opened, secret, "{ me { role } }", "198.51.100.1")
        everything = (await client.get(f"{PATH}/appels")).text
        for words in ("Réussi", "Refusé\u00a0: portée absente", "adresse hors des réseaux"):
            assert words in everything
        errors = (await client.get(f"{PATH}/appels?resultat=erreurs")).text
        assert "Refusé\u00a0: portée absente" in errors
        assert '<span class="badge success">' not in errors
        mine = (await client.get(f"{PATH}/appels.csv?acces={_machine(play)}&tri=operation")).text
        assert mine.count("Logiciel locatif") == 3
        yesterday = datetime.now(UTC).date() - timedelta(days=3)
        assert "Aucun appel" in (await client.get(f"{PATH}/appels?jour={yesterday}")).text
        book = await client.get(f"{PATH}/appels.xlsx")
        assert book.content[:2] == b"PK"


async def test_another_organisme_sees_nothing_of_it(world: Stage, play: Play) -> None:
    async with site(world) as opened:
        async with opened.browser("alice") as client:
            secret = await made(client)
        await called(opened, secret, "{ me { role } }")
        machine = f"{PATH}/{_machine(play)}"
        for who in ("denis", "chloe", "estelle", "farid"):
            async with opened.browser(who) as client:
                assert (await client.get(machine)).status_code == 404
                assert "Logiciel locatif" not in (await client.get(PATH)).text
                assert "Logiciel locatif" not in (await client.get(f"{PATH}/appels")).text
                before = play.rows("select revoked_at from api_tokens order by id")
                assert (await client.post(f"{machine}/revoquer")).status_code == 404
                assert play.rows("select revoked_at from api_tokens order by id") == before


async def test_a_reader_is_told_that_it_is_for_the_responsable(world: Stage) -> None:
    async with site(world) as opened, opened.browser("bruno") as client:
        assert (await client.get(PATH)).status_code == 403
        assert PATH not in (await client.get("/")).text
    async with site(world) as opened, opened.browser("alice") as client:
        assert PATH in (await client.get("/")).text


async def test_without_an_issuer_no_client_is_offered(world: Stage) -> None:
    async with site(world) as opened, opened.browser("alice") as client:
        assert "Rattacher un client" not in (await client.get(PATH)).text
        assert (await client.get(f"{NEW}?nature=client")).status_code == 404
        assert (await client.post(NEW, data=typed(nature="client"))).status_code == 404
