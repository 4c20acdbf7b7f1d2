"""The bilan: published by the bailleur, given to those who must have it, opened by the EPCI."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from server.demo.scenario import mails
from server.demo.scenario.browser import required, wait_for
from server.demo.scenario.players import COMMUNE, EPCI, PREFECTURE, Stage

YEAR = 2026
VOLETS = ("détaillé", "consolidé", "hors flux")
BILANS = """
query ($year: Int) {
  bilans(year: $year) {
    id year version state workbookHash bailleurName
    deliveries { tenantName capacity openedAt }
  }
}
"""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def publish(stage: Stage) -> None:
    listed = stage.alice.get("/bilans")
    link = listed.page.link(f"/bilans/publier?annee={YEAR}")
    check = stage.alice.get(link.href if link else f"/bilans/publier?annee={YEAR}")
    stage.report.says(check.text, str(YEAR), COMMUNE, EPCI)
    form = required(check.page.form("/bilans/publier"), "publier le bilan", check)
    published = stage.alice.submit(check, form, {})
    stage.report.says(published.text, *VOLETS)

    def distributed() -> dict[str, Any] | None:
        found: list[dict[str, Any]] = stage.bailleur.ask(BILANS, year=YEAR)["bilans"]
        return next((one for one in found if one["state"] == "published"), None)

    bilan = wait_for("le bilan distribué par les tâches de fond", distributed)
    stage.found["bilan"] = bilan["id"]
    given = {one["tenantName"] for one in bilan["deliveries"]}
    stage.report.true({COMMUNE, PREFECTURE, EPCI} <= given, f"remis à {', '.join(sorted(given))}")
    again = stage.alice.submit(check, form, {}, status=409)
    stage.report.says(again.text, "identique")
    mails.wait_for_mail(stage, EPCI, "bilan", str(YEAR))


def open_as_epci(stage: Stage) -> None:
    """The EPCI reads what it was given, and nothing of a household."""
    report, bilan_id = stage.report, stage.found["bilan"]
    listed = stage.farid.get("/bilans")
    report.true(listed.page.link(bilan_id), "l'EPCI trouve le bilan dans sa liste")
    page = stage.farid.get(f"/bilans/{bilan_id}")
    report.says(page.text, *VOLETS)
    file = stage.farid.raw(f"/bilans/{bilan_id}/classeur.xlsx")
    report.equal(file.headers.get("content-type"), XLSX, "classeur, type")
    path = report.keep(f"bilan-{YEAR}.xlsx", file.content)
    sheets, words = _read(file.content)
    for volet in VOLETS:
        report.true(any(volet in name.casefold() for name in sheets), f"volet « {volet} » présent")
    report.true(not mails.NUD.search(words), "aucun NUD dans le classeur")
    report.true(stage.found["home"]["address"] in words, "le logement du scénario est au bilan")
    report.proved(f"classeur gardé : {path}")
    mine = stage.epci.ask(BILANS, year=YEAR)["bilans"]
    report.equal(
        [one["deliveries"][0]["tenantName"] for one in mine], [EPCI], "il ne voit que sa remise"
    )
    report.true(mine[0]["deliveries"][0]["openedAt"], "la date de première ouverture est gardée")
    report.equal(
        stage.other.ask(BILANS, year=YEAR)["bilans"], [], "un autre bailleur n'en voit rien"
    )


def _read(content: bytes) -> tuple[list[str], str]:
    """Names of the sheets and all the texts, by unzipping."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        workbook = archive.read("xl/workbook.xml").decode()
        texts = "".join(
            archive.read(name).decode()
            for name in archive.namelist()
            if name.endswith(".xml") and ("sharedStrings" in name or "worksheets" in name)
        )
    names = [part.partition('"')[0] for part in workbook.split('<sheet name="')[1:]]
    return names, texts.replace("&apos;", "'").replace("&#39;", "'")
