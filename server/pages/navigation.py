"""What surrounds every page: the organisme, the person, the navigation of their capacity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from server.db.tenants import Membership
from server.domain import labels
from server.settings import Settings
from server.tenants.actors import Capacity, Channel
from server.tenants.permissions import Permission, may
from server.tenants.sessions import SignedIn, actor_of

WARNING_SECONDS = 300
"""RGAA 13.1: said early enough to answer."""

CAPACITY_LABELS = {
    Capacity.BAILLEUR: "bailleur",
    Capacity.RESERVATAIRE: "réservataire",
    Capacity.PREFECTURE: "préfecture",
    Capacity.EPCI: "EPCI",
}
ROLE_LABELS = {"responsable": "responsable", "agent": "agent", "lecteur": "lecture seule"}
CONTINGENT_LABELS = {"fonctionnaires": "contingent fonctionnaires", "rs": "contingent RS"}

SCENARIOS = ("/simulations", "Simulations")
NAVIGATION: dict[Capacity, tuple[tuple[str, str], ...]] = {
    Capacity.BAILLEUR: (
        ("/", "Accueil"),
        ("/flux", "Flux"),
        ("/annexes", "Annexes 1"),
        SCENARIOS,
        ("/liberations", "Libérations"),
        ("/orientations", "Orientations"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
        ("/bilans", "Bilans"),
        ("/conventions", "Conventions"),
        ("/logements", "Logements"),
    ),
    Capacity.RESERVATAIRE: (
        ("/", "Accueil"),
        ("/orientations", "Offres"),
        ("/flux", "Mon flux"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
        ("/bilans", "Bilans"),
        ("/conventions", "Conventions"),
    ),
    Capacity.PREFECTURE: (
        ("/", "Accueil"),
        ("/urgences", "Urgences"),
        ("/departement", "Département"),
        ("/dalo", "DALO"),
        ("/flux", "Flux"),
        ("/orientations", "Orientations"),
        ("/caleol", "CALEOL"),
        ("/bilans", "Bilans"),
        ("/conventions", "Conventions"),
        ("/substitutions", "Substitutions"),
    ),
    Capacity.EPCI: (
        ("/", "Accueil"),
        ("/bilans", "Bilans reçus"),
        ("/flux", "Annexes 1"),
        ("/conventions", "Conventions"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class SessionLeft:
    """How many seconds the session lasts without another request, from how many on the page warns,
    and whether only a new sign-in can make it last.
    """

    seconds: int
    warning_seconds: int
    is_last: bool


def session_left(signed_in: SignedIn) -> SessionLeft:
    left = signed_in.ends_at - datetime.now(UTC)
    return SessionLeft(
        seconds=max(0, int(left.total_seconds())),
        warning_seconds=WARNING_SECONDS,
        is_last=signed_in.is_last_hour,
    )


OWN_PAGES: tuple[tuple[str, str, Permission | None], ...] = (
    ("/organisme/personnes", "Personnes de l'organisme", Permission.PEOPLE_READ),
    ("/organisme/acces-machine", "Accès des machines", Permission.MACHINES_MANAGE),
    ("/organisme/boite-partagee", "Réponse par courriel", Permission.PEOPLE_MANAGE),
    ("/organisme/fermetures", "Fermetures", Permission.CLOSURE_READ),
    ("/organisme/courriels", "Courriels en échec", Permission.PEOPLE_MANAGE),
    ("/organisme/visibilite", "Ce que voit mon organisme", None),
    ("/calendriers", "Calendriers", None),
    ("/mes-sessions", "Mes sessions", None),
)


OF_RESERVATAIRES = {"/organisme/boite-partagee"}


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What base.html shows around the page."""

    signed_in: bool
    demo: bool
    clock_label: str = ""
    person_name: str = ""
    organisme_name: str = ""
    capacity_label: str = ""
    capacity: str = ""
    memberships: tuple[dict[str, object], ...] = ()
    nav: tuple[dict[str, object], ...] = ()
    bell_count: int = 0
    read_at_ms: int = 0
    session: SessionLeft | None = None
    own_pages: tuple[dict[str, str], ...] = ()
    """About the person and her organisme, in the panel of her name."""


def anonymous_shell(settings: Settings, signed_in: SignedIn | None) -> Shell:
    name = signed_in.session.person_name if signed_in else ""
    return Shell(signed_in=False, demo=settings.is_demo, person_name=name)


def membership_label(one: Membership) -> str:
    contingents = [CONTINGENT_LABELS[code] for code in one.contingents if code != "none"]
    details = ", ".join([CAPACITY_LABELS[Capacity(one.capacity)], *contingents])
    return f"{one.tenant_name} ({details})"


def _own_pages(current: Membership) -> tuple[dict[str, str], ...]:
    actor = actor_of(current, Channel.PAGE)
    return tuple(
        {"href": href, "label": label}
        for href, label, permission in OWN_PAGES
        if (permission is None or may(actor, permission))
        and (href not in OF_RESERVATAIRES or actor.capacity is Capacity.RESERVATAIRE)
    )


def _navigation(
    capacity: Capacity, path: str, *, is_shown_scenarios: bool
) -> tuple[dict[str, object], ...]:
    """The simulations appear for a reader once there is one to read."""
    shown = (SCENARIOS,) if is_shown_scenarios else ()
    return tuple(
        {
            "href": href,
            "label": label,
            "count": 0,
            "current": path == href or (href != "/" and path.startswith(href)),
        }
        for href, label in (*NAVIGATION[capacity], *shown)
    )


def shell_of(
    signed_in: SignedIn,
    current: Membership,
    *,
    path: str,
    bell_count: int,
    is_shown_scenarios: bool,
    now: datetime | None,
    is_demo: bool,
    opened_at: float,
) -> Shell:
    capacity = Capacity(current.capacity)
    contingents = [CONTINGENT_LABELS[code] for code in current.contingents if code != "none"]
    return Shell(
        signed_in=True,
        demo=is_demo,
        clock_label=labels.french_instant(now) if now else "",
        person_name=current.person_name,
        organisme_name=current.tenant_name,
        capacity_label=", ".join(
            [CAPACITY_LABELS[capacity], *contingents, ROLE_LABELS[current.role]]
        ),
        capacity=capacity.value,
        memberships=tuple(
            {"id": str(one.id), "label": membership_label(one), "current": one.id == current.id}
            for one in signed_in.memberships
        ),
        nav=_navigation(capacity, path, is_shown_scenarios=is_shown_scenarios),
        bell_count=bell_count,
        read_at_ms=int(opened_at * 1000),
        session=session_left(signed_in),
        own_pages=_own_pages(current),
    )
