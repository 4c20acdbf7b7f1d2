from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain.urgencies import (
    UrgencyDecided,
    UrgencyDecision,
    UrgencyFacts,
    UrgencyRequest,
    UrgencyState,
    decide,
    request_motifs,
)

PARTNERS = frozenset({"doussard", "rs", "bailleur"})
REQUEST = UrgencyRequest(
    circumstances="Incendie d'un immeuble", household_count=2, partner_keys=PARTNERS
)
FACTS = UrgencyFacts(state=UrgencyState.REQUESTED, partner_keys=PARTNERS)
CHARGED = UrgencyDecision(is_approved=True, charged_to="rs")
OUT = UrgencyDecision(is_approved=True, is_out_of_flux=True)
REFUSED = UrgencyDecision(is_approved=False, reason="Une solution locale existe.")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (REQUEST, []),
        (replace(REQUEST, proposed_charge="rs"), []),
        (replace(REQUEST, circumstances="  "), ["circumstances_required"]),
        (replace(REQUEST, household_count=0), ["household_count_invalid"]),
        (replace(REQUEST, proposed_charge="publier"), ["charge_unknown"]),
        (replace(REQUEST, has_open_request=True), ["urgency_already_requested"]),
        (replace(REQUEST, is_leased=True), ["dwelling_leased"]),
    ],
)
def test_requesting(request_: UrgencyRequest, expected: list[str]) -> None:
    """Art. 2.4."""
    assert [motif.code for motif in request_motifs(request_)] == expected


@pytest.mark.parametrize(
    ("decision", "state", "charged_to", "is_out"),
    [
        (CHARGED, UrgencyState.APPROVED, "rs", False),
        (OUT, UrgencyState.APPROVED, None, True),
        (REFUSED, UrgencyState.REFUSED, None, False),
    ],
)
def test_the_prefecture_decides(
    decision: UrgencyDecision, state: UrgencyState, charged_to: str | None, is_out: bool
) -> None:
    """Art. 2.4: charged to a réservataire or out of the flux, under the préfet's control."""
    answer = decide(FACTS, decision)
    assert isinstance(answer, UrgencyDecided)
    assert (answer.state, answer.charged_to, answer.is_out_of_flux) == (state, charged_to, is_out)


@pytest.mark.parametrize(
    ("facts", "decision", "expected"),
    [
        (FACTS, UrgencyDecision(is_approved=True), ["charge_missing"]),
        (FACTS, replace(CHARGED, is_out_of_flux=True), ["charge_ambiguous"]),
        (FACTS, replace(CHARGED, charged_to="publier"), ["charge_unknown"]),
        (FACTS, replace(REFUSED, reason=" "), ["reason_required"]),
        (replace(FACTS, state=UrgencyState.APPROVED), REFUSED, ["urgency_already_decided"]),
        (replace(FACTS, state=UrgencyState.REFUSED), OUT, ["urgency_already_decided"]),
        (replace(FACTS, version=2), OUT, ["stale_version"]),
    ],
)
def test_what_forbids_a_decision(
    facts: UrgencyFacts, decision: UrgencyDecision, expected: list[str]
) -> None:
    answer = decide(facts, decision, expected_version=1)
    assert not isinstance(answer, UrgencyDecided)
    assert [motif.code for motif in answer] == expected


@pytest.mark.parametrize(("decision", "withdraws"), [(OUT, True), (REFUSED, False)])
def test_an_approval_withdraws_the_live_offer(decision: UrgencyDecision, withdraws: bool) -> None:
    answer = decide(replace(FACTS, has_live_orientation=True), decision)
    assert isinstance(answer, UrgencyDecided)
    assert answer.withdraws_orientation is withdraws
