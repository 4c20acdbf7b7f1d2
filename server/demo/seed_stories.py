"""What happened before the demonstration opens: one story a vacancy, one commission a line.

Invented, like the homes and the people. A story is played with the real operations at its own
dates; whatever falls after Thursday 30 April 2026 at nine has not happened yet, which leaves the
last ones in every state that a person may meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from server.demo.world_cast import DOUSSARD, FAVERGES, PUBLIER
from server.domain.deadlines import PARIS

Answer = Literal["accept", "refuse", "silence", "withdraw"]
Candidates = Literal["three", "dalo", "two", "some", "none"]
Result = Literal["leased", "attributed", "conditional", "not_attributed"]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One orientation; `to` names a réservataire (and `motif` says why) against the advice."""

    answer: Answer = "accept"
    candidates: Candidates = "three"
    result: Result = "leased"
    after: int = 1
    search: int = 8
    to: str | None = None
    contingent: str = "none"
    motif: str | None = None


@dataclass(frozen=True, kw_only=True)
class Urgency:
    """An urgency asked for the vacancy; `verdict` None: the préfecture has not decided."""

    kind: str
    title: str
    households: int
    verdict: Literal["charged", "out", "refused"] | None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """A vacancy: offered in turn, kept for an internal move, left as it is, or an urgency.

    When the advice names the bailleur itself, the dwelling is kept on its own share.
    """

    bailleur: str
    insee: str
    at: datetime
    offers: tuple[Offer, ...] = ()
    mutation: str | None = None
    urgency: Urgency | None = None


@dataclass(frozen=True, kw_only=True)
class Commission:
    """A séance: invitations leave a week before; `place` is where or how it sits."""

    bailleur: str
    planned_at: datetime
    starts_at: datetime
    place: str
    mode: str = "on_site"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A bilan published and distributed."""

    bailleur: str
    year: int
    at: datetime


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


OPENING = paris("2026-04-30T09:00")
HSH, LEMAN, ALLIADE = "haute-savoie-habitat", "leman-habitat", "alliade-habitat"
MONT_BLANC, SEMCODA, VILOGIA = "le-mont-blanc", "semcoda", "vilogia"

LEASED = Offer()
TACIT = Offer(answer="silence", search=10)
DALO = Offer(candidates="dalo", search=5)
PARTIAL = Offer(candidates="two")
EMPTY = Offer(candidates="none")
STARTED = Offer(candidates="some", after=0)
REFUSED = Offer(answer="refuse")
NOT_ATTRIBUTED = Offer(result="not_attributed")
CONDITIONAL = Offer(result="conditional")
ATTRIBUTED = Offer(result="attributed")
WITHDRAWN = Offer(answer="withdraw")
SILENT = Offer(answer="silence", candidates="none")
OTHER_THAN_ADVISED = Offer(
    to="action-logement",
    motif="Salarié d'une entreprise de la commune à reloger, accord des autres réservataires.",
)
TOLD_ON_THE_PHONE = "Un besoin pressant avait été signalé pour cette taille de logement."
MOVE = "Mutation d'un locataire du parc vers un logement plus petit."


def _story(bailleur: str, insee: str, at: str, *offers: Offer) -> Story:
    return Story(bailleur=bailleur, insee=insee, at=paris(at), offers=offers)


def _move(bailleur: str, insee: str, at: str) -> Story:
    return Story(bailleur=bailleur, insee=insee, at=paris(at), mutation=MOVE)


def _urgent(insee: str, at: str, urgency: Urgency, *offers: Offer) -> Story:
    return Story(bailleur=HSH, insee=insee, at=paris(at), offers=offers, urgency=urgency)


OF_2025 = (
    _story(HSH, DOUSSARD, "2025-03-03T10:15", LEASED),
    _story(HSH, FAVERGES, "2025-03-10T14:20", LEASED),
    _story(HSH, FAVERGES, "2025-03-17T09:40", DALO),
    _story(HSH, FAVERGES, "2025-04-02T11:05", TACIT),
    _move(HSH, FAVERGES, "2025-05-12T10:00"),
    _story(HSH, FAVERGES, "2025-05-26T15:30", LEASED),
    _story(HSH, DOUSSARD, "2025-06-03T09:10", REFUSED, LEASED),
    _story(HSH, FAVERGES, "2025-06-16T16:45", NOT_ATTRIBUTED),
    _story(HSH, PUBLIER, "2025-06-24T10:30", LEASED),
    _story(HSH, FAVERGES, "2025-09-08T10:20", LEASED),
    _story(HSH, FAVERGES, "2025-09-22T14:00", PARTIAL),
    _story(HSH, PUBLIER, "2025-10-06T09:30", LEASED),
    _story(HSH, DOUSSARD, "2025-10-20T11:45", LEASED),
)

OF_2026 = (
    _story(HSH, FAVERGES, "2026-01-05T10:10", LEASED),
    _story(HSH, DOUSSARD, "2026-01-07T09:30", LEASED),
    _story(HSH, FAVERGES, "2026-01-08T14:15", TACIT),
    _story(LEMAN, PUBLIER, "2026-01-09T11:20", LEASED),
    _story(HSH, FAVERGES, "2026-01-13T10:45", LEASED),
    _move(HSH, FAVERGES, "2026-01-15T09:00"),
    _story(HSH, PUBLIER, "2026-01-19T15:10", LEASED),
    _story(HSH, FAVERGES, "2026-01-21T10:30", DALO),
    _story(LEMAN, PUBLIER, "2026-01-22T09:50", LEASED),
    _story(HSH, FAVERGES, "2026-01-27T16:20", REFUSED, LEASED),
    _story(ALLIADE, PUBLIER, "2026-01-29T10:05", LEASED),
    _story(HSH, DOUSSARD, "2026-02-03T10:40", NOT_ATTRIBUTED),
    _story(HSH, FAVERGES, "2026-02-05T14:30", PARTIAL),
    _story(HSH, FAVERGES, "2026-02-10T09:25", LEASED),
    _story(LEMAN, PUBLIER, "2026-02-12T11:00", DALO),
    _story(HSH, PUBLIER, "2026-02-17T10:15", LEASED),
    _urgent(
        FAVERGES,
        "2026-02-20T09:15",
        Urgency(
            kind="fire",
            title="Incendie d'un immeuble du centre le 19 février",
            households=1,
            verdict="charged",
        ),
        replace(SILENT, to="faverges-seythenex", motif=TOLD_ON_THE_PHONE),
    ),
    _story(HSH, FAVERGES, "2026-02-24T15:40", CONDITIONAL),
    _story(MONT_BLANC, PUBLIER, "2026-02-26T10:20", LEASED),
    _story(
        HSH,
        FAVERGES,
        "2026-03-03T10:50",
        replace(EMPTY, to="faverges-seythenex", motif=TOLD_ON_THE_PHONE),
    ),
    _story(ALLIADE, PUBLIER, "2026-03-05T09:20", LEASED),
    _urgent(
        FAVERGES,
        "2026-03-06T10:00",
        Urgency(
            kind="unfit",
            title="Arrêté de mise en sécurité d'un immeuble privé",
            households=2,
            verdict="refused",
            reason="Une solution d'hébergement a été trouvée par la commune le jour même.",
        ),
        LEASED,
    ),
    _story(HSH, FAVERGES, "2026-03-10T09:35", OTHER_THAN_ADVISED),
    _move(HSH, PUBLIER, "2026-03-12T14:00"),
    _story(HSH, DOUSSARD, "2026-03-16T10:25", WITHDRAWN),
    _story(VILOGIA, PUBLIER, "2026-03-18T11:15", LEASED),
    _story(HSH, FAVERGES, "2026-03-20T09:45", LEASED),
    _urgent(
        FAVERGES,
        "2026-03-25T08:50",
        Urgency(
            kind="flood",
            title="Coulée de boue sur un hameau, évacuation préventive",
            households=1,
            verdict="out",
        ),
    ),
    _story(HSH, FAVERGES, "2026-03-26T10:30", LEASED),
    _story(HSH, PUBLIER, "2026-03-31T15:20", ATTRIBUTED),
    _story(HSH, FAVERGES, "2026-04-01T10:10", LEASED),
    _story(SEMCODA, PUBLIER, "2026-04-02T09:30", LEASED),
    _story(HSH, DOUSSARD, "2026-04-07T09:45", PARTIAL),
    _story(HSH, FAVERGES, "2026-04-08T10:05", LEASED),
    _story(LEMAN, PUBLIER, "2026-04-09T11:30", TACIT),
    _story(HSH, FAVERGES, "2026-04-14T09:20", REFUSED, STARTED),
    _story(HSH, FAVERGES, "2026-04-15T14:10", LEASED),
    _story(HSH, FAVERGES, "2026-04-16T16:00", SILENT),
    _story(MONT_BLANC, PUBLIER, "2026-04-20T10:00", STARTED),
    _move(HSH, FAVERGES, "2026-04-21T09:30"),
    _story(HSH, FAVERGES, "2026-04-23T10:15", STARTED),
    _story(HSH, PUBLIER, "2026-04-27T14:30", SILENT),
    _urgent(
        FAVERGES,
        "2026-04-28T08:40",
        Urgency(
            kind="evacuation",
            title="Évacuation d'une résidence après un affaissement de terrain",
            households=1,
            verdict=None,
        ),
        replace(SILENT, to="prefecture", contingent="rs", motif=TOLD_ON_THE_PHONE),
    ),
    _story(HSH, FAVERGES, "2026-04-28T09:55", SILENT),
    _story(
        *(HSH, DOUSSARD, "2026-04-28T11:10"),
        replace(SILENT, to="departement", motif="Droits issus de la réhabilitation à honorer."),
    ),
    _story(HSH, DOUSSARD, "2026-04-28T15:05", SILENT),
    _story(ALLIADE, PUBLIER, "2026-04-28T16:30", SILENT),
    _story(SEMCODA, PUBLIER, "2026-04-29T09:10"),
    _story(LEMAN, PUBLIER, "2026-04-29T10:35", SILENT),
    _story(LEMAN, PUBLIER, "2026-04-29T10:55", SILENT),
    _story(HSH, FAVERGES, "2026-04-29T11:25", SILENT),
    _story(HSH, FAVERGES, "2026-04-29T15:20", SILENT),
    _story(HSH, FAVERGES, "2026-04-29T16:10"),
)


def _session(bailleur: str, planned: str, starts: str, place: str, mode: str) -> Commission:
    return Commission(
        bailleur=bailleur,
        planned_at=paris(planned),
        starts_at=paris(starts),
        place=place,
        mode=mode,
    )


HEADQUARTERS = "Siège du bailleur, salle du conseil"
VIDEO = "Visioconférence, lien envoyé aux membres"

COMMISSIONS = (
    _session(HSH, "2025-04-22T09:00", "2025-04-29T14:00", HEADQUARTERS, "on_site"),
    _session(HSH, "2025-07-08T09:00", "2025-07-16T14:00", HEADQUARTERS, "on_site"),
    _session(HSH, "2025-10-14T09:00", "2025-10-21T14:00", VIDEO, "remote"),
    _session(HSH, "2025-12-02T09:00", "2025-12-09T14:00", HEADQUARTERS, "on_site"),
    _session(HSH, "2026-02-03T09:00", "2026-02-10T14:00", HEADQUARTERS, "on_site"),
    _session(LEMAN, "2026-02-12T09:00", "2026-02-19T10:00", HEADQUARTERS, "on_site"),
    _session(HSH, "2026-03-03T09:00", "2026-03-10T14:00", VIDEO, "remote"),
    _session(ALLIADE, "2026-03-05T09:00", "2026-03-12T10:00", VIDEO, "remote"),
    _session(LEMAN, "2026-03-12T09:00", "2026-03-19T10:00", HEADQUARTERS, "on_site"),
    _session(HSH, "2026-03-31T09:00", "2026-04-07T14:00", HEADQUARTERS, "on_site"),
    _session(MONT_BLANC, "2026-04-02T09:00", "2026-04-09T10:00", VIDEO, "remote"),
    _session(HSH, "2026-04-14T17:00", "2026-04-21T14:00", HEADQUARTERS, "on_site"),
    _session(VILOGIA, "2026-04-16T09:00", "2026-05-06T10:00", VIDEO, "remote"),
    _session(HSH, "2026-04-24T09:00", "2026-05-12T14:00", VIDEO, "remote"),
)

PUBLICATIONS = (Publication(bailleur=HSH, year=2025, at=paris("2026-02-18T10:00")),)
