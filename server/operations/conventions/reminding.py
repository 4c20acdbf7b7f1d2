"""Three months and one month before a year of a convention ends, its parties are told (Q11)."""

from __future__ import annotations

from datetime import date

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.db import conventions as rows
from server.db.conventions import DueReminder
from server.domain.convention_steps import Reminder, Side, due_reminder
from server.domain.conventions import ConventionFacts, ConventionState
from server.domain.deadlines import local_day
from server.errors import PortalError
from server.operations.conventions.preparing import SUBJECT, get_record, recipients
from server.operations.journal import Act, announce, record
from server.operations.ownership import bailleur
from server.tenants.actors import Actor
from server.tenants.transactions import Database, TenantTransaction

logger = structlog.get_logger()

WINDOW_DAYS = 93
"""Three months, at their longest."""


async def remind_due(database: Database) -> int:
    """Give the reminders whose day has come, one transaction each; answers how many."""
    async with database.system_transaction("conventions.remind") as tx:
        today = local_day(tx.now)
        found = await rows.list_to_remind(tx, today, window_days=WINDOW_DAYS)
        due = [
            (row, reminder)
            for row in found
            if (reminder := _due(row, today)) and not _was_given(row, reminder)
        ]
        owners = {
            owner_id: await bailleur(tx, owner_id)
            for owner_id in {row.bailleur_id for row, _ in due}
        }
    return sum([await _give(database, one, owners[one[0].bailleur_id]) for one in due])


def _due(row: DueReminder, today: date) -> Reminder | None:
    facts = ConventionFacts(state=ConventionState.SIGNED, starts_on=row.starts_on)
    return due_reminder(facts, today)


def _was_given(row: DueReminder, reminder: Reminder) -> bool:
    return (reminder.turn_on, reminder.months) in row.given


async def _give(database: Database, due: tuple[DueReminder, Reminder], owner: Actor) -> bool:
    row, reminder = due
    try:
        async with database.write_transaction(owner) as tx:
            was_new = await rows.insert_reminder(
                tx, row, turn_on=reminder.turn_on, months=reminder.months, at=tx.now
            )
            if was_new:
                await _tell(tx, row, reminder)
            return was_new
    except (PortalError, SQLAlchemyError) as error:
        logger.warning("reminder_failed", convention_id=str(row.id), error=type(error).__name__)
        return False


async def _tell(tx: TenantTransaction, due: DueReminder, reminder: Reminder) -> None:
    """To both parties: the one may denounce, the other prepare what comes next."""
    row = await get_record(tx, due.id)
    act = "convention.expiring" if reminder.is_last else "convention.renewing"
    entry = await record(
        tx,
        Act(
            act=act,
            subject_kind=SUBJECT,
            subject_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.reservataire_id,
            facts={"turn_on": reminder.turn_on.isoformat(), "months": reminder.months},
        ),
        by_portal=True,
    )
    told = [one for side in Side for one in recipients(row, side)]
    await announce(tx, entry, told, template=act, subject_kind=SUBJECT, subject_id=row.id)
