"""What a party received beside what there was to share, and what is not shown (art. 5.1)."""

from __future__ import annotations

from uuid import UUID

import pytest

from server.domain.fairness import Share, part_bp, secret_strata
from server.domain.flux import UNIT, Account
from server.domain.ledger import TOTAL, Family, Stratum

ONE, TWO, OWNER = (UUID(int=number) for number in (1, 2, 3))
T2, T3, T4 = ((Family.TYPOLOGY, code) for code in ("t2", "t3", "t4"))


@pytest.mark.parametrize(
    ("count", "total", "part"), [(1, 3, 3333), (2, 3, 6667), (0, 5, 0), (1, 0, None), (1, 8, 1250)]
)
def test_a_part_is_rounded_half_up(count: int, total: int, part: int | None) -> None:
    assert part_bp(count, total) == part


@pytest.mark.parametrize(
    ("received", "others"), [(0, 4), (UNIT, 3), (4 * UNIT, 0), (6 * UNIT, 0), (-UNIT, 5)]
)
def test_the_others_have_what_remains(received: int, others: int) -> None:
    account = Account(due=UNIT, received=received)
    share = Share(stratum=TOTAL, freed=4, offered=0, refused=0, account=account)
    assert share.others == others


@pytest.mark.parametrize(
    ("receivers", "secret"),
    [
        pytest.param({T2: {ONE, OWNER}, T3: {ONE, TWO}, T4: {TWO, OWNER}}, set(), id="shared"),
        pytest.param({T2: {ONE}, T3: {ONE, TWO}, T4: {TWO, OWNER}}, {T2, T4}, id="the total too"),
        pytest.param({T2: {ONE}, T3: {TWO}, T4: {ONE, OWNER}}, {T2, T3}, id="two hide each other"),
        pytest.param({T2: set(), T3: {ONE, OWNER}, T4: {ONE, OWNER}}, {T2, T4}, id="nobody"),
    ],
)
def test_the_offers_of_one_organisme_are_not_shown(
    receivers: dict[Stratum, set[UUID]], secret: set[Stratum]
) -> None:
    freed = {TOTAL: 9, T2: 4, T3: 3, T4: 2}
    everybody = {TOTAL: {ONE, TWO, OWNER}}
    assert secret_strata(freed, everybody | receivers) == secret


def test_nothing_freed_hides_nothing() -> None:
    assert secret_strata({TOTAL: 2, T2: 0, T3: 2}, {TOTAL: {ONE, TWO}, T3: {ONE, TWO}}) == set()
