"""Preparing annexe 1: the yearly update of the rights, what forbids to publish, the deadline.

droits(N) = droits(N-1) - expired + new; each change has its reason (art. 4). The photograph of
the stock is that of 31 December N-1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from server.domain import labels
from server.domain.annexe import (
    STATE,
    STATE_CEILING_BP,
    Annexe,
    CommuneStock,
    Denominator,
    LineRate,
    divisor,
    rate_bp,
)
from server.errors import Motif

DEROGABLE = frozenset({"state_over_ceiling", "fonctionnaires_over_ceiling"})
"""Ceilings that only an arrêté of the préfet lets exceed (R441-5-2 I)."""


@dataclass(frozen=True, kw_only=True)
class Derogation:
    """An arrêté of the préfet over the State's ceilings, for one year at most."""

    reference: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """How the rights of a line came from last year's; `previous` is None for a new line."""

    key: str
    reservataire: str
    previous: Decimal | None
    expired: Decimal = Decimal(0)
    added: Decimal = Decimal(0)
    reason: str = ""

    @property
    def droits(self) -> Decimal:
        return (self.previous or Decimal(0)) - self.expired + self.added

    @property
    def is_changed(self) -> bool:
        return self.previous is not None and bool(self.expired or self.added)


def photo_day(year: int) -> date:
    """The day on which the stock is counted for the annexe of a year (art. 4)."""
    return date(year - 1, 12, 31)


def notice_last_day(year: int) -> date:
    """The last day to tell every party its rate: the convention says before 28 February."""
    return date(year, 2, 27)


def rolling_motifs(line: Rolling) -> Iterator[Motif]:
    """Why this update of a line may not be kept; fields: expired, added, reason."""
    for field, value in (("expired", line.expired), ("added", line.added)):
        if value < 0:
            message = "Un nombre de droits ne peut pas être négatif."
            yield Motif(code="negative_number", message=message, field=field)
    if line.previous is not None and line.expired > line.previous:
        message = (
            f"Il ne peut pas expirer plus de droits que les {labels.number(line.previous)} de "
            "l'annexe précédente."
        )
        yield Motif(code="expired_exceeds_previous", message=message, field="expired")
    if line.is_changed and not line.reason:
        message = "Dites pourquoi les droits changent : la convention expirée, le programme signé."
        yield Motif(code="reason_required", message=message, field="reason")


def on_flux(rate: LineRate, communes: Sequence[CommuneStock]) -> int | None:
    """What the same rights would give over C, in 1/100 %: shown beside, never signed (Q2).

    None when the perimeter has no dwelling in the flux.
    """
    flux = divisor(replace(rate.line, denominator=Denominator.FLUX), communes)
    return rate_bp(rate.droits, flux) if flux > 0 else None


def in_force(derogations: Collection[Derogation], on: date) -> Derogation | None:
    return next((one for one in derogations if one.starts_on <= on <= one.ends_on), None)


def applies_on(year: int, today: date) -> date:
    """The day whose derogation counts: today, or 1 January of an annexe not begun yet."""
    return max(today, date(year, 1, 1))


def publication_motifs(
    annexe: Annexe, *, year: int, today: date, derogations: Collection[Derogation]
) -> tuple[Motif, ...]:
    """What forbids to publish: the arithmetic, the State's ceilings, a photograph not taken yet."""
    return tuple(_publication_motifs(annexe, year, today, derogations))


def _publication_motifs(
    annexe: Annexe, year: int, today: date, derogations: Collection[Derogation]
) -> Iterator[Motif]:
    yield from annexe.motifs
    if not annexe.communes:
        message = "Aucun logement compté : il n'y a rien à publier."
        yield Motif(code="no_dwellings", message=message)
    if not annexe.lines:
        message = "Aucune ligne de droits : ajoutez les réservataires et leurs droits."
        yield Motif(code="no_lines", message=message)
    if photo_day(year) >= today:
        day = labels.french_day(photo_day(year))
        message = f"Les logements se comptent au {day} : l'annexe se publie après ce jour."
        yield Motif(code="photo_in_future", message=message)
    if in_force(derogations, applies_on(year, today)) is None:
        yield from (one for one in annexe.warnings if one.code in DEROGABLE)


def publication_warnings(
    annexe: Annexe, *, year: int, today: date, derogations: Collection[Derogation]
) -> tuple[Motif, ...]:
    """What is told and does not block (R441-5-2 I and II, R441-5-4)."""
    return tuple(_publication_warnings(annexe, year, today, derogations))


def _publication_warnings(
    annexe: Annexe, year: int, today: date, derogations: Collection[Derogation]
) -> Iterator[Motif]:
    granted = in_force(derogations, applies_on(year, today))
    for one in annexe.warnings:
        if one.code not in DEROGABLE:
            yield one
        elif granted is not None:
            message = f"{one.message} Dérogation enregistrée : {granted.reference}."
            yield replace(one, message=message)
    yield from _floors(annexe)
    for rate in annexe.lines:
        if rate.droits == 0:
            message = f"La ligne « {rate.line.reservataire} » n'a aucun droit : son taux est nul."
            yield Motif(code="line_without_right", message=message, field=rate.line.key)


def _floors(annexe: Annexe) -> Iterator[Motif]:
    """The State's share is the same in each commune, at least 30 % outside QPV unless agreed."""
    shares = {
        share.stock.name: sum(
            signed for rate, signed in share.rates if rate.line.contingent in STATE
        )
        for share in annexe.communes
    }
    low = [name for name, signed in shares.items() if signed < STATE_CEILING_BP]
    if low:
        message = (
            f"L'État reçoit moins de 30 % à {', '.join(low)} : hors des quartiers prioritaires, "
            "il faut que la convention de l'État l'ait prévu (R441-5-2 II)."
        )
        yield Motif(code="state_under_floor", message=message)
    if len(set(shares.values())) > 1:
        message = (
            "La part de l'État n'est pas la même dans chaque commune : il faut que sa convention "
            "l'ait prévu (R441-5-2 II)."
        )
        yield Motif(code="state_not_uniform", message=message)
