from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from server.operations import caleol, candidates, orientations, priorities
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.priorities import Asked
from tests.operations.play import DOUSSARD, HSH, NUDS, SOURCES_DU_LAC, Play
from tests.pages.browsers import Site
from tests.pages.browsers import site as open_site
from tests.pages.reading import statuses, words
from tests.worlds import Stage

PAGES = ("/dalo", "/dalo.xlsx", "/dalo.csv")


async def present(play: Play, number: int, *, is_dalo: bool, criterion: str | None) -> UUID:
    """One household presented to Doussard, alone if it is DALO."""
    found = await play.search(home=play.home(DOUSSARD, number))
    one = NewCandidate(nud=f"0740426{number:011d}", is_dalo=is_dalo, criterion=criterion)
    others = () if is_dalo else tuple(NewCandidate(nud=nud) for nud in NUDS[5:7])
    command = PresentCandidates(orientation_id=found, candidates=(one, *others))
    await play.does("chloe", lambda tx: candidates.present(tx, command))
    return found


async def decide(play: Play, *offers: UUID) -> None:
    session_id = await play.session(*offers)
    play.now += timedelta(days=8)
    for one in offers:
        await _attribute(play, play.decision(session_id, one))


async def _attribute(play: Play, command: caleol.RecordDecision) -> None:
    await play.does("alice", lambda tx: caleol.record_decision(tx, command))


async def refuse(play: Play, offer: UUID, reason: str) -> None:
    """The household of a DALO offer does not take it."""
    session_id = await play.session(offer)
    play.now += timedelta(days=8)
    decision = caleol.CandidateDecision(
        candidate_id=play.candidates(offer)[0], outcome="not_attributed", reason=reason
    )
    command = caleol.RecordDecision(
        session_id=session_id, orientation_id=offer, decisions=(decision,)
    )
    await _attribute(play, command)


@pytest.fixture
async def attributed(play: Play) -> Play:
    """Nine attributions to Doussard: five DALO, two by a criterion, two without; two DALO more
    that did not take their offer.
    """
    offers = [await present(play, number, is_dalo=True, criterion=None) for number in range(10, 15)]
    offers += [await present(play, number, is_dalo=False, criterion="j") for number in (15, 16)]
    offers += [await present(play, number, is_dalo=False, criterion=None) for number in (17, 18)]
    refused = [await present(play, number, is_dalo=True, criterion=None) for number in (20, 21)]
    await decide(play, *offers)
    await refuse(play, refused[0], "no_answer")
    await refuse(play, refused[1], "household_size")
    leased_on = play.now.date()
    await play.does("alice", lambda tx: caleol.record_lease(tx, offers[0], signed_on=leased_on))
    return play


@pytest.fixture
async def later(attributed: Play, world: Stage) -> AsyncIterator[Site]:
    async with open_site(world, attributed.now) as opened:
        yield opened


# --- Who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
async def test_it_is_for_the_prefecture(site: Site, path: str) -> None:
    others = ("alice", "bruno", "chloe", "denis", "karine", "farid", "pascal")
    assert set((await statuses(site, "GET", path, others)).values()) == {403}
    assert await statuses(site, "GET", path, ("estelle",)) == {"estelle": 200}


async def test_the_navigation_leads_there(site: Site) -> None:
    async with site.browser("estelle") as client:
        assert 'href="/dalo" aria-current="page"' in (await client.get("/dalo")).text


# --- DALO ---------------------------------------------------------------------------------------


async def test_the_dalo_households_are_counted_once_each(later: Site) -> None:
    async with later.browser("estelle") as client:
        text = words(await client.get("/dalo"))
    assert "Ménages reconnus DALO 7 " in text
    assert "Propositions 7 " in text
    assert "Relogés 1 " in text
    assert "Refus des ménages 1 " in text
    assert "Attente la plus longue 24 jours" in text
    assert "parmi 6 ménages" in text


async def test_a_refusal_received_is_dated_and_leads_to_its_offer(
    later: Site, attributed: Play
) -> None:
    """Convention, art. 6.3: silence is a refusal; a decision of the commission is none."""
    async with later.browser("estelle") as client:
        page = await client.get("/dalo")
        text = words(page)
        found = attributed.scalar(
            "select orientation_id from decisions where is_dalo and reason = 'no_answer'"
        )
        assert f'href="/orientations/{found}"' in page.text
        assert (await client.get(f"/orientations/{found}")).status_code == 200
    assert "Refus du ménage Sans réponse du candidat" in text
    assert "Décision de la commission Composition familiale inadaptée" in text
    assert not any(nud in page.text for nud in ("0740426", *NUDS))


# --- 25 % ---------------------------------------------------------------------------------------


async def test_a_share_is_counted_against_a_quarter(later: Site) -> None:
    """L441-1. The préfecture counts every priority household and reads the DALO ones only."""
    async with later.browser("estelle") as client:
        text = words(await client.get("/dalo"))
    assert "Commune de Doussard 7 / 9 77,78 % 25 % atteints" in text
    assert "Haute-Savoie Habitat 7 / 9 77,78 % 25 % atteints" in text
    assert "CC des Sources du Lac d'Annecy 7 / 9" in text
    assert "hors contingents de l'État" in text


async def test_the_parties_and_the_prefecture_count_alike(attributed: Play) -> None:
    asked = Asked(year=2026)
    for who in ("alice", "bruno", "chloe", "estelle"):
        found = await attributed.reads(who, lambda tx: priorities.shares(tx, asked))
        assert (found.total.priority, found.total.total) == (7, 9)
    for stranger in ("denis", "karine"):
        none = await attributed.reads(stranger, lambda tx: priorities.shares(tx, asked))
        assert (none.total.total, none.reservataires) == (0, ())


async def test_a_contingent_of_the_person_restricts_no_count(attributed: Play) -> None:
    """Domain §1.2: the préfecture reads every count."""
    estelle = attributed.actor("estelle")
    for contingents in ({"none"}, {"rs"}, {"fonctionnaires"}):
        actor = replace(estelle, contingents=frozenset(contingents))
        found = await attributed.reads(actor, lambda tx: priorities.overview(tx, Asked(year=2026)))
        assert (found.shares.total.total, found.dalo.households) == (9, 7)


async def test_few_households_are_kept_secret(play: Play, world: Stage) -> None:
    offers = [await present(play, number, is_dalo=True, criterion=None) for number in (10, 11)]
    offers += [
        await present(play, number, is_dalo=False, criterion=None) for number in range(12, 17)
    ]
    await decide(play, *offers)
    async with open_site(world, play.now) as opened, opened.browser("estelle") as client:
        page = await client.get("/dalo")
        file = await client.get("/dalo.csv")
    assert "Commune de Doussard – / 7 – – Secret statistique" in words(page)
    assert "28,57" not in page.text
    assert "Réservataire;Commune de Doussard;;7;;oui" in file.content.decode("utf-8-sig")


async def test_leases_may_be_counted_instead(later: Site) -> None:
    async with later.browser("estelle") as client:
        text = words(await client.get("/dalo?compter=leased"))
    assert "Commune de Doussard – / 1 – – Secret statistique" in text


async def test_filters_are_in_the_address(later: Site, attributed: Play) -> None:
    async with later.browser("estelle") as client:
        lake = words(await client.get(f"/dalo?epci={SOURCES_DU_LAC}"))
        other = words(await client.get("/dalo?epci=200071967"))
        own = words(await client.get(f"/dalo?bailleur={attributed.tenant(HSH)}"))
        leman = words(await client.get(f"/dalo?bailleur={attributed.tenant('leman-habitat')}"))
        before = words(await client.get("/dalo?annee=2025"))
        wrong = await client.get("/dalo?annee=x&epci=1&bailleur=1&compter=y&tri=z")
    for text in (lake, own, words(wrong)):
        assert "Commune de Doussard 7 / 9" in text
    for text in (other, leman, before):
        assert "Aucune attribution en" in text
    assert wrong.status_code == 200


async def test_a_file_holds_the_three_splits(later: Site) -> None:
    async with later.browser("estelle") as client:
        page = await client.get("/dalo?annee=2026&tri=-taux")
        answer = await client.get("/dalo.xlsx?annee=2026&tri=-taux")
    assert "/dalo.xlsx?annee=2026&amp;tri=-taux" in page.text
    book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    header, *rows = book.get_sheet_by_name("Liste").to_python()
    assert header[:5] == ["Ventilation", "Nom", "Prioritaires", "Attributions", "Part"]
    assert [row[0] for row in rows] == ["Bailleur", "Réservataire", "EPCI"]
    assert rows[1][2:4] == [7.0, 9.0]


async def test_a_fragment_is_the_block_of_the_page(later: Site) -> None:
    async with later.browser("estelle") as client:
        whole = await client.get("/dalo?compter=leased")
        part = await client.get("/dalo?compter=leased", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.strip() in whole.text


async def test_an_offer_of_the_state_is_counted_apart(play: Play, world: Stage) -> None:
    """L441-1: the RS contingent is wholly for priority households, out of the others' 25 %."""
    offer = await play.offer("prefecture", contingent="rs")
    await play.does("pascal", lambda tx: orientations.accept(tx, offer))
    await play.present(offer, *NUDS[:3], who="pascal")
    await decide(play, offer)
    async with open_site(world, play.now) as opened, opened.browser("estelle") as client:
        text = words(await client.get("/dalo"))
    assert "Contingent RS de l'État 1 " in text
    assert "Aucune attribution en 2026" in text
