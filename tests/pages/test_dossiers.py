from __future__ import annotations

from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import httpx2
import pytest
from python_calamine import CalamineWorkbook
from structlog.testing import capture_logs

from server.operations import bilans
from tests.operations.play import NUDS, SOURCES_DU_LAC, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import words

PAYS_D_EVIAN = "200071967"
DOSSIER = "/bilans/dossier.zip"


async def publish(play: Play, year: int, who: str = "alice") -> UUID:
    """Published by the bailleur and distributed by the worker."""
    bilan_id = await play.does(who, lambda tx: bilans.publish(tx, year))
    await play.does(who, lambda tx: bilans.distribute(tx, bilan_id))
    return bilan_id


def opened(answer: httpx2.Response) -> dict[str, bytes]:
    assert answer.status_code == 200, words(answer)
    with ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def get(site: Site, who: str, path: str) -> httpx2.Response:
    async with site.browser(who) as client:
        return await client.get(path)


# --- The grid -----------------------------------------------------------------------------------


async def test_each_bailleur_and_year_says_what_came(site: Site, play: Play) -> None:
    """R441-5-1: due before 28 February of the year that follows."""
    before = words(await get(site, "farid", "/bilans"))
    assert "Haute-Savoie Habitat Année en cours Avant le 28 février 2027 Manquant" in before
    assert "Manquant Dû avant le 28 février 2026" in before
    bilan_id = await publish(play, 2025)
    page = await get(site, "farid", "/bilans")
    assert "Non lu Reçu le 30 avril 2026" in words(page)
    assert f'href="/bilans/{bilan_id}"' in page.text
    assert "Manquant" not in words(page)


async def test_before_the_deadline_a_bilan_is_only_awaited(site: Site, play: Play) -> None:
    set_clock(play.stage.database, paris("2026-02-27T23:00"))
    text = words(await get(site, "farid", "/bilans"))
    assert "Attendu Avant le 28 février 2026" in text
    assert "Manquant" not in text


async def test_an_epci_without_agreement_is_owed_nothing(site: Site, play: Play) -> None:
    """Domain Q24: an EPCI that is not LEC receives by agreement; LEC makes it due (9.5)."""
    play.run("delete from bilan_agreements")
    assert "Aucun bilan dû" in words(await get(site, "farid", "/bilans"))
    play.run("insert into lec_territories values (%s, '2019-01-01', null)", SOURCES_DU_LAC)
    assert "Manquant Dû avant le 28 février 2026" in words(await get(site, "farid", "/bilans"))


async def test_the_prefecture_sees_who_is_missing_and_both_deadlines(
    site: Site, play: Play
) -> None:
    """28 February to the réservataires, 31 March to the CIL (domain §9.4)."""
    await publish(play, 2025)
    text = words(await get(site, "estelle", "/bilans"))
    assert "Bilans 2025 manquants Dus depuis le 28 février 2026 : " in text
    assert "était à remettre à la conférence intercommunale du logement avant le 31 mars" in text
    assert "CC des Sources du Lac d'Annecy 2025 1 sur 1 aucun 31 mars 2026" in text
    assert "CC Pays d'Evian Vallée d'Abondance 2025 1 sur 6 " in text
    assert "Alliade Habitat, Le Mont-Blanc" in text
    assert "Bailleur par bailleur" not in words(await get(site, "chloe", "/bilans"))
    assert "Dossiers pour la CIL" not in words(await get(site, "alice", "/bilans"))


# --- The dossier --------------------------------------------------------------------------------


async def test_the_dossier_holds_the_bilans_and_the_annexes(site: Site, play: Play) -> None:
    await play.attributed()
    await publish(play, 2026)
    page = await get(site, "farid", "/bilans")
    address = f"{DOSSIER}?annee=2026&epci={SOURCES_DU_LAC}"
    assert address.replace("&", "&amp;") in page.text
    answer = await get(site, "farid", address)
    assert answer.headers["content-type"] == "application/zip"
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="dossier-cil-2026-cc-des-sources-du-lac-d-annecy.zip"'
    )
    files = opened(answer)
    assert list(files) == [
        "LISEZ-MOI.txt",
        "bilans/bilan-2026-haute-savoie-habitat-v1.xlsx",
        "annexes/annexe-1-haute-savoie-habitat-cc-des-sources-du-lac-d-annecy-2026.xlsx",
    ]
    summary = files["LISEZ-MOI.txt"].decode("utf-8-sig")
    assert "À remettre à la CIL avant le 31 mars 2027" in summary
    assert "Haute-Savoie Habitat, version 1, provisoire" in summary
    assert "\r\n" in summary


async def test_no_household_is_in_the_dossier(site: Site, play: Play) -> None:
    """Domain §1.2: an EPCI never sees a NUD."""
    await play.attributed()
    await publish(play, 2026)
    files = opened(await get(site, "farid", f"{DOSSIER}?annee=2026"))
    texts = [files.pop("LISEZ-MOI.txt").decode("utf-8-sig")]
    for content in files.values():
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        texts += [str(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names]
    assert len(texts) > len(files)
    assert not any(nud in text for text in texts for nud in NUDS)


async def test_to_download_it_is_to_have_read_its_bilans(site: Site, play: Play) -> None:
    await publish(play, 2025)
    assert "Non lu" in words(await get(site, "farid", "/bilans"))
    await get(site, "farid", f"{DOSSIER}?annee=2025")
    assert "Lu Reçu le 30 avril 2026" in words(await get(site, "farid", "/bilans"))
    assert "Non lu" in words(await get(site, "estelle", "/bilans"))


async def test_an_epci_has_its_own_territory_whatever_it_asks(site: Site, play: Play) -> None:
    await publish(play, 2025)
    files = opened(await get(site, "farid", f"{DOSSIER}?annee=2025&epci={PAYS_D_EVIAN}"))
    assert not any("evian" in name for name in files)


async def test_the_prefecture_has_that_of_each_territory(site: Site, play: Play) -> None:
    await publish(play, 2025)
    files = opened(await get(site, "estelle", f"{DOSSIER}?annee=2025&epci={PAYS_D_EVIAN}"))
    summary = files["LISEZ-MOI.txt"].decode("utf-8-sig")
    assert "Bilans 2025 manquants (5)" in summary
    assert sum(name.startswith("annexes/") for name in files) == 6
    assert sum(name.startswith("bilans/") for name in files) == 1


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 422, "Choisissez l'année du dossier."),
        ("annee=abc", 422, "Choisissez l'année du dossier."),
        ("annee=2025", 422, "Choisissez l'EPCI du dossier."),
        ("annee=2024&epci=247400773", 409, "le dossier serait vide"),
        ("annee=2025&epci=x", 409, "le dossier serait vide"),
    ],
)
async def test_what_has_no_dossier_is_told(
    site: Site, play: Play, query: str, status: int, says: str
) -> None:
    await publish(play, 2025)
    async with site.browser("estelle") as client:
        before = play.dump()
        answer = await client.get(f"{DOSSIER}?{query}")
        assert play.dump() == before
    assert answer.status_code == status
    assert says in words(answer)


async def test_the_dossier_is_for_the_epci_and_the_prefecture(site: Site, play: Play) -> None:
    await publish(play, 2025)
    path = f"{DOSSIER}?annee=2025&epci={SOURCES_DU_LAC}"
    for who in ("alice", "bruno", "chloe", "denis", "karine"):
        async with site.browser(who) as client:
            before = play.dump()
            assert (await client.get(path)).status_code == 403
            assert play.dump() == before


async def test_it_is_logged_like_the_other_files(site: Site, play: Play) -> None:
    await publish(play, 2025)
    with capture_logs() as lines:
        await get(site, "farid", f"{DOSSIER}?annee=2025")
    exports = [line for line in lines if line["event"] == "security.export"]
    assert [(line["route"], line["status"]) for line in exports] == [(DOSSIER, 200)]
