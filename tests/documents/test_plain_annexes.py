"""`portail annexe FILE`: a signed annexe computed again from a plain file, without any database."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cli import main
from server.documents.plain_annexes import as_json, computed
from server.errors import Invalid

REAL: dict[str, Any] = {
    "communes": [
        {"insee": "74104", "name": "Doussard", "total": 54, "exclusions": {"plan_vente": 0}},
        {"insee": "74123", "name": "Faverges", "total": 586, "exclusions": {"plan_vente": 33}},
    ],
    "lines": [
        {"reservataire": "Action Logement", "contingent": None, "perimeter": ["*"], "droits": 31},
        {"reservataire": "Commune de Doussard", "perimeter": ["74104"], "droits": 16},
        {"reservataire": "Commune de Faverges", "perimeter": ["74123"], "droits": 143},
        {"reservataire": "Conseil départemental", "perimeter": ["74104"], "droits": 8},
        {
            "reservataire": "État",
            "contingent": "fonctionnaires",
            "perimeter": ["*"],
            "rate": "5.00",
        },
        {"reservataire": "État", "contingent": "rs", "perimeter": ["*"], "rate": "25.00"},
    ],
    "droits_uniques": [],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The real annexe with one value changed: `lines.0.droits`."""
    content: Any = deepcopy(REAL)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place = content
    for step in steps:
        place = place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return dict(content)


def command(tmp_path: Path, content: Any, *options: str) -> int:
    path = tmp_path / "annexe.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return main(["annexe", str(path), *options])


def test_the_real_annexe_to_the_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Haute-Savoie Habitat, CC des Sources du Lac: rates over A, shares left by signed rates."""
    assert command(tmp_path, REAL, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["communes"] == [
        {"insee": "74104", "total": 54, "excluded": 0, "flux": 54, "bailleur_share": "20.72"},
        {"insee": "74123", "total": 586, "excluded": 33, "flux": 553, "bailleur_share": "40.76"},
    ]
    assert found["total"] == {"total": 640, "excluded": 33, "flux": 607}
    assert [(one["droits"], one["denominator"], one["rate"]) for one in found["lines"]] == [
        *((31, 640, "4.84"), (16, 54, "29.63"), (143, 586, "24.40")),
        *((8, 54, "14.81"), (32, 640, "5.00"), (160, 640, "25.00")),
    ]
    assert [one["contingent"] for one in found["lines"]][3:] == [None, "fonctionnaires", "rs"]
    assert (found["total_droits"], found["warnings"]) == (390, [])


def test_a_field_that_is_not_read_is_told() -> None:
    """A misspelt « exclusions » would otherwise change C in silence."""
    content = changed("communes.1.exclusion", {"plan_vente": 33}) | {"epci": "Sources du Lac"}
    warnings = as_json(computed(json.dumps(content)))["warnings"]
    assert [(one["code"], one["message"].split(" : ")[0]) for one in warnings] == [
        ("field_unknown", "epci"),
        ("field_unknown", "communes[1].exclusion"),
    ]


def test_a_person_reads_tables_in_french(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path, REAL) == 0
    printed = capsys.readouterr().out
    assert "29,63\N{NO-BREAK SPACE}%" in printed
    assert "40,76\N{NO-BREAK SPACE}%" in printed
    assert "103,68" not in printed


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("lines.5.rate", "25.01", "state_over_ceiling"),
        ("lines.4.rate", "5.01", "fonctionnaires_over_ceiling"),
        ("lines.2.origin", "garantie", "guarantee_over_ceiling"),
    ],
)
def test_ceilings_are_warnings_in_a_file(path: str, value: str, code: str) -> None:
    """R441-5-2, R441-5-4: they block publication where the law does, never a computation."""
    warnings = as_json(computed(json.dumps(changed(path, value))))["warnings"]
    assert code in [warning["code"] for warning in warnings]


@pytest.mark.parametrize(
    ("path", "value", "place", "code"),
    [
        ("communes", [], "communes", "field_invalid"),
        ("communes", KeyError, "communes", "field_missing"),
        ("lines", KeyError, "lines", "field_missing"),
        ("communes.0", 54, "communes[0]", "field_invalid"),
        ("communes.0.insee", 74104, "communes[0].insee", "field_invalid"),
        ("communes.0.insee", "7410", "communes[0].insee", "field_invalid"),
        ("communes.1.insee", "74104", "communes[0].insee", "commune_duplicated"),
        ("communes.0.name", "", "communes[0].name", "field_invalid"),
        ("communes.0.total", "54", "communes[0].total", "field_invalid"),
        ("communes.0.total", -1, "communes[0].total", "field_invalid"),
        ("communes.0.total", 54.5, "communes[0].total", "field_invalid"),
        ("communes.0.total", True, "communes[0].total", "field_invalid"),
        ("communes.0.exclusions", [], "communes[0].exclusions", "field_invalid"),
        ("communes.0.exclusions", {"vente": 1}, "communes[0].exclusions.vente",
         "exclusion_unknown"),
        ("communes.0.exclusions", {"sante": 30, "demolition": 25}, "communes[0]",
         "exclusions_exceed_total"),
        ("lines.0.reservataire", None, "lines[0].reservataire", "field_missing"),
        ("lines.0.contingent", "prefet", "lines[0].contingent", "contingent_unknown"),
        ("lines.0.contingent", ["rs"], "lines[0].contingent", "contingent_unknown"),
        ("lines.0.perimeter", [], "lines[0].perimeter", "perimeter_empty"),
        ("lines.0.perimeter", "74104", "lines[0].perimeter", "field_invalid"),
        ("lines.0.perimeter", ["74999"], "lines[0].perimeter", "perimeter_unknown"),
        ("lines.0.droits", KeyError, "lines[0]", "droits_or_rate"),
        ("lines.5.droits", 160, "lines[5]", "droits_or_rate"),
        ("lines.0.droits", "31", "lines[0].droits", "field_invalid"),
        ("lines.0.droits", 31.005, "lines[0].droits", "field_invalid"),
        ("lines.0.droits", -1, "lines[0].droits", "field_invalid"),
        ("lines.0.origin", "don", "lines[0].origin", "origin_unknown"),
        ("lines.5.rate", "25,00", "lines[5].rate", "field_invalid"),
        ("lines.5.rate", "100.01", "lines[5].rate", "field_invalid"),
        ("lines.5.contingent", "fonctionnaires", "lines[4]", "line_duplicated"),
        ("lines.1.droits", 55, "lines[1]", "rate_over_whole"),
        ("lines.1.droits", 40, "communes[0]", "sum_over_whole"),
        ("communes.0.total", 0, "lines[1]", "perimeter_without_dwellings"),
        ("droits_uniques", [{"reservataire": "X", "programme": "Y", "remaining": -2}],
         "droits_uniques[0].remaining", "field_invalid"),
        ("droits_uniques", ["X"], "droits_uniques[0]", "field_invalid"),
        ("droits_uniques", {}, "droits_uniques", "field_invalid"),
        ("communes.0.total", KeyError, "communes[0].total", "field_missing"),
        ("communes.0.exclusions", {"a\nb": 1}, "communes[0].exclusions.a b", "exclusion_unknown"),
        ("lines.0.droits", float("nan"), "lines[0].droits", "field_invalid"),
        ("lines.0.reservataire", "\ud800", "lines[0].reservataire", "field_invalid"),
        ("lines.0.perimeter", ["*", "74999"], "lines[0].perimeter", "perimeter_unknown"),
        ("lines.0.perimeter", ["\ud800"], "lines[0].perimeter", "perimeter_unknown"),
        ("lines.0.perimeter", None, "lines[0].perimeter", "field_missing"),
        ("lines.5.rate", "25.005", "lines[5].rate", "field_invalid"),
        ("lines.5.rate", "\u0662\u0665", "lines[5].rate", "field_invalid"),
    ],
)  # fmt: skip
def test_a_fault_says_its_place(
    path: str,
    value: Any,
    place: str,
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 2, one French line per fault, and nothing that could be taken for a result."""
    with pytest.raises(Invalid) as refusal:
        computed(json.dumps(changed(path, value)))
    assert code in [motif.code for motif in refusal.value.motifs]
    assert command(tmp_path, changed(path, value), "--json") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert len(lines) == len(refusal.value.motifs)
    assert any(line.startswith(f"{place} : ") for line in lines)


def test_one_fault_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A perimeter that is no list is told once, not also as an empty one."""
    assert command(tmp_path, changed("lines.1.perimeter", [74104])) == 2
    assert capsys.readouterr().err.splitlines() == [
        'lines[1].perimeter : attendu : une liste de codes INSEE entre guillemets, ou ["*"].'
    ]


@pytest.mark.parametrize("text", ["[]", "null", '"annexe"', "3"])
def test_what_is_no_object_is_told_once(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tmp_path, text) == 2
    assert capsys.readouterr().err.splitlines() == [
        "fichier : attendu : un objet, avec « communes » et « lines »."
    ]


def test_a_field_written_twice_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(REAL).replace('"total": 586', '"total": 586, "total": 568')
    assert command(tmp_path, text) == 2
    assert capsys.readouterr().err.splitlines() == [
        "communes[1].total : ce champ est écrit deux fois."
    ]


def test_a_number_of_thousands_of_digits_is_told_in_french(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(REAL).replace('"droits": 143', f'"droits": {"9" * 5_000}')
    assert command(tmp_path, text) == 2
    assert capsys.readouterr().err.splitlines() == [
        "lines[2].droits : attendu : un nombre, zéro ou plus, avec deux décimales au plus."
    ]


def test_a_text_on_two_lines_stays_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = changed("lines.1.reservataire", "Commune\nde Doussard") | {"droits_uniques": []}
    content["lines"][1]["droits"] = 55
    assert command(tmp_path, content) == 2
    assert all(line.startswith(("lines[", "communes[")) for line in
               capsys.readouterr().err.splitlines())  # fmt: skip


def test_a_file_that_is_not_utf8_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "annexe.json"
    path.write_bytes(json.dumps(REAL, ensure_ascii=False).encode("cp1252"))
    assert main(["annexe", str(path)]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_a_commune_over_the_whole_is_told_with_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file of an office that gives away more than 100 % of Doussard: place, commune, sum."""
    assert command(tmp_path, changed("lines.1.droits", 40), "--json") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "communes[0] : Doussard : la somme des taux est de 123,72\u00a0%, plus de 100 %."
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"communes": NaN}', '{"lines": [], "lines": []}', "[" * 100_000],
)
def test_what_is_no_annexe_is_refused(text: str, tmp_path: Path) -> None:
    assert command(tmp_path, text) == 2


def test_a_missing_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["annexe", str(tmp_path / "absente.json")]) == 2
    assert "introuvable" in capsys.readouterr().err


def test_state_droits_stay_decimal() -> None:
    """Q3: 25 % of 607 is 151.75 droits; the rate stays 25.00."""
    content = {
        "communes": [{"insee": "74123", "name": "Faverges", "total": 607}],
        "lines": [{"reservataire": "État", "contingent": "rs", "perimeter": ["*"], "rate": 25}],
    }
    (line,) = as_json(computed(json.dumps(content)))["lines"]
    assert (line["droits"], line["denominator"], line["rate"]) == (151.75, 607, "25.00")


@given(
    total=st.integers(1, 5_000),
    shares=st.lists(st.integers(0, 5_000), max_size=4),
    excluded=st.integers(0, 5_000),
)
def test_what_is_answered_adds_up(total: int, shares: list[int], excluded: int) -> None:
    """Σ B = excluded, C = A - B, and the signed rates with the share make 100 %, or a refusal."""
    content = {
        "communes": [
            {"insee": "74104", "name": "D", "total": total, "exclusions": {"sante": excluded}}
        ],
        "lines": [
            {"reservataire": f"R{index}", "perimeter": ["74104"], "droits": droits}
            for index, droits in enumerate(shares)
        ],
    }
    try:
        found = as_json(computed(json.dumps(content)))
    except Invalid:
        rates = [(2 * 10_000 * droits + total) // (2 * total) for droits in shares]
        assert sum(rates) > 10_000 or excluded > total
        return
    (commune,) = found["communes"]
    assert commune["flux"] == total - excluded
    cents = [int(one["rate"].replace(".", "")) for one in found["lines"]]
    assert sum(cents) + int(commune["bailleur_share"].replace(".", "")) == 10_000
