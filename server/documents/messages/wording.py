"""What the messages share: who reads, and the words that change from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain import labels


@dataclass(frozen=True, kw_only=True)
class Reader:
    """To which organisme a message goes, in which capacity, and where its links start.

    `answer_url`: where an offer is answered without an account, if its organisme lets it;
    `mail_domain` makes the identifiers of what goes into a diary unique.
    """

    name: str
    capacity: str
    contingent: str
    public_url: str
    answer_url: str = ""
    mail_domain: str = "portail.invalid"

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


def party(name: str, contingent: str) -> str:
    words = labels.CONTINGENTS[contingent]
    return f"{name}, contingent {words}" if words else name


def footer(reader: Reader) -> tuple[str, ...]:
    return (
        f"Message automatique du Portail du flux pour : {party(reader.name, reader.contingent)}.",
        (
            "Il ne contient aucune donnée nominative : candidats et motifs se lisent sur le "
            "portail, après connexion."
        ),
    )
