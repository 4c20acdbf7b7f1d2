"""The orientation of a freed dwelling to a reservataire, as a state machine (art. 5.3).

Each act answers the `Transition` to record or the tuple of motifs that forbids it. What the law
has made of a silence is true at its date, recorded or not: operations first record every
`due_transition`, then act.
"""

from server.domain.orientations.acts import (
    accept,
    answer_too_late,
    candidates_too_late,
    complete,
    decide,
    extend,
    fail_lease,
    plan,
    presenting_motifs,
    record_lease,
    refuse,
    renounce,
    reorient,
    search_on_behalf,
    withdraw,
)
from server.domain.orientations.clock import (
    caught_up,
    close_candidates,
    due_transition,
    effective_state,
    tacit,
)
from server.domain.orientations.sending import SendFacts, keep, send
from server.domain.orientations.states import (
    ENGAGED_STATES,
    LIVE_STATES,
    ORIENTED_STATES,
    RULES,
    Acceptance,
    Actor,
    OrientationFacts,
    Rule,
    Searcher,
    State,
    Step,
    Transition,
    Verdict,
    apply,
)

__all__ = [
    "ENGAGED_STATES",
    "LIVE_STATES",
    "ORIENTED_STATES",
    "RULES",
    "Acceptance",
    "Actor",
    "OrientationFacts",
    "Rule",
    "Searcher",
    "SendFacts",
    "State",
    "Step",
    "Transition",
    "Verdict",
    "accept",
    "answer_too_late",
    "apply",
    "candidates_too_late",
    "caught_up",
    "close_candidates",
    "complete",
    "decide",
    "due_transition",
    "effective_state",
    "extend",
    "fail_lease",
    "keep",
    "plan",
    "presenting_motifs",
    "record_lease",
    "refuse",
    "renounce",
    "reorient",
    "search_on_behalf",
    "send",
    "tacit",
    "withdraw",
]
