from __future__ import annotations

import re

import pytest

from server.bench import pages


@pytest.mark.long
def test_the_bench_of_the_pages_prints_ratios_and_no_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert pages.run() == 0
    printed = capsys.readouterr().out
    for slug, asked in pages.PAGES.items():
        for page in asked:
            line = next(one for one in printed.splitlines() if one.startswith(f"{page} ({slug})"))
            ratio, *counts = re.findall(r"[\d.]+(?=\s|$)", line.partition(")")[2])
            assert float(ratio) >= 1
            assert all(int(count) > 0 for count in counts)
    assert " ms" not in printed
