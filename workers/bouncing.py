"""`portail bounce < message`: what a mail server gives back, one returned mail at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import BinaryIO

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.documents.bounces import LONGEST, Bounce, read_bounce
from server.errors import ConfigurationError
from server.operations import deliveries
from server.tenants.transactions import Database

LATER = 75
"""EX_TEMPFAIL of sysexits: the mail server keeps the message and tries again."""

NOTHING = "Ce message n'annonce l'échec d'aucun courriel du portail : rien n'est changé."
KNOWN = "Ce courriel n'est pas, ou n'est plus, tenu pour envoyé : rien n'est changé."


def run(environment: Mapping[str, str], message: BinaryIO) -> tuple[str, int]:
    """The sentence, and 0, or 75 when the database does not answer.

    A message that is not understood ends well: refused, it would come back for ever.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    dsn, key = (_setting(environment, name) for name in ("WORKER_DATABASE_URL", "SECRET_KEY"))
    found = read_bounce(message.read(LONGEST), key)
    if found is None:
        return NOTHING, 0
    try:
        return asyncio.run(_apply(dsn, found)), 0
    except (SQLAlchemyError, OSError) as error:
        return f"La base ne répond pas ({type(error).__name__}) : à reprendre.", LATER


def _setting(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"La variable d'environnement {name} est obligatoire.")
    return value


async def _apply(dsn: str, found: Bounce) -> str:
    database = Database(dsn, pool_size=1)
    try:
        notification_id = found.notification_id
        if notification_id is None and found.message_id is not None:
            notification_id = await deliveries.find_returned(database, found.message_id)
        if notification_id is None:
            return NOTHING
        was_sent = await deliveries.bounce(database, notification_id, found.error)
    finally:
        await database.close()
    return f"Courriel non remis. {found.error}" if was_sent else KNOWN
