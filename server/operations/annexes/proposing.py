"""What the RPLS says of the rights, beside a draft: to be checked, never applied by itself."""

from __future__ import annotations

from dataclasses import dataclass

from server.db.flux import AnnexeFacts
from server.operations import imports
from server.reference import load_rpls
from server.tenants.transactions import TenantTransaction

NOT_RESERVED = "7"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A contingent of the declaration; `dwellings`: how many in each commune of the draft, by
    name.
    """

    contingent: str
    dwellings: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.dwellings)


async def proposals(tx: TenantTransaction, facts: AnnexeFacts) -> tuple[Proposal, ...]:
    """Field 63 of the last confirmed file in the communes of the draft, by code of contingent.

    Dwellings counted before the exclusions, as on the day of the declaration.
    """
    told = await imports.proposed_contingents(tx)
    here = [(one.name, told.get(one.insee, {})) for one in facts.communes]
    codes = {code for _, counts in here for code in counts if code != NOT_RESERVED}
    words = load_rpls()["contingent"]
    return tuple(
        Proposal(
            contingent=words.get(code, code),
            dwellings=tuple((name, counts[code]) for name, counts in here if counts.get(code)),
        )
        for code in sorted(codes)
    )
