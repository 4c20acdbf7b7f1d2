"""The people of an organisme: its responsables invite, change, remove and review them."""

from server.operations.people.dormancy import settle_dormant
from server.operations.people.managing import (
    ChangeRole,
    InvitePerson,
    cancel_invitation,
    change_role,
    confirm_review,
    grantable,
    invite,
    is_within_reach,
    remove,
)
from server.operations.people.reading import (
    Review,
    expected,
    get,
    is_last_responsable,
    list_page,
    review,
    trail,
)

__all__ = [
    "ChangeRole",
    "InvitePerson",
    "Review",
    "cancel_invitation",
    "change_role",
    "confirm_review",
    "expected",
    "get",
    "grantable",
    "invite",
    "is_last_responsable",
    "is_within_reach",
    "list_page",
    "remove",
    "review",
    "settle_dormant",
    "trail",
]
