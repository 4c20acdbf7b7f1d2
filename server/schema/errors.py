"""Refusals as data: what a mutation answers instead of its object."""

from __future__ import annotations

import strawberry
from strawberry.utils.str_converters import to_camel_case

from server.errors import Motif, PortalError

# The law names a fact, the input names what a client typed.
INPUT_NAMES = {
    "circumstances": "title",
    "household_count": "households",
    "charged_to": "charged_reservataire_id",
    "reservataire": "reservataire_id",
    "criteria": "criterion",
    "candidate": "candidate_id",
    "condition_due_on": "condition_until",
}


@strawberry.type(description="Un motif de refus.")
class ActError:
    code: str = strawberry.field(description="Code stable, pour les programmes.")
    field: str | None = strawberry.field(
        description="Le champ de l'entrée en cause, par exemple candidates.0.nud."
    )
    message: str = strawberry.field(description="Phrase en français, pour les personnes.")


def field_path(field: str | None) -> str | None:
    """`candidates.0.criteria` of the law is `candidates.0.criterion` of the input, in camelCase."""
    if field is None:
        return None
    return ".".join(to_camel_case(INPUT_NAMES.get(part, part)) for part in field.split("."))


def act_error(motif: Motif) -> ActError:
    return ActError(code=motif.code, field=field_path(motif.field), message=motif.message)


def act_errors(error: PortalError) -> list[ActError]:
    return [act_error(motif) for motif in error.motifs]
