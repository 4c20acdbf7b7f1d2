"""A new simulation; then its name and its hypotheses."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.scenarios import ScenarioRow
from server.domain import labels
from server.domain.flux import Indicator
from server.domain.scenarios import Hypotheses
from server.errors import Conflict, Invalid, Motif
from server.operations import scenarios
from server.operations.scenarios import NewScenario
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.scenarios.words import FIELDS, LIST, PATH, percent
from server.pages.visits import Form, Visit, whole

WHOLE = "tout"
RATES = {
    "rotation": "turnover_bp",
    "mutations": "mutation_bp",
    "refus": "refusal_bp",
    "caleol": "caleol_failure_bp",
    "bail": "lease_failure_bp",
}


async def new(visit: Visit) -> Response:
    return await _new_page(visit, Form(data=FormData(dict(visit.request.query_params))))


async def _new_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        epcis, years = await scenarios.choices(tx)
    visit.breadcrumb = [LIST, {"label": "Nouvelle simulation"}]
    return visit.render(
        "simulation_nouvelle.html",
        title="Nouvelle simulation",
        status=status,
        motifs=motifs,
        typed={
            "nom": form.text("nom"),
            "annee": form.text("annee") or str(years[0]),
            "epci": form.text("epci") or (next(iter(epcis)) if len(epcis) == 1 else ""),
        },
        years=[{"value": str(one), "label": str(one)} for one in years],
        places=[
            *({"value": siren, "label": name} for siren, name in epcis.items()),
            {"value": WHOLE, "label": "Tout le patrimoine"},
        ],
    )


async def create(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    place = form.text("epci")
    command = NewScenario(
        name=form.text("nom"),
        year=whole(form.text("annee")) or 0,
        epci_siren=None if place == WHOLE else place,
    )
    try:
        async with visit.writing() as tx:
            scenario_id = await scenarios.create(tx, command)
    except Invalid as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _new_page(visit, form, motifs=motifs, status=error.status)
    message = "Simulation ouverte : logements comptés, droits de l'annexe repris."
    return visit.redirect(f"{PATH}/{scenario_id}", message=message)


# --- Its hypotheses -------------------------------------------------------------------------------


async def edit(visit: Visit) -> Response:
    return await _hypotheses_page(visit)


async def _hypotheses_page(
    visit: Visit, form: Form | None = None, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        row = (await scenarios.open_own(tx, visit.path_id())).row
    here = {"label": row.name, "href": f"{PATH}/{row.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Hypothèses"}]
    return visit.render(
        "simulation_hypotheses.html",
        title="Hypothèses de la simulation",
        status=status,
        motifs=motifs,
        href=f"{PATH}/{row.id}",
        revision=row.revision,
        typed=_as_kept(row) if form is None else _typed(form),
        indicators=[
            {"value": code, "label": f"Les logements {words}"}
            for code, words in labels.INDICATORS.items()
        ],
    )


def _typed(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in ("nom", "indicateur", *RATES)}


def _as_kept(row: ScenarioRow) -> dict[str, str]:
    kept = scenarios.read_hypotheses(row.hypotheses)
    return {
        "nom": row.name,
        "indicateur": kept.indicator.value,
        **{name: percent(getattr(kept, field)) for name, field in RATES.items()},
    }


async def suppose(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    scenario_id = visit.path_id()
    try:
        hypotheses = _hypotheses(form)
        async with visit.writing() as tx:
            await scenarios.suppose(
                tx, scenario_id, revision_of(form), name=form.text("nom"), hypotheses=hypotheses
            )
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _hypotheses_page(visit, form, motifs=motifs, status=error.status)
    return visit.redirect(f"{PATH}/{scenario_id}", message="Hypothèses enregistrées.")


def _hypotheses(form: Form) -> Hypotheses:
    rates = {field: typed_rate(form, name) for name, field in RATES.items()}
    if form.text("indicateur") not in set(Indicator):
        message = "Choisissez ce que le flux compte."
        form.motifs.append(Motif(code="indicator_unknown", message=message, field="indicateur"))
    form.check()
    return Hypotheses(**rates, indicator=Indicator(form.text("indicateur")))


def typed_rate(form: Form, name: str) -> int:
    """« 7,4 » → 740, in 1/100 %; its fault is at its field."""
    try:
        hundredths = Decimal(form.text(name).replace(",", ".")) * 100
        if hundredths == int(hundredths):
            return int(hundredths)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    message = "Indiquez un taux, par exemple 7,4."
    form.motifs.append(Motif(code="rate_invalid", message=message, field=name))
    return 0
