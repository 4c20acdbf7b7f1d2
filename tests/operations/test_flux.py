"""The position of the flux: computed from stored droits, never typed in (art. 4, 5 and 7)."""

from __future__ import annotations

from server.domain.flux import Indicator
from server.errors import Forbidden
from server.operations import advice, flux, orientations, vacancies
from server.operations.flux import FluxBoard
from tests.operations.play import FAVERGES, Play

SOURCES_DU_LAC = "247400773"
SIGNED = [(484, 640), (2963, 54), (2440, 586), (1481, 54), (500, 640), (2500, 640)]


async def board(play: Play, who: str = "alice") -> FluxBoard:
    (found,) = await play.reads(who, lambda tx: flux.boards(tx, 2026, epci_siren=SOURCES_DU_LAC))
    return found


def rates(found: FluxBoard) -> list[tuple[int, int]]:
    return [(line.rate.rate_bp, line.rate.denominator) for line in found.lines]


def counted(found: FluxBoard) -> list[int]:
    """The rates of the lines whose position the reader has."""
    return [line.rate.rate_bp for line in found.lines if line.position is not None]


async def test_the_rates_are_those_of_the_real_annexe(play: Play) -> None:
    """4,84 29,63 24,40 14,81 5,00 25,00 over 640, 54, 586, 54, 640, 640."""
    found = await board(play)
    assert rates(found) == SIGNED
    annexe = found.computed.annexe
    stocks = [share.stock for share in annexe.communes]
    assert [(one.total, sum(one.exclusions.values())) for one in stocks] == [(54, 0), (586, 33)]
    totals = annexe.totals
    assert (totals.total, totals.excluded, totals.flux) == (640, 33, 607)
    assert [share.bailleur_share_bp for share in annexe.communes] == [2072, 4076]
    assert annexe.total_droits == 390
    assert not hasattr(annexe, "total_rate_bp")  # rates of different denominators do not add up


async def test_one_droit_changed_moves_the_board(play: Play) -> None:
    before = await board(play)
    play.rewrite(
        "update annexe_lines set droits = 20 where reservataire_id = %s", play.tenant("doussard")
    )
    after = await board(play)
    moved = [
        (old.reservataire_name, new.rate.rate_bp)
        for old, new in zip(before.lines, after.lines, strict=True)
        if old.rate.rate_bp != new.rate.rate_bp
    ]
    assert moved == [("Commune de Doussard", 3704)]  # 20 / 54
    assert after.computed.annexe.total_droits == 394
    assert [share.bailleur_share_bp for share in after.computed.annexe.communes] == [1331, 4076]


async def test_one_dwelling_taken_out_moves_the_assiette(play: Play) -> None:
    """Art. 2.2: C = A - B."""
    play.rewrite("update annexe_communes set plan_vente = 34 where insee = '74123'")
    annexe = (await board(play)).computed.annexe
    assert (annexe.totals.total, annexe.totals.flux) == (640, 606)


async def test_vacancies_and_offers_move_the_positions(play: Play) -> None:
    before = await board(play)
    await play.offer()
    await play.vacancy(play.home(FAVERGES))
    after = await board(play)
    assert (before.vacancy_count, after.vacancy_count) == (0, 2)
    doussard = next(line for line in after.lines if line.reservataire_name.endswith("Doussard"))
    assert doussard.position is not None
    assert doussard.position.oriented == 10_000
    # in 1/10 000 dwelling: one vacancy of Doussard makes 29,63 % due, one was offered
    assert doussard.position.account(Indicator.ORIENTED).due == 2963


async def test_a_mutation_leaves_the_flux(play: Play) -> None:
    """Art. 2.3."""
    vacancy_id = await play.vacancy()
    await play.does(
        "alice", lambda tx: vacancies.keep(tx, vacancy_id, nature="mutation", reason="Interne")
    )
    assert (await board(play)).vacancy_count == 0
    share = await play.reads("alice", lambda tx: flux.own_mutation_share(tx, 2026))
    assert (share.count, share.total) == (1, 1)


async def test_each_one_sees_its_lines(play: Play) -> None:
    """The published annexe is whole for all its readers (domain.md 1.2), the counts are not: a
    réservataire has those of its own line, an EPCI none.
    """
    await play.offer()
    seen = {who: await board(play, who) for who in ("chloe", "karine", "estelle", "farid")}
    assert {tuple(rates(one)) for one in seen.values()} == {tuple(SIGNED)}
    assert counted(seen["chloe"]) == [2963]
    assert counted(seen["karine"]) == [2440]
    assert counted(seen["estelle"]) == [rate for rate, _ in SIGNED]
    assert {line.position for line in seen["farid"].lines} == {None}
    assert seen["farid"].bailleur_position is None
    assert seen["chloe"].bailleur_position is None
    for who in ("denis", "leo", "samuel"):
        found = await play.reads(who, lambda tx: flux.boards(tx, 2026, epci_siren=SOURCES_DU_LAC))
        assert found == [], who


async def test_the_state_sees_the_contingent_that_it_answers_for(play: Play) -> None:
    for who, rate in {"pascal": 2500, "rosa": 500}.items():
        assert counted(await board(play, who)) == [rate]


async def test_the_advice_goes_to_the_one_furthest_behind_and_says_why(play: Play) -> None:
    vacancy_id = await play.vacancy()
    vacancy = await play.reads("alice", lambda tx: vacancies.get(tx, vacancy_id))
    explained = await play.reads("alice", lambda tx: advice.advise(tx, vacancy))
    first = explained.advice.proposals[0]
    assert first.party_key == f"{play.tenant('doussard')}:none"
    assert first.sentence
    scores = [one.score for one in explained.advice.proposals]
    assert scores == sorted(scores, reverse=True)
    named = {explained.names[one.party_key] for one in explained.advice.set_aside}
    assert "Commune de Faverges-Seythenex" in named
    assert all(one.sentence for one in explained.advice.set_aside)


async def test_who_refused_is_set_aside(play: Play) -> None:
    orientation_id = await play.offer()
    await play.does("chloe", lambda tx: orientations.refuse(tx, orientation_id))
    vacancy_id = play.scalar("select vacancy_id from orientations")
    vacancy = await play.reads("alice", lambda tx: vacancies.get(tx, vacancy_id))
    explained = await play.reads("alice", lambda tx: advice.advise(tx, vacancy))
    key = f"{play.tenant('doussard')}:none"
    assert key not in {one.party_key for one in explained.advice.proposals}
    assert key in {one.party_key for one in explained.advice.set_aside}


async def test_what_was_advised_is_frozen_with_the_offer(play: Play) -> None:
    await play.offer("departement")
    (frozen, motif) = play.rows("select advice, departure_motif from orientations")[0]
    assert frozen["year"] == 2026
    assert frozen["rule"] == "marges-encadrees-1"
    assert (frozen["settings"], frozen["position"], frozen["basis"]) == ("2023", 1, "oriented")
    assert frozen["annexe"] == str(
        play.scalar("select id from annexes where year = 2026 and epci_siren = '247400773'")
    )
    assert frozen["strata"]["commune"] == "74104"
    assert frozen["proposals"][0]["lags"]["total"] == frozen["proposals"][0]["lag"] == 2963
    assert frozen["proposals"][0]["party"] == f"{play.tenant('doussard')}:none"
    assert motif == "Choix pour l'essai"


async def test_the_advice_is_the_bailleur_s(play: Play) -> None:
    vacancy_id = await play.vacancy()
    vacancy = await play.reads("alice", lambda tx: vacancies.get(tx, vacancy_id))
    for who in ("chloe", "estelle", "farid"):
        await play.is_refused(who, lambda tx: advice.advise(tx, vacancy), Forbidden)
