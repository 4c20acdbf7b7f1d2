"""An annexe 1 as stored, made into what the law computes of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.db import flux
from server.domain import annexe as law
from server.domain.annexe import (
    Annexe,
    CommuneStock,
    Contingent,
    Denominator,
    ExclusionCode,
    Line,
)

GUARANTEE = "garantie"
"""The origin of the rights that the 20 % of R441-5-4 count."""


@dataclass(frozen=True, kw_only=True)
class ComputedAnnexe:
    """An annexe 1 as stored, and what the law computes of it."""

    facts: flux.AnnexeFacts
    annexe: Annexe


def party_key(reservataire_id: UUID, contingent: str) -> str:
    """How the domain names a party: the organisme and the contingent of the State, if any."""
    return f"{reservataire_id}:{contingent}"


def split_party_key(key: str) -> tuple[UUID, str]:
    reservataire_id, contingent = key.split(":")
    return UUID(reservataire_id), contingent


def compute(facts: flux.AnnexeFacts) -> ComputedAnnexe:
    stock = [
        CommuneStock(
            insee=row.insee,
            name=row.name,
            total=row.total,
            exclusions={ExclusionCode(code): count for code, count in row.exclusions.items()},
        )
        for row in facts.communes
    ]
    lines = [
        Line(
            key=party_key(row.reservataire_id, row.contingent),
            reservataire=row.reservataire_name,
            contingent=Contingent(row.contingent),
            perimeter=row.perimeter,
            droits=row.droits,
            imposed_rate_bp=row.imposed_rate_bp,
            is_guarantee=row.origin == GUARANTEE,
            denominator=Denominator(row.denominator),
        )
        for row in facts.lines
    ]
    return ComputedAnnexe(facts=facts, annexe=law.compute(stock, lines))
