"""What is said of a commission, an urgency, a bilan."""

from __future__ import annotations

from collections.abc import Sequence

from server.db.bilans import Bilan
from server.db.caleol import CaleolSession
from server.db.orientations import Orientation
from server.db.urgences import Urgence
from server.documents.mails import Message
from server.documents.messages.orientations import size
from server.documents.messages.wording import Reader, Wording, footer, party
from server.domain import labels
from server.domain.bilans import is_provisional
from server.domain.deadlines import local_day

# --- Commission -------------------------------------------------------------------------------


def caleol_message(
    session: CaleolSession, agenda: Sequence[Orientation], reader: Reader
) -> Message:
    """`agenda`: the dwellings of the session that the reader may see, in order."""
    count = labels.plural(session.item_count or len(agenda), "logement")
    details = [
        ("Commission", session.bailleur_name),
        ("Date", labels.french_instant(session.starts_at)),
        ("Mode", labels.SESSION_MODES[session.mode]),
        ("Lieu", session.place),
    ]
    details += [
        (f"Logement {position}", _item(row, reader)) for position, row in enumerate(agenda, 1)
    ]
    return Message(
        subject=f"[CALEOL {labels.short_instant(session.starts_at)}] {session.bailleur_name}",
        preheader=f"{labels.french_instant(session.starts_at)}, {session.place}",
        paragraphs=(
            (
                f"{session.bailleur_name} vous invite à sa commission d'attribution des logements "
                "et d'examen de l'occupation des logements (CALEOL)."
            ),
            "L'invitation jointe s'ajoute à votre agenda.",
        ),
        details=(*details, *_agenda_length(reader, count)),
        action_label="Ouvrir la séance",
        action_url=f"{reader.public_url}/caleol/{session.id}",
        footer=footer(reader),
    )


def _agenda_length(reader: Reader, count: str) -> tuple[tuple[str, str], ...]:
    """A réservataire reads its own dwellings only: their number is not the session's."""
    return () if reader.capacity == "reservataire" else (("Ordre du jour", count),)


def _item(row: Orientation, reader: Reader) -> str:
    if reader.capacity != "reservataire":
        return size(row)
    return f"{size(row)} ; {labels.plural(row.candidate_count, 'candidat')}"


# --- Urgencies --------------------------------------------------------------------------------


def urgence_message(template: str, row: Urgence, reader: Reader) -> Message:
    compose = {"urgence.requested": _urgence_requested, "urgence.decided": _urgence_decided}
    wording = compose[template](row, reader)
    details = (
        ("Bailleur", row.bailleur_name),
        ("Commune", row.commune_name),
        ("Crise", labels.URGENCY_KINDS[row.kind]),
        ("Ménages à reloger", str(row.households)),
        ("Demandée le", labels.french_instant(row.requested_at)),
    )
    return Message(
        subject=f"[{wording.mark}] Affectation d'urgence – {row.commune_name}{wording.suffix}",
        preheader=wording.paragraph,
        paragraphs=(wording.paragraph,),
        details=details,
        consequence=wording.consequence,
        action_label=wording.action,
        action_url=f"{reader.public_url}/urgences/{row.id}",
        footer=footer(reader),
    )


def _urgence_requested(row: Urgence, _reader: Reader) -> Wording:
    return Wording(
        mark="À décider",
        suffix=f" : {labels.URGENCY_KINDS[row.kind]}",
        paragraph=f"{row.bailleur_name} demande l'affectation d'urgence d'un logement libéré.",
        consequence="La préfecture décide en dernier ressort (art. 2.4). Tant qu'elle n'a pas "
        "décidé, le logement reste dans le flux.",
        action="Décider",
    )


def _urgence_decided(row: Urgence, reader: Reader) -> Wording:
    if row.state == "refused":
        return Wording(
            mark="Refusée",
            paragraph="La préfecture refuse l'affectation d'urgence : le logement reste dans le "
            "flux. Le motif se lit sur le portail.",
            action="Lire la décision",
        )
    name = row.charged_reservataire_name
    charge = (
        f"imputé au réservataire {party(name, row.charged_contingent)}" if name else "hors flux"
    )
    return Wording(
        mark="Validée" if reader.is_bailleur else "Imputée à votre contingent",
        paragraph=f"La préfecture valide l'affectation d'urgence : le logement est {charge} "
        "(art. 2.4).",
        action="Lire la décision",
    )


# --- Bilans -----------------------------------------------------------------------------------


def bilan_message(row: Bilan, reader: Reader) -> Message:
    provisional = " provisoire" if is_provisional(row.year, local_day(row.published_at)) else ""
    return Message(
        subject=f"[Bilan {row.year}{provisional}] {row.bailleur_name}, version {row.version}",
        preheader=f"Bilan {row.year}{provisional} de la gestion en flux.",
        paragraphs=(
            (
                f"{row.bailleur_name} publie le bilan{provisional} de l'année {row.year} : flux "
                "détaillé, flux consolidé, hors flux (art. 7 ; R441-5-1)."
            ),
        ),
        details=(
            ("Bailleur", row.bailleur_name),
            ("Année", str(row.year)),
            ("Version", str(row.version)),
            ("Publié le", labels.french_instant(row.published_at)),
        ),
        action_label="Ouvrir le bilan",
        action_url=f"{reader.public_url}/bilans/{row.id}",
        footer=footer(reader),
    )
