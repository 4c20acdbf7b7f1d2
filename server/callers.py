"""Machines at the door of the API: which bearer is presented, and the count of what it called."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from server.db.calls import SUCCESS
from server.errors import PortalError
from server.operations import machines
from server.tenants.actors import Actor
from server.tenants.bearers import ATTACHMENT_HEADER, Bearers, Caller
from server.tenants.transactions import Database

logger = structlog.get_logger()

SCHEME = "bearer "
CALLER = "portail.caller"
"""Where the scope of a request keeps whose access it presented."""


async def find_caller(request: Request, bearers: Bearers) -> Actor | None:
    """The machine behind a bearer; None, always the same, for any that is refused."""
    authorization = request.headers.get("authorization", "")
    if not authorization.lower().startswith(SCHEME):
        return None
    caller = await bearers.find(
        authorization[len(SCHEME) :].strip(),
        address=request.client.host if request.client else "",
        attachment=request.headers.get(ATTACHMENT_HEADER, ""),
    )
    request.scope[CALLER] = caller
    return caller.actor if caller and not caller.refusal else None


class CountedCalls:
    """Counts each call of a known access, once it is answered; a count lost refuses nothing."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self.app(scope, receive, watched)
        caller: Caller | None = scope.get(CALLER)
        if caller is not None:
            await self._count(caller, status)

    async def _count(self, caller: Caller, status: int) -> None:
        known = get_contextvars()
        decision = caller.refusal or known.get("decision") or f"http_{status}"
        try:
            await machines.count(
                self._database,
                caller.actor,
                operation=known.get("operation", ""),
                outcome=SUCCESS if decision == "done" else decision,
            )
        except (SQLAlchemyError, PortalError, OSError) as error:
            logger.warning("call_not_counted", error=type(error).__name__)
