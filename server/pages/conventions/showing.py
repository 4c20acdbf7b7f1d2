"""A convention: its parties, its perimeter, its three years, its parameters, its annexe 1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from server.db.conventions import SignedConvention
from server.db.flux import AnnexeVersion
from server.domain import labels
from server.domain.closures import RULES
from server.domain.convention_terms import MANAGEMENTS
from server.domain.conventions import ConventionPeriod
from server.domain.deadlines import local_day
from server.errors import Motif
from server.operations import conventions
from server.operations.conventions import ComparedLine, ConventionFile, Standing, YearLine
from server.operations.flux import party_name
from server.pages import views
from server.pages.conventions.life import life_view
from server.pages.conventions.listing import LIST, state_view
from server.pages.flux.annexes import FIRST_YEAR
from server.pages.visits import Visit, whole
from server.tenants.actors import Capacity

View = dict[str, Any]
TWO_POINTS = 200
ORDINALS = {1: "Première année", 2: "Première reconduction", 3: "Seconde reconduction"}


async def show(visit: Visit) -> Response:
    return await show_page(visit)


async def show_page(visit: Visit, *, motifs: Sequence[Motif] = (), status: int = 200) -> Response:
    """The page, or the page again with what was refused."""
    async with visit.reading() as tx:
        found = await conventions.read_file(tx, visit.path_id(), year=_asked_year(visit))
        life = await life_view(visit, tx, visit.path_id())
    row = found.standing.row
    title = f"Convention {row.bailleur_name} – {row.reservataire_name}"
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, LIST, {"label": title}]
    is_blank = row.mailbox is None and visit.actor.capacity is not Capacity.EPCI
    return visit.render(
        "convention.html",
        title=title,
        status=status,
        motifs=motifs,
        life=life,
        state=state_view(found.standing),
        lacks_address=is_blank,
        parties=_parties(row),
        duration=_duration(found.standing),
        periods=[_period(one, found.standing) for one in found.standing.periods],
        parameters=_parameters(visit, row),
        year=found.year,
        years=_years(found),
        lines=[_line(one, found.year) for one in found.lines],
        versions=[_version(row, one) for one in found.versions],
    )


def _asked_year(visit: Visit) -> int | None:
    """A year of the flux; what is asked wrongly is left out."""
    year = whole(visit.query("annee"))
    return year if year is not None and FIRST_YEAR <= year <= date.max.year else None


# --- The convention ---------------------------------------------------------------------------


def _parties(row: SignedConvention) -> list[View]:
    names = ", ".join(row.communes) or "aucune commune que vous puissiez lire"
    scale = "commune" if len(row.communes) == 1 else f"{len(row.communes)} communes"
    return [
        {"term": "Bailleur", "value": row.bailleur_name},
        {"term": "Réservataire", "value": row.reservataire_name},
        {"term": f"Périmètre ({scale})", "value": names},
    ]


def _duration(one: Standing) -> list[View]:
    row = one.row
    rows = [
        ("Début", labels.french_day(row.starts_on)),
        ("Durée", "Un an, reconduite deux fois tacitement (art. 8)"),
        ("Dernier jour", labels.french_day(one.last_day)),
    ]
    if row.ended_on is not None:
        words = views.capital(labels.CONVENTION_STATES[one.state])
        rows.append(
            ("Fin anticipée", f"{words}, dernier jour le {labels.french_day(row.ended_on)}")
        )
    return [{"term": term, "value": value} for term, value in rows]


def _period(one: ConventionPeriod, standing: Standing) -> View:
    on = standing.on
    is_now = one.number == standing.period
    is_past = one.until_on < on
    return {
        "when": f"Du {labels.french_day(one.from_on)} au {labels.french_day(one.until_on)}",
        "title": ORDINALS[one.number],
        "detail": "En cours" if is_now else "Terminée" if is_past else "À venir",
        "tone": "success" if is_now else "neutral",
    }


def _parameters(visit: Visit, row: SignedConvention) -> list[View]:
    rows = [
        ("Réponse à une orientation", f"{row.answer_days} jours ouvrés (art. 5.3)"),
        ("Présentation des candidats", f"{row.candidate_days} jours ouvrés (art. 5.3)"),
        ("Fermetures déclarées", views.capital(RULES[row.closure_rule])),
        ("Indicateur du décompte", f"Logements {labels.INDICATORS[row.indicator]} (art. 7)"),
        ("Mutations internes", f"{labels.percent(row.mutation_rate_bp)} au plus (art. 2.3)"),
        ("Mode de gestion", f"{views.capital(MANAGEMENTS[row.management])} (art. 5.2)"),
        ("Charte départementale", row.charte_version),
        ("Modèle", row.model_version),
    ]
    if visit.actor.capacity is not Capacity.EPCI:
        rows.insert(3, ("Adresse générique", row.mailbox or "Non renseignée"))
    return [{"term": term, "value": value} for term, value in rows]


# --- Its lines of annexe 1 ----------------------------------------------------------------------


def _years(found: ConventionFile) -> list[View]:
    """The years of which one may compare the annexe with the year before."""
    known = {one.year for one in found.versions} | {found.this_year, found.year}
    path = f"{LIST['href']}/{found.standing.row.id}"
    return [
        {
            "label": str(year),
            "href": views.address(path, annee=year),
            "current": year == found.year,
        }
        for year in sorted(known, reverse=True)
        if year <= found.this_year or year == found.year
    ]


def _line(one: ComparedLine, year: int) -> View:
    shown = one.current or one.previous
    perimeter = ", ".join(shown.perimeter) if shown else ""
    return {
        "name": party_name(one.epci_name, one.contingent),
        "perimeter": perimeter,
        "current": _figures(one, one.current, year),
        "previous": _figures(one, one.previous, year - 1),
        "change": _change(one),
    }


def _figures(one: ComparedLine, line: YearLine | None, year: int) -> View:
    if line is None:
        return {"droits": "–", "denominator": "–", "rate": "–", "href": "", "explain": None}
    rate = line.rate
    imposed = rate.line.imposed_rate_bp is not None
    droits, printed = labels.number(rate.droits), labels.percent(rate.rate_bp)
    formula = (
        f"Taux fixé par la convention de l'État : {printed} × {rate.denominator} logements"
        if imposed
        else f"{droits} droits ÷ {rate.denominator} logements = {printed}"
    )
    return {
        "droits": labels.decimal(rate.droits, 0),
        "denominator": labels.number(rate.denominator),
        "rate": printed,
        "href": views.address(
            "/flux", annee=year, epci=one.epci_siren, bailleur=one.bailleur_id, ligne=one.party_key
        ),
        "explain": {
            "formula": formula,
            "denominator": f"{rate.denominator} : nombre total de logements (A) du périmètre",
            "perimeter": ", ".join(line.perimeter),
            "version": f"Annexe 1 de {year}, version {line.version}",
            "hidden": f"{one.epci_name}, {year}",
        },
    }


def _change(one: ComparedLine) -> str:
    """In points of percentage: +0,35 point."""
    if one.current is None:
        return "Ligne disparue"
    if one.previous is None:
        return "Nouvelle ligne"
    moved = one.current.rate.rate_bp - one.previous.rate.rate_bp
    if not moved:
        return "Inchangé"
    points = labels.percent(abs(moved)).removesuffix("%").strip()
    return f"{'+' if moved > 0 else '−'}{points} point{'s' if abs(moved) >= TWO_POINTS else ''}"


def _version(row: SignedConvention, one: AnnexeVersion) -> View:
    return {
        "year": one.year,
        "epci": one.epci_name,
        "version": one.version,
        "published": labels.french_day(local_day(one.published_at)),
        "href": views.address("/flux", annee=one.year, bailleur=row.bailleur_id),
        "workbook": f"/flux/{one.annexe_id}/annexe.xlsx",
    }
