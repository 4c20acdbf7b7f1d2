"""Queries on what an organisme decided of the links of its mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from server.db.paging import Executor
from server.db.tables import answer_link_decisions


@dataclass(frozen=True, kw_only=True)
class LinkDecision:
    """Whether the link may answer, from when, by whom."""

    is_open: bool
    decided_at: datetime
    person_name: str


async def list_link_decisions(db: Executor, *, length: int) -> list[LinkDecision]:
    """Those of the actor's organisme, newest first, however the business clock was moved."""
    rows = await db.execute(
        select(
            answer_link_decisions.c.is_open,
            answer_link_decisions.c.decided_at,
            answer_link_decisions.c.person_name,
        )
        .order_by(answer_link_decisions.c.id.desc())
        .limit(length)
    )
    return [LinkDecision(**row._mapping) for row in rows]


async def insert_decision(db: Executor, values: dict[str, Any]) -> None:
    await db.execute(insert(answer_link_decisions).values(**values))
