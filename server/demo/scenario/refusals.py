"""What is malformed, or belongs to somebody else: refused in French, nothing changed."""

from __future__ import annotations

from server.demo.scenario.offers import ACCEPT, ORIENTATION, SEND, read
from server.demo.scenario.players import Stage

NOBODY_S = "0190a0a0-0000-7000-8000-000000000000"
BAD_CURSOR = 'query { orientations(after: "pas-un-curseur") { edges { cursor } } }'
HTTP_BAD = 400
HTTP_FORBIDDEN = 403
HTTP_ABSENT = 404


def strangers_see_nothing(stage: Stage) -> None:
    """The identifier of another tenant looks absent, in the very same words."""
    report, orientation_id = stage.report, stage.found["orientation"]
    theirs = stage.other.refused(ORIENTATION, id=orientation_id)
    nobody_s = stage.other.refused(ORIENTATION, id=NOBODY_S)
    report.equal(theirs, nobody_s, "un autre bailleur ne distingue pas cette offre d'une absente")
    before = read(stage.bailleur, orientation_id)["version"]
    errors = stage.state.refused(ACCEPT, input={"orientationId": orientation_id})
    report.equal(errors[0]["code"], "not_found", "l'État ne peut pas répondre pour la commune")
    command = {"vacancyId": stage.found["vacancy"], "reservataireId": NOBODY_S}
    errors = stage.other.refused(SEND, input=command)
    report.equal(errors[0]["code"], "not_found", "ni un bailleur offrir le logement d'un autre")
    after = read(stage.bailleur, orientation_id)["version"]
    report.equal(after, before, "rien n'a changé, version de l'offre")
    closed = [
        stage.farid.raw(f"/orientations/{one}").status_code for one in (orientation_id, NOBODY_S)
    ]
    report.equal(
        closed, [HTTP_FORBIDDEN] * 2, "l'EPCI, qui n'est pas partie, n'entre pas, réponses"
    )
    absent = [
        stage.estelle.raw(f"/liberations/{one}").status_code
        for one in (stage.found["vacancy"], NOBODY_S)
    ]
    report.equal(
        absent[0], absent[1], "la préfecture ne distingue pas une libération d'une absente"
    )


def malformed_is_refused(stage: Stage) -> None:
    report = stage.report
    answer = stage.bailleur.post_raw(b'{"query": ')
    report.equal(answer.status_code, HTTP_BAD, "JSON illisible, réponse")
    report.says(answer.text, "JSON")
    errors = stage.bailleur.refused(BAD_CURSOR)
    report.equal(errors[0]["code"], "cursor_invalid", "curseur inventé")
    absent = stage.alice.raw("/orientations/pas-un-identifiant")
    report.equal(absent.status_code, HTTP_ABSENT, "adresse qui n'est pas un identifiant, réponse")
