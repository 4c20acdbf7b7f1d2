"""What a stopped sweep shows: the same as one that runs, on every page, list, count and export.

Each answer is read with the sweep stopped, then again once it has run, at the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from server.operations import recalling, sweep
from server.pages.orientations.listing import ANSWER, BOX, EMPTY, PRESENTED, SEARCH
from server.tenants.transactions import Database as App
from tests.operations.play import NUDS, Play, paris
from tests.pages.browsers import Site, set_clock
from tests.pages.reading import words

LATE = paris("2026-06-10T09:00")


def lists(*stages: str) -> list[str]:
    return [f"/orientations{suffix}?etape={one}" for one in stages for suffix in ("", ".csv")]


QUEUE = lists(*(stage.code for stage in (ANSWER, SEARCH, EMPTY, PRESENTED)), "toutes")
PARTIES = {
    "alice": ["/", "/liberations", "/flux", "/caleol/nouvelle", *QUEUE],
    "chloe": ["/", "/flux", *lists(*(stage.code for stage in BOX))],
}
PREFECTURE = {"estelle": ["/", "/departement", "/departement.csv", *QUEUE]}

Seen = dict[tuple[str, str], str]


async def look(site: Site, people: dict[str, list[str]], offers: Sequence[UUID]) -> Seen:
    seen = {}
    for person, addresses in people.items():
        async with site.browser(person) as client:
            for address in [*addresses, *(f"/orientations/{one}" for one in offers)]:
                answer = await client.get(address)
                is_page = answer.headers["content-type"].startswith("text/html")
                text = words(answer) if is_page else answer.text
                seen[person, address] = f"{answer.status_code} {text}"
    return seen


async def offer(play: Play, number: int, sent: str) -> UUID:
    play.now = paris(sent)
    return await play.offer(home=play.home(number=number))


async def differing(
    play: Play, site: Site, people: dict[str, list[str]], offers: Sequence[UUID], due: int
) -> dict[tuple[str, str], tuple[str, str]]:
    set_clock(play.stage.database, LATE)
    worker = App(play.stage.database.worker_dsn, pool_size=1)
    await recalling.remind_due(worker)  # a reminder is an act, which no date computes
    stopped = await look(site, people, offers)
    assert await sweep.record_due(worker) == due
    await worker.close()
    set_clock(play.stage.database, LATE)
    running = await look(site, people, offers)
    return {key: (stopped[key], running[key]) for key in stopped if stopped[key] != running[key]}


async def test_every_reader_sees_the_same_silence(play: Play, site: Site) -> None:
    """domain.md §5.7, 2: the state is computed from dates, the sweep only records it.

    One offer whose search is over too, one that is searched for, one still to be answered.
    """
    sent = ("2026-05-04T10:00", "2026-06-05T10:00", "2026-06-08T10:00")
    offers = [await offer(play, number, when) for number, when in enumerate(sent)]
    assert await differing(play, site, PARTIES | PREFECTURE, offers, due=2) == {}


async def test_the_parties_see_the_same_end_of_a_search(play: Play, site: Site) -> None:
    """One without candidate, one with a single one, which the préfecture does not see: it reads
    a search until its end is recorded, in its lists as in its counts.
    """
    play.now = paris("2026-05-05T10:00")
    empty, partial = [await play.search(home=play.home(number=number)) for number in (0, 1)]
    await play.present(partial, NUDS[0])
    set_clock(play.stage.database, LATE)
    seen = await look(site, PREFECTURE, [])
    searching = seen["estelle", "/orientations?etape=candidats"]
    assert "Attend candidats 2 Sans candidat 0" in searching
    assert searching.count("Acceptée, candidats attendus") == 2
    assert await differing(play, site, PARTIES, [empty, partial], due=2) == {}
