"""What a machine may be allowed: a small vocabulary, each word a set of permissions.

A scope narrows, never widens: what the organisme's capacity may not do, no scope gives. Managing
people and machines is in none of them. The permissions are written as their texts, because
`permissions.py` reads this table; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterable

SCOPES: dict[str, frozenset[str]] = {
    "flux:lire": frozenset({
        *("flux.read", "department.read", "convention.read", "substitution.read",
          "assiette.read", "scenario.read"),
    }),
    "flux:agir": frozenset({
        *("flux.read", "annexe.prepare", "scenario.read", "scenario.prepare"),
    }),
    "patrimoine:lire": frozenset({"dwelling.read"}),
    "liberations:lire": frozenset({"vacancy.read", "dwelling.read"}),
    "liberations:agir": frozenset({"vacancy.read", "dwelling.read", "vacancy.register"}),
    "orientations:lire": frozenset({"orientation.read", "journal.read", "closure.read"}),
    "orientations:agir": frozenset({
        *("orientation.read", "journal.read", "closure.read"),
        *("orientation.send", "orientation.answer", "lease.record", "closure.declare"),
    }),
    "candidats:lire": frozenset({"candidates.read", "orientation.read"}),
    "candidats:agir": frozenset({
        *("candidates.read", "orientation.read"),
        *("candidates.present", "candidates.complete"),
    }),
    "caleol:lire": frozenset({"caleol.read", "orientation.read"}),
    "caleol:agir": frozenset({"caleol.read", "orientation.read", "caleol.hold"}),
    "urgences:lire": frozenset({"urgence.read"}),
    "urgences:agir": frozenset({"urgence.read", "urgence.request", "urgence.decide"}),
    "bilans:lire": frozenset({"bilan.read", "dossier.read"}),
    "bilans:agir": frozenset({"bilan.read", "bilan.publish"}),
    "notifications:lire": frozenset({"notification.read"}),
}  # fmt: skip
EVERY_SCOPE = frozenset(SCOPES)
FOR_PEOPLE = frozenset({
    *("exclusion.date", "charte.revise"),
    *("import.read", "import.act"),
    *("machines.manage", "people.read", "people.manage", "substitution.declare"),
    *("convention.prepare", "convention.sign"),
})  # fmt: skip
"""What no scope gives, each time on purpose."""


def allowed_by(scopes: Iterable[str]) -> frozenset[str]:
    """The permissions of these scopes; a word that is not in the vocabulary gives none."""
    return frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))


def scope_for(permission: str) -> str | None:
    """The narrowest scope that would allow this; None where only people may."""
    giving = [scope for scope, given in SCOPES.items() if permission in given]
    return min(giving, key=lambda scope: len(SCOPES[scope]), default=None)
