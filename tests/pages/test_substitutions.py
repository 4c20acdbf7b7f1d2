"""The préfecture's page of substitutions, and what the others read of them (L302-9-1)."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.operations import notifications, substitutions
from server.operations.substitutions import DeclareSubstitution
from server.tenants.transactions import Database
from tests.operations.play import DOUSSARD, Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, refused, statuses, words

DECREE = "n° DDT-2026-0123"


def typed(play: Play, **changes: str) -> dict[str, str]:
    return {
        "commune": str(play.tenant("doussard")),
        "arrete": DECREE,
        "debut": play.day().isoformat(),
        "fin": "",
        **changes,
    }


async def substituted(play: Play) -> UUID:
    command = DeclareSubstitution(
        tenant_id=play.tenant("doussard"), decree=DECREE, starts_on=play.day()
    )
    return await play.does("estelle", lambda tx: substitutions.declare(tx, command))


async def test_the_prefecture_checks_then_declares(site: Site, play: Play) -> None:
    async with site.browser("estelle") as client:
        assert "Commune de Doussard" in words(await client.get("/substitutions/nouvelle"))
        before = play.dump()
        check = await client.get("/substitutions/verifier", params=typed(play))
        assert play.dump() == before
        text = words(check)
        assert "sur la ligne de la commune de Doussard sont adressées à l'État" in text
        assert "Haute-Savoie Habitat" in text  # the bailleur who will be told
        assert actions(check) == ["/substitutions"]
        sent = await client.post("/substitutions", data=typed(play))
        assert sent.status_code == 303
        page = await client.get(sent.headers["location"])
        assert "En cours" in words(page)
        assert "Substitution déclarée" in words(page)
        assert DECREE in words(await client.get("/substitutions"))


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"commune": "x"}, 422, "Choisissez la commune."),
        ({"arrete": " "}, 422, "Indiquez l'arrêté"),
        ({"debut": "demain"}, 422, "Indiquez une date"),
        ({"fin": "2020-01-01"}, 422, "finit avant d'avoir commencé"),
    ],
)
async def test_a_bad_declaration_is_said_and_kept(
    site: Site, play: Play, changes: dict[str, str], status: int, says: str
) -> None:
    fields = typed(play, **changes)
    answer = await refused(
        site, play, "estelle", "/substitutions", fields, status=status, says=says
    )
    assert fields["arrete"].strip() in answer.text


async def test_a_second_one_is_a_conflict(site: Site, play: Play) -> None:
    await substituted(play)
    await refused(
        site, play, "estelle", "/substitutions", typed(play), status=409, says="déjà substituée"
    )


async def test_others_read_and_declare_nothing(site: Site, play: Play) -> None:
    made = await substituted(play)
    everybody = ("alice", "bruno", "chloe", "denis", "karine", "pascal", "farid")
    read = await statuses(site, "GET", f"/substitutions/{made}", everybody)
    assert set(read.values()) == {200}
    for path in ("/substitutions/nouvelle", f"/substitutions/{made}/terminer?fin=2030-01-01"):
        assert set((await statuses(site, "GET", path, everybody)).values()) == {403}
    posted = await statuses(site, "POST", "/substitutions", everybody, **typed(play))
    assert set(posted.values()) == {403}
    async with site.browser("chloe") as client:
        assert actions(await client.get(f"/substitutions/{made}")) == []
        assert "Déclarer une substitution" not in words(await client.get("/substitutions"))


async def test_the_prefecture_fixes_the_last_day_after_a_check(site: Site, play: Play) -> None:
    made = await substituted(play)
    path, last = f"/substitutions/{made}", play.day(10).isoformat()
    async with site.browser("estelle") as client:
        wrong = await client.get(f"{path}/terminer", params={"fin": "2020-01-01"})
        assert wrong.status_code == 422
        assert "avant d'avoir commencé" in words(wrong)
        before = play.dump()
        check = await client.get(f"{path}/terminer", params={"fin": last})
        assert play.dump() == before
        assert "10 mai 2026" in words(check)
        done = await client.post(f"{path}/terminer", data={"fin": last})
        assert done.status_code == 303
        page = await client.get(path)
        assert "Dernier jour fixé" in words(page)
        assert "Fixer le dernier jour" not in words(page)
        again = await client.post(f"{path}/terminer", data={"fin": last})
        assert again.status_code == 409


async def test_it_is_told_wherever_the_line_shows(site: Site, play: Play) -> None:
    """On the proposal, on the check, on the offer, on the annexe."""
    await substituted(play)
    vacancy_id = await play.vacancy()
    async with site.browser("alice") as client:
        proposal = words(await client.get(f"/liberations/{vacancy_id}"))
        assert f"arrêté {DECREE}" in proposal
        assert "restent comptées sur la ligne de la commune" in proposal
        choice = {
            "choix": "autre",
            "reservataire": f"{play.tenant('doussard')}:none",
            "motif": "Essai",
        }
        path = f"/liberations/{vacancy_id}"
        check = words(await client.get(f"{path}/verifier", params=choice))
        said = (
            "Orientation adressée à la préfecture de la Haute-Savoie, substituée à la commune de "
            f"Doussard, arrêté {DECREE}"
        )
        assert said in check
        sent = await client.post(f"{path}/orienter", data=choice)
        assert sent.status_code == 303, words(sent)
        offer = sent.headers["location"]
        assert said in words(await client.get(offer))
        assert f"arrêté {DECREE}" in words(await client.get("/flux"))
    async with site.browser("chloe") as client:
        page = await client.get(offer)
        assert said in words(page)
        assert actions(page) == []
        answer = await client.post(f"{offer}/accepter")
        assert answer.status_code == 409
        assert DECREE in words(answer)
        home = words(await client.get("/"))
        assert "Accepter ou refuser" not in home
        waiting = await client.get("/orientations?etape=reponse")
        assert offer not in waiting.text  # nothing to answer
        assert offer in (await client.get("/orientations?etape=toutes")).text
        assert "que vous puissiez lire" in words(page)
    async with site.browser("pascal") as client:
        assert f"{offer}/accepter" in actions(await client.get(offer))


async def test_the_mails_say_what_each_has_to_do(site: Site, play: Play) -> None:
    await substituted(play)
    worker = Database(play.stage.database.worker_dsn, pool_size=1)
    for (one,) in play.rows("select id from notifications where subject_kind = 'substitution'"):
        await notifications.deliver(worker, one, site.settings)
    await worker.close()
    bodies = dict(
        play.rows(
            "select t.slug, n.body_text from notifications n join tenants t"
            " on t.id = n.recipient_id where n.subject_kind = 'substitution'"
        )
    )
    assert "Envoyez vos offres comme avant" in bodies["haute-savoie-habitat"]
    assert "vous les lisez" in bodies["doussard"]
    assert all(DECREE in body and "/substitutions/" in body for body in bodies.values())
    async with site.browser("chloe") as client:
        inbox = await client.get("/notifications")
        assert "Substitution" in words(inbox)
        link = inbox.text.partition('href="/substitutions/')[2].partition('"')[0]
        assert (await client.get(f"/substitutions/{link}")).status_code == 200


async def test_the_list_is_filtered_sorted_and_exported(site: Site, play: Play) -> None:
    await substituted(play)
    async with site.browser("estelle") as client:
        assert DECREE in words(await client.get("/substitutions?vue=en_cours&tri=commune"))
        assert DECREE not in words(await client.get("/substitutions?vue=terminees"))
        exported = await client.get("/substitutions.csv?vue=en_cours")
        assert f"{DOUSSARD};" in exported.text or f"{DOUSSARD}," in exported.text
        assert DECREE in exported.text
        assert (await client.get("/substitutions.xlsx")).status_code == 200
