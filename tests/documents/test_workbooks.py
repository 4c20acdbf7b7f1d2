"""Workbooks read back as their readers open them."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from server.db.flux import AnnexeCommune, AnnexeFacts, AnnexeLine
from server.documents.workbooks import Heading, annexe_workbook, bilan_workbook
from server.operations.flux import compute

HEADING = Heading(
    version=2, published_at=datetime(2027, 2, 10, 8, tzinfo=UTC), content_hash="ab" * 32
)
EVIL = '=HYPERLINK("https://autre.invalid","clic")'
PARTY = "00000000-0000-0000-0000-000000000001:none"
FIGURES = {"due": 5926, "oriented": 1, "attributed": 1, "leased": 0, "gap": 4074}
OWN_FIGURES = {"due": 14074, "oriented": 1, "attributed": 0, "leased": 0, "gap": -4074}


def line(**changes: Any) -> dict[str, Any]:
    return {
        "rpls_id": "740000001", "reference": EVIL, "insee": "74104", "commune": "Doussard",
        "epci_siren": "247400773", "address": "@1 rue de la Maquette", "typology": "t3",
        "surface": "62.50", "financing": "plus", "is_qpv": False, "built_year": 1986,
        "period": "1971_1990", "registered_on": "2026-04-30", "free_on": "2026-05-31",
        "nature": "flux", "is_in_flux": True, "party": PARTY, "charged_to": PARTY, "rank": 1,
        "sent_on": "2026-04-30", "answer": "tacit", "answered_on": "2026-05-05",
        "candidates_on": "2026-05-20", "candidate_count": 3, "caleol_on": "2026-06-02",
        "outcome": "attributed", "leased_on": None,
        **changes,
    }  # fmt: skip


def table(first: str, second: str) -> list[dict[str, Any]]:
    return [
        {"party": PARTY, "value": first, **FIGURES},
        {"party": "bailleur", "value": second, **OWN_FIGURES},
    ]


CONTENT = {
    "format": 1,
    "bailleur": {"id": "b", "name": "Haute-Savoie Habitat", "siren": "349185611"},
    "year": 2026,
    "is_provisional": False,
    "basis": "oriented",
    "communes": {"74104": "Doussard"},
    "parties": [
        {"key": PARTY, "name": "Commune de Doussard", "siren": "217401041", "contingent": "none",
         **FIGURES},
        {"key": "bailleur", "name": "Haute-Savoie Habitat, part non réservée",
         "siren": "349185611", "contingent": "none", **OWN_FIGURES},
    ],
    "tables": {
        "typology": table("t3", "t2"),
        "financing": table("plus", "plai"),
        "qpv": table("no", "no"),
        "commune": table("74104", "74104"),
        "period": table("1971_1990", "since_2011"),
    },
    "rates": [{"insee": "74104", "party": PARTY, "rate_bp": 2963}],
    "detailed": [
        line(),
        line(party="bailleur", charged_to="bailleur", answer=None, answered_on=None),
        line(nature="mutation", is_in_flux=False, party=None, charged_to=None, rank=None,
             sent_on=None, answer=None, answered_on=None, candidates_on=None,
             candidate_count=None, caleol_on=None, outcome=None),
    ],
    "out_of_flux": [
        {"nature": "mutation", "insee": "74104", "commune": "Doussard", "typology": "t3",
         "count": 1},
    ],
    "mutations": {"count": 1, "total": 3, "ratio_bp": 3333, "level": "amber"},
    "checks": [
        {"code": "due", "expected": 20000, "found": 20000, "is_ok": True},
        {"code": "vacancies", "expected": 3, "found": 2, "is_ok": False},
    ],
}  # fmt: skip


def sheets_of(book: bytes) -> dict[str, list[list[Any]]]:
    opened = CalamineWorkbook.from_filelike(BytesIO(book))
    return {
        name: opened.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in opened.sheet_names
    }


@pytest.fixture(scope="module")
def bilan() -> dict[str, list[list[Any]]]:
    return sheets_of(bilan_workbook(CONTENT, HEADING))


def part(book: bytes, pattern: str) -> str:
    with zipfile.ZipFile(BytesIO(book)) as archive:
        return "".join(
            archive.read(name).decode() for name in archive.namelist() if re.search(pattern, name)
        )


def test_the_three_volets_and_their_explanations(bilan: dict[str, list[list[Any]]]) -> None:
    assert list(bilan) == [
        "À propos",
        "Volet 1 – flux détaillé",
        "Volet 2 – flux consolidé",
        "Volet 3 – hors flux",
        "Dictionnaire",
    ]


def test_the_first_sheet_says_what_it_is(bilan: dict[str, list[list[Any]]]) -> None:
    about = {row[0]: row[1] for row in bilan["À propos"]}
    assert about["Bailleur"] == "Haute-Savoie Habitat"
    assert (about["Année"], about["Version"]) == (2026, 2)
    assert about["État"] == "définitif"
    assert about["Empreinte du contenu (SHA-256)"] == HEADING.content_hash
    verdicts = [row[3] for row in bilan["À propos"] if row[3] in {"conforme", "écart"}]
    assert verdicts == ["conforme", "écart"]
    due = next(row for row in bilan["À propos"] if row[0].startswith("Somme des parts dues"))
    assert due[1:3] == [2, 2]


def test_a_check_is_green_or_red() -> None:
    styles = part(bilan_workbook(CONTENT, HEADING), r"styles\.xml")
    assert "FF1B6E3C" in styles
    assert "FFA4161A" in styles


def test_volet_1_has_real_dates_and_numbers(bilan: dict[str, list[list[Any]]]) -> None:
    headers, first, own, moved = bilan["Volet 1 – flux détaillé"]
    row = dict(zip(headers, first, strict=True))
    assert row["Orienté le"] == date(2026, 4, 30)
    assert row["Surface (m²)"] == 62.5
    assert (row["Rang"], row["Candidats"]) == (1, 3)
    assert (row["Réponse"], row["Résultat"]) == ("tacite", "attribué")
    assert row["Bail le"] == ""
    assert dict(zip(headers, own, strict=True))["Réservataire"].endswith("part non réservée")
    moved_row = dict(zip(headers, moved, strict=True))
    assert moved_row["Motif de soustraction"] == "mutation interne"
    assert moved_row["Imputé à"] == ""


def test_no_column_tells_of_a_household(bilan: dict[str, list[list[Any]]]) -> None:
    headers = " ".join(bilan["Volet 1 – flux détaillé"][0]).lower()
    for word in ("nud", "numéro unique", "dalo", "critère", "quartile", "prioritaire"):
        assert word not in headers


def test_volet_2_adds_up(bilan: dict[str, list[list[Any]]]) -> None:
    rows = bilan["Volet 2 – flux consolidé"]
    totals = [row for row in rows if row[0] == "Total"]
    assert len(totals) == 6
    assert totals[0][1:6] == [2, 2, 1, 0, 0]
    for one in totals[1:]:
        assert one[2:7] == totals[0][1:6]
    doussard = next(row for row in rows if row[0] == "Commune de Doussard")
    assert doussard[1:7] == pytest.approx([0.5926, 1, 1, 0, 0.4074, 10000 / 5926])
    assert ["Doussard", "Commune de Doussard", 0.2963] in [row[:3] for row in rows]


def test_volet_3_compares_the_mutations_with_their_ceiling(
    bilan: dict[str, list[list[Any]]],
) -> None:
    rows = bilan["Volet 3 – hors flux"]
    about = {row[0]: row[1] for row in rows}
    assert (about["Part des mutations"], about["Plafond (art. 2.3)"]) == (0.3333, 0.1)
    assert ["mutation interne", "74104", "Doussard", "T3", 1] in [row[:5] for row in rows]


def test_the_dictionary_explains_every_column(bilan: dict[str, list[list[Any]]]) -> None:
    explained = {row[1]: row[2] for row in bilan["Dictionnaire"][1:]}
    assert set(bilan["Volet 1 – flux détaillé"][0]) <= set(explained)
    assert all(explained.values())


def test_nothing_typed_is_a_formula(bilan: dict[str, list[list[Any]]]) -> None:
    assert bilan["Volet 1 – flux détaillé"][1][3] == EVIL
    worksheets = part(bilan_workbook(CONTENT, HEADING), r"worksheets/sheet")
    assert "<f>" not in worksheets
    assert "<hyperlink" not in worksheets


def test_headers_stay_filter_and_print() -> None:
    book = bilan_workbook(CONTENT, HEADING)
    worksheets = part(book, r"worksheets/sheet2")
    assert 'state="frozen"' in worksheets
    assert 'orientation="landscape"' in worksheets
    assert "<autoFilter" in part(book, r"tables/")
    assert "Print_Titles" in part(book, r"workbook\.xml$")


def test_the_same_content_has_the_same_bytes() -> None:
    assert bilan_workbook(CONTENT, HEADING) == bilan_workbook(CONTENT, HEADING)
    assert (
        b"2027-02-10T08:00:00Z" in part(bilan_workbook(CONTENT, HEADING), r"docProps/core").encode()
    )


def test_an_empty_year_still_opens() -> None:
    nothing: dict[str, Any] = {
        **CONTENT, "parties": [], "rates": [], "detailed": [], "out_of_flux": [],
        "tables": {name: [] for name in ("typology", "financing", "qpv", "commune", "period")},
        "mutations": {"count": 0, "total": 0, "ratio_bp": None, "level": "green"},
    }  # fmt: skip
    sheets = sheets_of(bilan_workbook(nothing, HEADING))
    assert sheets["Volet 1 – flux détaillé"][1][0] == "Aucune ligne"


# --- Annexe 1 ---------------------------------------------------------------------------------


def _line(number: int, name: str, droits: int | None, *insees: str, **more: Any) -> AnnexeLine:
    return AnnexeLine(
        id=UUID(int=number),
        reservataire_id=UUID(int=100 + number),
        reservataire_name=name,
        contingent=more.get("contingent", "none"),
        droits=None if droits is None else Decimal(droits),
        imposed_rate_bp=more.get("rate"),
        perimeter=frozenset(insees),
    )


def real_annexe() -> AnnexeFacts:
    """The annexe 1 of Haute-Savoie Habitat in the CC des Sources du Lac."""
    both = ("74104", "74123")
    nothing = dict.fromkeys(
        ("defense_securite", "sante", "plan_vente", "demolition", "plai_adapte",
         "gens_du_voyage"), 0,
    )  # fmt: skip
    return AnnexeFacts(
        id=UUID(int=1),
        bailleur_id=UUID(int=2),
        bailleur_name="Haute-Savoie Habitat",
        epci_siren="247400773",
        epci_name="CC des Sources du Lac",
        year=2026,
        version=1,
        published_at=datetime(2026, 2, 20, 9, tzinfo=UTC),
        communes=(
            AnnexeCommune(insee="74104", name="Doussard", total=54, exclusions=nothing),
            AnnexeCommune(
                insee="74123",
                name="Faverges-Seythenex",
                total=586,
                exclusions={**nothing, "plan_vente": 33},
            ),
        ),
        lines=(
            _line(1, "Action Logement", 31, *both),
            _line(2, "Commune de Doussard", 16, "74104"),
            _line(3, "Commune de Faverges", 143, "74123"),
            _line(4, "Conseil départemental", 8, "74104"),
            _line(5, "Préfecture", None, *both, contingent="fonctionnaires", rate=500),
            _line(6, "Préfecture", None, *both, contingent="rs", rate=2500),
        ),
    )


def test_the_annexe_prints_the_signed_figures() -> None:
    """Annexe 1, tables 1 and 2: rights over A of the line's perimeter, no total of rates."""
    book = annexe_workbook(compute(real_annexe()))
    (rows,) = sheets_of(book).values()
    by_name = {row[0]: row for row in rows}
    assert by_name["Doussard"][1:9] == [54, 0, 0, 0, 0, 0, 0, 54]
    assert by_name["Faverges-Seythenex"][1:9] == [586, 0, 0, 33, 0, 0, 0, 553]
    assert by_name["CC des Sources du Lac"][1:9] == [640, 0, 0, 33, 0, 0, 0, 607]
    assert by_name["Action Logement"][1:4] == [31, 0.0484, 640]
    assert by_name["Commune de Doussard"][1:4] == [16, 0.2963, 54]
    assert by_name["Commune de Faverges"][1:4] == [143, 0.2440, 586]
    assert by_name["Conseil départemental"][1:4] == [8, 0.1481, 54]
    assert by_name["Préfecture / Fonctionnaire"][1:4] == [32, 0.05, 640]
    assert by_name["Préfecture / RS"][1:4] == [160, 0.25, 640]
    assert by_name["Total"][1:3] == [390, ""]
    assert book == annexe_workbook(compute(real_annexe()))
