"""What is said of the substitution of the préfet for a commune carencée."""

from __future__ import annotations

from server.db.substitutions import Substitution
from server.documents.mails import Message
from server.documents.messages.wording import Reader, footer
from server.domain import labels
from server.domain.substitutions import period_words


def substitution_message(template: str, row: Substitution, reader: Reader) -> Message:
    mark, paragraphs = _ended(row) if template == "substitution.ended" else _declared(row, reader)
    return Message(
        subject=f"[{mark}] {row.tenant_name} : le préfet {_what(template)}",
        preheader=paragraphs[0],
        paragraphs=paragraphs,
        details=(
            ("Commune", row.tenant_name),
            ("Arrêté", row.decree),
            ("Période", period_words(row.starts_on, row.ends_on)),
        ),
        action_label="Ouvrir la substitution",
        action_url=f"{reader.public_url}/substitutions/{row.id}",
        footer=footer(reader),
    )


def _what(template: str) -> str:
    ended = template == "substitution.ended"
    return "rend l'exercice des droits" if ended else "exerce ses droits"


def _declared(row: Substitution, reader: Reader) -> tuple[str, tuple[str, ...]]:
    period = period_words(row.starts_on, row.ends_on)
    first = (
        f"{row.prefecture_name} se substitue à {row.tenant_name}, {period}, pour ses réservations "
        "de logements (L302-9-1)."
    )
    own = (
        "Envoyez vos offres comme avant, sur la ligne de la commune : le portail les adresse à "
        "l'État, qui y répond et présente les candidats."
    )
    theirs = (
        "Les offres envoyées dans cette période sont adressées à l'État : vous les lisez, la "
        "préfecture y répond et présente les candidats. Celles que vous aviez déjà reçues restent "
        "à vous."
    )
    rest = "Les droits restent sur la ligne de la commune dans l'annexe 1 et dans les bilans."
    return "Substitution", (first, own if reader.is_bailleur else theirs, rest)


def _ended(row: Substitution) -> tuple[str, tuple[str, ...]]:
    last = labels.french_day(row.ends_on) if row.ends_on else ""
    first = (
        f"La substitution de {row.prefecture_name} à {row.tenant_name} prend fin le {last}, "
        "ce jour compris."
    )
    then = (
        "Les offres envoyées ensuite sont adressées à la commune, qui y répond. Celles que l'État "
        "a reçues restent à lui jusqu'au bout."
    )
    return "Fin de substitution", (first, then)
