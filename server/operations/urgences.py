"""Urgency allocations: the bailleur asks, the préfecture decides last (art. 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import dwellings, tenants
from server.db import orientations as offers
from server.db import urgences as rows
from server.db.columns import LIVE_STATES
from server.db.ids import new_id
from server.db.orientations import OrientationFilter
from server.db.paging import Page, PageRequest
from server.domain import orientations as workflow
from server.domain import urgencies as law
from server.domain.deadlines import local_day
from server.domain.urgencies import UrgencyDecided, UrgencyDecision, UrgencyFacts, UrgencyRequest
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import orientations
from server.operations.flux import list_annexes, party_key, split_party_key
from server.operations.journal import Act, Recipient, announce, record
from server.queue import enqueue
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

INPUT_CODES = frozenset(
    {
        "circumstances_required",
        "household_count_invalid",
        "charge_missing",
        "charge_ambiguous",
        "charge_unknown",
        "reason_required",
    }
)
IN_COMMISSION = tuple(
    state.value
    for state in workflow.LIVE_STATES - workflow.DIVERTIBLE_STATES - {workflow.State.DRAFT}
)
TOO_LATE = Motif(
    code="dwelling_in_caleol",
    message="Ce logement est déjà inscrit en CALEOL ou attribué : il ne peut plus être affecté.",
)


@dataclass(frozen=True, kw_only=True)
class RequestUrgence:
    """A dwelling that a crisis needs; `title` says the crisis, nothing about a household."""

    vacancy_id: UUID
    kind: str
    title: str
    households: int = 1
    proposed_reservataire_id: UUID | None = None
    proposed_contingent: str = "none"


@dataclass(frozen=True, kw_only=True)
class DecideUrgence:
    """Approved and charged to a party, approved out of the flux, or refused with a reason."""

    urgence_id: UUID
    is_approved: bool
    charged_reservataire_id: UUID | None = None
    charged_contingent: str = "none"
    is_out_of_flux: bool = False
    reason: str | None = None
    expected_version: int | None = None


async def get(tx: TenantTransaction, urgence_id: UUID) -> rows.Urgence:
    require(tx.actor, Permission.URGENCE_READ)
    found = await rows.find_urgence(tx, urgence_id)
    if found is None:
        raise NotFound
    return found


async def list_page(
    tx: TenantTransaction,
    request: PageRequest,
    *,
    state: str | None = None,
    wanted: rows.UrgenceFilter | None = None,
) -> Page[rows.Urgence]:
    """Those that the actor may see; `state` is the short form of a filter."""
    require(tx.actor, Permission.URGENCE_READ)
    states = (state,) if state else ()
    return await rows.list_urgences(tx, request, wanted or rows.UrgenceFilter(states=states))


async def tallies(tx: TenantTransaction, wanted: rows.UrgenceFilter) -> list[rows.Tally]:
    """How many requests the actor sees, by bailleur, commune and state."""
    require(tx.actor, Permission.URGENCE_READ)
    return await rows.list_tallies(tx, wanted)


async def places(tx: TenantTransaction) -> rows.Places:
    """The communes and bailleurs of the requests that the actor sees."""
    require(tx.actor, Permission.URGENCE_READ)
    return await rows.list_places(tx)


def _refuse(motifs: tuple[Motif, ...]) -> None:
    if not motifs:
        return
    if all(motif.code in INPUT_CODES for motif in motifs):
        raise Invalid(*motifs)
    raise Conflict(*motifs)


async def partner_keys(
    tx: TenantTransaction, year: int, bailleur_id: UUID, insee: str
) -> dict[str, str]:
    """The parties that may be charged in a commune: key → name, as the annexe lists them."""
    computed = await list_annexes(tx, year, bailleur_id=bailleur_id)
    return {
        party_key(line.reservataire_id, line.contingent): line.reservataire_name
        for one in computed
        for line in one.facts.lines
        if insee in line.perimeter
    }


async def _live_offers(
    tx: TenantTransaction, vacancy_id: UUID, states: tuple[str, ...] = LIVE_STATES
) -> tuple[offers.Orientation, ...]:
    wanted = OrientationFilter(vacancy_id=vacancy_id, states=states)
    return (await orientations.list_page(tx, PageRequest(first=1), wanted)).items


async def _is_in_commission(tx: TenantTransaction, vacancy_id: UUID) -> bool:
    return bool(await _live_offers(tx, vacancy_id, IN_COMMISSION))


# --- Asking -----------------------------------------------------------------------------------


async def request(tx: TenantTransaction, command: RequestUrgence) -> UUID:
    """Ask the préfecture to allot a freed dwelling to a crisis."""
    require(tx.actor, Permission.URGENCE_REQUEST)
    vacancy = await dwellings.find_vacancy(
        tx, command.vacancy_id, on=local_day(tx.now), for_update=True
    )
    if vacancy is None:
        raise NotFound
    await _check_request(tx, vacancy, command)
    urgence_id = new_id()
    home = vacancy.dwelling
    try:
        await rows.insert_urgence(
            tx,
            {
                "id": urgence_id,
                "bailleur_id": tx.actor.tenant_id,
                "vacancy_id": vacancy.id,
                "dwelling_id": home.id,
                "insee": home.insee,
                "dwelling_label": f"{home.typology.upper()} – {home.address}",
                "kind": command.kind,
                "title": command.title.strip(),
                "households": command.households,
                "requested_at": tx.now,
                "proposed_reservataire_id": command.proposed_reservataire_id,
                "proposed_contingent": command.proposed_contingent,
            },
        )
    except IntegrityError as error:
        message = "Une demande d'affectation d'urgence est déjà en cours pour ce logement."
        raise Conflict(Motif(code="urgency_already_requested", message=message)) from error
    await _tell_prefecture(tx, urgence_id, home.id)
    return urgence_id


async def _check_request(
    tx: TenantTransaction, vacancy: dwellings.Vacancy, command: RequestUrgence
) -> None:
    if command.kind not in {kind.value for kind in law.UrgencyKind}:
        raise Invalid(
            Motif(code="kind_invalid", message="Ce type de crise n'existe pas.", field="kind")
        )
    if vacancy.state != "open":
        message = "Cette libération est close : le logement ne peut plus être affecté."
        raise Conflict(Motif(code="vacancy_not_available", message=message))
    if await _is_in_commission(tx, vacancy.id):
        raise Conflict(TOO_LATE)
    partners = await partner_keys(
        tx, vacancy.registered_on.year, tx.actor.tenant_id, vacancy.dwelling.insee
    )
    proposed = command.proposed_reservataire_id
    facts = UrgencyRequest(
        circumstances=command.title,
        household_count=command.households,
        partner_keys=frozenset(partners),
        proposed_charge=party_key(proposed, command.proposed_contingent) if proposed else None,
        has_open_request=await rows.has_pending(tx, vacancy.id),
    )
    _refuse(law.request_motifs(facts))


async def _tell_prefecture(tx: TenantTransaction, urgence_id: UUID, dwelling_id: UUID) -> None:
    entry = await record(
        tx,
        Act(
            act="urgence.requested",
            subject_kind="urgence",
            subject_id=urgence_id,
            bailleur_id=tx.actor.tenant_id,
            dwelling_id=dwelling_id,
            to_state="requested",
        ),
    )
    await announce(
        tx,
        entry,
        [
            Recipient(tenant_id=one.id, capacity="prefecture")
            for one in await tenants.list_tenants(tx, "prefecture")
        ],
        template="urgence.requested",
        subject_kind="urgence",
        subject_id=urgence_id,
    )


# --- Deciding ---------------------------------------------------------------------------------


async def decide(tx: TenantTransaction, command: DecideUrgence) -> rows.Urgence:
    """The préfecture decides, once; the worker then applies it on the bailleur's rows."""
    require(tx.actor, Permission.URGENCE_DECIDE)
    row = await rows.find_urgence(tx, command.urgence_id, for_update=True)
    if row is None:
        raise NotFound
    decided = await _decided(tx, row, command)
    charged = split_party_key(decided.charged_to) if decided.charged_to else (None, "none")
    if not await rows.update_urgence(
        tx,
        row,
        state=decided.state.value,
        decided_at=tx.now,
        decided_by=tx.actor.person_id,
        decision_reason=decided.reason,
        charged_reservataire_id=charged[0],
        charged_contingent=charged[1],
    ):
        raise Conflict(orientations.STALE)
    await _tell_decided(tx, row, decided)
    return await get(tx, row.id)


async def _decided(
    tx: TenantTransaction, row: rows.Urgence, command: DecideUrgence
) -> UrgencyDecided:
    if command.is_approved and await _is_in_commission(tx, row.vacancy_id):
        raise Conflict(TOO_LATE)
    partners = await partner_keys(tx, local_day(row.requested_at).year, row.bailleur_id, row.insee)
    charged = command.charged_reservataire_id
    decided = law.decide(
        UrgencyFacts(
            state=law.UrgencyState(row.state),
            partner_keys=frozenset(partners),
            version=row.version,
        ),
        UrgencyDecision(
            is_approved=command.is_approved,
            charged_to=party_key(charged, command.charged_contingent) if charged else None,
            is_out_of_flux=command.is_out_of_flux,
            reason=command.reason,
        ),
        expected_version=command.expected_version,
    )
    if isinstance(decided, UrgencyDecided):
        return decided
    if all(motif.code in INPUT_CODES for motif in decided):
        raise Invalid(*decided)
    raise Conflict(*decided)


async def _tell_decided(tx: TenantTransaction, row: rows.Urgence, decided: UrgencyDecided) -> None:
    charged = split_party_key(decided.charged_to) if decided.charged_to else None
    entry = await record(
        tx,
        Act(
            act=f"urgence.{decided.state.value}",
            subject_kind="urgence",
            subject_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=charged[0] if charged else None,
            contingent=charged[1] if charged else "none",
            dwelling_id=row.dwelling_id,
            from_state=row.state,
            to_state=decided.state.value,
            reason=decided.reason,
        ),
    )
    recipients = [Recipient(tenant_id=row.bailleur_id, capacity="bailleur")]
    if charged:
        recipients.append(
            Recipient(tenant_id=charged[0], capacity="reservataire", contingent=charged[1])
        )
    await announce(
        tx,
        entry,
        recipients,
        template="urgence.decided",
        subject_kind="urgence",
        subject_id=row.id,
    )
    await enqueue(tx.connection, "urgences.apply", row.id)


async def apply(tx: TenantTransaction, urgence_id: UUID) -> None:
    """The bailleur's side of an approval, once: the live offer is withdrawn with notice (T6), the
    vacancy becomes an urgency charged as decided.
    """
    row = await rows.find_urgence(tx, urgence_id, for_update=True)
    if row is None or row.state != law.UrgencyState.APPROVED:
        return
    if await _is_in_commission(tx, row.vacancy_id):
        return
    if not await rows.mark_applied(tx, row.id, tx.now):
        return
    for offer in await _live_offers(tx, row.vacancy_id):
        await orientations.divert(
            tx, offer.id, reason="Affectation d'urgence décidée par la préfecture (art. 2.4)."
        )
    await dwellings.update_vacancy(
        tx,
        row.vacancy_id,
        nature="urgency" if row.charged_reservataire_id else "urgency_out",
        state="closed",
        closed_on=local_day(tx.now),
        charged_reservataire_id=row.charged_reservataire_id,
        charged_contingent=row.charged_contingent,
    )
    await record(
        tx,
        Act(
            act="urgence.applied",
            subject_kind="urgence",
            subject_id=row.id,
            bailleur_id=row.bailleur_id,
            reservataire_id=row.charged_reservataire_id,
            contingent=row.charged_contingent,
            dwelling_id=row.dwelling_id,
        ),
        by_portal=True,
    )
