"""Announces a job inside the act's own transaction: nothing lost, nothing sent for a rollback."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ENQUEUE = text("select enqueue_job(:actor_name, :subject_id)")


async def enqueue(connection: AsyncConnection, actor_name: str, subject_id: UUID) -> None:
    """Queue `actor_name` ("noun.verb") for `subject_id`; it runs after the commit, never before."""
    await connection.execute(ENQUEUE, {"actor_name": actor_name, "subject_id": subject_id})
