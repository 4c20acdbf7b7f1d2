"""The mails of the demonstration, read where a person reads them."""

from __future__ import annotations

import re
from typing import Any

from server.demo.scenario.browser import Answer, wait_for
from server.demo.scenario.players import Stage
from server.demo.scenario.report import squeezed

LIST = "/demo/courriels"
PAGES = 20
LEAST = 50
WRITTEN = ("kept", "sent")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
NUD = re.compile(r"\b074\d{10}[0-9A-Z]{5}\b")


def listed(stage: Stage, pages: int = 1) -> list[dict[str, Any]]:
    """The mails, newest first."""
    found: list[dict[str, Any]] = []
    address: str | None = f"{LIST}.json"
    for _ in range(pages):
        if address is None:
            break
        answer = stage.alice.raw(address).json()
        found += answer["mails"]
        address = answer["next"]
    return found


def wait_for_mail(stage: Stage, organisme: str, *words: str) -> Answer:
    """The page of the newest mail to this organisme that holds all these words."""
    wanted = [squeezed(word) for word in words]

    def look() -> str | None:
        for mail in listed(stage):
            text = squeezed(f"{mail['subject']} {mail['text']}")
            if mail["organisme"] == organisme and all(word in text for word in wanted):
                return str(mail["id"])
        return None

    found = wait_for(f"un courriel à {organisme} avec « {' », « '.join(words)} »", look)
    return stage.alice.get(f"{LIST}/{found}")


def told(stage: Stage, orientation_id: str, *mails: tuple[str, str]) -> None:
    """Each organisme has a mail of this subject, whose link opens this very offer."""
    for organisme, subject in mails:
        wait_for_mail(stage, organisme, f"[{subject}]", f"/orientations/{orientation_id}")
        stage.report.proved(f"courriel à {organisme} : « {subject} », avec le lien de cette offre")


def keep_all(stage: Stage) -> None:
    """Each mail in a file, once all of them are written; none would leave for the real world."""
    mails = wait_for("tous les courriels écrits", lambda: _all_written(stage))
    for number, mail in enumerate(reversed(mails), start=1):
        text = f"À : {mail['to']}\nObjet : {mail['subject']}\n\n{mail['text']}\n"
        stage.report.keep(f"courriels/{number:03d}.txt", text)
    texts = [f"{mail['to']} {mail['subject']} {mail['text']}" for mail in mails]
    strangers = {one for text in texts for one in ADDRESS.findall(text)}
    stage.report.true(len(mails) >= LEAST, f"{len(mails)} courriels lus et gardés")
    outside = sorted(one for one in strangers if not one.endswith(".invalid"))
    stage.report.equal(outside, [], "adresses hors du domaine .invalid")
    told = [text for text in texts if NUD.search(text)]
    stage.report.equal(len(told), 0, "courriels qui contiennent un NUD")


def _all_written(stage: Stage) -> list[dict[str, Any]] | None:
    mails = listed(stage, PAGES)
    return mails if all(mail["state"] in WRITTEN for mail in mails) else None
