"""Who plays, on what stage: browsers signed in as people, machines with a token, the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from server.demo.scenario.browser import Answer, Browser, Machine, required
from server.demo.scenario.launch import Directory
from server.demo.scenario.report import NotAsAgreed, Report

PARIS = ZoneInfo("Europe/Paris")
BAILLEUR = "Haute-Savoie Habitat"
OTHER_BAILLEUR = "Léman Habitat"
COMMUNE = "Commune de Doussard"
PREFECTURE = "Préfecture de la Haute-Savoie"
STATE = f"{PREFECTURE} (réservataire)"
EPCI = "CC des Sources du Lac d'Annecy"
SIREN_OF_EPCI = "247400773"
DOUSSARD, FAVERGES = "74104", "74123"
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
NOW = "query { me { now today organisme { id name } capacity role } }"


@dataclass(kw_only=True)
class Stage:
    """The demonstration, those who play in it, and what they have found so far."""

    directory: Directory
    report: Report
    alice: Browser
    chloe: Browser
    estelle: Browser
    farid: Browser
    bailleur: Machine
    other: Machine
    commune: Machine
    state: Machine
    prefecture: Machine
    epci: Machine
    found: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        """The business time, in Paris."""
        return datetime.fromisoformat(self.bailleur.ask(NOW)["me"]["now"]).astimezone(PARIS)

    def set_clock(self, instant: str) -> None:
        """Move the business time, as the person in front of the demonstration would."""
        page = self.alice.get("/demo")
        form = next((one for one in page.page.forms if "instant" in one.names), None)
        self.alice.submit(page, required(form, "aller à un instant", page), {"instant": instant})
        gap = self.now().replace(tzinfo=None) - datetime.fromisoformat(instant)
        if not timedelta(0) <= gap < timedelta(minutes=5):
            raise NotAsAgreed(
                f"L'horloge de la démonstration n'est pas à {instant} : {self.now()}."
            )
        self.report.proved(f"l'horloge du portail est à {instant.replace('T', ', ')}")


def identifier_in(answer: Answer) -> str:
    """The identifier in the address of the page on which an act ends."""
    match = UUID.search(answer.path)
    if match is None:
        raise NotAsAgreed(f"Après l'acte, {answer.path} ne nomme pas ce qui a été fait.")
    return match.group()


def sign_in(stack: ExitStack, directory: Directory, organisme: str, role: str | None) -> Browser:
    """One click on the login address, cookies kept, ends signed in."""
    person = directory.person(organisme, role)
    browser = stack.enter_context(Browser(directory.url, person.name))
    refused = browser.get("/flux?annee=2026")
    if refused.path == "/flux":
        raise NotAsAgreed("Une personne inconnue lit une page réservée.")
    answer = browser.get(person.login)
    if person.name not in answer.text or organisme not in answer.text:
        raise NotAsAgreed(f"L'adresse {person.login} n'ouvre pas la session de {person.name}.")
    return browser


@contextmanager
def open_stage(directory: Directory, report: Report) -> Iterator[Stage]:
    def machine(organisme: str) -> Machine:
        return Machine(directory.graphql, organisme, directory.tokens[organisme])

    with ExitStack() as stack:
        yield Stage(
            directory=directory,
            report=report,
            alice=sign_in(stack, directory, BAILLEUR, "responsable"),
            chloe=sign_in(stack, directory, COMMUNE, None),
            estelle=sign_in(stack, directory, PREFECTURE, None),
            farid=sign_in(stack, directory, EPCI, None),
            bailleur=machine(BAILLEUR),
            other=machine(OTHER_BAILLEUR),
            commune=machine(COMMUNE),
            state=machine(STATE),
            prefecture=machine(PREFECTURE),
            epci=machine(EPCI),
        )
