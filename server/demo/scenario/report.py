"""What the scenario says: each step, what it proved, and where it stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotAsAgreed(Exception):
    """The portal did not do what the convention says; the sentence tells what was expected."""


class Report:
    """Prints the steps and keeps the pieces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proofs = 0
        self._step = 0
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self._step += 1
        begun = time.monotonic()
        print(f"\n{self._step:2}. {title}", flush=True)
        yield
        print(f"    ({time.monotonic() - begun:.1f} s)".replace(".", ","), flush=True)

    def proved(self, sentence: str) -> None:
        self.proofs += 1
        print(f"    ✓ {sentence}", flush=True)

    def equal(self, found: object, expected: object, what: str) -> None:
        """`what` is a sentence of which the expected value is the end."""
        if found != expected:
            raise NotAsAgreed(f"{what} : attendu {shown(expected)}, trouvé {shown(found)}.")
        self.proved(f"{what} : {shown(expected)}")

    def true(self, is_so: object, sentence: str) -> None:
        if not is_so:
            raise NotAsAgreed(f"Ce n'est pas vrai : {sentence}.")
        self.proved(sentence)

    def says(self, text: str, *expected: str) -> None:
        """Every one of these words is on the page, whatever stands around."""
        plain = squeezed(text)
        for words in expected:
            if squeezed(words) not in plain:
                raise NotAsAgreed(f"« {words} » n'est pas dans : {plain[:1500]}")
        self.proved(f"on y lit « {' », « '.join(expected)} »")

    def keep(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path


def shown(value: object) -> str:
    """A value as a person reads it: no Python brackets nor quotes."""
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "rien"
    if isinstance(value, dict):
        return shown(list(value.values()))
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "rien" if value is None else str(value)


def squeezed(text: str) -> str:
    """One plain space wherever there is any: typography does not change facts."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()).casefold()
