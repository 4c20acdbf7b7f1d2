from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.operations.play import Play
from tests.schema.client import Api
from tests.worlds import Stage


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()


@pytest.fixture
async def api(play: Play) -> AsyncIterator[Api]:
    opened = Api(play)
    yield opened
    await opened.client.aclose()
