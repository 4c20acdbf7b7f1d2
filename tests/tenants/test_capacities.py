"""Rights go by capacity, never by name: the bodies that are two things at once (domain.md §1).

The préfet supervises and answers; an EPCI reads bilans and presents candidates; a CCAS and its
commune share a mailbox and a president, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from server.db.ids import new_id
from server.db.orientations import Orientation
from server.db.paging import PageRequest
from server.errors import Forbidden, NotFound
from server.operations import caleol, candidates, notifications, orientations, urgences
from server.operations.caleol import RecordDecision
from server.operations.urgences import DecideUrgence
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.permissions import ACTING, CLOSING, Permission, may
from tests.operations.play import NUDS, PUBLIER, Act, Play
from tests.worlds import Stage


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


def both(play: Play) -> Actor:
    """A State's agent with the two roles: the machine of the two contingents, as a person."""
    return play.stage.world.machine("prefecture", "reservataire")


# --- The State: supervisor and réservataire ---------------------------------------------------


async def test_the_two_contingents_see_each_other_with_both_roles_only(play: Play) -> None:
    """Hard rule 3, on offers, candidates, journal and notifications."""
    offers = {}
    for number, contingent in enumerate(("rs", "fonctionnaires")):
        offer = await play.offer("prefecture", contingent=contingent, home=play.home(number=number))
        who = {"rs": "pascal", "fonctionnaires": "rosa"}[contingent]
        await play.reach_candidates(offer, who)
        offers[contingent] = offer
    for who, own, other in (
        ("pascal", "rs", "fonctionnaires"),
        ("rosa", "fonctionnaires", "rs"),
    ):
        await play.reads(who, getting(offers[own]))
        assert await nuds_of(play, play.actor(who), offers[own]) == set(NUDS[:3])
        with pytest.raises(NotFound):
            await play.reads(who, getting(offers[other]))
        assert await nuds_of(play, play.actor(who), offers[other]) == set()
    for offer in offers.values():
        assert await nuds_of(play, both(play), offer) == set(NUDS[:3])


def getting(offer: UUID) -> Act[Orientation]:
    return lambda tx: orientations.get(tx, offer)


def deciding(command: RecordDecision) -> Act[Any]:
    return lambda tx: caleol.record_decision(tx, command)


async def nuds_of(play: Play, actor: Actor, offer: Any) -> set[str]:
    found = await play.reads(actor, lambda tx: candidates.list_of(tx, [offer]))
    return {one.nud for one in found.get(offer, [])}


@pytest.mark.parametrize(
    "table", ["orientations", "candidates", "caleol_items", "decisions", "journal", "notifications"]
)
async def test_no_relation_tells_one_contingent_of_the_other(play: Play, table: str) -> None:
    """Row by row, as the database gives them: what Pascal reads and Rosa reads never meet."""
    for number, contingent in enumerate(("rs", "fonctionnaires")):
        offer = await play.offer("prefecture", contingent=contingent, home=play.home(number=number))
        await play.reach_candidates(offer, {"rs": "pascal", "fonctionnaires": "rosa"}[contingent])
        session_id = await play.session(offer)
        command = play.decision(session_id, offer)
        await play.does(
            "alice",
            deciding(command),
            now=play.now + timedelta(days=8),
        )
    seen = {who: keys(play, play.actor(who), table) for who in ("pascal", "rosa")}
    assert seen["pascal"]
    assert seen["rosa"]
    assert seen["pascal"] & seen["rosa"] == set()
    assert keys(play, both(play), table) == seen["pascal"] | seen["rosa"]


def keys(play: Play, actor: Actor, table: str) -> set[str]:
    with psycopg.connect(play.stage.database.app_dsn) as connection:
        connection.execute(
            "select set_config('role', %s, true), set_config('app.tenant_id', %s, true),"
            " set_config('app.contingents', %s, true)",
            [actor.database_role, str(actor.tenant_id), ",".join(sorted(actor.contingents))],
        )
        key = "orientation_id" if table == "caleol_items" else "id"
        rows = connection.execute(f"select {key}::text from {table}")  # noqa: S608 - names of this file
        return {row[0] for row in rows}


async def test_the_supervisor_answers_nothing_and_presents_nobody(play: Play) -> None:
    """Estelle supervises: the offers of the State are Pascal's, who acts as a réservataire."""
    offer = await play.offer("prefecture", contingent="rs")
    await play.is_refused("estelle", lambda tx: orientations.accept(tx, offer), Forbidden)
    await play.is_refused("estelle", lambda tx: orientations.refuse(tx, offer), Forbidden)
    with pytest.raises(Forbidden):
        await play.present(offer, NUDS[0], who="estelle")
    await play.does("pascal", lambda tx: orientations.accept(tx, offer))
    assert play.state(offer) == "searching"


async def test_the_state_as_reservataire_decides_no_urgency(play: Play) -> None:
    await play.everything()
    urgence_id = play.scalar("select id from urgences")
    command = DecideUrgence(urgence_id=urgence_id, is_approved=False, reason="Essai")
    for who in ("pascal", "rosa"):
        await play.is_refused(who, lambda tx: urgences.decide(tx, command), Forbidden)
    await play.does("estelle", lambda tx: urgences.decide(tx, command))


async def test_the_supervisor_writes_its_decision_columns_only(play: Play) -> None:
    """The rights of the database, column by column: an urgency's decision, a substitution's end."""
    granted = play.rows(
        "select c.relname::text, a.attname::text from pg_class c join pg_attribute a"
        " on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace and a.attnum > 0"
        " and not a.attisdropped and c.relkind = 'r'"
        " and has_column_privilege('portail_prefecture', c.oid, a.attnum, 'UPDATE')"
    )
    written: dict[str, set[str]] = {}
    for table, column in granted:
        written.setdefault(table, set()).add(column)
    assert written["urgences"] == {
        *("state", "decided_at", "decided_by", "decision_reason", "charged_reservataire_id"),
        *("charged_contingent", "version"),
    }
    assert written["substitutions"] == {"ends_on"}
    business = {"orientations", "candidates", "vacancies", "dwellings", "conventions", "annexes"}
    business |= {"caleol_sessions", "caleol_items", "decisions", "bilans", "journal"}
    assert business & set(written) == set()


# --- An EPCI that is also réservataire --------------------------------------------------------


async def offer_to_the_epci(play: Play) -> Any:
    """A convention of Le Mont-Blanc with the EPCI over Publier, and an offer of it."""
    bailleur, epci = play.tenant("le-mont-blanc"), play.tenant("cc-pays-d-evian")
    convention = new_id()
    play.run(
        "insert into conventions (id, bailleur_id, reservataire_id, starts_on, mailbox,"
        " charte_version, model_version) values (%s, %s, %s, '2024-01-01',"
        " 'reservations@cc-pays-d-evian.invalid', '2023', '2023')",
        convention,
        bailleur,
        epci,
    )
    play.run(
        "insert into convention_communes values (%s, %s, %s, %s)",
        convention, bailleur, epci, PUBLIER,
    )  # fmt: skip
    home = play.home(PUBLIER, bailleur="le-mont-blanc")
    return await play.offer("cc-pays-d-evian", home=home, who="ines")


def samuel(play: Play, capacity: str) -> Actor:
    return play.stage.world.actor("samuel", capacity)


async def test_an_epci_presents_candidates_as_reservataire_only(play: Play) -> None:
    """Hard rule 4: as a reader it sees no NUD; as a réservataire its own candidates."""
    offer = await offer_to_the_epci(play)
    reader, reservataire = samuel(play, "epci"), samuel(play, "reservataire")
    assert reader.tenant_id == reservataire.tenant_id
    with pytest.raises(Forbidden):
        await play.reads(reader, lambda tx: orientations.get(tx, offer))
    await play.does(reservataire, lambda tx: orientations.accept(tx, offer))
    assert await nuds_of(play, reservataire, offer) == set()
    assert keys(play, reservataire, "orientations") == {str(offer)}
    for table in ("orientations", "candidates", "vacancies"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            keys(play, reader, table)


async def test_an_epci_is_told_in_the_capacity_of_the_act(play: Play) -> None:
    """The offer is in the inbox of the réservataire, not in the one of the reader."""
    await offer_to_the_epci(play)
    counts = [
        len((await play.reads(one, lambda tx: notifications.inbox(tx, PageRequest()))).items)
        for one in (samuel(play, "epci"), samuel(play, "reservataire"))
    ]
    assert counts == [0, 1]


# --- A CCAS and its commune -------------------------------------------------------------------


async def test_a_shared_mailbox_shares_no_right(play: Play) -> None:
    """Publier and its CCAS: one address, one president, two organismes (seed 1)."""
    home = play.home(PUBLIER, bailleur="alliade-habitat")
    offer = await play.offer("ccas-publier", home=home, who="gaelle")
    commune = play.stage.world.actor("leo", tenant="publier")
    ccas = play.stage.world.actor("leo", tenant="ccas-publier")
    addresses = play.rows(
        "select distinct m.address from tenant_mailboxes m join tenants t on t.id = m.tenant_id"
        " where t.slug in ('publier', 'ccas-publier')"
    )
    assert len(addresses) == 1
    await play.is_refused(commune, lambda tx: orientations.get(tx, offer), NotFound)
    await play.is_refused(commune, lambda tx: orientations.accept(tx, offer), NotFound)
    await play.does(ccas, lambda tx: orientations.accept(tx, offer))
    assert play.state(offer) == "searching"


# --- An organisme that was absorbed -----------------------------------------------------------


@pytest.mark.parametrize("capacity", Capacity)
@pytest.mark.parametrize("role", [Role.RESPONSABLE, Role.AGENT, Role.LECTEUR])
def test_an_absorbed_organisme_keeps_its_readings_and_ends_what_is_live(
    capacity: Capacity, role: Role
) -> None:
    whole = Actor(
        tenant_id=UUID(int=1), tenant_name="A", capacity=capacity, role=role, channel=Channel.PAGE
    )
    held = {one for one in Permission if may(whole, one)}
    left = {one for one in Permission if may(replace(whole, is_absorbed=True), one)}
    acts = set(ACTING[capacity])
    assert left == held - (acts - CLOSING)
