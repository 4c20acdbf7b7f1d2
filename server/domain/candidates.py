"""Candidates: the NUD, the three of R441-3, the DALO alone, the priorities of L441-1.

Only the NUD, flags and criteria are known here, and no message ever repeats a NUD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.errors import Motif

MAX_CANDIDATES = 3
"""Candidates that a reservataire presents for a dwelling (art. 5.3, R441-3)."""

DALO_CODE = "dalo"

_NUD = re.compile(r"[0-9A-Z]{18}")
_USUAL_NUD = re.compile(r"074\d{10}[0-9A-Z]{5}")


class Presenter(StrEnum):
    """Who named a candidate; the dwelling stays imputed to the reservataire (art. 5.3)."""

    RESERVATAIRE = "reservataire"
    BAILLEUR = "bailleur"


class FirstQuartile(StrEnum):
    """Whether the household is of the first income quartile (L441-1); the income is not kept."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Sensitivity(StrEnum):
    """How much a criterion reveals of a household, which decides who may read it."""

    NONE = "none"
    SOCIAL = "social"
    HEALTH = "health"
    HIGH = "high"


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One priority of L441-1 as dated data; its French words are in `labels`."""

    code: str
    sensitivity: Sensitivity
    valid_from: date
    valid_to: date | None = None

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def _criterion(code: str, sensitivity: Sensitivity) -> Criterion:
    return Criterion(code=code, sensitivity=sensitivity, valid_from=date(2023, 1, 1))


CRITERIA: tuple[Criterion, ...] = (
    _criterion(DALO_CODE, Sensitivity.SOCIAL),
    _criterion("viol", Sensitivity.HIGH),
    _criterion("a", Sensitivity.HEALTH),
    _criterion("b", Sensitivity.HEALTH),
    _criterion("c", Sensitivity.SOCIAL),
    _criterion("d", Sensitivity.SOCIAL),
    _criterion("e", Sensitivity.NONE),
    _criterion("f", Sensitivity.NONE),
    _criterion("g", Sensitivity.HIGH),
    _criterion("h", Sensitivity.HIGH),
    _criterion("i", Sensitivity.HIGH),
    _criterion("j", Sensitivity.NONE),
    _criterion("k", Sensitivity.SOCIAL),
    _criterion("l", Sensitivity.SOCIAL),
    _criterion("m", Sensitivity.SOCIAL),
)
"""L441-1 as recalled, letters a to m; to be re-read on Légifrance before release."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What the reservataire transmits (art. 6.1): no name, no income, no family.

    `nud` may be typed with spaces and lower case; `present` answers it normalised.
    """

    nud: str
    presented_by: Presenter = Presenter.RESERVATAIRE
    is_dalo: bool = False
    first_quartile: FirstQuartile = FirstQuartile.UNKNOWN
    criteria: frozenset[str] = frozenset()

    @property
    def has_dalo(self) -> bool:
        return self.is_dalo or DALO_CODE in self.criteria

    @property
    def is_priority(self) -> bool:
        """Whether the candidate serves the duty of 25 % (art. 6.1, L441-1)."""
        return self.has_dalo or bool(self.criteria)


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """The accepted candidates, in the order presented, and whether the list is complete."""

    added: tuple[Candidate, ...]
    is_complete: bool
    warnings: tuple[Motif, ...]


def criteria_on(day: date) -> tuple[Criterion, ...]:
    """The priority criteria in force on a day (L441-1)."""
    return tuple(criterion for criterion in CRITERIA if criterion.is_valid(day))


def normalise_nud(text: str) -> str:
    """A NUD as stored: no space, upper case."""
    return re.sub(r"\s", "", text).upper()


def nud_motifs(text: str, field: str = "nud") -> tuple[Motif, ...]:
    """What forbids a NUD: anything but 18 letters or digits once normalised (R441-2-3)."""
    if _NUD.fullmatch(normalise_nud(text)):
        return ()
    message = "Le numéro unique de demande (NUD) compte 18 chiffres ou lettres."
    return (Motif(code="nud_invalid", message=message, field=field),)


def nud_warnings(text: str, field: str = "nud") -> tuple[Motif, ...]:
    """A valid NUD of an unusual form: allowed, since the number has become national."""
    nud = normalise_nud(text)
    if not _NUD.fullmatch(nud) or _USUAL_NUD.fullmatch(nud):
        return ()
    message = "Ce numéro unique n'a pas la forme habituelle en Haute-Savoie : vérifiez-le."
    return (Motif(code="nud_unusual", message=message, field=field),)


def is_complete(count: int, *, has_dalo: bool) -> bool:
    """Three candidates, or one alone if DALO (R441-3, art. 5.3 and 6.3)."""
    return count >= MAX_CANDIDATES or (count == 1 and has_dalo)


def present(
    existing: Sequence[Candidate], new: Sequence[Candidate], *, on: date
) -> Presentation | tuple[Motif, ...]:
    """Add candidates to those of an orientation, all or none (art. 5.3, 6.1 and 6.3).

    Codes: candidates_empty, nud_invalid, nud_already_presented, criterion_unknown,
    too_many_candidates, dalo_not_alone. Fields are `candidates.<index>.nud` or `.criteria`.
    """
    added = tuple(_normalised(candidate) for candidate in new)
    motifs = (*_each(existing, added, on), *_together((*existing, *added), added))
    if motifs:
        return motifs
    everyone = (*existing, *added)
    return Presentation(
        added=added,
        is_complete=is_complete(len(everyone), has_dalo=any(one.has_dalo for one in everyone)),
        warnings=tuple(
            motif
            for index, one in enumerate(added)
            for motif in nud_warnings(one.nud, _field(index, "nud"))
        ),
    )


def _normalised(candidate: Candidate) -> Candidate:
    return Candidate(
        nud=normalise_nud(candidate.nud),
        presented_by=candidate.presented_by,
        is_dalo=candidate.has_dalo,
        first_quartile=candidate.first_quartile,
        criteria=candidate.criteria,
    )


def _field(index: int, name: str) -> str:
    return f"candidates.{index}.{name}"


def _each(existing: Sequence[Candidate], added: Sequence[Candidate], on: date) -> Iterator[Motif]:
    seen = {normalise_nud(one.nud) for one in existing}
    known = {criterion.code for criterion in criteria_on(on)}
    for index, candidate in enumerate(added):
        yield from nud_motifs(candidate.nud, _field(index, "nud"))
        if candidate.nud in seen:
            message = "Ce numéro unique est déjà présenté pour ce logement."
            field = _field(index, "nud")
            yield Motif(code="nud_already_presented", message=message, field=field)
        seen.add(candidate.nud)
        if not candidate.criteria <= known:
            message = "Ce critère de priorité n'est pas dans la liste en vigueur (art. L441-1)."
            field = _field(index, "criteria")
            yield Motif(code="criterion_unknown", message=message, field=field)


def _together(everyone: Sequence[Candidate], added: Sequence[Candidate]) -> Iterator[Motif]:
    if not added:
        yield Motif(code="candidates_empty", message="Indiquez au moins un candidat.")
    named = sum(one.presented_by is Presenter.RESERVATAIRE for one in everyone)
    if named > MAX_CANDIDATES:
        message = (
            "Le réservataire présente 3 candidats, un seul s'il s'agit d'un candidat DALO "
            "(convention, art. 5.3) : celui-ci serait le quatrième."
            if named == MAX_CANDIDATES + 1
            else "Le réservataire présente 3 candidats au plus (convention, art. 5.3)."
        )
        yield Motif(code="too_many_candidates", message=message)
    if len(everyone) > 1 and any(one.has_dalo for one in everyone):
        message = (
            "Un ménage reconnu DALO est proposé en candidature unique (convention, art. 6.3) : "
            "présentez-le seul, sans autre candidat pour ce logement."
        )
        yield Motif(code="dalo_not_alone", message=message)
