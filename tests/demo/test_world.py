from __future__ import annotations

import hashlib
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from server.db import conventions, machines, tenants
from server.demo import world_cast
from server.demo.world_dwellings import TYPOLOGIES, shares_of
from server.demo.world_patrimoine import ANNEXES
from server.domain.deadlines import PARIS
from server.errors import Conflict
from server.operations import advice, flux, vacancies
from server.operations import orientations as offers
from server.tenants.scopes import EVERY_SCOPE
from tests.databases import Databases
from tests.worlds import Stage, Worlds

LAST_OF_APRIL = datetime(2026, 4, 30, 9, tzinfo=PARIS)
SOURCES_DU_LAC = "247400773"


async def test_the_annexe_of_sources_du_lac_is_the_printed_one(world: Stage) -> None:
    """Annexe 1 of Haute-Savoie Habitat: 4,84 29,63 24,40 14,81 5,00 25,00 over 640, 54, 586."""
    alice = world.world.actor("alice")
    async with world.app.read_transaction(alice) as tx:
        for year in (2025, 2026):
            (one,) = await flux.list_annexes(tx, year, epci_siren=SOURCES_DU_LAC)
            assert [(line.rate_bp, line.denominator) for line in one.annexe.lines] == [
                (484, 640),
                (2963, 54),
                (2440, 586),
                (1481, 54),
                (500, 640),
                (2500, 640),
            ]
            assert [share.bailleur_share_bp for share in one.annexe.communes] == [2072, 4076]
            assert (one.annexe.totals.total, one.annexe.totals.flux) == (640, 607)
            assert one.annexe.total_droits == 390


async def test_every_annexe_can_be_published_and_counts_the_dwellings(world: Stage) -> None:
    with psycopg.connect(world.database.super_dsn) as connection:
        rows = connection.execute(
            "select t.slug, d.insee, count(*), count(d.exclusion) from dwellings d"
            " join tenants t on t.id = d.bailleur_id group by 1, 2"
        ).fetchall()
    counted = {(slug, insee): (total, excluded) for slug, insee, total, excluded in rows}
    announced = {
        (annexe.bailleur, stock.insee): (stock.total, sum(stock.exclusions.values()))
        for annexe in ANNEXES
        for stock in annexe.stock
    }
    assert counted == announced
    assert sum(total for (_, insee), (total, _) in counted.items() if insee == "74218") == 540
    async with world.app.read_transaction(world.world.actor("estelle")) as tx:
        computed = await flux.list_annexes(tx, 2026)
    assert len(computed) == len(ANNEXES) == 7
    assert [(one.annexe.motifs, one.annexe.warnings) for one in computed] == [((), ())] * 7


async def test_the_dwellings_have_the_sizes_of_the_departement(world: Stage) -> None:
    with psycopg.connect(world.database.super_dsn) as connection:
        rows = connection.execute("select typology, count(*) from dwellings group by 1").fetchall()
    sizes: Counter[str] = Counter(dict(rows))
    whole = sum(TYPOLOGIES.values())
    for typology, weight in TYPOLOGIES.items():
        assert sizes[typology] / sizes.total() == pytest.approx(weight / whole, abs=0.01)


def test_shares_add_up_whatever_the_total() -> None:
    for total in range(60):
        assert len(shares_of(total, TYPOLOGIES)) == total


async def test_no_convention_lacks_a_mailbox_but_one(world: Stage) -> None:
    with psycopg.connect(world.database.super_dsn) as connection:
        blank = connection.execute(
            "select b.slug, r.slug from conventions c join tenants b on b.id = c.bailleur_id"
            " join tenants r on r.id = c.reservataire_id where mailbox is null"
        ).fetchall()
        addresses = connection.execute(
            "select mailbox from conventions where mailbox is not null"
            " union select address from tenant_mailboxes"
        ).fetchall()
    assert blank == [("semcoda", "publier")]
    assert all(address.endswith(".invalid") for (address,) in addresses)


async def test_publier_and_its_ccas_share_one_mailbox(world: Stage) -> None:
    found = set()
    for slug in ("publier", "ccas-publier"):
        actor = world.world.actor("leo", tenant=slug)
        async with world.app.read_transaction(actor) as tx:
            found.add(await tenants.find_mailbox(tx, actor.tenant_id, "reservataire"))
    assert found == {world_cast.PUBLIER_MAILBOX}


async def test_every_convention_is_in_force_at_the_demonstration_s_date(world: Stage) -> None:
    async with world.app.read_transaction(world.world.actor("estelle")) as tx:
        for slug in ("haute-savoie-habitat", "alliade-habitat", "semcoda"):
            rows = await conventions.list_conventions(tx, bailleur_id=world.world.tenants[slug])
            assert rows
            assert all(flux.is_in_force(row, LAST_OF_APRIL.date()) for row in rows)


async def test_the_world_takes_a_vacancy_and_its_offer(world: Stage) -> None:
    home = world.world.dwellings["haute-savoie-habitat", "74104"][0]
    actor = world.world.actor("alice")
    async with world.app.write_transaction(actor, now=LAST_OF_APRIL) as tx:
        command = vacancies.RegisterVacancy(
            dwelling_id=home, free_on=LAST_OF_APRIL.date() + timedelta(days=30)
        )
        vacancy_id = await vacancies.register(tx, command)
        explained = await advice.advise(tx, await vacancies.get(tx, vacancy_id))
        first = explained.advice.proposals[0]
        party, contingent = flux.split_party_key(first.party_key)
        assert party == world.world.tenants["doussard"]
        await offers.send(
            tx,
            offers.SendOrientation(
                vacancy_id=vacancy_id, reservataire_id=party, contingent=contingent
            ),
        )


async def test_a_dwelling_of_the_sale_plan_is_outside_the_flux(world: Stage) -> None:
    """Art. 2.2."""
    home = world.world.excluded["haute-savoie-habitat", "74123"][0]
    async with world.app.write_transaction(world.world.actor("alice"), now=LAST_OF_APRIL) as tx:
        command = vacancies.RegisterVacancy(dwelling_id=home, free_on=LAST_OF_APRIL.date())
        with pytest.raises(Conflict, match="dwelling_outside_assiette"):
            await vacancies.check(tx, command)


async def test_people_and_tokens_are_who_they_say(world: Stage) -> None:
    state = world.world.token("prefecture", "reservataire")
    async with world.app.identity_transaction() as tx:
        digest = hashlib.sha256(state.plain.encode()).hexdigest()
        bearer = await machines.find_token(tx, digest)
        assert bearer is not None
        assert bearer.contingents == ("fonctionnaires", "rs")
        assert set(bearer.scopes) == EVERY_SCOPE
        assert bearer.expires_at > datetime.now(UTC)
        seats = await tenants.list_memberships(tx, world.world.people["leo"].id)
    assert [seat.tenant_name for seat in seats] == ["CCAS de Publier", "Commune de Publier"]
    assert len(state.plain) == 47
    assert world.world.machine("doussard").role == "machine"
    # the State, and an EPCI that is réservataire, act in two capacities
    assert len(world.world.tokens) == len(world_cast.ORGANISMES) + 2


def test_a_clone_of_the_world_is_quick(databases: Databases, worlds: Worlds) -> None:
    begun = time.monotonic()
    databases.discard(worlds.clone())
    assert time.monotonic() - begun < 1
