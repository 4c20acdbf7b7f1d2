"""What the conventions ask of a party: its step, or to look at a term that comes near."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from server.domain import labels
from server.domain.convention_steps import ConventionStep
from server.operations import conventions
from server.operations.conventions import Expected
from server.pages import views
from server.pages.conventions.wording import STEPS
from server.tenants.actors import Capacity
from server.tenants.transactions import TenantTransaction

View = dict[str, Any]
BADGE = {"text": "Convention", "tone": "info"}


async def convention_tasks(tx: TenantTransaction, today: date) -> list[View]:
    """The fields of each task, in no order."""
    is_bailleur = tx.actor.capacity is Capacity.BAILLEUR
    return [
        {**task, "href": f"/conventions/{one.row.id}", "badge": BADGE}
        for one in await conventions.agenda(tx)
        for task in (*_step(one, today, is_bailleur), *_term(one, is_bailleur))
    ]


def _other(one: Expected, *, is_bailleur: bool) -> str:
    return one.row.reservataire_name if is_bailleur else one.row.bailleur_name


def _step(one: Expected, today: date, is_bailleur: bool) -> Iterator[View]:
    """The first of its steps: the vote comes before the signature; a vote once sent is done."""
    row = one.row
    steps = [
        step
        for step in one.steps
        if step is not ConventionStep.DELIBERATE or row.transmitted_on is None
    ]
    if not steps:
        return
    yield {
        "on": today,
        "title": f"{STEPS[steps[0]].button} : convention avec "
        f"{views.named(_other(one, is_bailleur=is_bailleur))}",
        "due": "Dès maintenant",
        "tone": "info",
        "detail": "Rien n'engage avant la signature des deux parties (art. 8).",
    }


def _term(one: Expected, is_bailleur: bool) -> Iterator[View]:
    reminder = one.reminder
    if reminder is None:
        return
    other = views.named(_other(one, is_bailleur=is_bailleur))
    last = labels.french_day(reminder.last_day)
    yield {
        "on": reminder.last_day,
        "title": f"Préparer la suite de la convention avec {other}"
        if reminder.is_last
        else f"Reconduire ou dénoncer la convention avec {other}",
        "due": f"Dernier jour le {last}" if reminder.is_last else f"Jusqu'au {last}",
        "tone": "warning",
        "detail": "Elle s'éteint sans reconduction : il en faut une autre (art. 8)."
        if reminder.is_last
        else "Sans dénonciation, elle est reconduite tacitement pour un an (art. 8).",
    }
