"""A dwelling freed in Doussard: registered, advised, offered, accepted or left without answer."""

from __future__ import annotations

from typing import Any

from server.demo.scenario import mails
from server.demo.scenario.browser import Machine, option, required, wait_for
from server.demo.scenario.players import BAILLEUR, COMMUNE, DOUSSARD, Stage, identifier_in
from server.demo.scenario.report import NotAsAgreed

LAST_DAY, LAST_DAY_TEXT = "2026-05-05", "mardi 5 mai 2026 à 24 h"
EXPRESS_LAST_DAY, EXPRESS_TEXT = "2026-05-27", "mercredi 27 mai 2026 à 24 h"
TACIT_LAST_DAY, TACIT_TEXT = "2026-05-29", "vendredi 29 mai 2026 à 24 h"
MOTIF = "Besoin signalé par la commune pour cette taille de logement."

DWELLINGS = """
query ($insee: String!) { dwellings(insee: $insee) { id address exclusion } }
"""
WAITING = """
query { vacancies(first: 100, state: open) { edges { node { dwelling { id } } } } }
"""
REGISTER = """
mutation ($input: RegisterVacancyInput!) {
  registerVacancy(input: $input) {
    vacancy { id state nature advice {
      proposals { name isBailleur reservataireId contingent rank rate sentence }
      setAside { name code sentence } } }
    errors { code field message }
  }
}
"""
SEND = """
mutation ($input: SendOrientationInput!) {
  sendOrientation(input: $input) {
    orientation { id state answerDeadline { lastDay text receipt { days skipped { day reason } } } }
    errors { code field message }
  }
}
"""
ACCEPT = """
mutation ($input: AcceptOrientationInput!) {
  acceptOrientation(input: $input) {
    orientation { id state }
    errors { code field message }
  }
}
"""
ORIENTATION = """
query ($id: UUID!) {
  orientation(id: $id) {
    id state effectiveState acceptanceMode acceptedOn version candidateCount
    answerDeadline { lastDay text isOver }
    candidatesDeadline { lastDay text receipt { skipped { day reason } } }
    candidates { id position isDalo }
    timeline { act at personName reason }
  }
}
"""


def read(machine: Machine, orientation_id: str) -> dict[str, Any]:
    found: dict[str, Any] = machine.ask(ORIENTATION, id=orientation_id)["orientation"]
    return found


def free_homes(stage: Stage, insee: str) -> list[dict[str, Any]]:
    """Dwellings of the assiette without a vacancy, as the bailleur's own program finds them."""
    edges = stage.bailleur.ask(WAITING)["vacancies"]["edges"]
    taken = {edge["node"]["dwelling"]["id"] for edge in edges}
    homes = stage.bailleur.ask(DWELLINGS, insee=insee)["dwellings"]
    return [home for home in homes if home["id"] not in taken and home["exclusion"] is None]


# --- By the pages -------------------------------------------------------------------------------


def register_and_read_advice(stage: Stage) -> None:
    """The bailleur's officer registers the vacancy and reads who should receive it."""
    home = free_homes(stage, DOUSSARD)[0]
    stage.found["home"] = home
    street = home["address"].split(",")[0]
    looked = stage.alice.get(f"/liberations/nouvelle?q={street}")
    link = looked.page.link(home["id"])
    if link is None:
        raise NotAsAgreed(f"La recherche « {street} » ne trouve pas le logement {home['address']}.")
    chosen = stage.alice.get(link.href)
    stage.report.says(chosen.text, "Dans l'assiette")
    form = required(chosen.page.form("/liberations/nouvelle"), "enregistrer", chosen)
    changes = {"conge_le": "2026-04-29", "libre_le": "2026-05-31"}
    proposal = stage.alice.submit(chosen, form, changes)
    stage.found["vacancy"] = identifier_in(proposal)
    stage.report.says(proposal.text, "À qui proposer ce logement", COMMUNE, "art. 5.1")
    again = stage.alice.submit(chosen, form, changes, status=409)
    stage.report.says(again.text, "libération est déjà en cours")
    stage.found["proposal"] = proposal


def send_by_page(stage: Stage) -> None:
    """The check page says what silence will mean, then the offer goes."""
    proposal = stage.found["proposal"]
    form = required(proposal.page.form("/verifier", method="get"), "vérifier", proposal)
    if is_first(proposal.text):
        stage.report.proved(f"le portail propose lui-même {COMMUNE}")
        changes = {"choix": "suivre"}
    else:
        key = option(form, "reservataire", COMMUNE)
        stage.alice.submit(proposal, form, {"choix": "autre", "reservataire": key}, status=422)
        stage.report.proved("s'écarter de la proposition demande un motif")
        changes = {"choix": "autre", "reservataire": key, "motif": MOTIF}
    check = stage.alice.submit(proposal, form, changes)
    stage.report.says(check.text, LAST_DAY_TEXT, "1er mai 2026", "Fête du Travail", "doussard")
    send = required(check.page.form("/orienter"), "envoyer l'offre", check)
    sent = stage.alice.submit(check, send, {})
    stage.found["orientation"] = identifier_in(sent)
    stage.report.says(sent.text, LAST_DAY_TEXT)
    replayed = stage.alice.submit(check, send, {}, status=409)
    stage.report.true(replayed.status, "le formulaire rejoué est refusé : une seule offre part")
    stage.report.equal(
        read(stage.bailleur, stage.found["orientation"])["answerDeadline"]["lastDay"],
        LAST_DAY,
        "dernier jour pour répondre, par l'API",
    )
    mail = mails.wait_for_mail(stage, COMMUNE, "À répondre avant le mar. 05/05", LAST_DAY_TEXT)
    stage.report.says(mail.text, "réputée acceptée", "sans compte")


def is_first(text: str) -> bool:
    """Whether the portal's own proposal names the commune."""
    head = text.split("Proposition du portail", maxsplit=1)[-1]
    return head.strip().startswith(COMMUNE)


def accept_by_page(stage: Stage) -> None:
    """The commune finds the offer in its list, and accepts."""
    orientation_id = stage.found["orientation"]
    inbox = stage.chloe.get("/orientations")
    stage.report.true(inbox.page.link(orientation_id), "la commune voit l'offre dans sa liste")
    offer = stage.chloe.get(f"/orientations/{orientation_id}")
    stage.report.says(offer.text, LAST_DAY_TEXT, "réputée acceptée")
    form = required(offer.page.form("/accepter"), "accepter", offer)
    accepted = stage.chloe.submit(offer, form, {})
    stage.report.says(accepted.text, EXPRESS_TEXT)
    stage.chloe.submit(offer, form, {}, status=409)
    stage.report.proved("accepter deux fois est refusé à la seconde")
    found = read(stage.commune, orientation_id)
    stage.report.equal(found["acceptanceMode"], "express", "mode d'acceptation")
    stage.report.equal(
        found["candidatesDeadline"]["lastDay"], EXPRESS_LAST_DAY, "candidats jusqu'au"
    )
    mails.told(stage, orientation_id, (BAILLEUR, "Offre acceptée"))


# --- By the API: the offer that nobody answers --------------------------------------------------


def offer_by_api(stage: Stage, insee: str, organisme: str, name: str) -> None:
    """As an OREL-like program of the bailleur would do."""
    home = free_homes(stage, insee)[0]
    command = {"dwellingId": home["id"], "freeOn": "2026-06-15", "noticeOn": "2026-04-30"}
    vacancy = stage.bailleur.ask(REGISTER, input=command)["registerVacancy"]["vacancy"]
    proposals = vacancy["advice"]["proposals"]
    party = next((one for one in proposals if one["name"].startswith(organisme)), None)
    if party is None:
        raise NotAsAgreed(f"{organisme} n'est pas parmi les organismes proposés.")
    first = proposals[0]["sentence"]
    stage.report.true(first, f"le conseil dit pourquoi : « {first} »")
    sent = stage.bailleur.ask(
        SEND,
        input={
            "vacancyId": vacancy["id"],
            "reservataireId": party["reservataireId"],
            "contingent": party["contingent"],
            "departureMotif": None if party["rank"] == 1 else MOTIF,
        },
    )["sendOrientation"]["orientation"]
    stage.report.equal(sent["answerDeadline"]["text"], LAST_DAY_TEXT, "réponse attendue jusqu'au")
    skipped = [one["day"] for one in sent["answerDeadline"]["receipt"]["skipped"]]
    stage.report.equal(
        skipped, ["2026-05-01", "2026-05-02", "2026-05-03"], "jours qui ne comptent pas"
    )
    stage.found[f"{name}_vacancy"] = vacancy["id"]
    stage.found[name] = sent["id"]


def silence_accepts(stage: Stage) -> None:
    """One minute after the deadline the law has acted; the sweep only writes it down."""
    silent = stage.found["silent"]
    stage.set_clock("2026-05-05T23:58")
    before = read(stage.commune, silent)
    stage.report.equal(before["effectiveState"], "sent", "deux minutes avant l'échéance, état")
    stage.set_clock("2026-05-06T00:01")
    now = read(stage.commune, silent)
    stage.report.equal(now["effectiveState"], "searching", "une minute après, état en droit")
    too_late = stage.commune.refused(ACCEPT, input={"orientationId": silent})
    stage.report.equal(too_late[0]["code"], "answer_too_late", "répondre trop tard est refusé")
    stage.report.says(too_late[0]["message"], "réputée acceptée", LAST_DAY_TEXT)

    def recorded() -> dict[str, Any] | None:
        row = read(stage.commune, silent)
        return row if row["state"] == "searching" else None

    row = wait_for("l'acceptation tacite enregistrée par les tâches de fond", recorded)
    stage.report.equal(row["acceptanceMode"], "tacit", "mode d'acceptation")
    stage.report.equal(row["acceptedOn"], LAST_DAY, "date d'acceptation, celle du délai")
    stage.report.equal(
        row["candidatesDeadline"]["lastDay"], TACIT_LAST_DAY, "candidats attendus jusqu'au"
    )
    page = stage.chloe.get(f"/orientations/{silent}")
    stage.report.says(page.text, "réputée acceptée", LAST_DAY_TEXT, TACIT_TEXT)
    search = "Candidats à présenter avant le ven. 29/05 à 24 h"
    mails.told(stage, silent, (BAILLEUR, "Offre réputée acceptée"), (COMMUNE, search))
