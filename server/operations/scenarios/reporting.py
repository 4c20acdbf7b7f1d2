"""The rights and rates of a scenario taken up in the draft of annexe 1, after confirmation.

Only the lines that the scenario changes; dwellings, exclusions and programmes come to the annexe
from the stock itself, never from a question.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from server.db.annexes import Version
from server.db.flux import AnnexeFacts, AnnexeLine
from server.domain.scenarios import Change, ChangeKind
from server.errors import Conflict, Motif, NotFound
from server.operations import annexes
from server.operations.annexe_rates import party_key
from server.operations.annexes import ChangeLine
from server.operations.flux import party_name
from server.operations.journal import Act, record
from server.operations.scenarios.changing import Opened, open_own
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

TAKEN_UP = (ChangeKind.DROITS, ChangeKind.RATE)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A line of the draft and what it would become; one of `droits` and `rate_bp` is set."""

    line: AnnexeLine
    name: str
    droits: Decimal | None
    rate_bp: int | None

    @property
    def is_change(self) -> bool:
        return (self.droits, self.rate_bp) != (
            None if self.line.imposed_rate_bp is not None else self.line.droits,
            self.line.imposed_rate_bp,
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """What taking up would do: `draft` is None while no draft is open, `left` counts the changes
    of the scenario that no draft takes.
    """

    name: str
    year: int
    epci_siren: str
    epci_name: str
    draft: AnnexeFacts | None
    moves: tuple[Move, ...]
    left: int


async def check(tx: TenantTransaction, scenario_id: UUID, epci_siren: str) -> Report:
    """Nothing is written; NotFound for an EPCI that is not in the scenario."""
    require(tx.actor, Permission.ANNEXE_PREPARE)
    opened = await open_own(tx, scenario_id)
    place = opened.scenario.base.territory(epci_siren)
    if place is None:
        raise NotFound
    draft = await _draft(tx, opened.row.year, epci_siren)
    wanted = _wanted(opened, epci_siren)
    return Report(
        name=opened.row.name,
        year=opened.row.year,
        epci_siren=epci_siren,
        epci_name=place.epci_name,
        draft=draft,
        moves=tuple(_moves(draft, wanted)) if draft else (),
        left=sum(one.kind not in TAKEN_UP for one in opened.scenario.changes),
    )


async def _draft(tx: TenantTransaction, year: int, epci_siren: str) -> AnnexeFacts | None:
    found = next(
        (one for one in (await annexes.overview(tx)).versions if _is_draft(one, year, epci_siren)),
        None,
    )
    return await annexes.get(tx, found.id) if found else None


def _is_draft(one: Version, year: int, epci_siren: str) -> bool:
    return one.published_at is None and (one.year, one.epci_siren) == (year, epci_siren)


def _wanted(opened: Opened, epci_siren: str) -> dict[str, Change]:
    """Line → its last change in the year."""
    changes = sorted(opened.scenario.changes, key=lambda one: one.from_on)
    return {
        one.party_key: one
        for one in changes
        if one.kind in TAKEN_UP and one.epci_siren == epci_siren
    }


def _moves(draft: AnnexeFacts, wanted: dict[str, Change]) -> list[Move]:
    found = [
        Move(
            line=line,
            name=party_name(line.reservataire_name, line.contingent),
            droits=change.droits,
            rate_bp=change.rate_bp,
        )
        for line in draft.lines
        if (change := wanted.get(party_key(line.reservataire_id, line.contingent)))
    ]
    return [one for one in found if one.is_change]


async def take_up(tx: TenantTransaction, scenario_id: UUID, epci_siren: str, revision: int) -> UUID:
    """Change the lines of the draft as shown; answers the draft. Conflict if it has moved."""
    found = await check(tx, scenario_id, epci_siren)
    if found.draft is None:
        message = "Aucun brouillon n'est ouvert : préparez d'abord l'annexe 1 de cette année."
        raise Conflict(Motif(code="no_draft", message=message))
    if not found.moves:
        message = "Le brouillon dit déjà ce que dit la simulation."
        raise Conflict(Motif(code="nothing_changes", message=message))
    for number, one in enumerate(found.moves):
        command = _command(one, found.draft.id, revision + number, f"Simulation « {found.name} »")
        await annexes.change_line(tx, command)
    await record(
        tx,
        Act(
            act="scenario.reported",
            subject_kind="annexe",
            subject_id=found.draft.id,
            bailleur_id=tx.actor.tenant_id,
            reason=found.name,
            facts={"scenario": str(scenario_id), "lines": len(found.moves)},
        ),
    )
    return found.draft.id


def _command(one: Move, draft_id: UUID, revision: int, reason: str) -> ChangeLine:
    before, droits = one.line.previous_droits, one.droits or Decimal(0)
    return ChangeLine(
        annexe_id=draft_id,
        line_id=one.line.id,
        revision=revision,
        perimeter=one.line.perimeter,
        expired=Decimal(0) if before is None else max(before - droits, Decimal(0)),
        added=droits if before is None else max(droits - before, Decimal(0)),
        rate_bp=one.rate_bp,
        origin=one.line.origin,
        denominator=one.line.denominator,
        reason=reason,
    )
