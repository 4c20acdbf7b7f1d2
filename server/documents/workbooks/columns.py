"""The columns of the bilan and what each one means (R441-5-1; no official list exists)."""

from __future__ import annotations

from collections.abc import Mapping

from server.documents.workbooks.book import Column, Kind
from server.domain import labels
from server.domain.bilans import Dimension

VOLETS = ("Volet 1 – flux détaillé", "Volet 2 – flux consolidé", "Volet 3 – hors flux")


def _text(header: str, meaning: str, width: int = 14) -> Column:
    return Column(header=header, meaning=meaning, width=width)


def _day(header: str, meaning: str) -> Column:
    return Column(header=header, meaning=meaning, kind=Kind.DATE, width=12)


def _count(header: str, meaning: str) -> Column:
    return Column(header=header, meaning=meaning, kind=Kind.COUNT, width=11)


DETAILED = (
    Column(header="Année", kind=Kind.NUMBER, width=8, meaning="Année du bilan."),
    _text("SIREN du bailleur", "SIREN de l'organisme bailleur."),
    _text("Identifiant RPLS", "Identifiant du logement au répertoire du parc locatif social.", 18),
    _text("Référence du bailleur", "Identifiant du logement chez le bailleur.", 18),
    _text("Code INSEE", "Code INSEE de la commune."),
    _text("Commune", "Nom de la commune.", 22),
    _text("SIREN de l'EPCI", "SIREN de l'intercommunalité de la commune."),
    _text("Adresse", "Adresse du logement.", 32),
    _text("Typologie", "T1 à T6 et plus, selon les pièces principales."),
    Column(header="Surface (m²)", kind=Kind.NUMBER, width=10, meaning="Surface habitable, en m²."),
    _text("Financement", "PLAI, PLUS, PLS ou autre."),
    _text("QPV", "Dans un quartier prioritaire de la politique de la ville, ou hors QPV."),
    Column(
        header="Année de construction", kind=Kind.NUMBER, width=12, meaning="Année d'achèvement."
    ),
    _text("Période de construction", "Tranche d'années ; le décret n'en fixe pas.", 16),
    _day("Libre le", "Date à laquelle le logement est libre."),
    _text("Nature", "Flux, droit unique, urgence, mutation ou première location.", 18),
    _text("Motif de soustraction", "Pourquoi le logement est hors du flux ; vide s'il y est.", 20),
    _text("SIREN du réservataire", "SIREN de l'organisme à qui le logement est proposé."),
    _text("Réservataire", "À qui le logement est proposé ; le bailleur pour sa part.", 34),
    _text("Contingent", "Contingent de l'État : fonctionnaires ou RS (mal-logés)."),
    Column(
        header="Rang", kind=Kind.NUMBER, width=7, meaning="Rang de la proposition pour ce logement."
    ),
    _day("Orienté le", "Jour d'envoi de l'offre."),
    _text("Réponse", "Expresse, tacite (silence dans le délai) ou refus."),
    _day("Réponse le", "Jour de la réponse ; dernier jour du délai si elle est tacite."),
    _day("Candidats le", "Jour de la dernière présentation de candidats."),
    _count("Candidats", "Nombre de candidats présentés."),
    _day("CALEOL le", "Jour de la commission."),
    _text("Résultat", "Attribué ou non attribué par la commission."),
    _day("Bail le", "Jour de signature du bail."),
    _text("Imputé à", "Partie sur le quota de laquelle le logement compte.", 34),
)

FIGURES = (
    Column(
        header="Dû",
        kind=Kind.DWELLINGS,
        width=11,
        meaning="Somme des taux signés sur les libérations du flux de l'année, en logements.",
    ),
    _count("Orientés", "Logements proposés, refus compris ; une offre retirée ne compte pas."),
    _count("Attribués", "Attributions en CALEOL, une par logement et par commission."),
    _count("Baux signés", "Attributions suivies d'un bail signé."),
    Column(
        header="Écart",
        kind=Kind.GAP,
        width=11,
        meaning="Indicateur du décompte moins dû ; négatif : en retard.",
    ),
)
_PARTY = _text("Partie", "Réservataire et contingent, ou bailleur pour sa part.", 40)
PARTIES = (
    _PARTY,
    *FIGURES,
    Column(
        header="Réalisé",
        kind=Kind.RATE,
        width=11,
        meaning="Indicateur du décompte rapporté au dû.",
    ),
)
CONSOLIDATED: Mapping[Dimension, tuple[Column, ...]] = {
    dimension: (_PARTY, _text(words.capitalize(), f"Valeur : {words}.", 22), *FIGURES)
    for dimension, words in ((one, labels.DIMENSIONS[one]) for one in Dimension)
}
RATES = (
    _text("Commune", "Nom de la commune.", 22),
    _text("Partie", "Réservataire et contingent, ou bailleur pour sa part.", 40),
    Column(header="Taux", kind=Kind.RATE, width=11, meaning="Taux signé dans l'annexe 1."),
)
OUT_OF_FLUX = (
    _text("Catégorie", "Mutation interne, première mise en location, urgence hors flux.", 26),
    _text("Code INSEE", "Code INSEE de la commune."),
    _text("Commune", "Nom de la commune.", 22),
    _text("Typologie", "T1 à T6 et plus."),
    _count("Logements", "Nombre de logements sortis du flux dans l'année."),
)
CHECKS = (
    _text("Contrôle", "", 60),
    Column(header="Attendu", kind=Kind.NUMBER, width=12),
    Column(header="Trouvé", kind=Kind.NUMBER, width=12),
    _text("Résultat", "", 14),
)
DICTIONARY = (_text("Feuille", "", 26), _text("Colonne", "", 26), _text("Sens", "", 80))
