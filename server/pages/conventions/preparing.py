"""A convention typed by its bailleur: a new one, a project rewritten, an avenant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.conventions import CommuneChoice, ConventionRecord
from server.domain import labels
from server.domain.charte import IN_CONVENTIONS, Version, usual_terms, value_words
from server.domain.closures import RULES, ClosureRule
from server.domain.convention_steps import StartRule
from server.domain.convention_terms import MANAGEMENTS, REASONS, Management, Terms
from server.errors import Conflict, Invalid, Motif
from server.operations import conventions
from server.operations.conventions import Choices, PrepareConvention, ProposeAmendment
from server.pages import views
from server.pages.conventions.listing import LIST, PATH
from server.pages.conventions.wording import change_view
from server.pages.visits import Form, Visit, parse_uuid, whole

View = dict[str, Any]
MOST_FIELDS = 500
NAMES = {
    "reservataire": "reservataire",
    "starts_on": "debut",
    "start_rule": "depart",
    "perimeter": "communes",
    "mailbox": "adresse",
    "answer_days": "reponse",
    "candidate_days": "presentation",
    "mutation_rate_bp": "soustraction",
    "indicator": "indicateur",
    "management": "gestion",
    "closure_rule": "fermetures",
    "charte_version": "charte",
    "model_version": "modele",
    "reason": "cause",
    "summary": "resume",
}
"""Names of the domain → of the form."""
TEXTS = tuple(name for name in NAMES.values() if name != "communes")
MODEL = "Convention bilatérale de réservation, gestion en flux"
STARTS = {
    StartRule.FIXED: "à une date fixe",
    StartRule.SIGNATURE: "à la dernière des deux signatures",
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What is in the boxes: texts, INSEE codes ticked, whole EPCI ticked, the whole département."""

    texts: dict[str, str]
    communes: frozenset[str] = frozenset()
    epcis: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Which of the three forms is shown, and where it goes."""

    kind: str
    title: str
    action: str
    back: str
    lead: str = ""
    version: int = 0


# --- A new convention -----------------------------------------------------------------------------

NEW = Draft(
    kind="new",
    title="Préparer une convention",
    action=PATH,
    back=PATH,
    lead="Un projet, que le réservataire lit aussitôt. Rien n'engage avant la signature des deux "
    "parties (art. 8).",
)


async def new(visit: Visit) -> Response:
    return await _form_page(visit, NEW)


async def create(visit: Visit) -> Response:
    typed = await _typed(visit)
    try:
        async with visit.writing() as tx:
            choices = await conventions.choices(tx)
            made = await conventions.create(tx, _command(typed, choices))
    except (Invalid, Conflict) as error:
        return await _form_page(visit, NEW, typed, error=error)
    message = "Projet enregistré : le réservataire est prévenu."
    return visit.redirect(f"{PATH}/{made}", message=message)


# --- A project rewritten --------------------------------------------------------------------------


def _rewriting(row: ConventionRecord) -> Draft:
    return Draft(
        kind="edit",
        title=f"Modifier le projet : {row.reservataire_name}",
        action=f"{PATH}/{row.id}/modifier",
        back=f"{PATH}/{row.id}",
        version=row.version,
    )


async def rewrite(visit: Visit) -> Response:
    async with visit.reading() as tx:
        row = await conventions.own_project(tx, visit.path_id())
    return await _form_page(visit, _rewriting(row), _of_row(row))


async def save(visit: Visit) -> Response:
    typed, made = await _typed(visit), visit.path_id()
    try:
        async with visit.writing() as tx:
            row = await conventions.own_project(tx, made)
            command = _command(typed, await conventions.choices(tx), party=row.reservataire_id)
            await conventions.edit(tx, made, command, version=_version(typed))
    except (Invalid, Conflict) as error:
        return await _again(visit, error, typed, _rewriting)
    return visit.redirect(f"{PATH}/{made}", message="Projet modifié : le réservataire est prévenu.")


# --- An avenant -----------------------------------------------------------------------------------


def _amending(row: ConventionRecord) -> Draft:
    return Draft(
        kind="amend",
        title=f"Proposer un avenant : {row.reservataire_name}",
        action=f"{PATH}/{row.id}/avenant",
        back=f"{PATH}/{row.id}",
        version=row.version,
        lead="Pour une modification substantielle, ou pour faire entrer une révision de la charte. "
        "La mise à jour annuelle de l'annexe 1 se fait sans avenant (art. 8).",
    )


async def amend(visit: Visit) -> Response:
    async with visit.reading() as tx:
        await conventions.choices(tx)
        row = await conventions.get_record(tx, visit.path_id())
    return await _form_page(visit, _amending(row), _of_row(row))


async def propose(visit: Visit) -> Response:
    """First the check page, then, confirmed, the proposal."""
    typed, made = await _typed(visit), visit.path_id()
    try:
        if not typed.texts["confirme"]:
            return await _check_page(visit, typed, made)
        async with visit.writing() as tx:
            await conventions.propose(tx, _proposal(typed, await conventions.choices(tx), made))
    except (Invalid, Conflict) as error:
        return await _again(visit, error, typed, _amending)
    message = "Avenant proposé : le réservataire est prévenu, il le signe d'abord."
    return visit.redirect(f"{PATH}/{made}", message=message)


async def _check_page(visit: Visit, typed: Typed, made: UUID) -> Response:
    async with visit.reading() as tx:
        choices = await conventions.choices(tx)
        command = _proposal(typed, choices, made)
        row, changes = await conventions.preview_amendment(tx, command)
    names = {one.insee: one.name for one in choices.communes}
    draft = _amending(row)
    visit.breadcrumb = [LIST, {"label": row.reservataire_name, "href": draft.back}]
    return visit.render(
        "convention_avenant.html",
        title="Vérifier l'avenant",
        party=row.reservataire_name,
        reason=REASONS[command.reason],
        summary=command.summary,
        changes=[change_view(one, names) for one in changes],
        action=draft.action,
        back=draft.back,
        texts=typed.texts,
        communes=sorted(command.terms.perimeter),
    )


def _proposal(typed: Typed, choices: Choices, made: UUID) -> ProposeAmendment:
    return ProposeAmendment(
        convention_id=made,
        reason=typed.texts["cause"],
        summary=typed.texts["resume"],
        terms=_terms(typed, choices.communes, []),
    )


async def _again(visit: Visit, error: Invalid | Conflict, typed: Typed, draft: Any) -> Response:
    async with visit.reading() as tx:
        row = await conventions.get_record(tx, visit.path_id())
    return await _form_page(visit, draft(row), typed, error=error)


# --- The form -------------------------------------------------------------------------------------


async def _form_page(
    visit: Visit,
    draft: Draft,
    typed: Typed | None = None,
    *,
    error: Invalid | Conflict | None = None,
) -> Response:
    """Nothing typed yet: what the charte in force says."""
    async with visit.reading() as tx:
        choices = await conventions.choices(tx)
    usual = _usual(choices.charte)
    typed = typed or Typed(texts=usual)
    visit.breadcrumb = [LIST, {"label": draft.title}]
    return visit.render(
        "convention_nouvelle.html",
        title=draft.title,
        status=error.status if error else 200,
        motifs=views.renamed(error.motifs, NAMES) if error else (),
        draft=draft,
        parties=[{"value": str(one.id), "label": one.name} for one in choices.reservataires],
        groups=_groups(choices.communes, typed),
        whole=typed.is_whole,
        typed=typed.texts,
        usual={
            name: f"La charte en vigueur dit : {value_words(code, choices.charte.parameters)}."
            for code, name in NAMES.items()
            if code in IN_CONVENTIONS
        },
        indicators=_options(labels.INDICATORS),
        managements=_options(MANAGEMENTS),
        closure_rules=_options(RULES),
        starts=_options(STARTS),
        reasons=_options(REASONS),
    )


def _usual(version: Version) -> dict[str, str]:
    terms = usual_terms(version)
    return {
        "reponse": str(terms["answer_days"]),
        "presentation": str(terms["candidate_days"]),
        "soustraction": labels.number(Decimal(terms["mutation_rate_bp"]) / 100),
        "indicateur": terms["indicator"],
        "gestion": Management.DIRECT,
        "fermetures": ClosureRule.COUNTED,
        "depart": StartRule.FIXED,
        "charte": terms["charte_version"],
        "modele": MODEL,
    }


def _options(words: Any) -> list[View]:
    return [{"value": str(code), "label": views.capital(text)} for code, text in words.items()]


def _groups(communes: Sequence[CommuneChoice], typed: Typed) -> list[View]:
    """The communes by EPCI; a group opens by itself when something of it is ticked."""
    groups: dict[str, View] = {}
    for one in communes:
        group = groups.setdefault(
            one.epci_siren,
            {"siren": one.epci_siren, "name": one.epci_name, "communes": [], "ticked": []},
        )
        group["communes"].append({"value": one.insee, "label": one.name})
        if one.insee in typed.communes:
            group["ticked"].append(one.insee)
    for siren, group in groups.items():
        group["whole"] = siren in typed.epcis
    return list(groups.values())


async def _typed(visit: Visit) -> Typed:
    data = await visit.request.form(max_files=0, max_fields=MOST_FIELDS)
    return _of_form(data)


def _of_form(data: FormData) -> Typed:
    form = Form(data=data)
    texts = {name: form.text(name) for name in (*TEXTS, "version", "confirme")}
    return Typed(
        texts=texts,
        communes=frozenset(map(str, data.getlist("communes"))),
        epcis=frozenset(map(str, data.getlist("epcis"))),
        is_whole=form.flag("departement"),
    )


def _of_row(row: ConventionRecord) -> Typed:
    return Typed(
        communes=row.perimeter,
        texts={
            "reservataire": str(row.reservataire_id),
            "debut": row.starts_on.isoformat(),
            "depart": row.start_rule,
            "adresse": row.mailbox or "",
            "reponse": str(row.answer_days),
            "presentation": str(row.candidate_days),
            "soustraction": labels.number(Decimal(row.mutation_rate_bp) / 100),
            "indicateur": row.indicator,
            "gestion": row.management,
            "fermetures": row.closure_rule,
            "charte": row.charte_version,
            "modele": row.model_version,
            "version": str(row.version),
        },
    )


def _version(typed: Typed) -> int:
    return whole(typed.texts["version"]) or 0


def _command(typed: Typed, choices: Choices, *, party: UUID | None = None) -> PrepareConvention:
    form = Form(data=FormData(typed.texts))
    starts_on = form.day("debut")
    motifs = [Motif(code=one.code, message=one.message, field="starts_on") for one in form.motifs]
    terms = _terms(typed, choices.communes, motifs)
    rule = typed.texts["depart"]
    return PrepareConvention(
        reservataire_id=party or parse_uuid(typed.texts["reservataire"]) or UUID(int=0),
        starts_on=starts_on or date.min,
        start_rule=StartRule(rule) if rule in set(StartRule) else StartRule.FIXED,
        terms=terms,
    )


def _terms(typed: Typed, communes: Iterable[CommuneChoice], motifs: list[Motif]) -> Terms:
    """What no number can be read in is said at its field."""
    numbers = {
        name: _whole(typed.texts[NAMES[name]], name, motifs)
        for name in ("answer_days", "candidate_days")
    }
    rate = _rate(typed.texts["soustraction"], motifs)
    if motifs:
        raise Invalid(*motifs)
    return Terms(
        perimeter=_perimeter(typed, communes),
        mailbox=typed.texts["adresse"] or None,
        mutation_rate_bp=rate,
        indicator=typed.texts["indicateur"],
        management=typed.texts["gestion"],
        closure_rule=typed.texts["fermetures"],
        charte_version=typed.texts["charte"],
        model_version=typed.texts["modele"],
        **numbers,
    )


def _perimeter(typed: Typed, communes: Iterable[CommuneChoice]) -> frozenset[str]:
    """The communes ticked, all those of an EPCI ticked, or all."""
    ticked = {one.insee for one in communes if typed.is_whole or one.epci_siren in typed.epcis}
    return typed.communes | ticked


def _whole(text: str, field: str, motifs: list[Motif]) -> int:
    if (days := whole(text)) is not None:
        return days
    message = "Indiquez un nombre entier de jours ouvrés."
    motifs.append(Motif(code="number_invalid", message=message, field=field))
    return 0


def _rate(text: str, motifs: list[Motif]) -> int:
    """In hundredths of a percent: 10 or 7,5."""
    try:
        value = Decimal(text.replace(",", ".").removesuffix("%").strip()) * 100
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_finite() and value == value.to_integral_value():
        return int(value)
    message = "Indiquez un taux en pourcentage, par exemple 10 ou 7,5."
    motifs.append(Motif(code="number_invalid", message=message, field="mutation_rate_bp"))
    return 0
