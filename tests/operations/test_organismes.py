"""The life of an organisme: created, invited, renamed, merged, without a developer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from server.db import tenants
from server.db.paging import PageRequest
from server.domain.flux import UNIT
from server.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from server.operations import administration, flux, journal, organismes, orientations, vacancies
from server.operations.administration import CreateTenant, InvitePerson
from server.operations.orientations import SendOrientation
from server.operations.vacancies import RegisterVacancy
from server.tenants.actors import Actor, Capacity, Channel
from server.tenants.sessions import actor_of
from server.tenants.transactions import Database, Transaction
from tests.operations.play import HSH, Play

Result = TypeVar("Result")
Act = Callable[[Transaction], Awaitable[object]]
ROCHOIS = CreateTenant(
    name="Communauté de communes du Pays Rochois",
    category="epci",
    siren="247400112",
    capacities=("epci", "reservataire"),
    mailboxes=(("", "habitat@pays-rochois.invalid"),),
)


class Operator:
    """The operator's login, on the database of a play."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.database = Database(play.stage.database.migrate_dsn, pool_size=1)
        self.worker = Database(play.stage.database.worker_dsn, pool_size=1)

    async def does(self, act: Callable[[Transaction], Awaitable[Result]]) -> Result:
        async with self.database.operator_transaction() as tx:
            tx.now = self.play.now
            return await act(tx)

    async def is_refused(
        self,
        act: Callable[[Transaction], Awaitable[object]],
        code: str,
        error: type[PortalError] = Invalid,
    ) -> None:
        """And nothing is half-written."""
        before = self.play.dump()
        with pytest.raises(error) as caught:
            await self.does(act)
        assert code in [motif.code for motif in caught.value.motifs]
        assert self.play.dump() == before

    async def sweeps(self, now: datetime) -> int:
        self.play.run("delete from business_clock")
        self.play.run("insert into business_clock (shift) values (%s - now())", now)
        return await organismes.apply_due(self.worker)

    async def seats(self, who: str) -> dict[str, Actor]:
        """The organismes for which somebody may act, as the sign-in reads them."""
        person_id = self.play.stage.world.people[who].id
        async with self.play.stage.app.identity_transaction() as tx:
            found = await tenants.list_memberships(tx, person_id)
        return {one.tenant_name: actor_of(one, Channel.PAGE) for one in found}


@pytest.fixture
async def operator(play: Play) -> AsyncIterator[Operator]:
    opened = Operator(play)
    yield opened
    await opened.database.close()
    await opened.worker.close()


def creating(command: CreateTenant) -> Act:
    return lambda tx: administration.create_tenant(tx, command)


def inviting(command: InvitePerson) -> Act:
    return lambda tx: administration.invite(tx, command, public_url="")


def merging(slug: str, into: str, on_date: date) -> Act:
    return lambda tx: administration.merge(tx, slug, into=into, on_date=on_date)


# --- Created and invited --------------------------------------------------------------------------


async def test_an_organisme_is_created_with_its_capacities(operator: Operator) -> None:
    made = await operator.does(lambda tx: administration.create_tenant(tx, ROCHOIS))
    assert made.slug == "communaute-de-communes-du-pays-rochois"
    assert made.capacities == ("epci", "reservataire")
    addresses = operator.play.rows(
        "select capacity, address from tenant_mailboxes where tenant_id = %s order by 1", made.id
    )
    assert addresses == [
        ("epci", "habitat@pays-rochois.invalid"),
        ("reservataire", "habitat@pays-rochois.invalid"),
    ]


async def test_what_is_wrong_is_refused_whole(operator: Operator) -> None:
    for command, code in (
        (CreateTenant(name="X", category="epci", siren="1", capacities=("epci",)), "siren_invalid"),
        (
            CreateTenant(
                name="Commune de Doussard",
                category="commune",
                siren="217401041",
                capacities=("reservataire",),
                insee="74104",
            ),
            "siren_taken",
        ),
        (
            CreateTenant(
                name="Ailleurs",
                category="commune",
                siren="217500016",
                capacities=("reservataire",),
                insee="75056",
            ),
            "insee_unknown",
        ),
        (
            CreateTenant(**{**vars(ROCHOIS), "mailboxes": (("bailleur", "a@b.invalid"),)}),
            "mailbox_invalid",
        ),
    ):
        await operator.is_refused(creating(command), code)


async def test_the_first_responsable_is_invited(operator: Operator) -> None:
    """A link of one use, that expires; no account is made, no identity supposed."""
    made = await operator.does(lambda tx: administration.create_tenant(tx, ROCHOIS))
    command = InvitePerson(slug=made.slug, capacity="epci", role="responsable", name="Paul Épure")
    invited = await operator.does(
        lambda tx: administration.invite(tx, command, public_url="https://portail.invalid")
    )
    assert invited.link.startswith("https://portail.invalid/invitation")
    ((name, role, contingents, expires_at, used_at, secret_hash),) = operator.play.rows(
        "select name, role, contingents, expires_at, used_at, secret_hash from invitations"
    )
    assert (name, role, contingents, used_at) == ("Paul Épure", "responsable", ["none"], None)
    assert datetime.now(UTC) < expires_at < datetime.now(UTC) + timedelta(days=8)
    assert secret_hash not in invited.link


async def test_an_invitation_is_for_a_capacity_that_the_organisme_has(operator: Operator) -> None:
    for command, code in (
        (InvitePerson(slug="doussard", capacity="bailleur", role="agent", name="X"),
         "capacity_incoherent"),
        (InvitePerson(slug="prefecture", capacity="reservataire", role="agent", name="X"),
         "contingent_invalid"),
        (InvitePerson(slug="doussard", capacity="reservataire", role="agent", name="X",
                      contingents=("rs",)), "contingent_invalid"),
        (InvitePerson(slug="doussard", capacity="reservataire", role="agent", name=" "),
         "name_required"),
    ):  # fmt: skip
        await operator.is_refused(inviting(command), code)
    unknown = InvitePerson(slug="nulle-part", capacity="epci", role="agent", name="X")
    await operator.is_refused(
        lambda tx: administration.invite(tx, unknown, public_url=""), "not_found", NotFound
    )


# --- Renamed --------------------------------------------------------------------------------------

NEW_NAME = "Commune nouvelle de Doussard-Lac"


async def test_an_act_keeps_the_name_of_its_time(operator: Operator, play: Play) -> None:
    offer = await play.offer("doussard")
    await play.does("chloe", lambda tx: orientations.accept(tx, offer))
    today = play.day()
    play.now += timedelta(days=1)
    await operator.does(
        lambda tx: administration.rename(
            tx, "doussard", name=NEW_NAME, valid_from=today + timedelta(days=1)
        )
    )
    row = await play.reads("alice", lambda tx: orientations.get(tx, offer))
    assert row.reservataire_name == NEW_NAME  # the organisme of today
    page = await play.reads(
        "alice", lambda tx: journal.timeline(tx, PageRequest(), subject_id=offer)
    )
    accepted = next(one for one in page.items if one.act == "orientation.accept")
    assert accepted.actor_tenant_name == "Commune de Doussard"  # the act of yesterday
    await play.present(offer, "074042600000000901", "074042600000000902", "074042600000000903")
    page = await play.reads(
        "alice", lambda tx: journal.timeline(tx, PageRequest(), subject_id=offer)
    )
    completed = next(one for one in page.items if one.act == "orientation.complete")
    assert completed.actor_tenant_name == NEW_NAME


async def test_an_annexe_keeps_the_names_of_its_year(operator: Operator, play: Play) -> None:
    today = play.day()
    await operator.does(
        lambda tx: administration.rename(tx, "doussard", name=NEW_NAME, valid_from=today)
    )
    boards = await play.reads("alice", lambda tx: flux.boards(tx, 2026))
    names = {line.reservataire_name for board in boards for line in board.lines}
    assert "Commune de Doussard" in names  # published in February
    assert NEW_NAME not in names


async def test_a_name_to_come_is_taken_by_the_sweep(operator: Operator, play: Play) -> None:
    """And by nobody before: no developer is there that day."""
    first = date(2027, 1, 1)
    one = await operator.does(
        lambda tx: administration.rename(tx, "doussard", name=NEW_NAME, valid_from=first)
    )
    assert one.name == "Commune de Doussard"
    assert await operator.sweeps(datetime(2026, 12, 31, 12, tzinfo=UTC)) == 0
    assert await operator.sweeps(datetime(2027, 1, 1, 12, tzinfo=UTC)) == 1
    assert await operator.sweeps(datetime(2027, 1, 1, 13, tzinfo=UTC)) == 0
    assert play.scalar("select name from tenants where slug = 'doussard'") == NEW_NAME


async def test_a_name_is_said_once_for_a_day(operator: Operator, play: Play) -> None:
    today = play.day()
    await operator.does(
        lambda tx: administration.rename(tx, "doussard", name=NEW_NAME, valid_from=today)
    )
    await operator.is_refused(
        lambda tx: administration.rename(tx, "doussard", name="Autre", valid_from=today),
        "name_exists",
        Conflict,
    )
    await operator.is_refused(
        lambda tx: administration.rename(tx, "doussard", name=" ", valid_from=play.day(1)),
        "name_required",
    )


# --- Merged ---------------------------------------------------------------------------------------


async def merged(operator: Operator, slug: str, into: str) -> None:
    today = operator.play.day()
    await operator.does(lambda tx: administration.merge(tx, slug, into=into, on_date=today))


async def test_the_people_of_both_act_for_both(operator: Operator) -> None:
    """Chloé of Doussard and Karine of Faverges, each with the role that she had."""
    await merged(operator, "doussard", "faverges-seythenex")
    both = {"Commune de Doussard", "Commune de Faverges-Seythenex"}
    for who in ("chloe", "karine"):
        seats = await operator.seats(who)
        assert set(seats) == both
        assert {one.capacity for one in seats.values()} == {Capacity.RESERVATAIRE}
        assert seats["Commune de Doussard"].is_absorbed
        assert not seats["Commune de Faverges-Seythenex"].is_absorbed


async def test_what_was_live_goes_on_under_the_successor(operator: Operator, play: Play) -> None:
    """Its history too is readable, under the old name."""
    offer = await play.offer("doussard")
    await merged(operator, "doussard", "faverges-seythenex")
    karine = (await operator.seats("karine"))["Commune de Doussard"]
    await play.does(karine, lambda tx: orientations.accept(tx, offer))
    assert play.state(offer) == "searching"
    row = await play.reads(karine, lambda tx: orientations.get(tx, offer))
    assert row.reservataire_name == "Commune de Doussard"


async def test_new_offers_of_its_line_go_to_the_successor(operator: Operator, play: Play) -> None:
    """Its conventions go on: the offer counts on the line of the absorbed one."""
    await merged(operator, "doussard", "faverges-seythenex")
    offer = await play.offer("doussard")
    row = await play.reads("karine", lambda tx: orientations.get(tx, offer))
    assert row.reservataire_id == play.tenant("faverges-seythenex")
    assert (row.holder_id, row.contingent) == (play.tenant("doussard"), "none")
    boards = await play.reads("alice", lambda tx: flux.boards(tx, 2026))
    counted = {
        line.reservataire_id: line.position.oriented // UNIT
        for board in boards
        for line in board.lines
        if line.position is not None and line.position.oriented
    }
    assert counted == {play.tenant("doussard"): 1}
    await play.is_refused(
        "chloe", lambda tx: orientations.accept(tx, offer), Conflict, "taken_over"
    )
    await play.does("karine", lambda tx: orientations.accept(tx, offer))


TABLES = (
    *("orientations", "candidates", "decisions", "journal", "notifications", "dwellings"),
    *("vacancies", "conventions", "annexes", "bilans", "urgences", "caleol_items"),
)


async def test_nothing_else_becomes_visible(operator: Operator, play: Play) -> None:
    """Each of the cast, in its own seat, sees the same rows before and after; so does the
    successor: the rows of the absorbed one are seen from the seat in it, and there only.
    """
    await play.everything()
    cast = ("alice", "denis", "chloe", "karine", "manon", "pascal", "estelle", "farid", "samuel")
    before = {who: await visible(play, play.actor(who)) for who in cast}
    await merged(operator, "doussard", "faverges-seythenex")
    after = {who: await visible(play, play.actor(who)) for who in cast}
    assert after == before
    seats = await operator.seats("karine")
    seen = await visible(play, seats["Commune de Doussard"])
    assert seen == before["chloe"]
    assert seen["orientations"] > 0
    outsiders = {who: await operator.seats(who) for who in cast if who not in ("chloe", "karine")}
    assert not any("Commune de Doussard" in seats for seats in outsiders.values())


async def visible(play: Play, actor: Actor) -> dict[str, int]:
    counts = {}
    async with play.stage.app.read_transaction(actor) as tx:
        for table in TABLES:
            try:
                async with tx.connection.begin_nested():
                    rows = await tx.connection.exec_driver_sql(f"select count(*) from {table}")  # noqa: S608 - names of this file
                    counts[table] = int(rows.scalar_one())
            except ProgrammingError:  # no right at all on this table
                counts[table] = -1
    return counts


async def test_an_absorbed_bailleur_ends_what_is_live_and_opens_nothing(
    operator: Operator, play: Play
) -> None:
    """By permission, and in the database whatever the code."""
    offer = await play.offer("publier", home=play.home("74218", bailleur="le-mont-blanc"),
                             who="ines")  # fmt: skip
    vacancy_id = await play.vacancy(play.home("74218", 1, bailleur="le-mont-blanc"), who="ines")
    await merged(operator, "le-mont-blanc", HSH)
    ines = (await operator.seats("ines"))["Le Mont-Blanc"]
    register = RegisterVacancy(
        dwelling_id=play.home("74218", 2, bailleur="le-mont-blanc"), free_on=play.day(30)
    )
    await play.is_refused(ines, lambda tx: vacancies.register(tx, register), Forbidden)
    command = SendOrientation(
        vacancy_id=vacancy_id, reservataire_id=play.tenant("publier"), departure_motif="Essai"
    )
    await play.is_refused(
        ines, lambda tx: orientations.send(tx, command), Conflict, "organisme_absorbed"
    )
    await play.does(ines, lambda tx: orientations.withdraw(tx, offer, reason="Fusion"))
    assert play.state(offer) == "withdrawn"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="vacancies"):
        insert_vacancy(play, play.tenant("le-mont-blanc"))


def insert_vacancy(play: Play, owner: object) -> None:
    home = play.home("74218", 2, bailleur="le-mont-blanc")
    with psycopg.connect(play.stage.database.app_dsn) as connection:
        connection.execute(
            "select set_config('role', 'portail_bailleur', true),"
            " set_config('app.tenant_id', %s, true)",
            [str(owner)],
        )
        connection.execute(
            "insert into vacancies (id, bailleur_id, dwelling_id, insee, free_on, registered_at,"
            " registered_on) values (gen_random_uuid(), %s, %s, '74218', now(), now(), now())",
            [owner, home],
        )


async def test_a_merger_to_come_waits_for_its_day(operator: Operator) -> None:
    first = date(2027, 1, 1)
    await operator.does(
        lambda tx: administration.merge(tx, "doussard", into="faverges-seythenex", on_date=first)
    )
    assert set(await operator.seats("karine")) == {"Commune de Faverges-Seythenex"}
    assert await operator.sweeps(datetime(2026, 12, 31, 12, tzinfo=UTC)) == 0
    assert await operator.sweeps(datetime(2027, 1, 1, 12, tzinfo=UTC)) == 1
    assert len(await operator.seats("karine")) == 2
    assert await operator.sweeps(datetime(2027, 1, 2, 12, tzinfo=UTC)) == 0


async def test_the_sweep_seats_nobody_else(operator: Operator, play: Play) -> None:
    """The worker's role inserts the seats of a recorded merger, with the same role, only."""
    first = date(2027, 1, 1)
    await operator.does(
        lambda tx: administration.merge(tx, "doussard", into="faverges-seythenex", on_date=first)
    )
    world = play.stage.world
    for person, slug, role in (
        ("denis", "doussard", "agent"),  # a stranger to both
        ("chloe", "faverges-seythenex", "lecteur"),  # not the role that she has
        ("chloe", "publier", "agent"),  # not the successor
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            insert_seat(play, world.people[person].id, world.tenants[slug], role)


def insert_seat(play: Play, *seat: object) -> None:
    with psycopg.connect(play.stage.database.worker_dsn) as connection:
        connection.execute("select set_config('role', 'portail_system', true)")
        connection.execute(
            "insert into memberships (id, person_id, tenant_id, capacity, role, contingents,"
            " created_at) values (gen_random_uuid(), %s, %s, 'reservataire', %s, '{none}', now())",
            seat,
        )


async def test_a_seat_taken_back_does_not_come_back(operator: Operator, play: Play) -> None:
    """Somebody of B decided that Léo leaves the CCAS: the merger does not undo it."""
    leo = play.stage.world.people["leo"].id
    play.run(
        "update memberships set revoked_at = now() where person_id = %s and tenant_id = %s",
        leo,
        play.tenant("ccas-publier"),
    )
    await merged(operator, "publier", "ccas-publier")
    assert set(await operator.seats("leo")) == {"Commune de Publier"}


async def test_what_cannot_be_merged(operator: Operator) -> None:
    today = operator.play.day()
    for slug, into, code in (
        ("doussard", "doussard", "same_organisme"),
        ("prefecture", "departement", "state_never_merges"),
        ("doussard", HSH, "capacity_lost"),
    ):
        await operator.is_refused(merging(slug, into, today), code)
    await merged(operator, "doussard", "publier")
    for slug, into, code in (
        ("doussard", "departement", "already_absorbed"),
        ("departement", "doussard", "into_absorbed"),
    ):
        await operator.is_refused(merging(slug, into, today), code)
