"""The charte départementale by version: what it decides, from which day (art. 2.2, 2.3, 5.3, 7).

A version holds until the next one enters into force. The figures of a year are judged by the
version in force on its 1 January: a revision in July changes no ceiling of the year already begun,
and last year's bilan keeps last year's rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from server.domain import labels
from server.domain.annexe import ExclusionCode
from server.errors import Motif


class Category(StrEnum):
    """Operations for which the decree withdraws a vacancy from the flux (R441-5)."""

    MUTATION = "mutation"
    NPNRU = "npnru"
    ORCOD = "orcod"
    INSALUBRITE = "insalubrite"
    VENTE = "vente"


CATEGORIES: Mapping[str, str] = {
    Category.MUTATION: "Mutations internes",
    Category.NPNRU: "Relogements du renouvellement urbain (NPNRU)",
    Category.ORCOD: "Relogements d'une ORCOD",
    Category.INSALUBRITE: "Relogements pour insalubrité ou interdiction d'habiter",
    Category.VENTE: "Relogements pour vente de logements",
}

MOST_DAYS = 90
WHOLE_BP = 10_000


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a version fixes: rate in 1/100 %, delays in working days.

    `keeps_*`: the dwellings freed for this operation stay in the flux, every signatory goes on
    contributing. `excludes_*`: columns of annexe 1 that the charte alone allows.
    """

    mutation_rate_bp: int = 1_000
    answer_days: int = 2
    candidate_days: int = 15
    indicator: str = "oriented"
    keeps_npnru: bool = True
    keeps_orcod: bool = True
    keeps_insalubrite: bool = True
    keeps_vente: bool = True
    excludes_plai_adapte: bool = True
    excludes_gens_du_voyage: bool = True
    advice_basis: str = "oriented"
    refusals: str = "free"
    refusal_rank: int = 3
    urgences: str = "charged"
    urgence_parts: int = 4
    appeal_old_before: int = 1975
    appeal_new_from: int = 2013
    weight_total: int = 2
    weight_typology: int = 1
    weight_financing: int = 1
    weight_period: int = 1
    weight_area: int = 1
    weight_commune: int = 1
    weight_appeal: int = 1

    @property
    def withdrawn(self) -> tuple[Category, ...]:
        """The operations whose vacancies the bailleur may keep out of the flux."""
        kept = {
            Category.NPNRU: self.keeps_npnru,
            Category.ORCOD: self.keeps_orcod,
            Category.INSALUBRITE: self.keeps_insalubrite,
            Category.VENTE: self.keeps_vente,
        }
        return tuple(one for one in Category if not kept.get(one, False))

    @property
    def exclusions(self) -> tuple[ExclusionCode, ...]:
        """The columns of annexe 1 that are open: four by decree, two by the charte (art. 2.2)."""
        by_charte = {
            ExclusionCode.PLAI_ADAPTE: self.excludes_plai_adapte,
            ExclusionCode.GENS_DU_VOYAGE: self.excludes_gens_du_voyage,
        }
        return tuple(one for one in ExclusionCode if by_charte.get(one, True))


PARAMETERS: Mapping[str, str] = {
    "mutation_rate_bp": "Mutations internes soustraites, au plus",
    "answer_days": "Délai de réponse",
    "candidate_days": "Délai de présentation des candidats",
    "indicator": "Ce que le flux compte après la première année",
    "keeps_npnru": "Relogements NPNRU",
    "keeps_orcod": "Relogements ORCOD",
    "keeps_insalubrite": "Relogements pour insalubrité",
    "keeps_vente": "Relogements pour vente",
    "excludes_plai_adapte": "PLAI adaptés",
    "excludes_gens_du_voyage": "Sédentarisation des gens du voyage",
    "advice_basis": "Ce que la proposition compte",
    "refusals": "Ce que coûte un refus",
    "refusal_rank": "Refus de suite à partir duquel il compte",
    "urgences": "Qui supporte une affectation d'urgence",
    "urgence_parts": "Mois sur lesquels une affectation d'urgence s'étale",
    "appeal_old_before": "Attrait faible : logements achevés avant",
    "appeal_new_from": "Attrait fort : logements achevés à partir de",
    "weight_total": "Poids du total",
    "weight_typology": "Poids de la typologie",
    "weight_financing": "Poids du financement",
    "weight_period": "Poids de la période de construction",
    "weight_area": "Poids du QPV ou de la zone",
    "weight_commune": "Poids de la commune",
    "weight_appeal": "Poids de l'attractivité",
}
WEIGHTS = tuple(name for name in PARAMETERS if name.startswith("weight_"))
YEARS = ("appeal_old_before", "appeal_new_from")
REFUSALS: Mapping[str, str] = {
    "free": "n'efface rien : le retard reste, dans toutes les strates",
    "counted": "compte comme un logement reçu",
    "from_kth": "compte à partir d'un certain nombre de refus de suite dans une même strate",
}
URGENCES: Mapping[str, str] = {
    "charged": "le réservataire désigné par la préfecture",
    "spread": "le réservataire désigné par la préfecture, en parts égales sur plusieurs mois",
    "not_charged": "personne : le logement sort du flux",
}
MOST_REFUSALS, MOST_PARTS, MOST_WEIGHT = 20, 24, 9
FIRST_YEAR, LAST_YEAR = 1900, 2100
ARTICLES: Mapping[str, str] = {
    **dict.fromkeys(("excludes_plai_adapte", "excludes_gens_du_voyage"), "art. 2.2"),
    **dict.fromkeys(("answer_days", "candidate_days"), "art. 5.3"),
    "indicator": "art. 7",
    "advice_basis": "art. 7",
    **dict.fromkeys(("refusals", "refusal_rank", *YEARS, *WEIGHTS), "art. 5.1"),
    **dict.fromkeys(("urgences", "urgence_parts"), "art. 2.4"),
}
IN_CONVENTIONS = ("mutation_rate_bp", "answer_days", "candidate_days", "indicator")
"""The parameters that each convention writes down too."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """`decision` says who decided it and when; `from_on` is its first day."""

    code: str
    from_on: date
    decision: str
    parameters: Parameters


def in_force(versions: Iterable[Version], on: date) -> Version:
    """The version of that day; before the first one, the first one. LookupError if none."""
    known = sorted(versions, key=lambda one: one.from_on)
    if not known:
        raise LookupError("the charte has no version")
    return next((one for one in reversed(known) if one.from_on <= on), known[0])


def of_year(versions: Iterable[Version], year: int) -> Version:
    """The version whose rules judge a year: the one of its 1 January."""
    return in_force(versions, date(year, 1, 1))


def usual_terms(version: Version) -> dict[str, Any]:
    """What a convention says unless its parties agree otherwise: the values of IN_CONVENTIONS, and
    the name that it gives to the version.
    """
    usual = {name: getattr(version.parameters, name) for name in IN_CONVENTIONS}
    first = labels.french_day(version.from_on)
    return {**usual, "charte_version": f"Version {version.code}, applicable depuis le {first}"}


_COUNTS = {code: f"les logements {words}" for code, words in labels.INDICATORS.items()}
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "indicator": _COUNTS,
    "advice_basis": _COUNTS,
    "refusals": REFUSALS,
    "urgences": URGENCES,
}


def value_words(name: str, parameters: Parameters) -> str:
    """What a version says of a parameter, as a reader reads it."""
    value = getattr(parameters, name)
    if name == "mutation_rate_bp":
        return f"{labels.percent(value)} des libérations de l'année"
    if name.endswith("_days"):
        return f"{value} jours ouvrés" if value > 1 else f"{value} jour ouvré"
    if name in _CHOICES:
        return _CHOICES[name][value]
    if name in (*YEARS, *WEIGHTS, "refusal_rank", "urgence_parts"):
        return str(value)
    if name.startswith("keeps_"):
        return "restent dans le flux" if value else "soustraits du flux"
    return "exclus de l'assiette" if value else "dans l'assiette"


def changes(before: Parameters, after: Parameters) -> tuple[str, ...]:
    """The parameters that a revision changes, in the order of the table."""
    return tuple(one for one in PARAMETERS if getattr(before, one) != getattr(after, one))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A parameter on which a convention and a version of the charte do not say the same."""

    name: str
    convention: str
    charte: str


def differences(agreed: Mapping[str, int | str], version: Version) -> tuple[Difference, ...]:
    """What a version would change in a convention: `agreed` has its own IN_CONVENTIONS values."""
    own = Parameters(**{name: agreed[name] for name in IN_CONVENTIONS})  # type: ignore[arg-type] # four known fields
    return tuple(
        Difference(
            name=name,
            convention=value_words(name, own),
            charte=value_words(name, version.parameters),
        )
        for name in changes(own, version.parameters)
        if name in IN_CONVENTIONS
    )


def revision_motifs(
    version: Version, versions: Sequence[Version], *, today: date
) -> tuple[Motif, ...]:
    """Why a revision cannot be recorded.

    Codes: code_required, code_taken, decision_required, from_past, day_taken, rate_invalid,
    days_invalid, indicator_invalid, nothing_changes.
    """
    return (*_head_motifs(version, versions, today), *_parameter_motifs(version, versions))


def _head_motifs(version: Version, versions: Sequence[Version], today: date) -> Iterator[Motif]:
    if not version.code.strip():
        message = "Donnez un nom à cette version, par exemple « 2027 »."
        yield Motif(code="code_required", message=message, field="code")
    if version.code.strip() in {one.code for one in versions}:
        message = "Une version porte déjà ce nom."
        yield Motif(code="code_taken", message=message, field="code")
    if not version.decision.strip():
        message = "Indiquez la décision du comité technique et sa date."
        yield Motif(code="decision_required", message=message, field="decision")
    if version.from_on <= today:
        message = "Une révision entre en vigueur demain au plus tôt : elle ne change pas le passé."
        yield Motif(code="from_past", message=message, field="from_on")
    if version.from_on in {one.from_on for one in versions}:
        message = "Une autre version entre en vigueur ce jour-là."
        yield Motif(code="day_taken", message=message, field="from_on")


def _parameter_motifs(version: Version, versions: Sequence[Version]) -> Iterator[Motif]:
    found = version.parameters
    if not 0 <= found.mutation_rate_bp <= WHOLE_BP:
        message = "Indiquez un taux de 0 à 100 %."
        yield Motif(code="rate_invalid", message=message, field="mutation_rate_bp")
    for name in ("answer_days", "candidate_days"):
        if not 1 <= getattr(found, name) <= MOST_DAYS:
            message = f"Indiquez un nombre de jours ouvrés, de 1 à {MOST_DAYS}."
            yield Motif(code="days_invalid", message=message, field=name)
    for name, choices in _CHOICES.items():
        if getattr(found, name) not in choices:
            message = "Choisissez une des possibilités."
            code = "indicator_invalid" if name == "indicator" else "choice_invalid"
            yield Motif(code=code, message=message, field=name)
    yield from _advice_motifs(found)
    if versions and not changes(in_force(versions, version.from_on).parameters, found):
        message = "Cette version dit la même chose que celle qu'elle remplace."
        yield Motif(code="nothing_changes", message=message)


def _advice_motifs(found: Parameters) -> Iterator[Motif]:
    """Small whole numbers: whoever signs the charte can do the sums again."""
    bounds = {
        "refusal_rank": (1, MOST_REFUSALS),
        "urgence_parts": (2, MOST_PARTS),
        **dict.fromkeys(YEARS, (FIRST_YEAR, LAST_YEAR)),
        **dict.fromkeys(WEIGHTS, (0, MOST_WEIGHT)),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(found, name) <= most:
            message = f"Indiquez un nombre entier, de {least} à {most}."
            yield Motif(code="number_invalid", message=message, field=name)
    if found.weight_total == 0:
        message = "Le total pèse au moins 1 : sans lui, les quotas ne seraient plus suivis."
        yield Motif(code="total_required", message=message, field="weight_total")
    if found.appeal_new_from < found.appeal_old_before:
        message = "L'attrait fort commence après la fin de l'attrait faible."
        yield Motif(code="years_crossed", message=message, field="appeal_new_from")
