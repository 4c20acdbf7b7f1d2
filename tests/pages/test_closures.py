"""Declared closures on screen: the page of the réservataire, the check before an offer goes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from server.operations import closures
from server.operations.closures import DeclareClosure
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import words

PATH = "/organisme/fermetures"
BRIDGE = {"debut": "2026-05-04", "fin": "2026-05-07", "motif": "pont du 8 mai"}


@pytest.fixture(autouse=True)
def _last_of_april(play: Play) -> None:
    play.sets_clock(play.now)


async def declare(play: Play, who: str = "chloe") -> UUID:
    command = DeclareClosure(
        first_day=date(2026, 5, 4), last_day=date(2026, 5, 7), reason="pont du 8 mai"
    )
    return (await play.does(who, lambda tx: closures.declare(tx, command))).id


async def test_a_closure_is_declared_seen_and_withdrawn(site: Site, play: Play) -> None:
    async with site.browser("chloe") as client:
        empty = words(await client.get(PATH))
        made = await client.post(PATH, data=BRIDGE)
        shown = await client.get(made.headers["location"])
        (closure_id,) = (row[0] for row in play.rows("select id from closures"))
        gone = await client.post(f"{PATH}/{closure_id}/retirer")
        after = words(await client.get(gone.headers["location"]))
    assert "Aucune fermeture" in empty
    assert "Sans effet sur les délais" in empty
    assert made.status_code == gone.status_code == 303
    assert "Fermeture déclarée du 4 mai 2026 au 7 mai 2026" in words(shown)
    assert "pont du 8 mai" in words(shown)
    assert "Fermeture retirée" in after
    assert "Aucune fermeture" in after


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"debut": ""}, "debut", "Indiquez une date"),
        ({"fin": "2026-05-03"}, "fin", "Le dernier jour vient avant le premier"),
        ({"fin": "2026-06-30"}, "fin", "31 jours au plus"),
        ({"debut": "2026-04-01", "fin": "2026-04-02"}, "debut", "se déclare d'avance"),
        ({"motif": " "}, "motif", "Indiquez le motif"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_lost(
    site: Site, play: Play, change: dict[str, str], field: str, says: str
) -> None:
    async with site.browser("chloe") as client:
        answer = await client.post(PATH, data={**BRIDGE, **change})
    assert answer.status_code == 422
    assert f'href="#champ-{field}"' in answer.text
    assert says in words(answer)
    kept = {**BRIDGE, **change}
    assert all(f'value="{text}"' in answer.text for text in kept.values() if text.strip())
    assert play.scalar("select count(*) from closures") == 0


async def test_a_reader_reads(site: Site, play: Play) -> None:
    await declare(play)
    play.rewrite(
        "update memberships set role = 'lecteur' where person_id = %s",
        play.actor("chloe").person_id,
    )
    async with site.browser("chloe") as client:
        page = await client.get(PATH)
        refused = await client.post(PATH, data=BRIDGE)
    assert "pont du 8 mai" in words(page)
    assert "<form" not in page.text.split("<main")[1].split("</main")[0]
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("is_suspended", "day", "says"),
    [
        (False, "mardi 5 mai 2026", "ces jours comptent : le délai court"),
        (True, "mardi 12 mai 2026", "ces jours ne comptent pas"),
    ],
)
async def test_the_check_page_shows_them(
    site: Site, play: Play, is_suspended: bool, day: str, says: str
) -> None:
    if is_suspended:
        play.run("update conventions set closure_rule = 'suspended'")
    await declare(play)
    vacancy_id = await play.vacancy()
    asked = {"choix": "autre", "motif": "Essai"}
    party = {"reservataire": f"{play.tenant('doussard')}:none"}
    async with site.browser("alice") as client:
        answer = await client.get(f"/liberations/{vacancy_id}/verifier", params=asked | party)
    told = words(answer)
    assert "Du 4 mai 2026 au 7 mai 2026 : pont du 8 mai." in told
    assert says in told
    assert f"le silence vaudra acceptation le {day}" in told
    assert ("fermeture : pont du 8 mai" in told) is is_suspended


async def test_the_receipt_counts_them_again(site: Site, play: Play) -> None:
    """Printable and recomputable: the closures are kept with the receipt."""
    play.run("update conventions set closure_rule = 'suspended'")
    await declare(play)
    offer_id = await play.offer()
    async with site.browser("alice") as client:
        told = words(await client.get(f"/orientations/{offer_id}"))
    assert "fermeture : pont du 8 mai" in told
    assert "mardi 12 mai 2026, pareil" in told
    assert "6 jours ouvrés" not in told


async def test_a_convention_says_what_it_makes_of_them(site: Site, play: Play) -> None:
    convention_id = play.scalar(
        "select id from conventions where reservataire_id = %s and bailleur_id = %s",
        play.tenant("doussard"),
        play.tenant("haute-savoie-habitat"),
    )
    async with site.browser("chloe") as client:
        usual = words(await client.get(f"/conventions/{convention_id}"))
        play.run("update conventions set closure_rule = 'suspended'")
        agreed = words(await client.get(f"/conventions/{convention_id}"))
        page = words(await client.get(PATH))
    assert "une fermeture ne suspend aucun délai" in usual
    assert "suspend les délais" in agreed
    assert "Suspendent les délais des offres" in page
