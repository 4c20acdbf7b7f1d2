"""The figures above and below the requests: counted in the database, whatever the page shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from server.db.urgences import Tally
from server.domain import labels
from server.domain.urgencies import UrgencyState
from server.pages.views import View

STATES = {"requested": "À décider", "approved": "Validée", "refused": "Refusée"}


def hours(span: timedelta) -> str:
    """« 22 h », « moins d'une heure »."""
    whole = int(span.total_seconds() // 3600)
    return f"{whole}{labels.NBSP}h" if whole else "moins d'une heure"


def tiles_of(tallies: Sequence[Tally], now: datetime) -> list[View]:
    opened = [one for one in tallies if one.state == UrgencyState.REQUESTED]
    approved = [one for one in tallies if one.state == UrgencyState.APPROVED]
    waiting = sum(one.count for one in opened)
    tone = "warning" if waiting else "success"
    tiles: list[View] = [{"label": "En attente de décision", "value": waiting, "tone": tone}]
    if opened:
        oldest = min(one.oldest_at for one in opened)
        tiles.append({"label": "Plus ancienne demande", "value": hours(now - oldest)})
    tiles.extend(_mean_delay(tallies))
    households = sum(one.households for one in approved)
    tiles.append(
        {
            "label": "Logements affectés",
            "value": sum(one.count for one in approved),
            "detail": f"pour {labels.plural(households, 'ménage')}",
        }
    )
    return tiles


def _mean_delay(tallies: Sequence[Tally]) -> list[View]:
    decided = [(one.count, one.spent) for one in tallies if one.spent is not None]
    count = sum(number for number, _ in decided)
    if not count:
        return []
    mean = sum((spent for _, spent in decided), timedelta()) / count
    detail = f"sur {labels.plural(count, 'décision')}, de la demande à la décision"
    return [{"label": "Délai moyen de décision", "value": hours(mean), "detail": detail}]


def places_of(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """By bailleur and commune, where there is more than one place to compare."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in tallies:
        counts.setdefault((one.bailleur_name, one.commune_name), Counter())[one.state] += one.count
    if len(counts) < 2:  # noqa: PLR2004 - one place is compared to nothing
        return []
    return [
        {"bailleur": bailleur, "commune": commune, **{state: found[state] for state in STATES}}
        for (bailleur, commune), found in counts.items()
    ]
