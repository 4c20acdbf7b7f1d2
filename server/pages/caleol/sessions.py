"""The sessions and each one's page: agenda, candidates as far as the reader may see, decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.caleol import CaleolSession, Decision, Invitation
from server.db.candidates import Candidate
from server.documents import calendars
from server.domain import labels
from server.domain.caleol import ATTRIBUTIONS, Outcome
from server.domain.deadlines import local_day
from server.domain.orientations import State
from server.errors import Motif
from server.operations import caleol
from server.operations.caleol import AgendaItem
from server.operations.flux import party_name
from server.pages import downloads, views
from server.pages.navigation import CAPACITY_LABELS
from server.pages.visits import Form, Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may

LIST = {"label": "CALEOL", "href": "/caleol"}
STATES = {"planned": "programmée", "held": "tenue", "cancelled": "annulée"}
STATE_TONES = {"planned": "info", "held": "success", "cancelled": "neutral"}
DECISION_FIELDS = (
    *("candidate", "outcome", "rank", "reason", "reason_text"),
    *("condition", "condition_due_on"),
)


def session_view(session: CaleolSession) -> dict[str, Any]:
    return {
        "href": f"/caleol/{session.id}",
        "when": views.capital(labels.french_instant(session.starts_at)),
        "bailleur": session.bailleur_name,
        "place": session.place,
        "mode": labels.SESSION_MODES[session.mode],
        "count": session.item_count,
        "state": {
            "text": views.capital(STATES[session.state]),
            "tone": STATE_TONES[session.state],
        },
    }


# --- A session --------------------------------------------------------------------------------


async def show(visit: Visit) -> Response:
    return await session_page(visit)


async def session_page(
    visit: Visit,
    *,
    data: FormData | None = None,
    motifs: Sequence[Motif] = (),
    status: int = 200,
) -> Response:
    async with visit.reading() as tx:
        session = await caleol.get(tx, visit.path_id())
        items = await caleol.agenda(tx, session.id)
        guests = (await caleol.invitations_of(tx, [session.id])).get(session.id, [])
        now = tx.now
    title = f"Séance du {labels.french_instant(session.starts_at)}"
    visit.breadcrumb = [LIST, {"label": title}]
    is_day = local_day(now) >= local_day(session.starts_at)
    can_decide = may(visit.actor, Permission.CALEOL_HOLD) and is_day
    agenda = [_item_view(one, now, visit, data, can_decide=can_decide) for one in items]
    return visit.render(
        "caleol.html",
        title=title,
        status=status,
        here=f"/caleol/{session.id}",
        motifs=motifs,
        session=session_view(session),
        facts=_facts(session, visit),
        calendar=f"/caleol/{session.id}/invitation.ics",
        action=f"/caleol/{session.id}/decisions",
        agenda=agenda,
        open_id=next((one["id"] for one in agenda if one["form"]), "") if data is None else "",
        waits_for_day=may(visit.actor, Permission.CALEOL_HOLD) and not is_day,
        day=labels.french_weekday(local_day(session.starts_at)),
        reader=visit.actor.capacity.value,
        guests=[_guest_view(one) for one in guests],
        outcomes=_options(labels.OUTCOMES),
        reasons=_options(labels.REASONS),
    )


def _facts(session: CaleolSession, visit: Visit) -> list[dict[str, str]]:
    own = visit.actor.capacity is Capacity.RESERVATAIRE
    rows = [
        ("Commission", session.bailleur_name),
        ("Date et heure", views.capital(labels.french_instant(session.starts_at))),
        ("Mode", views.capital(labels.SESSION_MODES[session.mode])),
        ("Lieu ou lien", session.place),
        (
            "Vos logements" if own else "Ordre du jour",
            labels.plural(session.item_count, "logement"),
        ),
    ]
    if session.minutes_at is not None:
        rows.append(("Décisions closes le", labels.french_instant(session.minutes_at)))
    return [{"term": term, "value": value} for term, value in rows]


def _options(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": views.capital(text)} for code, text in words.items()]


def _guest_view(one: Invitation) -> dict[str, str]:
    return {
        "name": one.tenant_name,
        "capacity": CAPACITY_LABELS[Capacity(one.capacity)],
        "invited": labels.french_instant(one.invited_at),
        "version": "initiale" if one.sequence == 0 else f"mise à jour {one.sequence}",
    }


def _item_view(
    item: AgendaItem, now: datetime, visit: Visit, data: FormData | None, *, can_decide: bool
) -> dict[str, Any]:
    offer = item.offer
    typed = data if data is not None and _names(data, item) else None
    state = views.shown_state(offer, now, visit.actor.capacity) if offer else None
    return {
        "id": str(item.orientation_id),
        "position": item.position,
        "title": views.offer_title(offer) if offer else f"Logement {item.position}",
        "href": f"/orientations/{item.orientation_id}" if offer else "",
        "reservataire": party_name(item.reservataire_name, item.contingent),
        "badge": views.state_badge(state) if state else None,
        "justification": (offer.justification or "") if offer else "",
        "leased": labels.french_day(offer.leased_on) if offer and offer.leased_on else "",
        "candidates": [_candidate_view(one) for one in item.candidates],
        "decisions": [_decision_view(one, item.candidates) for one in item.decisions],
        "form": _form_view(item, typed)
        if can_decide and offer is not None and offer.state == State.IN_CALEOL
        else [],
        "confirmed": bool(typed and typed.get("confirme")),
        "has_errors": typed is not None,
        "awaits_lease": bool(offer) and state is State.ATTRIBUTED,
    }


def _names(data: FormData, item: AgendaItem) -> bool:
    return data.get("orientation") == str(item.orientation_id)


def _candidate_view(one: Candidate) -> dict[str, Any]:
    return {
        "nud": one.nud,
        "position": one.position,
        "is_dalo": one.is_dalo,
        "priority": views.capital(labels.CRITERIA[one.criterion]) if one.criterion else "",
        "presented_by": views.capital(labels.PRESENTERS[one.presented_by]),
    }


def _decision_view(one: Decision, present: Iterable[Candidate]) -> dict[str, Any]:
    nud = next((known.nud for known in present if known.id == one.candidate_id), "")
    details = [labels.REASONS[one.reason]] if one.reason else []
    if one.reason_text:
        details.append(one.reason_text)
    if one.condition:
        until = labels.french_day(one.condition_until) if one.condition_until else ""
        details.append(f"{one.condition}, avant le {until}")
    return {
        "nud": nud or "candidat retiré",
        "outcome": views.capital(labels.OUTCOMES[one.outcome]),
        "tone": "success" if Outcome(one.outcome) in ATTRIBUTIONS else "neutral",
        "rank": one.rank or "",
        "detail": " ; ".join(details),
        "when": labels.french_instant(one.decided_at),
    }


def _form_view(item: AgendaItem, typed: FormData | None) -> list[dict[str, Any]]:
    """One set of fields a candidate; what was typed comes back."""
    form = Form(data=typed or FormData())
    return [
        {
            **_candidate_view(one),
            "key": f"decisions.{index}",
            "candidate": str(one.id),
            "typed": {name: form.text(f"decisions.{index}.{name}") for name in DECISION_FIELDS},
        }
        for index, one in enumerate(item.candidates)
    ]


# --- For the diary ----------------------------------------------------------------------------


async def download(visit: Visit) -> Response:
    async with visit.reading() as tx:
        session = await caleol.get(tx, visit.path_id())
        guests = (await caleol.invitations_of(tx, [session.id])).get(session.id, [])
        stamped_at = guests[0].invited_at if guests else tx.now
    invitation = calendars.session_invitation(
        session,
        sender=parseaddr(visit.settings.mail_from)[1],
        url=f"{visit.settings.public_url}/caleol/{session.id}",
        stamped_at=stamped_at,
    )
    name = downloads.file_name("caleol", session.bailleur_name, local_day(session.starts_at))
    return downloads.calendar(invitation, name)
