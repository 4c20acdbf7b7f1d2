"""The offers of a list as a file: nobody's name, no NUD, no criterion of the households."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from server.db.orientations import Orientation
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import last_day
from server.operations import orientations
from server.pages import views
from server.pages.exports import every, export_response
from server.pages.orientations.listing import TITLES, chips, read_asked
from server.pages.views import View
from server.pages.visits import Visit
from server.tenants.actors import Capacity

COLUMNS = (
    Column(code="insee", label="Code INSEE", description="Code de la commune du logement."),
    Column(code="commune", label="Commune", description="Commune du logement."),
    Column(
        code="logement",
        label="Logement",
        description="Typologie, financement et, pour les parties à l'offre, adresse.",
    ),
    Column(
        code="reference",
        label="Référence",
        description="Référence du bailleur, pour les parties à l'offre.",
    ),
    Column(code="bailleur", label="Bailleur", description="Bailleur qui propose le logement."),
    Column(
        code="reservataire",
        label="Réservataire",
        description="Organisme à qui le logement est proposé, avec son contingent.",
    ),
    Column(
        code="rang",
        label="Rang",
        kind=Kind.INTEGER,
        description="Numéro de l'offre pour ce logement libéré : 1 pour la première.",
    ),
    Column(code="etat", label="État", description="État de l'offre en droit, à l'édition."),
    Column(
        code="envoyee_le",
        label="Envoyée le",
        kind=Kind.DATE,
        description="Jour de l'envoi de l'offre.",
    ),
    Column(
        code="reponse_avant",
        label="Réponse jusqu'au",
        kind=Kind.DATE,
        description="Dernier jour pour répondre, jusqu'à 24 h (art. 5.3).",
    ),
    Column(
        code="acceptee_le",
        label="Acceptée le",
        kind=Kind.DATE,
        description="Jour de l'acceptation, expresse ou tacite.",
    ),
    Column(
        code="acceptation",
        label="Acceptation",
        description="Expresse, ou tacite faute de réponse dans le délai.",
    ),
    Column(
        code="candidats_avant",
        label="Candidats jusqu'au",
        kind=Kind.DATE,
        description="Dernier jour pour présenter des candidats, jusqu'à 24 h (art. 5.3).",
    ),
    Column(
        code="attribuee_le",
        label="Attribuée le",
        kind=Kind.DATE,
        description="Jour de la décision de la CALEOL.",
    ),
    Column(
        code="bail_le",
        label="Bail signé le",
        kind=Kind.DATE,
        description="Jour de la signature du bail.",
    ),
)


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        asked = await read_asked(visit, tx)
        found = await every(
            lambda request: orientations.list_page(
                tx, request, asked.wanted, due_first=asked.stage.is_urgent
            ),
            asked.sort,
        )
        scope = await orientations.scope(tx)
        rows = [_row(one, tx.now, tx.actor.capacity) for one in found]
    filters = [(chip["name"], chip["value"]) for chip in chips(visit, asked.stage, scope)]
    name = TITLES[visit.actor.capacity][0]
    return export_response(visit, name, COLUMNS, rows, [("Étape", asked.stage.label), *filters])


def _row(row: Orientation, now: datetime, capacity: Capacity) -> View:
    facts = views.in_law(row, now)
    acceptance = facts.acceptance.value if facts.acceptance else None
    due_at = facts.candidates_due_at
    return {
        "insee": row.insee,
        "commune": row.commune_name,
        "logement": views.offer_title(row),
        "reference": row.dwelling.reference if row.dwelling else None,
        "bailleur": row.bailleur_name,
        "reservataire": views.reservataire_of(row),
        "rang": row.rank,
        "etat": views.capital(labels.ORIENTATION_STATES[views.shown_state(row, now, capacity)]),
        "envoyee_le": row.sent_on,
        "reponse_avant": row.answer_last_day,
        "acceptee_le": facts.accepted_on,
        "acceptation": labels.ACCEPTANCES[acceptance] if acceptance else None,
        "candidats_avant": last_day(due_at) if due_at else None,
        "attribuee_le": row.attributed_on,
        "bail_le": row.leased_on,
    }
