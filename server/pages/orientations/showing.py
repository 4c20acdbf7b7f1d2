"""One offer: where it has got to, what the reader may do now, until when and with what effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.responses import Response

from server.db.caleol import Decision
from server.db.candidate_offers import CandidateOffer
from server.db.candidates import Candidate
from server.db.orientations import Orientation
from server.db.paging import PageRequest
from server.domain import labels
from server.domain import orientations as workflow
from server.domain.candidates import MAX_CANDIDATES, Presenter, criteria_on
from server.domain.deadlines import local_day
from server.domain.orientation_labels import RECEIVED
from server.domain.orientations import Searcher, State
from server.errors import Motif
from server.operations import caleol, candidates, journal, orientations
from server.operations.orientations.receipts import candidates_receipt
from server.pages import views
from server.pages.orientations.arrivals import arrival_of, arrival_rows
from server.pages.orientations.attributing import ranking_view
from server.pages.orientations.chains import chain_of
from server.pages.orientations.words import standing
from server.pages.receipts import receipt_view
from server.pages.replacing import replacement_of
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Actor, Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

LISTS = {
    Capacity.RESERVATAIRE: {"label": "Offres", "href": "/orientations"},
}
LIST = {"label": "Orientations", "href": "/orientations"}
NOTHING_TYPED = dict.fromkeys(
    ("adresse", "motif", "signe_le", "suite", "jours", "notifie_le", "delai", "reponse",
     "repondu_le", "motif_candidat", "motif_echec", "recue", "recue_le", "recue_par", "recue_de",
     "recue_motif", "recue_confirme"), "",
)  # fmt: skip
WAYS = [
    {
        "value": "compte",
        "label": "Chercher des candidats pour le compte du réservataire",
        "hint": "Le logement reste compté parmi ceux orientés vers lui. Aucun délai ne court.",
    },
    {
        "value": "reorienter",
        "label": "Proposer le logement à un autre réservataire",
        "hint": "La libération revient à orienter, avec une nouvelle proposition.",
    },
    {
        "value": "delai",
        "label": "Accorder un délai supplémentaire",
        "hint": "En jours ouvrés, comptés à partir d'aujourd'hui.",
    },
]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """All that the page of an offer reads, each party with its own eyes."""

    row: Orientation
    state: State
    candidates: list[Candidate]
    session_id: UUID | None
    decisions: list[Decision]
    told: list[CandidateOffer]
    chain: list[View]
    events: list[View]
    arrival: View | None
    now: datetime

    @property
    def is_last(self) -> bool:
        """Whether no other offer of the same vacancy has followed, as far as the reader sees."""
        return not self.chain or bool(self.chain[-1]["is_here"])


async def read_offer(tx: TenantTransaction, orientation_id: UUID) -> Offer:
    row = await orientations.get(tx, orientation_id)
    presented = await candidates.list_of(tx, [row.id])
    session_id, decisions = await orientations.caleol_of(tx, row)
    told = await caleol.offers_of(tx, [row.id]) if row.attributed_on else {}
    entries = await journal.timeline(tx, PageRequest(first=50), subject_id=row.id)
    state = views.shown_state(row, tx.now, tx.actor.capacity)
    return Offer(
        row=row,
        state=state,
        arrival=await arrival_of(tx, row, state),
        candidates=presented.get(row.id, []),
        session_id=session_id,
        decisions=decisions,
        told=told.get(row.id, []),
        chain=await chain_of(tx, row),
        events=[*_unrecorded(tx, row), *views.timeline(entries.items)],
        now=tx.now,
    )


def _unrecorded(tx: TenantTransaction, row: Orientation) -> list[View]:
    """Who reads no candidate, or DALO ones only, waits for the record."""
    if tx.actor.capacity is Capacity.PREFECTURE or orientations.is_held_by(row, tx.actor.tenant_id):
        return []
    return views.unrecorded(row, tx.now)


async def show(visit: Visit) -> Response:
    return await show_offer(visit)


async def show_offer(
    visit: Visit,
    *,
    motifs: tuple[Motif, ...] = (),
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page of the offer, with what an act refused and what was typed."""
    async with visit.reading() as tx:
        offer = await read_offer(tx, visit.path_id())
    title = views.offer_title(offer.row)
    visit.breadcrumb = [LISTS.get(visit.actor.capacity, LIST), {"label": title}]
    return visit.render(
        "orientation.html",
        title=title,
        status=status,
        offer=offer_header(offer, visit.actor),
        acts=acts_of(offer, visit.actor),
        arrival=offer.arrival,
        deadline=views.running_deadline(offer.row, offer.now),
        receipts=_receipts(offer),
        candidates=[_candidate(one, rank) for rank, one in enumerate(offer.candidates, 1)],
        decisions=_decisions(offer),
        ranking=ranking_view(offer.row, offer.decisions, offer.told, offer.candidates, offer.now),
        chain=offer.chain,
        events=offer.events,
        reasons=_reasons(offer),
        entry=candidate_entry(offer, motifs, typed or {}),
        motifs=motifs,
        received=_options(RECEIVED),
        typed={**NOTHING_TYPED, **(typed or {})},
        ways=WAYS,
    )


def offer_header(offer: Offer, actor: Actor) -> View:
    row = offer.row
    return {
        "id": str(row.id),
        "version": row.version,
        "eyebrow": f"Offre de {row.bailleur_name} {views.to(views.reservataire_of(row))}",
        "badge": views.state_badge(offer.state),
        "standing": standing(row, offer.state, _reading_as(row, actor)),
        "replacement": replacement_of(row),
        "is_renounced": offer.state is State.RENOUNCED,
        "is_held": orientations.is_held_by(row, actor.tenant_id),
        "tacit": views.acceptance_notice(row, offer.now),
        "rows": [
            *(views.dwelling_rows(row.dwelling) if row.dwelling else []),
            {"term": "Offre envoyée", "value": labels.french_instant(row.sent_at)},
            *_single(row),
            *arrival_rows(row),
            *_story(row),
        ],
        "dwelling_href": f"/logements/{row.dwelling_id}"
        if may(actor, Permission.DWELLING_READ)
        else "",
        "vacancy_href": f"/liberations/{row.vacancy_id}"
        if actor.capacity is Capacity.BAILLEUR
        else "",
        "caleol_href": f"/caleol/{offer.session_id}" if offer.session_id else "",
        "candidate_days": row.candidate_days,
        "bailleur": row.bailleur_name,
        "reservataire": views.named(views.reservataire_of(row)),
    }


def _reading_as(row: Orientation, actor: Actor) -> Capacity:
    """The commune that is substituted is told what is expected of the préfecture, not of itself."""
    held = orientations.is_held_by(row, actor.tenant_id)
    return Capacity.PREFECTURE if held else actor.capacity


def _story(row: Orientation) -> list[View]:
    """What both sides wrote on the way."""
    facts = (
        ("Motif du refus", row.refusal_motif),
        ("Motif du retrait", row.withdrawal_reason),
        ("Moins de trois candidats", row.justification),
    )
    return [{"term": term, "value": value} for term, value in facts if value]


# --- What the reader may do ---------------------------------------------------------------------


ACTS = (
    "answer",
    "present",
    "take_back",
    "withdraw",
    "renounce",
    "plan",
    "lease",
    "follow",
    "final",
    "receive",
    "remind",
    "print",
    "rectify",
)
LEFT_EMPTY = (State.NO_CANDIDATE, State.RENOUNCED)


def acts_of(offer: Offer, actor: Actor) -> dict[str, bool]:
    if orientations.is_held_by(offer.row, actor.tenant_id):
        return dict.fromkeys(ACTS, False)
    state = offer.state
    can_withdraw = state in (State.SENT, State.SEARCHING)
    presented = state in (State.CANDIDATES_COMPLETE, State.CANDIDATES_PARTIAL)
    return {
        "answer": state is State.SENT and may(actor, Permission.ORIENTATION_ANSWER),
        "present": _may_present(offer, actor),
        "take_back": state is State.SEARCHING and may(actor, Permission.CANDIDATES_PRESENT),
        "withdraw": can_withdraw and may(actor, Permission.ORIENTATION_SEND),
        "renounce": state is State.SEARCHING and may(actor, Permission.ORIENTATION_ANSWER),
        "plan": presented and may(actor, Permission.CALEOL_HOLD),
        "lease": state is State.ATTRIBUTED and may(actor, Permission.LEASE_RECORD),
        "follow": state in LEFT_EMPTY and offer.is_last and may(actor, Permission.ORIENTATION_SEND),
        "receive": state is State.SENT and may(actor, Permission.ORIENTATION_SEND),
        "remind": _is_waited_for(offer) and may(actor, Permission.ORIENTATION_SEND),
        "print": state is State.SENT and actor.capacity in PARTIES,
        "rectify": state is not State.WITHDRAWN and may(actor, Permission.ORIENTATION_SEND),
        "final": offer.row.searched_by == Searcher.BAILLEUR,
    }


PARTIES = (Capacity.BAILLEUR, Capacity.RESERVATAIRE)


def _is_waited_for(offer: Offer) -> bool:
    facts = orientations.facts_of(offer.row)
    return not workflow.reminding_motifs(facts, now=offer.now, last_on=None)


def _may_present(offer: Offer, actor: Actor) -> bool:
    by_bailleur = actor.capacity is Capacity.BAILLEUR
    wanted = Permission.CANDIDATES_COMPLETE if by_bailleur else Permission.CANDIDATES_PRESENT
    presenter = Presenter.BAILLEUR if by_bailleur else Presenter.RESERVATAIRE
    facts = orientations.facts_of(offer.row)
    refused = workflow.presenting_motifs(facts, now=offer.now, presenter=presenter)
    is_full = any(one.is_dalo for one in offer.candidates)
    is_full = is_full or len(offer.candidates) >= MAX_CANDIDATES
    return may(actor, wanted) and not refused and not is_full


def candidate_entry(offer: Offer, motifs: tuple[Motif, ...], typed: dict[str, str]) -> View:
    """The lines of the form of candidates, as many as are missing, with what was typed."""
    missing = max(MAX_CANDIDATES - len(offer.candidates), 0)
    fields = {motif.field for motif in motifs}
    lines = [_line(number, typed, fields) for number in range(1, missing + 1)]
    criteria = [one.code for one in criteria_on(local_day(offer.now)) if one.code != "dalo"]
    return {
        "lines": lines,
        "criteria": [{"value": code, "label": labels.CRITERIA[code]} for code in criteria],
        "quartiles": _options(labels.FIRST_QUARTILE),
        "origins": _options(labels.DALO_ORIGINS),
        "is_final": typed.get("dernier", ""),
    }


def _options(words: Any) -> list[View]:
    return [{"value": code, "label": views.capital(text)} for code, text in words.items()]


def _line(number: int, typed: dict[str, str], fields: set[str | None]) -> View:
    values = {
        name: typed.get(f"{name}_{number}", default)
        for name, default in (
            ("nud", ""),
            ("dalo", ""),
            ("origine", "reservataire"),
            ("quartile", "unknown"),
            ("critere", ""),
        )
    }
    is_wrong = any(str(field).endswith(f"_{number}") for field in fields)
    is_open = number == 1 or is_wrong or bool(values["nud"])
    return {"number": number, "is_open": is_open, **values}


# --- What is shown ------------------------------------------------------------------------------


def _receipts(offer: Offer) -> list[View]:
    """How each deadline was counted: the answer's, then the candidates'."""
    answer = {"title": "Réponse", **receipt_view(offer.row.answer_receipt)}
    searched = candidates_receipt(offer.row, views.in_law(offer.row, offer.now))
    return [answer, *([{"title": "Candidats", **receipt_view(searched)}] if searched else [])]


def _single(row: Orientation) -> list[View]:
    """By which droit unique it is offered, if it is not by the rates."""
    if row.droit_unique_id is None:
        return []
    programme = f", programme {row.programme}" if row.programme else ""
    return [{"term": "Au titre de", "value": f"Droit unique{programme}"}]


def _candidate(one: Candidate, rank: int) -> View:
    qualities = [
        "ménage reconnu DALO, " + labels.DALO_ORIGINS[one.dalo_origin or "reservataire"]
        if one.is_dalo
        else "",
        labels.CRITERIA[one.criterion] if one.criterion else "",
        "premier quartile" if one.first_quartile == "yes" else "",
    ]
    return {
        "id": str(one.id),
        "rank": rank,
        "nud": one.nud,
        "qualities": [words for words in qualities if words],
        "by": labels.PRESENTERS[one.presented_by],
        "on": labels.french_day(local_day(one.presented_at)),
        "is_mine_to_take_back": one.presented_by == Presenter.RESERVATAIRE,
    }


def _decisions(offer: Offer) -> list[View]:
    nuds = {one.id: one.nud for one in offer.candidates}
    return [
        {
            "nud": nuds.get(one.candidate_id, "Candidat retiré"),
            "outcome": views.capital(labels.OUTCOMES[one.outcome]),
            "rank": one.rank or "",
            "reason": _reason(one),
            "is_won": one.candidate_id == offer.row.attributed_candidate_id,
        }
        for one in offer.decisions
    ]


def _reason(one: Decision) -> str:
    words = [
        labels.REASONS[one.reason] if one.reason else "",
        one.reason_text or "",
        one.condition or "",
        f"jusqu'au {labels.french_day(one.condition_until)}" if one.condition_until else "",
    ]
    return ", ".join(text for text in words if text)


def _reasons(offer: Offer) -> View | None:
    """The advice frozen with the decision: the bailleur's own reading."""
    advice = offer.row.advice
    if advice is None:
        return None
    return {
        "motif": offer.row.departure_motif or "",
        "proposals": [one["sentence"] for one in advice["proposals"]],
        "set_aside": [one["sentence"] for one in advice["set_aside"]],
        "note": advice["note"] or "",
    }
