"""What the acts after the answer do: T4 to T7, T9 to T12, T14, T16 and T17, with their mails."""

from __future__ import annotations

import re
from typing import Any

from server.demo.scenario import mails
from server.demo.scenario.browser import Browser, required, wait_for
from server.demo.scenario.candidates import nud
from server.demo.scenario.commission import RECORD
from server.demo.scenario.offers import ACCEPT, MOTIF, SEND, read
from server.demo.scenario.players import BAILLEUR, COMMUNE, Stage
from server.demo.scenario.report import NotAsAgreed

LINK = re.compile(r"/offre/[\w.-]+")
ACT = """
mutation ($input: %s!) {
  %s(input: $input) {
    orientation { id state extensionCount candidatesDeadline { lastDay }
      candidateOffers { rank lastDay reply } }
    errors { code field message }
  }
}
"""
ADVICE = """
query ($id: UUID!) {
  vacancy(id: $id) { advice { proposals { name isBailleur reservataireId contingent } } }
}
"""
PLAN = """
mutation ($input: PlanCaleolInput!) {
  planCaleol(input: $input) { session { id } errors { code field message } }
}
"""
PRESENT = """
mutation ($input: PresentCandidatesInput!) {
  presentCandidates(input: $input) {
    orientation { candidates { id } } errors { code field message }
  }
}
"""
FOLLOW = "FollowOrientationInput"


def _does(machine: Any, name: str, kind: str, **command: Any) -> dict[str, Any]:
    found: dict[str, Any] = machine.ask(ACT % (kind, name), input=command)[name]["orientation"]
    return found


def _state(stage: Stage, expected: str, told: str) -> None:
    stage.report.equal(read(stage.bailleur, stage.found["last"])["state"], expected, told)


def _send_to(stage: Stage, organisme: str) -> None:
    """The vacancy that nobody has answered for goes to this organisme (T7)."""
    vacancy_id = stage.found["silent_vacancy"]
    advice = stage.bailleur.ask(ADVICE, id=vacancy_id)["vacancy"]["advice"]
    known = {one["name"]: one["reservataireId"] for one in advice["proposals"]}
    party = known.get(organisme) or stage.found.get(organisme)
    if party is None:
        raise NotAsAgreed(f"{organisme} n'est pas parmi {', '.join(known)}.")
    stage.found.update(known)
    command = {"vacancyId": vacancy_id, "reservataireId": party, "departureMotif": MOTIF}
    sent = stage.bailleur.ask(SEND, input=command)["sendOrientation"]["orientation"]
    stage.found["last"] = sent["id"]


def first_rank_refuses(stage: Stage) -> None:
    """T14, R441-10: told, at least ten days; its refusal gives the dwelling to the next rank."""
    path = f"/orientations/{stage.found['orientation']}"
    page = stage.alice.get(path)
    form = required(page.page.form("/notification"), "notifier le candidat", page)
    stage.alice.submit(page, form, {"notifie_le": "2026-05-12", "delai": "9"}, status=409)
    stage.report.proved("moins de dix jours pour répondre est refusé (R441-10)")
    told = stage.alice.submit(page, form, {"notifie_le": "2026-05-12", "delai": "10"})
    stage.report.says(told.text, "vendredi 22 mai 2026 à 24 h", "son silence vaut refus")
    form = required(told.page.form("/reponse-candidat"), "réponse du candidat", told)
    heard = stage.alice.submit(told, form, {"reponse": "refused", "repondu_le": "2026-05-12"})
    form = required(heard.page.form("/rang-suivant"), "rang suivant", heard)
    following = stage.alice.submit(heard, form, {})
    stage.report.says(following.text, "Le logement va au candidat suivant")
    mails.wait_for_mail(stage, COMMUNE, "Candidat suivant")


def more_days_then_renounced(stage: Stage) -> None:
    """T10, T11c, T17: more days, with their number; the commune gives the dwelling up."""
    offer_id = stage.found["last"] = stage.found["silent"]
    command = {"orientationId": offer_id, "days": 3}
    extended = _does(stage.bailleur, "extendSearch", "ExtendSearchInput", **command)
    stage.report.equal(extended["extensionCount"], 1, "délais supplémentaires accordés")
    stage.report.equal(
        extended["candidatesDeadline"]["lastDay"], "2026-06-03", "nouveau délai, jusqu'au"
    )
    mails.wait_for_mail(stage, COMMUNE, "délai supplémentaire", "mercredi 3 juin 2026")
    check = stage.chloe.get(f"/orientations/{offer_id}/renoncer")
    form = required(check.page.form("/renoncer"), "renoncer", check)
    stage.chloe.submit(check, form, {"motif": "Besoin satisfait ailleurs."})
    _state(stage, "renounced", "après la renonciation, état")
    mails.wait_for_mail(stage, BAILLEUR, "Renonciation")


def reoriented_and_rectified(stage: Stage) -> None:
    """T11b, T7, then the offer that went to the wrong organisme is corrected by a new act."""
    page = stage.alice.get(f"/orientations/{stage.found['silent']}")
    form = required(page.page.form("/suite"), "choisir la suite", page)
    stage.alice.submit(page, form, {"suite": "reorienter"})
    _state(stage, "reoriented", "le logement est réorienté, état")
    mails.told(stage, stage.found["last"], (COMMUNE, "Logement réorienté"))
    _remember(stage)
    _send_to(stage, stage.found["other_party"])
    offer = stage.alice.get(f"/orientations/{stage.found['last']}")
    stage.report.true(offer.page.link(stage.found["silent"]), "la chaîne des offres se lit")
    check = stage.alice.get(
        f"/orientations/{stage.found['last']}/rectifier/verifier?erreur=addressee&motif=Erreur"
    )
    stage.report.says(check.text, "Logements orientés en 2026", "un de moins")
    form = required(check.page.form("/rectifier"), "rectifier", check)
    stage.alice.submit(check, form, {})
    _state(stage, "withdrawn", "après la rectification, état")
    mails.wait_for_mail(stage, stage.found["other_party"], "Rectification")


def _remember(stage: Stage) -> None:
    """Who else may receive the dwelling."""
    advice = stage.bailleur.ask(ADVICE, id=stage.found["silent_vacancy"])["vacancy"]["advice"]
    others = [
        one
        for one in advice["proposals"]
        if not one["isBailleur"] and one["name"] != COMMUNE and one["contingent"] == "none"
    ]
    if not others:
        raise NotAsAgreed("Aucun autre réservataire ne peut recevoir ce logement.")
    stage.found["other_party"] = others[0]["name"]
    stage.found[COMMUNE] = read_party(stage)


def read_party(stage: Stage) -> str:
    """Who received the silent offer."""
    query = "query ($id: UUID!) { orientation(id: $id) { reservataireId } }"
    found = stage.bailleur.ask(query, id=stage.found["silent"])["orientation"]
    return str(found["reservataireId"])


def answered_by_link(stage: Stage) -> None:
    """T3 from the shared mailbox: without an account; looking changes nothing."""
    _send_to(stage, COMMUNE)
    command = {"orientationId": stage.found["last"]}
    _does(stage.bailleur, "remindOrientation", "RemindOrientationInput", **command)
    reminder = mails.wait_for_mail(stage, COMMUNE, "Rappel", "sans compte")
    found = LINK.search(reminder.text)
    if found is None:
        raise NotAsAgreed("Le courriel de rappel n'a pas de lien pour répondre.")
    with Browser(stage.directory.url, "secrétaire de mairie, sans compte") as nobody:
        page = nobody.get(found.group())
        stage.report.says(page.text, "mardi 2 juin 2026 à 24 h", "réputée acceptée")
        _state(stage, "sent", "après une simple lecture du lien, état")
        form = required(page.page.form(found.group()), "répondre", page)
        typed = {"reponse": "accepter", "nom": "Claire Essai", "fonction": "secrétaire"}
        check = nobody.submit(page, form, typed)
        form = required(check.page.form(found.group()), "confirmer", check)
        done = nobody.submit(check, form, {})
        stage.report.says(done.text, "Offre acceptée", "vendredi 19 juin 2026 à 24 h")
    line = read(stage.bailleur, stage.found["last"])["timeline"][0]
    stage.report.equal(line["personName"], "Claire Essai, secrétaire", "au journal, qui a répondu")


def short_list_justified(stage: Stage) -> None:
    """T9, T12: one candidate at the end of the period; the commission wants to know why."""
    offer_id = stage.found["last"]
    command = {"orientationId": offer_id, "candidates": [{"nud": nud(21)}]}
    presented = stage.commune.ask(PRESENT, input=command)["presentCandidates"]["orientation"]
    stage.set_clock("2026-06-20T00:05")
    wait_for(
        "la liste close, incomplète",
        lambda: read(stage.bailleur, offer_id)["state"] == "candidates_partial",
    )
    plan = {
        "startsAt": "2026-06-25T10:00:00+02:00",
        "place": "Siège du bailleur",
        "orientationIds": [offer_id],
    }
    errors = stage.bailleur.refused(PLAN, input=plan)
    stage.report.equal(errors[0]["code"], "justification_required", "sans justification, refusé")
    plan["justifications"] = [{"orientationId": offer_id, "text": "Un seul candidat (R441-3)."}]
    ended = "Délai terminé, liste incomplète"
    mails.told(stage, offer_id, (BAILLEUR, ended), (COMMUNE, ended))
    session = stage.bailleur.ask(PLAN, input=plan)["planCaleol"]["session"]
    mails.wait_for_mail(stage, COMMUNE, "CALEOL", "jeudi 25 juin 2026")
    stage.set_clock("2026-06-25T12:00")
    decided = {
        "sessionId": session["id"],
        "orientationId": offer_id,
        "decisions": [{"candidateId": presented["candidates"][0]["id"], "outcome": "attribution"}],
    }
    stage.bailleur.ask(RECORD, input=decided)
    _state(stage, "attributed", "après la CALEOL, état")


def nobody_takes_it(stage: Stage) -> None:
    """T16, R441-10: the silence of the only candidate is a refusal; the dwelling is free again."""
    offer_id = stage.found["last"]
    told = _does(
        stage.bailleur,
        "tellCandidate",
        "TellCandidateInput",
        orientationId=offer_id,
        notifiedOn="2026-06-25",
    )
    stage.report.equal(
        told["candidateOffers"][0]["lastDay"],
        "2026-07-06",
        "dix jours finissant un dimanche, reportés au",
    )
    failing = {"orientationId": offer_id, "reason": "Sans réponse du candidat."}
    early = stage.bailleur.refused(ACT % ("FailLeaseInput", "failLease"), input=failing)
    stage.report.equal(early[0]["code"], "candidate_still_expected", "avant le délai, refusé")
    stage.set_clock("2026-07-07T09:00")
    _does(stage.bailleur, "failLease", "FailLeaseInput", **failing)
    _state(stage, "lease_failed", "aucun bail, état")
    mails.wait_for_mail(stage, COMMUNE, "Aucun bail signé")


def on_behalf_then_withdrawn(stage: Stage) -> None:
    """T4 on paper; then T11a and T6: searched for the account of the commune, and taken back."""
    _send_to(stage, COMMUNE)
    _does(
        stage.bailleur,
        "recordReceived",
        "RecordReceivedInput",
        orientationId=stage.found["last"],
        isAccepted=False,
        receivedOn="2026-07-07",
        channel="paper",
        person="Le maire",
    )
    _state(stage, "refused", "refus reçu sur papier, état")
    mails.wait_for_mail(stage, COMMUNE, "Réponse enregistrée par le bailleur")
    _send_to(stage, COMMUNE)
    offer_id = stage.found["last"]
    stage.commune.ask(ACCEPT, input={"orientationId": offer_id})
    _does(stage.commune, "renounceOrientation", "RenounceOrientationInput", orientationId=offer_id)
    _does(stage.bailleur, "searchOnBehalf", FOLLOW, orientationId=offer_id)
    _state(stage, "searching", "recherche pour le compte de la commune, état")
    mails.told(stage, offer_id, (COMMUNE, "Recherche par le bailleur"))
    command = {"orientationId": offer_id, "reason": "Travaux imprévus."}
    _does(stage.bailleur, "withdrawOrientation", "WithdrawOrientationInput", **command)
    _state(stage, "withdrawn", "offre retirée, état")
    mails.wait_for_mail(stage, COMMUNE, "Offre retirée")
