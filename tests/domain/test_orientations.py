from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from server.domain.candidates import Presenter
from server.domain.deadlines import PARIS, end_of_day
from server.domain.orientations import (
    ENGAGED_STATES,
    LIVE_STATES,
    ORIENTED_STATES,
    RULES,
    Acceptance,
    Actor,
    CandidateOffer,
    Delivery,
    OrientationFacts,
    Ranking,
    Reply,
    Searcher,
    SendFacts,
    State,
    Step,
    Transition,
    Verdict,
    accept,
    apply,
    caught_up,
    close_candidates,
    complete,
    decide,
    due_transition,
    effective_state,
    extend,
    fail_lease,
    keep,
    plan,
    presenting_motifs,
    record_lease,
    refuse,
    renounce,
    reorient,
    search_on_behalf,
    send,
    tacit,
    withdraw,
)
from server.errors import Motif


def at(day: str, hour: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=PARIS)


SENT_AT = at("2026-04-30")
ANSWER_DUE = end_of_day(date(2026, 5, 5))
CANDIDATES_DUE = end_of_day(date(2026, 5, 29))

SENT = OrientationFacts(state=State.SENT, version=2, answer_due_at=ANSWER_DUE)
SEARCHING = replace(
    SENT,
    state=State.SEARCHING,
    version=3,
    acceptance=Acceptance.TACIT,
    accepted_on=date(2026, 5, 5),
    candidates_due_at=CANDIDATES_DUE,
)
EMPTY = replace(SEARCHING, state=State.NO_CANDIDATE)
COMPLETE = replace(SEARCHING, state=State.CANDIDATES_COMPLETE, candidate_count=3)
IN_CALEOL = replace(COMPLETE, state=State.IN_CALEOL)
ATTRIBUTED = replace(COMPLETE, state=State.ATTRIBUTED, attributed_on=date(2026, 6, 10))

SENDABLE = SendFacts(
    party_name="Commune de Doussard",
    insee="74104",
    commune_name="Doussard",
    perimeter=frozenset({"74104"}),
    has_convention=True,
    is_convention_in_force=True,
    has_address=True,
)


def done(verdict: Verdict) -> Transition:
    assert isinstance(verdict, Transition), verdict
    rule = RULES[verdict.step]
    assert verdict.from_state in rule.sources
    assert verdict.to_state in rule.targets
    return verdict


def codes(verdict: Verdict) -> list[str]:
    assert not isinstance(verdict, Transition), verdict
    return [motif.code for motif in verdict]


def test_sending_opens_two_working_days() -> None:
    """Art. 5.3, T2: sent Thursday 30 April 2026, due Tuesday 5 May at 24:00."""
    transition = done(send(SENDABLE, now=SENT_AT))
    assert transition.to_state is State.SENT
    assert transition.on == date(2026, 4, 30)
    assert transition.answer is not None
    assert transition.answer.due_at == ANSWER_DUE


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (replace(SENDABLE, has_convention=False), ["convention_missing"]),
        (replace(SENDABLE, is_convention_in_force=False), ["convention_not_in_force"]),
        (replace(SENDABLE, has_address=False), ["address_missing"]),
        (replace(SENDABLE, perimeter=frozenset({"74123"})), ["commune_outside_perimeter"]),
        (replace(SENDABLE, has_live_orientation=True), ["live_orientation_exists"]),
        (
            replace(SENDABLE, assiette_motifs=(Motif(code="x", message="Hors flux."),)),
            ["dwelling_outside_assiette"],
        ),
        (replace(SENDABLE, state=State.SENT), ["wrong_state"]),
        (
            replace(SENDABLE, has_address=False, perimeter=frozenset[str]()),
            ["address_missing", "commune_outside_perimeter"],
        ),
    ],
)
def test_what_forbids_sending(facts: SendFacts, expected: list[str]) -> None:
    """Art. 5.1, 5.3 and 8; all the reasons at once."""
    assert codes(send(facts, now=SENT_AT)) == expected


def test_a_blank_address_is_told_in_the_words_of_the_convention() -> None:
    verdict = send(replace(SENDABLE, has_address=False), now=SENT_AT)
    assert not isinstance(verdict, Transition)
    assert verdict[0].message == (
        "L'adresse générique de Commune de Doussard est restée en blanc dans la convention "
        "(art. 5.3) : complétez-la avant d'envoyer."
    )


def test_an_express_acceptance_runs_from_its_own_day() -> None:
    """Art. 5.3, T3: fifteen working days from the acceptance."""
    transition = done(accept(SENT, now=at("2026-04-30", "15:00"), expected_version=2))
    assert transition.acceptance is Acceptance.EXPRESS
    assert transition.accepted_on == date(2026, 4, 30)
    assert transition.candidates is not None
    assert transition.candidates.last_day == date(2026, 5, 27)


def test_a_refusal_needs_no_reason() -> None:
    """Art. 5.3, T4."""
    assert done(refuse(SENT, now=at("2026-05-04"))).reason is None
    transition = done(refuse(SENT, now=at("2026-05-04"), reason="  trop grand "))
    assert (transition.to_state, transition.reason) == (State.REFUSED, "trop grand")


@pytest.mark.parametrize("act", [accept, refuse])
def test_the_last_second_is_in_time(act: Callable[..., Verdict]) -> None:
    done(act(SENT, now=ANSWER_DUE - timedelta(microseconds=1)))


@pytest.mark.parametrize("act", [accept, refuse])
@pytest.mark.parametrize("facts", [SENT, SEARCHING, EMPTY], ids=["not swept", "swept", "closed"])
def test_an_answer_after_24_is_too_late(
    act: Callable[..., Verdict], facts: OrientationFacts
) -> None:
    """Art. 5.3: silence is acceptance, whether the sweep has run or not."""
    verdict = act(facts, now=at("2026-05-06", "00:00"), expected_version=2)
    assert codes(verdict) == ["answer_too_late"]
    assert not isinstance(verdict, Transition)
    assert verdict[0].message == (
        "Cette offre est réputée acceptée depuis le mardi 5 mai 2026 à 24 h : sans réponse dans "
        "les 2 jours ouvrés, la convention (art. 5.3) vaut acceptation."
    )


def test_of_two_people_the_first_wins() -> None:
    now = at("2026-05-04")
    after = apply(SENT, done(accept(SENT, now=now, expected_version=2)))
    verdict = refuse(after, now=now, expected_version=2)
    assert codes(verdict) == ["stale_version"]
    assert not isinstance(verdict, Transition)
    assert verdict[0].message.startswith("Une autre personne a déjà répondu")


def test_another_version_of_a_sent_offer_is_stale() -> None:
    assert codes(accept(SENT, now=at("2026-05-04"), expected_version=1)) == ["stale_version"]


def test_a_withdrawn_offer_cannot_be_answered() -> None:
    withdrawn = replace(SENT, state=State.WITHDRAWN)
    assert codes(accept(withdrawn, now=at("2026-05-04"))) == ["wrong_state"]


@pytest.mark.parametrize("swept_at", ["2026-05-06", "2026-05-12", "2026-06-30"])
def test_tacit_acceptance_bears_its_legal_date(swept_at: str) -> None:
    """Art. 5.3, T5: the last day of the period, whenever the sweep runs."""
    transition = done(tacit(SENT, now=at(swept_at)))
    assert transition.acceptance is Acceptance.TACIT
    assert transition.accepted_on == date(2026, 5, 5)
    assert transition.candidates is not None
    assert transition.candidates.due_at == CANDIDATES_DUE
    assert transition.actor is Actor.SYSTEM


@pytest.mark.parametrize(
    ("facts", "now", "code"),
    [
        (SENT, ANSWER_DUE - timedelta(seconds=1), "answer_period_running"),
        (replace(SENT, delivery=Delivery.FAILED), ANSWER_DUE, "delivery_failed"),
        (SEARCHING, ANSWER_DUE, "wrong_state"),
    ],
)
def test_no_tacit_acceptance(facts: OrientationFacts, now: datetime, code: str) -> None:
    assert codes(tacit(facts, now=now)) == [code]


def test_an_offer_that_never_arrived_may_still_be_answered() -> None:
    done(accept(replace(SENT, delivery=Delivery.FAILED), now=at("2026-05-07")))


@pytest.mark.parametrize(
    ("facts", "now", "state"),
    [
        (SENT, at("2026-05-05", "23:59"), State.SENT),
        (SENT, at("2026-05-06", "00:00"), State.SEARCHING),
        (SENT, at("2026-05-30", "00:00"), State.NO_CANDIDATE),
        (replace(SENT, delivery=Delivery.FAILED), at("2026-05-30"), State.SENT),
        (SEARCHING, at("2026-05-29", "23:59"), State.SEARCHING),
        (SEARCHING, at("2026-05-30", "00:00"), State.NO_CANDIDATE),
        (replace(SEARCHING, candidate_count=2), at("2026-05-30"), State.CANDIDATES_PARTIAL),
        (replace(SEARCHING, candidate_count=3), at("2026-05-30"), State.CANDIDATES_COMPLETE),
        (
            replace(SEARCHING, candidate_count=1, has_dalo=True),
            at("2026-05-30"),
            State.CANDIDATES_COMPLETE,
        ),
        (IN_CALEOL, at("2027-05-30"), State.IN_CALEOL),
    ],
)
def test_the_state_in_law_does_not_wait_for_the_sweep(
    facts: OrientationFacts, now: datetime, state: State
) -> None:
    """Art. 5.3, T5, T8 to T10."""
    assert effective_state(facts, now) is state


def test_due_steps_are_recorded_one_by_one() -> None:
    now = at("2026-06-15")
    first = due_transition(SENT, now)
    assert first is not None
    after = apply(SENT, first)
    assert (after.version, after.accepted_on) == (3, date(2026, 5, 5))
    second = due_transition(after, now)
    assert second is not None
    assert (second.step, second.on) == (Step.CLOSE_EMPTY, date(2026, 5, 29))
    assert due_transition(apply(after, second), now) is None
    assert caught_up(SENT, now) == apply(after, second)


@pytest.mark.parametrize(
    ("count", "has_dalo", "is_complete"),
    [(3, False, True), (1, True, True), (2, False, False), (0, False, False), (2, True, False)],
)
def test_a_complete_list(count: int, has_dalo: bool, is_complete: bool) -> None:
    """R441-3, T8: three candidates, or exactly one and DALO."""
    facts = replace(SEARCHING, candidate_count=count, has_dalo=has_dalo)
    verdict = complete(facts, now=at("2026-05-20"))
    if is_complete:
        assert done(verdict).to_state is State.CANDIDATES_COMPLETE
    else:
        assert codes(verdict) == ["candidates_missing"]


@pytest.mark.parametrize("state", [State.SEARCHING, State.NO_CANDIDATE])
def test_candidates_after_24_of_the_last_day_are_too_late(state: State) -> None:
    facts = replace(SEARCHING, state=state)
    verdict = complete(facts, now=at("2026-05-30", "00:00"))
    assert codes(verdict) == ["candidates_too_late"]
    assert not isinstance(verdict, Transition)
    assert "vendredi 29 mai 2026 à 24 h" in verdict[0].message


@pytest.mark.parametrize(
    ("count", "now", "is_final", "expected"),
    [
        (1, at("2026-05-20"), False, "candidates_period_running"),
        (0, at("2026-05-20"), True, "candidates_missing"),
        (1, at("2026-05-20"), True, State.CANDIDATES_PARTIAL),
        (3, at("2026-05-20"), True, State.CANDIDATES_COMPLETE),
        (0, at("2026-05-30"), False, State.NO_CANDIDATE),
        (1, at("2026-05-30"), False, State.CANDIDATES_PARTIAL),
    ],
)
def test_closing_the_search(count: int, now: datetime, is_final: bool, expected: str) -> None:
    """Art. 5.3, T9 and T10, or the réservataire that has no other candidate."""
    facts = replace(SEARCHING, candidate_count=count)
    verdict = close_candidates(facts, now=now, is_final=is_final)
    if isinstance(expected, State):
        assert done(verdict).to_state is expected
    else:
        assert codes(verdict) == [expected]


@pytest.mark.parametrize(
    ("facts", "presenter", "now", "expected"),
    [
        (SEARCHING, Presenter.RESERVATAIRE, at("2026-05-29", "23:59"), []),
        (SENT, Presenter.RESERVATAIRE, at("2026-05-06"), []),
        (SENT, Presenter.RESERVATAIRE, at("2026-05-05"), ["wrong_state"]),
        (SEARCHING, Presenter.RESERVATAIRE, at("2026-05-30"), ["candidates_too_late"]),
        (SEARCHING, Presenter.BAILLEUR, at("2026-05-20"), ["wrong_state"]),
        (
            replace(SEARCHING, candidate_count=1),
            Presenter.BAILLEUR,
            at("2026-05-30"),
            [],
        ),
        (
            replace(SEARCHING, searched_by=Searcher.BAILLEUR, candidates_due_at=None),
            Presenter.BAILLEUR,
            at("2026-07-01"),
            [],
        ),
        (COMPLETE, Presenter.RESERVATAIRE, at("2026-05-20"), ["wrong_state"]),
    ],
)
def test_who_may_present_and_when(
    facts: OrientationFacts, presenter: Presenter, now: datetime, expected: list[str]
) -> None:
    """Art. 5.3: the réservataire within its period, the bailleur to complete afterwards."""
    motifs = presenting_motifs(facts, now=now, presenter=presenter)
    assert [motif.code for motif in motifs] == expected


def test_without_candidate_the_bailleur_has_three_choices() -> None:
    """Art. 5.3, T11: search on behalf, reorient, or grant more time."""
    now = at("2026-06-01")
    searching = apply(EMPTY, done(search_on_behalf(EMPTY, now=now)))
    assert (searching.searched_by, searching.candidates_due_at) == (Searcher.BAILLEUR, None)
    assert done(reorient(EMPTY, now=now)).to_state is State.REORIENTED
    extended = apply(EMPTY, done(extend(EMPTY, now=now, days=5)))
    assert extended.candidates_due_at == end_of_day(date(2026, 6, 8))
    assert (extended.state, extended.extension_count) == (State.SEARCHING, 1)


def test_an_extension_has_at_least_one_day() -> None:
    assert codes(extend(EMPTY, now=at("2026-06-01"), days=0)) == ["extension_days_invalid"]


@pytest.mark.parametrize("act", [search_on_behalf, reorient])
def test_the_choices_wait_for_the_end_of_the_period(act: Callable[..., Verdict]) -> None:
    assert codes(act(SEARCHING, now=at("2026-05-20"))) == ["wrong_state"]
    done(act(SEARCHING, now=at("2026-05-30")))


def test_renouncing_leaves_the_same_choices() -> None:
    """T17."""
    renounced = apply(SEARCHING, done(renounce(SEARCHING, now=at("2026-05-20"))))
    assert renounced.state is State.RENOUNCED
    done(extend(renounced, now=at("2026-05-21"), days=3))


def test_withdrawing_needs_a_reason() -> None:
    """T6: from sent or searching."""
    now = at("2026-05-04")
    assert codes(withdraw(SENT, now=now, reason=" ")) == ["reason_required"]
    assert done(withdraw(SENT, now=now, reason="travaux")).to_state is State.WITHDRAWN
    assert done(withdraw(SEARCHING, now=at("2026-05-20"), reason="vente")).reason == "vente"
    assert codes(withdraw(COMPLETE, now=now, reason="vente")) == ["wrong_state"]


@pytest.mark.parametrize(
    ("count", "has_dalo", "justification", "expected"),
    [
        (3, False, None, None),
        (1, True, None, None),
        (2, False, "pas d'autre demande adaptée", None),
        (2, False, "  ", "justification_required"),
        (1, False, None, "justification_required"),
        (0, False, None, "candidates_missing"),
    ],
)
def test_planning_a_caleol(
    count: int, has_dalo: bool, justification: str | None, expected: str | None
) -> None:
    """R441-3, T12: fewer than three is possible, with its justification."""
    facts = replace(
        SEARCHING,
        state=State.CANDIDATES_PARTIAL,
        candidate_count=count,
        has_dalo=has_dalo,
    )
    verdict = plan(facts, now=at("2026-06-01"), justification=justification)
    if expected is None:
        assert done(verdict).to_state is State.IN_CALEOL
    else:
        assert codes(verdict) == [expected]


@pytest.mark.parametrize(
    ("is_attributed", "state"), [(True, State.ATTRIBUTED), (False, State.NOT_ATTRIBUTED)]
)
def test_the_decision_bears_the_day_of_the_commission(is_attributed: bool, state: State) -> None:
    """R441-3, T13."""
    held_on = date(2026, 6, 10)
    now = at("2026-06-12")
    transition = done(decide(IN_CALEOL, now=now, is_attributed=is_attributed, held_on=held_on))
    assert (transition.to_state, transition.on) == (state, held_on)


@pytest.mark.parametrize(
    ("facts", "held_on", "expected"),
    [
        (SENT, date(2026, 5, 4), "decision_before_presentation"),
        (SEARCHING, date(2026, 5, 4), "decision_before_presentation"),
        (COMPLETE, date(2026, 5, 4), "decision_before_presentation"),
        (IN_CALEOL, date(2026, 6, 10), "decision_before_session"),
        (ATTRIBUTED, date(2026, 5, 4), "wrong_state"),
    ],
)
def test_no_decision_before_its_time(facts: OrientationFacts, held_on: date, expected: str) -> None:
    now = at("2026-05-04")
    assert codes(decide(facts, now=now, is_attributed=True, held_on=held_on)) == [expected]


@pytest.mark.parametrize(
    ("signed_on", "expected"),
    [
        (date(2026, 6, 10), None),
        (date(2026, 7, 1), None),
        (date(2026, 7, 2), "lease_in_future"),
        (date(2026, 6, 9), "lease_before_attribution"),
    ],
)
def test_the_lease(signed_on: date, expected: str | None) -> None:
    """Art. 6.2, T15."""
    verdict = record_lease(ATTRIBUTED, now=at("2026-07-01"), signed_on=signed_on)
    if expected is None:
        assert done(verdict).to_state is State.LEASED
    else:
        assert codes(verdict) == [expected]


def test_a_failed_lease_frees_the_dwelling() -> None:
    """R441-10, T16."""
    now = at("2026-07-01")
    refused = CandidateOffer(
        candidate="a", notified_on=date(2026, 6, 11), due_at=now, reply=Reply.REFUSED
    )
    ranking = Ranking(order=("a",), current="a", offers=(refused,))
    verdict = fail_lease(ATTRIBUTED, ranking, now=now, reason="tous les rangs ont refusé")
    assert done(verdict).to_state not in LIVE_STATES
    assert codes(fail_lease(ATTRIBUTED, ranking, now=now, reason="")) == ["reason_required"]


def test_the_bailleur_keeps_a_dwelling_without_any_period() -> None:
    kept = apply(
        OrientationFacts(state=State.DRAFT),
        done(keep(OrientationFacts(state=State.DRAFT), now=SENT_AT)),
    )
    assert (kept.state, kept.searched_by) == (State.SEARCHING, Searcher.BAILLEUR)
    assert due_transition(kept, at("2030-01-01")) is None
    assert codes(keep(SENT, now=SENT_AT)) == ["wrong_state"]


def test_the_whole_cycle() -> None:
    """From the offer to the lease on the days of the convention (art. 5.3 to 6.2)."""
    facts = apply(OrientationFacts(state=State.DRAFT), done(send(SENDABLE, now=SENT_AT)))
    facts = apply(facts, done(tacit(facts, now=at("2026-05-06"))))
    facts = replace(facts, candidate_count=3)
    facts = apply(facts, done(complete(facts, now=at("2026-05-29", "23:59"))))
    facts = apply(facts, done(plan(facts, now=at("2026-06-01"))))
    held_on = date(2026, 6, 10)
    decided = decide(facts, now=at("2026-06-10"), is_attributed=True, held_on=held_on)
    facts = apply(facts, done(decided))
    signed = record_lease(facts, now=at("2026-07-01"), signed_on=date(2026, 7, 1))
    facts = apply(facts, done(signed))
    assert facts.state is State.LEASED
    assert facts.version == 7
    assert facts.accepted_on == date(2026, 5, 5)
    assert facts.candidates_due_at == CANDIDATES_DUE


def test_the_table_covers_every_step_and_every_state_is_reachable() -> None:
    assert set(RULES) == set(Step)
    assert set(State) == {target for rule in RULES.values() for target in rule.targets}


def test_a_terminal_state_only_leads_back_by_a_choice_of_the_bailleur() -> None:
    for state in set(State) - LIVE_STATES:
        actors = {rule.actor for rule in RULES.values() if state in rule.sources}
        assert actors <= {Actor.BAILLEUR}


def test_what_counts() -> None:
    """Art. 7: a refused offer was oriented, a withdrawn one was not; the ledger holds the live."""
    assert State.REFUSED in ORIENTED_STATES
    assert State.RENOUNCED in ORIENTED_STATES
    assert not {State.DRAFT, State.WITHDRAWN} & ORIENTED_STATES
    assert {State.LEASED} == ENGAGED_STATES - LIVE_STATES
