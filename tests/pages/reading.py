"""Reading a page as a person does: its words, its links, what its forms would send."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import httpx2

from tests.operations.play import Play
from tests.pages.browsers import Site

# What the hour alone changes in a page: its mark for the stream, the seconds left of the session,
# the minute on the demonstration's clock.
MOMENT = re.compile(
    r'(?<=/direct\?vu=)\d+|(?<=data-reste=")\d+|(?<=Horloge de la démonstration&nbsp;: )[^<]*'
)
TAGS = re.compile(r"<[^>]+>")
SPACES = re.compile(r"[\s\u00a0]+")


def words(answer: httpx2.Response) -> str:
    """The text of the main part, entities read, spaces made one."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return SPACES.sub(" ", html.unescape(TAGS.sub(" ", main)))


def actions(answer: httpx2.Response) -> list[str]:
    """Where the forms of the main part post."""
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', main)


async def statuses(
    site: Site, method: str, path: str, people: Iterable[str], **fields: str
) -> dict[str, int]:
    """What each person is answered at an address."""
    found = {}
    for who in people:
        async with site.browser(who) as client:
            if method == "POST":
                answer = await client.post(path, data=fields)
            else:
                answer = await client.get(path)
        found[who] = answer.status_code
    return found


async def refused(
    site: Site, play: Play, who: str, path: str, fields: dict[str, str], *, status: int, says: str
) -> httpx2.Response:
    """A form that is refused with a French sentence, and not one row has changed."""
    async with site.browser(who) as client:
        before = play.dump()
        answer = await client.post(path, data=fields)
    after = play.dump()
    assert answer.status_code == status, words(answer)
    assert says in words(answer), words(answer)
    assert [name for name in after if after[name] != before[name]] == []
    return answer
