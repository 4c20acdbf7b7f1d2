"""What is said of a convention: prepared, voted, signed, amended, near its term, ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from server.db.conventions import ConventionRecord
from server.documents.mails import Message
from server.documents.messages.wording import Reader, Wording, footer
from server.domain import labels
from server.domain.conventions import ConventionFacts, ConventionState, effective_last_day

OPEN = "Ouvrir la convention"
CONVENTION_WORDINGS: Mapping[str, Wording] = {
    "convention.prepared": Wording(
        mark="Projet de convention",
        paragraph="Le bailleur a préparé un projet de convention. Relisez-le ; rien n'engage avant "
        "la signature des deux parties.",
    ),
    "convention.edited": Wording(
        mark="Projet modifié",
        paragraph="Le bailleur a modifié son projet de convention, que personne n'a voté ni signé.",
    ),
    "convention.addressed": Wording(
        mark="Adresse générique",
        paragraph="L'adresse où partent les orientations a changé (art. 5.3). Vide, elle bloque "
        "tout envoi.",
    ),
    "convention.deliberate": Wording(
        mark="Délibération",
        paragraph="L'assemblée du réservataire a délibéré sur la convention.",
    ),
    "convention.sign": Wording(
        mark="Signature",
        paragraph="L'autre partie a enregistré sa signature. La convention engage les deux parties "
        "une fois signée par chacune.",
    ),
    "convention.reopen": Wording(
        mark="Projet rouvert",
        paragraph="Le bailleur a rouvert le projet : la délibération et les signatures "
        "enregistrées sont à refaire.",
    ),
    "convention.denounce": Wording(
        mark="Dénonciation",
        paragraph="L'autre partie s'oppose à la prochaine reconduction (art. 8) : la convention "
        "s'arrête à la fin de l'année en cours.",
    ),
    "convention.terminate": Wording(
        mark="Résiliation",
        paragraph="L'autre partie a enregistré la résiliation de la convention.",
    ),
    "convention.replaced": Wording(
        mark="Remplacement",
        paragraph="Une nouvelle convention signée par les deux parties remplace celle-ci.",
    ),
    "convention.amendment_proposed": Wording(
        mark="Avenant",
        paragraph="Le bailleur propose un avenant (art. 8). Rien ne change avant la signature des "
        "deux parties.",
    ),
    "convention.amendment_signed": Wording(
        mark="Avenant signé",
        paragraph="L'autre partie a enregistré sa signature de l'avenant.",
    ),
    "convention.scanned": Wording(
        mark="Document",
        paragraph="L'autre partie a déposé un document signé, conservé avec la convention.",
    ),
    "convention.renewing": Wording(
        mark="Reconduction",
        paragraph="La convention sera reconduite tacitement pour un an (art. 8). Chaque partie "
        "peut s'y opposer jusqu'à la veille.",
    ),
    "convention.expiring": Wording(
        mark="Échéance",
        paragraph="La convention s'éteint sans reconduction possible (art. 8) : préparez la "
        "suivante, sans quoi aucune orientation ne pourra être envoyée.",
    ),
}
"""By template; each act of the operations has its line."""


def convention_message(
    template: str, row: ConventionRecord, reader: Reader, *, turn_on: date | None
) -> Message:
    """`turn_on` is the day of the next renewal or of the day after the term, for the reminders."""
    wording = CONVENTION_WORDINGS[template]
    other = row.reservataire_name if reader.is_bailleur else row.bailleur_name
    details = [("Bailleur", row.bailleur_name), ("Réservataire", row.reservataire_name)]
    details.append(("Début", labels.french_day(row.starts_on)))
    if turn_on is not None and template == "convention.renewing":
        details.append(("Reconduction", labels.french_day(turn_on)))
    else:
        details.append(("Dernier jour", labels.french_day(_last_day(row))))
    return Message(
        subject=f"[{wording.mark}] Convention avec {other}",
        preheader=wording.paragraph,
        paragraphs=(wording.paragraph,),
        details=tuple(details),
        action_label=OPEN,
        action_url=f"{reader.public_url}/conventions/{row.id}",
        footer=footer(reader),
    )


def _last_day(row: ConventionRecord) -> date:
    return effective_last_day(
        ConventionFacts(
            state=ConventionState(row.state), starts_on=row.starts_on, ended_on=row.ended_on
        )
    )
