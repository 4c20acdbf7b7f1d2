from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from server.demo.scenario import command, launch, main
from server.demo.scenario.browser import Answer, Browser
from server.demo.scenario.forms import Page
from server.demo.scenario.report import NotAsAgreed, Report, squeezed

HTML = """
<html><head><title>Une page</title><style>p { color: red }</style></head><body>
<a href="/orientations/12">Ouvrir <b>l'offre</b></a>
<p>29,63&nbsp;% &amp; 5&#8239;%</p>
<form method="get" action="/chercher"><input name="q" value="a b"></form>
<form method="post" action="/a/accepter" id="f">
<input type="hidden" name="version" value="3"><input type="checkbox" name="sur" value="1">
<input type="radio" name="choix" value="x"><input type="radio" name="choix" value="y" checked>
<input name="ferme" value="z" disabled>
<textarea name="motif">Un
texte</textarea>
<select name="vide"><option value="">Choisir<option value="p" selected>Le  premier</select>
<select name="sans"><option value="1">un</option><option value="2">deux</option></select>
<button name="acte" value="oui">Envoyer</button>
</form>
<input form="f" name="dehors" value="adopté">
<script>document.write("<a href='/piege'>")</script>
</body></html>
"""


def test_a_page_gives_what_a_browser_would_send() -> None:
    page = Page(HTML)
    form = page.form("/accepter")
    assert form is not None
    assert form.values == [
        ("version", "3"),
        ("choix", "y"),
        ("motif", "Un\ntexte"),
        ("vide", "p"),
        ("sans", "1"),
        ("dehors", "adopté"),
    ]
    assert form.choices["vide"] == [("", "Choisir"), ("p", "Le premier")]
    assert form.names >= {"sur", "acte", "version"}
    assert "ferme" not in form.names
    assert page.form("/accepter", method="get") is None
    assert page.form("/chercher", method="get") is not None


def test_a_page_gives_its_words_and_its_links() -> None:
    page = Page(HTML)
    assert page.title == "Une page"
    assert "29,63 % & 5 %" in squeezed(page.text)
    assert "color" not in page.text
    assert [(link.href, link.text) for link in page.links] == [
        ("/orientations/12", "Ouvrir l'offre")
    ]


def test_a_false_fact_stops_the_scenario(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report(tmp_path)
    report.equal([1, True], [1, True], "deux valeurs")
    report.says("Jusqu'au mardi\u00a05 mai", "mardi 5 mai")
    with pytest.raises(NotAsAgreed, match=r"attendu 20\.72, trouvé 20\.71"):
        report.equal("20.71", "20.72", "part du bailleur")
    with pytest.raises(NotAsAgreed, match="lundi"):
        report.says("mardi", "lundi")
    with pytest.raises(NotAsAgreed):
        report.true(None, "le ciel est vert")
    assert "✓ deux valeurs : 1, oui" in capsys.readouterr().out
    assert report.proofs == 2


def test_a_form_without_the_field_stops_the_scenario() -> None:
    with Browser("http://127.0.0.1:1", "Alice") as browser:
        form = Page(HTML).form("/accepter")
        assert form is not None

        class Nowhere(Answer):
            def __init__(self) -> None:
                self.status = 200

            path = "/a"

        with pytest.raises(NotAsAgreed, match="n'a pas de champ nouveau"):
            browser.submit(Nowhere(), form, {"nouveau": "1"})


def test_the_directory_may_be_read_at_another_address(tmp_path: Path) -> None:
    file = tmp_path / "demo.json"
    people = [
        {
            "name": "Alice Démo",
            "organisme": "Haute-Savoie Habitat",
            "role": "responsable",
            "login": "http://127.0.0.1:8074/demo/entrer/alice",
        }
    ]
    url = "http://127.0.0.1:8074"
    content = {"url": url, "graphql": f"{url}/graphql", "people": people, "tokens": {"A": "b"}}
    file.write_text(json.dumps(content))
    directory = launch.read_directory(file, "http://ailleurs.invalid/")
    assert directory.graphql == "http://ailleurs.invalid/graphql"
    assert directory.person("Haute-Savoie Habitat", "responsable").login == (
        "http://ailleurs.invalid/demo/entrer/alice"
    )
    with pytest.raises(NotAsAgreed, match="personne"):
        directory.person("Haute-Savoie Habitat", "agent")


def test_a_free_port_has_a_free_neighbour() -> None:
    port = launch.free_port()
    for number in (port, port + 1):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", number))


def test_nobody_at_the_address_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--url", "http://127.0.0.1:1", "--fichier", str(tmp_path / "demo.json")]
    assert main([*options, "--dossier", str(tmp_path / "pieces")]) == 1
    assert "Aucune démonstration" in capsys.readouterr().err


def test_the_steps_of_the_cycle_are_all_there() -> None:
    titles = [title for title, _ in command.STEPS]
    assert len(set(titles)) == len(titles) >= 20
