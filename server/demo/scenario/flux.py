"""The annexe 1 of the convention of Doussard, read on the page and by the API."""

from __future__ import annotations

from typing import Any

from server.demo.scenario.players import SIREN_OF_EPCI, Stage

RATES = ["4.84", "29.63", "24.40", "14.81", "5.00", "25.00"]
DENOMINATORS = [640, 54, 586, 54, 640, 640]
SHARES = ["20.72", "40.76"]
ASSIETTES = [(54, 0, 54), (586, 33, 553), (640, 33, 607)]
TOTAL_DROITS = "390"
BOARD = """
query ($year: Int!, $epci: String) {
  fluxBoards(year: $year, epciSiren: $epci) {
    bailleurName
    assiette { total excluded flux }
    communes { insee bailleurShare assiette { total excluded flux } }
    lines { reservataireName contingent droits denominator rate position { due { units } } }
    totalDroits
  }
}
"""


def read_annexe(stage: Stage) -> None:
    report = stage.report
    board = _board(stage.bailleur.ask(BOARD, year=2026, epci=SIREN_OF_EPCI))
    lines = board["lines"]
    report.equal([line["rate"] for line in lines], RATES, "taux de l'annexe 1, par l'API")
    report.equal(
        [line["denominator"] for line in lines], DENOMINATORS, "dénominateurs (A du périmètre)"
    )
    shares = [commune["bailleurShare"] for commune in board["communes"]]
    report.equal(shares, SHARES, "part du bailleur à Doussard et à Faverges-Seythenex")
    rows = [*(commune["assiette"] for commune in board["communes"]), board["assiette"]]
    found = [(row["total"], row["excluded"], row["flux"]) for row in rows]
    report.equal(found, ASSIETTES, "assiettes A, B, C")
    report.equal(board["totalDroits"], TOTAL_DROITS, "total des droits")
    _read_page(stage)
    _read_as_others(stage)


def _board(data: dict[str, Any]) -> dict[str, Any]:
    boards: list[dict[str, Any]] = data["fluxBoards"]
    return boards[0]


def _read_page(stage: Stage) -> None:
    page = stage.alice.get(f"/flux?annee=2026&epci={SIREN_OF_EPCI}")
    printed = [f"{rate.replace('.', ',')} %" for rate in (*RATES, *SHARES)]
    stage.report.says(page.text, *printed, TOTAL_DROITS, *map(str, (54, 553, 586, 607, 640)))
    stage.report.true("103,68" not in page.text, "la page n'additionne pas les taux")


def _read_as_others(stage: Stage) -> None:
    report = stage.report
    whole = _board(stage.commune.ask(BOARD, year=2026, epci=SIREN_OF_EPCI))["lines"]
    report.equal([line["rate"] for line in whole], RATES, "la commune lit toute l'annexe publiée")
    own = [line["rate"] for line in whole if line["position"] is not None]
    report.equal(own, RATES[1:2], "la commune lit sa seule position")
    read = _board(stage.epci.ask(BOARD, year=2026, epci=SIREN_OF_EPCI))["lines"]
    report.equal([line["rate"] for line in read], RATES, "l'EPCI lit les taux publiés")
    report.true(
        all(line["position"] is None for line in read), "l'EPCI ne lit pas les comptes des offres"
    )
    report.equal(
        stage.other.ask(BOARD, year=2026, epci=SIREN_OF_EPCI)["fluxBoards"],
        [],
        "un autre bailleur ne voit rien de ce territoire",
    )
    report.says(stage.farid.get("/flux?annee=2026").text, "29,63 %", "24,40 %")
