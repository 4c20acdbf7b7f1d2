"""What a bailleur sent, opened safely: octets in, numbered lines of cells out.

UTF-8, UTF-16 or Windows-1252, with or without byte order mark, any separator, LF or CRLF. What
could harm or is no table is refused before it is opened: the motifs have the code `file_…`.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import islice
from typing import NoReturn

from server.documents.imports.spreadsheets import MOST_COLUMNS, MOST_ROWS, SEPARATOR, lines_of
from server.errors import Invalid, Motif

MOST_BYTES = 24 * 1024 * 1024
"""Of a file sent: 60 000 lines of the RPLS weigh half of it."""
MOST_UNPACKED = 50 * 1024 * 1024
MOST_RATIO = 100
MOST_MEMBERS = 500

ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
LOCKED = "EncryptedPackage".encode("utf-16-le")
"""Names the only content of a workbook that a password protects."""
SEPARATORS = (";", "\t", "|", ",")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1e\x7f]")
_CONTROL_OCTETS = bytes([*range(0x09), *range(0x0E, 0x1F), 0x7F])
"""The same signs, one octet each in UTF-8 as in Windows-1252."""
_LOOKED_AT = 20
_BEGINNING = 50_000

SENTENCES = {
    "empty": "Le fichier est vide : il ne contient aucune ligne.",
    "too_large": (
        "Le fichier est trop lourd pour être lu : 24 Mo, 50 Mo une fois décompressé, "
        "100 000 lignes et 256 colonnes au plus. Enregistrez-le en CSV, ou en plusieurs fichiers."
    ),
    "bomb": (
        "Ce fichier se décompresse en une taille anormale : il n'a pas été ouvert. "
        "Enregistrez-le de nouveau depuis votre tableur, ou en CSV."
    ),
    "macros": (
        "Ce classeur contient des macros ou des liens vers d'autres fichiers : il n'a pas été "
        "ouvert. Enregistrez une copie sans macros ni liaisons (valeurs seules), ou en CSV."
    ),
    "password": "Ce classeur est protégé par un mot de passe : enregistrez-le sans protection.",
    "quotes": (
        "À la ligne {line}, un guillemet est ouvert et jamais refermé : les lignes qui suivent se "
        "liraient comme une seule cellule. Doublez-le, retirez-le, ou envoyez un classeur."
    ),
    "unreadable": (
        "Ce fichier n'est pas un tableau que le portail sait lire : envoyez la déclaration RPLS, "
        "un CSV, ou un classeur XLSX ou ODS."
    ),
    "one_column": (
        "Ce fichier n'a qu'une colonne : aucun séparateur (point-virgule, tabulation, virgule) "
        "n'a été reconnu."
    ),
}


def refuse(reason: str, **facts: int) -> NoReturn:
    message = SENTENCES[reason].format(**facts)
    raise Invalid(Motif(code=f"file_{reason}", message=message, field="fichier"))


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The text of a file and how its cells are apart."""

    text: str
    separator: str
    is_quoted: bool

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The number of the line as an office sees it, and its cells; empty lines left out."""
        return self._quoted() if self.is_quoted else self._plain()

    def _plain(self) -> Iterator[tuple[int, list[str]]]:
        separator = self.separator
        for number, line in enumerate(StringIO(self.text), 1):
            cells = line.rstrip("\r\n").split(separator)
            if len(cells) > 1 or cells[0]:
                yield number, cells

    def _quoted(self) -> Iterator[tuple[int, list[str]]]:
        """Invalid for a quote that is never closed: it would swallow the dwellings after it."""
        read: list[str] = []

        def noted() -> Iterator[str]:
            for line in StringIO(self.text):
                read.append(line)
                yield line

        reader = csv.reader(noted(), delimiter=self.separator)
        number = 1
        for cells in reader:
            if len(read) > 1 and not _is_well_quoted(read, self.separator):
                refuse("quotes", line=number)
            read.clear()
            if cells:
                yield number, cells
            number = reader.line_num + 1

    def blocks(
        self, wanted: Sequence[int], *, after: int, size: int
    ) -> Iterator[tuple[list[int], list[list[str]]]]:
        """The columns at the `wanted` indexes, `size` lines at once: their numbers, then the cells
        of each column, "" where a line has none. Lines up to `after`, and empty ones, are left out.
        """
        if self.is_quoted:
            cells = ((number, line) for number, line in self if number > after and any(line))
            while part := list(islice(cells, size)):
                yield [number for number, _ in part], _picked([line for _, line in part], wanted)
            return
        nothing = f"{self.separator}\r\n"
        lines = (
            (number, line.rstrip("\r\n"))
            for number, line in enumerate(StringIO(self.text), 1)
            if number > after and line.strip(nothing)
        )
        while block := list(islice(lines, size)):
            yield [number for number, _ in block], self._split([line for _, line in block], wanted)

    def _split(self, lines: list[str], wanted: Sequence[int]) -> list[list[str]]:
        """Lines of one width are split all at once."""
        width, *others = {line.count(self.separator) + 1 for line in lines}
        if others or max(wanted) >= width:
            return _picked([line.split(self.separator) for line in lines], wanted)
        cells = self.separator.join(lines).split(self.separator)
        return [cells[at::width] if at >= 0 else [""] * len(lines) for at in wanted]

    @property
    def count(self) -> int:
        return self.text.count("\n") + 1

    def first(self, count: int) -> list[tuple[int, list[str]]]:
        return list(islice(self, count))


def _is_well_quoted(lines: list[str], separator: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return False
    return True


def _picked(lines: list[list[str]], wanted: Sequence[int]) -> list[list[str]]:
    return [[line[at] if 0 <= at < len(line) else "" for line in lines] for at in wanted]


def open_lines(content: bytes) -> Lines:
    """Raise Invalid, with the sentence that says what to do, for what is no readable table."""
    if not content.strip():
        refuse("empty")
    if len(content) > MOST_BYTES:
        refuse("too_large")
    if content.startswith((ZIP, OLD_OFFICE)):
        return _spreadsheet(content)
    return _text(_decoded(content))


def _spreadsheet(content: bytes) -> Lines:
    if content.startswith(ZIP):
        _look_at_members(content)
    elif LOCKED in content:
        refuse("password")
    text, reason = lines_of(content)
    if reason:
        refuse(reason)
    if not text.replace(SEPARATOR, "").strip():
        refuse("empty")
    return Lines(text=_clean(text), separator=SEPARATOR, is_quoted=False)


def _look_at_members(content: bytes) -> None:
    """What a zip announces, before anything is decompressed; the child bounds the lies."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        refuse("unreadable")
    unpacked = sum(one.file_size for one in members)
    packed = sum(one.compress_size for one in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_RATIO * max(packed, 1):
        refuse("bomb")
    if unpacked > MOST_UNPACKED:
        refuse("too_large")
    names = [one.filename.lower() for one in members]
    if any("vbaproject" in name or "externallinks/" in name for name in names):
        refuse("macros")


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _clean(content.decode("utf-16", "replace"))
    if len(content.translate(None, _CONTROL_OCTETS)) < len(content):
        refuse("unreadable")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        refuse("unreadable")
    return text


def _text(text: str) -> Lines:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > MOST_ROWS:
        refuse("too_large")
    lines = Lines(text=text, separator=_separator(text), is_quoted='"' in text)
    try:
        widths = [len(cells) for _, cells in lines.first(_LOOKED_AT)]
    except csv.Error:
        refuse("unreadable")
    _look_at_widths(widths)
    return lines


def _look_at_widths(widths: list[int]) -> None:
    if not widths:
        refuse("empty")
    if max(widths) == 1:
        refuse("one_column")
    if max(widths) > MOST_COLUMNS:
        refuse("too_large")


def _separator(text: str) -> str:
    """The one that most of the first lines hold; the semicolon first, as a decimal has a comma."""
    first = [line for line in text[:_BEGINNING].split("\n")[:_LOOKED_AT] if line.strip()]
    held = {one: sum(one in line for line in first) for one in SEPARATORS}
    return max(SEPARATORS, key=lambda one: held[one])
