"""The pages of the stock: filters, exclusions, soustractions, the charte (art. 2.2, 2.3 and 7)."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from server.operations import vacancies
from tests.operations.play import Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, refused, statuses, words

TODAY = "2026-04-30"
CAST = ("alice", "bruno", "chloe", "denis", "karine", "estelle", "farid")
REVISION = {
    "nom": "2027",
    "debut": "2027-01-01",
    "decision": "Comité technique du 3 novembre 2026",
    "taux": "7,5",
    "npnru": "non",
    "orcod": "oui",
    "insalubrite": "oui",
    "vente": "oui",
    "plai": "oui",
    "gdv": "oui",
    "reponse": "2",
    "candidats": "15",
    "indicateur": "oriented",
    "base": "oriented",
    "refus": "free",
    "refus_de_suite": "3",
    "urgences_mois": "4",
    "urgences": "charged",
    "ancien": "1975",
    "recent": "2013",
    "poids_total": "2",
    **dict.fromkeys(
        (
            *("poids_typologie", "poids_financement", "poids_periode"),
            *("poids_zone", "poids_commune", "poids_attrait"),
        ),
        "1",
    ),
}


def exclusion(**changed: str) -> dict[str, str]:
    return {
        "acte": "exclure",
        "motif": "demolition",
        "date": TODAY,
        "source": "délibération du 12 mars 2026",
        **changed,
    }


# --- Dwellings -------------------------------------------------------------------------------


async def test_the_list_is_filtered_by_what_the_dwellings_are(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        found = await client.get("/logements", params={"exclusion": "toutes"})
        assert "Plan de vente" in words(found)
        assert "Hors flux" in words(found)
        inside = words(await client.get("/logements", params={"assiette": "dedans"}))
        assert "Hors flux" not in inside
        chosen = {"exclusion": "plan_vente", "typologie": "t3", "q": "faverges"}
        text = words(await client.get("/logements", params=chosen))
        assert "Exclusion : Plan de vente" in text
        assert "Typologie : T3" in text
        file = await client.get("/logements.csv", params=chosen)
        expected = play.scalar(
            "select count(*) from dwellings where exclusion = 'plan_vente' and typology = 't3'"
            " and bailleur_id = %s",
            play.tenant("haute-savoie-habitat"),
        )
        lines = [one for one in file.text.splitlines() if "T3" in one]
        assert len(lines) == expected > 0
        unknown = await client.get("/logements", params={"typologie": "x", "assiette": "y"})
        assert unknown.status_code == 200


async def test_a_bailleur_checks_then_excludes_then_takes_back(site: Site, play: Play) -> None:
    home = f"/logements/{play.home()}"
    async with site.browser("alice") as client:
        assert "Exclure de l'assiette" in words(await client.get(home))
        before = play.dump()
        check = await client.get(f"{home}/exclusion/verifier", params=exclusion())
        assert play.dump() == before
        assert "quitte le total brut du flux" in words(check)
        assert actions(check) == [f"{home}/exclusion"]
        sent = await client.post(f"{home}/exclusion", data=exclusion())
        assert sent.status_code == 303
        text = words(await client.get(home))
        assert "Logement exclu à partir du" in text
        assert "Logement exclu de l'assiette" in text  # the journal
        assert "Exclusion de l'assiette" in text  # the dates
        assert "délibération du 12 mars 2026" in text
        back = {"acte": "retour", "date": TODAY, "motif": "", "source": ""}
        await client.post(f"{home}/exclusion", data=back)
        assert "Dans l'assiette" in words(await client.get(home))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"motif": ""}, "Choisissez l'un des six motifs"),
        ({"date": "2026-05-01"}, "le jour où elle commence"),
        ({"date": "x"}, "Indiquez une date"),
        ({"acte": ""}, "Choisissez ce que vous enregistrez"),
    ],
)
async def test_a_bad_exclusion_is_said_and_kept(
    site: Site, play: Play, changes: dict[str, str], says: str
) -> None:
    fields = exclusion(**changes)
    path = f"/logements/{play.home()}/exclusion"
    answer = await refused(site, play, "alice", path, fields, status=422, says=says)
    assert "délibération du 12 mars 2026" in answer.text


async def test_a_new_dwelling_shows_its_entry_and_its_zone(site: Site, play: Play) -> None:
    """Art. 3: in the assiette on 1 January after the delivery."""
    play.run("update dwellings set delivered_on = '2026-02-01' where id = %s", play.home())
    async with site.browser("alice") as client:
        text = words(await client.get(f"/logements/{play.home()}"))
    assert "Livraison" in text
    assert "1er janvier 2027" in text
    assert "Zone A, depuis le 5 juillet 2024" in text


async def test_who_reads_and_who_excludes(site: Site, play: Play) -> None:
    home = f"/logements/{play.home()}"
    found = await statuses(site, "GET", f"{home}/exclusion", CAST)
    assert found["alice"] == 200
    assert found["bruno"] == 403
    assert found["denis"] == 404
    assert {found[who] for who in ("chloe", "karine", "estelle", "farid")} <= {403, 404}
    unknown = f"/logements/{uuid4()}/exclusion"
    assert (await statuses(site, "GET", unknown, ["alice"]))["alice"] == 404
    async with site.browser("bruno") as client:
        assert "/exclusion" not in (await client.get(home)).text


# --- Soustractions ---------------------------------------------------------------------------


async def test_the_counter_the_list_and_the_forecast(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    await play.does(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="")
    )
    async with site.browser("alice") as client:
        text = words(await client.get("/soustractions"))
        assert "1 mutation sur 1 libération" in text
        assert "Au-dessus du plafond à ce jour" in text
        assert "restent dans le flux (charte)" in text
        file = await client.get("/soustractions.csv")
        assert "Mutations internes" in file.text
        sent = await client.post(
            "/soustractions/previsionnel", data={"annee": "2026", "mutation": "12"}
        )
        assert sent.status_code == 303
        assert "enregistré, modifiable" in words(await client.get("/soustractions"))
        empty = words(await client.get("/soustractions", params={"annee": "2025"}))
        assert "Aucune libération soustraite" in empty
    async with site.browser("bruno") as client:
        assert "previsionnel" not in (await client.get("/soustractions")).text


async def _keep_for_a_move(play: Play, vacancy_id: UUID) -> None:
    await play.does(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="")
    )


async def test_the_withdrawn_are_sorted_and_paged(
    site: Site, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.pages.soustractions.SHOWN", 1)
    for number in range(2):
        await _keep_for_a_move(play, await play.vacancy(play.home(number=number)))
    async with site.browser("alice") as client:
        pages = {
            (sort, number): words(await client.get(f"/soustractions?tri={sort}&page={number}"))
            for sort in ("commune", "-commune")
            for number in ("1", "2", "9", "x")
        }
        file = (await client.get("/soustractions.csv?tri=-commune&page=2")).text
    assert "Page 1 sur 2" in pages["commune", "1"]
    assert pages["commune", "1"] == pages["commune", "x"]
    assert pages["commune", "2"] == pages["commune", "9"]
    kept = "select d.address from dwellings d join vacancies v on v.dwelling_id = d.id order by 1"
    addresses = [str(address) for (address,) in play.rows(kept)]
    for sort, order in (("commune", addresses), ("-commune", addresses[::-1])):
        assert [one in pages[sort, "1"] for one in order] == [True, False]
        assert [one in pages[sort, "2"] for one in order] == [False, True]
    assert file.index(addresses[1]) < file.index(addresses[0]), "the file holds all, in that order"


async def test_a_forecast_that_is_no_number_is_said(site: Site, play: Play) -> None:
    fields = {"annee": "2026", "mutation": "douze"}
    answer = await refused(
        site,
        play,
        "alice",
        "/soustractions/previsionnel",
        fields,
        status=422,
        says="Indiquez un nombre entier",
    )
    assert "douze" in answer.text


# --- The charte ------------------------------------------------------------------------------


async def test_the_prefecture_checks_then_revises(site: Site, play: Play) -> None:
    async with site.browser("estelle") as client:
        assert "Réviser la charte" in words(await client.get("/charte"))
        before = play.dump()
        check = await client.get("/charte/verifier", params=REVISION)
        assert play.dump() == before
        text = words(check)
        assert "soustraits du flux" in text
        assert "7,50" in text
        assert "Haute-Savoie Habitat" in text
        assert actions(check) == ["/charte"]
        sent = await client.post("/charte", data=REVISION)
        assert sent.status_code == 303
        assert "À venir" in words(await client.get("/charte"))
    async with site.browser("alice") as client:
        text = words(await client.get("/charte"))
        assert "changé" in text
        assert "Haute-Savoie Habitat et" in text
        assert "Léman Habitat et" not in text
        first = words(await client.get("/charte", params={"version": "2023"}))
        assert "Toutes les conventions en cours disent" in first


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"taux": "dix"}, 422, "Indiquez un taux"),
        ({"taux": "10,001"}, 422, "Indiquez un taux"),
        ({"debut": "2026-01-01"}, 422, "demain au plus tôt"),
        ({"debut": "2023-01-01"}, 409, "Une autre version"),
        ({"decision": ""}, 422, "décision du comité technique"),
        ({"taux": "10", "npnru": "oui"}, 422, "la même chose"),
    ],
)
async def test_a_bad_revision_is_said_and_kept(
    site: Site, play: Play, changes: dict[str, str], status: int, says: str
) -> None:
    fields = {**REVISION, **changes}
    answer = await refused(site, play, "estelle", "/charte", fields, status=status, says=says)
    assert fields["nom"] in answer.text


async def test_others_read_the_charte_and_revise_nothing(site: Site, play: Play) -> None:
    assert set((await statuses(site, "GET", "/charte", CAST)).values()) == {200}
    for who in ("alice", "bruno", "chloe", "denis", "karine", "farid"):
        async with site.browser(who) as client:
            assert (await client.post("/charte", data=REVISION)).status_code == 403
            assert "Réviser la charte" not in (await client.get("/charte")).text
    assert play.scalar("select count(*) from charte_versions") == 1
