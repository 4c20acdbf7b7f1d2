from __future__ import annotations

from uuid import UUID

import pytest

from server.operations import urgences
from tests.operations.play import FAVERGES, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words

TITLE = "Incendie rue des Tilleuls"


def asked(vacancy_id: UUID, play: Play, **changes: str) -> dict[str, str]:
    return {
        "liberation": str(vacancy_id),
        "type": "fire",
        "circonstances": TITLE,
        "menages": "1",
        "imputation": f"{play.tenant('prefecture')}:rs",
        **changes,
    }


async def request(site: Site, play: Play) -> str:
    vacancy_id = await play.vacancy()
    async with site.browser("alice") as client:
        sent = await client.post("/urgences/nouvelle", data=asked(vacancy_id, play))
        assert sent.status_code == 303, words(sent)
    return sent.headers["location"]


def decided(play: Play, **changes: str) -> dict[str, str]:
    charged = f"{play.tenant('doussard')}:none"
    return {
        "decision": "imputer",
        "imputation": charged,
        "confirme": "1",
        "version": "1",
        **changes,
    }


async def test_a_bailleur_asks_for_a_freed_dwelling(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    async with site.browser("alice") as client:
        form = await client.get(f"/urgences/nouvelle?liberation={vacancy_id}")
        text = words(form)
        assert "Commune de Doussard" in text
        assert "contingent RS (mal-logés)" in text
        assert "Commune de Faverges" not in text
        assert "Aucun nom, aucune donnée sur un ménage" in text
    path = await request_again(site, play, vacancy_id)
    async with site.browser("alice") as client:
        page = await client.get(path)
    assert TITLE in words(page)
    assert "À décider" in words(page)
    assert "le logement reste dans le flux" in words(page)
    assert actions(page) == []


async def request_again(site: Site, play: Play, vacancy_id: UUID) -> str:
    async with site.browser("alice") as client:
        sent = await client.post("/urgences/nouvelle", data=asked(vacancy_id, play))
    assert sent.status_code == 303, words(sent)
    return sent.headers["location"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"circonstances": " "}, "Décrivez la crise, sans aucune donnée sur les ménages."),
        ({"menages": "0"}, "Indiquez le nombre de ménages à reloger."),
        ({"menages": "deux"}, "Indiquez un nombre entier."),
        ({"type": "x"}, "Ce type de crise n'existe pas."),
        ({"imputation": "x"}, "Choisissez un réservataire de la liste."),
    ],
)
async def test_a_bad_request_is_said_and_kept(
    site: Site, play: Play, changes: dict[str, str], says: str
) -> None:
    fields = asked(await play.vacancy(), play, **changes)
    answer = await refused(site, play, "alice", "/urgences/nouvelle", fields, status=422, says=says)
    if "circonstances" not in changes:
        assert f'value="{TITLE}"' in answer.text


async def test_a_reservataire_without_share_in_the_commune_is_refused(
    site: Site, play: Play
) -> None:
    charged = f"{play.tenant('faverges-seythenex')}:none"
    fields = asked(await play.vacancy(), play, imputation=charged)
    says = "Ce réservataire n'a pas de part du flux dans cette commune."
    await refused(site, play, "alice", "/urgences/nouvelle", fields, status=422, says=says)


async def test_a_second_request_for_the_same_dwelling_is_refused(site: Site, play: Play) -> None:
    vacancy_id = await play.vacancy()
    await request_again(site, play, vacancy_id)
    says = "Une demande d'affectation d'urgence est déjà en cours"
    fields = asked(vacancy_id, play)
    await refused(site, play, "alice", "/urgences/nouvelle", fields, status=409, says=says)


async def test_the_prefecture_reads_the_board_oldest_first(site: Site, play: Play) -> None:
    path = await request(site, play)
    vacancy_id = await play.vacancy(play.home(FAVERGES))
    set_clock(play.stage.database, paris("2026-05-01T09:30"))
    async with site.browser("alice") as client:
        fields = asked(vacancy_id, play, circonstances="Éboulement", type="flood")
        await client.post("/urgences/nouvelle", data=fields)
    set_clock(play.stage.database, paris("2026-05-02T11:00"))
    async with site.browser("estelle") as client:
        page = await client.get("/urgences")
    text = words(page)
    assert text.index(TITLE) < text.index("Éboulement")
    assert "49 h" in text or "48 h" in text
    assert "25 h" in text
    assert "Haute-Savoie Habitat Doussard 1 0 0" in text
    assert path in page.text


async def test_the_prefecture_decides_once_and_the_effect_is_shown(site: Site, play: Play) -> None:
    path = await request(site, play)
    async with site.browser("estelle") as client:
        page = await client.get(path)
        assert actions(page) == [f"{path}/decider"]
        assert 'value="1"' in page.text
        sent = await client.post(f"{path}/decider", data=decided(play))
        after = await client.get(sent.headers["location"])
    text = words(after)
    assert "Décision enregistrée : demande validée." in text
    assert "Décision en cours d'application" in text
    assert "Commune de Doussard" in text
    says = "Cette demande a déjà été décidée."
    await refused(site, play, "estelle", f"{path}/decider", decided(play), status=409, says=says)
    urgence_id = UUID(path.rsplit("/", 1)[1])
    await play.does("alice", lambda tx: urgences.apply(tx, urgence_id))
    async with site.browser("chloe") as client:
        seen = words(await client.get(path))
        listed = words(await client.get("/urgences"))
    assert "Décision appliquée" in seen
    assert "Il compte dans la part de Commune de Doussard." in seen
    assert TITLE in listed


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"decision": ""}, "Choisissez votre décision."),
        ({"confirme": ""}, "Confirmez que vous avez relu votre décision."),
        ({"imputation": "x:none"}, "Choisissez un réservataire de la liste."),
        ({"imputation": ""}, "mput"),
        ({"decision": "refuser"}, "Un refus doit être motivé."),
    ],
)
async def test_a_bad_decision_changes_nothing(
    site: Site, play: Play, changes: dict[str, str], says: str
) -> None:
    path = await request(site, play)
    fields = decided(play, **changes)
    await refused(site, play, "estelle", f"{path}/decider", fields, status=422, says=says)


async def test_a_stale_decision_is_told(site: Site, play: Play) -> None:
    path = await request(site, play)
    fields = decided(play, version="7")
    says = "Cette demande a changé entre-temps"
    await refused(site, play, "estelle", f"{path}/decider", fields, status=409, says=says)


async def test_refused_or_out_of_the_flux(site: Site, play: Play) -> None:
    path = await request(site, play)
    async with site.browser("estelle") as client:
        fields = decided(play, decision="refuser", motif="Solution trouvée par la commune")
        await client.post(f"{path}/decider", data=fields)
        text = words(await client.get(path))
    assert "Demande refusée" in text
    assert "Solution trouvée par la commune" in text


async def test_each_capacity_is_kept_to_its_part(site: Site, play: Play) -> None:
    path = await request(site, play)
    everybody = ("alice", "bruno", "pascal", "estelle", "farid", "chloe", "denis", "rosa", "samuel")
    assert await statuses(site, "GET", path, everybody) == {
        **dict.fromkeys(("alice", "bruno", "pascal", "estelle", "farid"), 200),
        **dict.fromkeys(("chloe", "denis", "rosa", "samuel"), 404),
    }
    others = ("alice", "bruno", "pascal", "farid", "denis")
    answers = await statuses(site, "POST", f"{path}/decider", others, **decided(play))
    assert set(answers.values()) == {403}
    fields = asked(await play.vacancy(play.home(number=1)), play)
    refusals = await statuses(
        site,
        "POST",
        "/urgences/nouvelle",
        ("bruno", "chloe", "estelle", "farid", "denis"),
        **fields,
    )
    assert refusals == {
        **dict.fromkeys(("bruno", "chloe", "estelle", "farid"), 403),
        "denis": 404,
    }
    for who in ("chloe", "farid", "denis"):
        async with site.browser(who) as client:
            assert (await client.get("/urgences")).status_code == 200
