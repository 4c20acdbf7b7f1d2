"""The yearly bilan as a workbook, from its frozen content: three volets, how to read them, checks.

The content is the JSON that `server.operations.bilans` froze; nothing else is read, so that a
version printed years later has the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from server.documents.workbooks.book import Book, Kind, Row, Sheet
from server.documents.workbooks.columns import (
    CHECKS,
    CONSOLIDATED,
    DETAILED,
    DICTIONARY,
    OUT_OF_FLUX,
    PARTIES,
    RATES,
    VOLETS,
)
from server.domain import labels
from server.domain.bilans import Dimension
from server.domain.charte import CATEGORIES
from server.domain.dwellings import MUTATION_CEILING_BP
from server.domain.flux import UNIT, Indicator

Content = Mapping[str, Any]
_BP = 10_000

INDICATORS = {
    Indicator.ORIENTED: "logements proposés dans l'année, refus compris ; une offre retirée ne "
    "compte pas",
    Indicator.ATTRIBUTED: "attributions décidées dans l'année : une par logement et par CALEOL",
    Indicator.LEASED: "attributions suivies d'un bail signé dans l'année",
}
DIMENSION_TABLES: Mapping[Dimension, Mapping[str, str]] = {
    Dimension.TYPOLOGY: labels.TYPOLOGIES,
    Dimension.FINANCING: labels.FINANCINGS,
    Dimension.QPV: labels.QPV,
    Dimension.PERIOD: labels.PERIODS,
}
ANSWERS = {"express": "expresse", "tacit": "tacite", "refused": "refus"}
OUTCOMES = {"attributed": "attribué", "not_attributed": "non attribué"}


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a version adds to its content."""

    version: int
    published_at: datetime
    content_hash: str


def bilan_workbook(content: Content, heading: Heading) -> bytes:
    name, year = content["bailleur"]["name"], content["year"]
    book = Book(
        title=f"Bilan {year} – {name}, version {heading.version}",
        author=name,
        created_at=heading.published_at,
    )
    about, detailed, consolidated, out_of_flux = (
        book.sheet(title) for title in ("À propos", *VOLETS)
    )
    _about(about, content, heading)
    detailed.table("volet_1", DETAILED, list(_detailed(content)), freeze=True)
    _consolidated(consolidated, content)
    _out_of_flux(out_of_flux, content)
    _dictionary(book.sheet("Dictionnaire"))
    return book.close()


# --- À propos ---------------------------------------------------------------------------------


def _about(sheet: Sheet, content: Content, heading: Heading) -> None:
    sheet.title("Bilan annuel de la gestion en flux des réservations")
    sheet.pair("Bailleur", content["bailleur"]["name"])
    sheet.pair("SIREN", content["bailleur"]["siren"])
    sheet.pair("Année", content["year"], Kind.NUMBER)
    sheet.pair("État", "provisoire : l'année court" if content["is_provisional"] else "définitif")
    sheet.pair("Version", heading.version, Kind.NUMBER)
    sheet.pair("Publié le", labels.french_instant(heading.published_at))
    sheet.pair("Empreinte du contenu (SHA-256)", heading.content_hash)
    sheet.pair("Indicateur du décompte", labels.INDICATORS[content["basis"]])
    sheet.skip()
    sheet.subtitle("Comment lire les chiffres")
    for indicator, meaning in INDICATORS.items():
        sheet.pair(labels.INDICATORS[indicator].capitalize(), meaning)
    sheet.pair(
        "Dû",
        "somme, sur les libérations du flux de l'année, du taux signé dans la commune (annexe 1)",
    )
    sheet.pair("Écart", "indicateur du décompte moins dû ; négatif : en retard sur le quota")
    sheet.pair("Périmètre", "libérations enregistrées du 1er janvier au 31 décembre de l'année")
    sheet.pair("Ménages", "aucune donnée d'un ménage : ni numéro unique, ni critère de priorité")
    sheet.pair("Textes", "CCH, art. R441-5 et R441-5-1 ; convention, art. 7")
    sheet.skip()
    sheet.subtitle("Contrôles")
    sheet.table("controles", CHECKS, [_check(one) for one in content["checks"]], verdicts=3)


def _check(one: Mapping[str, Any]) -> Row:
    scale = UNIT if one["code"] == "due" else 1
    return (
        labels.CHECKS[one["code"]],
        one["expected"] / scale,
        one["found"] / scale,
        "conforme" if one["is_ok"] else "écart",
    )


# --- Volet 1 ----------------------------------------------------------------------------------


def _detailed(content: Content) -> Iterator[Row]:
    parties = {one["key"]: one for one in content["parties"]}
    siren = content["bailleur"]["siren"]
    for row in content["detailed"]:
        party = parties.get(row["party"] or "")
        charged = parties.get(row["charged_to"] or "")
        yield (
            content["year"],
            siren,
            *_dwelling(row),
            _day(row["free_on"]),
            labels.NATURES[row["nature"]],
            None if row["is_in_flux"] else labels.NATURES[row["nature"]],
            party and party["siren"],
            party and party["name"],
            party and labels.CONTINGENTS[party["contingent"]],
            *_course(row),
            charged and _party_name(charged),
        )


def _dwelling(row: Mapping[str, Any]) -> Row:
    return (
        row["rpls_id"],
        row["reference"],
        row["insee"],
        row["commune"],
        row["epci_siren"],
        row["address"],
        labels.TYPOLOGIES[row["typology"]],
        float(row["surface"]),
        labels.FINANCINGS[row["financing"]],
        labels.QPV["yes" if row["is_qpv"] else "no"],
        row["built_year"],
        labels.PERIODS[row["period"]],
    )


def _course(row: Mapping[str, Any]) -> Row:
    return (
        row["rank"],
        _day(row["sent_on"]),
        ANSWERS.get(row["answer"]),
        _day(row["answered_on"]),
        _day(row["candidates_on"]),
        row["candidate_count"],
        _day(row["caleol_on"]),
        OUTCOMES.get(row["outcome"]),
        _day(row["leased_on"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _party_name(party: Mapping[str, Any]) -> str:
    contingent = labels.CONTINGENTS[party["contingent"]]
    name = str(party["name"])
    return f"{name}, contingent {contingent}" if contingent else name


# --- Volet 2 ----------------------------------------------------------------------------------


def _consolidated(sheet: Sheet, content: Content) -> None:
    basis = content["basis"]
    parties = content["parties"]
    sheet.title(f"Flux consolidé {content['year']}")
    sheet.subtitle("Par réservataire")
    sheet.table(
        "volet_2",
        PARTIES,
        [(_party_name(one), *_figures(one), _done(one, basis)) for one in parties],
        total=("Total", *_figures(_sum(parties))),
    )
    names = {one["key"]: _party_name(one) for one in parties}
    for dimension in Dimension:
        sheet.skip()
        sheet.subtitle(f"Par réservataire et par {labels.DIMENSIONS[dimension]}")
        words = DIMENSION_TABLES.get(dimension, content["communes"])
        cells = content["tables"][dimension]
        sheet.table(
            f"volet_2_{dimension}",
            CONSOLIDATED[dimension],
            [(names[one["party"]], words[one["value"]], *_figures(one)) for one in cells],
            total=("Total", None, *_figures(_sum(cells))),
        )
    sheet.skip()
    sheet.subtitle("Taux signés de l'année, par commune (annexe 1)")
    sheet.table(
        "volet_2_taux",
        RATES,
        [
            (content["communes"][one["insee"]], names[one["party"]], one["rate_bp"] / _BP)
            for one in content["rates"]
        ],
    )


FIGURES = ("due", "oriented", "attributed", "leased", "gap")


def _sum(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(one[name] for one in rows) for name in FIGURES}


def _figures(one: Mapping[str, Any]) -> Row:
    counts = (one["oriented"], one["attributed"], one["leased"])
    return (one["due"] / UNIT, *counts, one["gap"] / UNIT)


def _done(one: Mapping[str, Any], basis: str) -> float | None:
    """The indicator over what is due; nothing when nothing is due."""
    return one[basis] * UNIT / one["due"] if one["due"] else None


# --- Volet 3 and dictionary -------------------------------------------------------------------


def _out_of_flux(sheet: Sheet, content: Content) -> None:
    share = content["mutations"]
    ratio = None if share["ratio_bp"] is None else share["ratio_bp"] / _BP
    sheet.title(f"Hors flux {content['year']}")
    sheet.pair("Mutations internes", share["count"], Kind.COUNT)
    sheet.pair("Libérations de l'assiette", share["total"], Kind.COUNT)
    sheet.pair("Part des mutations", ratio, Kind.RATE)
    ceiling = share.get("ceiling_bp", MUTATION_CEILING_BP)
    sheet.pair("Plafond (art. 2.3)", ceiling / _BP, Kind.RATE)
    sheet.pair("Niveau", labels.LEVELS[share["level"]])
    forecast = content.get("forecast", {"year": 0, "numbers": {}})
    for code, words in CATEGORIES.items():
        if code in forecast["numbers"]:
            title = f"Prévu en {forecast['year']} : {words}"
            sheet.pair(title, forecast["numbers"][code], Kind.COUNT)
    sheet.skip()
    sheet.table(
        "volet_3",
        OUT_OF_FLUX,
        [
            (
                labels.NATURES[one["nature"]],
                one["insee"],
                one["commune"],
                labels.TYPOLOGIES[one["typology"]],
                one["count"],
            )
            for one in content["out_of_flux"]
        ],
        freeze=True,
    )


def _dictionary(sheet: Sheet) -> None:
    described = zip(VOLETS, (DETAILED, PARTIES, OUT_OF_FLUX), strict=True)
    rows = [
        (volet, column.header, column.meaning) for volet, columns in described for column in columns
    ]
    sheet.table("dictionnaire", DICTIONARY, rows, freeze=True)
