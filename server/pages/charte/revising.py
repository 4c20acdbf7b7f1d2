"""A revision decided by the comité technique, recorded by the préfecture: typed, checked, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import charte as law
from server.domain import labels
from server.domain.charte import Parameters, Version
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif
from server.operations import charte
from server.pages import views
from server.pages.charte.showing import LIST, PATH, SHOWN, conventions_of
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require

STEPS = ["Réviser", "Vérifier"]
# Name in the form → parameter.
NAMES: Mapping[str, str] = {
    "taux": "mutation_rate_bp",
    "reponse": "answer_days",
    "candidats": "candidate_days",
    "indicateur": "indicator",
    "npnru": "keeps_npnru",
    "orcod": "keeps_orcod",
    "insalubrite": "keeps_insalubrite",
    "vente": "keeps_vente",
    "plai": "excludes_plai_adapte",
    "gdv": "excludes_gens_du_voyage",
    "base": "advice_basis",
    "refus": "refusals",
    "refus_de_suite": "refusal_rank",
    "urgences": "urgences",
    "urgences_mois": "urgence_parts",
    "ancien": "appeal_old_before",
    "recent": "appeal_new_from",
    "poids_total": "weight_total",
    "poids_typologie": "weight_typology",
    "poids_financement": "weight_financing",
    "poids_periode": "weight_period",
    "poids_zone": "weight_area",
    "poids_commune": "weight_commune",
    "poids_attrait": "weight_appeal",
}
HEAD = {"code": "nom", "from_on": "debut", "decision": "decision"}
FIELDS = {**{parameter: name for name, parameter in NAMES.items()}, **HEAD}
CHOICES = ("base", "refus", "urgences")
WEIGHTS = tuple(name for name in NAMES if name.startswith("poids_"))
NUMBERS = ("refus_de_suite", "urgences_mois", "ancien", "recent", *WEIGHTS)
FLAGS = ("npnru", "orcod", "insalubrite", "vente", "plai", "gdv")
RATE_INVALID = Motif(
    code="rate_invalid", message="Indiquez un taux, par exemple 10 ou 7,5.", field="taux"
)


async def new(visit: Visit) -> Response:
    """As typed when one comes back, else the version that will be in force then."""
    return await _form_page(visit, Form(data=FormData(dict(visit.request.query_params))))


async def _form_page(
    visit: Visit, form: Form, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.CHARTE_REVISE)
        last = (await charte.list_versions(tx))[-1]
        today = local_day(tx.now)
    visit.breadcrumb = [LIST, {"label": "Réviser"}]
    return visit.render(
        "charte_reviser.html",
        title="Réviser la charte",
        status=status,
        motifs=motifs,
        steps=STEPS,
        typed=_typed(form) if form.data else _of(last, today),
        indicators=_options(
            {code: f"les logements {words}" for code, words in labels.INDICATORS.items()}
        ),
        refusals=_options(law.REFUSALS),
        urgences=_options(law.URGENCES),
        weights=[{"name": name, "label": law.PARAMETERS[NAMES[name]]} for name in WEIGHTS],
        back=PATH,
    )


def _options(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": views.capital(text)} for code, text in words.items()]


def _typed(form: Form) -> dict[str, str]:
    return {name: form.text(name) for name in (*HEAD.values(), *NAMES)}


def _of(version: Version, today: date) -> dict[str, str]:
    """The form filled with what a version says, from the next 1 January."""
    found = version.parameters
    return {
        "nom": str(today.year + 1),
        "debut": date(today.year + 1, 1, 1).isoformat(),
        "decision": "",
        "taux": labels.decimal(Decimal(found.mutation_rate_bp) / 100, 2),
        "reponse": str(found.answer_days),
        "candidats": str(found.candidate_days),
        "indicateur": found.indicator,
        **{name: str(getattr(found, NAMES[name])) for name in (*CHOICES, *NUMBERS)},
        **{name: "oui" if getattr(found, NAMES[name]) else "non" for name in FLAGS},
    }


async def check(visit: Visit) -> Response:
    """What the revision changes, in which conventions; nothing is written."""
    form = Form(data=FormData(dict(visit.request.query_params)))
    try:
        version = _version(form)
        async with visit.reading() as tx:
            revision = await charte.preview(tx, version)
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    visit.breadcrumb = [LIST, {"label": "Vérifier"}]
    before = revision.replaces.parameters
    return visit.render(
        "charte_verifier.html",
        title="Vérifier et réviser",
        steps=STEPS,
        code=version.code,
        since=labels.french_day(version.from_on),
        decision=version.decision,
        replaced=revision.replaces.code,
        changes=[
            {
                "label": law.PARAMETERS[name],
                "before": law.value_words(name, before),
                "after": law.value_words(name, version.parameters),
            }
            for name in revision.changes
        ],
        reached=conventions_of(revision.reached[:SHOWN]),
        reached_count=len(revision.reached),
        typed=_typed(form),
        back=views.address(f"{PATH}/reviser", **_typed(form)),
    )


async def revise(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    try:
        version = _version(form)
        async with visit.writing() as tx:
            since = await charte.revise(tx, version)
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    message = f"Version {version.code} enregistrée : en vigueur le {labels.french_day(since)}."
    return visit.redirect(PATH, message=message)


async def _refused(visit: Visit, form: Form, error: Invalid | Conflict) -> Response:
    motifs = views.renamed(error.motifs, FIELDS)
    return await _form_page(visit, form, motifs=motifs, status=error.status)


def _version(form: Form) -> Version:
    from_on = form.day("debut")
    rate = _rate(form)
    answer_days, candidate_days = form.integer("reponse"), form.integer("candidats")
    numbers = {NAMES[name]: form.integer(name) or 0 for name in NUMBERS}
    form.check()
    return Version(
        code=form.text("nom"),
        from_on=from_on or date.min,
        decision=form.text("decision"),
        parameters=replace(
            Parameters(
                mutation_rate_bp=rate,
                answer_days=answer_days or 0,
                candidate_days=candidate_days or 0,
                indicator=form.text("indicateur"),
                advice_basis=form.text("base"),
                refusals=form.text("refus"),
                urgences=form.text("urgences"),
                **{NAMES[name]: form.text(name) == "oui" for name in FLAGS},
            ),
            **numbers,  # type: ignore[arg-type] # the whole numbers of the charte
        ),
    )


def _rate(form: Form) -> int:
    """« 7,5 » → 750, in 1/100 %."""
    try:
        hundredths = Decimal(form.text("taux").replace(",", ".")) * 100
        return int(hundredths) if hundredths == int(hundredths) else _wrong(form)
    except (InvalidOperation, OverflowError, ValueError):
        return _wrong(form)


def _wrong(form: Form) -> int:
    form.motifs.append(RATE_INVALID)
    return 0
