"""The commission: agenda, invitations, decisions, lease (art. 6.2; R441-3, R441-9)."""

from server.operations.caleol.deciding import (
    CandidateDecision,
    RecordDecision,
    record_decision,
)
from server.operations.caleol.offering import (
    RecordReply,
    TellCandidate,
    fail_lease,
    hear,
    next_rank,
    offers_of,
    ranking_of,
    record_lease,
    tell,
)
from server.operations.caleol.planning import PlanCaleol, plan
from server.operations.caleol.reading import (
    AgendaItem,
    agenda,
    bailleurs,
    candidates_of,
    decisions_of,
    get,
    invitations_of,
    items_of,
    list_page,
)

__all__ = [
    "AgendaItem",
    "CandidateDecision",
    "PlanCaleol",
    "RecordDecision",
    "RecordReply",
    "TellCandidate",
    "agenda",
    "bailleurs",
    "candidates_of",
    "decisions_of",
    "fail_lease",
    "get",
    "hear",
    "invitations_of",
    "items_of",
    "list_page",
    "next_rank",
    "offers_of",
    "plan",
    "ranking_of",
    "record_decision",
    "record_lease",
    "tell",
]
