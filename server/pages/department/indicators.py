"""The figures of a commune: what each one counts, how it is said, sorted, coloured, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.db.department import CommuneFigures
from server.documents.exports import Column, Kind
from server.domain import labels

_BP = 10_000


def refusal_bp(answered: int, refused: int) -> int | None:
    """Refusals among the offers answered, silence included, in 1/100 %; None without answer."""
    return (2 * refused * _BP + answered) // (2 * answered) if answered else None


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A figure of a commune that may colour the map, sort the table, be exported."""

    code: str
    label: str
    noun: str
    value: Callable[[CommuneFigures], int | None]
    formula: str
    is_rate: bool = False

    def words(self, value: int | None) -> str:
        """A figure in its cell: 1 204, 12,50 %, – without any answer."""
        if value is None:
            return "–"
        return labels.percent(value) if self.is_rate else labels.number(value)

    def sentence(self, value: int | None) -> str:
        if value is None:
            return "aucune réponse encore"
        if self.is_rate:
            return f"{labels.percent(value)} de refus"
        return f"{labels.number(value)} {_agreed(value, self.noun)}"


def _agreed(count: int, noun: str) -> str:
    """Only the head of the group takes the plural: 2 logements dans l'assiette."""
    head, _, rest = noun.partition("|")
    plural = " ".join(f"{word}s" for word in head.split())
    return f"{plural if count > 1 else head}{rest}"


INDICATORS = {
    one.code: one
    for one in (
        Indicator(
            code="logements",
            label="Logements dans l'assiette",
            noun="logement| dans l'assiette",
            value=lambda row: row.dwellings,
            formula="Logements sociaux présents, ni exclus (art. 2.2) ni neufs de l'année (art. 3)",
        ),
        Indicator(
            code="liberations",
            label="Libérations de l'année",
            noun="libération|",
            value=lambda row: row.vacancies,
            formula="Libérations du flux enregistrées depuis le 1er janvier, annulations déduites",
        ),
        Indicator(
            code="orientations",
            label="Orientations envoyées",
            noun="orientation envoyée|",
            value=lambda row: row.oriented,
            formula="Offres envoyées depuis le 1er janvier, moins celles retirées avant réponse",
        ),
        Indicator(
            code="attente",
            label="Offres en attente",
            noun="offre| en attente de réponse",
            value=lambda row: row.waiting,
            formula="Offres de l'année sans réponse dont le délai court encore",
        ),
        Indicator(
            code="refus",
            label="Taux de refus",
            noun="",
            value=lambda row: refusal_bp(row.answered, row.refused),
            formula="Refus ÷ réponses aux offres de l'année, silences compris (art. 5.3)",
            is_rate=True,
        ),
        Indicator(
            code="dalo",
            label="Attributions DALO",
            noun="attribution| à un ménage DALO",
            value=lambda row: row.dalo,
            formula="Attributions de l'année, en CALEOL, à un ménage reconnu au titre du DALO",
        ),
    )
}
COLUMNS = (
    Column(code="insee", label="Code INSEE", description="Code INSEE de la commune."),
    Column(code="commune", label="Commune", description="Nom de la commune."),
    Column(code="epci", label="EPCI", description="Intercommunalité de la commune."),
    *(
        Column(
            code=one.code,
            label=one.label,
            kind=Kind.PERCENT if one.is_rate else Kind.INTEGER,
            description=f"{one.formula}.",
        )
        for one in INDICATORS.values()
    ),
)


def has_figures(row: CommuneFigures) -> bool:
    return any((row.dwellings, row.vacancies, row.oriented, row.dalo))


def total(rows: Iterable[CommuneFigures], indicator: Indicator) -> int | None:
    """A rate of the whole is made of its counts, never of the rates of its parts."""
    if indicator.is_rate:
        counts = [(row.answered, row.refused) for row in rows]
        return refusal_bp(sum(one for one, _ in counts), sum(one for _, one in counts))
    return sum(indicator.value(row) or 0 for row in rows)
