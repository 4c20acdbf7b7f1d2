from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from tests.operations.play import FAVERGES, NUDS, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import actions, refused, statuses, words

SESSION = {"date": "2026-05-12", "heure": "14:00", "lieu": "Salle des Aravis", "mode": "on_site"}
DAY = "2026-05-12T16:00"
REASON = "Refus motivé"


async def plan(site: Site, *orientation_ids: UUID) -> str:
    async with site.browser("alice") as client:
        fields = {**SESSION, "orientation": [str(one) for one in orientation_ids]}
        sent = await client.post("/caleol/nouvelle", data=fields)
        assert sent.status_code == 303, words(sent)
    return sent.headers["location"]


def typed(play: Play, orientation_id: UUID, **changes: str) -> dict[str, str]:
    """Ranks 1 and 2, then a refusal without its reason."""
    fields = {"orientation": str(orientation_id), "confirme": "1"}
    for index, candidate_id in enumerate(play.candidates(orientation_id)):
        fields |= {
            f"decisions.{index}.candidate": str(candidate_id),
            f"decisions.{index}.outcome": "attribution_rank" if index < 2 else "not_attributed",
            f"decisions.{index}.rank": str(index + 1) if index < 2 else "",
        }
    return fields | {
        f"decisions.{name.replace('_', '.', 1)}": text for name, text in changes.items()
    }


async def test_a_session_is_planned_from_the_dwellings_that_are_ready(
    site: Site, play: Play
) -> None:
    orientation_id = await play.complete()
    async with site.browser("alice") as client:
        blank = await client.get("/caleol/nouvelle")
    assert str(orientation_id) in blank.text
    assert "Commune de Doussard · 3 candidats" in words(blank)
    path = await plan(site, orientation_id)
    async with site.browser("alice") as client:
        page = await client.get(path)
        listed = await client.get("/caleol")
    text = words(page)
    assert "Séance du mardi 12 mai 2026 à 14 h 00" in text
    assert "Salle des Aravis" in text
    assert "Préfecture de la Haute-Savoie préfecture" in text
    assert "à partir du mardi 12 mai 2026" in text
    assert path in listed.text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"date": ""}, "Indiquez la date et l'heure de la séance."),
        ({"heure": "midi"}, "Indiquez la date et l'heure de la séance."),
        ({"date": "2026-04-29"}, "La séance doit être à venir."),
        ({"lieu": " "}, "Indiquez le lieu ou le lien de la séance."),
        ({"mode": "ailleurs"}, "Ce mode de séance n'existe pas."),
        ({"orientation": ""}, "Inscrivez au moins un logement à l'ordre du jour."),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    site: Site, play: Play, changes: dict[str, str], says: str
) -> None:
    orientation_id = await play.complete()
    fields = {**SESSION, "orientation": str(orientation_id), **changes}
    answer = await refused(site, play, "alice", "/caleol/nouvelle", fields, status=422, says=says)
    if "lieu" not in changes:
        assert 'value="Salle des Aravis"' in answer.text


async def test_fewer_than_three_candidates_must_be_justified(site: Site, play: Play) -> None:
    """R441-3."""
    orientation_id = await play.search()
    await play.present(orientation_id, *NUDS[:2])
    set_clock(play.stage.database, paris("2026-05-28T09:00"))
    fields = {**SESSION, "date": "2026-06-02", "orientation": str(orientation_id)}
    says = "justifiez la liste incomplète (art. R441-3)"
    await refused(site, play, "alice", "/caleol/nouvelle", fields, status=422, says=says)
    fields[f"justification-{orientation_id}"] = "Une seule demande adaptée dans la commune"
    async with site.browser("alice") as client:
        sent = await client.post("/caleol/nouvelle", data=fields)
        page = await client.get(sent.headers["location"])
    assert "Une seule demande adaptée dans la commune" in words(page)


async def test_each_capacity_reads_its_part_of_the_agenda(site: Site, play: Play) -> None:
    """An EPCI sits in the commission and never reads a NUD (domain.md §1.2)."""
    play.run(
        "insert into lec_territories (epci_siren, from_on) values ('247400773', %s)"
        " on conflict do nothing",
        date(2020, 1, 1),
    )
    mine = await play.complete()
    other = await play.offer("faverges-seythenex", home=play.home(FAVERGES))
    await play.reach_candidates(other, "karine")
    path = await plan(site, mine, other)
    texts = {}
    for who in ("alice", "chloe", "karine", "estelle", "farid"):
        async with site.browser(who) as client:
            answer = await client.get(path)
            assert answer.status_code == 200, who
            texts[who] = answer.text
    assert NUDS[0] in texts["alice"]
    assert NUDS[0] in texts["chloe"]
    assert str(mine) in texts["chloe"]
    assert str(other) not in texts["chloe"]
    assert str(mine) not in texts["karine"]
    for who in ("estelle", "farid"):
        assert not any(nud in texts[who] for nud in NUDS), who
    assert "/orientations/" not in texts["farid"]
    assert "Commune de Doussard" in texts["farid"]


async def test_a_stranger_finds_no_session(site: Site, play: Play) -> None:
    path = await plan(site, await play.complete())
    strangers = ("denis", "manon", "samuel")
    assert set((await statuses(site, "GET", path, strangers)).values()) == {404}
    assert set((await statuses(site, "GET", f"{path}/invitation.ics", strangers)).values()) == {404}
    fields = typed(play, UUID(int=1))
    assert set(
        (await statuses(site, "POST", f"{path}/decisions", strangers, **fields)).values()
    ) <= {
        403,
        404,
    }
    assert await statuses(
        site, "GET", "/caleol/nouvelle", ("bruno", "chloe", "estelle", "farid")
    ) == (dict.fromkeys(("bruno", "chloe", "estelle", "farid"), 403))
    assert await statuses(site, "GET", "/caleol/pas-un-id", ("alice",)) == {"alice": 404}


async def test_the_invitation_goes_into_the_diary(site: Site, play: Play) -> None:
    path = await plan(site, await play.complete())
    async with site.browser("chloe") as client:
        file = await client.get(f"{path}/invitation.ics")
    assert file.headers["content-type"].startswith("text/calendar")
    assert "attachment" in file.headers["content-disposition"]
    assert "METHOD:REQUEST" in file.text
    assert "20260512T140000" in file.text
    assert not any(nud in file.text for nud in NUDS)


async def test_nothing_is_decided_before_the_day(site: Site, play: Play) -> None:
    orientation_id = await play.complete()
    path = await plan(site, orientation_id)
    async with site.browser("alice") as client:
        assert f"{path}/decisions" not in actions(await client.get(path))
    fields = typed(play, orientation_id, **{"2_reason": "household_size"})
    says = "La commission se tient le mardi 12 mai 2026."
    await refused(site, play, "alice", f"{path}/decisions", fields, status=409, says=says)


async def test_a_refusal_without_reason_is_refused_then_recorded(site: Site, play: Play) -> None:
    """L441-2-2: a refusal is reasoned; what was typed is kept meanwhile."""
    orientation_id = await play.complete()
    path = await plan(site, orientation_id)
    set_clock(play.stage.database, paris(DAY))
    async with site.browser("alice") as client:
        assert f"{path}/decisions" in actions(await client.get(path))
    fields = typed(play, orientation_id)
    answer = await refused(
        site, play, "alice", f"{path}/decisions", fields, status=422, says="L441-2-2"
    )
    assert f'href="#champ-{orientation_id}-decisions.2.reason"' in answer.text
    assert f'id="champ-{orientation_id}-decisions.2.reason"' in answer.text
    assert 'value="attribution_rank" selected' in answer.text
    fields["decisions.2.reason"] = "household_size"
    async with site.browser("alice") as client:
        sent = await client.post(f"{path}/decisions", data=fields)
        page = await client.get(sent.headers["location"])
        held = await client.get("/caleol?etat=held")
    text = words(page)
    assert "Décision enregistrée : logement attribué." in text
    assert "composition familiale inadaptée" in text
    assert f'href="/orientations/{orientation_id}"' in page.text
    assert path in held.text
    assert play.state(orientation_id) == "attributed"
    async with site.browser("chloe") as client:
        assert "Attribution avec un rang" in words(await client.get(path))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"confirme": ""}, "Confirmez que vous avez relu ces décisions."),
        ({"decisions.0.outcome": ""}, "Candidat 1 : choisissez la décision de la commission."),
        ({"decisions.0.outcome": "x"}, "Candidat 1 : choisissez la décision de la commission."),
        ({"decisions.0.rank": "un"}, "Indiquez un nombre entier."),
        ({"decisions.1.rank": "1"}, "Deux candidats ont le même rang"),
        ({"decisions.2.reason": "other"}, "Ce motif demande une explication."),
        ({"decisions.2.reason": "income_ceiling"}, "Ce motif ne correspond pas"),
        (
            {"decisions.0.outcome": "attribution_condition", "decisions.0.condition": ""},
            "Indiquez la pièce attendue",
        ),
    ],
)
async def test_each_bad_decision_says_what_to_correct(
    site: Site, play: Play, changes: dict[str, str], says: str
) -> None:
    orientation_id = await play.complete()
    path = await plan(site, orientation_id)
    set_clock(play.stage.database, paris(DAY))
    fields = {**typed(play, orientation_id, **{"2_reason": "household_size"}), **changes}
    await refused(site, play, "alice", f"{path}/decisions", fields, status=422, says=says)


async def test_only_who_holds_the_commission_decides(site: Site, play: Play) -> None:
    orientation_id = await play.complete()
    path = await plan(site, orientation_id)
    set_clock(play.stage.database, paris(DAY))
    fields = typed(play, orientation_id, **{"2_reason": "household_size"})
    before = play.dump()
    found = await statuses(
        site,
        "POST",
        f"{path}/decisions",
        ("bruno", "chloe", "estelle", "farid", "denis"),
        **fields,
    )
    assert found == {"bruno": 403, "chloe": 403, "estelle": 403, "farid": 403, "denis": 404}
    assert play.dump()["decisions"] == before["decisions"]
    async with site.browser("bruno") as client:
        page = await client.get(path)
    assert actions(page) == []
    assert NUDS[0] in page.text
