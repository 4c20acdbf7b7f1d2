from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.play import Play
from tests.worlds import Stage


@pytest.fixture
def play(world: Stage) -> Iterator[Play]:
    opened = Play(world)
    yield opened
    opened.close()
