"""Each list: its filters, its orders, its file with exactly the same rows."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import httpx2
import pytest
from python_calamine import CalamineWorkbook

from server.operations import urgences
from server.operations.urgences import RequestUrgence
from server.pages.notifications import FOLDERS, KINDS
from tests.operations.play import DOUSSARD, FAVERGES, NUDS, Play
from tests.pages.browsers import Site
from tests.pages.reading import words

LISTS = (
    *("/orientations", "/liberations", "/logements"),
    *("/caleol", "/urgences", "/bilans", "/flux", "/notifications"),
)
DWELLING = re.compile(r'<td data-label="Référence">([^<]+)</td>')
OFFER = re.compile(r'<th scope="row"><a href="/orientations/([0-9a-f-]{36})"')


async def get(site: Site, path: str, who: str = "alice", **query: Any) -> httpx2.Response:
    async with site.browser(who) as client:
        answer = await client.get(path, params=query or None)
    assert answer.status_code == 200, words(answer)
    return answer


def sheet(answer: httpx2.Response, name: str = "Liste") -> list[dict[str, Any]]:
    """The rows of the file, by the headers of their columns."""
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    header, *rows = book.get_sheet_by_name(name).to_python()
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


async def offers(play: Play) -> None:
    """Three offers: two at Doussard, one at Faverges, each an hour after the other."""
    for number, (insee, party) in enumerate(
        ((DOUSSARD, "doussard"), (FAVERGES, "faverges-seythenex"), (DOUSSARD, "doussard"))
    ):
        await play.offer(party, home=play.home(insee, number))
        play.now += timedelta(hours=1)


async def test_the_file_of_the_offers_holds_the_rows_of_the_page(site: Site, play: Play) -> None:
    await offers(play)
    asked = {"etape": "toutes", "commune": DOUSSARD}
    page = await get(site, "/orientations", **asked)
    link = re.search(r'href="(/orientations\.xlsx[^"]*)"', page.text)
    assert link
    file = await get(site, html.unescape(link[1]))
    rows = sheet(file)
    assert len(rows) == len(set(OFFER.findall(page.text))) == 2
    assert {row["Code INSEE"] for row in rows} == {DOUSSARD}
    assert {row["État"] for row in rows} == {"Envoyée, réponse attendue"}
    assert str(rows[0]["Envoyée le"]) == "2026-04-30"
    about = {row["Information"]: row["Valeur"] for row in sheet(file, "À propos")}
    assert (about["Étape"], about["Commune"]) == ("Toutes", "Doussard")
    labels = [row["Colonne"] for row in sheet(file, "Dictionnaire")]
    assert labels == list(rows[0])
    text = (await get(site, "/orientations.csv", **asked)).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 3


async def test_no_file_tells_a_household(site: Site, play: Play) -> None:
    await play.everything()
    for path in LISTS:
        for who in ("alice", "chloe", "estelle"):
            async with site.browser(who) as client:
                answer = await client.get(f"{path}.csv", params={"etape": "toutes"})
            assert answer.status_code in (200, 403), (path, who)
            assert not any(nud in answer.text for nud in NUDS), (path, who)


async def test_the_file_of_the_vacancies_holds_the_rows_of_the_page(site: Site, play: Play) -> None:
    await play.vacancy(play.home(DOUSSARD, 0))
    await play.vacancy(play.home(FAVERGES, 0))
    await play.offer(home=play.home(DOUSSARD, 1))
    waiting = sheet(await get(site, "/liberations.xlsx"))
    assert {row["Commune"] for row in waiting} == {"Doussard", "Faverges-Seythenex"}
    assert {row["État"] for row in waiting} == {"À orienter"}
    here = sheet(await get(site, "/liberations.xlsx", vue="toutes", commune=DOUSSARD))
    assert sorted(row["Dernière offre à"] for row in here) == ["", "Commune de Doussard"]
    by_commune = sheet(await get(site, "/liberations.xlsx", vue="toutes", tri="-commune"))
    assert [row["Code INSEE"] for row in by_commune] == [FAVERGES, DOUSSARD, DOUSSARD]


FLUX_LINE = re.compile(r'data-label="Droits">([^<]*)</td>.*?data-label="Écart">([^<]*)<', re.DOTALL)


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("\u202f", "").replace("\xa0", "").replace(",", "."))


async def test_the_lines_of_the_flux_are_sorted_by_a_column(site: Site, play: Play) -> None:
    """Annexe 1: the order of the signed document is the default, and comes back by a link."""
    await offers(play)
    signed = sheet(await get(site, "/flux.xlsx"))
    for tri, label in (("ecart", "Écart"), ("-du", "Quota de l'année"), ("-droits", "Droits")):
        page = await get(site, "/flux", tri=tri)
        rows = sheet(await get(site, "/flux.xlsx", tri=tri))
        figures = [row[label] for row in rows if row["EPCI"] == rows[0]["EPCI"]]
        assert len(figures) > 2
        assert figures == sorted(figures, reverse=tri.startswith("-"))
        assert {row["Réservataire"] for row in rows} == {row["Réservataire"] for row in signed}
        assert "Revenir à l'ordre de l'annexe signée" in words(page)
        kept = f'name="tri" value="{tri}"'
        assert kept in page.text
    shown = (await get(site, "/flux", tri="ecart")).text.partition("-droits-titre")[2]
    gaps = [number(gap) for _, gap in FLUX_LINE.findall(shown.partition("<tfoot>")[0])]
    assert len(gaps) > 2
    assert gaps == sorted(gaps)
    default = await get(site, "/flux")
    assert "Revenir à l'ordre" not in words(default)
    again = sheet(await get(site, "/flux.xlsx"))
    assert [row["Réservataire"] for row in again] == [row["Réservataire"] for row in signed]


@pytest.mark.parametrize("tri", ["-logements", "bailleur", "epci", "-liberations"])
async def test_the_annexes_of_the_department_are_sorted(site: Site, play: Play, tri: str) -> None:
    await offers(play)
    page = await get(site, "/flux", "estelle", tri=tri)
    assert page.text.count("aria-sort=") == 1
    code = tri.removeprefix("-")
    labels = {"logements": "Logements (A)", "liberations": "Libérations", "epci": "EPCI"}
    if code in labels:
        cells = re.findall(rf'data-label="{re.escape(labels[code])}">([^<]*)<', page.text)
        values = [number(cell) for cell in cells] if tri.startswith("-") else cells
        assert len(values) > 1
        keys = values if tri.startswith("-") else [str(one).casefold() for one in values]
        assert keys == sorted(keys, reverse=tri.startswith("-"))


async def test_a_stranger_s_file_is_empty(site: Site, play: Play) -> None:
    await offers(play)
    assert sheet(await get(site, "/orientations.xlsx", "denis", etape="toutes")) == []
    hers = sheet(await get(site, "/orientations.xlsx", "karine", etape="toutes"))
    assert [row["Réservataire"] for row in hers] == ["Commune de Faverges-Seythenex"]
    assert sheet(await get(site, "/liberations.xlsx", "denis", vue="toutes")) == []
    async with site.browser("chloe") as client:
        assert (await client.get("/liberations.xlsx")).status_code == 403
    async with site.browser("farid") as client:
        assert (await client.get("/orientations.xlsx")).status_code == 403


async def test_the_flux_leads_to_the_very_offers_that_it_counts(site: Site, play: Play) -> None:
    await offers(play)
    withdrawn = await play.offer(home=play.home(DOUSSARD, 3))
    play.run("update orientations set state = 'withdrawn' where id = %s", withdrawn)
    page = await get(site, "/flux")
    rows = sheet(await get(site, "/flux.xlsx"))
    counts = {row["Réservataire"]: row["Orientés"] for row in rows if row["Orientés"]}
    assert counts == {"Commune de Doussard": 2.0, "Commune de Faverges-Seythenex": 1.0}
    doussard = str(play.tenant("doussard"))
    links = {html.unescape(one) for one in re.findall(r'href="(/orientations\?[^"]*)"', page.text)}
    link = next(one for one in links if doussard in one)
    shown = await get(site, link)
    assert len(set(OFFER.findall(shown.text))) == 2
    assert str(withdrawn) not in shown.text
    assert "Comptée dans le flux de : 2026" in words(shown)


@pytest.mark.parametrize("tri", ["commune", "-commune", "envoi", "-envoi", "echeance", "-echeance"])
async def test_a_sorted_list_is_read_whole_page_by_page(site: Site, play: Play, tri: str) -> None:
    """27 offers, some at the same instant: none lost, none twice, in the order of the file."""
    for number in range(27):
        insee, party = (DOUSSARD, "doussard") if number % 2 else (FAVERGES, "faverges-seythenex")
        await play.offer(party, home=play.home(insee, number // 2))
    page = await get(site, "/orientations", etape="toutes", tri=tri)
    following = re.search(r'href="([^"]*apres=[^"]*)"', page.text)
    assert following
    second = await get(site, html.unescape(following[1]))
    seen = [*OFFER.findall(page.text), *OFFER.findall(second.text)]
    assert len(seen) == len(set(seen)) == 27
    places = [
        row["Commune"]
        for row in sheet(await get(site, "/orientations.xlsx", etape="toutes", tri=tri))
    ]
    assert len(places) == 27
    if tri.endswith("commune"):
        assert places == sorted(places, reverse=tri.startswith("-"))


@pytest.mark.parametrize("tri", ["", "-commune", "reference", "-reference"])
async def test_the_dwellings_are_read_whole_page_by_page(site: Site, tri: str) -> None:
    """As many as the file holds, in its order; the search and the order stay in each address."""
    asked = {"q": "hsh", **({"tri": tri} if tri else {})}
    page = await get(site, "/logements", **asked)
    seen = DWELLING.findall(page.text)
    while following := re.search(r'href="([^"]*apres=[^"]*)"', page.text):
        assert "q=hsh" in following[1]
        assert not tri or f"tri={tri}" in following[1]
        page = await get(site, html.unescape(following[1]))
        seen += DWELLING.findall(page.text)
    assert "revenir au début" in words(page)
    file = [row["Référence"] for row in sheet(await get(site, "/logements.xlsx", **asked))]
    assert len(file) > 50
    assert seen == file


@pytest.mark.parametrize("path", LISTS)
async def test_an_order_or_a_filter_that_does_not_exist_is_left_out(
    site: Site, play: Play, path: str
) -> None:
    await play.vacancy()
    for query in ({"tri": "id; drop"}, {"tri": "-"}, {"bailleur": "x", "annee": "zz"}):
        await get(site, path, **query)
        await get(site, f"{path}.csv", **query)


REQUEST = re.compile(r'<th scope="row"><a href="/urgences/([0-9a-f-]{36})"')


async def asked_urgences(play: Play, count: int) -> None:
    """Requests an hour after each other, the oldest first;
    nobody decides."""
    for number in range(count):
        vacancy_id = await play.vacancy(
            play.home(DOUSSARD if number % 2 else FAVERGES, number // 2)
        )
        command = RequestUrgence(vacancy_id=vacancy_id, kind="fire", title="Incendie rue du Lac")
        await play.does("alice", partial(urgences.request, command=command))
        play.now += timedelta(hours=1)


@pytest.mark.parametrize("tri", ["", "-demande", "commune"])
async def test_the_requests_are_read_whole_page_by_page(site: Site, play: Play, tri: str) -> None:
    """Art. 2.4: those that wait longest first; the figures count them all, whatever is shown."""
    await asked_urgences(play, 27)
    asked = {"tri": tri} if tri else {}
    page = await get(site, "/urgences", "estelle", **asked)
    following = re.search(r'href="([^"]*apres=[^"]*)#en-attente"', page.text)
    assert following
    second = await get(site, html.unescape(following[1]), "estelle")
    seen = [*REQUEST.findall(page.text), *REQUEST.findall(second.text)]
    assert len(seen) == len(set(seen)) == 27
    for shown in (page, second):
        assert "En attente de décision 27" in words(shown)
        assert f"tri={tri}" in shown.text or not tri
    if not tri:
        oldest = play.scalar("select id from urgences order by requested_at limit 1")
        assert seen[0] == str(oldest)


async def test_the_requests_decided_have_pages_of_their_own(site: Site, play: Play) -> None:
    await asked_urgences(play, 27)
    play.run(
        "update urgences set state = 'refused', decision_reason = 'Essai',"
        " decided_at = requested_at + interval '2 hours'"
    )
    page = await get(site, "/urgences", "estelle")
    following = re.search(r'href="([^"]*apres_decidees=[^"]*)#decidees"', page.text)
    assert following
    second = await get(site, html.unescape(following[1]), "estelle")
    seen = [*REQUEST.findall(page.text), *REQUEST.findall(second.text)]
    assert len(seen) == len(set(seen)) == 27
    assert "2 h sur 27 décisions" in words(page)
    rows = sheet(
        await get(site, html.unescape(following[1]).replace("/urgences", "/urgences.xlsx"))
    )
    assert len(rows) == 27


async def test_notifications_are_filtered_by_reading(site: Site, play: Play) -> None:
    await offers(play)
    unread = await get(site, "/notifications", "chloe", lecture="non_lues")
    read = await get(site, "/notifications", "chloe", lecture="lues", tri="recue")
    assert "Non lue" in words(unread)
    assert "Aucune notification" in words(read)


async def test_the_file_of_the_notifications_holds_the_rows_of_the_page(
    site: Site, play: Play
) -> None:
    await play.everything()
    asked = {"nature": "caleol", "lecture": "non_lues"}
    page = await get(site, "/notifications", "chloe", **asked)
    assert "Nature : CALEOL" in words(page)
    shown = page.text.partition("<main")[2]
    assert 'href="/caleol/' in shown
    assert 'href="/orientations/' not in shown
    link = re.search(r'href="(/notifications\.xlsx[^"]*)"', page.text)
    assert link
    file = await get(site, html.unescape(link[1]), "chloe")
    rows = sheet(file)
    assert len(rows) == shown.count('<th scope="row">') > 0
    assert {row["Nature"] for row in rows} == {"CALEOL"}
    assert {row["Lue le"] for row in rows} == {""}
    about = {row["Information"]: row["Valeur"] for row in sheet(file, "À propos")}
    assert (about["Lecture"], about["Nature"]) == ("Non lues", "CALEOL")
    text = (await get(site, "/notifications.csv", "chloe")).content.decode("utf-8-sig")
    assert len(text.splitlines()) > len(rows) + 1
    others = sheet(await get(site, "/notifications.xlsx", "karine"))
    assert {row["Nature"] for row in others} == {"Bilans"}


def test_every_kind_of_notification_has_its_name() -> None:
    assert set(FOLDERS) <= set(KINDS)


@pytest.mark.parametrize("number", ["9" * 5000, "²", "-1", "0", "99999"])
@pytest.mark.parametrize(
    ("who", "path", "name"),
    [
        ("alice", "/soustractions", "page"),
        ("alice", "/soustractions", "annee"),
        ("alice", "/conventions", "annee"),
        ("alice", "/orientations", "annee"),
        ("alice", "/bilans", "annee"),
        ("alice", "/bilans/publier", "annee"),
        ("alice", "/flux/registre", "avant"),
        ("estelle", "/departement", "page"),
        ("farid", "/bilans/dossier.zip", "annee"),
    ],
)
async def test_a_number_that_is_none_of_ours_breaks_no_page(
    site: Site, who: str, path: str, name: str, number: str
) -> None:
    """Left out, or said in French: Python itself refuses to read 5 000 digits."""
    async with site.browser(who) as client:
        answer = await client.get(path, params={name: number})
    assert answer.status_code in (200, 404, 409, 422), words(answer)
