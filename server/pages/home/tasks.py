"""What is expected of an organisme today, in the order of the dates, each one click away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

from server.db.bilans import Bilan
from server.db.orientations import Orientation, OrientationFilter
from server.db.paging import PageRequest
from server.domain import labels
from server.domain.bilans import bilan_last_day, is_late
from server.domain.deadlines import last_day, local_day
from server.domain.orientations import State
from server.operations import annexes, bilans, caleol, orientations, people, urgences, vacancies
from server.pages import views
from server.pages.home.agreements import convention_tasks
from server.pages.orientations.listing import count_of, stages_of
from server.pages.views import View
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, may
from server.tenants.transactions import TenantTransaction

ALL_STEPS = PageRequest(first=75)
MOST = PageRequest(first=25)
"""A home page shows the first ones of each kind; the counts say how many there are."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A line of the list; `on` places it, `due` and `left` are read."""

    on: date
    title: str
    href: str
    due: str = ""
    left: str = ""
    tone: str = "neutral"
    detail: str = ""
    badge: View | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """The tasks in order, and how many files wait at each stage."""

    tasks: list[Task]
    tiles: list[View]
    empty: str
    is_cut: bool


@dataclass(kw_only=True)
class Gathering:
    """A board in the making."""

    tx: TenantTransaction
    tasks: list[Task] = field(default_factory=list)
    tiles: list[View] = field(default_factory=list)
    is_cut: bool = False

    @property
    def today(self) -> date:
        return local_day(self.tx.now)

    def tile(self, label: str, count: int, href: str, tone: str = "neutral") -> None:
        shown = tone if count else "neutral"
        self.tiles.append({"label": label, "value": str(count), "href": href, "tone": shown})

    async def offers(
        self, *states: State, due_first: bool = False, request: PageRequest = MOST
    ) -> tuple[Orientation, ...]:
        """Those of the states of the law now."""
        actor = self.tx.actor
        is_answering = actor.capacity is Capacity.RESERVATAIRE
        wanted = OrientationFilter(
            states=tuple(one.value for one in states),
            at=self.tx.now,
            # the offers that the préfet answers in its place are read, not to be done
            addressee_id=actor.tenant_id if is_answering else None,
        )
        found = await orientations.list_page(self.tx, request, wanted, due_first=due_first)
        self.is_cut = self.is_cut or found.has_next
        return found.items


# --- The bailleur -------------------------------------------------------------------------------


async def of_bailleur(found: Gathering) -> str:
    await _vacancies(found)
    offers = await found.offers(*NEXT_STEPS, request=ALL_STEPS)
    for one in offers:
        state = views.in_law(one, found.tx.now).state
        found.tasks.append(NEXT_STEPS[state](one, found.tx.now))
    await _decisions(found)
    await _own_bilan(found)
    await _conventions(found)
    await _stages(found)
    return "Aucun logement à orienter, aucune décision à enregistrer."


async def _vacancies(found: Gathering) -> None:
    page = await vacancies.list_page(found.tx, MOST, awaiting=True)
    found.is_cut = found.is_cut or page.has_next
    for one in page.items:
        is_free = one.free_on <= found.today
        found.tasks.append(
            Task(
                on=one.free_on,
                title=f"Orienter : {views.dwelling_title(one.dwelling)}",
                href=f"/liberations/{one.id}",
                due=f"Libre le {labels.french_day(one.free_on)}",
                left="Déjà libre" if is_free else "",
                tone="danger" if is_free else "neutral",
                detail="Proposé à personne pour l'instant.",
            )
        )
    found.tile("Libérations à orienter", await vacancies.count_awaiting(found.tx), "/liberations")


def _without_candidate(one: Orientation, now: datetime) -> Task:
    due_at = views.in_law(one, now).candidates_due_at
    ended = last_day(due_at) if due_at else local_day(now)
    return Task(
        on=ended,
        title=f"Décider de la suite : {views.offer_title(one)}",
        href=f"/orientations/{one.id}",
        due=f"Délai terminé le {labels.french_day(ended)}",
        tone="danger",
        detail=f"Sans candidat de {views.named(views.reservataire_of(one))}.",
        badge={"text": "Sans candidat", "tone": "danger"},
    )


def _to_plan(one: Orientation, now: datetime) -> Task:
    count = labels.plural(one.candidate_count, "candidat")
    return Task(
        on=local_day(now),
        title=f"Inscrire en CALEOL : {views.offer_title(one)}",
        href=f"/orientations/{one.id}",
        due="Dès maintenant",
        detail=f"{count}, {views.reservataire_of(one)}.",
        tone="info",
    )


def _lease(one: Orientation, now: datetime) -> Task:
    attributed_on = one.attributed_on or local_day(now)
    return Task(
        on=attributed_on,
        title=f"Enregistrer le bail : {views.offer_title(one)}",
        href=f"/orientations/{one.id}",
        due=f"Attribué le {labels.french_day(attributed_on)}",
        detail="Une fois le bail signé.",
    )


NEXT_STEPS: Mapping[State, Callable[[Orientation, datetime], Task]] = {
    State.NO_CANDIDATE: _without_candidate,
    State.CANDIDATES_COMPLETE: _to_plan,
    State.CANDIDATES_PARTIAL: _to_plan,
    State.ATTRIBUTED: _lease,
}
"""What the bailleur does next with an offer, by its state in law."""


async def _decisions(found: Gathering) -> None:
    page = await caleol.list_page(found.tx, MOST, state="planned")
    for one in page.items:
        if one.starts_at > found.tx.now:
            continue
        held_on = local_day(one.starts_at)
        agenda = labels.plural(one.item_count, "logement")
        found.tasks.append(
            Task(
                on=held_on,
                title="Enregistrer les décisions de la CALEOL",
                href=f"/caleol/{one.id}",
                due=f"Tenue le {labels.french_day(held_on)}",
                tone="warning",
                detail=f"{agenda} à l'ordre du jour, {one.place}.",
            )
        )


async def _own_bilan(found: Gathering) -> None:
    year = found.today.year - 1
    if await bilans.list_all(found.tx, year=year, bailleur_id=found.tx.actor.tenant_id):
        return
    last_day = bilan_last_day(year)
    late = is_late(found.tx.now, last_day)
    found.tasks.append(
        Task(
            on=last_day,
            title=f"Publier le bilan {year}",
            href="/bilans",
            due=f"Au plus tard le {labels.french_day(last_day)}",
            left="En retard" if late else "",
            tone="danger" if late else "warning",
            detail="Avant le 28 février, à chaque réservataire et EPCI (art. 7, R441-5-1).",
        )
    )


async def _own_annexes(found: Gathering) -> None:
    for one in await annexes.due(found.tx):
        found.tasks.append(
            Task(
                on=one.last_day,
                title=f"Publier l'annexe 1 de {one.year}, {one.epci_name}",
                href="/annexes",
                due=f"Au plus tard le {labels.french_day(one.last_day)}",
                left="En retard" if one.is_late else "",
                tone="danger" if one.is_late else "warning",
                detail="Avant le 28 février, l'assiette et le taux à chaque réservataire (art. 4).",
            )
        )


# --- The réservataire ---------------------------------------------------------------------------


async def of_reservataire(found: Gathering) -> str:
    for one in await found.offers(State.SENT, due_first=True):
        _deadline_task(found, one, "Accepter ou refuser", badge="À répondre")
    for one in await found.offers(State.SEARCHING, due_first=True):
        count = f"{one.candidate_count} sur 3"
        _deadline_task(found, one, "Présenter des candidats", badge=count)
    await _received_bilans(found)
    await _conventions(found)
    await _stages(found)
    return "Aucune offre n'attend votre réponse. Un courriel vous prévient de la prochaine."


def _deadline_task(found: Gathering, one: Orientation, act: str, *, badge: str) -> None:
    deadline = views.running_deadline(one, found.tx.now)
    if deadline is None:
        return
    found.tasks.append(
        Task(
            on=local_day(deadline["due_at"]),
            title=f"{act} : {views.offer_title(one)}",
            href=f"/orientations/{one.id}",
            due=deadline["short"],
            left=deadline["left"],
            tone=deadline["tone"],
            detail=f"{one.bailleur_name}. {deadline['consequence']}",
            badge={"text": badge, "tone": deadline["tone"]},
        )
    )


async def _conventions(found: Gathering) -> None:
    found.tasks.extend(Task(**task) for task in await convention_tasks(found.tx, found.today))


async def _stages(found: Gathering) -> None:
    """One tile a tab of the list of offers, the closed ones left out."""
    numbers = await orientations.counts_in_law(found.tx)
    for stage in stages_of(found.tx.actor.capacity)[:-1]:
        found.tile(stage.label, count_of(stage, numbers), f"/orientations?etape={stage.code}")


# --- The préfecture and the EPCI ----------------------------------------------------------------


async def of_prefecture(found: Gathering) -> str:
    page = await urgences.list_page(found.tx, PageRequest(first=100), state="requested")
    for one in page.items:
        asked_on = local_day(one.requested_at)
        found.tasks.append(
            Task(
                on=asked_on,
                title=f"Décider : {labels.URGENCY_KINDS[one.kind]}, {one.commune_name}",
                href=f"/urgences/{one.id}",
                due=f"Demandée le {labels.french_day(asked_on)}",
                tone="danger",
                detail=f"{one.bailleur_name}. Sans décision, le logement reste dans le flux.",
                badge={"text": "Urgence", "tone": "danger"},
            )
        )
    found.tile("Urgences à décider", len(page.items), "/urgences", "danger")
    await _received_bilans(found)
    await _stages(found)
    return "Aucune affectation d'urgence n'attend votre décision."


async def of_epci(found: Gathering) -> str:
    await _received_bilans(found)
    return "Tous les bilans reçus ont été ouverts. Un courriel vous prévient du prochain."


async def _received_bilans(found: Gathering) -> None:
    received = await bilans.list_all(found.tx)
    given = await bilans.deliveries(found.tx, [one.id for one in received])
    unread = [
        one
        for one in received
        if any(delivery.opened_at is None for delivery in given.get(one.id, []))
    ]
    found.tasks.extend(_bilan_task(one) for one in unread)
    if found.tx.actor.capacity is Capacity.EPCI:
        found.tile("Bilans reçus", len(received), "/bilans")
        found.tile("Bilans non ouverts", len(unread), "/bilans", "warning")


def _bilan_task(one: Bilan) -> Task:
    received_on = local_day(one.distributed_at or one.published_at)
    return Task(
        on=received_on,
        title=f"Ouvrir le bilan {one.year} de {one.bailleur_name}",
        href=f"/bilans/{one.id}",
        due=f"Reçu le {labels.french_day(received_on)}",
        detail=f"Version {one.version}, pas encore ouvert.",
    )


async def _review(found: Gathering) -> None:
    """Three months after the last time, a responsable looks at the list of the people again."""
    if not may(found.tx.actor, Permission.PEOPLE_READ):
        return
    review = await people.review(found.tx)
    if not review.is_due:
        return
    found.tasks.append(
        Task(
            on=review.due_on,
            title="Confirmer la liste des personnes de l'organisme",
            href="/organisme/personnes",
            due=f"Depuis le {labels.french_day(review.due_on)}",
            tone="warning",
            detail="Revue trimestrielle : retirer les départs, corriger les rôles.",
        )
    )


Gather: TypeAlias = Callable[[Gathering], Awaitable[str]]
BY_CAPACITY: Mapping[Capacity, Gather] = {
    Capacity.BAILLEUR: of_bailleur,
    Capacity.RESERVATAIRE: of_reservataire,
    Capacity.PREFECTURE: of_prefecture,
    Capacity.EPCI: of_epci,
}


async def board(tx: TenantTransaction) -> Board:
    found = Gathering(tx=tx)
    empty = await BY_CAPACITY[tx.actor.capacity](found)
    await _review(found)
    ordered = sorted(found.tasks, key=lambda one: one.on)
    return Board(tasks=ordered, tiles=found.tiles, empty=empty, is_cut=found.is_cut)
