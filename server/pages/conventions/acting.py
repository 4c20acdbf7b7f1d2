"""The steps of a convention, each typed, checked, then recorded; its address; its avenants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.domain import labels
from server.domain.convention_steps import ConventionStep
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import conventions
from server.operations.conventions import Foreseen, MakeStep, SignAmendment
from server.pages import views
from server.pages.conventions.listing import LIST, PATH
from server.pages.conventions.showing import show_page
from server.pages.conventions.wording import BY_SLUG, STEPS, StepWords
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require

View = dict[str, Any]
FIELDS = {"on": "jour", "told": "precision", "transmitted_on": "transmission"}


def _step(visit: Visit) -> ConventionStep:
    found = BY_SLUG.get(visit.request.path_params["etape"])
    if found is None:
        raise NotFound
    return found


# --- A step ---------------------------------------------------------------------------------------


async def step_form(visit: Visit) -> Response:
    """Empty, or as typed when one comes back from the check."""
    return await _form_page(visit, Form(data=FormData(dict(visit.request.query_params))))


async def _form_page(
    visit: Visit, form: Form, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    step, made = _step(visit), visit.path_id()
    async with visit.reading() as tx:
        require(tx.actor, Permission.CONVENTION_SIGN)
        row = await conventions.get_record(tx, made)
        if conventions.side_of(tx, row) is None:
            raise NotFound
        today = local_day(tx.now)
    title = f"{row.bailleur_name} – {row.reservataire_name}"
    visit.breadcrumb = [LIST, {"label": title, "href": f"{PATH}/{row.id}"}]
    words = STEPS[step]
    return visit.render(
        "convention_etape.html",
        title=words.title,
        status=status,
        motifs=motifs,
        words=words,
        parties=title,
        asks_transmission=step is ConventionStep.DELIBERATE,
        action=f"{PATH}/{row.id}/etapes/{words.slug}",
        back=f"{PATH}/{row.id}",
        typed={
            "jour": form.text("jour") or today.isoformat(),
            "transmission": form.text("transmission"),
            "precision": form.text("precision"),
            # once refused, what is on the page is the convention of now
            "version": (not motifs and form.text("version")) or str(row.version),
        },
    )


async def check_step(visit: Visit) -> Response:
    """What the step will do; nothing is written."""
    form = Form(data=FormData(dict(visit.request.query_params)))
    try:
        async with visit.reading() as tx:
            command = _command(visit, form, today=local_day(tx.now))
            foreseen = await conventions.preview_step(tx, command)
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    words, row = STEPS[command.step], foreseen.row
    typed = {name: form.text(name) for name in (*FIELDS.values(), "version")}
    here = f"{PATH}/{row.id}"
    visit.breadcrumb = [
        LIST,
        {"label": f"{row.bailleur_name} – {row.reservataire_name}", "href": here},
    ]
    return visit.render(
        "convention_verifier.html",
        title=f"Vérifier : {words.title[:1].lower()}{words.title[1:]}",
        words=words,
        rows=_rows(foreseen, command, words),
        effects=_effects(foreseen, words),
        typed=typed,
        action=f"{here}/etapes/{words.slug}",
        back=views.address(f"{here}/etapes/{words.slug}", **typed),
    )


def _rows(foreseen: Foreseen, command: MakeStep, words: StepWords) -> list[View]:
    row = foreseen.row
    found = [("Bailleur", row.bailleur_name), ("Réservataire", row.reservataire_name)]
    if words.day:
        found.append((words.day, labels.french_day(command.on)))
    found.append((words.told, command.told))
    if command.transmitted_on:
        sent = labels.french_day(command.transmitted_on)
        found.append(("Transmise au contrôle de légalité", sent))
    if foreseen.moved.is_signed or foreseen.moved.ended_on:
        found.append(("Début", labels.french_day(foreseen.moved.starts_on)))
        found.append(("Dernier jour", labels.french_day(foreseen.last_day)))
    return [{"term": term, "value": value} for term, value in found]


def _effects(foreseen: Foreseen, words: StepWords) -> list[str]:
    if not foreseen.moved.is_signed:
        return list(words.effects)
    start = labels.french_day(foreseen.moved.starts_on)
    told = [f"Les deux parties ont signé : la convention engage à compter du {start}."]
    if foreseen.replaced is not None:
        former = labels.french_day(foreseen.replaced.starts_on)
        told.append(f"Elle remplace celle qui a commencé le {former}, arrêtée la veille.")
    return [*told, "L'autre partie est prévenue."]


async def make_step(visit: Visit) -> Response:
    form, made = Form(data=await visit.form()), visit.path_id()
    try:
        async with visit.writing() as tx:
            command = _command(visit, form, today=local_day(tx.now))
            await conventions.make_step(tx, command)
    except (Invalid, Conflict) as error:
        return await _refused(visit, form, error)
    return visit.redirect(f"{PATH}/{made}", message=STEPS[_step(visit)].done)


async def _refused(visit: Visit, form: Form, error: Invalid | Conflict) -> Response:
    motifs = views.renamed(error.motifs, FIELDS)
    return await _form_page(visit, form, motifs=motifs, status=error.status)


def _command(visit: Visit, form: Form, *, today: date) -> MakeStep:
    step = _step(visit)
    on = form.day("jour") if STEPS[step].day else today
    sent_on = form.day("transmission", required=False)
    version = form.integer("version", required=False)
    form.check()
    return MakeStep(
        convention_id=visit.path_id(),
        step=step,
        on=on or today,
        told=form.text("precision"),
        transmitted_on=sent_on,
        expected_version=version,
    )


# --- The address ----------------------------------------------------------------------------------


async def set_mailbox(visit: Visit) -> Response:
    form, made = Form(data=await visit.form()), visit.path_id()
    try:
        async with visit.writing() as tx:
            version = form.integer("version")
            form.check()
            mailbox = form.text("adresse") or None
            await conventions.set_mailbox(tx, made, mailbox, version=version or 0)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, {"mailbox": "adresse"})
        return await show_page(visit, motifs=motifs, status=error.status)
    message = "Adresse enregistrée : le réservataire est prévenu."
    return visit.redirect(f"{PATH}/{made}", message=message)


# --- Signing an avenant ---------------------------------------------------------------------------


async def sign_amendment(visit: Visit) -> Response:
    """From the page of the convention, where the avenant and its effect are in sight."""
    form, made = Form(data=await visit.form()), visit.path_id()
    try:
        async with visit.writing() as tx:
            await conventions.sign_amendment(tx, _signature(visit, form, made))
    except (Invalid, Conflict) as error:
        fields = {"on": "avenant_jour", "told": "avenant_fonction"}
        motifs = views.renamed(error.motifs, fields)
        return await show_page(visit, motifs=motifs, status=error.status)
    message = "Signature de l'avenant enregistrée : l'autre partie est prévenue."
    return visit.redirect(f"{PATH}/{made}", message=message)


def _signature(visit: Visit, form: Form, made: UUID) -> SignAmendment:
    on = form.day("avenant_jour")
    if not form.flag("confirme"):
        message = "Confirmez que l'avenant est signé sur papier ou par voie électronique."
        form.motifs.append(Motif(code="unconfirmed", message=message, field="confirme"))
    form.check()
    return SignAmendment(
        convention_id=made,
        amendment_id=visit.path_id("avenant"),
        on=on or date.min,
        signatory=form.text("avenant_fonction"),
    )
