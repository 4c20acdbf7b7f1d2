"""What the comité technique decided of the ledgers and of the advice, from the charte of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from server.db import charte as rows
from server.domain import charte
from server.domain.charte import Version
from server.domain.flux import Indicator
from server.domain.ledger import Family
from server.domain.postings import Policy, Refusals, Urgences
from server.domain.strata import AppealRule
from server.tenants.transactions import TenantTransaction


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`basis`: the count that the advice follows; `version`: the charte's."""

    version: str
    basis: Indicator
    policy: Policy
    appeal: AppealRule
    weights: Mapping[Family, int]


def settings_of(version: Version) -> Settings:
    found = version.parameters
    return Settings(
        version=version.code,
        basis=Indicator(found.advice_basis),
        policy=Policy(
            version=version.code,
            refusals=Refusals(found.refusals),
            refusal_rank=found.refusal_rank,
            urgences=Urgences(found.urgences),
            urgence_parts=found.urgence_parts,
        ),
        appeal=AppealRule(old_before=found.appeal_old_before, new_from=found.appeal_new_from),
        weights={family: getattr(found, f"weight_{family.value}") for family in Family},
    )


def settings_in(versions: Iterable[Version], on: date) -> Settings:
    """Those of a day, whatever was decided since."""
    return settings_of(charte.in_force(versions, on))


async def settings_on(tx: TenantTransaction, on: date) -> Settings:
    return settings_in(await rows.list_versions(tx), on)
