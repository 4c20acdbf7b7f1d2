"""The jobs that were given up: read and queued again by the worker's login, on its own tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

REJECTED = (
    "select message_id, message ->> 'actor_name', message -> 'args' ->> 0, mtime"
    " from dramatiq.queue where state = 'rejected' order by mtime desc limit 200"
)
REPLAY = (
    "update dramatiq.queue set state = 'queued', available_at = now(), mtime = now(),"
    " message = jsonb_set(message, '{options}', '{}')"
    " where message_id = %s and state = 'rejected'"
)


@dataclass(frozen=True, kw_only=True)
class RejectedJob:
    """A job whose tries are exhausted; it is purged after thirty days."""

    id: UUID
    actor_name: str
    subject_id: str | None
    rejected_at: datetime


def list_rejected(dsn: str) -> list[RejectedJob]:
    """The newest first, at most 200."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(REJECTED).fetchall()
    names = ("id", "actor_name", "subject_id", "rejected_at")
    return [RejectedJob(**dict(zip(names, row, strict=True))) for row in rows]


def replay_rejected(dsn: str, job_id: UUID) -> bool:
    """Queue it again, with all its tries; False if there is none of this id."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(REPLAY, (job_id,)).rowcount == 1
