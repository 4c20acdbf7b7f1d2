"""Excluding a dwelling from the assiette, or taking it back: typed, checked, done (art. 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.stock_labels import EXCLUSION_CHOICES
from server.errors import Conflict, Invalid, Motif
from server.operations import assiette
from server.operations.assiette import ExcludeDwelling, ExclusionFile
from server.pages import views
from server.pages.dwellings.listing import LIST, PATH
from server.pages.views import View
from server.pages.visits import Form, Visit

NAMES = ("acte", "motif", "date", "source")
FIELDS = {"code": "motif", "from_on": "date", "until_on": "date"}
STEPS = ["Exclusion", "Vérifier"]
END = "retour"
NO_ACT = Motif(code="act_required", message="Choisissez ce que vous enregistrez.", field="acte")


async def new(visit: Visit) -> Response:
    """Empty, or as typed when one comes back from the check."""
    return await _form_page(visit, _query(visit))


def _query(visit: Visit) -> Form:
    return Form(data=FormData(dict(visit.request.query_params)))


async def _form_page(
    visit: Visit, form: Form, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        found = await assiette.get_file(tx, visit.path_id())
        today = local_day(tx.now)
    _crumbs(visit, found)
    return visit.render(
        "logement_exclusion.html",
        title="Exclusion de l'assiette",
        status=status,
        motifs=motifs,
        steps=STEPS,
        home=views.dwelling_title(found.dwelling),
        running=_running(found),
        action=f"{PATH}/{found.dwelling.id}/exclusion/verifier",
        back=f"{PATH}/{found.dwelling.id}",
        reasons=[{"value": code, "label": words} for code, words in EXCLUSION_CHOICES.items()],
        today=today.isoformat(),
        typed={name: form.text(name) for name in NAMES},
    )


def _crumbs(visit: Visit, found: ExclusionFile) -> None:
    title = views.dwelling_title(found.dwelling)
    here = f"{PATH}/{found.dwelling.id}"
    visit.breadcrumb = [LIST, {"label": title, "href": here}, {"label": "Exclusion"}]


def _running(found: ExclusionFile) -> str:
    if found.running is None:
        return ""
    reason = EXCLUSION_CHOICES[found.running.code]
    return f"{reason}, depuis le {labels.french_day(found.running.from_on)}"


async def check(visit: Visit) -> Response:
    """The effects; nothing is written."""
    form = _query(visit)
    try:
        day = _day(form)
        async with visit.reading() as tx:
            if form.text("acte") == END:
                found = await assiette.check_end(tx, visit.path_id(), day)
            else:
                found = await assiette.check(tx, _command(form, visit.path_id(), day))
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    _crumbs(visit, found)
    typed = {name: form.text(name) for name in NAMES}
    here = f"{PATH}/{found.dwelling.id}/exclusion"
    return visit.render(
        "logement_exclusion_verifier.html",
        title="Vérifier et enregistrer",
        steps=STEPS,
        home=views.dwelling_title(found.dwelling),
        rows=_rows(form, found, day),
        is_end=form.text("acte") == END,
        day=labels.french_day(day),
        next_year=day.year + 1,
        typed=typed,
        action=here,
        back=views.address(here, **typed),
    )


def _rows(form: Form, found: ExclusionFile, day: date) -> list[View]:
    is_end = form.text("acte") == END
    rows = [
        ("Aujourd'hui", _running(found) or "Dans l'assiette"),
        ("Vous enregistrez", "Retour dans l'assiette" if is_end else "Exclusion de l'assiette"),
        ("Motif", "" if is_end else EXCLUSION_CHOICES[form.text("motif")]),
        ("À partir du", labels.french_day(day)),
        ("Justification", form.text("source")),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


async def save(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    dwelling_id = visit.path_id()
    try:
        day = _day(form)
        async with visit.writing() as tx:
            if form.text("acte") == END:
                await assiette.end(tx, dwelling_id, day, source=form.text("source"))
            else:
                await assiette.exclude(tx, _command(form, dwelling_id, day))
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    done = "Logement de retour dans l'assiette" if form.text("acte") == END else "Logement exclu"
    message = f"{done} à partir du {labels.french_day(day)}."
    return visit.redirect(f"{PATH}/{dwelling_id}", message=message)


async def _refused(visit: Visit, form: Form, error: Invalid | Conflict) -> Response:
    motifs = views.renamed(error.motifs, FIELDS)
    return await _form_page(visit, form, motifs=motifs, status=error.status)


def _day(form: Form) -> date:
    if form.text("acte") not in ("exclure", END):
        form.motifs.append(NO_ACT)
    day = form.day("date")
    form.check()
    return day or date.min


def _command(form: Form, dwelling_id: UUID, day: date) -> ExcludeDwelling:
    return ExcludeDwelling(
        dwelling_id=dwelling_id, code=form.text("motif"), from_on=day, source=form.text("source")
    )
