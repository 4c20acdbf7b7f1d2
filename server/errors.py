"""What can go wrong for a user: a status, a stable code, a French sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Motif:
    """One reason why an act is refused: a stable code, a French sentence, the field it concerns."""

    code: str
    message: str
    field: str | None = None


class ConfigurationError(Exception):
    """The installation is not as it must be; the sentence says what to do."""


class PortalError(Exception):
    """A refusal told to the user; carries one or several motifs."""

    status: ClassVar[int] = 500

    def __init__(self, *motifs: Motif) -> None:
        super().__init__(", ".join(motif.code for motif in motifs))
        self.motifs = motifs

    @property
    def code(self) -> str:
        return self.motifs[0].code

    @property
    def message(self) -> str:
        return " ".join(motif.message for motif in self.motifs)


class NotFound(PortalError):
    """Absent, or present for somebody else: both look alike."""

    status = 404

    def __init__(self, message: str = "Cette page ou cet élément n'existe pas.") -> None:
        super().__init__(Motif(code="not_found", message=message))


class Forbidden(PortalError):
    """Visible, but this person's role does not allow the act."""

    status = 403

    def __init__(
        self, message: str = "Votre rôle dans cet organisme ne permet pas cette action."
    ) -> None:
        super().__init__(Motif(code="forbidden", message=message))


class Conflict(PortalError):
    """The law or the state of the file forbids the act now."""

    status = 409


class Invalid(PortalError):
    """What was typed cannot be understood or breaks a rule; each motif names its field."""

    status = 422
