"""Files that a real office would send, each with the messages that it gets back (domain.md §12.1).

Hand-made; nobody's homes. Line and column are those that the office sees.
"""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from server.documents.imports import (
    Converter,
    StockRow,
    Surroundings,
    guess,
    map_header,
    open_lines,
)
from server.documents.imports.annotating import annotate
from server.documents.imports.spreadsheets import lines_of
from server.documents.imports.template import template
from server.domain.communes import Merger, codes_merged
from server.errors import Invalid
from server.reference import load_communes, load_mergers
from tests.operations.files import HEADER, LINE, rpls, table, workbook

NAMES = {one["insee"]: one["name"] for one in load_communes()}
TODAY = date(2026, 4, 30)
MERGED = codes_merged([Merger(**one) for one in load_mergers()], TODAY)
COLUMNS = HEADER.split(";")


def read(content: bytes, *references: str) -> tuple[list[StockRow], Converter]:
    lines = open_lines(content)
    around = Surroundings(
        today=TODAY,
        communes=NAMES,
        merged=MERGED,
        references=frozenset(references),
    )
    layout = guess(lines)
    assert layout.missing == (), layout
    converter = Converter(layout, around)
    return list(converter.rows(lines)), converter


def told(content: bytes, *references: str) -> list[tuple[int, str, str, bool]]:
    _, converter = read(content, *references)
    return [(one.line, one.column, one.code, one.is_blocking) for one in converter.faults]


def line(**changed: str) -> str:
    """The first home, some of its cells typed otherwise; keys are those of NAMED."""
    cells = dict(zip(NAMED, LINE.format(number=1).split(";"), strict=True))
    return ";".join((cells | changed).values())


NAMED = ("reference", "insee", "address", "typology", "surface", "financing", "year")


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        open_lines(content)
    assert caught.value.motifs[0].field == "fichier"
    return caught.value.code


# --- What an office sends -------------------------------------------------------------------------


def test_1_the_declaration_as_the_arrete_draws_it() -> None:
    """One line about the bailleur, then a dwelling a line, by position; Windows-1252, CRLF."""
    content = rpls({10: "DE L'ÉCHANTILLON", 11: "18"}, {24: "7", 32: "16", 22: "1"})
    (first, second), converter = read(content)
    assert first == StockRow(
        line=2,
        reference="R-0001",
        rpls_id="0000000001",
        insee="74104",
        address="1 RUE DE L'ÉCHANTILLON, logement 18",
        sort_address="1 rue de l'echantillon, logement 18",
        kind="social",
        typology="t3",
        surface_m2=Decimal("64.50"),
        financing="plus",
        built_year=1998,
        delivered_on=None,
        is_qpv=False,
        exclusion=None,
    )
    assert (second.typology, second.is_qpv) == ("t6", True)
    assert (second.kind, second.financing) == ("intermediate", "other")  # a PLI is never in A
    assert converter.contingents == {("74104", "4"): 2}
    assert converter.faults == []


def test_2_a_value_in_the_wrong_column() -> None:
    """The surface where the typology should be, and the other way round."""
    swapped = line(typology="64,50", surface="T3")
    assert told(table(swapped)) == [
        (2, "Typologie", "typology_invalid", True),
        (2, "Surface", "surface_invalid", True),
    ]
    _, converter = read(table(swapped))
    assert [one.message for one in converter.faults] == [
        "« 64,50 » n'est pas une typologie : attendu T1 à T6, ou un nombre de pièces.",
        "« T3 » n'est pas une surface en mètres carrés, par exemple 64,50.",
    ]


def test_a_code_that_a_spreadsheet_grouped_by_thousands() -> None:
    (row,), converter = read(table(line(insee="74\u202f104")))
    assert (row.insee, converter.faults) == ("74104", [])


def test_3_dates_made_by_a_spreadsheet() -> None:
    """A reference turned into a date is lost; a year shown as a date can still be read."""
    when = datetime(2026, 3, 12)  # noqa: DTZ001 - a cell of a spreadsheet has no zone
    year = datetime(1905, 6, 20)  # noqa: DTZ001 - the day number 1998 of a spreadsheet
    cells: list[Any] = ["A-1", 74104, "1 rue de la Maquette", 3, 64.5, "PLUS", year]
    broken: list[Any] = [when, 74104, "2 rue de la Maquette", 3, 64.5, "PLUS", 1998]
    content = workbook(COLUMNS, cells, broken)
    assert told(content) == [
        (2, "Année de construction", "excel_date", False),
        (3, "Référence", "excel_date", True),
    ]
    (row,), converter = read(content)
    assert row.built_year == 1998
    assert "au lieu d'une année : 1998 sera retenu" in converter.faults[0].message
    assert "Mettez la colonne au format Texte" in converter.faults[1].message


def test_4_a_commune_that_has_merged() -> None:
    """Cran-Gevrier is in Annecy since 2017: confirmable, with the code of today."""
    (row,), converter = read(table(line(insee="74093")))
    assert row.insee == "74010"
    (fault,) = converter.faults
    assert (fault.code, fault.is_blocking) == ("merged_commune", False)
    assert fault.message == (
        "La commune 74093 a fusionné : c'est maintenant Annecy, code 74010, qui sera retenu."
    )
    assert told(table(line(insee="74274")))[0][2] == "merged_commune"  # no commune déléguée left


def test_5_a_line_twice() -> None:
    """The same line again is confirmable; another dwelling under the same reference is not."""
    other = line(surface="70")
    assert told(table(line(), line(), other)) == [
        (3, "Référence", "duplicate_line", False),
        (4, "Référence", "duplicate_reference", True),
    ]
    _, converter = read(table(line(), other))
    assert converter.faults[0].message == (
        "La référence HSH-1 est déjà à la ligne 2, avec d'autres valeurs : gardez une seule des "
        "deux lignes."
    )


def test_6_zeros_lost_by_a_spreadsheet() -> None:
    """A number that the stock knows with its zeros is recognised, and confirmed; 01004 is Ain."""
    content = workbook(COLUMNS, ["742018", 74104, "1 rue", "T3", "64,5", "PLUS", "1998"])
    (row,), converter = read(content, "0742018", "0742019")
    assert row.reference == "0742018"
    assert [(one.code, one.is_blocking) for one in converter.faults] == [("lost_zeros", False)]
    rows, elsewhere = read(table(line(insee="1004"), line(reference="HSH-2")))
    assert [row.reference for row in rows] == ["HSH-2"]
    assert elsewhere.ignored == {"other_department": 1}
    assert elsewhere.faults == []


def test_7_windows_1252_with_two_header_lines() -> None:
    """A title above the names of the columns, accents of Windows, empty trailing fields, a BOM."""
    title = "Patrimoine au 1er janvier – Résidences;;;;;;"
    names = f"{HEADER};Gardien;;"
    content = "\r\n".join([title, names, f"{line(address='1 allée du Spécimen')};Oui;;", ""])
    (row,), converter = read(content.encode("cp1252"))
    assert (row.line, row.address) == (3, "1 allée du Spécimen")
    assert converter.layout.unknown == ("Gardien",)
    (same,), _ = read(b"\xef\xbb\xbf" + content.encode())
    assert same == row


def test_8_any_order_any_separator_and_words_of_the_office() -> None:
    """Columns as the open file of the RPLS names them; thin spaces, m², F3, decimal point."""
    header = "NBPIECE\tDEPCOM\tIdentifiant\tNUMVOIE\tNOMVOIE\tSURFHAB\tFINAN\tCONSTRUCT"
    cells = "F3\t74104\tA 7\t12\tchemin du Gabarit\t64.5 m²\t13\t1998"
    (row,), converter = read(f"{header}\n{cells}\n".encode())
    assert (row.address, row.surface_m2, row.typology) == (
        *("12 chemin du Gabarit", Decimal("64.50")),
        "t3",
    )
    assert converter.faults == []
    (named,), _ = read(table(line(insee="Faverges-Seythenex")))
    assert named.insee == "74123"


def test_9_empty_cells_and_unknown_words() -> None:
    """Everything that lacks is told at once, in the words of the office's own columns."""
    empty = line(insee="", address="", typology="", surface="0", financing="?", year="98")
    assert {one[1]: one[2] for one in told(table(empty))} == {
        "Code INSEE": "commune_missing",
        "Adresse": "address_missing",
        "Typologie": "typology_invalid",
        "Surface": "surface_invalid",
        "Financement": "financing_unknown",
        "Année de construction": "year_invalid",
    }
    assert told(table(line(insee="74999")))[0][2] == "commune_unknown"
    assert told(table(line(surface="640")))[0][2:] == ("surface_unusual", False)


def test_10_what_is_no_table_is_refused_with_what_to_do() -> None:
    assert refused(b"  \r\n ") == "file_empty"
    assert refused(b"%PDF-1.7\x00\x01\x02") == "file_unreadable"
    assert refused(b"une seule colonne\r\nrien d'autre") == "file_one_column"
    assert refused(b"PK\x03\x04 pas un classeur") == "file_unreadable"
    assert refused(b"\xd0\xcf\x11\xe0" + bytes(600)) == "file_unreadable"
    assert refused(archive({"word/document.xml": b"<w/>"})) == "file_unreadable"
    assert refused(archive({"xl/vbaProject.bin": b"x", "xl/workbook.xml": b"<w/>"})) == (
        "file_macros"
    )
    assert refused(b"a;b\n" * 100_001) == "file_too_large"


def test_a_workbook_that_a_password_protects_says_so() -> None:
    """What the office suites write: an old container whose one content is encrypted."""
    name = "EncryptedPackage".encode("utf-16-le")
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + name + bytes(500)) == (
        "file_password"
    )


def test_a_quote_that_is_never_closed_does_not_swallow_the_next_homes() -> None:
    """Read as one cell, the second home would have vanished without a word."""
    opened = table(line(address='"12 rue'), line(reference="HSH-2", address='"13 rue"'))
    assert refused(opened) == "file_quotes"
    with pytest.raises(Invalid) as caught:
        read(table(*(line(reference=f"HSH-{n}") for n in range(30)),
                   line(address='"12 rue'), line(reference="HSH-40")))  # fmt: skip
    assert "À la ligne 32" in caught.value.motifs[0].message
    (row,), converter = read(table(line(address='"12 ; rue ""du Lac""\nBâtiment B"')))
    assert (row.address, converter.faults) == ('12 ; rue "du Lac" Bâtiment B', [])
    (row,), _ = read(table(line(address='"Le Clos" 12 rue')))
    assert row.address == "Le Clos 12 rue"


# --- Bombs ----------------------------------------------------------------------------------------


def archive(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return target.getvalue()


def test_a_bomb_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratio above 100, too many members, more than 50 MB: the child is never started."""

    def opened(_content: bytes) -> tuple[str, str]:
        pytest.fail("the bomb was opened")

    monkeypatch.setattr("server.documents.imports.sources.lines_of", opened)
    assert refused(archive({"xl/worksheets/sheet1.xml": bytes(8_000_000)})) == "file_bomb"
    assert refused(archive({f"xl/{number}.xml": b"<a/>" for number in range(501)})) == "file_bomb"


def test_a_workbook_that_lies_about_its_size_ends_its_child_only() -> None:
    """Two cells at the corners of a sheet ask for 17 thousand million cells: refused."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    parts = zipfile.ZipFile(io.BytesIO(workbook(["a", "b"])))
    members = {name: parts.read(name) for name in parts.namelist()}
    members["xl/worksheets/sheet1.xml"] = sheet.encode()
    assert lines_of(archive(members))[1] in {"too_large", "unreadable"}


def test_a_zip_whose_directory_lies_is_refused() -> None:
    """The announced size is small, the content is not: the child is bounded all the same."""
    content = bytearray(archive({"xl/worksheets/sheet1.xml": bytes(60_000_000)}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 1_000)
    assert refused(bytes(content)) in {"file_unreadable", "file_bomb", "file_too_large"}


# --- Shapes ---------------------------------------------------------------------------------------


def test_the_template_is_a_file_that_the_portal_reads() -> None:
    (row,), converter = read(template())
    assert (row.reference, row.insee, row.financing, row.kind) == (
        *("0742-0018", "74104"),
        *("plus", "social"),
    )
    assert converter.faults == []
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(template())).sheet_names
    assert sheets == ["Logements", "Notice"]


def test_the_sheet_of_the_stock_is_found_behind_a_cover_or_a_draft() -> None:
    """A hidden sheet is a draft; a cover has few columns."""
    cover = [["Patrimoine"], ["Voir l'onglet suivant"]]
    home = [COLUMNS, line().split(";")]
    for is_hidden, first in ((False, cover), (True, [COLUMNS, line(surface="1").split(";")])):
        target = io.BytesIO()
        book = Workbook(target, {"in_memory": True})
        for rows in (first, home):
            sheet = book.add_worksheet()
            for position, cells in enumerate(rows):
                sheet.write_row(position, 0, cells)
        book.worksheets()[1].activate()
        if is_hidden:
            book.worksheets()[0].hide()
        book.close()
        (row,), converter = read(target.getvalue())
        assert (str(row.surface_m2), converter.faults) == ("64.50", [])


def test_an_ods_is_read_as_an_xlsx() -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{''.join(cell.format(text) for text in cells)}</table:table-row>"
        for cells in (COLUMNS, line().split(";"))
    )
    content = (
        '<?xml version="1.0"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="A">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        b'<?xml version="1.0"?><manifest:manifest'
        b' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    members = {"mimetype": kind, "content.xml": content.encode()}
    (row,), converter = read(archive(members | {"META-INF/manifest.xml": manifest}))
    assert row.reference == "HSH-1"
    assert converter.faults == []


def test_a_dwelling_that_left_is_not_read() -> None:
    """Field 37: 9 is « sans objet », anything else a sale or a demolition."""
    rows, converter = read(rpls({}, {37: "1"}))
    assert len(rows) == 1
    assert converter.ignored == {"left": 1}


def test_a_dwelling_first_let_this_year_enters_next_year() -> None:
    """Art. 3: only the year counts, so that 1 January says enough."""
    (row, old), converter = read(rpls({27: "2026"}, {27: "2025"}))
    assert (row.delivered_on, old.delivered_on) == (date(2026, 1, 1), None)
    assert converter.faults == []


def test_field_59_is_a_clue_and_excludes_nothing() -> None:
    (row,), converter = read(rpls({59: "1"}))
    assert row.exclusion is None
    assert converter.for_sale == 1


def test_a_dwelling_has_one_motif_of_exclusion_at_most() -> None:
    header = f"{HEADER};Motif d'exclusion"
    rows, converter = read(table(f"{line()};plan de vente", header=header))
    assert rows[0].exclusion == "plan_vente"
    assert converter.faults == []
    two = table(f"{line()};santé et démolition", header=header)
    assert told(two) == [(2, "Motif d'exclusion", "exclusion_unknown", True)]


def test_a_column_is_chosen_by_hand_where_its_name_says_nothing() -> None:
    lines = open_lines(table(line(), header="a;b;c;d;e;f;g"))
    layout = guess(lines)
    assert set(layout.missing) >= {"reference", "insee", "address"}
    codes = ("reference", "insee", "address", "typology", "surface_m2", "financing", "built_year")
    chosen = map_header(layout, {code: index for index, code in enumerate(codes)})
    assert chosen.missing == ()
    assert guess(lines, chosen.mapping).columns == chosen.columns


def test_the_file_given_back_shows_each_message_beside_its_line() -> None:
    content = table(line(), line(reference="=1+1", typology="trois"))
    _, converter = read(content)
    given_back = annotate(open_lines(content), converter.layout, converter.faults)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(given_back)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows] == ["Ligne", 2.0, 3.0]
    assert rows[1][1] == ""
    assert str(rows[2][1]).startswith("À corriger, colonne « Typologie » : « trois »")
    assert rows[2][2] == "=1+1"  # a text, never a formula


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.text(alphabet=";,\t\n\r\"0174éT'=x", max_size=300))
def test_any_bytes_are_read_or_refused_in_french(content: bytes | str) -> None:
    """Nothing but Invalid comes out of the reading of a file, whatever it holds."""
    octets = content.encode() if isinstance(content, str) else content
    try:
        lines = open_lines(octets)
    except Invalid:
        return
    layout = guess(lines)
    around = Surroundings(today=TODAY, communes=NAMES, merged={})
    for row in Converter(layout, around).rows(lines):
        assert row.reference


class LineByLine(Converter):
    """Never reads a block of lines by columns."""

    def _by_columns(self, *_block: object) -> None:
        return None


CELLS: dict[int, tuple[str, ...]] = {
    1: ("0000000001", " 12 "), 2: ("R-1", "R-2", "0012", "12", " R-3 ", "", "2026-01-04"),
    4: ("74104", "74123", "01001", "74181", "99"), 9: ("RUE", ""), 10: ("DE L'ÉCHO", "", " X "),
    11: ("", "18", " "), 22: ("1", "2", "", "?"), 24: ("1", "7", "x"), 25: ("64,5", "4", "", "1e9"),
    26: ("1998", "2026-01-01", ""), 27: ("2026", "1999", ""), 32: ("13", "16", "99", "??"),
    37: ("9", "", "1"), 59: ("1", "2", ""), 63: ("4", " 7", ""),
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional={
    position: st.sampled_from(texts) for position, texts in CELLS.items()
}), min_size=2, max_size=8), st.booleans(), st.sampled_from([(), ("0012", "R-2")]))  # fmt: skip
def test_many_lines_at_once_are_read_as_one_by_one(
    changes: list[dict[int, str]], is_quoted: bool, references: tuple[str, ...]
) -> None:
    numbered = [{2: f"N-{number}", **change} for number, change in enumerate(changes)]
    content = rpls(*numbered) + (b'\r\n"";' + b";" * 61 if is_quoted else b"")
    lines = open_lines(content)
    around = Surroundings(
        today=TODAY, communes=NAMES, merged=MERGED, references=frozenset(references)
    )
    layout = guess(lines)
    if layout.missing:
        return
    found = []
    for converter in (Converter(layout, around), LineByLine(layout, around)):
        rows = list(converter.rows(lines))
        counts = (converter.fault_counts, converter.ignored, converter.contingents)
        found.append((rows, converter.faults, counts, converter.for_sale, converter.lines))
    assert found[0] == found[1]
