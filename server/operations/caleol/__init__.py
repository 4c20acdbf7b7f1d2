"""The commission: agenda, invitations, decisions, lease (art. 6.2; R441-3, R441-9)."""

from server.operations.caleol.deciding import (
    CandidateDecision,
    RecordDecision,
    record_decision,
    record_lease,
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
    "agenda",
    "bailleurs",
    "candidates_of",
    "decisions_of",
    "get",
    "invitations_of",
    "items_of",
    "list_page",
    "plan",
    "record_decision",
    "record_lease",
]
