"""One request: what is asked, the préfecture's decision, what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.notifications import JournalEntry
from server.db.paging import PageRequest
from server.db.urgences import Urgence
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.urgencies import UrgencyState
from server.errors import Conflict, Invalid, Motif
from server.operations import journal, urgences
from server.operations.flux import party_key
from server.operations.urgences import DecideUrgence
from server.pages import views
from server.pages.urgences.asking import partner_options, party_of
from server.pages.urgences.board import (
    LIST,
    OUT_OF_FLUX,
    charge_of,
    delay_of,
    row_view,
)
from server.pages.urgences.figures import STATES, hours
from server.pages.visits import Form, Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

FIELDS = {"charged_to": "imputation", "reason": "motif"}


async def show(visit: Visit) -> Response:
    return await _request_page(visit, FormData())


async def _request_page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        row = await urgences.get(tx, visit.path_id())
        entries = await _entries(tx, row.id)
        can_decide = may(tx.actor, Permission.URGENCE_DECIDE) and row.state == "requested"
        partners = await _partners(tx, row) if can_decide else {}
        now = tx.now
    form = Form(data=data)
    typed = {name: form.text(name) for name in ("decision", "imputation", "motif", "confirme")}
    if not data and row.proposed_reservataire_id:
        typed["imputation"] = party_key(row.proposed_reservataire_id, row.proposed_contingent)
    visit.breadcrumb = [LIST, {"label": row.title}]
    return visit.render(
        "urgence.html",
        title=row.title,
        status=status,
        motifs=motifs,
        urgence=row_view(row, now),
        facts=_facts(row, now, visit),
        effect=_effect(row),
        can_decide=can_decide,
        action=f"/urgences/{row.id}/decider",
        version=row.version,
        partners=partner_options(partners),
        typed=typed,
        events=views.timeline(entries),
    )


async def _entries(tx: TenantTransaction, urgence_id: UUID) -> list[JournalEntry]:
    if not may(tx.actor, Permission.JOURNAL_READ):
        return []
    found = await journal.timeline(tx, PageRequest(first=20), subject_id=urgence_id)
    return list(reversed(found.items))


async def _partners(tx: TenantTransaction, row: Urgence) -> dict[str, str]:
    year = local_day(row.requested_at).year
    return await urgences.partner_keys(tx, year, row.bailleur_id, row.insee)


def _facts(row: Urgence, now: datetime, visit: Visit) -> list[dict[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("Bailleur", row.bailleur_name),
        ("Logement", f"{row.dwelling_label}, {row.commune_name}"),
        ("Crise", views.capital(labels.URGENCY_KINDS[row.kind])),
        ("Ménages à reloger", row.households),
        ("Demandée le", labels.french_instant(row.requested_at)),
    ]
    if row.state == UrgencyState.REQUESTED:
        facts.append(("Attend depuis", hours(now - row.requested_at)))
        facts.append(("Imputation proposée", views.capital(charge_of(row))))
    else:
        facts.append(("Décidée le", labels.french_instant(row.decided_at or now)))
        facts.append(("Délai de décision", hours(delay_of(row) or timedelta())))
        if row.state == UrgencyState.APPROVED:
            facts.append(("Imputation", views.capital(charge_of(row))))
        if row.decision_reason:
            facts.append(("Motif", row.decision_reason))
    shown: list[dict[str, Any]] = [{"term": term, "value": value} for term, value in facts]
    if visit.actor.capacity is Capacity.BAILLEUR:
        shown[1]["action"] = {
            "label": "Voir la libération",
            "href": f"/liberations/{row.vacancy_id}",
        }
    return shown


def _effect(row: Urgence) -> dict[str, str]:
    """What the decision changes, and whether it is done."""
    if row.state == UrgencyState.REQUESTED:
        text = "Tant que la préfecture n'a pas décidé, le logement reste dans le flux."
        return {"tone": "info", "title": "En attente de la préfecture", "text": text}
    if row.state == UrgencyState.REFUSED:
        text = "Le logement reste dans le flux, comme avant la demande."
        return {"tone": "info", "title": "Demande refusée", "text": text}
    charge = charge_of(row)
    counted = (
        "Il ne compte dans la part d'aucun réservataire."
        if charge == OUT_OF_FLUX
        else f"Il compte dans la part de {charge}."
    )
    if row.applied_at is None:
        text = "Le portail retire l'offre en cours, s'il y en a une, et clôt la libération."
        return {"tone": "warning", "title": "Décision en cours d'application", "text": text}
    when = labels.french_instant(row.applied_at)
    text = f"Le logement est sorti du partage le {when}. {counted}"
    return {"tone": "success", "title": "Décision appliquée", "text": text}


async def decide(visit: Visit) -> Response:
    data = await visit.form()
    try:
        async with visit.writing() as tx:
            row = await urgences.decide(tx, _decided(visit.path_id(), Form(data=data)))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _request_page(visit, data, motifs=motifs, status=error.status)
    message = (
        f"Décision enregistrée : demande {STATES[row.state].lower()}. Le bailleur est prévenu."
    )
    return visit.redirect(f"/urgences/{row.id}", message=message)


def _decided(urgence_id: UUID, form: Form) -> DecideUrgence:
    decision = form.text("decision")
    if decision not in ("imputer", "hors_flux", "refuser"):
        message = "Choisissez votre décision."
        form.motifs.append(Motif(code="decision_required", message=message, field="decision"))
    if not form.flag("confirme"):
        message = "Confirmez que vous avez relu votre décision."
        form.motifs.append(Motif(code="confirmation_required", message=message, field="confirme"))
    version = form.integer("version", required=False)
    charged, contingent = party_of(form) if decision == "imputer" else (None, "none")
    form.check()
    return DecideUrgence(
        urgence_id=urgence_id,
        is_approved=decision != "refuser",
        charged_reservataire_id=charged,
        charged_contingent=contingent,
        is_out_of_flux=decision == "hors_flux",
        reason=form.text("motif") or None,
        expected_version=version,
    )
