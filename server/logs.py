"""Structured logs: one JSON line an event, never a value, a name or a NUD.

What is written comes from a fixed vocabulary or is an identifier of the portal: a route, a field of
the schema, a code. Nothing that a person or a client typed is ever written.
"""

from __future__ import annotations

import logging

import structlog
from structlog.contextvars import bind_contextvars

logger = structlog.get_logger()


def note(**facts: str | int) -> None:
    """Say something of the request under way: it is written on its line, at its end."""
    bind_contextvars(**facts)


def security(event: str, **facts: str | int) -> None:
    """An event that a supervisor of security looks for: sign-in, refusal, limit, export, act."""
    name = f"security.{event}"
    logger.info(name, **facts)


def silence_logs() -> None:
    """For a command whose answer a script reads: no log line goes among it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def configure_logs() -> None:
    """JSON lines from INFO up; the libraries keep to warnings, which carry no parameter."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
