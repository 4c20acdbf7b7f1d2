"""A scenario in words: its head, its hypotheses, what each party may expect, how far its years
are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from server.db.scenarios import Draw, Figures, ScenarioRow
from server.domain import labels
from server.domain.annexe import WHOLE_BP
from server.domain.forecasts import Expected
from server.domain.ledger import Family
from server.domain.ledger_sentences import FAMILIES, stratum_label
from server.domain.scenarios import Hypotheses, wording
from server.domain.scenarios.wording import count_text, interval_text, signed_text
from server.operations import scenarios
from server.pages import views
from server.pages.views import View

PATH = "/simulations"
LIST = {"label": "Simulations", "href": PATH}
MONTHS = "JFMAMJJASOND"
WIDE = 1.6448536269514722
DRAW_TONES = {"done": "success", "running": "info", "waiting": "info", "failed": "danger"}
FIELDS = {
    "turnover": "rotation",
    "mutation": "mutations",
    "refusal": "refus",
    "caleol_failure": "caleol",
    "lease_failure": "bail",
    "indicator": "indicateur",
    "name": "nom",
    "year": "annee",
    "epci_siren": "epci",
    "from_on": "jour",
    "line": "ligne",
    "value": "valeur",
    "commune": "commune",
    "number": "nombre",
    "code": "code",
    "typology": "typologie",
    "financing": "financement",
    "reader": "lecteur",
}


def place_of(row: ScenarioRow) -> str:
    return row.epci_name or "tout le patrimoine"


def eyebrow(row: ScenarioRow) -> str:
    return f"Simulation de {row.year}, {place_of(row)}"


def percent(value_bp: int) -> str:
    """As one types it: « 7,4 »."""
    return labels.number(Decimal(value_bp) / 100)


def facts(row: ScenarioRow) -> list[View]:
    one = scenarios.read_hypotheses(row.hypotheses)
    vacancies = count_text(row.tables["vacancies"])
    before = count_text(row.tables["before_vacancies"])
    flux = vacancies if vacancies == before else f"{vacancies} ({before} sans les changements)"
    values = (
        ("Bailleur", row.bailleur_name),
        ("Logements dans le flux", _counted(row)),
        ("Libérations attendues", flux),
        ("Rotation", f"{labels.percent(one.turnover_bp)} des logements dans l'année"),
        ("Mutations internes", f"{labels.percent(one.mutation_bp)} des libérations"),
        ("Le flux compte", f"les logements {labels.INDICATORS[one.indicator]}"),
        ("Comportements", _behaviours(one)),
    )  # fmt: skip
    return [{"term": term, "value": value} for term, value in values]


def _counted(row: ScenarioRow) -> str:
    number = labels.number(row.tables["dwellings"])
    return f"{number}, comptés au {labels.french_day(row.counted_on)}"


def _behaviours(one: Hypotheses) -> str:
    return (
        f"{labels.percent(one.refusal_bp)} de refus, {labels.percent(one.caleol_failure_bp)} sans "
        f"attribution en CALEOL, {labels.percent(one.lease_failure_bp)} sans bail"
    )


# --- What each party may expect ------------------------------------------------------------------


def expected(numbers: Sequence[float]) -> Expected:
    mean, low, high = numbers
    return Expected(mean=mean, low=low, high=high)


def interval(numbers: Sequence[float]) -> View:
    one = expected(numbers)
    return {
        "mean": one.mean,
        "low": one.low,
        "high": one.high,
        "text": count_text(one.mean),
        "range": interval_text(one),
    }


def plot_row(name: str, first: Sequence[float], second: Sequence[float]) -> View:
    """One party: what it was, what it would be, by how much it moves."""
    return {
        "label": name,
        "first": interval(first),
        "second": interval(second),
        "moved": signed_text(second[0] - first[0]),
    }


def own_rows(figures: Iterable[Figures]) -> list[View]:
    return [
        plot_row(shown_name(one), one.figures["before"], one.figures["total"]) for one in figures
    ]


def shown_name(one: Figures) -> str:
    return one.name if one.reservataire_id else f"{one.name} (part du bailleur)"


def plot_sentence(rows: Sequence[View], first: str, second: str) -> str:
    """What the picture says, for who does not see it."""
    moved = [row for row in rows if row["moved"] != "0,0"]
    if not moved:
        return f"{first} et {second} : les mêmes logements attendus pour chacun."
    said = ", ".join(
        f"{row['label']} {row['first']['text']} puis {row['second']['text']}" for row in moved[:6]
    )
    rest = f" et {len(moved) - 6} autres" if len(moved) > 6 else ""  # noqa: PLR2004 - a sentence that can be heard
    return f"Logements attendus dans l'année, {first} puis {second} : {said}{rest}."


def commune_names(tables: Mapping[str, Any]) -> dict[str, str]:
    return {one["insee"]: one["name"] for epci in tables["epcis"] for one in epci["communes"]}


def strata_rows(one: Figures, tables: Mapping[str, Any]) -> list[View]:
    """Each stratum: expected, its bounds, without the changes, and in the drawn years."""
    names = commune_names(tables)
    drawn = {
        (family, value): (mean, spread)
        for family, value, mean, spread in (one.drawn or {}).get("strata", ())
    }
    return [
        {
            "family": FAMILIES[Family(family)],
            "label": stratum_label((Family(family), value), names),
            "mean": count_text(mean),
            "range": f"{count_text(low)} à {count_text(high)}",
            "before": count_text(before),
            "moved": signed_text(mean - before),
            "drawn": _drawn_text(drawn.get((family, value))),
        }
        for family, value, mean, low, high, before in one.figures["strata"]
    ]


def _drawn_text(found: tuple[float, float] | None) -> str:
    if found is None:
        return "–"
    mean, spread = found
    return f"{count_text(mean)} ± {count_text(spread)}"


# --- Drawn years ----------------------------------------------------------------------------------


def draw_view(draw: Draw | None) -> View | None:
    if draw is None:
        return None
    share = draw.done * 100 // draw.wanted
    return {
        "state": draw.state,
        "is_going": draw.state in ("waiting", "running"),
        "badge": {
            "text": views.capital(wording.DRAW_STATES[draw.state]),
            "tone": DRAW_TONES.get(draw.state, "warning"),
        },
        "share": share,
        "steps": share // 10,
        "text": f"{labels.number(draw.done)} années tirées sur {labels.number(draw.wanted)} "
        f"({share}{labels.NBSP}%)",
        "seed": str(draw.seed),
        "asked": f"{labels.french_instant(draw.asked_at)}, par {draw.asked_by}",
        "ended": labels.french_instant(draw.ended_at) if draw.ended_at else "",
    }


def drawn_view(one: Figures) -> View | None:
    """The pictures of the drawn years of a party."""
    drawn = one.drawn
    if drawn is None:
        return None
    years = drawn["years"]
    return {
        "sentence": f"{shown_name(one)} : {count_text(drawn['mean'])} logements en moyenne sur "
        f"{labels.number(years)} années tirées, de {count_text(drawn['low'])} à "
        f"{count_text(drawn['high'])} neuf années sur dix.",
        "bars": _bars(drawn["histogram"], years),
        "months": [
            _month(number, mean, spread, late, years)
            for number, ((mean, spread), late) in enumerate(
                zip(drawn["months"], drawn["late"], strict=True)
            )
        ],
        "late": max(drawn["late"]) * WHOLE_BP // years,
    }


MOST_BARS = 24


def _bars(histogram: Sequence[Sequence[int]], years: int) -> list[View]:
    """At most 24 bars: neighbouring counts share one where the year has many dwellings."""
    counts = {one[0]: one[1] for one in histogram}
    low, high = min(counts), max(counts)
    width = max(1, -(-(high - low + 1) // MOST_BARS))
    tops = range(low, high + 1, width)
    rows = [
        (start, min(start + width - 1, high), sum(counts.get(v, 0) for v in
                                                  range(start, start + width)))
        for start in tops
    ]  # fmt: skip
    most = max(number for _, _, number in rows)
    return [
        {
            "label": str(first) if first == last else f"{first}–{last}",
            "years": labels.number(number),
            "share": labels.percent(number * WHOLE_BP // years),
            "height": round(100 * number / most, 1),
        }
        for first, last, number in rows
    ]


def _month(number: int, mean: float, spread: float, late: int, years: int) -> View:
    low, high = max(0.0, mean - WIDE * spread), mean + WIDE * spread
    return {
        "label": MONTHS[number],
        "name": views.capital(labels.month_name(number + 1)),
        "mean": mean,
        "low": low,
        "high": high,
        "text": count_text(mean),
        "range": f"{count_text(low)} à {count_text(high)}",
        "late": labels.percent(late * WHOLE_BP // years),
    }
