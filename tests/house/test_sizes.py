"""No file and no function outgrows the page of a patient reader."""

from __future__ import annotations

from tests.house.sources import at, functions, name_of, python_files, text_of

FILE_LINES = 400
TEST_LINES = 800
FUNCTION_LINES = 40


def test_files_are_short() -> None:
    sizes = {path: len(text_of(path).splitlines()) for path in python_files()}
    assert [
        f"{name_of(path)}: {size} lines"
        for path, size in sizes.items()
        if size > (TEST_LINES if name_of(path).startswith("tests/") else FILE_LINES)
    ] == []


def test_functions_are_short() -> None:
    assert [
        at(path, function.lineno, f"{function.name}: {size} lines")
        for path in python_files()
        for function in functions(path)
        if (size := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ] == []
