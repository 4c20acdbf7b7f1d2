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


class ScopeMissing(Forbidden):
    """The organisme may, but this machine was not given `scope`; None: no scope gives it."""

    def __init__(self, scope: str | None) -> None:
        told = (
            f"Cet accès machine n'a pas la portée « {scope} » : le responsable de votre organisme "
            "peut en créer un autre."
            if scope
            else "Cette action est réservée aux personnes : aucune portée ne la donne."
        )
        PortalError.__init__(self, Motif(code="scope_missing", message=told))


class Conflict(PortalError):
    """The law or the state of the file forbids the act now."""

    status = 409


class Invalid(PortalError):
    """What was typed cannot be understood or breaks a rule; each motif names its field."""

    status = 422


class TooSlow(PortalError):
    """PostgreSQL cut a statement, or gave up waiting for another act; nothing has changed."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            Motif(
                code="too_slow",
                message="La demande a pris trop de temps et rien n'a été changé : resserrez la "
                "recherche, ou réessayez dans un instant.",
            )
        )


class TooMany(PortalError):
    """The caller has used up its measure; `retry_after` is in whole seconds, at least one."""

    status = 429

    def __init__(self, motif: Motif, *, retry_after: int) -> None:
        super().__init__(motif)
        self.retry_after = max(1, retry_after)
