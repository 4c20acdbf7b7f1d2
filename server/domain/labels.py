"""French words for the codes, dates and numbers: the only place where they are spelled.

Tables are keyed by the stored codes. A number and its unit are tied by a no-break space.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from server.domain.deadlines import PARIS, last_day

NBSP = "\u00a0"

_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_SHORT_WEEKDAYS = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

_HUNDREDTH = Decimal("0.01")
_UNIT = Decimal(10_000)
_TWO = 2


def french_day(day: date) -> str:
    """A date in words: 5 mai 2026, 1er mai 2026."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {_MONTHS[day.month - 1]} {day.year}"


def month_name(month: int) -> str:
    return _MONTHS[month - 1]


def french_weekday(day: date) -> str:
    """A date with its day of the week: mardi 5 mai 2026."""
    return f"{_WEEKDAYS[day.weekday()]} {french_day(day)}"


def french_deadline(due_at: datetime) -> str:
    """The end of a period from its exclusive bound: mardi 5 mai 2026 à 24 h."""
    return f"{french_weekday(last_day(due_at))} à 24 h"


def short_deadline(due_at: datetime) -> str:
    """The end of a period for the subject of a mail: mar. 05/05 à 24 h."""
    day = last_day(due_at)
    return f"{_SHORT_WEEKDAYS[day.weekday()]} {day:%d/%m} à 24 h"


def french_instant(instant: datetime) -> str:
    """An instant in Paris: jeudi 30 avril 2026 à 9 h 05."""
    local = instant.astimezone(PARIS)
    return f"{french_weekday(local.date())} à {local.hour}{NBSP}h{NBSP}{local:%M}"


def short_instant(instant: datetime) -> str:
    """An instant in Paris for the subject of a mail: jeu. 30/04 à 10 h 05."""
    local = instant.astimezone(PARIS)
    return f"{_SHORT_WEEKDAYS[local.weekday()]} {local:%d/%m} à {local.hour}{NBSP}h{NBSP}{local:%M}"


def number(value: Decimal | int) -> str:
    """A number with a decimal comma and groups of three: 1 234,5 ; no useless zero."""
    text = f"{Decimal(value).normalize():,f}"
    return text.replace(",", NBSP).replace(".", ",")


def decimal(value: Decimal, places: int = 2) -> str:
    """A number with a fixed count of decimals, half-up: 1,07."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,f}".replace(",", NBSP).replace(".", ",")


def percent(rate_bp: int) -> str:
    """A rate in 1/100 % as printed in the annexe: 29,63 %."""
    return f"{decimal(Decimal(rate_bp) / 100)}{NBSP}%"


def dwelling_count(units: int) -> str:
    """A count in 1/10 000 dwelling, without unit: 1,07, and 0,0017 where 0,00 would lie."""
    value = Decimal(units) / _UNIT
    return decimal(value, 4 if 0 < abs(value) < _HUNDREDTH else 2)


def dwellings(units: int) -> str:
    """A count in 1/10 000 dwelling with its noun: 1,37 logement, 2,00 logements."""
    noun = "logements" if abs(Decimal(units)) >= _TWO * _UNIT else "logement"
    return f"{dwelling_count(units)}{NBSP}{noun}"


# Orientations (art. 5.3)

ORIENTATION_STATES: Mapping[str, str] = {
    "draft": "brouillon",
    "sent": "envoyée, réponse attendue",
    "searching": "acceptée, candidats attendus",
    "candidates_complete": "candidats présentés",
    "candidates_partial": "candidats présentés, liste incomplète",
    "no_candidate": "sans candidat à l'échéance",
    "in_caleol": "inscrite en CALEOL",
    "attributed": "attribuée",
    "not_attributed": "non attribuée",
    "leased": "bail signé",
    "lease_failed": "sans bail",
    "refused": "refusée",
    "withdrawn": "retirée",
    "reoriented": "réorientée",
    "renounced": "renoncée après acceptation",
}

ACCEPTANCES: Mapping[str, str] = {
    "express": "acceptation expresse",
    "tacit": "acceptation tacite (sans réponse dans le délai)",
}

SEARCHERS: Mapping[str, str] = {
    "reservataire": "le réservataire",
    "bailleur": "le bailleur, pour le compte du réservataire",
}

ACTORS: Mapping[str, str] = {
    "bailleur": "bailleur",
    "reservataire": "réservataire",
    "system": "portail, à l'échéance",
}

STEPS: Mapping[str, str] = {
    "draft": "Brouillon d'orientation",
    "send": "Offre envoyée",
    "resend": "Offre renvoyée : le délai de réponse recommence",
    "restart": "Le délai de réponse recommence",
    "keep": "Gardée sur la part du bailleur",
    "accept": "Offre acceptée",
    "refuse": "Offre refusée",
    "tacit": "Offre réputée acceptée, sans réponse dans le délai",
    "withdraw": "Offre retirée",
    "divert": "Offre retirée pour une affectation d'urgence",
    "next_reservataire": "Proposée à un autre réservataire",
    "complete": "Candidats présentés",
    "close_partial": "Délai terminé, liste incomplète",
    "close_empty": "Délai terminé, aucun candidat",
    "search_on_behalf": "Recherche par le bailleur pour le compte du réservataire",
    "reorient": "Orientée vers un autre réservataire",
    "extend": "Délai supplémentaire accordé",
    "plan": "Inscrite à l'ordre du jour d'une CALEOL",
    "decide": "Décision de la CALEOL",
    "next_rank": "Proposée au candidat suivant",
    "lease": "Bail signé",
    "fail_lease": "Aucun bail : tous les rangs ont refusé",
    "renounce": "Renonciation du réservataire",
}

# Candidates (art. 6.1, L441-1)

PRESENTERS: Mapping[str, str] = {"reservataire": "réservataire", "bailleur": "bailleur"}

FIRST_QUARTILE: Mapping[str, str] = {"yes": "oui", "no": "non", "unknown": "non connu"}

DALO_ORIGINS: Mapping[str, str] = {
    "reservataire": "présenté par le réservataire",
    "prefet": "désigné par le préfet",
}

CRITERIA: Mapping[str, str] = {
    "dalo": "ménage reconnu prioritaire par la commission de médiation (DALO)",
    "viol": "victime de viol ou d'agression sexuelle au domicile ou à ses abords",
    "a": "situation de handicap, personnelle ou d'une personne à charge",
    "b": "sortie d'un appartement de coordination thérapeutique",
    "c": "mal logé, défavorisé, difficultés financières ou d'insertion cumulées",
    "d": "hébergé ou logé temporairement (établissement, logement de transition)",
    "e": "reprise d'activité après un chômage de longue durée",
    "f": "habitat indigne",
    "g": "violences au sein du couple ou mariage forcé",
    "h": "parcours de sortie de la prostitution",
    "i": "victime de traite ou de proxénétisme",
    "j": "enfant mineur et logement suroccupé ou non décent",
    "k": "sans logement, y compris hébergé par un tiers",
    "l": "menacé d'expulsion sans relogement",
    "m": "mineur émancipé ou jeune majeur issu de l'aide sociale à l'enfance",
}

# Caleol (R441-3)

OUTCOMES: Mapping[str, str] = {
    "attribution": "attribution",
    "attribution_rank": "attribution avec un rang",
    "attribution_condition": "attribution sous condition suspensive",
    "not_attributed": "non-attribution",
    "inadmissible": "irrecevabilité",
    "postponed": "ajourné",
    "removed": "retiré de l'ordre du jour",
    "withdrawn_before": "désistement avant la commission",
}

REASONS: Mapping[str, str] = {
    "effort_rate": "taux d'effort ou ressources inadaptés",
    "household_size": "composition familiale inadaptée",
    "better_ranked": "candidat mieux classé",
    "incomplete_file": "dossier incomplet",
    "no_answer": "sans réponse du candidat",
    "withdrawal": "désistement",
    "no_longer_needed": "demande devenue sans objet",
    "population_balance": "équilibre de peuplement, motivé",
    "other": "autre motif",
    "income_ceiling": "ressources au-dessus du plafond",
    "residence_status": "régularité du séjour non justifiée",
}

SESSION_MODES: Mapping[str, str] = {
    "on_site": "sur place",
    "remote": "à distance",
    "written": "consultation écrite",
}

# Annexe 1 (art. 2.2 and 4)

EXCLUSIONS: Mapping[str, str] = {
    "defense_securite": "Logements réservés par la Défense Nationale et la Sécurité Intérieure",
    "sante": "Logements réservés aux établissements publics de santé",
    "plan_vente": "Logements inclus dans un plan de vente",
    "demolition": "Logements devant faire l'objet d'une démolition",
    "plai_adapte": "Logements PLAI Adaptés",
    "gens_du_voyage": "Logements dédiés à la sédentarisation des gens du voyage",
}

EXCLUSION_REASONS: Mapping[str, str] = {
    "defense_securite": "Défense nationale et Sécurité intérieure",
    "sante": "établissement public de santé",
    "plan_vente": "plan de vente",
    "demolition": "démolition",
    "plai_adapte": "PLAI adapté",
    "gens_du_voyage": "sédentarisation des gens du voyage",
}

CONTINGENTS: Mapping[str, str] = {
    "none": "",
    "fonctionnaires": "Fonctionnaire",
    "rs": "RS",
}

# Flux (art. 5.1 and 7)

INDICATORS: Mapping[str, str] = {
    "oriented": "orientés",
    "attributed": "attribués en CALEOL",
    "leased": "attribués suivis d'un bail signé",
}

# Bilans (art. 7, R441-5-1)

NATURES: Mapping[str, str] = {
    "flux": "flux",
    "droit_unique": "droit unique",
    "urgency": "urgence imputée",
    "urgency_out": "urgence hors flux",
    "mutation": "mutation interne",
    "first_letting": "première mise en location",
    "npnru": "relogement du renouvellement urbain (NPNRU)",
    "orcod": "relogement d'une ORCOD",
    "insalubrite": "relogement pour insalubrité",
    "vente": "relogement pour vente",
    "excluded": "logement exclu de l'assiette",
}

DIMENSIONS: Mapping[str, str] = {
    "typology": "typologie",
    "financing": "financement",
    "qpv": "quartier prioritaire",
    "commune": "commune",
    "period": "période de construction",
}

QPV: Mapping[str, str] = {"yes": "en QPV", "no": "hors QPV"}

CHECKS: Mapping[str, str] = {
    "due": "Somme des parts dues : une par logement du flux",
    "vacancies": "Libérations de l'année présentes au volet détaillé",
    "leases_without_attribution": "Baux sans attribution en CALEOL",
    **{
        f"{dimension}_{indicator}": f"Somme par {words} : {counted}"
        for dimension, words in DIMENSIONS.items()
        for indicator, counted in INDICATORS.items()
    },
}

# Dwellings (art. 2, R441-5-1)

KINDS: Mapping[str, str] = {
    "social": "logement locatif social",
    "foyer": "logement-foyer",
    "student": "résidence universitaire",
    "intermediate": "logement intermédiaire",
}

TYPOLOGIES: Mapping[str, str] = {
    "t1": "T1",
    "t2": "T2",
    "t3": "T3",
    "t4": "T4",
    "t5": "T5",
    "t6": "T6 et plus",
}

FINANCINGS: Mapping[str, str] = {"plai": "PLAI", "plus": "PLUS", "pls": "PLS", "other": "autre"}

PERIODS: Mapping[str, str] = {
    "before_1949": "avant 1949",
    "1949_1970": "1949-1970",
    "1971_1990": "1971-1990",
    "1991_2000": "1991-2000",
    "2001_2010": "2001-2010",
    "since_2011": "2011 et après",
    "unknown": "non connue",
}

LEVELS: Mapping[str, str] = {
    "green": "sous le plafond",
    "amber": "au-dessus du plafond à ce jour",
    "red": "plafond de l'année dépassé",
}

# Conventions (art. 8)

CONVENTION_STATES: Mapping[str, str] = {
    "draft": "projet",
    "deliberated": "délibérée",
    "signed": "signée",
    "in_force": "en vigueur",
    "renewed": "reconduite",
    "expired": "échue",
    "denounced": "dénoncée",
    "terminated": "résiliée",
    "replaced": "remplacée",
}

# Urgency (art. 2.4)

URGENCY_STATES: Mapping[str, str] = {
    "requested": "demandée, en attente de la préfecture",
    "approved": "validée par la préfecture",
    "refused": "refusée par la préfecture",
}

URGENCY_KINDS: Mapping[str, str] = {
    "fire": "incendie",
    "unfit": "arrêté de péril ou d'insalubrité",
    "flood": "inondation ou éboulement",
    "evacuation": "évacuation",
    "other": "autre crise",
}

# Vacancies (art. 2.3 and 5.1)

VACANCY_NATURES: Mapping[str, str] = {
    **{code: words for code, words in NATURES.items() if code != "excluded"},
    "own": "gardé sur la part du bailleur",
}

VACANCY_STATES: Mapping[str, str] = {"open": "ouverte", "closed": "close", "cancelled": "annulée"}

# Journal

ACTS: Mapping[str, str] = {
    "vacancy.registered": "Libération enregistrée",
    "vacancy.kept_mutation": "Logement gardé pour une mutation interne",
    "vacancy.kept_own": "Logement gardé sur la part du bailleur",
    "orientation.sent": STEPS["send"],
    **{f"orientation.{step}": words for step, words in STEPS.items()},
    "caleol.planned": "Séance de CALEOL convoquée",
    "urgence.requested": "Affectation d'urgence demandée",
    "urgence.approved": "Affectation d'urgence validée par la préfecture",
    "urgence.applied": "Logement affecté à l'urgence",
    "urgence.refused": "Affectation d'urgence refusée par la préfecture",
    "bilan.published": "Bilan publié",
}


def plural(count: int, noun: str) -> str:
    """« 3 jours ouvrés »: nouns, with their adjective, whose plural takes an s."""
    return f"{count} {' '.join(f'{word}s' for word in noun.split()) if count > 1 else noun}"
