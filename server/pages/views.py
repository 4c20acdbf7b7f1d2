"""What the pages say of a dwelling, an offer, a deadline: from read models to words and tones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from server.db.dwellings import Dwelling
from server.db.notifications import JournalEntry
from server.db.orientations import Orientation
from server.domain import import_labels, labels, orientation_labels
from server.domain import orientations as law
from server.domain.calendar import Closures
from server.domain.deadlines import (
    PARIS,
    is_over,
    last_day,
    local_day,
    working_days_left,
)
from server.domain.delivery_labels import DELIVERY_ACTS
from server.domain.dwellings import assiette_motifs
from server.domain.orientations import Acceptance, Delivery, OrientationFacts, Searcher, State
from server.domain.scenarios.wording import ACTS as SCENARIO_ACTS
from server.domain.stock_labels import STOCK_ACTS
from server.errors import Motif
from server.operations import orientations
from server.operations.flux import party_name
from server.operations.vacancies import facts_of as dwelling_facts
from server.tenants.actors import AUTOMATON, Capacity

View = dict[str, Any]

ACTS = {
    **labels.ACTS,
    **STOCK_ACTS,
    **import_labels.ACTS,
    **SCENARIO_ACTS,
    **orientation_labels.ACTS,
    **DELIVERY_ACTS,
}

STATE_TONES = {
    State.SENT: "warning",
    State.SEARCHING: "info",
    State.CANDIDATES_COMPLETE: "info",
    State.CANDIDATES_PARTIAL: "warning",
    State.NO_CANDIDATE: "danger",
    State.IN_CALEOL: "info",
    State.ATTRIBUTED: "success",
    State.LEASED: "success",
}
ACT_TONES = {
    "orientation.sent": "info",
    "orientation.accept": "success",
    "orientation.tacit": "warning",
    "orientation.refuse": "danger",
    "orientation.withdraw": "danger",
    "orientation.close_empty": "danger",
    "orientation.decide": "info",
    "orientation.lease": "success",
    "orientation.renounce": "danger",
    "orientation.fail_lease": "danger",
    "orientation.candidate_refused": "warning",
}
IF_NOT_ARRIVED = (
    "Le courriel de cette offre n'est pas arrivé : sans réponse, elle n'est pas réputée acceptée."
)
IF_SILENT = (
    "Sans réponse, l'offre est réputée acceptée (convention, art. 5.3) : les {days} jours ouvrés "
    "pour présenter des candidats commencent alors."
)
IF_NO_CANDIDATE = (
    "Sans candidat à cette échéance, le bailleur peut chercher lui-même des candidats pour le "
    "compte du réservataire, ou proposer le logement à un autre réservataire (art. 5.3)."
)

IF_FEW = (
    "À cette échéance, la liste est close telle qu'elle est : le bailleur peut la compléter pour "
    "le compte du réservataire (art. 5.3)."
)


# --- Small words ------------------------------------------------------------------------------


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def address(path: str, **parameters: object) -> str:
    """A link with the parameters that say something."""
    kept = {name: str(value) for name, value in parameters.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path


def renamed(motifs: Iterable[Motif], fields: dict[str, str]) -> tuple[Motif, ...]:
    """The motifs of an operation, at the fields of the form."""
    return tuple(
        replace(motif, field=fields.get(motif.field, motif.field)) if motif.field else motif
        for motif in motifs
    )


ARTICLES = {
    "CC": "la ",
    "CCAS": "le ",
    "Commune": "la ",
    "Conseil": "le ",
    "Communauté": "la ",
    "Département": "le ",
    "Métropole": "la ",
    "Préfecture": "la ",
    "Ville": "la ",
}


def named(name: str) -> str:
    """An organisme inside a sentence: « la commune de Doussard », « le CCAS de Publier »."""
    first = name.split(" ", maxsplit=1)[0]
    if first not in ARTICLES:
        return name
    noun = name if first.isupper() else name[:1].lower() + name[1:]
    return ARTICLES[first] + noun


def to(name: str) -> str:
    """« à la commune de Doussard », « au CCAS de Publier »."""
    return re.sub(r"^à le ", "au ", f"à {named(name)}")


# --- Dwellings --------------------------------------------------------------------------------


def size_of(dwelling: Dwelling) -> str:
    """« T3 PLUS »."""
    financing = "" if dwelling.financing == "other" else labels.FINANCINGS[dwelling.financing]
    return f"{labels.TYPOLOGIES[dwelling.typology]} {financing}".strip()


def dwelling_title(dwelling: Dwelling) -> str:
    """« T3 PLUS, 12 rue des Tilleuls, Doussard »; without the address for whom it is hidden."""
    parts = (size_of(dwelling), dwelling.address, dwelling.commune_name)
    return ", ".join(part for part in parts if part)


def offer_title(row: Orientation) -> str:
    return dwelling_title(row.dwelling) if row.dwelling else f"Un logement à {row.commune_name}"


def dwelling_rows(dwelling: Dwelling) -> list[View]:
    """The facts of a dwelling, as far as the reader has them."""
    surface = f"{labels.number(dwelling.surface_m2)}{labels.NBSP}m²"
    kind = labels.TYPOLOGIES[dwelling.typology]
    rows = [
        ("Logement", f"{kind}, {surface}"),
        ("Adresse", dwelling.address),
        ("Commune", dwelling.commune_name),
        ("Financement", labels.FINANCINGS[dwelling.financing]),
        ("Construction", str(dwelling.built_year)),
        ("Quartier prioritaire", labels.QPV["yes" if dwelling.is_qpv else "no"]),
        ("Référence du bailleur", dwelling.reference),
        ("Identifiant RPLS", dwelling.rpls_id),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def verdict(dwelling: Dwelling, on: date) -> View:
    """Whether a vacancy of this day belongs to the flux, and why not."""
    reasons = [motif.message for motif in assiette_motifs(dwelling_facts(dwelling), on)]
    return {
        "is_in": not reasons,
        "text": "Dans l'assiette" if not reasons else "Hors flux",
        "tone": "success" if not reasons else "neutral",
        "reasons": reasons,
    }


# --- Deadlines --------------------------------------------------------------------------------


def left_words(now: datetime, due_at: datetime, closures: Closures = ()) -> str:
    """« reste 2 jours ouvrés », « dernier jour, aujourd'hui », « délai passé »."""
    if is_over(now, due_at):
        return "délai passé"
    if local_day(now) == last_day(due_at):
        return "dernier jour, aujourd'hui"
    left = working_days_left(now, due_at, closures=closures)
    return f"reste {labels.plural(left, 'jour ouvré')}"


def urgency_tone(now: datetime, due_at: datetime, closures: Closures = ()) -> str:
    if is_over(now, due_at):
        return "neutral"
    left = working_days_left(now, due_at, closures=closures)
    return "danger" if left == 0 else "warning" if left <= 2 else "info"  # noqa: PLR2004 - as short as the answer period


def deadline_view(
    now: datetime, due_at: datetime, *, lead: str, consequence: str, closures: Closures = ()
) -> View:
    """An absolute date and hour, what is left in working days, what silence means."""
    return {
        "text": f"{lead} {labels.french_deadline(due_at)}",
        "short": capital(labels.short_deadline(due_at)),
        "left": capital(left_words(now, due_at, closures)),
        "consequence": consequence,
        "tone": urgency_tone(now, due_at, closures),
        "iso": last_day(due_at).isoformat(),
        "due_at": due_at,
    }


def in_law(row: Orientation, now: datetime) -> OrientationFacts:
    """The facts as the law has them now, whatever the sweep has recorded."""
    return orientations.in_law(row, now)


def running_deadline(row: Orientation, now: datetime) -> View | None:
    """The period that runs on an offer, if any."""
    facts = in_law(row, now)
    if facts.state is State.SENT:
        return deadline_view(
            now,
            facts.answer_due_at or row.answer_due_at,
            lead="Réponse attendue jusqu'au",
            consequence=_if_silent(row),
            closures=facts.closures,
        )
    if facts.state is State.SEARCHING and facts.candidates_due_at is not None:
        if facts.searched_by is Searcher.BAILLEUR:
            return None
        return deadline_view(
            now,
            facts.candidates_due_at,
            lead="Candidats attendus jusqu'au",
            consequence=IF_FEW if row.candidate_count else IF_NO_CANDIDATE,
            closures=facts.closures,
        )
    return None


def _if_silent(row: Orientation) -> str:
    if row.delivery == Delivery.FAILED:
        return IF_NOT_ARRIVED
    return IF_SILENT.format(days=row.candidate_days)


def acceptance_notice(row: Orientation, now: datetime) -> str:
    """« Réputée acceptée depuis… », the very words of a silence; empty otherwise."""
    if in_law(row, now).acceptance is not Acceptance.TACIT:
        return ""
    return (
        f"Offre réputée acceptée depuis le {labels.french_deadline(row.answer_due_at)} : "
        f"le réservataire n'a pas répondu dans les {row.answer_days} jours ouvrés "
        "(convention, art. 5.3)."
    )


# --- Offers -----------------------------------------------------------------------------------


def shown_state(row: Orientation, now: datetime, capacity: Capacity) -> State:
    """The state in law. The préfecture reads DALO candidates only, a commune that is substituted
    none: they cannot tell an empty list from a partial one before its end is recorded.
    """
    may_be_hidden = capacity is Capacity.PREFECTURE or (
        row.holder_id is not None and row.candidate_count == 0
    )
    if may_be_hidden and row.state == State.SEARCHING:
        return State.SEARCHING
    return orientations.effective_state(row, now)


def state_badge(state: State) -> View:
    text = capital(labels.ORIENTATION_STATES[state])
    return {"text": text, "tone": STATE_TONES.get(state, "neutral")}


def reservataire_of(row: Orientation) -> str:
    return party_name(row.reservataire_name, row.contingent)


def offer_view(row: Orientation, now: datetime, capacity: Capacity) -> View:
    """A line of a list, a card of a box."""
    state = shown_state(row, now, capacity)
    return {
        "id": str(row.id),
        "href": f"/orientations/{row.id}",
        "title": offer_title(row),
        "commune": row.commune_name,
        "bailleur": row.bailleur_name,
        "reservataire": reservataire_of(row),
        "sent": labels.french_day(row.sent_on),
        "state": state,
        "badge": state_badge(state),
        "deadline": running_deadline(row, now),
        "candidates": labels.plural(row.candidate_count, "candidat"),
        "candidate_count": row.candidate_count,
        "surface": f"{labels.number(row.dwelling.surface_m2)}{labels.NBSP}m²"
        if row.dwelling
        else "",
    }


# --- Journal ----------------------------------------------------------------------------------


def timeline(entries: Sequence[JournalEntry]) -> list[View]:
    """The acts in the order in which they are given: who, for which organisme, when, why."""
    return [
        {
            "when": _when(one),
            "iso": one.at.astimezone(PARIS).isoformat(timespec="minutes"),
            "title": ACTS.get(one.act, one.act),
            "who": _who(one),
            "detail": _detail(one),
            "tone": ACT_TONES.get(one.act, "neutral"),
        }
        for one in entries
    ]


def _detail(entry: JournalEntry) -> str:
    told = orientation_labels.details(entry.act, entry.facts)
    return " : ".join(text for text in (capital(told), entry.reason or "") if text)


def unrecorded(row: Orientation, now: datetime) -> list[View]:
    """What silence has done and the sweep has not written yet, newest first."""
    facts, events = orientations.facts_of(row), []
    while (due := law.due_transition(facts, now)) is not None:
        facts = law.apply(facts, due)
        events.append(
            {
                "when": f"{capital(labels.french_weekday(due.on))} à 24 h",
                "iso": due.on.isoformat(),
                "title": labels.STEPS[due.step],
                "who": "Le portail, à l'échéance",
                "detail": "",
                "tone": ACT_TONES.get(f"orientation.{due.step}", "neutral"),
            }
        )
    return events[::-1]


def _when(entry: JournalEntry) -> str:
    """What the law did, it did at 24:00 of a day, not at midnight of the next one."""
    if entry.person_name == AUTOMATON and entry.at.astimezone(PARIS).hour == 0:
        return capital(labels.french_deadline(entry.at))
    return capital(labels.french_instant(entry.at))


def _who(entry: JournalEntry) -> str:
    if entry.person_name == AUTOMATON:
        return "Le portail, à l'échéance"
    channel = orientation_labels.CHANNELS[entry.channel]
    name = f"{entry.person_name}, {entry.actor_tenant_name}"
    return f"{name}, {channel}" if entry.channel in ("api", "mail") else name
