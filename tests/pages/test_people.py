"""The pages of the people of an organisme, of the invitation, of one's own sessions."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from server.pages.people.sessions import browser_name
from server.tenants.sessions import open_session
from tests.operations.play import Play
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words

PATH = "/organisme/personnes"
RESPONSABLES = ("alice", "chloe", "denis", "karine", "estelle", "farid")
LINK = re.compile(r'value="http://portail\.test(/invitation\?jeton=[\w-]+)"')


def seat(play: Play, slug: str) -> UUID:
    return play.stage.world.people[slug].memberships[0].id


async def invited(client: httpx2.AsyncClient, name: str = "Théo Nouveau", **more: str) -> str:
    """The link of an invitation, read on the page that shows it once."""
    sent = await client.post(f"{PATH}/inviter", data={"nom": name, "role": "agent", **more})
    assert sent.status_code == 200, words(sent)
    found = LINK.search(html.unescape(sent.text))
    assert found is not None, sent.text
    return found[1]


# --- The list -----------------------------------------------------------------------------------


async def test_only_responsables_have_the_page_and_its_link(site: Site) -> None:
    assert set((await statuses(site, "GET", PATH, RESPONSABLES)).values()) == {200}
    assert await statuses(site, "GET", PATH, ["bruno"]) == {"bruno": 403}
    for who, has_link in (("alice", True), ("bruno", False)):
        async with site.browser(who) as client:
            home = await client.get("/")
        assert (f'href="{PATH}"' in home.text) is has_link
        assert 'href="/mes-sessions"' in home.text


async def test_the_list_says_who_acts_and_since_when(site: Site, play: Play) -> None:
    play.run("update memberships set created_at = '2026-01-10T12:00+01'")
    play.run(
        "update memberships set last_sign_in_at = '2026-02-03T12:00+01',"
        " dormant_warned_at = '2026-08-03T12:00+01' where id = %s",
        seat(play, "bruno"),
    )
    async with site.browser("alice") as client:
        text = words(await client.get(PATH))
        assert "Bruno Exemple Depuis le 10 janvier 2026 Lecture seule 3 février 2026" in text
        assert "Sans connexion Fermeture le 2 septembre 2026" in text
        assert "Denis" not in text
        alone = words(await client.get(PATH, params={"role": "responsable"}))
        assert "Rôle : Responsable" in alone
        assert "Bruno" not in alone
        assert "Alice" not in words(await client.get(PATH, params={"q": "brun"}))
        assert "Bruno" in words(await client.get(PATH, params={"etat": "inactives"}))
        assert "Aucune personne ne correspond" in words(
            await client.get(PATH, params={"etat": "closes"})
        )
        backwards = words(await client.get(PATH, params={"tri": "-nom"}))
        assert backwards.index("Bruno Exemple") < backwards.index("Alice Démo")


async def test_contingents_are_shown_where_there_are_some(site: Site) -> None:
    async with site.browser("pascal") as client:
        text = words(await client.get(PATH))
        form = words(await client.get(f"{PATH}/inviter"))
    assert "RS (mal-logés)" in text
    assert "RS (mal-logés)" in form
    assert "Fonctionnaires" not in form
    async with site.browser("alice") as client:
        assert "Contingents" not in words(await client.get(f"{PATH}/inviter"))


async def test_the_review_is_a_file_with_its_dictionary(site: Site) -> None:
    async with site.browser("alice") as client:
        file = await client.get(f"{PATH}.csv")
        book = await client.get(f"{PATH}.xlsx")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert lines[0].split(";")[:3] == ["Nom", "Rôle", "Qualité"]
    assert [line.split(";")[:3] for line in lines[1:]] == [
        ["Alice Démo", "Responsable", "Bailleur"],
        ["Bruno Exemple", "Lecture seule", "Bailleur"],
    ]
    assert book.content[:2] == b"PK"


# --- The review -----------------------------------------------------------------------------------


async def test_the_review_is_a_task_when_it_is_due(site: Site, play: Play) -> None:
    play.run("update memberships set created_at = '2026-01-10T12:00+01'")
    task = "Confirmer la liste des personnes de l'organisme"
    async with site.browser("bruno") as client:
        assert task not in words(await client.get("/"))
    async with site.browser("alice") as client:
        assert task in words(await client.get("/"))
        page = words(await client.get(PATH))
        assert "Revue trimestrielle à faire depuis le 10 avril 2026" in page
        done = await client.post(f"{PATH}/revue/confirmer")
        assert done.headers["location"] == PATH
        page = words(await client.get(PATH))
        assert "Liste confirmée. Prochaine revue le 30 juillet 2026." in page
        assert "Dernière confirmation le 30 avril 2026, par Alice Démo" in page
        assert task not in words(await client.get("/"))
        set_clock(play.stage.database, play.now + timedelta(days=100))
        assert task in words(await client.get("/"))


# --- Inviting -------------------------------------------------------------------------------------


async def test_the_link_is_shown_once_and_waits_in_the_list(site: Site) -> None:
    async with site.browser("alice") as client:
        link = await invited(client)
        page = await client.get(PATH)
        assert "Invitations en attente" in words(page)
        assert "Théo Nouveau" in words(page)
        assert link.partition("=")[2] not in page.text
        (cancel,) = [one for one in actions(page) if one.endswith("/annuler")]
    async with site.anonymous() as guest:
        shown = await guest.get(link)
        assert shown.status_code == 200
        for said in ("Haute-Savoie Habitat", "Bailleur", "Théo Nouveau", "Agent", "Alice Démo"):
            assert said in words(shown)
        assert actions(shown) == ["/invitation"]
    async with site.browser("alice") as client:
        assert (await client.post(cancel)).headers["location"] == PATH
    async with site.anonymous() as guest:
        gone = await guest.get(link)
        unknown = await guest.get("/invitation?jeton=inconnu")
        nothing = await guest.get("/invitation")
    assert {one.status_code for one in (gone, unknown, nothing)} == {404}
    assert "ne peut plus servir" in words(gone)
    assert words(gone) == words(unknown) == words(nothing)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"nom": "", "role": "agent"}, "Indiquez le prénom et le nom de la personne"),
        ({"nom": "Théo Nouveau", "role": ""}, "Choisissez un rôle."),
        ({"nom": "Théo Nouveau", "role": "machine"}, "Choisissez un rôle."),
    ],
)
async def test_a_bad_invitation_is_said_and_kept(
    site: Site, play: Play, typed: dict[str, str], says: str
) -> None:
    page = await refused(site, play, "alice", f"{PATH}/inviter", typed, status=422, says=says)
    assert f'value="{typed["nom"]}"' in page.text or not typed["nom"]


async def test_the_form_of_the_link_is_for_this_site_only(site: Site) -> None:
    """Another site cannot put a link into a browser, and so somebody into an organisme."""
    async with site.browser("alice") as client:
        link = await invited(client)
    secret = link.partition("=")[2]
    async with site.anonymous() as guest:
        for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://ailleurs.invalid"}):
            answer = await guest.post("/invitation", data={"jeton": secret}, headers=headers)
            assert answer.status_code == 403
            assert "portail_invitation" not in answer.headers.get("set-cookie", "")
        shown = await guest.get(link)
        assert "portail_invitation" not in shown.headers.get("set-cookie", "")
        left = await guest.post("/invitation", data={"jeton": secret})
        assert "httponly" in left.headers["set-cookie"].lower()


# --- One person -----------------------------------------------------------------------------------


async def test_a_role_is_changed_then_the_access_removed(site: Site, play: Play) -> None:
    path = f"{PATH}/{seat(play, 'bruno')}"
    async with site.browser("bruno") as his, site.browser("alice") as client:
        assert (await his.get("/flux")).status_code == 200
        shown = await client.get(path)
        assert actions(shown) == [f"{path}/role"]
        changed = await client.post(f"{path}/role", data={"role": "responsable"})
        assert changed.headers["location"] == path
        assert (await his.get(PATH)).status_code == 200
        check = await client.get(f"{path}/retirer")
        assert "Bruno Exemple n'agit plus pour votre organisme" in words(check)
        assert actions(check) == [f"{path}/retirer"]
        assert (await client.post(f"{path}/retirer")).headers["location"] == PATH
        assert (await his.get("/flux")).status_code == 403
        after = await client.get(path)
        assert "Cet accès est terminé" in words(after)
        assert actions(after) == []
        trail = words(await client.get(f"{PATH}/historique"))
        assert "Accès de Bruno Exemple retiré Par Alice Démo" in trail
        assert "Droits de Bruno Exemple changés : lecture seule, puis responsable" in trail
        file = (await client.get(f"{PATH}/historique.csv")).content.decode("utf-8-sig")
        assert "Accès de Bruno Exemple retiré;Bruno Exemple;Alice Démo" in file


async def test_the_last_responsable_is_told_so(site: Site, play: Play) -> None:
    path = f"{PATH}/{seat(play, 'alice')}"
    async with site.browser("alice") as client:
        page = await client.get(path)
    assert "Un organisme garde toujours un responsable" in words(page)
    assert actions(page) == []
    says = "C'est la dernière personne responsable de l'organisme"
    await refused(site, play, "alice", f"{path}/role", {"role": "agent"}, status=409, says=says)
    await refused(site, play, "alice", f"{path}/retirer", {}, status=409, says=says)


async def test_who_gives_up_the_role_goes_home(site: Site, play: Play) -> None:
    async with site.browser("alice") as client:
        bruno, alice = (f"{PATH}/{seat(play, slug)}" for slug in ("bruno", "alice"))
        await client.post(f"{bruno}/role", data={"role": "responsable"})
        left = await client.post(f"{alice}/role", data={"role": "agent"})
        assert left.headers["location"] == "/"
        assert (await client.get(PATH)).status_code == 403


# --- One's own sessions ---------------------------------------------------------------------------


async def test_one_sees_and_ends_her_own_sessions(site: Site, play: Play) -> None:
    alice = play.stage.world.people["alice"].id
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    await open_session(site.stage.app, person_id=alice, id_token="", user_agent=firefox)
    async with site.browser("bruno") as other, site.browser("alice") as client:
        assert (await other.get("/mes-sessions")).text.count("Cette session") == 1
        page = await client.get("/mes-sessions")
        assert "Firefox sous Windows" in words(page)
        assert "Haute-Savoie Habitat" in words(page)
        (handle,) = re.findall(r'name="session" value="(\w+)"', page.text)
        stolen = await other.post("/mes-sessions/fermer", data={"session": handle})
        assert stolen.status_code == 404
        ended = await client.post("/mes-sessions/fermer", data={"session": handle})
        assert ended.headers["location"] == "/mes-sessions"
        page = await client.get("/mes-sessions")
        assert "Cette session est fermée." in words(page)
        assert "Firefox" not in words(page)
        again = await client.post("/mes-sessions/fermer", data={"session": handle})
        assert again.status_code == 404


async def test_signing_out_everywhere_ends_every_session_of_hers(site: Site) -> None:
    async with (
        site.browser("alice") as one,
        site.browser("alice") as two,
        site.browser("bruno") as other,
    ):
        assert (await one.post("/mes-sessions/partout")).headers["location"] == "/"
        for mine in (one, two):
            assert (await mine.get("/flux")).status_code == 303
        assert (await other.get("/flux")).status_code == 200


async def test_the_eleventh_session_ends_the_oldest(site: Site, play: Play) -> None:
    alice = play.stage.world.people["alice"].id
    async with site.browser("alice") as oldest, site.browser("bruno") as other:
        for _ in range(9):
            await open_session(site.stage.app, person_id=alice, id_token="", user_agent="")
        assert (await oldest.get("/flux")).status_code == 200
        await open_session(site.stage.app, person_id=alice, id_token="", user_agent="")
        assert (await oldest.get("/flux")).status_code == 303
        assert (await other.get("/flux")).status_code == 200
    living = "select count(*) from sessions where person_id = %s and revoked_at is null"
    assert play.scalar(living, alice) == 10


async def test_sessions_belong_to_somebody(site: Site) -> None:
    async with site.anonymous() as guest:
        for answer in (
            await guest.get("/mes-sessions"),
            await guest.post("/mes-sessions/partout"),
            await guest.post("/mes-sessions/fermer", data={"session": "x"}),
        ):
            assert answer.headers["location"] == "/connexion?retour=/mes-sessions"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("", "Navigateur inconnu"),
        ("curl/8", "Navigateur inconnu"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36",
         "Chrome sous Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
         "Edge sous Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1",
         "Safari sous iPhone ou iPad"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
         "Firefox sous Android"),
    ],
)  # fmt: skip
def test_a_browser_has_a_name_that_one_recognises(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name
