"""A convention in the browser: prepared, voted, signed, amended, its papers (art. 8; §10)."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest

from server.domain.convention_steps import ConventionStep
from server.operations import conventions
from server.operations.conventions import MakeStep
from tests.operations.play import DOUSSARD, HSH, Play
from tests.pages.browsers import Site
from tests.pages.reading import actions, refused, statuses, words

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
EPCI = "247400773"


def typed(play: Play, **changed: str) -> dict[str, str]:
    return {
        "reservataire": str(play.tenant("doussard")),
        "communes": DOUSSARD,
        "depart": "fixed",
        "debut": "2026-11-23",
        "adresse": "logement@doussard.invalid",
        "reponse": "2",
        "presentation": "15",
        "soustraction": "7,5",
        "indicateur": "oriented",
        "gestion": "direct",
        "fermetures": "counted",
        "charte": "Version du 19 avril 2023",
        "modele": "Convention bilatérale",
        **changed,
    }


async def prepared(site: Site, play: Play, **changed: str) -> str:
    async with site.browser("alice") as client:
        sent = await client.post("/conventions", data=typed(play, **changed))
        assert sent.status_code == 303, words(sent)
        return str(sent.headers["location"])


def running(play: Play) -> UUID:
    found: UUID = play.scalar(
        "select id from conventions where bailleur_id = %s and reservataire_id = %s",
        play.tenant(HSH),
        play.tenant("doussard"),
    )
    return found


# --- Preparing --------------------------------------------------------------------------------


async def test_a_bailleur_prepares_a_convention(site: Site, play: Play) -> None:
    here = await prepared(site, play)
    async with site.browser("alice") as client:
        page = words(await client.get(here))
        assert "Projet" in page
        assert "7,50 % au plus" in page
        assert "À venir" in page
    async with site.browser("chloe") as client:
        theirs = words(await client.get(here))
        assert "Enregistrer la délibération" in theirs
        assert "Modifier le projet" not in theirs


@pytest.mark.parametrize(
    ("changed", "count"),
    [({"epcis": EPCI}, 7), ({"departement": "1"}, None), ({"communes": "74104"}, 1)],
)
async def test_a_perimeter_has_several_scales(
    site: Site, play: Play, changed: dict[str, str], count: int | None
) -> None:
    """Domain §2.4: a commune, an EPCI, the département."""
    here = await prepared(site, play, **changed)
    found = play.scalar(
        "select count(*) from convention_communes where convention_id = %s", UUID(here[-36:])
    )
    assert found == (count or play.scalar("select count(*) from communes"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reservataire": "x"}, "Choisissez le réservataire."),
        ({"communes": ""}, "Cochez au moins une commune"),
        ({"debut": "demain"}, "Indiquez une date"),
        ({"reponse": "deux"}, "nombre entier"),
        ({"reponse": "61"}, "de 1 à 60"),
        ({"soustraction": "dix"}, "Indiquez un taux"),
        ({"adresse": "doussard"}, "adresse électronique"),
        ({"gestion": ""}, "Choisissez : mode de gestion"),
    ],
)
async def test_a_bad_project_is_said_and_kept(
    site: Site, play: Play, changed: dict[str, str], says: str
) -> None:
    fields = {name: text for name, text in typed(play, **changed).items() if text}
    answer = await refused(site, play, "alice", "/conventions", fields, status=422, says=says)
    assert "Convention bilatérale" in answer.text


async def test_a_project_is_modified_with_its_version(site: Site, play: Play) -> None:
    here = await prepared(site, play)
    async with site.browser("alice") as client:
        form = await client.get(f"{here}/modifier")
        assert "logement@doussard.invalid" in form.text
        fields = typed(play) | {"version": "1", "reponse": "4"}
        done = await client.post(f"{here}/modifier", data=fields)
        assert done.status_code == 303
        assert "4 jours ouvrés" in words(await client.get(here))
        again = await client.post(f"{here}/modifier", data=fields)
        assert again.status_code == 409
        assert "a changé entre-temps" in words(again)


# --- The steps --------------------------------------------------------------------------------


async def test_a_step_is_typed_checked_then_made(site: Site, play: Play) -> None:
    here = await prepared(site, play)
    path = f"{here}/etapes/deliberation"
    day = play.day().isoformat()
    fields = {"jour": day, "precision": "n° 2026-45", "transmission": day, "version": "1"}
    async with site.browser("chloe") as client:
        before = play.dump()
        check = await client.get(f"{path}/verifier", params=fields)
        assert play.dump() == before
        assert "n° 2026-45" in words(check)
        assert actions(check) == [path]
        assert (await client.post(path, data=fields)).status_code == 303
        page = words(await client.get(here))
        assert "Délibérée" in page
        assert "Enregistrer notre signature" in page
        late = await client.post(path, data=fields)
        assert late.status_code == 409
        wrong = await client.get(
            f"{path}/verifier", params={**fields, "version": "2", "precision": ""}
        )
        assert wrong.status_code == 422
        assert "numéro de la délibération" in words(wrong)
        assert (await client.get(f"{here}/etapes/autre")).status_code == 404


async def test_the_check_of_the_last_signature_says_what_it_ends(site: Site, play: Play) -> None:
    here = await prepared(site, play, depart="signature")
    made, day = UUID(here[-36:]), play.day()
    vote = MakeStep(
        convention_id=made, step=ConventionStep.DELIBERATE, on=day, told="n° 1", transmitted_on=day
    )
    sign = MakeStep(convention_id=made, step=ConventionStep.SIGN, on=day, told="Maire")
    await play.does("chloe", lambda tx: conventions.make_step(tx, vote))
    await play.does("chloe", lambda tx: conventions.make_step(tx, sign))
    async with site.browser("alice") as client:
        fields = {"jour": day.isoformat(), "precision": "Directeur général"}
        check = await client.get(f"{here}/etapes/signature/verifier", params=fields)
        text = words(check)
        assert "engage à compter du 30 avril 2026" in text
        assert "Elle remplace celle qui a commencé le 23 novembre 2023" in text
        assert (await client.post(f"{here}/etapes/signature", data=fields)).status_code == 303
        assert "Remplacée" in words(await client.get(f"/conventions/{running(play)}"))


async def test_buttons_are_those_of_ones_own_steps(site: Site, play: Play) -> None:
    here = await prepared(site, play)
    for who in ("bruno", "estelle"):
        async with site.browser(who) as client:
            page = await client.get(here)
            assert [one for one in actions(page) if one.startswith(here)] == []
            assert "Enregistrer notre signature" not in words(page)
    readers = await statuses(site, "GET", here, ("denis", "karine", "farid"))
    assert set(readers.values()) == {404}


# --- Address, avenant -------------------------------------------------------------------------


async def test_an_address_left_blank_is_said_to_block(site: Site, play: Play) -> None:
    here = f"/conventions/{running(play)}"
    async with site.browser("alice") as client:
        done = await client.post(f"{here}/adresse", data={"adresse": "", "version": "1"})
        assert done.status_code == 303
        assert "ne peut envoyer aucune orientation" in words(await client.get(here))
        shared = {"adresse": "logement@faverges.invalid", "version": "2"}
        assert (await client.post(f"{here}/adresse", data=shared)).status_code == 303
        wrong = await client.post(f"{here}/adresse", data={"adresse": "x", "version": "3"})
        assert wrong.status_code == 422


async def test_an_avenant_is_checked_proposed_signed_by_both(site: Site, play: Play) -> None:
    here = f"/conventions/{running(play)}"
    fields = typed(
        play,
        cause="substantial",
        resume="Trois jours pour répondre.",
        soustraction="10",
        charte="Version non précisée par la convention",
        modele="Convention bilatérale de réservation, gestion en flux",
    ) | {"reponse": "3"}
    async with site.browser("alice") as alice, site.browser("chloe") as chloe:
        before = play.dump()
        check = await alice.post(f"{here}/avenant", data=fields)
        assert play.dump() == before
        assert "Délai de réponse (jours ouvrés) 2 3" in words(check)
        sent = await alice.post(f"{here}/avenant", data={**fields, "confirme": "1"})
        assert sent.status_code == 303
        (path,) = [one for one in actions(await chloe.get(here)) if "/avenants/" in one]
        signature = {"avenant_jour": play.day().isoformat(), "avenant_fonction": "Maire"}
        unconfirmed = await chloe.post(path, data=signature)
        assert unconfirmed.status_code == 422
        for client in (chloe, alice):
            done = await client.post(path, data={**signature, "confirme": "1"})
            assert done.status_code == 303
        page = words(await alice.get(here))
        assert "3 jours ouvrés (art. 5.3)" in page
        assert "Avenant n° 1 En vigueur" in page
        nothing = await alice.post(f"{here}/avenant", data=fields)
        assert nothing.status_code == 422
        assert "sans avenant" in words(nothing)


# --- Papers -----------------------------------------------------------------------------------


async def test_a_signed_scan_is_kept_under_a_name_of_ours(site: Site, play: Play) -> None:
    here = f"/conventions/{running(play)}"
    async with site.browser("chloe") as client:
        hostile = {"fichier": ("../../etc/passwd.pdf", PDF, "text/html")}
        sent = await client.post(f"{here}/documents", data={"nature": "convention"}, files=hostile)
        assert sent.status_code == 303
        page = await client.get(here)
        assert hashlib.sha256(PDF).hexdigest() in page.text
        assert "passwd" not in page.text
        (path,) = {one for one in page.text.split('"') if one.startswith(f"{here}/documents/")}
        file = await client.get(path)
        assert file.content == PDF
        assert file.headers["content-type"] == "application/pdf"
        assert file.headers["content-disposition"].startswith(
            'attachment; filename="convention-signee-haute-savoie-habitat-commune-de-doussard-'
        )
        for content in (b"<html>", b"", PDF + b"0" * 10485760):
            bad = {"fichier": ("a.pdf", content, "application/pdf")}
            answer = await client.post(
                f"{here}/documents", data={"nature": "convention"}, files=bad
            )
            assert answer.status_code == 422, len(content)
    strangers = await statuses(site, "GET", path, ("denis", "karine", "farid"))
    assert set(strangers.values()) == {404}


async def test_only_the_door_of_files_takes_large_bodies(site: Site) -> None:
    async with site.browser("alice") as client:
        big = {"adresse": "x" * 300_000}
        assert (await client.post("/conventions", data=big)).status_code == 413


@pytest.mark.parametrize(("suffix", "magic"), [("pdf", b"%PDF-"), ("docx", b"PK\x03\x04")])
async def test_the_papers_are_files(site: Site, play: Play, suffix: str, magic: bytes) -> None:
    async with site.browser("chloe") as client:
        for path in (f"/conventions/{running(play)}/convention", "/conventions/deliberation"):
            file = await client.get(f"{path}.{suffix}")
            assert file.status_code == 200
            assert file.content.startswith(magic)
            assert file.headers["content-disposition"].endswith(f'.{suffix}"')
        assert "Fiche pour la délibération" in words(await client.get("/conventions"))


# --- Home -------------------------------------------------------------------------------------


async def test_the_home_of_each_party_says_what_is_expected(site: Site, play: Play) -> None:
    await prepared(site, play)
    for who, says in (
        ("alice", "Enregistrer notre signature : convention avec la commune de Doussard"),
        ("chloe", "Enregistrer la délibération : convention avec Haute-Savoie Habitat"),
    ):
        async with site.browser(who) as client:
            assert says in words(await client.get("/"))


async def test_the_home_recalls_a_term_that_comes_near(site: Site, play: Play) -> None:
    """Domain Q11: from three months before; the convention is brought near its last day."""
    play.run(
        "update conventions set starts_on = %s where id = %s",
        play.day().replace(year=2023, month=6, day=1),
        running(play),
    )
    async with site.browser("chloe") as client:
        page = words(await client.get("/"))
    assert "Préparer la suite de la convention avec Haute-Savoie Habitat" in page
    assert "Dernier jour le 31 mai 2026" in page
