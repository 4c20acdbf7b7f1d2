from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server.demo import runner, seed
from server.demo.seed_stories import OPENING
from server.errors import ConfigurationError
from server.operations import advice, vacancies
from server.tenants.actors import Capacity, portal_acting_for
from server.tenants.transactions import Database as App
from tests.databases import Database, Databases


def environment_of(database: Database, data: Path) -> dict[str, str]:
    return {
        "PORTAIL_DATA": str(data),
        "MIGRATE_DATABASE_URL": database.migrate_dsn,
        "DATABASE_URL": database.app_dsn,
        "OIDC_ISSUER": "http://127.0.0.1:1",
    }


@pytest.fixture(scope="module")
def seeded(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    database, data = databases.clone(), tmp_path_factory.mktemp("data")
    with database.demo():
        seed.run(environment_of(database, data))
        with psycopg.connect(database.super_dsn, autocommit=True) as connection:
            yield database, data, connection
    databases.discard(database)


def values(connection: psycopg.Connection[Any], query: Any) -> set[Any]:
    return {row[0] for row in connection.execute(query)}


def test_every_screen_has_something_true_to_show(seeded: Any) -> None:
    _, _, connection = seeded
    assert values(connection, "select state from orientations") == {
        *("sent", "searching", "candidates_complete", "candidates_partial", "no_candidate"),
        *("in_caleol", "attributed", "not_attributed", "leased", "refused", "withdrawn"),
    }
    assert values(connection, "select state from urgences") == {"requested", "approved", "refused"}
    assert values(connection, "select nature from vacancies") == {
        *("flux", "own", "mutation", "urgency", "urgency_out"),
    }
    assert values(connection, "select state from caleol_sessions") == {"planned", "held"}
    assert values(connection, "select rank from orientations") == {1, 2}
    assert values(connection, "select acceptance_mode from orientations") == {
        *("express", "tacit"),
        None,
    }
    assert values(connection, "select is_dalo from candidates") == {True, False}
    assert values(connection, "select presented_by from candidates") == {"reservataire"}
    parties = "select slug from tenants where id in (select reservataire_id from orientations)"
    assert values(connection, parties) >= {
        *("doussard", "faverges-seythenex", "publier", "ccas-publier"),
        *("action-logement", "prefecture"),
    }
    assert values(connection, "select contingent from orientations") == {
        *("none", "rs", "fonctionnaires"),
    }


def test_two_simulations_wait_for_their_years_one_of_them_shown_to_a_commune(seeded: Any) -> None:
    """The worker draws them: opening waits for no drawing of lots."""
    _, _, connection = seeded
    drawn = "select year, state, wanted from scenarios join scenario_draws on scenario_id = id"
    assert connection.execute(drawn).fetchall() == [(2027, "waiting", 1000)] * 2
    readers = "select slug, revoked_at from scenario_shares join tenants on tenants.id = tenant_id"
    assert connection.execute(readers).fetchall() == [("doussard", None)]
    changed = (
        "select name from scenario_figures where figures -> 'total' <> figures -> 'before'"
        " and name = 'Commune de Doussard'"
    )
    assert values(connection, changed) == {"Commune de Doussard"}


def test_nothing_is_overdue_at_the_opening(seeded: Any) -> None:
    """What silence did before 30 April is recorded: the sweep finds nothing to do."""
    _, _, connection = seeded
    overdue = connection.execute(
        "select count(*) from orientations where (state = 'sent' and answer_due_at <= %(now)s)"
        " or (state = 'searching' and candidates_due_at <= %(now)s)",
        {"now": OPENING},
    ).fetchone()
    assert overdue == (0,)


def test_no_act_is_later_than_the_opening(seeded: Any) -> None:
    _, _, connection = seeded
    latest = connection.execute("select max(at), count(*) from journal").fetchone()
    assert latest is not None
    assert latest[0] <= OPENING


def test_internal_moves_stay_a_bit_under_ten_percent(seeded: Any) -> None:
    """Art. 2.3."""
    _, _, connection = seeded
    for year in (2025, 2026):
        ratio = connection.execute(
            "select 100.0 * count(*) filter (where nature = 'mutation') / count(*) from vacancies"
            " where extract(year from registered_on) = %s and bailleur_id ="
            " (select id from tenants where slug = 'haute-savoie-habitat')",
            [year],
        ).fetchone()
        assert ratio is not None
        assert 7 < ratio[0] < 10


def test_the_worker_has_a_reasonable_number_of_mails_to_deliver(seeded: Any) -> None:
    _, _, connection = seeded
    count = connection.execute("select count(*) from notifications").fetchone()
    assert count is not None
    assert 150 <= count[0] <= 400


def test_the_business_clock_starts_on_the_thirtieth_of_april(seeded: Any) -> None:
    _, _, connection = seeded
    row = connection.execute("select now() + shift from business_clock").fetchone()
    assert row is not None
    assert timedelta(0) <= row[0] - OPENING < timedelta(minutes=2)


def test_the_directory_is_what_the_runner_reads(seeded: Any) -> None:
    _, data, connection = seeded
    path = data / "people.json"
    assert path.stat().st_mode & 0o077 == 0
    content = json.loads(path.read_text())
    directory = runner.directory_of("http://127.0.0.1:8074", content)
    assert directory["people"][0] == {
        "name": "Alice Démo",
        "organisme": "Haute-Savoie Habitat",
        "role": "responsable",
        "login": "http://127.0.0.1:8074/demo/entrer/alice",
    }
    names = values(connection, "select name from tenants")
    both = {"Préfecture de la Haute-Savoie", "CC Pays d'Evian Vallée d'Abondance"}
    assert set(directory["tokens"]) == names | {f"{name} (réservataire)" for name in both}
    assert "Haute-Savoie Habitat" in runner.welcome(directory, path)


def test_a_second_run_changes_nothing(seeded: Any) -> None:
    database, data, connection = seeded
    before = (data / "people.json").read_bytes()
    count = connection.execute("select count(*) from journal").fetchone()
    seed.run(environment_of(database, data))
    assert (data / "people.json").read_bytes() == before
    assert connection.execute("select count(*) from journal").fetchone() == count


def test_a_half_done_seed_says_so(world: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="RESET=1"):
        seed.run(environment_of(world.database, tmp_path))


def test_the_tokens_outlive_the_demonstration_s_business_year(seeded: Any) -> None:
    """Tokens keep real time: the clock of the demonstration does not make them expire."""
    _, _, connection = seeded
    soonest = connection.execute("select min(expires_at) from api_tokens").fetchone()
    assert soonest is not None
    assert soonest[0] > datetime.now(UTC) + timedelta(days=360)


def test_the_bilan_of_2025_was_published_in_time_and_distributed(seeded: Any) -> None:
    """Art. 7: before 28 February, to the réservataires, and to the EPCI that agreed."""
    _, _, connection = seeded
    row = connection.execute(
        "select state, distributed_at, workbook is not null from bilans where year = 2025"
    ).fetchone()
    assert row is not None
    assert row[0] == "published"
    assert row[1] < datetime(2026, 2, 28, tzinfo=UTC)
    assert row[2]
    given = "select slug from tenants where id in (select tenant_id from bilan_deliveries)"
    assert values(connection, given) >= {"doussard", "prefecture", "cc-sources-du-lac"}


async def test_the_first_vacancy_of_a_newcomer_in_doussard_goes_to_the_commune(seeded: Any) -> None:
    """The path of the README: the bailleur follows the advice, Chloé answers."""
    database, _, connection = seeded
    person = connection.execute(
        "select m.tenant_id, t.name from memberships m join tenants t on t.id = m.tenant_id"
        " where slug = 'haute-savoie-habitat'"
    ).fetchone()
    home = connection.execute(
        "select id from dwellings where insee = '74104' and id not in"
        " (select dwelling_id from vacancies) limit 1"
    ).fetchone()
    assert person is not None
    assert home is not None
    actor = portal_acting_for(person[0], person[1], Capacity.BAILLEUR)
    app = App(database.app_dsn, pool_size=1)
    try:
        async with app.write_transaction(actor) as tx:
            command = vacancies.RegisterVacancy(dwelling_id=home[0], free_on=OPENING.date())
            vacancy = await vacancies.get(tx, await vacancies.register(tx, command))
            found = (await advice.advise(tx, vacancy)).advice
            await tx.connection.rollback()
    finally:
        await app.close()
    assert found.proposals[0].sentence.startswith("Commune de Doussard : en retard")
