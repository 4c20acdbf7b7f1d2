"""What each notification says, from what its recipient may read.

The subject says everything; a free text typed by somebody is never copied into a mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from server.db.bilans import Bilan
from server.db.caleol import CaleolSession
from server.db.orientations import Orientation
from server.db.urgences import Urgence
from server.documents.mails import Message
from server.domain import labels
from server.domain.bilans import is_provisional
from server.domain.deadlines import local_day


@dataclass(frozen=True, kw_only=True)
class Reader:
    """To which organisme a message goes, in which capacity, and where its links start."""

    name: str
    capacity: str
    contingent: str
    public_url: str

    @property
    def is_bailleur(self) -> bool:
        return self.capacity == "bailleur"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What changes from one message on an orientation to the next; `mark` opens the subject."""

    mark: str
    paragraph: str
    action: str = "Ouvrir l'orientation"
    suffix: str = ""
    deadline: str | None = None
    consequence: str | None = None


IF_NO_CANDIDATE = (
    "Sans candidat à cette échéance, le bailleur peut chercher lui-même des candidats pour le "
    "compte du réservataire, ou proposer le logement à un autre réservataire (art. 5.3)."
)


def _party(name: str, contingent: str) -> str:
    words = labels.CONTINGENTS[contingent]
    return f"{name}, contingent {words}" if words else name


def _footer(reader: Reader) -> tuple[str, ...]:
    return (
        f"Message automatique du Portail du flux pour : {_party(reader.name, reader.contingent)}.",
        (
            "Il ne contient aucune donnée nominative : candidats et motifs se lisent sur le "
            "portail, après connexion."
        ),
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"


# --- Orientations -----------------------------------------------------------------------------


def _home(row: Orientation) -> str:
    """A dwelling in the subject: T3 PLUS – Doussard; an unnamed financing says nothing."""
    home = row.dwelling
    if home is None:
        return row.commune_name
    financing = "" if home.financing == "other" else f" {labels.FINANCINGS[home.financing]}"
    return f"{labels.TYPOLOGIES[home.typology]}{financing} – {row.commune_name}"


def _reservataire(row: Orientation) -> str:
    return _party(row.reservataire_name, row.contingent)


def _candidates_due(row: Orientation) -> str | None:
    if row.candidates_due_at is None:
        return None
    return f"Candidats attendus avant le {labels.french_deadline(row.candidates_due_at)}."


def _sent(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark=f"À répondre avant le {labels.short_deadline(row.answer_due_at)}",
        paragraph=f"{row.bailleur_name} vous propose un logement libéré.",
        deadline=f"Réponse attendue avant le {labels.french_deadline(row.answer_due_at)}.",
        consequence="Que se passe-t-il si vous ne répondez pas ? L'offre est réputée acceptée et "
        f"vous avez {row.candidate_days} jours ouvrés pour présenter vos candidats (art. 5.3).",
        action="Répondre à l'offre",
    )


def _accept(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Offre acceptée",
        suffix=f" : {_reservataire(row)}",
        paragraph="Le réservataire accepte le logement que vous lui avez proposé.",
        deadline=_candidates_due(row),
        consequence=IF_NO_CANDIDATE,
    )


def _refuse(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Offre refusée",
        suffix=f" : {_reservataire(row)}",
        paragraph="Le réservataire refuse le logement. Vous pouvez le proposer à un autre ; le "
        "motif du refus, s'il y en a un, se lit sur le portail.",
    )


def _tacit(row: Orientation, reader: Reader) -> Wording:
    day = f" le {labels.french_day(row.accepted_on)}" if row.accepted_on else ""
    paragraph = f"Sans réponse dans le délai, l'offre est réputée acceptée{day} (art. 5.3)."
    if reader.is_bailleur:
        return Wording(
            mark="Offre réputée acceptée",
            suffix=f" : {_reservataire(row)}",
            paragraph=paragraph,
            deadline=_candidates_due(row),
            consequence=IF_NO_CANDIDATE,
        )
    due_at = row.candidates_due_at
    before = f" avant le {labels.short_deadline(due_at)}" if due_at else ""
    return Wording(
        mark=f"Candidats à présenter{before}",
        paragraph=paragraph,
        deadline=_candidates_due(row),
        consequence=IF_NO_CANDIDATE,
        action="Présenter des candidats",
    )


def _withdraw(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Offre retirée",
        paragraph=f"{row.bailleur_name} retire son offre : il n'y a plus rien à faire de votre "
        "part. Le motif se lit sur le portail.",
    )


def _complete(row: Orientation, reader: Reader) -> Wording:
    count = _plural(row.candidate_count, "candidat")
    has = "est présenté" if row.candidate_count == 1 else "sont présentés"
    paragraph = f"{count} {has} pour ce logement."
    if reader.is_bailleur:
        return Wording(
            mark="Candidats présentés",
            suffix=f" : {_reservataire(row)}",
            paragraph=f"{paragraph} Vous pouvez l'inscrire à l'ordre du jour d'une CALEOL.",
            action="Voir les candidats",
        )
    return Wording(
        mark="Candidats présentés",
        paragraph=f"{paragraph} Le bailleur l'inscrira à l'ordre du jour d'une CALEOL.",
    )


def _close_partial(row: Orientation, reader: Reader) -> Wording:
    following = (
        "Vous pouvez compléter la liste pour le compte du réservataire, ou inscrire le logement "
        "à une CALEOL en indiquant pourquoi il y a moins de trois candidats (R441-3)."
        if reader.is_bailleur
        else "Le bailleur peut compléter la liste pour votre compte (art. 5.3)."
    )
    return Wording(
        mark="Délai terminé, liste incomplète",
        paragraph="Le délai de présentation est terminé avec "
        f"{_plural(row.candidate_count, 'candidat')}. {following}",
    )


def _close_empty(_row: Orientation, reader: Reader) -> Wording:
    following = (
        "Vous pouvez chercher des candidats pour le compte du réservataire, ou proposer le "
        "logement à un autre réservataire (art. 5.3)."
        if reader.is_bailleur
        else "Le bailleur peut chercher lui-même des candidats pour votre compte, ou proposer le "
        "logement à un autre réservataire (art. 5.3)."
    )
    return Wording(
        mark="Délai terminé, aucun candidat",
        paragraph=f"Aucun candidat n'a été présenté dans le délai. {following}",
    )


def _decide(row: Orientation, _reader: Reader) -> Wording:
    outcome = "logement attribué" if row.attributed_on else "logement non attribué"
    return Wording(
        mark="Décision de la CALEOL",
        suffix=f" : {outcome}",
        paragraph=f"La commission de {row.bailleur_name} a rendu sa décision : {outcome}. "
        "Le détail, candidat par candidat, se lit sur le portail.",
        action="Lire la décision",
    )


def _lease(row: Orientation, _reader: Reader) -> Wording:
    day = f" le {labels.french_day(row.leased_on)}" if row.leased_on else ""
    return Wording(
        mark="Bail signé",
        paragraph=f"Le bail est signé{day} : l'attribution compte parmi celles suivies d'un bail.",
    )


ORIENTATION_WORDINGS: Mapping[str, Callable[[Orientation, Reader], Wording]] = {
    "orientation.sent": _sent,
    "orientation.accept": _accept,
    "orientation.refuse": _refuse,
    "orientation.tacit": _tacit,
    "orientation.withdraw": _withdraw,
    "orientation.complete": _complete,
    "orientation.close_partial": _close_partial,
    "orientation.close_empty": _close_empty,
    "orientation.decide": _decide,
    "orientation.lease": _lease,
}


def orientation_message(template: str, row: Orientation, reader: Reader) -> Message:
    wording = ORIENTATION_WORDINGS[template](row, reader)
    return Message(
        subject=f"[{wording.mark}] {_home(row)}{wording.suffix}",
        preheader=wording.deadline or wording.paragraph,
        paragraphs=(wording.paragraph,),
        details=_dwelling_details(row, with_address=template == "orientation.sent"),
        deadline=wording.deadline,
        consequence=wording.consequence if wording.deadline else None,
        action_label=wording.action,
        action_url=f"{reader.public_url}/orientations/{row.id}",
        footer=_footer(reader),
    )


def _dwelling_details(row: Orientation, *, with_address: bool) -> tuple[tuple[str, str], ...]:
    """The address only while the dwelling is empty: later it would be a household's."""
    home = row.dwelling
    details = [("Bailleur", row.bailleur_name), ("Réservataire", _reservataire(row))]
    if home is not None:
        details.append(("Logement", _size(row)))
        if with_address and home.address:
            details.append(("Adresse", f"{home.address}, {row.commune_name}"))
        if home.reference:
            details.append(("Référence du bailleur", home.reference))
    else:
        details.append(("Commune", row.commune_name))
    return tuple(details)


def _size(row: Orientation) -> str:
    home = row.dwelling
    if home is None:
        return row.commune_name
    typology, financing = labels.TYPOLOGIES[home.typology], labels.FINANCINGS[home.financing]
    surface = f"{labels.number(home.surface_m2)}{labels.NBSP}m²"
    qpv = labels.QPV["yes" if home.is_qpv else "no"]
    return f"{typology}, {surface}, financement {financing}, {row.commune_name}, {qpv}"


# --- Commission -------------------------------------------------------------------------------


def caleol_message(
    session: CaleolSession, agenda: Sequence[Orientation], reader: Reader
) -> Message:
    """`agenda`: the dwellings of the session that the reader may see, in order."""
    count = _plural(session.item_count or len(agenda), "logement")
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
        footer=_footer(reader),
    )


def _agenda_length(reader: Reader, count: str) -> tuple[tuple[str, str], ...]:
    """A réservataire reads its own dwellings only: their number is not the session's."""
    return () if reader.capacity == "reservataire" else (("Ordre du jour", count),)


def _item(row: Orientation, reader: Reader) -> str:
    if reader.capacity != "reservataire":
        return _size(row)
    return f"{_size(row)} ; {_plural(row.candidate_count, 'candidat')}"


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
        footer=_footer(reader),
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
        f"imputé au réservataire {_party(name, row.charged_contingent)}" if name else "hors flux"
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
        footer=_footer(reader),
    )
