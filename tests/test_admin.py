"""`portail admin`: the operator's commands, from the words typed to what the base holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from server.cli import main
from tests.operations.play import Play
from tests.worlds import Stage

CREATE = (
    "create-tenant", "--name", "CC du Pays Rochois", "--category", "epci", "--siren",
    "247 400 112", "--capacity", "epci", "--capacity", "reservataire",
    "--mailbox", "habitat@pays-rochois.invalid", "--mailbox", "epci=bilans@pays-rochois.invalid",
)  # fmt: skip


class Terminal:
    """The command as typed on the server, with its environment."""

    def __init__(self, play: Play, capture: pytest.CaptureFixture[str]) -> None:
        self.play = play
        self._capture = capture

    def types(self, *words: str) -> tuple[int, str, str]:
        status = main(["admin", *words])
        output = self._capture.readouterr()
        return status, output.out, output.err

    def says(self, *words: str) -> str:
        status, out, err = self.types(*words)
        assert status == 0, err
        return out

    def is_refused(self, *words: str) -> str:
        """With a sentence, status 2, and nothing written."""
        before = self.play.dump()
        status, out, err = self.types(*words)
        assert (status, out) == (2, "")
        assert self.play.dump() == before
        return err


@pytest.fixture
def terminal(
    world: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    monkeypatch.setenv("MIGRATE_DATABASE_URL", world.database.migrate_dsn)
    monkeypatch.setenv("DATABASE_URL", world.database.app_dsn)
    monkeypatch.setenv("PUBLIC_URL", "https://portail.invalid/")
    play = Play(world)
    yield Terminal(play, capsys)
    play.close()


def test_an_organisme_and_its_first_responsable(terminal: Terminal) -> None:
    """All that a new department needs, without a developer nor an identity invented."""
    assert "cc-du-pays-rochois" in terminal.says(*CREATE)
    out = terminal.says(
        "invite", "--tenant", "cc-du-pays-rochois", "--capacity", "epci", "--name", "Paul Épure"
    )
    link = out.splitlines()[0]
    assert link.startswith("https://portail.invalid/invitation")
    assert "une seule fois" in out
    assert terminal.play.rows(
        "select m.capacity, m.address from tenant_mailboxes m join tenants t on t.id = m.tenant_id"
        " where t.slug = 'cc-du-pays-rochois' order by 1"
    ) == [
        ("epci", "bilans@pays-rochois.invalid"),
        ("reservataire", "habitat@pays-rochois.invalid"),
    ]
    assert terminal.play.rows("select role, name from invitations") == [
        ("responsable", "Paul Épure")
    ]
    assert terminal.play.scalar("select count(*) from persons where name = 'Paul Épure'") == 0


def test_what_is_wrong_is_said_in_french(terminal: Terminal) -> None:
    words = [word if word != "247 400 112" else "247400113" for word in CREATE]
    assert "clé de Luhn" in terminal.is_refused(*words)
    assert "n'agit pas comme bailleur" in terminal.is_refused(
        "invite", "--tenant", "doussard", "--capacity", "bailleur", "--name", "X"
    )
    assert "portail admin list" in terminal.is_refused(
        "rename", "--tenant", "nulle-part", "--name", "X", "--from", "2027-01-01"
    )


def test_a_word_that_is_not_understood_is_refused(terminal: Terminal) -> None:
    with pytest.raises(SystemExit) as caught:
        terminal.types("rename", "--tenant", "doussard", "--name", "X", "--from", "demain")
    assert caught.value.code == 2


def test_the_list_says_who_is_there(terminal: Terminal) -> None:
    found = json.loads(terminal.says("list", "--json"))
    organismes: dict[str, Any] = {one["slug"]: one for one in found}
    assert organismes["prefecture"]["capacities"] == ["prefecture", "reservataire"]
    assert organismes["doussard"]["insee"] == "74104"
    assert "Commune de Doussard" in terminal.says("list")


def test_renamed_then_merged(terminal: Terminal) -> None:
    terminal.says(
        "rename", "--tenant", "doussard", "--name", "Doussard-Lac", "--from", "2026-01-01"
    )
    terminal.says(
        "merge", "--from", "doussard", "--into", "faverges-seythenex", "--on", "2026-01-01"
    )
    found = {one["slug"]: one for one in json.loads(terminal.says("list", "--json"))}
    assert found["doussard"]["name"] == "Doussard-Lac"
    assert found["doussard"]["absorbed_into"] == "Commune de Faverges-Seythenex"
    assert "déjà enregistrée" in terminal.is_refused(
        "merge", "--from", "doussard", "--into", "publier", "--on", "2026-01-01"
    )


def test_the_substitution_is_the_prefecture_s_own_act(terminal: Terminal) -> None:
    """Same checks, journal and notifications as on its page."""
    words = ("substitute", "--tenant", "doussard", "--decree", "n° 2026-1", "--from", "2026-11-01")
    assert "sont prévenus" in terminal.says(*words)
    assert terminal.play.rows(
        "select t.slug, j.person_name from journal j join tenants t on t.id = j.actor_tenant_id"
        " where act = 'substitution.declared' group by 1, 2"
    ) == [("prefecture", "Opérateur du portail")]
    assert "déjà substituée" in terminal.is_refused(*words)
    other = ["action-logement" if word == "doussard" else word for word in words]
    assert "ne vise qu'une commune" in terminal.is_refused(*other)


def test_an_address_that_lacks_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MIGRATE_DATABASE_URL", raising=False)
    assert main(["admin", "list"]) == 2
    assert "MIGRATE_DATABASE_URL" in capsys.readouterr().err
