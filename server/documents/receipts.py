"""The receipt of an offer's delays, to print: every day with its rank, counted again on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from server.db.orientations import Orientation
from server.documents.answer_sheets import reference_of
from server.documents.messages.orientations import size
from server.documents.messages.wording import party
from server.documents.papers import Block, Grid, Heading, Items, Paper, Text
from server.domain import labels
from server.domain.closures import read_kept
from server.domain.deadlines import Deadline, counted, end_of_day, ordinals
from server.domain.delivery_labels import RESTARTS

TITLE = "Reçu des délais d'une offre"


def read_receipt(kept: Mapping[str, Any]) -> Deadline:
    """The delay as it was counted and announced, from the receipt kept with its offer."""
    until = date.fromisoformat(kept["last_day"])
    return Deadline(
        start_on=date.fromisoformat(kept["start_on"]),
        last_day=until,
        due_at=end_of_day(until),
        days=kept["days"],
        skipped=tuple((date.fromisoformat(one["day"]), one["reason"]) for one in kept["skipped"]),
        calendar_version=kept["calendar_version"],
        closures=read_kept(kept.get("closures", ())),
    )


def recount(announced: Deadline) -> str:
    """Whether today's calendar gives the day that was announced, which never moves."""
    again = counted(announced.start_on, announced.days, closures=announced.closures)
    day = labels.french_weekday(again.last_day)
    if again.last_day == announced.last_day:
        return f"Recompté avec le calendrier {again.calendar_version} : {day}, pareil."
    return (
        f"Recompté avec le calendrier {again.calendar_version} : {day}. Le jour annoncé alors, le "
        f"{labels.french_weekday(announced.last_day)}, reste celui qui vaut."
    )


def receipt_paper(
    row: Orientation, searched: Mapping[str, Any] | None, *, at: datetime, public_url: str
) -> Paper:
    """The answer's delay, then the candidates' (`searched`) when it has begun (art. 5.3)."""
    reservataire = party(row.reservataire_name, row.contingent)
    return Paper(
        title=TITLE,
        subtitle=f"Offre n° {reference_of(row.id)} du {labels.french_day(row.sent_on)}",
        blocks=(
            Items(
                items=(
                    f"Bailleur : {row.bailleur_name}",
                    f"Réservataire : {reservataire}",
                    size(row),
                    f"Envoyée le {labels.french_instant(row.sent_at)}",
                )
            ),
            *_delay("Pour répondre", row.answer_receipt),
            *(_delay("Pour présenter des candidats", searched) if searched else ()),
            Text(
                text="Le jour de l'envoi, ou de l'acceptation, ne compte pas ; le dernier jour "
                "finit à 24 h, heure de Paris (convention, art. 5.3)."
            ),
        ),
        footer=f"Établi le {labels.french_instant(at)} — {public_url}/orientations/{row.id}",
    )


def _delay(title: str, kept: Mapping[str, Any]) -> tuple[Block, ...]:
    announced = read_receipt(kept)
    why = RESTARTS.get(kept.get("restart", ""), "")
    last = labels.french_weekday(announced.last_day)
    days = labels.plural(announced.days, "jour ouvré")
    return (
        Heading(text=title),
        Text(text=f"{days} : jusqu'au {last} à 24 h. {why}".strip()),
        Grid(header=("Jour", "Compte"), rows=tuple(_days(announced)), widths=(3, 2)),
        Text(text=f"Calendrier {announced.calendar_version}, fixé alors. {recount(announced)}"),
    )


def _days(announced: Deadline) -> Iterator[tuple[str, str]]:
    closed = dict(announced.skipped)
    yield labels.french_weekday(announced.start_on), "jour de départ, ne compte pas"
    for day, rank in ordinals(announced):
        said = f"ne compte pas : {closed[day]}" if rank is None else _rank(rank)
        yield labels.french_weekday(day), said


def _rank(rank: int) -> str:
    return "1er jour ouvré" if rank == 1 else f"{rank}e jour ouvré"
