"""The mails of the demonstration, read where a person reads them."""

from __future__ import annotations

import re

from server.demo.scenario.browser import Answer, wait_for
from server.demo.scenario.players import UUID, Stage
from server.demo.scenario.report import squeezed

LIST = "/demo/courriels"
KEPT = 60
PAGES = 4
ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")


def newest(stage: Stage, pages: int = 1) -> list[str]:
    """Addresses of the mails, newest first."""
    found: list[str] = []
    address: str | None = LIST
    for _ in range(pages):
        if address is None:
            break
        page = stage.alice.get(address)
        found += [
            link.href
            for link in page.page.links
            if f"{LIST}/" in link.href and UUID.search(link.href)
        ]
        following = page.page.link("apres=")
        address = following.href if following else None
    return list(dict.fromkeys(found))


def wait_for_mail(stage: Stage, *words: str) -> Answer:
    """The newest mail that holds all these words, once it has been written."""
    wanted = [squeezed(word) for word in words]
    seen: set[str] = set()

    def look() -> Answer | None:
        for address in newest(stage):
            if address in seen:
                continue
            mail = stage.alice.get(address)
            if all(word in squeezed(mail.text) for word in wanted):
                return mail
            seen.add(address)
        return None

    return wait_for(f"un courriel avec « {' », « '.join(words)} »", look)


def keep_all(stage: Stage) -> None:
    """Each mail in a file; no address of the real world among them."""
    addresses = newest(stage, PAGES)[:KEPT]
    strangers: set[str] = set()
    for number, address in enumerate(reversed(addresses), start=1):
        mail = stage.alice.get(address)
        stage.report.keep(f"courriels/{number:02d}.txt", mail.text + "\n")
        strangers |= {
            found
            for found in ADDRESS.findall(mail.text)
            if not found.rstrip(".").endswith(".invalid")
        }
    stage.report.true(len(addresses) >= KEPT // 4, f"{len(addresses)} courriels lus et gardés")
    stage.report.equal(sorted(strangers), [], "adresses hors du domaine .invalid")
