"""A town hall that closes, the check that shows it, a refusal; and the receipt of the delays."""

from __future__ import annotations

from server.demo.scenario import mails
from server.demo.scenario.browser import option, required
from server.demo.scenario.offers import MOTIF, REGISTER, free_homes, is_first, read
from server.demo.scenario.players import BAILLEUR, COMMUNE, DOUSSARD, Stage, identifier_in

PATH = "/organisme/fermetures"
CLOSED = {"debut": "2026-07-13", "fin": "2026-07-17", "motif": "congés d'été"}
REASON = "Le logement ne convient pas à nos demandes."


def print_receipt(stage: Stage) -> None:
    """Both delays of the silent offer, day by day, for the two parties."""
    path = f"/orientations/{stage.found['silent']}/recu.pdf"
    for who, browser in ((COMMUNE, stage.chloe), (BAILLEUR, stage.alice)):
        found = browser.raw(path)
        stage.report.true(found.content.startswith(b"%PDF-"), f"reçu des délais en PDF, {who}")
    stage.report.keep("recu-des-delais.pdf", found.content)
    receipt = read(stage.commune, stage.found["silent"])["candidatesDeadline"]["receipt"]
    skipped = {one["day"] for one in receipt["skipped"]}
    stage.report.true(
        {"2026-05-08", "2026-05-14", "2026-05-25"} <= skipped,
        "le reçu dit les jours fériés qui n'ont pas compté",
    )


def declare_then_refuse(stage: Stage) -> None:
    """The convention makes nothing of a closure (§5.4); then T4, the commune refuses in time."""
    blank = stage.chloe.get(PATH)
    form = required(blank.page.form(PATH), "déclarer une fermeture", blank)
    stage.chloe.submit(blank, form, {**CLOSED, "fin": "2026-07-12"}, status=422)
    told = stage.chloe.submit(blank, form, CLOSED)
    stage.report.says(told.text, "du 13 juillet 2026 au 17 juillet 2026", "Sans effet")
    _send(stage)
    offer_id = stage.found["last"]
    offer = stage.chloe.get(f"/orientations/{offer_id}/refuser")
    form = required(offer.page.form("/refuser"), "refuser", offer)
    stage.chloe.submit(offer, form, {"motif": REASON})
    stage.report.equal(read(stage.bailleur, offer_id)["state"], "refused", "après le refus, état")
    mails.told(stage, offer_id, (BAILLEUR, "Offre refusée"))


def _send(stage: Stage) -> None:
    """By the page, which shows the closure and the date that it does not move."""
    command = {"dwellingId": free_homes(stage, DOUSSARD)[0]["id"], "freeOn": "2026-08-31"}
    vacancy = stage.bailleur.ask(REGISTER, input=command)["registerVacancy"]["vacancy"]
    proposal = stage.alice.get(f"/liberations/{vacancy['id']}")
    form = required(proposal.page.form("/verifier", method="get"), "vérifier", proposal)
    changes = {"choix": "suivre"}
    if not is_first(proposal.text):
        key = option(form, "reservataire", COMMUNE)
        changes = {"choix": "autre", "reservataire": key, "motif": MOTIF}
    check = stage.alice.submit(proposal, form, changes)
    stage.report.says(
        check.text, "13 juillet 2026", CLOSED["motif"], "ces jours comptent", "9 juillet 2026"
    )
    send = required(check.page.form("/orienter"), "envoyer l'offre", check)
    stage.found["last"] = identifier_in(stage.alice.submit(check, send, {}))
