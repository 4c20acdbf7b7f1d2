"""Two versions side by side: what moved in A, B, C, in the rights and in the rates."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.annexe import CommuneShare, LineRate
from server.operations.annexe_rates import ComputedAnnexe


@dataclass(frozen=True, kw_only=True)
class StockChange:
    """A commune before and now; None where it was not, or is no more."""

    insee: str
    name: str
    before: CommuneShare | None
    now: CommuneShare | None

    @property
    def is_changed(self) -> bool:
        if self.before is None or self.now is None:
            return True
        return self.before.stock != self.now.stock or (
            self.before.bailleur_share_bp != self.now.bailleur_share_bp
        )


@dataclass(frozen=True, kw_only=True)
class LineChange:
    """A line before and now; `reason` is the one typed with the change of its rights."""

    key: str
    reservataire: str
    contingent: str
    before: LineRate | None
    now: LineRate | None
    reason: str

    @property
    def is_changed(self) -> bool:
        if self.before is None or self.now is None:
            return True
        return self.before != self.now


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A version against another one, in the order of the first, then what it no longer has."""

    before: ComputedAnnexe
    now: ComputedAnnexe
    communes: tuple[StockChange, ...]
    lines: tuple[LineChange, ...]

    @property
    def is_changed(self) -> bool:
        return any(one.is_changed for one in self.communes) or any(
            one.is_changed for one in self.lines
        )


def compare(before: ComputedAnnexe, now: ComputedAnnexe) -> Comparison:
    return Comparison(
        before=before, now=now, communes=_communes(before, now), lines=_lines(before, now)
    )


def _communes(before: ComputedAnnexe, now: ComputedAnnexe) -> tuple[StockChange, ...]:
    old = {one.stock.insee: one for one in before.annexe.communes}
    new = {one.stock.insee: one for one in now.annexe.communes}
    return tuple(
        StockChange(
            insee=insee,
            name=(new.get(insee) or old[insee]).stock.name,
            before=old.get(insee),
            now=new.get(insee),
        )
        for insee in dict.fromkeys((*new, *old))
    )


def _lines(before: ComputedAnnexe, now: ComputedAnnexe) -> tuple[LineChange, ...]:
    old = {one.line.key: one for one in before.annexe.lines}
    new = {one.line.key: one for one in now.annexe.lines}
    reasons = {
        f"{row.reservataire_id}:{row.contingent}": row.change_reason or ""
        for row in now.facts.lines
    }
    return tuple(
        LineChange(
            key=key,
            reservataire=(new.get(key) or old[key]).line.reservataire,
            contingent=(new.get(key) or old[key]).line.contingent.value,
            before=old.get(key),
            now=new.get(key),
            reason=reasons.get(key, ""),
        )
        for key in dict.fromkeys((*new, *old))
    )
