"""The accesses of an organisme's machines: made and ended, what they call, their notices."""

from server.operations.machines.calls import (
    KEPT_DAYS,
    count,
    forget_old,
    list_callers,
    list_calls,
    list_outcomes,
)
from server.operations.machines.managing import (
    Made,
    MakeClient,
    MakeToken,
    get,
    is_in_force,
    list_all,
    make_client,
    make_token,
    offered_scopes,
    own,
    revoke,
)
from server.operations.machines.notices import give_due_notices

__all__ = [
    "KEPT_DAYS",
    "Made",
    "MakeClient",
    "MakeToken",
    "count",
    "forget_old",
    "get",
    "give_due_notices",
    "is_in_force",
    "list_all",
    "list_callers",
    "list_calls",
    "list_outcomes",
    "make_client",
    "make_token",
    "offered_scopes",
    "own",
    "revoke",
]
