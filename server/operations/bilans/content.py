"""What a version freezes: the compiled bilan as plain JSON, and its hash.

Codes and ISO days, dues in 1/10 000 dwelling; words are put on them when they are shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from server.db.bilans import BilanRow
from server.db.tenants import Tenant
from server.domain.bilans import Bilan, DetailRow, Figures, Nature, OrientationRow, OutRow
from server.domain.dwellings import construction_period
from server.domain.flux import BAILLEUR, CommuneRates
from server.domain.orientations import State
from server.operations.bilans.facts import BilanFacts
from server.operations.flux import split_party_key

FORMAT = 1
Content = dict[str, Any]
OUTCOMES = {
    State.ATTRIBUTED: "attributed",
    State.LEASED: "attributed",
    State.LEASE_FAILED: "attributed",
    State.NOT_ATTRIBUTED: "not_attributed",
}


@dataclass(frozen=True, kw_only=True)
class Parties:
    """Who is counted: the bailleur, and the réservataires by id."""

    bailleur: Tenant
    reservataires: Mapping[UUID, Tenant]

    def describe(self, key: str) -> Content:
        if key == BAILLEUR:
            one, name, contingent = self.bailleur, _own_share(self.bailleur), "none"
        else:
            reservataire_id, contingent = split_party_key(key)
            one = self.reservataires[reservataire_id]
            name = one.name
        return {"key": key, "name": name, "siren": one.siren, "contingent": contingent}


def _own_share(bailleur: Tenant) -> str:
    return f"{bailleur.name}, part non réservée"


def _named(bilan: Bilan) -> list[str]:
    """The parties of the lines of volet 1, in their order."""
    keys = (key for row in bilan.detailed for key in (_party(row), _charged_to(row)) if key)
    return list(dict.fromkeys(keys))


def party_ids(bilan: Bilan) -> set[UUID]:
    """The réservataires that a bilan names."""
    keys = {*(one.party_key for one in bilan.parties), *_named(bilan)}
    return {split_party_key(key)[0] for key in keys if key != BAILLEUR}


def freeze(
    bilan: Bilan,
    facts: BilanFacts,
    history: Sequence[CommuneRates],
    parties: Parties,
    communes: Mapping[str, str],
    *,
    forecast: Mapping[str, int],
    is_provisional: bool,
) -> Content:
    """`forecast`: what the bailleur expects to withdraw the year after, by category (art. 7)."""
    bailleur = parties.bailleur
    return {
        "format": FORMAT,
        "bailleur": {"id": str(bailleur.id), "name": bailleur.name, "siren": bailleur.siren},
        "year": bilan.year,
        "is_provisional": is_provisional,
        "basis": bilan.basis.value,
        "communes": dict(communes),
        "parties": _parties(bilan, parties),
        "tables": {
            dimension.value: [
                {"party": one.party_key, "value": one.value, **_figures(one.figures)}
                for one in cells
            ]
            for dimension, cells in bilan.consolidated.items()
        },
        "rates": [
            {"insee": one.insee, "party": key, "rate_bp": rate}
            for one in history
            for key, rate in one.rates
        ],
        "detailed": [_detail(row, facts.rows[row.vacancy.key]) for row in bilan.detailed],
        "out_of_flux": [_out_row(one) for one in bilan.out_of_flux],
        "mutations": {**vars(bilan.mutations), "level": bilan.mutations.level.value},
        "forecast": {"year": bilan.year + 1, "numbers": dict(sorted(forecast.items()))},
        "checks": [{**vars(one), "is_ok": one.is_ok} for one in bilan.checks],
    }


_NOTHING = {"due": 0, "oriented": 0, "attributed": 0, "leased": 0, "gap": 0}


def _parties(bilan: Bilan, parties: Parties) -> list[Content]:
    """Those that count, then those that volet 1 names and that received nothing that counts."""
    counted = {one.party_key for one in bilan.parties}
    return [
        *({**parties.describe(one.party_key), **_figures(one.figures)} for one in bilan.parties),
        *({**parties.describe(key), **_NOTHING} for key in _named(bilan) if key not in counted),
    ]


def _out_row(one: OutRow) -> Content:
    return {
        "nature": one.nature.value,
        "insee": one.insee,
        "commune": one.commune_name,
        "typology": one.typology.value,
        "count": one.count,
    }


def _figures(figures: Figures) -> dict[str, int]:
    return dict(vars(figures))


def _detail(row: DetailRow, source: BilanRow) -> Content:
    vacancy = row.vacancy
    return {
        "rpls_id": vacancy.rpls_id,
        "reference": vacancy.dwelling_ref,
        "insee": vacancy.insee,
        "commune": vacancy.commune_name,
        "epci_siren": source.epci_siren,
        "address": vacancy.address,
        "typology": vacancy.typology.value,
        "surface": str(source.surface_m2),
        "financing": vacancy.financing.value,
        "is_qpv": vacancy.is_qpv,
        "built_year": vacancy.built_year,
        "period": construction_period(vacancy.built_year).value,
        "registered_on": vacancy.on.isoformat(),
        "free_on": source.free_on.isoformat(),
        "nature": _nature(row).value,
        "is_in_flux": vacancy.is_in_flux,
        "party": _party(row),
        "charged_to": _charged_to(row),
        **_course(row.orientation),
    }


def _nature(row: DetailRow) -> Nature:
    """The one of the offer, when it was made on a droit unique."""
    is_single = row.orientation is not None and row.orientation.is_droit_unique
    return Nature.DROIT_UNIQUE if is_single else _of_flux(row.vacancy.nature)


def _of_flux(nature: Nature) -> Nature:
    """An offer of the flux that failed before a droit unique was leased stays one of the flux."""
    return Nature.FLUX if nature is Nature.DROIT_UNIQUE else nature


def _party(row: DetailRow) -> str | None:
    return row.orientation.party_key if row.orientation else None


def _charged_to(row: DetailRow) -> str | None:
    """On whose quota the line counts; nobody's for a withdrawn offer or outside of the flux."""
    if not row.vacancy.is_in_flux:
        return None
    if row.orientation is None:
        return row.vacancy.charged_to
    if row.orientation.state is State.WITHDRAWN:
        return None
    return row.orientation.charged_key


_NO_COURSE: Mapping[str, None] = dict.fromkeys(
    (
        "rank",
        "sent_on",
        "answer",
        "answered_on",
        "candidates_on",
        "candidate_count",
        "caleol_on",
        "outcome",
        "leased_on",
    )
)


def _course(one: OrientationRow | None) -> Content:
    if one is None:
        return dict(_NO_COURSE)
    return {
        "rank": one.rank,
        "sent_on": _iso(one.sent_on),
        "answer": _answer(one),
        "answered_on": _iso(one.answered_on),
        "candidates_on": _iso(one.candidates_on),
        "candidate_count": one.candidate_count,
        "caleol_on": _iso(one.caleol_on),
        "outcome": OUTCOMES.get(one.state),
        "leased_on": _iso(one.leased_on),
    }


def _answer(one: OrientationRow) -> str | None:
    if one.state is State.REFUSED:
        return "refused"
    return one.acceptance.value if one.acceptance else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON: sorted keys, no space, UTF-8."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
