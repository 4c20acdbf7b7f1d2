"""The list of the people of an organisme, as a page, as a file, and its quarterly review."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from starlette.responses import Response

from server.db.invitations import Invitation
from server.db.paging import Sort
from server.db.people import Member, MemberFilter
from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import people
from server.operations.people import Review
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.navigation import CAPACITY_LABELS
from server.pages.people.columns import COLUMNS
from server.pages.people.words import (
    PATH,
    ROLES,
    contingents_text,
    day,
    state_of,
    view,
)
from server.pages.sorting import asked_page, column, sort_of
from server.pages.visits import Visit

ORDERS = ("nom", "role", "connexion")
BY_NAME = Sort(code="nom")
CURRENT = "En cours"
STATES = {"inactives": "Sans connexion", "closes": "Retirées ou closes", "toutes": "Toutes"}
CHOICES = {"etat": ("État", STATES), "role": ("Rôle", ROLES)}


def _wanted(visit: Visit) -> MemberFilter:
    asked = visit.query("etat")
    role = visit.query("role")
    return MemberFilter(
        state=asked if asked in STATES else "actives",
        role=role if role in ROLES else "",
        text=visit.query("q"),
    )


async def list_people(visit: Visit) -> Response:
    async with visit.reading() as tx:
        found = await people.list_page(tx, asked_page(visit, ORDERS), _wanted(visit))
        expected = await people.expected(tx)
        review = await people.review(tx)
        with_contingents = bool(people.grantable(tx))
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Personnes"}]
    return visit.render(
        "personnes.html",
        title="Personnes de l'organisme",
        block="liste",
        review=review_view(review),
        exports=export_links(visit, PATH),
        filters=_filters(visit),
        q=visit.query("q"),
        chips=_chips(visit),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        columns=_columns(visit, with_contingents=with_contingents),
        with_contingents=with_contingents,
        people=[view(one) for one in found.items],
        expected=[_expected(one) for one in expected],
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        is_first=not visit.query("apres"),
    )


def review_view(review: Review) -> dict[str, Any]:
    due = labels.french_day(review.due_on)
    last = (
        f"Dernière confirmation le {labels.french_day(review.last_on)}, par {review.last_by}."
        if review.last_on
        else "La liste n'a pas encore été confirmée."
    )
    return {
        "is_due": review.is_due,
        "tone": "warning" if review.is_due else "info",
        "title": f"Revue trimestrielle à faire depuis le {due}"
        if review.is_due
        else f"Prochaine revue trimestrielle le {due}",
        "text": last,
    }


def _filters(visit: Visit) -> list[dict[str, Any]]:
    return [
        {
            "name": code,
            "label": label,
            "value": visit.query(code),
            "options": [{"value": key, "label": words} for key, words in choices.items()],
            "placeholder": CURRENT if code == "etat" else "Tous",
        }
        for code, (label, choices) in CHOICES.items()
    ]


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in ("etat", "role", "q", "tri")}
    return views.address(PATH, **{**kept, **changed})


def _chips(visit: Visit) -> list[dict[str, str]]:
    told = [
        (code, label, choices[visit.query(code)])
        for code, (label, choices) in CHOICES.items()
        if visit.query(code) in choices
    ]
    told += [("q", "Nom", visit.query("q"))] if visit.query("q") else []
    return [
        {
            "name": label,
            "value": value,
            "label": f"{label} : {value}",
            "href": _address(visit, **{code: ""}),
        }
        for code, label, value in told
    ]


def _columns(visit: Visit, *, with_contingents: bool) -> list[dict[str, Any]]:
    current = sort_of(visit, ORDERS) or BY_NAME
    return [
        column(visit, "Nom", "nom", current),
        column(visit, "Rôle", "role", current),
        *([{"label": "Contingents"}] if with_contingents else []),
        column(visit, "Dernière connexion", "connexion", current, falls=True),
        {"label": "État"},
    ]


def _expected(one: Invitation) -> dict[str, str]:
    return {
        "name": one.name,
        "role": ROLES[one.role],
        "contingents": contingents_text(one.contingents),
        "by": one.invited_by_name,
        "made": day(one.created_at),
        "until": labels.french_instant(one.expires_at),
        "cancel": f"{PATH}/invitations/{one.id}/annuler",
    }


async def export(visit: Visit) -> Response:
    """The quarterly review: the rows of the list, with the dictionary of its columns."""
    wanted = _wanted(visit)
    async with visit.reading() as tx:
        found = await every(
            lambda request: people.list_page(tx, request, wanted), sort_of(visit, ORDERS)
        )
    capacity = CAPACITY_LABELS[visit.actor.capacity]
    rows = [_export_row(one, capacity) for one in found]
    filters = [(chip["name"], chip["value"]) for chip in _chips(visit)]
    if wanted.state == "actives":
        filters.insert(0, ("État", CURRENT))
    return export_response(visit, "Revue des personnes", COLUMNS, rows, filters)


def _export_row(one: Member, capacity: str) -> dict[str, Any]:
    return {
        "nom": one.name,
        "role": ROLES[one.role],
        "qualite": views.capital(capacity),
        "contingents": contingents_text(one.contingents),
        "depuis": local_day(one.created_at),
        "connexion": one.last_sign_in_at,
        "etat": state_of(one)["text"],
        "prevenue_le": _day(one.dormant_warned_at),
        "fin_le": _day(one.revoked_at),
    }


def _day(instant: datetime | None) -> date | None:
    return local_day(instant) if instant else None


async def confirm_review(visit: Visit) -> Response:
    async with visit.writing() as tx:
        await people.confirm_review(tx)
        review = await people.review(tx)
    due = labels.french_day(review.due_on)
    return visit.redirect(PATH, message=f"Liste confirmée. Prochaine revue le {due}.")
