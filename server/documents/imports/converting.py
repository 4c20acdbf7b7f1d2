"""The lines of a file, each turned into a dwelling, or into the faults that an office can mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from server.documents.imports import reading
from server.documents.imports.layouts import Layout
from server.documents.imports.reading import INTERMEDIATE, Reading
from server.documents.imports.sources import Lines
from server.reference import sort_key

MOST_FAULTS = 5_000
"""Kept with their line; all are counted."""

KIND_WORDS = {
    "merged_commune": "communes qui ont fusionné",
    "lost_zeros": "références dont les zéros du début ont été perdus",
    "excel_date": "dates à la place d'années, ou au format interne du tableur",
    "surface_unusual": "surfaces inhabituelles",
    "duplicate_line": "lignes répétées à l'identique",
}
"""What may be confirmed, kind by kind."""


class StockRow(NamedTuple):
    """A dwelling as the file tells it; None where the file says nothing: what is known is kept."""

    line: int
    reference: str
    rpls_id: str
    insee: str
    address: str
    sort_address: str
    kind: str | None
    typology: str
    surface_m2: Decimal
    financing: str
    built_year: int
    delivered_on: date | None
    is_qpv: bool | None
    exclusion: str | None


_WRITTEN = tuple(StockRow.__annotations__)


class Fault(NamedTuple):
    """What is wrong in a cell: blocking, or accepted if somebody confirms its kind."""

    line: int
    column: str
    code: str
    message: str
    is_blocking: bool


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the lines are judged with: the day, the communes, the references already known."""

    today: date
    communes: Mapping[str, str]
    merged: Mapping[str, str]
    references: frozenset[str] = frozenset()


Column = list[str]
BLOCK = 500
"""Lines read at once, column by column: few enough to stay in the processor's cache."""

_STREET = ("street_number", "street_suffix", "street_kind", "street_name", "flat")
_READ = (
    *("reference", "rpls_id", "insee", "address", *_STREET),
    *("typology", "surface_m2", "financing"),
    *("built_year", "kind", "delivered_on", "first_let_year", "is_qpv", "exclusion"),
    *("exit", "for_sale", "contingent"),
)
_BY_COLUMN = ("insee", "typology", "surface_m2", "financing", "built_year", "kind", "delivered_on",
              "is_qpv", "exclusion")  # fmt: skip
_STAYS = {"", "9", "sans objet"}
_FOR_SALE = {"1", "oui", "o"}


@dataclass
class Converter:
    """Reads lines one after the other; its counters and faults tell of those read so far."""

    layout: Layout
    around: Surroundings
    faults: list[Fault] = field(default_factory=list)
    fault_counts: Counter[tuple[str, bool]] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    contingents: Counter[tuple[str, str]] = field(default_factory=Counter)
    for_sale: int = 0
    lines: int = 0

    def __post_init__(self) -> None:
        this_year = self.around.today.year
        latest = this_year + 5
        self._years = {str(this_year), str(this_year + 1)}
        self._numbers = _lengths_with_zeros(self.around.references)
        self._seen: dict[str, StockRow] = {}
        self._usual_kind = "social" if self.layout.kind == "rpls" else None
        self._readers: dict[str, Callable[[str], Reading]] = {
            "reference": reading.read_reference,
            "insee": partial(
                reading.read_insee, names=self.around.communes, merged=self.around.merged
            ),
            "typology": reading.read_typology,
            "surface_m2": reading.read_surface,
            "financing": reading.read_financing,
            "built_year": partial(reading.read_year, latest=latest),
            "kind": reading.read_kind,
            "delivered_on": reading.read_day,
            "is_qpv": reading.read_flag,
            "exclusion": reading.read_exclusion,
        }
        self._known: dict[str, dict[str, Reading]] = {code: {} for code in self._readers}

    @property
    def is_sound(self) -> bool:
        return not any(is_blocking for _, is_blocking in self.fault_counts)

    def rows(self, lines: Lines) -> Iterator[StockRow]:
        """The dwellings of the lines after the header."""
        wanted = [self.layout.columns.get(code, -1) for code in _READ]
        blocks = lines.blocks(wanted, after=self.layout.header_line, size=BLOCK)
        for numbers, columns in blocks:
            rows = self._by_columns(numbers, dict(zip(_READ, columns, strict=True)))
            if rows is None:
                told = map(self._convert, numbers, zip(*columns, strict=True))
                rows = [row for row in told if row is not None]
            yield from rows

    def _convert(self, number: int, texts: tuple[str, ...]) -> StockRow | None:
        """None for a line that is ignored, wrong, or already read."""
        self.lines += 1
        (reference, rpls, insee, address, *street, rooms, surface, money, built, kind, day, let,
         qpv, exclusion, left, sale, contingent) = texts  # fmt: skip
        if self._is_ignored(insee, left):
            return None
        commune = self._read(number, "insee", insee)
        financing = self._read(number, "financing", money)
        row = StockRow(
            number,
            self._reference(number, reference),
            reading.read_text(rpls),
            commune,
            *self._address(number, address, street),
            self._kind(number, kind, financing),
            self._read(number, "typology", rooms),
            self._read(number, "surface_m2", surface),
            "other" if financing == INTERMEDIATE else financing,
            self._read(number, "built_year", built),
            self._delivered(number, day, let),
            self._read(number, "is_qpv", qpv) if "is_qpv" in self.layout.columns else None,
            self._read(number, "exclusion", exclusion) if exclusion else None,
        )
        if contingent and commune:
            self.contingents[commune, contingent.strip()] += 1
        self.for_sale += sale.strip().lower() in _FOR_SALE
        return self._once(row)

    # --- Many lines at once -----------------------------------------------------------------------

    def _by_columns(self, numbers: list[int], texts: Mapping[str, Column]) -> list[StockRow] | None:
        """The same as `_convert` of each line, several times cheaper; None, and nothing counted,
        as soon as there is something to say about one of them: they are then read one by one.
        """
        references = self._plain_references(texts["reference"])
        addresses = _plain_addresses(texts)
        values = {code: self._values(code, texts[code]) for code in _BY_COLUMN}
        stays = _STAYS.issuperset(text.strip().lower() for text in set(texts["exit"]))
        if not (stays and references and addresses) or None in values.values():
            return None
        self._count(texts, values["insee"] or [])
        values |= {"reference": references, "address": addresses}
        rows = self._rows(numbers, texts, values)
        self._seen.update(zip(references, rows, strict=True))
        return rows

    def _values(self, code: str, texts: Column) -> list[Any] | None:
        known, read = self._known[code], self._readers[code]
        if code not in self.layout.columns:
            return [None] * len(texts)
        different = set(texts)
        known.update((text, read(text)) for text in different.difference(known))
        if any(known[text].code for text in different):
            return None
        return [known[text].value for text in texts]

    def _plain_references(self, texts: Column) -> list[str] | None:
        found = [" ".join(text.split()) for text in texts]
        known = self.around.references
        is_plain = (
            len(set(found)) == len(found)
            and self._seen.keys().isdisjoint(found)
            and not any(map(reading.reference_fault, found))
            and not (self._numbers and any(one.isdecimal() and one not in known for one in found))
        )
        return found if is_plain else None

    def _count(self, texts: Mapping[str, Column], insees: Sequence[str]) -> None:
        self.lines += len(insees)
        self.for_sale += sum(text.strip().lower() in _FOR_SALE for text in texts["for_sale"])
        told = zip(insees, texts["contingent"], strict=True)
        self.contingents.update((insee, text.strip()) for insee, text in told if text)

    def _rows(
        self, numbers: list[int], texts: Mapping[str, Column], values: Mapping[str, Any]
    ) -> list[StockRow]:
        money, usual = values["financing"], self._usual_kind
        kinds = [
            INTERMEDIATE if one == INTERMEDIATE else told or usual
            for one, told in zip(money, values["kind"], strict=True)
        ]
        columns = {
            **values,
            "line": numbers,
            "rpls_id": map(reading.read_text, texts["rpls_id"]),
            "sort_address": map(_sorted_as, values["address"]),
            "kind": kinds,
            "financing": ["other" if one == INTERMEDIATE else one for one in money],
            "delivered_on": map(self._first_day, values["delivered_on"], texts["first_let_year"]),
        }
        # made as tuples are: each row is as wide as the next, and the call of a class costs more
        made = zip(*(columns[name] for name in _WRITTEN), strict=True)
        return list(map(partial(tuple.__new__, StockRow), made))

    # --- One fact ---------------------------------------------------------------------------------

    def _read(self, number: int, code: str, text: str) -> Any:
        known = self._known[code]
        found = known.get(text)
        if found is None:
            found = known[text] = self._readers[code](text)
        if found.message:
            self._blame(number, code, found)
        return found.value

    def _blame(self, number: int, code: str, found: Reading) -> None:
        self.fault_counts[found.code, found.is_blocking] += 1
        if len(self.faults) < MOST_FAULTS:
            column = self.layout.name(code)
            self.faults.append(Fault(number, column, found.code, found.message, found.is_blocking))

    def _is_ignored(self, insee: str, left: str) -> bool:
        """Counted by reason: no longer of the stock, or of another département."""
        if left.strip().lower() not in _STAYS:
            self.ignored["left"] += 1
            return True
        known = self._known["insee"]
        found = known.get(insee)
        if found is None:
            found = known[insee] = self._readers["insee"](insee)
        is_elsewhere = found.value is None and not found.is_blocking
        if is_elsewhere:
            self.ignored["other_department"] += 1
        return is_elsewhere

    def _reference(self, number: int, text: str) -> str:
        """A number shorter than those of the stock has lost its zeros in a spreadsheet."""
        found = reading.read_reference(text)
        if found.message:
            self._blame(number, "reference", found)
            return ""
        value: str = found.value
        if not self._numbers or not value.isdecimal() or value in self.around.references:
            return value
        for length in self._numbers:
            if (whole := value.zfill(length)) in self.around.references:
                message = (
                    f"La référence {value} a perdu ses zéros : elle est connue comme {whole}, "
                    "qui sera retenue."
                )
                self._blame(number, "reference", Reading(code="lost_zeros", message=message))
                return whole
        return value

    def _address(self, number: int, whole: str, parts: list[str]) -> tuple[str, str]:
        """The address and what it is sorted by; made of its parts when it comes in parts."""
        given = whole.strip()
        if not given:
            *street, flat = parts
            if not street[-1].strip():
                missing = reading.wrong("address_missing", "Il manque l'adresse du logement.")
                self._blame(number, "address", missing)
                return "", ""
            given = " ".join(street)
            given = f"{given}, logement {flat}" if flat.strip() else given
        given = " ".join(given.split())[: reading.LONGEST_TEXT]
        return given, _sorted_as(given)

    def _kind(self, number: int, text: str, financing: str | None) -> str | None:
        if financing == INTERMEDIATE:
            return INTERMEDIATE
        found: str | None = self._read(number, "kind", text) if text else None
        return found or self._usual_kind

    def _delivered(self, number: int, text: str, let: str) -> date | None:
        found: date | None = self._read(number, "delivered_on", text) if text else None
        return self._first_day(found, let)

    def _first_day(self, day: date | None, let: str) -> date | None:
        """The day, or 1 January of a first letting of this year: only the year counts (art. 3)."""
        if day is None and let and let.strip() in self._years:
            return date(int(let), 1, 1)
        return day

    def _once(self, row: StockRow) -> StockRow | None:
        """A reference counts once; the same line again is confirmable, another one is a fault."""
        if not row.reference or not row.insee:
            return None
        before = self._seen.get(row.reference)
        if before is None:
            self._seen[row.reference] = row
            return row
        is_same = before[1:] == row[1:]
        told = (
            f"Ligne répétée : elle est identique à la ligne {before.line} et ne comptera qu'une "
            "fois."
            if is_same
            else f"La référence {row.reference} est déjà à la ligne {before.line}, avec d'autres "
            "valeurs : gardez une seule des deux lignes."
        )
        code = "duplicate_line" if is_same else "duplicate_reference"
        fault = Reading(code=code, message=told, is_blocking=not is_same)
        self._blame(row.line, "reference", fault)
        return None


def _plain_addresses(texts: Mapping[str, Column]) -> list[str] | None:
    """All of them whole, or all of them made of parts; None otherwise."""
    given: Iterable[str] = texts["address"]
    if not any(given):
        if not all(map(str.strip, texts["street_name"])):
            return None
        parts = zip(*(texts[code] for code in _STREET), strict=True)
        given = (
            f"{number} {suffix} {kind} {name}, logement {flat}"
            if flat.strip()
            else f"{number} {suffix} {kind} {name}"
            for number, suffix, kind, name, flat in parts
        )
    elif not all(map(str.strip, given)):
        return None
    return [" ".join(one.split())[: reading.LONGEST_TEXT] for one in given]


def _sorted_as(address: str) -> str:
    return address.lower() if address.isascii() else sort_key(address)


def _lengths_with_zeros(references: frozenset[str]) -> tuple[int, ...]:
    """The lengths of the known numbers that begin with a zero."""
    return tuple(sorted({len(one) for one in references if one[:1] == "0" and one.isdecimal()}))
