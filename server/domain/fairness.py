"""What a party received of the flux beside what there was to share (art. 5.1, R441-5-1).

Everything comes from the party's own entries of the ledger: each dwelling freed where it has a
rate left one there. What the others received is what remains, never the account of one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from server.domain.flux import UNIT, Account
from server.domain.ledger import Family, Stratum

LEAST_RECEIVERS = 2
"""Below so many others who could receive, what remains would be the offers of one organisme."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A party in a stratum, over a year.

    In dwellings: `freed`, to be shared in the communes where it has a rate (one that is counted
    and comes back is shared again); `offered` to it, `refused` by it. `account` is its ledger, in
    1/10 000 dwelling.
    """

    stratum: Stratum
    freed: int
    offered: int
    refused: int
    account: Account
    is_secret: bool = False

    @property
    def others(self) -> int:
        """Dwellings given to the others, kept by the bailleur or not oriented yet."""
        return max(0, self.freed - self.account.received // UNIT)


def part_bp(count: int, total: int) -> int | None:
    """A part in 1/100 %, half up; None of nothing."""
    return (2 * UNIT * count + total) // (2 * total) if total > 0 else None


def secret_strata(
    freed: Mapping[Stratum, int], receivers: Mapping[Stratum, Collection[Hashable]]
) -> frozenset[Stratum]:
    """The strata of which neither the dwellings to share nor what remains may be shown.

    Those where fewer than two other organismes could receive; were there only one in its family,
    the total would give it: the smallest of the others goes with it.
    """
    lone = {
        stratum
        for stratum, count in freed.items()
        if count and len(receivers.get(stratum, ())) < LEAST_RECEIVERS
    }
    found = set(lone)
    for family, strata in _by_family(freed).items():
        kept = sorted((freed[one], one) for one in strata if freed[one] and one not in lone)
        if len(lone & set(strata)) == 1 and family is not Family.TOTAL and kept:
            found.add(kept[0][1])
    return frozenset(found)


def _by_family(strata: Iterable[Stratum]) -> dict[Family, list[Stratum]]:
    found: defaultdict[Family, list[Stratum]] = defaultdict(list)
    for stratum in strata:
        found[stratum[0]].append(stratum)
    return found
