"""A paper to sign or to vote on: the same blocks as a PDF to read and a DOCX to edit.

The PDF is tagged (PDF/UA-1), in French, with its title; typst carries its own fonts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, ClassVar, Literal, TypeAlias

import typst
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

AUTHOR = "Portail du flux"
STANDARDS: Literal["ua-1"] = "ua-1"
FACE = "Arial"
SIZES = {"Normal": 10, "Title": 18, "Heading 1": 13, "Heading 2": 11, "List Bullet": 10}


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A title of section; levels 1 and 2, none skipped."""

    kind: ClassVar[str] = "heading"
    text: str
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list with bullets."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table whose first row is its header; `widths` are shares, `numeric` right-aligned ones."""

    kind: ClassVar[str] = "grid"
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    numeric: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Party:
    """Who signs: its name, and the lines above its signature."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Signatures:
    """The parties side by side, never cut by a page."""

    kind: ClassVar[str] = "signatures"
    parties: tuple[Party, ...]


Block: TypeAlias = Heading | Text | Items | Grid | Signatures


@dataclass(frozen=True, kw_only=True)
class Paper:
    """`notice` warns at the top (a project, for example); `footer` is on each page."""

    title: str
    blocks: tuple[Block, ...]
    subtitle: str = ""
    notice: str = ""
    footer: str = ""


# --- PDF ------------------------------------------------------------------------------------------


@cache
def _template() -> bytes:
    return (files("server.documents") / "papers.typ").read_bytes()


def pdf(paper: Paper, *, at: datetime) -> bytes:
    """`at` is the instant written in the file: the same facts give the same bytes."""
    facts = {
        **asdict(paper),
        "author": AUTHOR,
        "blocks": [{"kind": block.kind, **asdict(block)} for block in paper.blocks],
    }
    return typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"paper": json.dumps(facts)},
        pdf_standards=STANDARDS,
        timestamp=at.astimezone(UTC).replace(microsecond=0),
        ignore_system_fonts=True,
    )


# --- DOCX -----------------------------------------------------------------------------------------


def docx(paper: Paper, *, at: datetime) -> bytes:
    """To edit in a word processor: real headings, lists and tables, in French."""
    document = Document()
    _prepare(document, paper, at)
    title = document.add_heading(paper.title, level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if paper.subtitle:
        document.add_paragraph(paper.subtitle).alignment = WD_ALIGN_PARAGRAPH.CENTER
    if paper.notice:
        document.add_paragraph().add_run(paper.notice).bold = True
    for block in paper.blocks:
        _add(document, block)
    kept = BytesIO()
    document.save(kept)
    return kept.getvalue()


def _prepare(document: Any, paper: Paper, at: datetime) -> None:
    core = document.core_properties
    core.title, core.author, core.language = paper.title, AUTHOR, "fr-FR"
    core.created = core.modified = at.astimezone(UTC).replace(tzinfo=None)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    _foot(section.footer.paragraphs[0], paper.footer)
    for name, size in SIZES.items():
        _write_in(document.styles[name], size)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "fr-FR")
    document.styles["Normal"].element.get_or_add_rPr().append(language)


def _write_in(style: Any, size: int) -> None:
    """One face for all: those of the theme are not on every machine, and would win."""
    style.font.name, style.font.size = FACE, Pt(size)
    fonts = style.element.rPr.rFonts
    for name in [one for one in fonts.attrib if one.endswith("Theme")]:
        del fonts.attrib[name]


def _foot(paragraph: Any, text: str) -> None:
    """The words of the paper, then the page and how many there are."""
    paragraph.add_run(f"{text} – page ")
    for before, code in (("", "PAGE"), (" sur ", "NUMPAGES")):
        paragraph.add_run(before)
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), code)
        paragraph._p.append(field)  # noqa: SLF001 - no public way to a field


def _add(document: Any, block: Block) -> None:
    if isinstance(block, Heading):
        document.add_heading(block.text, level=block.level)
    elif isinstance(block, Text):
        document.add_paragraph(block.text).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    elif isinstance(block, Items):
        for item in block.items:
            document.add_paragraph(item, style="List Bullet")
    elif isinstance(block, Grid):
        _add_grid(document, block)
    else:
        _add_signatures(document, block)


def _add_grid(document: Any, block: Grid) -> None:
    table = document.add_table(rows=1, cols=len(block.header))
    table.style = "Table Grid"
    _repeat(document)
    _fill(table.rows[0], block.header, bold=True)
    for values in block.rows:
        _fill(table.add_row(), values)
    for row in table.rows:
        _keep_whole(row)
        for column in block.numeric:
            row.cells[column].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph()


def _keep_whole(row: Any) -> None:
    """Never half on a page, half on the next."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 - no public way


def _repeat(document: Any) -> None:
    """The header of the last table: screen readers know it, and it comes again on each page."""
    first = document.element.body.xpath("w:tbl")[-1].tr_lst[0]
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    first.get_or_add_trPr().append(mark)


def _fill(row: Any, values: Sequence[str], *, bold: bool = False) -> None:
    for cell, value in zip(row.cells, values, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.add_run(value).bold = bold
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)


def _add_signatures(document: Any, block: Signatures) -> None:
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.parties))
    _keep_whole(table.rows[0])
    for cell, party in zip(table.rows[0].cells, block.parties, strict=True):
        cell.paragraphs[0].add_run(party.name).bold = True
        for line in party.lines:
            cell.add_paragraph(line)
