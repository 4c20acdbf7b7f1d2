"""What the ledgers of a bailleur and its advice are counted with: each is read once."""

from __future__ import annotations

from collections.abc import Sequence

from server.db import annexes, charte, conventions, droits_uniques
from server.db.conventions import Convention
from server.db.droits_uniques import PacedRight
from server.domain.charte import Version
from server.domain.deadlines import local_day
from server.operations.ledger.rating import Rates
from server.operations.ledger.settings import Settings, settings_in
from server.tenants.transactions import TenantTransaction


class Ground:
    """For one transaction in the context of a bailleur, which changes none of it.

    `positions` of its ledgers by basis, once they are held and everything is posted.
    """

    def __init__(self, tx: TenantTransaction) -> None:
        self._tx = tx
        self._rates: Rates | None = None
        self._versions: Sequence[Version] | None = None
        self._rights: tuple[PacedRight, ...] | None = None
        self._agreed: list[Convention] | None = None
        self.positions: dict[str, int] | None = None

    async def rates(self) -> Rates:
        if self._rates is None:
            self._rates = Rates(await annexes.list_published(self._tx, self._tx.actor.tenant_id))
        return self._rates

    async def versions(self) -> Sequence[Version]:
        """Those of the charte."""
        if self._versions is None:
            self._versions = await charte.list_versions(self._tx)
        return self._versions

    async def settings(self) -> Settings:
        """Those of today."""
        return settings_in(await self.versions(), local_day(self._tx.now))

    async def rights(self) -> tuple[PacedRight, ...]:
        """Its droits uniques of which a letting is available, before the act of the transaction."""
        if self._rights is None:
            found = await droits_uniques.list_paced(
                self._tx, self._tx.actor.tenant_id, self._tx.now
            )
            self._rights = tuple(found)
        return self._rights

    async def agreed(self) -> list[Convention]:
        """Its conventions, their perimeters in the communes of today."""
        if self._agreed is None:
            self._agreed = await conventions.list_conventions(
                self._tx, bailleur_id=self._tx.actor.tenant_id, on=local_day(self._tx.now)
            )
        return self._agreed
