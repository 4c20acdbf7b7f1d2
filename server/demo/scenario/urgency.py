"""An urgency: the bailleur asks, the préfecture decides last, the dwelling leaves the offers."""

from __future__ import annotations

from typing import Any

from server.demo.scenario.browser import option, required, wait_for
from server.demo.scenario.forms import Form
from server.demo.scenario.offers import read
from server.demo.scenario.players import BAILLEUR, PREFECTURE, Stage

TITLE = "Incendie d'un immeuble du centre-bourg"
REQUEST = """
mutation ($input: RequestUrgentAllocationInput!) {
  requestUrgentAllocation(input: $input) {
    urgence { id state }
    errors { code field message }
  }
}
"""
DECIDE = """
mutation ($input: DecideUrgentAllocationInput!) {
  decideUrgentAllocation(input: $input) {
    urgence { id state }
    errors { code field message }
  }
}
"""
URGENCE = """
query ($id: UUID!) {
  urgence(id: $id) {
    id state appliedAt decidedAt chargedReservataireName chargedContingent
  }
}
"""
VACANCY = "query ($id: UUID!) { vacancy(id: $id) { state nature chargedContingent } }"


def ask(stage: Stage) -> None:
    command = {"vacancyId": stage.found["urgent_vacancy"], "kind": "fire", "title": TITLE,
               "households": 1}  # fmt: skip
    asked = stage.bailleur.ask(REQUEST, input=command)["requestUrgentAllocation"]["urgence"]
    stage.found["urgence"] = asked["id"]
    stage.report.equal(asked["state"], "requested", "demande d'affectation d'urgence, état")
    twice = stage.bailleur.refused(REQUEST, input=command)
    stage.report.true(
        twice[0]["message"], f"une seconde demande est refusée : {twice[0]['message']}"
    )
    command = {"urgenceId": asked["id"], "isApproved": True, "isOutOfFlux": True}
    errors = stage.bailleur.refused(DECIDE, input=command)
    stage.report.equal(errors[0]["code"], "forbidden", "le bailleur ne décide pas à sa place")
    offer = read(stage.bailleur, stage.found["urgent"])
    stage.report.equal(offer["effectiveState"], "sent", "avant la décision, rien n'a changé, état")


def decide(stage: Stage) -> None:
    report, urgence_id = stage.report, stage.found["urgence"]
    board = stage.estelle.get("/urgences")
    report.says(board.text, TITLE, BAILLEUR)
    page = stage.estelle.get(f"/urgences/{urgence_id}")
    form = required(page.page.form("/decider"), "décider", page)
    careless = {**_approval(form), "imputation": ""}
    stage.estelle.submit(page, form, careless, status=422)
    report.proved("une validation qui ne dit pas à qui imputer est refusée")
    decided = stage.estelle.submit(page, form, _approval(form))
    report.says(decided.text, "validée")
    stage.estelle.submit(page, form, _approval(form), status=409)
    report.proved("décider deux fois est refusé à la seconde")

    def applied() -> dict[str, Any] | None:
        row: dict[str, Any] = stage.prefecture.ask(URGENCE, id=urgence_id)["urgence"]
        return row if row["appliedAt"] else None

    row = wait_for("la décision appliquée chez le bailleur", applied)
    report.equal(
        (row["chargedReservataireName"], row["chargedContingent"]),
        (PREFECTURE, "rs"),
        "logement imputé à",
    )
    vacancy = stage.bailleur.ask(VACANCY, id=stage.found["urgent_vacancy"])["vacancy"]
    report.equal((vacancy["nature"], vacancy["state"]), ("urgency", "closed"), "libération")
    offer = read(stage.bailleur, stage.found["urgent"])
    report.equal(offer["state"], "withdrawn", "l'offre en cours est retirée, avec avis, état")


def _approval(form: Form) -> dict[str, str]:
    """Approved and charged to the State's RS contingent."""
    return {
        "decision": "imputer",
        "imputation": option(form, "imputation", "RS"),
        "confirme": "1",
    }
