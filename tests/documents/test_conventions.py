"""The papers of a convention: what they say, as a PDF that is tagged and a DOCX to edit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from docx import Document
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from server.documents import papers
from server.documents.conventions import (
    ConventionFacts,
    RightsLine,
    SignedBy,
    convention_paper,
)
from server.documents.council_sheets import CouncilFacts, CouncilLine, council_sheet
from server.documents.papers import Heading, Paper, Text
from server.domain.convention_terms import Terms
from server.domain.conventions import ConventionFacts as Time
from server.domain.conventions import ConventionState, periods

AT = datetime(2026, 4, 30, 10, 0, 0, 5, tzinfo=UTC)
TERMS = Terms(
    perimeter=frozenset({"74104"}),
    charte_version="Version du 19 avril 2023",
    model_version="M",
    answer_days=2,
    candidate_days=15,
    mutation_rate_bp=1000,
    indicator="oriented",
)
DOUSSARD = ConventionFacts(
    bailleur=SignedBy(name="Haute-Savoie Habitat", on=None, function=None),
    siren="349185611",
    reservataire=SignedBy(name="Commune de Doussard", on=date(2026, 4, 2), function="Maire"),
    is_state=False,
    deliberation="Délibération n° 45 du 1er avril 2026.",
    communes=("Doussard",),
    terms=TERMS,
    starts_on=date(2023, 11, 23),
    at_signature=False,
    periods=periods(Time(state=ConventionState.SIGNED, starts_on=date(2023, 11, 23))),
    year=2026,
    lines=(RightsLine(label="Doussard", droits="16", denominator="54", rate="29,63 %"),),
    is_project=True,
)
SHEET = CouncilFacts(
    reservataire="Commune de Doussard",
    year=2026,
    lines=(
        CouncilLine(
            bailleur="Haute-Savoie Habitat",
            perimeter="Doussard",
            droits="16",
            denominator="54",
            rate="29,63 %",
        ),
    ),
    unpublished=("Semcoda",),
)


def read_pdf(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def read_docx(content: bytes) -> str:
    document = Document(BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return " ".join([*(one.text for one in document.paragraphs), *cells])


@pytest.mark.parametrize("paper", [convention_paper(DOUSSARD), council_sheet(SHEET)])
def test_both_files_say_the_same(paper: Paper) -> None:
    """16 droits in stock, 29,63 % in flux, as in the délibération of Doussard."""
    printed = read_pdf(papers.pdf(paper, at=AT))
    edited = read_docx(papers.docx(paper, at=AT))
    for words in (paper.title, "Haute-Savoie Habitat", "Commune de Doussard", "16", "29,63 %"):
        assert words in printed
        assert words in edited
    for block in paper.blocks:
        if isinstance(block, Heading):
            assert block.text in printed
            assert block.text in edited


def test_the_pdf_is_tagged_and_named() -> None:
    """PDF/UA-1 refuses a document without title, language or order of headings."""
    told = PdfReader(BytesIO(papers.pdf(council_sheet(SHEET), at=AT)))
    marked = told.root_object["/MarkInfo"]
    assert isinstance(marked, DictionaryObject)
    assert marked["/Marked"]
    assert told.metadata is not None
    assert str(told.metadata.title).startswith("Fiche pour la délibération")


def test_the_same_facts_give_the_same_bytes() -> None:
    paper = convention_paper(DOUSSARD)
    assert papers.pdf(paper, at=AT) == papers.pdf(paper, at=AT.replace(microsecond=9))


def test_nothing_of_the_facts_is_markup() -> None:
    hostile = "#panic() *gras* $x$ @ref <b> \\ // `code`"
    paper = Paper(title="Essai", blocks=(Heading(text=hostile), Text(text=hostile)))
    assert read_pdf(papers.pdf(paper, at=AT)).count(hostile) == 2
    assert read_docx(papers.docx(paper, at=AT)).count(hostile) == 2


def test_the_docx_repeats_the_header_of_its_tables_and_is_in_french() -> None:
    document = Document(BytesIO(papers.docx(council_sheet(SHEET), at=AT)))
    assert document.core_properties.language == "fr-FR"
    assert document.core_properties.title == council_sheet(SHEET).title
    grids = document.element.body.xpath("w:tbl[w:tblPr/w:tblStyle[@w:val='TableGrid']]")
    assert grids
    assert all(one.xpath("w:tr[1]/w:trPr/w:tblHeader") for one in grids)


def test_the_nine_articles_follow() -> None:
    articles = [
        block.text.split(".")[0]
        for block in convention_paper(DOUSSARD).blocks
        if isinstance(block, Heading) and block.text.startswith("Article")
    ]
    assert articles == [f"Article {number}" for number in range(1, 10)]


def test_the_paper_follows_what_is_recorded() -> None:
    at_signature = str(convention_paper(replace(DOUSSARD, at_signature=True)))
    assert "de la dernière des deux signatures" in at_signature
    assert "Délibération n° 45" in at_signature
    state = str(convention_paper(replace(DOUSSARD, is_state=True)))
    assert "un seul réservataire pour deux contingents" in state
    delegated = replace(DOUSSARD, terms=replace(TERMS, management="delegated", answer_days=4))
    said = str(convention_paper(delegated))
    assert "La gestion est déléguée" in said
    assert "dans les 4 jours ouvrés" in said
    assert "pas encore publiée" in str(convention_paper(replace(DOUSSARD, lines=())))
