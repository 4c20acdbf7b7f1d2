"""What surrounds every page: the organisme, the person, the navigation of their capacity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.db.tenants import Membership
from server.domain import labels
from server.settings import Settings
from server.tenants.actors import Capacity
from server.tenants.sessions import SignedIn

CAPACITY_LABELS = {
    Capacity.BAILLEUR: "bailleur",
    Capacity.RESERVATAIRE: "réservataire",
    Capacity.PREFECTURE: "préfecture",
    Capacity.EPCI: "EPCI",
}
ROLE_LABELS = {"responsable": "responsable", "agent": "agent", "lecteur": "lecture seule"}
CONTINGENT_LABELS = {"fonctionnaires": "contingent fonctionnaires", "rs": "contingent RS"}

NAVIGATION: dict[Capacity, tuple[tuple[str, str], ...]] = {
    Capacity.BAILLEUR: (
        ("/", "Accueil"),
        ("/flux", "Flux"),
        ("/liberations", "Libérations"),
        ("/orientations", "Orientations"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
        ("/bilans", "Bilans"),
        ("/logements", "Logements"),
    ),
    Capacity.RESERVATAIRE: (
        ("/", "Accueil"),
        ("/orientations", "Offres"),
        ("/flux", "Mon flux"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
        ("/bilans", "Bilans"),
    ),
    Capacity.PREFECTURE: (
        ("/", "Accueil"),
        ("/urgences", "Urgences"),
        ("/departement", "Département"),
        ("/flux", "Flux du département"),
        ("/orientations", "Orientations"),
        ("/caleol", "CALEOL"),
        ("/bilans", "Bilans"),
    ),
    Capacity.EPCI: (
        ("/", "Accueil"),
        ("/bilans", "Bilans reçus"),
        ("/flux", "Annexes 1"),
        ("/caleol", "CALEOL"),
        ("/urgences", "Urgences"),
    ),
}


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


def anonymous_shell(settings: Settings, signed_in: SignedIn | None) -> Shell:
    name = signed_in.session.person_name if signed_in else ""
    return Shell(signed_in=False, demo=settings.is_demo, person_name=name)


def membership_label(one: Membership) -> str:
    contingents = [CONTINGENT_LABELS[code] for code in one.contingents if code != "none"]
    details = ", ".join([CAPACITY_LABELS[Capacity(one.capacity)], *contingents])
    return f"{one.tenant_name} ({details})"


def shell_of(
    signed_in: SignedIn,
    current: Membership,
    *,
    path: str,
    bell_count: int,
    now: datetime | None,
    is_demo: bool,
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
        nav=tuple(
            {
                "href": href,
                "label": label,
                "count": 0,
                "current": path == href or (href != "/" and path.startswith(href)),
            }
            for href, label in NAVIGATION[capacity]
        ),
        bell_count=bell_count,
    )
