"""The life of a convention: who moves it, from which state, with what (art. 8; domain.md §10).

draft → deliberated (commune, EPCI, CCAS: the vote, then the contrôle de légalité) → signed, by both
parties → what time makes of it; or denounced before its anniversary, terminated, replaced by the
next one.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from server.domain import labels
from server.domain.conventions import (
    ConventionFacts,
    ConventionState,
    anniversary,
    effective_last_day,
    period_number,
)
from server.errors import Motif

DELIBERATING = frozenset({"commune", "epci", "ccas"})
"""Categories of réservataires whose assembly votes before they sign."""


class Side(StrEnum):
    """The two parties of a convention."""

    BAILLEUR = "bailleur"
    RESERVATAIRE = "reservataire"


class StartRule(StrEnum):
    """Art. 8: from the last of the two signatures, or from a day written in the convention."""

    FIXED = "fixed"
    SIGNATURE = "signature"


class ConventionStep(StrEnum):
    """What a party does with a convention; replacing it is an effect of signing the next one."""

    DELIBERATE = "deliberate"
    SIGN = "sign"
    REOPEN = "reopen"
    DENOUNCE = "denounce"
    TERMINATE = "terminate"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may make a step, and from which stored states."""

    sides: frozenset[Side]
    states: frozenset[ConventionState]


_BOTH = frozenset(Side)
_PROJECT = frozenset({ConventionState.DRAFT, ConventionState.DELIBERATED})
_SIGNED = frozenset({ConventionState.SIGNED})
RULES: Mapping[ConventionStep, Rule] = {
    ConventionStep.DELIBERATE: Rule(sides=frozenset({Side.RESERVATAIRE}), states=_PROJECT),
    ConventionStep.SIGN: Rule(sides=_BOTH, states=_PROJECT),
    ConventionStep.REOPEN: Rule(sides=frozenset({Side.BAILLEUR}), states=_PROJECT),
    ConventionStep.DENOUNCE: Rule(sides=_BOTH, states=_SIGNED),
    ConventionStep.TERMINATE: Rule(sides=_BOTH, states=_SIGNED),
}


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """A convention as recorded, with what its two parties have done already."""

    state: ConventionState
    starts_on: date
    start_rule: StartRule
    category: str
    version: int
    ended_on: date | None = None
    deliberated_on: date | None = None
    transmitted_on: date | None = None
    bailleur_signed_on: date | None = None
    reservataire_signed_on: date | None = None

    @property
    def must_deliberate(self) -> bool:
        return self.category in DELIBERATING

    @property
    def in_time(self) -> ConventionFacts:
        return ConventionFacts(state=self.state, starts_on=self.starts_on, ended_on=self.ended_on)

    def signed_on(self, side: Side) -> date | None:
        return self.bailleur_signed_on if side is Side.BAILLEUR else self.reservataire_signed_on


@dataclass(frozen=True, kw_only=True)
class StepAsked:
    """What a party records: `on` is the day of the vote, of its signature or the last day of a
    terminated convention; `told` the number of the délibération, the function of who signs, or why
    it ends.
    """

    step: ConventionStep
    side: Side
    on: date
    told: str = ""
    transmitted_on: date | None = None
    expected_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The convention after the step; `signed` says that both have signed."""

    state: ConventionState
    starts_on: date
    ended_on: date | None = None

    @property
    def is_signed(self) -> bool:
        return self.state is ConventionState.SIGNED


def steps_open(facts: StepFacts, side: Side, *, today: date) -> tuple[ConventionStep, ...]:
    """The steps that this party may make today."""
    return tuple(step for step in ConventionStep if not _guards(facts, step, side, today))


def step(facts: StepFacts, asked: StepAsked, *, today: date) -> Moved | tuple[Motif, ...]:
    """Where the step leads, or what forbids it.

    Codes: stale_version, not_your_step, wrong_state, already_signed, not_deliberated,
    not_transmitted, nothing_to_reopen, not_in_force, no_renewal_left, and those of what was typed:
    told_required, day_in_the_future, day_too_early, day_too_late.
    """
    if asked.expected_version not in (None, facts.version):
        message = "L'autre partie a changé cette convention entre-temps : relisez-la."
        return (Motif(code="stale_version", message=message),)
    refused = (*_guards(facts, asked.step, asked.side, today), *_typed(facts, asked, today))
    return refused or _moved(facts, asked, today)


# --- What forbids a step ------------------------------------------------------------------------


def _guards(facts: StepFacts, asked: ConventionStep, side: Side, today: date) -> tuple[Motif, ...]:
    rule = RULES[asked]
    if side not in rule.sides:
        message = "Cette étape revient à l'autre partie de la convention."
        return (Motif(code="not_your_step", message=message),)
    if facts.state not in rule.states:
        state = labels.CONVENTION_STATES[facts.state]
        return (Motif(code="wrong_state", message=f"La convention est {state}."),)
    own = {
        ConventionStep.DELIBERATE: _deliberate_guards,
        ConventionStep.SIGN: _sign_guards,
        ConventionStep.REOPEN: _reopen_guards,
        ConventionStep.DENOUNCE: _denounce_guards,
        ConventionStep.TERMINATE: _terminate_guards,
    }[asked]
    return tuple(own(facts, side, today))


def _deliberate_guards(facts: StepFacts, _side: Side, _today: date) -> Iterator[Motif]:
    if not facts.must_deliberate:
        message = "Ce réservataire signe sans délibération d'une assemblée."
        yield Motif(code="not_your_step", message=message)
    if facts.reservataire_signed_on is not None:
        yield Motif(code="already_signed", message="Le réservataire a déjà signé.")


def _sign_guards(facts: StepFacts, side: Side, _today: date) -> Iterator[Motif]:
    if facts.signed_on(side) is not None:
        yield Motif(code="already_signed", message="Votre organisme a déjà signé.")
    if side is Side.BAILLEUR or not facts.must_deliberate:
        return
    if facts.deliberated_on is None:
        message = "L'assemblée délibère avant la signature : enregistrez d'abord la délibération."
        yield Motif(code="not_deliberated", message=message)
    elif facts.transmitted_on is None:
        message = (
            "La délibération n'est exécutoire qu'une fois transmise au contrôle de légalité : "
            "enregistrez d'abord sa transmission."
        )
        yield Motif(code="not_transmitted", message=message)


def _reopen_guards(facts: StepFacts, _side: Side, _today: date) -> Iterator[Motif]:
    done = (facts.deliberated_on, facts.bailleur_signed_on, facts.reservataire_signed_on)
    if not any(done):
        message = "Rien n'a encore été voté ni signé : le projet se modifie directement."
        yield Motif(code="nothing_to_reopen", message=message)


def _denounce_guards(facts: StepFacts, _side: Side, today: date) -> Iterator[Motif]:
    period = period_number(facts.in_time, today)
    if period is None:
        yield Motif(code="not_in_force", message="La convention n'est pas en vigueur ce jour.")
    elif turn_of(facts.in_time, today) is None:
        message = "C'est la dernière année : la convention s'éteint seule, sans reconduction."
        yield Motif(code="no_renewal_left", message=message)


def _terminate_guards(facts: StepFacts, _side: Side, today: date) -> Iterator[Motif]:
    if period_number(facts.in_time, today) is None:
        yield Motif(code="not_in_force", message="La convention n'est pas en vigueur ce jour.")


# --- What was typed -----------------------------------------------------------------------------

_TOLD = {
    ConventionStep.DELIBERATE: "Indiquez le numéro de la délibération.",
    ConventionStep.SIGN: "Indiquez la fonction du signataire, sans son nom.",
    ConventionStep.REOPEN: "Dites pourquoi le projet est rouvert.",
    ConventionStep.DENOUNCE: "Dites pourquoi la convention est dénoncée.",
    ConventionStep.TERMINATE: "Dites ce qui fonde la résiliation : accord écrit, décision…",
}


def _typed(facts: StepFacts, asked: StepAsked, today: date) -> Iterator[Motif]:
    if not asked.told.strip():
        yield Motif(code="told_required", message=_TOLD[asked.step], field="told")
    if asked.step is ConventionStep.TERMINATE:
        yield from _last_day(facts, asked.on, today)
    elif asked.step in (ConventionStep.DELIBERATE, ConventionStep.SIGN):
        yield from _past_days(facts, asked, today)


def _last_day(facts: StepFacts, on: date, today: date) -> Iterator[Motif]:
    if on < today:
        message = "Le dernier jour est aujourd'hui ou plus tard : des offres ont pu être envoyées."
        yield Motif(code="day_too_early", message=message, field="on")
    if on > effective_last_day(facts.in_time):
        message = "La convention s'éteint d'elle-même avant ce jour."
        yield Motif(code="day_too_late", message=message, field="on")


def _past_days(facts: StepFacts, asked: StepAsked, today: date) -> Iterator[Motif]:
    days = {"on": asked.on, "transmitted_on": asked.transmitted_on}
    for field, day in days.items():
        if day is not None and day > today:
            message = "Ce jour n'est pas encore venu : enregistrez l'étape une fois faite."
            yield Motif(code="day_in_the_future", message=message, field=field)
    if asked.transmitted_on is not None and asked.transmitted_on < asked.on:
        message = "La délibération ne peut pas être transmise avant d'être votée."
        yield Motif(code="day_too_early", message=message, field="transmitted_on")
    voted_on = facts.transmitted_on if asked.side is Side.RESERVATAIRE else None
    if asked.step is ConventionStep.SIGN and voted_on is not None and asked.on < voted_on:
        sent = labels.french_day(voted_on)
        message = f"La signature suit la transmission de la délibération, le {sent}."
        yield Motif(code="day_too_early", message=message, field="on")


# --- Where it leads -----------------------------------------------------------------------------


def _moved(facts: StepFacts, asked: StepAsked, today: date) -> Moved:
    if asked.step is ConventionStep.DELIBERATE:
        return Moved(state=ConventionState.DELIBERATED, starts_on=facts.starts_on)
    if asked.step is ConventionStep.REOPEN:
        return Moved(state=ConventionState.DRAFT, starts_on=facts.starts_on)
    if asked.step is ConventionStep.SIGN:
        return _signed(facts, asked)
    if asked.step is ConventionStep.TERMINATE:
        return Moved(state=ConventionState.TERMINATED, starts_on=facts.starts_on, ended_on=asked.on)
    turn = turn_of(facts.in_time, today) or today
    return Moved(
        state=ConventionState.DENOUNCED,
        starts_on=facts.starts_on,
        ended_on=turn - timedelta(days=1),
    )


def _signed(facts: StepFacts, asked: StepAsked) -> Moved:
    """The second signature makes the convention; with it starts one that starts at signature."""
    other = Side.RESERVATAIRE if asked.side is Side.BAILLEUR else Side.BAILLEUR
    theirs = facts.signed_on(other)
    if theirs is None:
        return Moved(state=facts.state, starts_on=facts.starts_on)
    at_signature = facts.start_rule is StartRule.SIGNATURE
    starts_on = max(asked.on, theirs) if at_signature else facts.starts_on
    return Moved(state=ConventionState.SIGNED, starts_on=starts_on)


# --- Terms, renewals and their reminders ----------------------------------------------------------

REMINDER_MONTHS = (3, 1)
"""Months before the end of a year of the convention (domain.md Q11)."""


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """A year of the convention ends: `turn_on` is the day after; renewed that day unless `is_last`.

    `months` is 3 or 1: the nearest of the two dates of reminder that have come.
    """

    turn_on: date
    months: int
    is_last: bool

    @property
    def last_day(self) -> date:
        return self.turn_on - timedelta(days=1)


def turn_of(facts: ConventionFacts, on: date) -> date | None:
    """The day of the next tacit renewal; None out of force, in the last year or once ended."""
    period = period_number(facts, on)
    if period is None or period > facts.renewals or facts.ended_on is not None:
        return None
    return anniversary(facts.starts_on, period)


def due_reminder(facts: ConventionFacts, on: date) -> Reminder | None:
    """What the parties are to be told on this day, if a year ends within three months."""
    period = period_number(facts, on)
    if period is None or facts.ended_on is not None:
        return None
    turn_on = anniversary(facts.starts_on, period)
    for months in sorted(REMINDER_MONTHS):
        if on >= months_before(turn_on, months):
            return Reminder(turn_on=turn_on, months=months, is_last=period > facts.renewals)
    return None


def months_before(day: date, months: int) -> date:
    """Date to date; the last day of the month where the day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
