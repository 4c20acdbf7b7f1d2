"""The requests: those that wait, how long, what was decided and in how many hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from server.db.paging import PageRequest
from server.db.urgences import Urgence
from server.domain import labels
from server.domain.urgencies import UrgencyState
from server.operations import urgences
from server.operations.flux import party_name
from server.pages import views
from server.pages.visits import Visit
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

LIST = {"label": "Urgences", "href": "/urgences"}
OPEN_LENGTH, DECIDED_LENGTH = 100, 50
LONG_WAIT = timedelta(hours=48)
OUT_OF_FLUX = "hors flux"
STATES = {"requested": "À décider", "approved": "Validée", "refused": "Refusée"}
TONES = {"requested": "warning", "approved": "success", "refused": "neutral"}
LEADS = {
    Capacity.BAILLEUR: "Vos demandes d'affecter un logement libéré à une crise locale, et les "
    "décisions de la préfecture.",
    Capacity.RESERVATAIRE: "Les affectations d'urgence imputées, ou qu'il est proposé d'imputer, "
    "à votre part du flux.",
    Capacity.PREFECTURE: "Les demandes des bailleurs, les plus anciennes d'abord : vous décidez en "
    "dernier ressort (art. 2.4).",
    Capacity.EPCI: "Les affectations d'urgence sur votre territoire.",
}


async def board(visit: Visit) -> Response:
    async with visit.reading() as tx:
        opened = await newest(tx, "requested", OPEN_LENGTH)
        decided = [
            *await newest(tx, "approved", DECIDED_LENGTH),
            *await newest(tx, "refused", DECIDED_LENGTH),
        ]
        now = tx.now
    opened.sort(key=lambda one: one.requested_at)
    decided.sort(key=lambda one: one.decided_at or now, reverse=True)
    visit.breadcrumb = [{"label": "Accueil", "href": "/"}, {"label": "Urgences"}]
    return visit.render(
        "urgences.html",
        title="Affectations d'urgence",
        lead=LEADS[visit.actor.capacity],
        tiles=_tiles(opened, decided, now),
        opened=[row_view(one, now) for one in opened],
        decided=[row_view(one, now) for one in decided],
        places=_places([*opened, *decided]) if len({*map(_place, opened + decided)}) > 1 else [],
        can_request=may(visit.actor, Permission.URGENCE_REQUEST),
        can_decide=may(visit.actor, Permission.URGENCE_DECIDE),
        with_bailleur=visit.actor.capacity is not Capacity.BAILLEUR,
    )


async def newest(tx: TenantTransaction, state: str, length: int) -> list[Urgence]:
    found = await urgences.list_page(tx, PageRequest(first=length), state=state)
    return list(found.items)


def hours(span: timedelta) -> str:
    """« 22 h », « moins d'une heure »."""
    whole = int(span.total_seconds() // 3600)
    return f"{whole}{labels.NBSP}h" if whole else "moins d'une heure"


def delay_of(row: Urgence) -> timedelta | None:
    return row.decided_at - row.requested_at if row.decided_at else None


def charge_of(row: Urgence) -> str:
    """To whom the dwelling is charged, or would be as the bailleur proposes."""
    name, contingent = row.charged_reservataire_name, row.charged_contingent
    if row.state == UrgencyState.REQUESTED:
        name, contingent = row.proposed_reservataire_name, row.proposed_contingent
    if row.state == UrgencyState.REFUSED:
        return "—"
    return party_name(name, contingent) if name else OUT_OF_FLUX


def row_view(row: Urgence, now: datetime) -> dict[str, Any]:
    delay, waited = delay_of(row), now - row.requested_at
    return {
        "href": f"/urgences/{row.id}",
        "title": row.title,
        "kind": views.capital(labels.URGENCY_KINDS[row.kind]),
        "bailleur": row.bailleur_name,
        "dwelling": row.dwelling_label,
        "commune": row.commune_name,
        "households": row.households,
        "requested": labels.french_instant(row.requested_at),
        "age": hours(waited),
        "age_tone": "danger" if waited >= LONG_WAIT else "warning",
        "charge": views.capital(charge_of(row)),
        "state": {"text": STATES[row.state], "tone": TONES[row.state]},
        "delay": hours(delay) if delay is not None else "",
        "decided": labels.french_instant(row.decided_at) if row.decided_at else "",
    }


def _tiles(
    opened: Sequence[Urgence], decided: Sequence[Urgence], now: datetime
) -> list[dict[str, Any]]:
    delays = [delay for one in decided if (delay := delay_of(one)) is not None]
    approved = [one for one in decided if one.state == UrgencyState.APPROVED]
    tiles: list[dict[str, Any]] = [
        {
            "label": "En attente de décision",
            "value": len(opened),
            "tone": "warning" if opened else "success",
        }
    ]
    if opened:
        tiles.append(
            {"label": "Plus ancienne demande", "value": hours(now - opened[0].requested_at)}
        )
    if delays:
        mean = sum(delays, timedelta()) / len(delays)
        detail = f"sur {views.plural(len(delays), 'décision')}, de la demande à la décision"
        tiles.append({"label": "Délai moyen de décision", "value": hours(mean), "detail": detail})
    households = sum(one.households for one in approved)
    detail = f"pour {views.plural(households, 'ménage')}"
    tiles.append({"label": "Logements affectés", "value": len(approved), "detail": detail})
    return tiles


def _place(row: Urgence) -> tuple[str, str]:
    return row.bailleur_name, row.commune_name


def _places(rows: Iterable[Urgence]) -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in rows:
        counts.setdefault(_place(one), Counter())[one.state] += 1
    return [
        {"bailleur": bailleur, "commune": commune, **{state: found[state] for state in STATES}}
        for (bailleur, commune), found in sorted(counts.items())
    ]
