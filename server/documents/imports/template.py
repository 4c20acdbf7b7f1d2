"""The workbook to fill in: one sheet with its lists of values, one that explains each column."""

from __future__ import annotations

from io import BytesIO

from xlsxwriter import Workbook

from server.documents.imports.layouts import FIELDS
from server.documents.workbooks.book import BLUE, SAFE

OFFERED = ("reference", "rpls_id", "insee", "address", "typology", "surface_m2", "financing",
           "built_year", "kind", "delivered_on", "is_qpv", "exclusion")  # fmt: skip
LISTS = {
    "typology": ["T1", "T2", "T3", "T4", "T5", "T6"],
    "financing": ["PLAI", "PLUS", "PLS", "PLI", "autre"],
    "kind": ["logement social", "foyer", "étudiant", "intermédiaire"],
    "is_qpv": ["oui", "non"],
    "exclusion": [
        *("défense et sécurité", "santé", "plan de vente", "démolition", "PLAI adapté"),
        "gens du voyage",
    ],
}
EXAMPLE = ("0742-0018", "1234567890", "74104", "12 rue de la Maquette, logement 18", "T3",
           "64,50", "PLUS", "1998", "logement social", "", "non", "")  # fmt: skip
ROWS = 5_000
NOTES = (
    "Une ligne par logement. Les colonnes peuvent être dans n'importe quel ordre.",
    "Il peut y avoir d'autres colonnes : elles seront ignorées.",
    "Les références et les codes INSEE sont du texte : gardez leurs zéros.",
    "Un logement absent du fichier n'est pas supprimé : le portail demande s'il est sorti.",
    "Rien n'est enregistré avant que vous ayez lu et confirmé le compte rendu.",
)


def template() -> bytes:
    """XLSX of the columns that the portal reads; the example line is to be replaced."""
    chosen = {one.code: one for one in FIELDS}
    target = BytesIO()
    book = Workbook(target, SAFE)
    head = book.add_format(
        {"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE, "text_wrap": True}
    )
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet("Logements")
    sheet.freeze_panes(1, 1)
    for column, code in enumerate(OFFERED):
        sheet.set_column(column, column, 30 if code == "address" else 18, text)
        sheet.write_string(0, column, chosen[code].label, head)
        sheet.write_string(1, column, EXAMPLE[column], text)
        if code in LISTS:
            sheet.data_validation(
                1, column, ROWS, column, {"validate": "list", "source": LISTS[code]}
            )
    notice = book.add_worksheet("Notice")
    notice.set_column(0, 0, 34)
    notice.set_column(1, 1, 100)
    for row, note in enumerate(NOTES):
        notice.write_string(row, 0, note)
    first = len(NOTES) + 1
    for column, name in enumerate(("Colonne", "Ce qu'elle contient")):
        notice.write_string(first, column, name, head)
    for row, code in enumerate(OFFERED, first + 1):
        one = chosen[code]
        needed = " (obligatoire)" if one.is_required or code == "address" else " (facultatif)"
        notice.write_string(row, 0, one.label + needed)
        notice.write_string(row, 1, one.hint)
    book.close()
    return target.getvalue()
