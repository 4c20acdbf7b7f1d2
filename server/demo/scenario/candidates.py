"""Three candidates, or one alone if DALO; what is not so is refused, and nothing changes."""

from __future__ import annotations

from typing import Any

from server.demo.scenario import mails
from server.demo.scenario.browser import required
from server.demo.scenario.offers import read
from server.demo.scenario.players import BAILLEUR, Stage

PRESENT = """
mutation ($input: PresentCandidatesInput!) {
  presentCandidates(input: $input) {
    orientation { id state candidateCount candidates { id nud position } }
    errors { code field message }
  }
}
"""


def nud(number: int) -> str:
    """A number that no household has."""
    return f"0740126{number:06d}74TST"


def _candidate(number: int, **flags: Any) -> dict[str, Any]:
    return {"nud": nud(number), "firstQuartile": "unknown", **flags}


def present_three(stage: Stage) -> None:
    orientation_id = stage.found["orientation"]
    _refuse(stage, [{"nud": "0740126"}], "nud_invalid")
    _refuse(stage, [_candidate(1), _candidate(2), _candidate(3), _candidate(4)],
            "too_many_candidates")  # fmt: skip
    _refuse(stage, [_candidate(1), _candidate(2, isDalo=True, daloOrigin="prefet")],
            "dalo_not_alone")  # fmt: skip
    stage.report.equal(
        read(stage.commune, orientation_id)["candidateCount"], 0, "candidats après ces refus"
    )
    two = [_candidate(1, criterion="k", firstQuartile="yes"), _candidate(2)]
    stage.report.equal(_present(stage, two)["state"], "searching", "avec deux candidats, état")
    _present_by_page(stage, nud(3))
    stage.report.equal(
        read(stage.commune, orientation_id)["state"],
        "candidates_complete",
        "avec trois candidats, état",
    )
    _refuse(stage, [_candidate(4)], "wrong_state")
    seen = read(stage.bailleur, orientation_id)["candidates"]
    stage.report.equal(len(seen), 3, "candidats lus par le bailleur")
    stage.found["candidates"] = [one["id"] for one in seen]
    page = stage.alice.get(f"/orientations/{orientation_id}")
    stage.report.says(page.text, nud(1), nud(2), nud(3))
    mails.told(stage, orientation_id, (BAILLEUR, "Candidats présentés"))


def _present_by_page(stage: Stage, number: str) -> None:
    """The last one is typed on the page, with the spaces that people put."""
    offer = stage.chloe.get(f"/orientations/{stage.found['orientation']}")
    form = required(offer.page.form("/candidats"), "présenter des candidats", offer)
    field = min(name for name in form.names if name.startswith("nud_"))
    refused = stage.chloe.submit(offer, form, {field: "0740126"}, status=422)
    stage.report.says(refused.text, "18 chiffres ou lettres")
    typed = f"{number[:3]} {number[3:7]} {number[7:].lower()}"
    stage.chloe.submit(offer, form, {field: typed})


def _input(stage: Stage, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    return {"orientationId": stage.found["orientation"], "candidates": candidates}


def _present(stage: Stage, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    data = stage.commune.ask(PRESENT, input=_input(stage, candidates))
    changed: dict[str, Any] = data["presentCandidates"]["orientation"]
    return changed


def _refuse(stage: Stage, candidates: list[dict[str, Any]], code: str) -> None:
    errors = stage.commune.refused(PRESENT, input=_input(stage, candidates))
    stage.report.equal(errors[0]["code"], code, f"refusé, « {errors[0]['message']} »")
