"""From the commission to the lease: each candidate retained in turn, its ten days, its answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from server.db.caleol import Decision
from server.db.candidate_offers import CandidateOffer
from server.db.candidates import Candidate
from server.db.orientations import Orientation
from server.domain import labels
from server.domain.deadlines import REPLY_DAYS, local_day
from server.domain.orientation_labels import REPLIES, STANDINGS
from server.domain.orientations import GONE, Ranking, Standing, standing_of
from server.operations import caleol
from server.pages import views
from server.pages.views import View

CONSEQUENCE = (
    "Sans réponse à cette date, le candidat est réputé avoir refusé (R441-10) : le logement va au "
    "candidat suivant."
)
STANDING_TONES = {
    Standing.UNTOLD: "neutral",
    Standing.PENDING: "info",
    Standing.ACCEPTED: "success",
    Standing.REFUSED: "danger",
    Standing.SILENT: "warning",
}


def ranking_view(
    row: Orientation,
    decisions: Sequence[Decision],
    told: Sequence[CandidateOffer],
    present: Sequence[Candidate],
    now: datetime,
) -> View | None:
    """The candidates retained and where each one stands; `current` is the one that has the
    dwelling, `can` what may be recorded of it. None before an attribution.
    """
    ranking = caleol.ranking_of(row, decisions, told)
    if ranking is None:
        return None
    nuds = {str(one.id): one.nud for one in present}
    kept = {str(one.candidate_id): one for one in told}
    return {
        "rows": _rows(ranking, nuds, kept, now),
        "rank": ranking.rank,
        "today": local_day(now).isoformat(),
        "days": REPLY_DAYS,
        "deadline": _deadline(kept.get(ranking.current), ranking, now),
        "can": _can(ranking, now),
        "replies": [{"value": code, "label": f"Le candidat {REPLIES[code]}"} for code in REPLIES],
    }


def _rows(
    ranking: Ranking, nuds: dict[str, str], kept: dict[str, CandidateOffer], now: datetime
) -> list[View]:
    offers = {one.candidate: one for one in ranking.offers}
    return [
        {
            "rank": rank,
            "nud": nuds.get(key, "candidat retiré"),
            "is_current": key == ranking.current,
            "badge": _badge(standing_of(offers.get(key), now)),
            "story": _story(kept.get(key)),
        }
        for rank, key in enumerate(ranking.order, start=1)
    ]


def _can(ranking: Ranking, now: datetime) -> dict[str, bool]:
    """A reply that came in time may be recorded after it; so may the lease that it became."""
    current = standing_of(ranking.offer, now)
    gone = current in GONE
    return {
        "tell": current is Standing.UNTOLD,
        "hear": current in (Standing.PENDING, Standing.SILENT),
        "next": gone and ranking.following is not None,
        "fail": gone and ranking.following is None,
        "lease": current is not Standing.REFUSED,
    }


def _badge(standing: Standing) -> View:
    return {"text": views.capital(STANDINGS[standing]), "tone": STANDING_TONES[standing]}


def _story(told: CandidateOffer | None) -> str:
    if told is None:
        return ""
    words = f"Informé le {labels.french_day(told.notified_on)}"
    words += f", réponse jusqu'au {labels.french_deadline(told.due_at)}"
    if told.replied_on:
        words += f" ; a répondu le {labels.french_day(told.replied_on)}"
    return f"{words} ({told.reply_reason})" if told.reply_reason else words


def _deadline(told: CandidateOffer | None, ranking: Ranking, now: datetime) -> View | None:
    if told is None or standing_of(ranking.offer, now) is not Standing.PENDING:
        return None
    return {
        "text": f"Réponse du candidat attendue jusqu'au {labels.french_deadline(told.due_at)}",
        "consequence": CONSEQUENCE,
        "tone": views.urgency_tone(now, told.due_at),
        "iso": told.last_day.isoformat(),
    }
