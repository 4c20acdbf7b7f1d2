"""The fairness of the flux for one line of the annexes: its part beside what there was to share.

The whole flux is read from the line's own entries: each dwelling freed where it has a rate left
one there, under the policy that shows it its own account. No row of another party is read, for
whoever reads; nothing had to be opened for this page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from server.db import ledgers as rows
from server.db.ledgers import PartyLine, PartyShare, StratumEntry
from server.domain.fairness import Share, secret_strata
from server.domain.flux import Account, Indicator
from server.domain.ledger import TOTAL, Family, Stratum
from server.domain.ledger_sentences import stratum_rank
from server.errors import Forbidden
from server.operations.annexe_rates import ComputedAnnexe, party_key, split_party_key
from server.operations.flux import bounds, last_day, list_annexes, party_name
from server.tenants.actors import Actor, Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whose fairness: a line of the annexes (the actor's first one if it is not one that the actor
    may count), one bailleur or all, up to the end of a day of the year.
    """

    year: int
    party: str = ""
    bailleur_id: UUID | None = None
    until: date | None = None
    basis: Indicator = Indicator.ORIENTED


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """`shares` are in the order of the families, `totals` the account on each basis; `lines` and
    `bailleurs` what the actor may ask for, by key, `communes` names by INSEE code.
    """

    wanted: Wanted
    on: date
    lines: Mapping[str, str]
    bailleurs: Mapping[UUID, str]
    communes: Mapping[str, str]
    shares: tuple[Share, ...]
    totals: Mapping[Indicator, Account]

    def share(self, stratum: Stratum) -> Share | None:
        return next((one for one in self.shares if one.stratum == stratum), None)


async def fairness(tx: TenantTransaction, wanted: Wanted) -> Fairness:
    """Forbidden for an EPCI; without shares when the actor counts no line of the year."""
    require(tx.actor, Permission.FLUX_READ)
    if tx.actor.capacity is Capacity.EPCI:
        raise Forbidden
    computed = await list_annexes(tx, wanted.year)
    lines = _lines(computed, tx.actor)
    party = wanted.party if wanted.party in lines else next(iter(lines), "")
    here = [one for one in computed if _has(one, party)]
    bailleurs = {one.facts.bailleur_id: one.facts.bailleur_name for one in here}
    only = wanted.bailleur_id if wanted.bailleur_id in bailleurs else None
    asked = replace(wanted, party=party, bailleur_id=only)
    found = await rows.list_party_shares(tx, _line(asked, tx)) if party else []
    on_basis = [one for one in found if one.basis == wanted.basis]
    return Fairness(
        wanted=asked,
        on=last_day(asked.year, asked.until, tx),
        lines=lines,
        bailleurs=bailleurs,
        communes={
            share.stock.insee: share.stock.name for one in computed for share in one.annexe.communes
        },
        shares=_shares(on_basis, _receivers(here, party)),
        totals=_totals(found),
    )


@dataclass(frozen=True, kw_only=True)
class StratumAccount:
    """The entries that make the number of a stratum, the newest first."""

    fairness: Fairness
    share: Share
    entries: Sequence[StratumEntry]


async def stratum_account(
    tx: TenantTransaction, wanted: Wanted, stratum: Stratum, *, limit: int
) -> StratumAccount | None:
    """None when the line has nothing in the stratum, or the actor no line."""
    found = await fairness(tx, wanted)
    share = found.share(stratum) or (_nothing() if stratum == TOTAL else None)
    if share is None or not found.wanted.party:
        return None
    family, value = stratum
    entries = await rows.list_stratum_entries(
        tx, _line(found.wanted, tx), wanted.basis.value, (family.value, value), limit=limit
    )
    return StratumAccount(fairness=found, share=share, entries=entries)


def _nothing() -> Share:
    return Share(stratum=TOTAL, freed=0, offered=0, refused=0, account=Account())


def _lines(computed: Iterable[ComputedAnnexe], actor: Actor) -> dict[str, str]:
    """The lines that the actor may count, in the order of the annexes."""
    is_own = actor.capacity is Capacity.RESERVATAIRE
    return {
        party_key(line.reservataire_id, line.contingent): party_name(
            line.reservataire_name, line.contingent
        )
        for one in computed
        for line in one.facts.lines
        if not is_own
        or (line.reservataire_id == actor.tenant_id and line.contingent in actor.contingents)
    }


def _has(one: ComputedAnnexe, party: str) -> bool:
    return any(rate.line.key == party for rate in one.annexe.lines)


def _line(wanted: Wanted, tx: TenantTransaction) -> PartyLine:
    reservataire_id, contingent = split_party_key(wanted.party)
    from_at, until_at = bounds(wanted.year, wanted.until, tx)
    return PartyLine(
        reservataire_id=reservataire_id,
        contingent=contingent,
        bailleur_id=wanted.bailleur_id,
        from_at=from_at,
        until_at=until_at,
    )


Receivers = Mapping[tuple[UUID, str], frozenset[UUID]]


def _receivers(computed: Iterable[ComputedAnnexe], party: str) -> Receivers:
    """(bailleur, commune) → the other organismes that may receive there, by the signed rates."""
    found: dict[tuple[UUID, str], frozenset[UUID]] = {}
    for one in computed:
        owner = one.facts.bailleur_id
        for share in one.annexe.communes:
            keys = {rate.line.key for rate, signed in share.rates if signed}
            others = {split_party_key(key)[0] for key in keys} - {split_party_key(party)[0]}
            own = {owner} if share.bailleur_share_bp else set()
            found[owner, share.stock.insee] = frozenset(others | own)
    return found


def _shares(found: Sequence[PartyShare], receivers: Receivers) -> tuple[Share, ...]:
    cells: defaultdict[Stratum, list[PartyShare]] = defaultdict(list)
    for one in found:
        cells[Family(one.family), one.value].append(one)
    freed = {stratum: sum(one.freed for one in parts) for stratum, parts in cells.items()}
    able = {
        stratum: {
            who
            for one in parts
            for insee in one.communes
            for who in receivers.get((one.bailleur_id, insee), frozenset())
        }
        for stratum, parts in cells.items()
    }
    secret = secret_strata(freed, able)
    return tuple(
        Share(
            stratum=stratum,
            freed=freed[stratum],
            offered=sum(one.offered for one in cells[stratum]),
            refused=sum(one.refused for one in cells[stratum]),
            account=_account(cells[stratum]),
            is_secret=stratum in secret,
        )
        for stratum in sorted(cells, key=stratum_rank)
    )


def _totals(found: Iterable[PartyShare]) -> dict[Indicator, Account]:
    totals = [one for one in found if one.family == TOTAL[0]]
    return {basis: _account(one for one in totals if one.basis == basis) for basis in Indicator}


def _account(parts: Iterable[PartyShare]) -> Account:
    accounts = (
        Account(due=one.due, received=one.received, carried=one.carried, moved=one.moved)
        for one in parts
    )
    return sum(accounts, Account())
