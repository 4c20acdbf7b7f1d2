"""A line of a draft: last year's rights, those expired, those new, and why; or a new line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from server.db.flux import AnnexeFacts, AnnexeLine
from server.domain import annexe_labels, labels
from server.domain.annexe import rate_text
from server.errors import Conflict, Invalid, Motif
from server.operations import annexes
from server.operations.annexes import AddLine, ChangeLine
from server.operations.annexes.editing import line_of
from server.operations.flux import party_name
from server.pages import views
from server.pages.annexes.acting import revision_of
from server.pages.annexes.words import LIST, title_of
from server.pages.visits import Form, Visit, parse_uuid
from server.tenants.permissions import Permission, require

FIELDS = {
    "expired": "expires",
    "added": "nouveaux",
    "droits": "droits",
    "rate": "taux",
    "origin": "origine",
    "denominator": "denominateur",
    "perimeter": "perimetre",
    "reason": "motif",
    "reservataire": "reservataire",
    "contingent": "contingent",
}
NAMES = ("expires", "nouveaux", "droits", "taux", "origine", "denominateur", "motif")
CONTINGENTS = {
    "none": "sans contingent",
    "fonctionnaires": "État, contingent fonctionnaires",
    "rs": "État, contingent RS (mal-logés)",
}
LONGEST_NUMBER = 12


def _options(words: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"value": code, "label": views.capital(label)} for code, label in words.items()]


# --- Reading what is typed ----------------------------------------------------------------------


def _decimal(form: Form, name: str) -> Decimal | None:
    """A number with a comma or a point, blank for none; its fault is at its field."""
    text = form.text(name).replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or len(text) > LONGEST_NUMBER:
        message = "Donnez un nombre, par exemple 14,5."
        form.motifs.append(Motif(code="number_invalid", message=message, field=name))
        return None
    return value


def _rate(form: Form) -> int | None:
    """An imposed rate in %, two decimals at most, as 1/100 %."""
    value = _decimal(form, "taux")
    if value is None:
        return None
    if value * 100 != (value * 100).to_integral_value():
        message = "Un taux a deux décimales au plus, par exemple 25,00."
        form.motifs.append(Motif(code="rate_invalid", message=message, field="taux"))
        return None
    return int(value * 100)


def _perimeter(form: Form) -> frozenset[str]:
    return frozenset(str(one) for one in form.data.getlist("perimetre"))


# --- A line that exists -------------------------------------------------------------------------


async def edit(visit: Visit) -> Response:
    return await _line_page(visit)


async def _draft_of(visit: Visit) -> AnnexeFacts:
    async with visit.reading() as tx:
        require(tx.actor, Permission.ANNEXE_PREPARE)
        facts = await annexes.get(tx, visit.path_id())
    if facts.published_at is not None:
        message = "Cette version est publiée : elle ne change plus. Préparez une rectification."
        raise Conflict(Motif(code="annexe_published", message=message))
    return facts


def _as_stored(line: AnnexeLine) -> FormData:
    rate = line.imposed_rate_bp
    values: list[tuple[str, str | UploadFile]] = [
        ("expires", labels.number(line.expired)),
        ("nouveaux", labels.number(line.added)),
        ("taux", "" if rate is None else rate_text(rate).replace(".", ",")),
        ("origine", line.origin),
        ("denominateur", line.denominator),
        ("motif", line.change_reason or ""),
        *(("perimetre", insee) for insee in sorted(line.perimeter)),
    ]
    return FormData(values)


async def _line_page(
    visit: Visit, form: Form | None = None, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    facts = await _draft_of(visit)
    line = line_of(facts, visit.path_id("ligne"))
    name = party_name(line.reservataire_name, line.contingent)
    return _render(
        visit,
        facts,
        form or Form(data=_as_stored(line)),
        title=f"Ligne de {views.named(name)}",
        motifs=motifs,
        status=status,
        line={
            "href": f"/annexes/{facts.id}/lignes/{line.id}",
            "is_imposed": line.imposed_rate_bp is not None,
            "previous": "" if line.previous_droits is None else labels.number(line.previous_droits),
            "source": annexe_labels.SOURCES[line.source],
        },
    )


def _render(
    visit: Visit,
    facts: AnnexeFacts,
    form: Form,
    *,
    title: str,
    motifs: tuple[Motif, ...],
    status: int,
    **context: Any,
) -> Response:
    here = {"label": title_of(facts), "href": f"/annexes/{facts.id}"}
    visit.breadcrumb = [LIST, here, {"label": title}]
    return visit.render(
        "annexe_ligne.html",
        title=title,
        status=status,
        motifs=motifs,
        href=f"/annexes/{facts.id}",
        revision=facts.revision,
        typed={name: form.text(name) for name in (*NAMES, "reservataire", "contingent")},
        perimeter=sorted(_perimeter(form)),
        communes=[{"value": one.insee, "label": one.name} for one in facts.communes],
        origins=_options(annexe_labels.ORIGINS),
        denominators=_options(annexe_labels.DENOMINATORS),
        **context,
    )


async def change(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id, line_id = visit.path_id(), visit.path_id("ligne")
    try:
        async with visit.writing() as tx:
            await annexes.change_line(tx, _changed(form, annexe_id, line_id))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _line_page(visit, form, motifs=motifs, status=error.status)
    return visit.redirect(f"/annexes/{annexe_id}", message="Ligne enregistrée, taux recalculés.")


def _changed(form: Form, annexe_id: UUID, line_id: UUID) -> ChangeLine:
    expired, added, rate = _decimal(form, "expires"), _decimal(form, "nouveaux"), _rate(form)
    form.check()
    return ChangeLine(
        annexe_id=annexe_id,
        line_id=line_id,
        revision=revision_of(form),
        perimeter=_perimeter(form),
        expired=expired or Decimal(0),
        added=added or Decimal(0),
        rate_bp=rate,
        origin=form.text("origine") or "autre",
        denominator=form.text("denominateur") or "total",
        reason=form.text("motif"),
    )


async def remove(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id = visit.path_id()
    async with visit.writing() as tx:
        await annexes.remove_line(tx, annexe_id, visit.path_id("ligne"), revision_of(form))
    return visit.redirect(f"/annexes/{annexe_id}", message="Ligne retirée du brouillon.")


# --- A new line ---------------------------------------------------------------------------------


async def new(visit: Visit) -> Response:
    empty: list[tuple[str, str | UploadFile]] = [
        ("origine", "autre"),
        ("denominateur", "total"),
        ("contingent", "none"),
    ]
    return await _new_page(visit, Form(data=FormData(empty)))


async def _new_page(
    visit: Visit, form: Form, *, motifs: tuple[Motif, ...] = (), status: int = 200
) -> Response:
    facts = await _draft_of(visit)
    async with visit.reading() as tx:
        known = await annexes.parties(tx)
    return _render(
        visit,
        facts,
        form,
        title="Nouvelle ligne de droits",
        motifs=motifs,
        status=status,
        line=None,
        parties=[{"value": str(one.id), "label": one.name} for one in known],
        contingents=_options(CONTINGENTS),
    )


async def add(visit: Visit) -> Response:
    form = Form(data=await visit.form())
    annexe_id = visit.path_id()
    try:
        async with visit.writing() as tx:
            await annexes.add_line(tx, _added(form, annexe_id))
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _new_page(visit, form, motifs=motifs, status=error.status)
    return visit.redirect(f"/annexes/{annexe_id}", message="Ligne ajoutée, taux recalculés.")


def _added(form: Form, annexe_id: UUID) -> AddLine:
    droits, rate = _decimal(form, "droits"), _rate(form)
    form.check()
    return AddLine(
        annexe_id=annexe_id,
        revision=revision_of(form),
        reservataire_id=parse_uuid(form.text("reservataire")) or UUID(int=0),
        perimeter=_perimeter(form),
        contingent=form.text("contingent") or "none",
        droits=droits,
        rate_bp=rate,
        origin=form.text("origine") or "autre",
        denominator=form.text("denominateur") or "total",
        reason=form.text("motif"),
    )
