from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest

from server.operations import droits_uniques, vacancies
from server.operations.droits_uniques import GrantRights
from tests.operations.play import DOUSSARD, FAVERGES, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, refused, statuses, words

DATES = {"conge_le": "2026-04-28", "libre_le": "2026-05-31"}


def key(play: Play, slug: str, contingent: str = "none") -> str:
    return f"{play.tenant(slug)}:{contingent}"


async def test_registering_leads_to_the_explained_proposal(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        found = await client.get("/liberations/nouvelle", params={"q": "doussard"})
        assert f"/liberations/nouvelle?logement={play.home()}" in found.text
        form = await client.get("/liberations/nouvelle", params={"logement": str(play.home())})
        assert "Dans l'assiette" in words(form)
        sent = await client.post(
            "/liberations/nouvelle", data={"logement": str(play.home()), **DATES}
        )
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    text = words(page)
    assert "Libération enregistrée." in text
    assert "Proposition du portail" in text
    assert "Comment c'est calculé" in text
    for name in ("Commune de Doussard", "contingent RS", "Action Logement Services"):
        assert name in text
    assert "Faverges-Seythenex : son périmètre ne comprend pas Doussard (art. 5.1)." in text
    assert "0 mutation sur 1 libération depuis le 1er janvier" in text
    assert f"/urgences/nouvelle?liberation={sent.headers['location'].split('/')[-1]}" in page.text


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"libre_le": ""}, 422, "Indiquez une date"),
        ({"libre_le": "31/05/2026"}, 422, "Indiquez une date"),
        ({"conge_le": "2026-06-30"}, 422, "Le congé ne peut pas être reçu après"),
        ({"logement": "pas-un-identifiant"}, 422, "Choisissez un logement."),
    ],
)
async def test_what_is_typed_wrong_is_said_and_kept(
    site: Site, play: Play, fields: dict[str, str], status: int, says: str
) -> None:
    typed = {"logement": str(play.home()), **DATES, **fields}
    answer = await refused(
        site, play, "alice", "/liberations/nouvelle", typed, status=status, says=says
    )
    if "logement" not in fields:
        assert 'value="2026-' in answer.text


async def test_a_dwelling_outside_the_assiette_is_refused(site: Site, play: Play) -> None:
    """Art. 2.2."""
    sold: UUID = play.stage.world.excluded[HSH, FAVERGES][0]
    async with site.browser("alice") as client:
        page = await client.get("/liberations/nouvelle", params={"logement": str(sold)})
    assert "Hors flux : plan de vente (art. 2.2)." in words(page)
    assert actions(page) == []
    await refused(
        *(site, play, "alice", "/liberations/nouvelle", {"logement": str(sold), **DATES}),
        status=409,
        says="Hors flux : plan de vente",
    )


async def test_a_second_live_vacancy_is_refused_and_the_first_one_shown(
    site: Site, play: Play
) -> None:
    vacancy_id = await play.vacancy()
    answer = await refused(
        *(site, play, "alice", "/liberations/nouvelle", {"logement": str(play.home()), **DATES}),
        status=409,
        says="Une libération est déjà en cours pour ce logement.",
    )
    assert f"/liberations/{vacancy_id}" in answer.text


async def test_the_check_page_says_what_silence_will_do_and_sends_nothing(
    site: Site, play: Play
) -> None:
    """Art. 5.3: sent on Thursday 30 April 2026, silence is acceptance on Tuesday 5 May at 24:00."""
    vacancy_id = await play.vacancy()
    marks = play.dump()
    async with site.browser("alice") as client:
        page = await client.get(
            f"/liberations/{vacancy_id}/verifier",
            params={"reservataire": key(play, "doussard"), "motif": "Équilibre"},
        )
    assert page.status_code == 200
    text = words(page)
    assert "le silence vaudra acceptation le mardi 5 mai 2026 à 24 h" in text
    assert "vendredi 1er mai 2026 : jour férié (Fête du Travail)" in text
    assert "logement@doussard.invalid" in text
    assert "Haute-Savoie Habitat vous propose un logement libéré." in text
    assert actions(page) == [f"/liberations/{vacancy_id}/orienter"]
    assert play.dump()["orientations"] == marks["orientations"]


async def test_departing_from_the_proposal_needs_a_motif(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    path = f"/liberations/{vacancy_id}"
    async with site.browser("alice") as client:
        checked = await client.get(
            f"{path}/verifier",
            params={"choix": "autre", "reservataire": key(play, "action-logement")},
        )
    assert checked.status_code == 422
    assert "Ce choix s'écarte de la proposition : indiquez votre motif." in words(checked)
    await refused(
        *(site, play, "alice", f"{path}/orienter", {"reservataire": key(play, "action-logement")}),
        status=422,
        says="indiquez votre motif",
    )
    wrong = {"reservataire": "n'importe quoi", "motif": "Essai"}
    await refused(
        *(site, play, "alice", f"{path}/orienter", wrong),
        status=422,
        says="Choisissez un réservataire.",
    )


async def test_the_offer_goes_once(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    path = f"/liberations/{vacancy_id}/orienter"
    fields = {"reservataire": key(play, "doussard"), "motif": "Équilibre"}
    async with site.browser("alice") as client:
        sent = await client.post(path, data=fields)
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
    assert "Offre envoyée à la commune de Doussard." in words(page)
    assert "Réponse attendue jusqu'au mardi 5 mai 2026 à 24 h" in words(page)
    await refused(
        *(site, play, "alice", path, fields),
        status=409,
        says="Une orientation est déjà en cours pour ce logement.",
    )


async def test_an_addressee_without_address_is_refused(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    play.run(
        "update conventions set mailbox = null where reservataire_id = %s", play.tenant("doussard")
    )
    fields = {"reservataire": key(play, "doussard"), "motif": "Équilibre"}
    await refused(
        *(site, play, "alice", f"/liberations/{vacancy_id}/orienter", fields),
        status=409,
        says="est restée en blanc dans la convention",
    )
    async with site.browser("alice") as client:
        checked = await client.get(f"/liberations/{vacancy_id}/verifier", params=fields)
    assert checked.status_code == 409


@pytest.mark.parametrize(
    ("choice", "nature", "says"),
    [
        ("mutation", "mutation", "Mutation interne d'un locataire du parc"),
        ("part", "own", "Part non réservée de Haute-Savoie Habitat"),
    ],
)
async def test_a_dwelling_is_kept_after_a_check(
    site: Site, play: Play, choice: str, nature: str, says: str
) -> None:
    """Art. 2.3."""
    vacancy_id = await play.vacancy()
    path = f"/liberations/{vacancy_id}"
    async with site.browser("alice") as client:
        checked = await client.get(f"{path}/verifier", params={"choix": choice})
        assert says in words(checked)
        assert actions(checked) == [f"{path}/garder"]
        kept = await client.post(f"{path}/garder", data={"nature": nature, "motif": ""})
        assert kept.status_code == 303
        page = await client.get(path)
    assert "Ce logement n'est plus à orienter" in words(page)
    assert actions(page) == []
    await refused(
        *(site, play, "alice", f"{path}/garder", {"nature": nature}),
        status=409,
        says="Cette libération est déjà orientée, gardée ou close.",
    )


async def test_an_unknown_way_of_keeping_is_refused(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    await refused(
        *(site, play, "alice", f"/liberations/{vacancy_id}/garder", {"nature": "urgency"}),
        status=422,
        says="Ce choix n'existe pas.",
    )


async def test_the_list_shows_first_what_nobody_has(site: Site, play: Play) -> None:
    waiting = await play.vacancy()
    offer_id = await play.offer(home=play.home(number=1))
    async with site.browser("alice") as client:
        todo = await client.get("/liberations")
        everything = await client.get("/liberations", params={"vue": "toutes"})
    assert f"/liberations/{waiting}" in todo.text
    assert f"/orientations/{offer_id}" not in todo.text
    assert f"/orientations/{offer_id}" in everything.text
    assert "Envoyée, réponse attendue" in words(everything)


async def test_the_pages_follow_one_another(site: Site, play: Play) -> None:
    for number in range(26):
        await play.vacancy(play.home(number=number))
    async with site.browser("alice") as client:
        first = await client.get("/liberations")
        following = first.text.partition('rel="next" href="')[2].partition('"')[0]
        second = await client.get(following.replace("&amp;", "&"))
        wrong = await client.get("/liberations", params={"apres": "n'importe quoi"})
    assert "25 libérations sur cette page" in words(first)
    assert "1 libération sur cette page" in words(second)
    assert wrong.status_code == 422
    assert "curseur" in words(wrong)


async def test_each_of_the_cast_has_their_own_answer(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    people = ("bruno", "denis", "chloe", "estelle", "farid")
    reading = await statuses(site, "GET", f"/liberations/{vacancy_id}", people)
    assert reading == {"bruno": 200, "denis": 404, "chloe": 403, "estelle": 403, "farid": 403}
    listing = await statuses(site, "GET", "/liberations", people)
    assert listing == {"bruno": 200, "denis": 200, "chloe": 403, "estelle": 403, "farid": 403}
    before = play.dump()["vacancies"]
    keeping = await statuses(
        site, "POST", f"/liberations/{vacancy_id}/garder", people, nature="own"
    )
    assert keeping == {"bruno": 403, "denis": 404, "chloe": 403, "estelle": 403, "farid": 403}
    fields = {"logement": str(play.home(number=3)), **DATES}
    registering = await statuses(site, "POST", "/liberations/nouvelle", people, **fields)
    assert registering == {"bruno": 403, "denis": 404, "chloe": 403, "estelle": 403, "farid": 403}
    assert play.dump()["vacancies"] == before


async def test_a_reader_sees_the_proposal_without_the_form(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    async with site.browser("bruno") as client:
        page = await client.get(f"/liberations/{vacancy_id}")
        new = await client.get("/liberations/nouvelle")
    assert "Proposition du portail" in words(page)
    assert actions(page) == []
    assert "/verifier" not in page.text
    assert new.status_code == 403


async def test_nobody_signed_in_is_sent_to_sign_in_and_back(site: Site) -> None:
    async with site.anonymous() as client:
        answer = await client.get("/liberations", params={"vue": "toutes"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion?retour=/liberations%3Fvue%3Dtoutes"


async def test_what_does_not_exist_is_absent(site: Site) -> None:
    async with site.browser("alice") as client:
        for path in (f"/liberations/{uuid4()}", "/liberations/pas-un-identifiant"):
            assert (await client.get(path)).status_code == 404
        home = await client.get("/liberations/nouvelle", params={"logement": str(uuid4())})
    assert home.status_code == 404


async def test_only_what_nobody_has_is_counted_as_waiting(play: Play) -> None:
    await play.vacancy()
    await play.offer(home=play.home(number=1))
    assert await play.reads("alice", vacancies.count_awaiting) == 1


async def test_an_offer_on_a_droit_unique(site: Site, play: Play) -> None:
    """Chosen, checked, sent; the organisme reads on what it is made (Q8)."""
    command = GrantRights(
        reservataire_id=play.tenant("doussard"),
        insee=DOUSSARD,
        programme="Les Tilleuls",
        origin="programme",
        granted_on=date(2026, 1, 15),
        granted=2,
    )
    right = await play.does("alice", lambda tx: droits_uniques.grant(tx, command))
    path = f"/liberations/{await play.vacancy()}"
    fields = {"choix": "droit", "droit": f"{right}:{play.tenant('doussard')}", "motif": "Financé"}
    async with site.browser("alice") as client:
        page = await client.get(path)
        assert "Commune de Doussard, programme Les Tilleuls (2 restants)" in words(page)
        none = await client.get(f"{path}/verifier", params={**fields, "droit": ""})
        assert none.status_code == 422
        assert "Choisissez un droit unique." in words(none)
        silent = await client.get(f"{path}/verifier", params={**fields, "motif": ""})
        assert "indiquez votre motif" in words(silent)
        check = words(await client.get(f"{path}/verifier", params=fields))
        assert "au titre d'un droit unique, programme Les Tilleuls" in check
        sent = await client.post(f"{path}/orienter", data=fields)
        assert sent.status_code == 303
    async with site.browser("chloe") as client:
        offer = words(await client.get(sent.headers["location"]))
    assert "Droit unique, programme Les Tilleuls" in offer
