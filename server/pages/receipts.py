"""How the delays of an offer were counted, for its page and for the check before it goes."""

from __future__ import annotations

from typing import Any

from server.documents.receipts import read_receipt, recount
from server.domain import labels
from server.domain.calendar import CLOSED
from server.pages.views import View


def receipt_view(stored: dict[str, Any]) -> View:
    """How a deadline was counted, so that anybody can count it again."""
    period = read_receipt(stored)
    start, end = map(labels.french_weekday, (period.start_on, period.last_day))
    return {
        "sentence": (
            f"{labels.plural(period.days, 'jour ouvré')} après le {start}, qui ne compte pas ; "
            f"le dernier jour est le {end}, jusqu'à 24 h."
        ),
        "skipped": [f"{labels.french_weekday(day)} : {_why(why)}" for day, why in period.skipped],
        "version": period.calendar_version,
        "recount": recount(period),
    }


def _why(reason: str) -> str:
    if reason in ("samedi", "dimanche"):
        return "fin de semaine"
    return reason if reason.startswith(CLOSED) else f"jour férié ({reason})"
