"""Positions on the flux (art. 5.1 and 7, R441-5).

Numbers are integers in 1/10 000 dwelling (`UNIT` is one dwelling), rates in 1/100 %: a vacancy
gives each party its rate of the commune, the bailleur what they leave, so that what is due always
adds up to the vacancies.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import accumulate

from server.domain.annexe import Annexe

UNIT = 10_000
"""One dwelling, and 100 % of a commune's rates."""

BAILLEUR = "bailleur"
"""Key of the bailleur's own row; no line of an annexe bears it."""


class Indicator(StrEnum):
    """The three counts of the bilan; the partners choose the one of the decompte (art. 7)."""

    ORIENTED = "oriented"
    ATTRIBUTED = "attributed"
    LEASED = "leased"


@dataclass(frozen=True, kw_only=True)
class CommuneRates:
    """The signed rates of a commune from a day on, in the order of the annexe, without bailleur."""

    insee: str
    valid_from: date
    rates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the ledger says of a party on one basis, in 1/10 000 dwelling.

    `due` and `received` of the year, `carried` from the years before, `moved` by what expired
    parties left and what an urgency charges later. The five numbers of a page: they add up to
    the lag.
    """

    due: int = 0
    received: int = 0
    carried: int = 0
    moved: int = 0

    def __add__(self, other: Account) -> Account:
        return Account(
            due=self.due + other.due,
            received=self.received + other.received,
            carried=self.carried + other.carried,
            moved=self.moved + other.moved,
        )

    @property
    def lag(self) -> int:
        """Positive when the party is late."""
        return self.carried + self.due - self.received + self.moved


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a party stands: the counts of the bilan in whole dwellings, and its three accounts.

    The counts are what the report says (a refused offer is oriented, Q13); the accounts are what
    the advice follows.
    """

    party_key: str
    oriented: int
    attributed: int
    leased: int
    accounts: Mapping[Indicator, Account]

    def account(self, basis: Indicator) -> Account:
        return self.accounts.get(basis, Account())


@dataclass(frozen=True, kw_only=True)
class MonthPoint:
    """What was due and what was received from 1 January to the end of a month, in `UNIT`."""

    month: int
    due: int
    received: int


def published_rates(annexe: Annexe, valid_from: date) -> tuple[CommuneRates, ...]:
    """The signed rates of an annexe by commune, in force from a day on (art. 4)."""
    return tuple(
        CommuneRates(
            insee=share.stock.insee,
            valid_from=valid_from,
            rates=tuple((rate.line.key, rate_bp) for rate, rate_bp in share.rates),
        )
        for share in annexe.communes
    )


def shares(rates: Sequence[tuple[str, int]]) -> dict[str, int]:
    """What one vacancy gives each party, bailleur included; the values add up to `UNIT`."""
    return {**dict(rates), BAILLEUR: UNIT - sum(rate for _, rate in rates)}


class RateBook:
    """Signed rates by commune and day: each annexe holds until the next one is published."""

    def __init__(self, history: Sequence[CommuneRates]) -> None:
        self._communes: defaultdict[str, list[CommuneRates]] = defaultdict(list)
        for one in sorted(history, key=lambda one: one.valid_from):
            self._communes[one.insee].append(one)

    def on(self, insee: str, day: date) -> CommuneRates | None:
        """The rates of the commune on a day; None if no annexe was published by then."""
        known = self._communes.get(insee, [])
        count = bisect_right(known, day, key=lambda one: one.valid_from)
        return known[count - 1] if count else None

    def shares(self, insee: str, day: date) -> dict[str, int]:
        """What a vacancy of the commune gives each party; all to the bailleur without annexe."""
        rates = self.on(insee, day)
        return shares(rates.rates if rates is not None else ())


def trajectory(
    due: Mapping[int, int], received: Mapping[int, int], until: date
) -> tuple[MonthPoint, ...]:
    """What is due (1/10 000 dwelling by month) and what was received (dwellings by month),
    cumulated from January to the month of `until`.
    """
    months = range(1, until.month + 1)
    return tuple(
        MonthPoint(month=month, due=total, received=count * UNIT)
        for month, total, count in zip(
            months,
            accumulate(due.get(month, 0) for month in months),
            accumulate(received.get(month, 0) for month in months),
            strict=True,
        )
    )


def add_up(series: Sequence[Sequence[MonthPoint]]) -> tuple[MonthPoint, ...]:
    """Several trajectories of the same months as one."""
    return tuple(
        MonthPoint(
            month=points[0].month,
            due=sum(one.due for one in points),
            received=sum(one.received for one in points),
        )
        for points in zip(*series, strict=True)
    )
