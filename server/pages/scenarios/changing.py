"""One change more: its effect is shown before it is kept, as one types or by a button."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import labels
from server.domain.annexe import STATE, ExclusionCode, rate_text
from server.domain.ledger import TOTAL
from server.domain.scenarios import Change, ChangeKind
from server.domain.scenarios.wording import KINDS, change_day, change_sentence
from server.domain.stock_labels import EXCLUSION_CHOICES
from server.errors import Conflict, Invalid, Motif
from server.operations import scenarios
from server.operations.scenarios import Opened, Outlook
from server.operations.scenarios.figuring import NOTHING
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.scenarios.making import typed_rate
from server.pages.scenarios.words import FIELDS, LIST, PATH, plot_row, plot_sentence, shown_name
from server.pages.views import View
from server.pages.visits import Form, Visit, whole
from server.tenants.permissions import Permission, require

NAMES = ("sorte", "jour", "ligne", "valeur", "commune", "nombre", "code", "typologie",
         "financement", "nom")  # fmt: skip
BETWEEN = "/"
"""In the value of a line: the EPCI and the party."""


async def show(visit: Visit) -> Response:
    """The form, and the effect of what it holds: nothing is written."""
    form = Form(data=FormData(dict(visit.request.query_params)))
    return await _page(visit, form)


async def _page(
    visit: Visit, form: Form, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    kind = _kind(form)
    async with visit.reading() as tx:
        opened = await scenarios.open_own(tx, visit.path_id())
        kept = await scenarios.get(tx, opened.row.id)
        outlook, told = None, list(motifs)
        if _is_filled(form, kind) and not motifs:
            try:
                change = _change(form, kind, opened)
                outlook = await scenarios.preview(tx, opened.row.id, change)
            except Invalid as error:
                told = list(views.renamed(error.motifs, FIELDS))
    here = {"label": opened.row.name, "href": f"{PATH}/{opened.row.id}"}
    visit.breadcrumb = [LIST, here, {"label": "Ajouter un changement"}]
    return visit.render(
        "simulation_changement.html",
        title="Ajouter un changement",
        status=status,
        block="changement",
        motifs=told,
        href=f"{PATH}/{opened.row.id}",
        revision=opened.row.revision,
        kind=kind.value,
        tabs=_tabs(opened, kind),
        typed={name: form.text(name) for name in NAMES} | {"jour": _day(form, opened)},
        effect=_effect(outlook, kept) if outlook else None,
        **_options(opened, kind),
    )


def _kind(form: Form) -> ChangeKind:
    asked = form.text("sorte")
    return ChangeKind(asked) if asked in set(ChangeKind) else ChangeKind.DROITS


def _day(form: Form, opened: Opened) -> str:
    return form.text("jour") or opened.scenario.first_day.isoformat()


def _tabs(opened: Opened, kind: ChangeKind) -> list[View]:
    here = f"{PATH}/{opened.row.id}/changements"
    return [
        {"label": words, "href": views.address(here, sorte=code), "current": code == kind}
        for code, words in KINDS.items()
    ]


def _options(opened: Opened, kind: ChangeKind) -> View:
    return {
        "lines": _lines(opened, kind),
        "communes": [
            {"value": insee, "label": name}
            for insee, name in opened.scenario.base.commune_names().items()
        ],
        "codes": _codes(kind),
        "typologies": _words(labels.TYPOLOGIES),
        "financings": _words(labels.FINANCINGS),
    }


def _words(words: object) -> list[View]:
    return [{"value": code, "label": label} for code, label in dict(words).items()]  # type: ignore[call-overload] # a mapping of labels


def _codes(kind: ChangeKind) -> list[View]:
    if kind is ChangeKind.EXCLUSION:
        return [{"value": one.value, "label": EXCLUSION_CHOICES[one]} for one in ExclusionCode]
    return [
        {"value": code, "label": f"Les logements {words}"}
        for code, words in labels.INDICATORS.items()
    ]


def _lines(opened: Opened, kind: ChangeKind) -> list[View]:
    """Those of the State for a rate, the others for rights; with what they say today."""
    places = opened.scenario.base.territories
    return [
        {
            "value": f"{place.epci_siren}{BETWEEN}{line.key}",
            "label": f"{line.reservataire}{f', {place.epci_name}' if len(places) > 1 else ''} : "
            + (
                f"{rate_text(line.imposed_rate_bp).replace('.', ',')}{labels.NBSP}%"
                if line.imposed_rate_bp is not None
                else f"{labels.number(line.droits or Decimal(0))} droits"
            ),
        }
        for place in places
        for line in place.lines
        if (line.contingent in STATE) == (kind is ChangeKind.RATE)
    ]


# --- What is typed --------------------------------------------------------------------------------

NEEDED = {
    ChangeKind.DROITS: ("ligne", "valeur"),
    ChangeKind.RATE: ("ligne", "valeur"),
    ChangeKind.EXCLUSION: ("commune", "nombre", "code"),
    ChangeKind.PROGRAMME: ("commune", "nombre", "typologie", "financement"),
    ChangeKind.MUTATION_SHARE: ("valeur",),
    ChangeKind.INDICATOR: ("code",),
}


def _is_filled(form: Form, kind: ChangeKind) -> bool:
    """Before that there is no effect to show, and no fault to tell."""
    return all(form.text(name) for name in NEEDED[kind])


def _change(form: Form, kind: ChangeKind, opened: Opened) -> Change:
    siren, _, key = form.text("ligne").partition(BETWEEN)
    is_line = kind in (ChangeKind.DROITS, ChangeKind.RATE)
    is_rate = kind in (ChangeKind.RATE, ChangeKind.MUTATION_SHARE)
    has_number = kind in (ChangeKind.EXCLUSION, ChangeKind.PROGRAMME)
    from_on = form.day("jour")
    change = Change(
        kind=kind,
        from_on=from_on or opened.scenario.first_day,
        epci_siren=siren if is_line else "",
        party_key=key if is_line else "",
        droits=_droits(form) if kind is ChangeKind.DROITS else None,
        rate_bp=typed_rate(form, "valeur") if is_rate else None,
        insee=form.text("commune") if has_number else "",
        number=(form.integer("nombre") or 0) if has_number else 0,
        code=form.text("code") if kind in (ChangeKind.EXCLUSION, ChangeKind.INDICATOR) else "",
        typology=form.text("typologie") if kind is ChangeKind.PROGRAMME else "",
        financing=form.text("financement") if kind is ChangeKind.PROGRAMME else "",
        name=form.text("nom")[:80] or "Programme" if kind is ChangeKind.PROGRAMME else "",
    )
    form.check()
    return change


def _droits(form: Form) -> Decimal:
    text = form.text("valeur").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_finite():
        return value
    message = "Donnez un nombre, par exemple 14,5."
    form.motifs.append(Motif(code="number_invalid", message=message, field="valeur"))
    return Decimal(0)


async def add(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    scenario_id, kind = visit.path_id(), _kind(form)
    try:
        async with visit.writing() as tx:
            opened = await scenarios.open_own(tx, scenario_id)
            change = _change(form, kind, opened)
            await scenarios.add_change(tx, scenario_id, revision_of(form), change)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _page(visit, form, motifs=motifs, status=error.status)
    return visit.redirect(f"{PATH}/{scenario_id}", message="Changement ajouté à la simulation.")


async def remove(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    require(visit.actor, Permission.SCENARIO_PREPARE)
    asked = (whole(str(visit.request.path_params["numero"])) or 0) - 1
    async with visit.writing() as tx:
        await scenarios.remove_change(tx, visit.path_id(), revision_of(form), asked)
    return visit.redirect(f"{PATH}/{visit.path_id()}", message="Changement retiré.")


# --- The effect -----------------------------------------------------------------------------------


def _effect(outlook: Outlook, kept: scenarios.ReadScenario) -> View:
    """Beside the scenario as it is kept: what this very change would move."""
    change = outlook.scenario.changes[-1]
    rows = []
    for one in kept.figures:
        now = outlook.now.parties.get(scenarios.key_of(one), {}).get(TOTAL, NOTHING)
        rows.append(plot_row(shown_name(one), one.figures["total"], (now.mean, now.low, now.high)))
    tables = scenarios.tables_json(outlook)
    known = {one["message"] for one in kept.row.tables["warnings"]}
    sentence = change_sentence(change, outlook.scenario.base, outlook.names)
    return {
        "sentence": f"{sentence}, {change_day(change, outlook.scenario.year)}",
        "rows": rows,
        "told": plot_sentence(rows, "avant ce changement", "après"),
        "warnings": [one for one in tables["warnings"] if one["message"] not in known],
    }
