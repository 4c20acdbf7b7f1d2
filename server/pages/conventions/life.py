"""What the page of a convention shows of its life: steps done, acts to do, avenants, papers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from server.db.conventions import Amendment, ConventionRecord, Scan
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.convention_steps import DELIBERATING, Side
from server.domain.convention_terms import REASONS, SCANS
from server.domain.conventions import ConventionState, in_force
from server.domain.deadlines import local_day
from server.operations import conventions, journal
from server.pages import views
from server.pages.conventions.listing import PATH
from server.pages.conventions.wording import ACTS, STEPS, change_view
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

View = dict[str, Any]
KILO = 1024
DANGEROUS = frozenset({"denonciation", "resiliation", "reouverture"})
UNSIGNED = frozenset({ConventionState.DRAFT, ConventionState.DELIBERATED})


async def life_view(visit: Visit, tx: TenantTransaction, convention_id: UUID) -> View | None:
    """None for an EPCI, which reads what was agreed and not how."""
    if visit.actor.capacity is Capacity.EPCI:
        return None
    row = await conventions.get_record(tx, convention_id)
    side = conventions.side_of(tx, row)
    amendments = await conventions.list_amendments(tx, row)
    here, today, facts = f"{PATH}/{row.id}", local_day(tx.now), conventions.facts_of(row)
    can_prepare = side is Side.BAILLEUR and may(visit.actor, Permission.CONVENTION_PREPARE)
    is_open = any(one.bailleur_signed_on is None for one in amendments)
    return {
        "here": here,
        "version": row.version,
        "steps": _steps(row),
        "buttons": _buttons(tx, row, here),
        "can_edit": can_prepare and _is_editable(row),
        "can_address": can_prepare,
        "can_amend": can_prepare and not is_open and in_force(facts.in_time, today),
        "can_sign": side is not None and may(visit.actor, Permission.CONVENTION_SIGN),
        "mailbox": row.mailbox or "",
        "mailbox_failed": _failed_mailbox(row),
        "amendments": [_amendment(one, side, here) for one in amendments],
        "scans": [_scan(one, here) for one in await conventions.list_scans(tx, row)],
        "kinds": [{"value": code, "label": words} for code, words in SCANS.items()],
        "today": today.isoformat(),
        "events": await _events(tx, row.id),
    }


def _failed_mailbox(row: ConventionRecord) -> str:
    if row.mailbox_failed_at is None:
        return ""
    since = labels.french_instant(row.mailbox_failed_at)
    return f"Un courriel envoyé à cette adresse n'est pas arrivé, {since}. Corrigez-la."


def _is_editable(row: ConventionRecord) -> bool:
    touched = (row.deliberated_on, row.bailleur_signed_on, row.reservataire_signed_on)
    return row.state == ConventionState.DRAFT and not any(touched)


def _buttons(tx: TenantTransaction, row: ConventionRecord, here: str) -> list[View]:
    return [
        {
            "label": STEPS[step].button,
            "href": f"{here}/etapes/{STEPS[step].slug}",
            "kind": "secondary" if STEPS[step].slug in DANGEROUS else "primary",
        }
        for step in conventions.steps_open(tx, row)
    ]


# --- What was done --------------------------------------------------------------------------------


def _steps(row: ConventionRecord) -> list[View]:
    """Empty for a convention recorded before the portal knew its steps."""
    done = (row.deliberated_on, row.bailleur_signed_on, row.reservataire_signed_on)
    if ConventionState(row.state) not in UNSIGNED and not any(done):
        return []
    rows = [*_vote(row)] if row.category in DELIBERATING else []
    rows.append(
        (
            f"Signature : {row.reservataire_name}",
            _done(row.reservataire_signed_on, row.reservataire_signatory),
        )
    )
    rows.append(
        (f"Signature : {row.bailleur_name}", _done(row.bailleur_signed_on, row.bailleur_signatory))
    )
    if row.ending_motif:
        rows.append(("Motif de la fin", row.ending_motif))
    return [{"term": term, "value": value} for term, value in rows]


def _vote(row: ConventionRecord) -> list[tuple[str, str]]:
    return [
        ("Délibération", _done(row.deliberated_on, row.deliberation_reference)),
        ("Contrôle de légalité", _done(row.transmitted_on, None)),
    ]


def _done(on: date | None, told: str | None) -> str:
    if on is None:
        return "À venir"
    day = f"Le {labels.french_day(on)}"
    return f"{day}, {told}" if told else day


# --- Avenants, papers, acts -----------------------------------------------------------------------


def _amendment(one: Amendment, side: Side | None, here: str) -> View:
    next_side = Side.BAILLEUR if one.reservataire_signed_on else Side.RESERVATAIRE
    is_done = one.bailleur_signed_on is not None
    return {
        "title": f"Avenant n° {one.number}",
        "state": {"text": "En vigueur", "tone": "success"}
        if is_done
        else {"text": "À signer", "tone": "warning"},
        "rows": [
            {"term": "Cause", "value": REASONS[one.reason]},
            {"term": "Objet", "value": one.summary},
            {"term": "Proposé le", "value": labels.french_day(one.proposed_on)},
            {
                "term": "Signature du réservataire",
                "value": _done(one.reservataire_signed_on, one.reservataire_signatory),
            },
            {
                "term": "Signature du bailleur",
                "value": _done(one.bailleur_signed_on, one.bailleur_signatory),
            },
        ],
        "changes": [change_view(change, {}) for change in one.changes],
        "action": f"{here}/avenants/{one.id}" if not is_done and side is next_side else "",
    }


def _scan(one: Scan, here: str) -> View:
    size = f"{labels.number(max(1, one.size // KILO))} ko"
    kept = labels.french_day(local_day(one.kept_at))
    return {
        "label": f"{SCANS[one.kind]}, dépôt du {kept}",
        "detail": f"PDF, {size}",
        "href": f"{here}/documents/{one.id}",
        "who": one.kept_by_name,
        "sha256": one.sha256,
    }


async def _events(tx: TenantTransaction, convention_id: UUID) -> list[View]:
    if not may(tx.actor, Permission.JOURNAL_READ):
        return []
    entries = await journal.timeline(tx, PageRequest(first=50), subject_id=convention_id)
    return [
        {**event, "title": ACTS.get(entry.act, event["title"])}
        for entry, event in zip(entries.items, views.timeline(entries.items), strict=True)
    ]
