"""Structured logs: one JSON line an event, never a value, a name or a NUD."""

from __future__ import annotations

import logging

import structlog


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
