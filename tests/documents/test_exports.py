from __future__ import annotations

import csv as reader
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from server.documents.exports import About, Column, Kind, csv, workbook
from server.domain import labels

NOON = datetime(2026, 4, 30, 10, 5, tzinfo=UTC)  # 12 h 05 in Paris
ABOUT = About(
    organisme="Haute-Savoie Habitat", at=NOON, filters=[("Commune", "Doussard"), ("État", "-")]
)
COLUMNS = tuple(
    Column(code=code, label=label, kind=kind, description=f"{label} de la ligne.")
    for code, label, kind in (
        ("name", "Nom", Kind.TEXT),
        ("count", "Nombre", Kind.INTEGER),
        ("surface", "Surface", Kind.DECIMAL),
        ("rate", "Taux", Kind.PERCENT),
        ("day", "Jour", Kind.DATE),
        ("sent_at", "Envoi", Kind.INSTANT),
        ("is_late", "En retard", Kind.BOOLEAN),
    )
)
FULL = {
    "name": "T3 PLUS ; « Les Tilleuls »",
    "count": 1204,
    "surface": Decimal("64.50"),
    "rate": 2963,
    "day": date(2026, 5, 5),
    "sent_at": NOON,
    "is_late": True,
}
EMPTY = {column.code: None for column in COLUMNS}
ATTACKS = [
    "=1+1",
    "+33 4 50",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://portail.invalid")',
]


def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def lines(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    return list(reader.reader(StringIO(text, newline=""), delimiter=";"))


def text_rows(*texts: str) -> list[dict[str, Any]]:
    return [{**EMPTY, "name": text} for text in texts]


# --- XLSX -----------------------------------------------------------------------------------------


def test_cells_have_the_types_of_their_columns() -> None:
    header, empty, full = sheets(workbook("Offres", COLUMNS, [EMPTY, FULL], about=ABOUT))["Liste"]
    assert header == ["Nom", "Nombre", "Surface", "Taux", "Jour", "Envoi", "En retard"]
    assert full == [
        "T3 PLUS ; « Les Tilleuls »",
        1204.0,
        64.5,
        0.2963,
        date(2026, 5, 5),
        datetime(2026, 4, 30, 12, 5),  # noqa: DTZ001 - a spreadsheet knows no time zone
        True,
    ]
    assert set(empty) == {""}


def test_the_dictionary_says_what_each_column_is() -> None:
    dictionary = sheets(workbook("Offres", COLUMNS, [], about=ABOUT))["Dictionnaire"]
    assert dictionary[0] == ["Colonne", "Code", "Type", "Signification"]
    assert [row[:2] for row in dictionary[1:]] == [[one.label, one.code] for one in COLUMNS]
    assert dictionary[4] == ["Taux", "rate", "pourcentage", "Taux de la ligne."]


def test_the_last_sheet_says_for_whom_when_and_with_which_filters() -> None:
    about = dict(sheets(workbook("Offres", COLUMNS, [FULL], about=ABOUT))["À propos"])
    assert about["Liste"] == "Offres"
    assert about["Organisme"] == "Haute-Savoie Habitat"
    assert about["Éditée le"] == labels.french_instant(NOON)
    assert about["Lignes"] == "1"
    assert (about["Commune"], about["État"]) == ("Doussard", "-")


def test_the_header_is_frozen_and_filtered() -> None:
    with ZipFile(BytesIO(workbook("Offres", COLUMNS, [FULL], about=ABOUT))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<autoFilter ref="A1:G2"/>' in sheet
    assert 'state="frozen"' in sheet


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_text_is_never_a_formula_nor_a_link(attack: str) -> None:
    content = workbook(attack, COLUMNS, text_rows(attack), about=ABOUT)
    with ZipFile(BytesIO(content)) as book:
        parts = {name: book.read(name).decode(errors="replace") for name in book.namelist()}
    assert not [name for name, part in parts.items() if "<f>" in part or "hyperlink" in part]


def test_texts_that_look_like_numbers_stay_texts() -> None:
    rows = text_rows("074104", "1E5", "https://portail.invalid", "x" * 40_000)
    _, *cells = sheets(workbook("Offres", COLUMNS, rows, about=ABOUT))["Liste"]
    assert [row[0] for row in cells[:3]] == ["074104", "1E5", "https://portail.invalid"]
    assert len(cells[3][0]) == 32_767


def test_the_same_facts_give_the_same_bytes() -> None:
    first, second = (workbook("Offres", COLUMNS, [FULL], about=ABOUT) for _ in range(2))
    assert first == second


# --- CSV ------------------------------------------------------------------------------------------


def test_a_french_spreadsheet_opens_it_as_it_is() -> None:
    header, full, empty = lines(csv(COLUMNS, [FULL, EMPTY]))
    assert header == ["Nom", "Nombre", "Surface", "Taux", "Jour", "Envoi", "En retard"]
    assert full == [
        "T3 PLUS ; « Les Tilleuls »",
        "1204",
        "64,50",
        "29,63%",
        "05/05/2026",
        "30/04/2026 12:05",
        "oui",
    ]
    assert empty == [""] * 7


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_dangerous_text_is_defused(attack: str) -> None:
    _, row = lines(csv(COLUMNS, text_rows(attack)))
    assert row[0] == f"'{attack}"


def test_a_negative_number_is_no_attack() -> None:
    row = {**EMPTY, "count": -3, "surface": Decimal("-2.30"), "rate": -150, "is_late": False}
    assert lines(csv(COLUMNS, [row]))[1] == ["", "-3", "-2,30", "-1,5%", "", "", "non"]


def test_large_and_small_decimals_have_no_exponent() -> None:
    rows: list[dict[str, Any]] = [
        {**EMPTY, "surface": Decimal("1E+3")},
        {**EMPTY, "surface": 0.00001},
    ]
    assert [row[2] for row in lines(csv(COLUMNS, rows))[1:]] == ["1000", "0,00001"]


def test_a_row_without_one_of_the_columns_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        csv(COLUMNS, [{"name": "T3"}])
