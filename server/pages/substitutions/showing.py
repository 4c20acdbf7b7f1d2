"""One substitution: its effects, its acts, and its end, decided by the préfecture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.notifications import JournalEntry
from server.db.paging import PageRequest
from server.db.substitutions import Substitution
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.substitutions import ending_motifs
from server.errors import Conflict, Invalid, Motif
from server.operations import journal, substitutions
from server.pages import views
from server.pages.substitutions.listing import LIST, PATH, state_of
from server.pages.views import View
from server.pages.visits import Form, Visit
from server.tenants.actors import Actor
from server.tenants.permissions import Permission, may, require
from server.tenants.transactions import TenantTransaction

FIELDS = {"ends_on": "fin"}
TITLES = {
    "substitution.declared": "Substitution déclarée",
    "substitution.ended": "Dernier jour fixé",
}


async def show(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, *, motifs: Sequence[Motif] = (), status: int = 200) -> Response:
    async with visit.reading() as tx:
        row = await substitutions.get(tx, visit.path_id())
        events = await _events(tx, row)
        today = local_day(tx.now)
    visit.breadcrumb = [LIST, {"label": row.tenant_name}]
    return visit.render(
        "substitution.html",
        title=f"Substitution {views.to(row.tenant_name)}",
        status=status,
        motifs=motifs,
        state=state_of(row, today),
        facts=facts_of(row),
        commune=views.named(row.tenant_name),
        events=events,
        can_end=_may_end(visit.actor, row),
        action=f"{PATH}/{row.id}/terminer",
        typed=visit.query("fin"),
    )


def _may_end(actor: Actor, row: Substitution) -> bool:
    is_mine = row.prefecture_id == actor.tenant_id
    return is_mine and row.ends_on is None and may(actor, Permission.SUBSTITUTION_DECLARE)


def facts_of(row: Substitution) -> list[View]:
    end = labels.french_day(row.ends_on) if row.ends_on else "non fixé"
    return [
        {"term": "Commune, titulaire des droits", "value": row.tenant_name},
        {"term": "Exercés par", "value": f"{row.prefecture_name}, contingent RS (mal-logés)"},
        {"term": "Arrêté", "value": row.decree},
        {"term": "Premier jour", "value": labels.french_day(row.starts_on)},
        {"term": "Dernier jour", "value": end},
    ]


async def _events(tx: TenantTransaction, row: Substitution) -> list[View]:
    """The acts, once each: the préfecture has one line of the journal for each of the parties."""
    if not may(tx.actor, Permission.JOURNAL_READ):
        return []
    entries = await journal.timeline(tx, PageRequest(first=100), subject_id=row.id)
    return [
        {**event, "title": TITLES.get(entry.act, event["title"])}
        for entry, event in zip(*_once(entries.items), strict=True)
    ]


def _once(entries: Iterable[JournalEntry]) -> tuple[list[JournalEntry], list[View]]:
    kept = list({(one.act, one.at): one for one in entries}.values())
    return kept, views.timeline(kept)


async def check_end(visit: Visit) -> Response:
    """What the end will do; nothing is written."""
    form = Form(data=FormData(dict(visit.request.query_params)))
    try:
        async with visit.reading() as tx:
            require(tx.actor, Permission.SUBSTITUTION_DECLARE)
            row = await substitutions.get(tx, visit.path_id())
            ends_on = _end(form)
            _refuse(ending_motifs(row.starts_on, ends_on, today=local_day(tx.now)))
    except Invalid as error:
        return await _page(visit, motifs=views.renamed(error.motifs, FIELDS), status=error.status)
    visit.breadcrumb = [LIST, {"label": row.tenant_name, "href": f"{PATH}/{row.id}"}]
    return visit.render(
        "substitution_terminer.html",
        title="Vérifier la fin de la substitution",
        facts=facts_of(row)[:3],
        commune=views.named(row.tenant_name),
        last=labels.french_day(ends_on),
        end=ends_on.isoformat(),
        here=f"{PATH}/{row.id}",
    )


async def end(visit: Visit) -> Response:
    form, substitution_id = Form(data=await visit.form()), visit.path_id()
    try:
        async with visit.writing() as tx:
            require(tx.actor, Permission.SUBSTITUTION_DECLARE)
            await substitutions.end(tx, substitution_id, _end(form))
    except (Invalid, Conflict) as error:
        return await _page(visit, motifs=views.renamed(error.motifs, FIELDS), status=error.status)
    message = "Dernier jour enregistré : la commune et les bailleurs concernés sont prévenus."
    return visit.redirect(f"{PATH}/{substitution_id}", message=message)


def _refuse(motifs: tuple[Motif, ...]) -> None:
    if motifs:
        raise Invalid(*motifs)


def _end(form: Form) -> date:
    found = form.day("fin")
    form.check()
    return found or date.min
