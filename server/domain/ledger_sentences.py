"""Why this party, in one sentence that a mayor understands; its numbers are those of the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain import labels
from server.domain.ledger import TOTAL, Decision, Family, Standing, Step, Stratum

AREAS: Mapping[str, str] = {
    "qpv": "en QPV",
    "tense": "zone tendue",
    "less_tense": "zone moins tendue",
}
APPEALS: Mapping[str, str] = {
    "low": "attrait faible",
    "medium": "attrait moyen",
    "high": "attrait fort",
}
FAMILIES: Mapping[Family, str] = {
    Family.TOTAL: "tous les logements",
    Family.TYPOLOGY: "typologie",
    Family.FINANCING: "financement",
    Family.PERIOD: "période de construction",
    Family.AREA: "QPV ou zone",
    Family.COMMUNE: "commune",
    Family.APPEAL: "attractivité",
}
SET_ASIDE: Mapping[str, str] = {
    "perimeter": "hors périmètre",
    "convention": "sans convention en vigueur",
    "address": "adresse en blanc",
    "refused": "a déjà refusé ce logement",
    "no_rate": "sans taux dans cette commune",
    "ahead": "en avance : attend son tour",
}
MOVES: Mapping[str, str] = {
    "freed": "Logement libéré",
    "withdrawn": "Logement sorti du flux",
    "oriented": "Logement reçu",
    "released": "Logement rendu, sans être compté",
    "counted": "Offre sans suite qui reste comptée",
    "expired": "Solde passé à la part du bailleur",
    "spread": "Affectation d'urgence étalée",
}
_LABELS: Mapping[Family, Mapping[str, str]] = {
    Family.TYPOLOGY: labels.TYPOLOGIES,
    Family.FINANCING: labels.FINANCINGS,
    Family.PERIOD: labels.PERIODS,
    Family.AREA: AREAS,
    Family.APPEAL: APPEALS,
}


def stratum_label(stratum: Stratum, communes: Mapping[str, str]) -> str:
    """T3, PLUS, en QPV, Doussard…; `communes` gives names by INSEE code."""
    family, value = stratum
    if family is Family.TOTAL:
        return FAMILIES[family]
    if family is Family.COMMUNE:
        return communes.get(value, value)
    return _LABELS[family].get(value, value)


def stratum_rank(stratum: Stratum) -> tuple[int, int, str]:
    """Where a stratum stands in a table: by family, in the order of its labels."""
    family, value = stratum
    known = list(_LABELS.get(family, ()))
    place = known.index(value) if value in known else len(known)
    return list(Family).index(family), place, value


def signed(lag: int) -> str:
    """A number of dwellings with its sign: +1,06 ; −0,25. A lag is positive, a gap negative."""
    sign = "−" if lag < 0 else "+" if lag > 0 else ""
    return sign + labels.dwelling_count(abs(lag))


def sentence(decision: Decision, names: Mapping[str, str], communes: Mapping[str, str]) -> str:
    """One sentence: who, why, and who waits because it is already ahead."""
    winner = decision.winner
    why = {
        Step.ALONE: _alone,
        Step.CATCH_UP: _catch_up,
        Step.TOTAL: _total,
        Step.STRATA: _strata,
        Step.SCORE: _score,
    }[decision.step](decision, names, communes)
    ahead = ", ".join(names[key] for key in decision.waiting if key != winner.key)
    waits = f" ; attendent leur tour, déjà en avance : {ahead}" if ahead else ""
    return f"{names[winner.key]} : {why}{waits}."


Texts = Mapping[str, str]


def _alone(decision: Decision, _names: Texts, _communes: Texts) -> str:
    total = signed(decision.winner.total)
    if len(decision.standings) == 1:
        return f"le seul qui puisse recevoir ce logement (total {total})"
    return f"le seul qui ne soit pas déjà en avance (total {total})"


def _catch_up(decision: Decision, _names: Texts, _communes: Texts) -> str:
    lag = signed(decision.winner.total)
    return f"en retard d'au moins un logement sur son quota total ({lag}), servi en premier"


def _total(decision: Decision, _names: Texts, communes: Texts) -> str:
    winner = decision.winner
    word = "le plus en retard" if winner.total > 0 else "le moins en avance"
    others = _named(decision, winner, communes)
    return f"{word} sur son quota total ({signed(winner.total)})" + (
        f", et sur {others}" if others else ""
    )


def _strata(decision: Decision, _names: Texts, communes: Texts) -> str:
    winner = decision.winner
    return (
        f"le plus en retard sur {_named(decision, winner, communes)} (total {signed(winner.total)})"
    )


def _score(decision: Decision, names: Texts, _communes: Texts) -> str:
    rival = decision.runner_up
    compared = f" contre {signed(rival.score)} pour {names[rival.key]}" if rival else ""
    return (
        f"la plus forte somme de retards ({signed(decision.winner.score)}{compared} ; "
        f"total {signed(decision.winner.total)})"
    )


def _named(decision: Decision, winner: Standing, communes: Texts) -> str:
    lags = dict(zip(decision.strata, winner.lags, strict=True))
    return ", ".join(
        f"{stratum_label(stratum, communes)} ({signed(lags[stratum])})"
        for stratum in decision.leading
        if stratum != TOTAL
    )
