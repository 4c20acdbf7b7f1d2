"""The papers of a convention, written from what is recorded: to sign, to vote on (art. 4, 8)."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from server.db import conventions as rows
from server.db import tenants
from server.db.conventions import ConventionRecord
from server.documents.conventions import (
    ConventionFacts,
    RightsLine,
    SignedBy,
    convention_paper,
)
from server.documents.council_sheets import CouncilFacts, CouncilLine, council_sheet
from server.documents.papers import Paper
from server.domain import labels
from server.domain.annexe import LineRate
from server.domain.conventions import ConventionState, periods
from server.domain.deadlines import local_day
from server.errors import Forbidden
from server.operations import flux
from server.operations.conventions.preparing import STATE, get_record, terms_of
from server.operations.conventions.reading import facts_of
from server.operations.flux import ComputedAnnexe
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

UNSIGNED = frozenset({ConventionState.DRAFT, ConventionState.DELIBERATED})


async def convention(tx: TenantTransaction, convention_id: UUID) -> Paper:
    """To sign, or as signed; with the lines of the annexes of this year that the actor reads."""
    row = await get_record(tx, convention_id)
    year = local_day(tx.now).year
    annexes = await flux.list_annexes(tx, year, bailleur_id=row.bailleur_id)
    named = await rows.list_communes(tx, row.perimeter)
    is_project = ConventionState(row.state) in UNSIGNED
    return convention_paper(
        ConventionFacts(
            bailleur=SignedBy(
                name=row.bailleur_name,
                on=row.bailleur_signed_on,
                function=row.bailleur_signatory,
            ),
            siren=row.bailleur_siren,
            reservataire=SignedBy(
                name=row.reservataire_name,
                on=row.reservataire_signed_on,
                function=row.reservataire_signatory,
            ),
            is_state=row.category == STATE,
            deliberation=_deliberation(row),
            communes=tuple(one.name for one in named),
            terms=terms_of(row),
            starts_on=row.starts_on,
            at_signature=row.start_rule == "signature",
            periods=periods(facts_of(row)),
            year=year,
            lines=tuple(_lines(row.reservataire_id, annexes)),
            is_project=is_project,
        )
    )


def _deliberation(row: ConventionRecord) -> str:
    if row.deliberated_on is None:
        return ""
    sent = (
        f", transmise au contrôle de légalité le {labels.french_day(row.transmitted_on)}"
        if row.transmitted_on
        else ""
    )
    return (
        f"Délibération {row.deliberation_reference} du {labels.french_day(row.deliberated_on)}"
        f"{sent}."
    )


def _lines(party_id: UUID, annexes: list[ComputedAnnexe]) -> list[RightsLine]:
    return [
        RightsLine(
            label=_label(one, rate),
            droits=labels.decimal(rate.droits, 0),
            denominator=labels.number(rate.denominator),
            rate=labels.percent(rate.rate_bp),
        )
        for one, rate in _rates(party_id, annexes)
    ]


def _rates(party_id: UUID, annexes: list[ComputedAnnexe]) -> list[tuple[ComputedAnnexe, LineRate]]:
    return [
        (one, rate)
        for one in annexes
        for rate in one.annexe.lines
        if flux.split_party_key(rate.line.key)[0] == party_id
    ]


def _perimeter(one: ComputedAnnexe, rate: LineRate) -> str:
    names = [share.stock.name for share in one.annexe.communes if rate.covers(share.stock.insee)]
    return one.facts.epci_name if len(names) == len(one.annexe.communes) else ", ".join(names)


def _label(one: ComputedAnnexe, rate: LineRate) -> str:
    contingent = labels.CONTINGENTS[rate.line.contingent.value]
    perimeter = _perimeter(one, rate)
    return f"{perimeter}, contingent {contingent}" if contingent else perimeter


# --- For an assembly ------------------------------------------------------------------------------


async def council(tx: TenantTransaction) -> Paper:
    """For each bailleur: droits in stock before, rate in flux now, in the annexes of this year."""
    require(tx.actor, Permission.CONVENTION_READ)
    if tx.actor.capacity is not Capacity.RESERVATAIRE:
        raise Forbidden
    year = local_day(tx.now).year
    party_id = tx.actor.tenant_id
    found = _rates(party_id, await flux.list_annexes(tx, year))
    agreed = await rows.list_conventions(tx, reservataire_id=party_id)
    given = {one.facts.bailleur_id for one, _ in found}
    missing = {one.bailleur_id for one in agreed} - given
    names = await tenants.get_tenants(tx, missing)
    return council_sheet(
        CouncilFacts(
            reservataire=tx.actor.tenant_name,
            year=year,
            lines=tuple(
                CouncilLine(
                    bailleur=one.facts.bailleur_name,
                    perimeter=_label(one, rate),
                    droits=labels.decimal(Decimal(rate.droits), 0),
                    denominator=labels.number(rate.denominator),
                    rate=labels.percent(rate.rate_bp),
                )
                for one, rate in found
            ),
            unpublished=tuple(sorted(one.name for one in names.values())),
        )
    )
