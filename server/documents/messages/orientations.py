"""What is said of an offer, from its sending to the lease."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from server.db.orientations import Orientation
from server.documents.mails import Message
from server.documents.messages.wording import Reader, Wording, footer, party
from server.domain import labels
from server.domain.delivery_labels import RESTARTS
from server.domain.mail_kinds import REMINDER
from server.domain.orientations import State

OFFERS = frozenset({"orientation.sent", "orientation.resend"})
"""The mails that carry an offer: without one of them, nothing was offered."""

ANSWER_TEMPLATES = OFFERS | {"orientation.restart"}
SEARCH_TEMPLATES = frozenset({"orientation.accept", "orientation.tacit", "orientation.extend"})
"""The mails that announce a date: of the answer, of the candidates."""

IF_NO_CANDIDATE = (
    "Sans candidat à cette échéance, le bailleur peut chercher lui-même des candidats pour le "
    "compte du réservataire, ou proposer le logement à un autre réservataire (art. 5.3)."
)


def home_of(row: Orientation) -> str:
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


def _title(row: Orientation) -> str:
    """Why it is offered beside the flux: a right of one letting."""
    if row.droit_unique_id is None:
        return ""
    programme = f", programme {row.programme}" if row.programme else ""
    return f" au titre d'un droit unique{programme}"


def _sent(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark=f"À répondre avant le {labels.short_deadline(row.answer_due_at)}",
        paragraph=f"{row.bailleur_name} vous propose un logement libéré{_title(row)}.",
        deadline=f"Réponse attendue avant le {labels.french_deadline(row.answer_due_at)}.",
        consequence="Que se passe-t-il si vous ne répondez pas ? L'offre est réputée acceptée et "
        f"vous avez {row.candidate_days} jours ouvrés pour présenter vos candidats (art. 5.3).",
        action="Répondre à l'offre",
    )


def _resend(row: Orientation, reader: Reader) -> Wording:
    again = "Le premier courriel ne vous est pas parvenu : votre délai de réponse recommence."
    return replace(
        _sent(row, reader),
        paragraph=f"{row.bailleur_name} vous propose un logement libéré{_title(row)}. {again}",
    )


def _reminder(row: Orientation, reader: Reader) -> Wording:
    """What silence would decide, once more, before it does: by the portal, or by the bailleur."""
    if row.state == State.SENT:
        return replace(
            _sent(row, reader),
            mark=f"Rappel : à répondre avant le {labels.short_deadline(row.answer_due_at)}",
            paragraph=f"L'offre de {row.bailleur_name} attend toujours votre réponse.",
        )
    before = (
        f" avant le {labels.short_deadline(row.candidates_due_at)}" if row.candidates_due_at else ""
    )
    return Wording(
        mark=f"Rappel : candidats à présenter{before}",
        paragraph=f"{labels.plural(row.candidate_count, 'candidat')} à ce jour pour ce logement de "
        f"{row.bailleur_name} ; la convention en demande trois, ou un ménage reconnu DALO.",
        deadline=_candidates_due(row),
        consequence=IF_NO_CANDIDATE,
        action="Présenter des candidats",
    )


def _restart(row: Orientation, reader: Reader) -> Wording:
    """The receipt says why; the new limit is the same for both."""
    why = RESTARTS.get(row.answer_receipt.get("restart", ""), "")
    if not reader.is_bailleur:
        return replace(
            _sent(row, reader),
            mark=f"Nouveau délai, à répondre avant le {labels.short_deadline(row.answer_due_at)}",
            paragraph=f"{why} Votre délai de réponse recommence en entier.",
        )
    return Wording(
        mark="Délai de réponse recommencé",
        suffix=f" : {_reservataire(row)}",
        paragraph=f"{why} Le délai de réponse du réservataire recommence en entier.",
        deadline=f"Réponse attendue avant le {labels.french_deadline(row.answer_due_at)}.",
    )


def _undelivered(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Offre non remise",
        suffix=f" : {_reservataire(row)}",
        paragraph="Le courriel qui porte cette offre n'est pas arrivé à l'adresse du réservataire. "
        "Sans remise, le silence ne vaut pas acceptation : le délai de réponse ne court pas. "
        "Corrigez l'adresse, puis renvoyez l'offre ; le délai recommencera en entier.",
        action="Corriger et renvoyer",
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


def _renounce(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Renonciation",
        suffix=f" : {_reservataire(row)}",
        paragraph="Le réservataire renonce au logement qu'il avait accepté. Vous pouvez chercher "
        "des candidats pour son compte, proposer le logement à un autre réservataire, ou accorder "
        "un délai (art. 5.3).",
        action="Choisir la suite",
    )


def _withdraw(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Offre retirée",
        paragraph=f"{row.bailleur_name} retire son offre : il n'y a plus rien à faire de votre "
        "part. Le motif se lit sur le portail.",
    )


def _complete(row: Orientation, reader: Reader) -> Wording:
    count = labels.plural(row.candidate_count, "candidat")
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
        f"{labels.plural(row.candidate_count, 'candidat')}. {following}",
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
        paragraph=f"{row.bailleur_name} vous accorde un délai supplémentaire "
        f"(n°{labels.NBSP}{row.extension_count}) pour présenter des candidats.",
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


def _received(row: Orientation, _reader: Reader) -> Wording:
    is_refused = row.state == "refused"
    said = "un refus" if is_refused else "une acceptation"
    return Wording(
        mark="Réponse enregistrée par le bailleur",
        suffix=" : refus" if is_refused else " : acceptation",
        paragraph=f"{row.bailleur_name} a enregistré {said} de votre part, reçu hors du portail. "
        "Le détail se lit sur le portail ; si cette réponse n'est pas la vôtre, dites-le-lui.",
        deadline=None if is_refused else _candidates_due(row),
        consequence=None if is_refused else IF_NO_CANDIDATE,
        action="Vérifier la réponse",
    )


def _rectified(row: Orientation, _reader: Reader) -> Wording:
    is_undone = row.state == "withdrawn"
    effect = (
        "l'offre ne vous était pas destinée, il n'y a plus rien à faire de votre part"
        if is_undone
        else "une date de ce dossier est corrigée"
    )
    return Wording(
        mark="Rectification",
        paragraph=f"{row.bailleur_name} rectifie un acte : {effect}. L'acte d'origine, la "
        "rectification et son motif se lisent tous deux sur le portail.",
        deadline=_candidates_due(row) if row.state == "searching" else None,
        action="Lire la rectification",
    )


def _next_rank(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Candidat suivant",
        paragraph=f"Le candidat retenu n'a pas pris le logement : {row.bailleur_name} le propose "
        "au candidat de rang suivant, qui a au moins dix jours pour répondre (R441-10).",
        action="Suivre l'attribution",
    )


def _fail_lease(row: Orientation, _reader: Reader) -> Wording:
    return Wording(
        mark="Aucun bail signé",
        paragraph="Aucun des candidats retenus n'a pris le logement : il est libre à nouveau. "
        f"{row.bailleur_name} peut vous le proposer encore, ou à un autre réservataire.",
    )


ORIENTATION_WORDINGS: Mapping[str, Callable[[Orientation, Reader], Wording]] = {
    "orientation.sent": _sent,
    "orientation.resend": _resend,
    "orientation.restart": _restart,
    REMINDER: _reminder,
    "orientation.undelivered": _undelivered,
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
    "orientation.remind": _reminder,
    "orientation.received": _received,
    "orientation.rectified": _rectified,
    "orientation.next_rank": _next_rank,
    "orientation.lease": _lease,
    "orientation.fail_lease": _fail_lease,
    "orientation.renounce": _renounce,
}


ANSWERED = ANSWER_TEMPLATES | {REMINDER, "orientation.remind"}
"""What asks for an answer carries the link of the shared mailbox."""


def orientation_message(template: str, row: Orientation, reader: Reader) -> Message:
    wording = ORIENTATION_WORDINGS[template](row, reader)
    answers = bool(reader.answer_url) and template in ANSWERED and row.state == "sent"
    return Message(
        subject=f"[{wording.mark}] {home_of(row)}{wording.suffix}",
        preheader=wording.deadline or wording.paragraph,
        paragraphs=(wording.paragraph,),
        details=_dwelling_details(row, with_address=template in OFFERS),
        deadline=wording.deadline,
        consequence=wording.consequence if wording.deadline else None,
        action_label=wording.action,
        action_url=f"{reader.public_url}/orientations/{row.id}",
        second_label="Répondre sans compte, avec votre nom et votre fonction" if answers else "",
        second_url=reader.answer_url if answers else "",
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
