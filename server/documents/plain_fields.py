"""Fields of a plain file, read one by one; each fault is kept with its place, in French."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from server.errors import Motif

INSEE = re.compile(r"(?:[0-9]{5}|2[AB][0-9]{3})")
RATE = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,2})?")
UNWRITABLE = re.compile("[\ud800-\udfff]")
"""Halves of a character that JSON can spell and no text can hold."""
HUNDREDTH = Decimal("0.01")
WHOLE = Decimal(100)
MAX_COUNT = 10_000_000
"""More dwellings than France has in social housing: a slip of the keyboard."""


def told(text: str) -> str:
    """A text of the file as a message holds it: on one line, in characters that print."""
    return UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


@dataclass(frozen=True)
class Place:
    """Where one is in the file: `lines[2].perimeter`."""

    steps: tuple[str, ...]

    def at(self, name: str) -> Place:
        return Place((*self.steps, name))

    def __str__(self) -> str:
        return ".".join(self.steps)


class Pairs(dict[str, Any]):
    """An object as it was written: `twins` are the names that it holds twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counted = Counter(name for name, _ in pairs)
        self.twins = [name for name, count in counted.items() if count > 1]


@dataclass(frozen=True)
class Fields:
    """An object of the file; `motifs` is shared by all the objects of one file."""

    content: Any
    place: Place
    motifs: list[Motif] = field(default_factory=list)

    def __post_init__(self) -> None:
        if isinstance(self.content, Pairs):
            for name in self.content.twins:
                self.refuse("field_twice", "ce champ est écrit deux fois", name)

    def refuse(self, code: str, message: str, name: str | None = None) -> None:
        """One line, whatever the file writes."""
        place = told(str(self.place.at(name) if name else self.place)) or "fichier"
        self.motifs.append(Motif(code=code, message=f"{place} : {message}.", field=place))

    def names(self) -> set[str]:
        return set(self.content) if isinstance(self.content, dict) else set()

    def has(self, name: str) -> bool:
        return self.value(name) is not None

    def value(self, name: str) -> Any:
        return self.content.get(name) if isinstance(self.content, dict) else None

    def _refuse_value(self, name: str, expected: str) -> None:
        if self.value(name) is None:
            self.refuse("field_missing", f"ce champ manque ; attendu : {expected}", name)
        else:
            self.refuse("field_invalid", f"attendu : {expected}", name)

    def text(self, name: str) -> str:
        value = self.value(name)
        if isinstance(value, str) and value.strip() and not UNWRITABLE.search(value):
            return told(value)
        self._refuse_value(name, "un texte")
        return ""

    def insee(self, name: str) -> str:
        value = self.value(name)
        if isinstance(value, str) and INSEE.fullmatch(value):
            return value
        self._refuse_value(name, "un code INSEE de cinq caractères, entre guillemets")
        return ""

    def texts(self, name: str) -> frozenset[str] | None:
        """None if the value, refused, is no list of texts."""
        value = self.value(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return frozenset(value)
        self._refuse_value(name, 'une liste de codes INSEE entre guillemets, ou ["*"]')
        return None

    def count(self, name: str) -> int:
        value = self.value(name)
        is_count = isinstance(value, int) and not isinstance(value, bool)
        if is_count and 0 <= value <= MAX_COUNT:
            return int(value)
        self._refuse_value(name, "un nombre entier, zéro ou plus")
        return 0

    def hundredths(self, name: str) -> Decimal:
        value = self.value(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if 0 <= number <= MAX_COUNT and number == number.quantize(HUNDREDTH):
                return number
        self._refuse_value(name, "un nombre, zéro ou plus, avec deux décimales au plus")
        return Decimal(0)

    def rate(self, name: str) -> Decimal:
        """Percents, from 0 to 100."""
        value = self.value(name)
        written = str(value) if isinstance(value, str | int | Decimal) else ""
        if RATE.fullmatch(written) and Decimal(written) <= WHOLE:
            return Decimal(written)
        self._refuse_value(name, 'un taux de 0 à 100 avec deux décimales au plus, comme "25.00"')
        return Decimal(0)

    def inner(self, name: str) -> Fields:
        """The object of a field, empty when it is absent."""
        value = self.value(name)
        if value is not None and not isinstance(value, dict):
            self._refuse_value(name, "un objet")
            value = None
        return Fields(value or {}, self.place.at(name), self.motifs)

    def rows(
        self, name: str, *, required: bool = False, optional: bool = False
    ) -> Iterator[Fields]:
        """The objects of a list; `required` refuses an empty one, `optional` allows none."""
        value = self.value(name)
        if value is None and optional and isinstance(self.content, dict):
            return
        if not isinstance(value, list) or (required and not value):
            self._refuse_value(name, "une liste non vide" if required else "une liste")
            return
        for index, one in enumerate(value):
            row = Fields(one, Place((f"{name}[{index}]",)), self.motifs)
            if isinstance(one, dict):
                yield row
            else:
                row.refuse("field_invalid", "attendu : un objet")
