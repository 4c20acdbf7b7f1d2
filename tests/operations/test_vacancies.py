from __future__ import annotations

from functools import partial

from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.operations import vacancies
from server.operations.vacancies import RegisterVacancy
from tests.operations.play import FAVERGES, HSH, NOT_THE_BAILLEUR, Play


def register(play: Play, **changes: object) -> RegisterVacancy:
    values = {"dwelling_id": play.home(), "free_on": play.day(30), **changes}
    return RegisterVacancy(**values)  # type: ignore[arg-type] # the changes are the test's


async def test_who_registers_a_vacancy(play: Play) -> None:
    command = register(play, notice_on=play.day(-10))
    await play.is_refused_to(NOT_THE_BAILLEUR, lambda tx: vacancies.register(tx, command))
    vacancy_id, effects = await play.performs("alice", lambda tx: vacancies.register(tx, command))
    assert effects.acts == ["vacancy.registered"]
    assert effects.told == []
    assert play.journal(vacancy_id) == [
        ("vacancy.registered", None, "open", play.actor("alice").person_name, "page")
    ]
    found = await play.reads("alice", lambda tx: vacancies.get(tx, vacancy_id))
    assert (found.state, found.nature, found.free_on) == ("open", "flux", play.day(30))
    assert found.registered_on == play.day()


async def test_a_machine_registers_for_its_organisme(play: Play) -> None:
    command = register(play)
    vacancy_id = await play.does("hsh machine", lambda tx: vacancies.register(tx, command))
    assert [line[4] for line in play.journal(vacancy_id)] == ["api"]


async def test_a_dwelling_has_one_live_vacancy(play: Play) -> None:
    await play.vacancy()
    for who in ("alice", "hsh machine"):
        await play.is_refused(
            who,
            lambda tx: vacancies.register(tx, register(play)),
            Conflict,
            "vacancy_already_open",
        )


async def test_a_dwelling_of_the_sale_plan_is_outside_the_assiette(play: Play) -> None:
    """Art. 2.2."""
    command = register(play, dwelling_id=play.stage.world.excluded[HSH, FAVERGES][0])
    error = await play.is_refused(
        "alice",
        lambda tx: vacancies.register(tx, command),
        Conflict,
        "dwelling_outside_assiette",
    )
    assert "vente" in error.message


async def test_a_notice_precedes_the_vacancy(play: Play) -> None:
    command = register(play, notice_on=play.day(31))
    await play.is_refused(
        "alice", lambda tx: vacancies.register(tx, command), Invalid, "notice_after_free"
    )


async def test_another_bailleur_s_dwelling_looks_absent(play: Play) -> None:
    theirs = register(play, dwelling_id=play.home("74218", bailleur="leman-habitat"))
    nobody_s = register(play, dwelling_id=play.tenant("doussard"))
    told = [
        await play.is_refused("alice", partial(vacancies.register, command=one), NotFound)
        for one in (theirs, nobody_s)
    ]
    assert told[0].message == told[1].message


async def test_who_keeps_a_vacancy(play: Play) -> None:
    """Art. 2.3: an internal move."""
    vacancy_id = await play.vacancy()
    await play.is_refused_to(
        NOT_THE_BAILLEUR,
        lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="Mutation"),
    )
    _, effects = await play.performs(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="Mutation")
    )
    assert effects.acts == ["vacancy.kept_mutation"]
    found = await play.reads("alice", lambda tx: vacancies.get(tx, vacancy_id))
    assert (found.state, found.nature) == ("closed", "mutation")


async def test_a_kept_vacancy_is_not_kept_again(play: Play) -> None:
    vacancy_id = await play.vacancy()
    await play.does(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="own", reason="Part propre")
    )
    await play.is_refused(
        "alice",
        lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="Encore"),
        Conflict,
        "vacancy_not_available",
    )


async def test_an_offered_vacancy_is_not_kept(play: Play) -> None:
    orientation_id = await play.offer()
    vacancy_id = play.scalar("select vacancy_id from orientations where id = %s", orientation_id)
    await play.is_refused(
        "alice",
        lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="Trop tard"),
        Conflict,
        "vacancy_not_available",
    )


async def test_a_vacancy_is_kept_for_a_foreseen_reason(play: Play) -> None:
    vacancy_id = await play.vacancy()
    await play.is_refused(
        "alice",
        lambda tx: vacancies.keep(tx, vacancy_id, nature="urgency", reason="Feu"),
        Invalid,
        "nature_invalid",
    )


async def test_who_reads_the_vacancies(play: Play) -> None:
    vacancy_id = await play.vacancy()
    for who in ("alice", "bruno", "hsh machine"):
        assert (await play.reads(who, lambda tx: vacancies.get(tx, vacancy_id))).id == vacancy_id
    for who, error in {"chloe": Forbidden, "denis": NotFound, "farid": Forbidden}.items():
        await play.is_refused(who, lambda tx: vacancies.get(tx, vacancy_id), error)
