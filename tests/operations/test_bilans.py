"""The bilan on the real database: counted, frozen, printed, given, opened (art. 7; R441-5-1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from server.db.paging import PageRequest
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import bilans, notifications, urgences
from server.operations.ownership import owner_of
from server.tenants.transactions import Database as App
from tests.workers.stories import NUDS, PARIS, Play, jobs_of, rows_of, settings_of
from tests.worlds import Stage

FEBRUARY = datetime(2027, 2, 10, 9, tzinfo=PARIS)


@pytest.fixture
async def worker(world: Stage) -> AsyncIterator[App]:
    opened = App(world.database.worker_dsn, pool_size=3)
    yield opened
    await opened.close()


@pytest.fixture
def play(world: Stage) -> Play:
    return Play(stage=world)


async def publish(play: Play, year: int = 2026) -> UUID:
    async with play.stage.app.write_transaction(play.alice, now=play.now) as tx:
        return await bilans.publish(tx, year)


async def distribute(worker: App, bilan_id: UUID) -> None:
    async with worker.system_transaction("test") as tx:
        owner = await owner_of(tx, "bilan", bilan_id)
    async with worker.write_transaction(owner) as own:
        await bilans.distribute(own, bilan_id)


async def content_of(play: Play, bilan_id: UUID) -> dict[str, Any]:
    async with play.stage.app.read_transaction(play.alice) as tx:
        return await bilans.content(tx, bilan_id)


async def a_year(play: Play) -> None:
    """One lease, one refusal, one kept on the bailleur's share, one mutation, one urgency."""
    await play.refuse(await play.send(await play.vacancy()))
    await play.leased()
    await play.keep(await play.vacancy(), "own")
    await play.keep(await play.vacancy(), "mutation")
    asked = await play.vacancy()
    urgence_id = await play.request_urgence(asked)
    await play.approve_urgence(urgence_id)
    async with play.stage.app.write_transaction(play.alice, now=play.now) as tx:
        await urgences.apply(tx, urgence_id)
    await play.vacancy()


async def test_the_bilan_counts_the_year(play: Play) -> None:
    await a_year(play)
    content = await content_of(play, await publish(play))
    by_name = {(one["name"], one["contingent"]): one for one in content["parties"]}
    doussard = by_name["Commune de Doussard", "none"]
    assert (doussard["oriented"], doussard["attributed"], doussard["leased"]) == (3, 2, 1)
    assert doussard["due"] == 5 * 2963
    own = by_name["Haute-Savoie Habitat, part non réservée", "none"]
    assert (own["oriented"], own["attributed"]) == (1, 0)
    assert own["due"] == 5 * 2072
    assert [one["code"] for one in content["checks"] if not one["is_ok"]] == []
    assert content["mutations"] == {
        "count": 1, "total": 6, "ratio_bp": 1667, "level": "amber", "ceiling_bp": 1000,
    }  # fmt: skip
    assert [(one["nature"], one["count"]) for one in content["out_of_flux"]] == [("mutation", 1)]
    assert content["is_provisional"] is True


async def test_nothing_of_a_household_enters_the_bilan(play: Play) -> None:
    await a_year(play)
    frozen = json.dumps(await content_of(play, await publish(play)))
    for secret in (*NUDS, "Madame Secret", "dalo", "criterion", "Chloé"):
        assert secret not in frozen


async def test_the_content_is_frozen_under_its_hash(play: Play) -> None:
    await a_year(play)
    bilan_id = await publish(play)
    content = await content_of(play, bilan_id)
    async with play.stage.app.read_transaction(play.alice) as tx:
        assert (await bilans.get(tx, bilan_id)).content_hash == bilans.content_hash(content)


async def test_the_same_bilan_is_not_published_twice(play: Play) -> None:
    await play.leased()
    await publish(play)
    with pytest.raises(Conflict) as refused:
        await publish(play)
    assert refused.value.code == "bilan_unchanged"
    assert refused.value.message == "Ce bilan est identique à la version 1 déjà publiée."
    await play.vacancy()
    second = await publish(play)
    async with play.stage.app.read_transaction(play.alice) as tx:
        assert (await bilans.get(tx, second)).version == 2


async def test_the_end_of_the_year_makes_a_new_version(play: Play) -> None:
    """Same figures, no longer provisional."""
    await play.leased()
    await publish(play)
    play.now = FEBRUARY
    content = await content_of(play, await publish(play))
    assert content["is_provisional"] is False


@pytest.mark.parametrize(("year", "code"), [(2027, "year_in_future"), (0, "year_too_old")])
async def test_a_year_without_bilan_is_refused(play: Play, year: int, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        await publish(play, year)
    assert (refused.value.code, refused.value.motifs[0].field) == (code, "year")


@pytest.mark.parametrize("slug", ["bruno", "chloe", "estelle", "farid"])
async def test_only_the_bailleur_s_agents_publish(play: Play, slug: str) -> None:
    with pytest.raises(Forbidden):
        async with play.stage.app.write_transaction(play.stage.world.actor(slug)) as tx:
            await bilans.publish(tx, 2026)
    assert jobs_of(play.stage.database, "bilans.distribute") == []


async def test_a_bilan_in_preparation_is_seen_by_its_bailleur_only(play: Play) -> None:
    bilan_id = await publish(play)
    for slug in ("chloe", "estelle", "farid", "denis"):
        async with play.stage.app.read_transaction(play.stage.world.actor(slug)) as tx:
            with pytest.raises(NotFound):
                await bilans.get(tx, bilan_id)
            with pytest.raises(NotFound):
                await bilans.content(tx, bilan_id)
    async with play.stage.app.write_transaction(play.alice) as tx:
        with pytest.raises(Conflict) as refused:
            await bilans.workbook(tx, bilan_id)
    assert refused.value.code == "bilan_preparing"


async def test_it_is_given_once_to_all_who_must_have_it(play: Play, worker: App) -> None:
    """R441-5-1: every réservataire, the préfet; the CC by its recorded agreement."""
    bilan_id = await publish(play)
    await distribute(worker, bilan_id)
    await distribute(worker, bilan_id)
    given = rows_of(
        play.stage.database,
        "select t.slug, d.capacity from bilan_deliveries d join tenants t on t.id = d.tenant_id"
        " order by 1, 2",
    )
    assert given == [
        ("action-logement", "reservataire"),
        ("cc-sources-du-lac", "epci"),
        ("departement", "reservataire"),
        ("doussard", "reservataire"),
        ("faverges-seythenex", "reservataire"),
        ("prefecture", "prefecture"),
        ("prefecture", "reservataire"),
        ("publier", "reservataire"),
    ]
    told = rows_of(
        play.stage.database,
        "select contingent from notifications n join tenants t on t.id = n.recipient_id"
        " where n.template = 'bilan.published' and t.slug = 'prefecture' order by 1",
    )
    assert told == [("fonctionnaires",), ("none",), ("rs",)]


async def test_a_recipient_opens_it_and_the_bailleur_sees_when(play: Play, worker: App) -> None:
    await play.leased()
    bilan_id = await publish(play)
    await distribute(worker, bilan_id)
    app, world = play.stage.app, play.stage.world
    async with app.write_transaction(world.actor("farid"), now=FEBRUARY) as tx:
        book = await bilans.workbook(tx, bilan_id)
        assert await bilans.workbook(tx, bilan_id) == book
    async with app.write_transaction(play.alice) as tx:
        head = await bilans.get(tx, bilan_id)
        assert await bilans.workbook(tx, bilan_id) == book
        opened = [
            one for one in (await bilans.deliveries(tx, [bilan_id]))[bilan_id] if one.opened_at
        ]
    assert head.workbook_hash == hashlib.sha256(book).hexdigest()
    assert [(one.capacity, one.opened_at) for one in opened] == [("epci", FEBRUARY)]
    sheets = CalamineWorkbook.from_filelike(BytesIO(book)).sheet_names
    assert sheets[0] == "À propos"
    assert len(sheets) == 5


async def test_other_bailleurs_and_strangers_see_nothing(play: Play, worker: App) -> None:
    bilan_id = await publish(play)
    await distribute(worker, bilan_id)
    for slug in ("denis", "manon", "samuel"):
        async with play.stage.app.write_transaction(play.stage.world.actor(slug)) as tx:
            assert await bilans.list_all(tx) == []
            assert (await bilans.list_page(tx, PageRequest())).items == ()
            assert await bilans.deliveries(tx, [bilan_id]) == {}
            with pytest.raises(NotFound):
                await bilans.workbook(tx, bilan_id)


async def test_the_epci_s_mail_shows_nothing_nominative(play: Play, worker: App) -> None:
    await a_year(play)
    await distribute(worker, await publish(play))
    for notification_id in jobs_of(play.stage.database, "notifications.deliver"):
        await notifications.deliver(worker, UUID(notification_id), settings_of(play.stage.database))
    mails = rows_of(
        play.stage.database,
        "select address, subject, body_text || body_html from notifications"
        " where capacity = 'epci'",
    )
    assert [(address, subject) for address, subject, _ in mails] == [
        ("habitat@cc-sources-du-lac.invalid",
         "[Bilan 2026 provisoire] Haute-Savoie Habitat, version 1"),
    ]  # fmt: skip
    for secret in (*NUDS, "Madame Secret", "Chloé", "rue "):
        assert secret not in mails[0][2]


async def test_the_lists_show_the_newest_first(play: Play) -> None:
    await publish(play, 2025)
    play.later(hours=1)
    await publish(play, 2026)
    async with play.stage.app.read_transaction(play.alice) as tx:
        assert [one.year for one in await bilans.list_all(tx)] == [2026, 2025]
        assert [one.year for one in await bilans.list_all(tx, year=2025)] == [2025]
        page = await bilans.list_page(tx, PageRequest(first=1))
        assert ([one.year for one in page.items], page.has_next) == ([2026], True)
