"""Within the bailleur's own share: when a droit unique should be served (art. 4).

The second level of the advice, once the first has named the bailleur. Each right is owed its part
of the own dwellings still to come this year; the one that is most behind is served from half a
dwelling on, so that none is left over at the end of the year.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.domain import labels
from server.domain.flux import UNIT

MOST = UNIT // 2
"""A right never takes more than every other own dwelling."""

SERVED_FROM = UNIT // 2


@dataclass(frozen=True, kw_only=True)
class OwnRight:
    """Lettings owed by a programme, not reserved yet; `since`: the own dwellings that it has let
    pass, since it was last served or was granted.
    """

    key: str
    name: str
    available: int
    since: int

    def rate(self, left: int) -> int:
        """Its part of the own share, in 1/10 000, with so many dwellings to come this year."""
        return min(MOST, UNIT * self.available // max(left, 1))

    def lag(self, left: int) -> int:
        """What it is owed once this dwelling is counted, in 1/10 000 dwelling."""
        return (self.since + 1) * self.rate(left)


@dataclass(frozen=True, kw_only=True)
class Served:
    """The right to serve with this dwelling, and why."""

    key: str
    sentence: str


def serve(rights: Iterable[OwnRight], left: int) -> Served | None:
    """The right that is most behind, `left` own dwellings being expected until the end of the
    year, this one included; None: the bailleur keeps the dwelling. First of the list on a tie.
    """
    owed = [one for one in rights if one.available > 0]
    found = max(owed, key=lambda one: one.lag(left), default=None)
    if found is None or found.lag(left) < SERVED_FROM:
        return None
    return Served(
        key=found.key,
        sentence=f"Sur cette part, un droit unique est attendu : {found.name} "
        f"({labels.plural(found.available, 'logement')} encore à offrir, "
        f"pour {labels.plural(left, 'attendu')} sur votre part d'ici la fin de l'année ; "
        f"retard de {labels.dwellings(found.lag(left))}).",
    )
