"""The sheet of an offer for a mairie without network: read, ticked, signed, handed back."""

from __future__ import annotations

from uuid import UUID

from server.db.orientations import Orientation
from server.documents.messages.orientations import size
from server.documents.messages.wording import party
from server.documents.papers import Heading, Items, Paper, Party, Signatures, Text
from server.domain import labels

TITLE = "Réponse à une offre de logement"
BOX = "\u2610"
BLANK = "\u2026" * 30


def reference_of(orientation_id: UUID) -> str:
    """Short enough for the telephone: « A1B2-C3D4 », the end of the identifier."""
    end = orientation_id.hex[-8:].upper()
    return f"{end[:4]}-{end[4:]}"


def answer_sheet(row: Orientation, *, public_url: str) -> Paper:
    """One page: which dwelling, until when, what each box does, what silence does."""
    due = labels.french_deadline(row.answer_due_at)
    reservataire = party(row.reservataire_name, row.contingent)
    return Paper(
        title=TITLE,
        subtitle=f"Offre n° {reference_of(row.id)} du {labels.french_day(row.sent_on)}",
        blocks=(
            Heading(text="Le logement proposé"),
            Items(items=_home(row, reservataire)),
            Heading(text="Avant quand répondre"),
            Text(text=f"Réponse attendue avant le {due}."),
            Text(
                text="C'est le jour où le bailleur reçoit votre réponse qui compte. Sans réponse "
                "à cette date, l'offre est réputée acceptée et vous avez "
                f"{row.candidate_days} jours ouvrés pour présenter des candidats (convention, "
                "art. 5.3)."
            ),
            Heading(text="Votre réponse (cochez une case)"),
            Text(
                text=f"{BOX}  Nous acceptons ce logement. Nous avons alors {row.candidate_days} "
                "jours ouvrés, à compter de ce jour, pour présenter trois candidats, ou un seul "
                "ménage reconnu DALO."
            ),
            Text(
                text=f"{BOX}  Nous refusons ce logement. Le bailleur peut le proposer à un autre "
                "réservataire ; un refus ne se reprend pas."
            ),
            Text(text="Motif du refus (facultatif, sans nommer personne) :"),
            Text(text=BLANK),
            _signature(reservataire),
        ),
        footer=f"Offre {reference_of(row.id)} — {public_url}/orientations/{row.id}",
    )


def _home(row: Orientation, reservataire: str) -> tuple[str, ...]:
    facts = [f"Bailleur : {row.bailleur_name}", f"Réservataire : {reservataire}", size(row)]
    if row.dwelling and row.dwelling.address:
        facts.append(f"Adresse : {row.dwelling.address}, {row.commune_name}")
    if row.dwelling and row.dwelling.reference:
        facts.append(f"Référence du bailleur : {row.dwelling.reference}")
    return tuple(facts)


def _signature(reservataire: str) -> Signatures:
    return Signatures(
        parties=(
            Party(
                name=f"Pour {reservataire}",
                lines=("Nom et fonction :", "Date :", "Signature et cachet :"),
            ),
            Party(name="Reçu par le bailleur", lines=("Date de réception :", "Par :")),
        )
    )
