"""What the organisme's machines have called in thirty days, and what was refused to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from starlette.responses import Response

from server.db.calls import SUCCESS, Call, CallFilter
from server.db.paging import Sort
from server.documents.exports import Column, Kind
from server.domain import labels
from server.domain.deadlines import local_day
from server.operations import machines
from server.operations.machines import KEPT_DAYS
from server.pages import views
from server.pages.exports import every, export_links, export_response
from server.pages.machines.words import CRUMB
from server.pages.machines.words import PATH as MACHINES
from server.pages.sorting import asked_page, column, sort_of
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid
from server.tenants.transactions import TenantTransaction

PATH = f"{MACHINES}/appels"
TITLE = "Appels et erreurs"
FILTERS = ("acces", "jour", "resultat")
ORDERS = ("jour", "acces", "operation", "dernier")
NEWEST = Sort(code="dernier", is_descending=True)
ERRORS = "erreurs"
OUTCOMES = {
    SUCCESS: "Réussi",
    "access_expired": "Refusé : accès expiré",
    "access_revoked": "Refusé : accès révoqué",
    "network_refused": "Refusé : adresse hors des réseaux acceptés",
    "scope_missing": "Refusé : portée absente",
    "forbidden": "Refusé : droit absent",
    "not_found": "Introuvable",
    "rate_limited": "Refusé : mesure d'appels épuisée",
    "unexpected": "Erreur du portail",
}
COLUMNS = (
    Column(code="jour", label="Jour", kind=Kind.DATE, description="Jour des appels, à Paris."),
    Column(code="acces", label="Accès", description="Nom de l'accès machine."),
    Column(code="operation", label="Opération", description="Champs demandés à l'API."),
    Column(code="resultat", label="Résultat", description="Issue des appels, en clair."),
    Column(code="code", label="Code", description="Code stable de l'issue ; ok si réussi."),
    Column(code="appels", label="Appels", kind=Kind.INTEGER, description="Nombre d'appels."),
    Column(
        code="erreurs",
        label="Erreurs",
        kind=Kind.INTEGER,
        description="Nombre d'appels qui n'ont pas réussi.",
    ),
    Column(
        code="dernier", label="Dernier appel", kind=Kind.INSTANT, description="Instant du dernier."
    ),
)


MALFORMED = frozenset({
    *("content_type_invalid", "graphql_syntax", "graphql_validation", "method_not_allowed"),
    *("operation_not_allowed", "operation_unknown", "request_malformed"),
})  # fmt: skip


def outcome_words(code: str) -> str:
    """The outcome in words; the code itself where it is the developer of the tool who needs it."""
    if code in MALFORMED:
        return f"Requête mal formée ({code})"
    return OUTCOMES.get(code, f"Refusé ({code})")


async def list_calls(visit: Visit) -> Response:
    async with visit.reading() as tx:
        wanted = _wanted(visit)
        found = await machines.list_calls(tx, asked_page(visit, ORDERS), wanted)
        choices = await _choices(tx, wanted)
    visit.breadcrumb = [CRUMB, {"label": TITLE}]
    return visit.render(
        "machine_appels.html",
        title=TITLE,
        block="liste",
        days=KEPT_DAYS,
        columns=_columns(visit),
        rows=[_view(one) for one in found.items],
        filters=_filters(visit, choices),
        day=visit.query("jour") if _day(visit.query("jour")) else "",
        chips=_chips(visit, choices),
        keep={"tri": visit.query("tri")} if sort_of(visit, ORDERS) else {},
        exports=export_links(visit, PATH),
        path=PATH,
        next_href=_address(visit, apres=found.end_cursor) if found.has_next else "",
        first_href="" if not visit.query("apres") else _address(visit),
    )


async def export(visit: Visit) -> Response:
    async with visit.reading() as tx:
        wanted = _wanted(visit)
        found = await every(
            lambda request: machines.list_calls(tx, request, wanted), sort_of(visit, ORDERS)
        )
        choices = await _choices(tx, wanted)
    chips = [(chip["name"], chip["value"]) for chip in _chips(visit, choices)]
    return export_response(visit, TITLE, COLUMNS, [_row(one) for one in found], chips)


def _wanted(visit: Visit) -> CallFilter:
    outcome = visit.query("resultat")
    return CallFilter(
        since=local_day(datetime.now(UTC)) - timedelta(days=KEPT_DAYS),
        caller_id=parse_uuid(visit.query("acces")),
        day=_day(visit.query("jour")),
        outcome="errors" if outcome == ERRORS else outcome or None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def _choices(tx: TenantTransaction, wanted: CallFilter) -> dict[str, dict[str, str]]:
    callers: dict[UUID, str] = await machines.list_callers(tx, wanted)
    codes = await machines.list_outcomes(tx, wanted)
    return {
        "acces": {str(key): name for key, name in callers.items()},
        "resultat": {
            ERRORS: "Toutes les erreurs",
            **{code: outcome_words(code) for code in codes},
        },
    }


def _columns(visit: Visit) -> list[View]:
    current = sort_of(visit, ORDERS) or NEWEST
    return [
        column(visit, "Opération", "operation", current),
        column(visit, "Jour", "jour", current, falls=True),
        column(visit, "Accès", "acces", current),
        {"label": "Résultat"},
        {"label": "Appels", "num": True},
        column(visit, "Dernier appel", "dernier", current, falls=True),
    ]


def _filters(visit: Visit, choices: dict[str, dict[str, str]]) -> list[View]:
    names = {"acces": "Accès", "resultat": "Résultat"}
    return [
        {
            "name": name,
            "label": label,
            "value": visit.query(name),
            "options": [{"value": key, "label": words} for key, words in choices[name].items()],
        }
        for name, label in names.items()
    ]


def _chips(visit: Visit, choices: dict[str, dict[str, str]]) -> list[View]:
    day = _day(visit.query("jour"))
    named = [
        ("Accès", choices["acces"].get(visit.query("acces"), "inconnu"), "acces"),
        ("Jour", labels.french_day(day) if day else "inconnu", "jour"),
        ("Résultat", choices["resultat"].get(visit.query("resultat"), "inconnu"), "resultat"),
    ]
    return [
        {
            "name": name,
            "value": value,
            "label": f"{name} : {value}",
            "href": _address(visit, **{code: ""}),
        }
        for name, value, code in named
        if visit.query(code)
    ]


def _address(visit: Visit, **changed: object) -> str:
    kept = {name: visit.query(name) for name in (*FILTERS, "tri")}
    return views.address(PATH, **{**kept, **changed})


def _view(one: Call) -> View:
    is_success = one.outcome == SUCCESS
    return {
        "day": labels.french_day(one.day),
        "caller": one.caller_name,
        "caller_href": f"{MACHINES}/{one.caller_id}",
        "operation": one.operation.replace(" ", ", ") or "Avant toute lecture de la requête",
        "outcome": outcome_words(one.outcome),
        "tone": "success" if is_success else "danger",
        "count": one.call_count,
        "last": labels.short_instant(one.last_at),
    }


def _row(one: Call) -> View:
    return {
        "jour": one.day,
        "acces": one.caller_name,
        "operation": one.operation,
        "resultat": outcome_words(one.outcome),
        "code": one.outcome,
        "appels": one.call_count,
        "erreurs": 0 if one.outcome == SUCCESS else one.call_count,
        "dernier": one.last_at,
    }
