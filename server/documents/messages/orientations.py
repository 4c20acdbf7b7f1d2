"""What is said of an offer, from its sending to the lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from server.db.orientations import Orientation
from server.documents.mails import Message
from server.documents.messages.wording import Reader, Wording, footer, party, plural
from server.domain import labels

IF_NO_CANDIDATE = (
    "Sans candidat à cette échéance, le bailleur peut chercher lui-même des candidats pour le "
    "compte du réservataire, ou proposer le logement à un autre réservataire (art. 5.3)."
)


def _home(row: Orientation) -> str:
    """A dwelling in the subject: T3 PLUS – Doussard; an unnamed financing says nothing."""
    home = row.dwelling
    if home is None:
        return row.commune_name
    financing = "" if home.financing == "other" else f" {labels.FINANCINGS[home.financing]}"
    return f"{labels.TYPOLOGIES[home.typology]}{financing} – {row.commune_name}"


def _reservataire(row: Orientation) -> str:
    return party(row.reservataire_name, row.contingent)


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
    count = plural(row.candidate_count, "candidat")
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
        f"{plural(row.candidate_count, 'candidat')}. {following}",
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


def _search_on_behalf(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Recherche par le bailleur",
        paragraph=f"{row.bailleur_name} cherche des candidats pour votre compte (art. 5.3). Le "
        "logement reste compté parmi ceux orientés vers vous.",
    )


def _reorient(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Logement réorienté",
        paragraph=f"Sans candidat dans le délai, {row.bailleur_name} propose ce logement à un "
        "autre réservataire (art. 5.3).",
    )


def _extend(row: Orientation, _reader: Reader) -> Wording:
    due_at = row.candidates_due_at
    before = f" avant le {labels.short_deadline(due_at)}" if due_at else ""
    return Wording(
        mark=f"Candidats à présenter{before}",
        paragraph=f"{row.bailleur_name} vous accorde un délai supplémentaire pour présenter des "
        "candidats.",
        deadline=_candidates_due(row),
        consequence=IF_NO_CANDIDATE,
        action="Présenter des candidats",
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
    "orientation.search_on_behalf": _search_on_behalf,
    "orientation.reorient": _reorient,
    "orientation.extend": _extend,
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
        footer=footer(reader),
    )


def _dwelling_details(row: Orientation, *, with_address: bool) -> tuple[tuple[str, str], ...]:
    """The address only while the dwelling is empty: later it would be a household's."""
    home = row.dwelling
    details = [("Bailleur", row.bailleur_name), ("Réservataire", _reservataire(row))]
    if home is not None:
        details.append(("Logement", size(row)))
        if with_address and home.address:
            details.append(("Adresse", f"{home.address}, {row.commune_name}"))
        if home.reference:
            details.append(("Référence du bailleur", home.reference))
    else:
        details.append(("Commune", row.commune_name))
    return tuple(details)


def size(row: Orientation) -> str:
    home = row.dwelling
    if home is None:
        return row.commune_name
    typology, financing = labels.TYPOLOGIES[home.typology], labels.FINANCINGS[home.financing]
    surface = f"{labels.number(home.surface_m2)}{labels.NBSP}m²"
    qpv = labels.QPV["yes" if home.is_qpv else "no"]
    return f"{typology}, {surface}, financement {financing}, {row.commune_name}, {qpv}"
