"""The commission: planned with its invitations, its decision, the lease."""

from __future__ import annotations

from server.demo.scenario import mails
from server.demo.scenario.browser import required, wait_for
from server.demo.scenario.offers import read
from server.demo.scenario.players import BAILLEUR, COMMUNE, PREFECTURE, Stage, identifier_in
from server.demo.scenario.report import NotAsAgreed

SESSION_DAY, SESSION_HOUR = "2026-05-12", "14:00"
SESSION_TEXT = "mardi 12 mai 2026"
PLACE = "Siège du bailleur, salle des commissions"
LEASE_DAY = "2026-05-28"
RECORD = """
mutation ($input: RecordDecisionInput!) {
  recordDecision(input: $input) { orientation { id } errors { code field message } }
}
"""
SESSION = """
query ($id: UUID!) {
  caleolSession(id: $id) {
    state itemCount invitations { tenantName capacity } items { decisions { outcome rank } }
  }
}
"""


def plan(stage: Stage) -> None:
    """The orientation goes on the agenda by the page; those concerned are invited."""
    orientation_id = stage.found["orientation"]
    blank = stage.alice.get("/caleol/nouvelle")
    form = required(blank.page.form("/caleol/nouvelle"), "programmer une séance", blank)
    changes = {
        "date": SESSION_DAY,
        "heure": SESSION_HOUR,
        "lieu": PLACE,
        "orientation": orientation_id,
    }
    planned = stage.alice.submit(blank, form, changes)
    stage.found["session"] = identifier_in(planned)
    stage.report.says(planned.text, SESSION_TEXT, PLACE)
    session = stage.bailleur.ask(SESSION, id=stage.found["session"])["caleolSession"]
    invited = {(one["tenantName"], one["capacity"]) for one in session["invitations"]}
    expected = {
        (COMMUNE, "reservataire"),
        (PREFECTURE, "prefecture"),
    }
    stage.report.true(expected <= invited, "le réservataire et le préfet sont invités (R441-9)")
    seen = stage.chloe.get(f"/caleol/{stage.found['session']}")
    stage.report.says(seen.text, SESSION_TEXT, PLACE)


def read_invitation(stage: Stage) -> None:
    report = stage.report
    mail = mails.wait_for_mail(stage, COMMUNE, "CALEOL", SESSION_TEXT, PLACE)
    report.says(mail.text, COMMUNE, SESSION_TEXT, PLACE)
    report.true(not mails.NUD.search(mail.text), "le courriel ne contient aucun NUD")
    link = mail.page.link("invitation.ics")
    if link is None:
        raise NotAsAgreed("Le courriel d'invitation n'a pas d'agenda.")
    sent = stage.alice.raw(link.href)
    report.keep("invitation-caleol.ics", sent.content)
    downloaded = stage.chloe.raw(f"/caleol/{stage.found['session']}/invitation.ics")
    event = _event(sent.text)
    report.true("METHOD:REQUEST" in sent.text, "l'agenda joint est une invitation (METHOD:REQUEST)")
    report.equal(event["DTSTART"], "20260512T140000", "début de la séance dans l'agenda")
    report.equal(_event(downloaded.text)["UID"], event["UID"], "même rendez-vous sur la page, UID")
    report.true(not mails.NUD.search(sent.text), "l'agenda ne contient aucun NUD")


def _event(text: str) -> dict[str, str]:
    """The properties of the event, without their parameters; long lines unfolded (RFC 5545)."""
    body = text.replace("\r\n ", "").partition("BEGIN:VEVENT")[2]
    pairs = (line.partition(":") for line in body.splitlines() if ":" in line)
    return {name.partition(";")[0]: value for name, _, value in pairs}


def too_early(stage: Stage) -> None:
    """No decision before the candidates are presented, none before the day of the session."""
    nobody = {"candidateId": stage.found["candidates"][0], "outcome": "attribution"}
    for name, code in (
        ("silent", "decision_before_presentation"),
        ("orientation", "decision_before_session"),
    ):
        decisions = (
            [nobody]
            if name == "silent"
            else [
                {"candidateId": one, "outcome": "attribution_rank", "rank": rank}
                for rank, one in enumerate(stage.found["candidates"], start=1)
            ]
        )
        command = {
            "sessionId": stage.found["session"],
            "orientationId": stage.found[name],
            "decisions": decisions,
        }
        errors = stage.bailleur.refused(RECORD, input=command)
        stage.report.equal(errors[0]["code"], code, f"refusé, « {errors[0]['message']} »")


def decide(stage: Stage) -> None:
    """Rank 1, rank 2, and a refusal that must be given its reason (L441-2-2)."""
    stage.set_clock("2026-05-12T16:30")
    page = stage.alice.get(f"/caleol/{stage.found['session']}")
    form = required(page.page.form("/decisions"), "enregistrer la décision", page)
    changes = {
        "decisions.0.outcome": "attribution_rank",
        "decisions.0.rank": "1",
        "decisions.1.outcome": "attribution_rank",
        "decisions.1.rank": "2",
        "decisions.2.outcome": "not_attributed",
        "confirme": "1",
    }
    refused = stage.alice.submit(page, form, changes, status=422)
    stage.report.says(refused.text, "L441-2-2")
    form = required(refused.page.form("/decisions"), "corriger la décision", refused)
    complete = {**changes, "decisions.2.reason": "household_size"}
    decided = stage.alice.submit(refused, form, complete)
    stage.report.says(decided.text, "attribué")
    offer = read(stage.commune, stage.found["orientation"])
    stage.report.equal(offer["state"], "attributed", "après la CALEOL, état de l'offre")
    session = stage.bailleur.ask(SESSION, id=stage.found["session"])["caleolSession"]
    stage.report.equal(session["state"], "held", "séance")
    mails.told(stage, stage.found["orientation"], (COMMUNE, "Décision de la CALEOL"))


def sign_lease(stage: Stage) -> None:
    stage.set_clock(f"{LEASE_DAY}T10:00")
    page = stage.alice.get(f"/orientations/{stage.found['orientation']}")
    form = required(page.page.form("/bail"), "enregistrer le bail", page)
    stage.alice.submit(page, form, {"signe_le": "2026-05-30"}, status=409)
    stage.report.proved("un bail daté d'un jour à venir est refusé")
    stage.alice.submit(page, form, {"signe_le": LEASE_DAY})
    offer = read(stage.commune, stage.found["orientation"])
    stage.report.equal(offer["state"], "leased", "bail signé, état de l'offre")
    acts = [one["act"] for one in offer["timeline"]]
    expected = ["orientation.lease", "orientation.decide", "orientation.plan",
                "orientation.complete", "orientation.accept", "orientation.sent"]  # fmt: skip
    found = [act for act in acts if act in expected]
    stage.report.equal(found, expected, f"journal du logement, lu par la commune chez {BAILLEUR}")
    mails.told(stage, stage.found["orientation"], (COMMUNE, "Bail signé"))


def nobody_presented(stage: Stage) -> None:
    """The accepted-by-silence offer gets no candidate: the bailleur chooses what follows."""
    stage.set_clock("2026-05-29T23:58")
    before = read(stage.bailleur, stage.found["silent"])
    stage.report.equal(before["effectiveState"], "searching", "vendredi 29 mai à 23 h 58, état")
    stage.set_clock("2026-05-30T00:01")
    after = read(stage.bailleur, stage.found["silent"])
    stage.report.equal(after["effectiveState"], "no_candidate", "samedi 30 mai à 0 h 01, état")
    wait_for(
        "la fin de la recherche enregistrée",
        lambda: read(stage.bailleur, stage.found["silent"])["state"] == "no_candidate",
    )
    ended = "Délai terminé, aucun candidat"
    mails.told(stage, stage.found["silent"], (BAILLEUR, ended), (COMMUNE, ended))
