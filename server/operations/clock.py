"""The business clock of the demonstration: it moves forward, never back."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from server.db import notifications
from server.domain import labels
from server.domain.calendar import add_working_days
from server.domain.deadlines import PARIS, local_day
from server.errors import Invalid, Motif
from server.tenants.transactions import Transaction

OPENING_HOUR = time(9)
LONGEST_JUMP = timedelta(days=3 * 366)
MOST_DAYS = 260


async def move_to(tx: Transaction, wanted: datetime) -> datetime:
    """Make it `wanted` now (role demo). Deadlines passed on the way are recorded by the sweep."""
    if wanted < tx.now:
        now = labels.french_instant(tx.now)
        message = f"L'horloge ne revient pas en arrière : il est {now}."
        raise Invalid(Motif(code="clock_backwards", message=message, field="instant"))
    if wanted - tx.now > LONGEST_JUMP:
        message = "L'horloge avance de trois ans au plus à la fois."
        raise Invalid(Motif(code="clock_too_far", message=message, field="instant"))
    await notifications.set_clock(tx, wanted)
    return wanted


async def skip_working_days(tx: Transaction, count: int) -> datetime:
    """To 9:00 of the count-th working day from today."""
    if not 1 <= count <= MOST_DAYS:
        message = f"Indiquez de 1 à {MOST_DAYS} jours ouvrés."
        raise Invalid(Motif(code="days_invalid", message=message, field="plus"))
    day = add_working_days(local_day(tx.now), count)
    return await move_to(tx, datetime.combine(day, OPENING_HOUR, PARIS))
