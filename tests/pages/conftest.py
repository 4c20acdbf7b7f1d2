from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.operations.play import LAST_OF_APRIL, Play
from tests.pages.browsers import Site
from tests.pages.browsers import site as open_site
from tests.worlds import Stage


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


@pytest.fixture
async def site(world: Stage) -> AsyncIterator[Site]:
    """The pages at the time of `play`: Thursday 30 April 2026, 10:00."""
    async with open_site(world, LAST_OF_APRIL) as opened:
        yield opened
