"""What is under way when the portal is walked: states which the demonstration has not.

A draft of an annexe 1 and of a convention, a signed document, a substitution to come, a file that
the portal gives back: each by the form of its page, as who may do it. Nothing of it changes the
acts that the demonstration tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import httpx2
import psycopg

from server.operations import imports, scenarios
from server.tenants.transactions import Database as App
from tests.operations.files import LINE, table
from tests.operations.play import SOURCES_DU_LAC
from tests.sites import Site, run_apart

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def begin(site: Site) -> None:
    with site.visitor("alice") as client:
        _send(client, "/annexes/preparer", _annexe())
        _send(client, "/conventions", _convention(site))
        signed = site.world.conventions["haute-savoie-habitat", "doussard"]
        file = {"fichier": ("convention.pdf", PDF, "application/pdf")}
        _send(client, f"/conventions/{signed}/documents", {"nature": "convention"}, files=file)
        wrong = table(LINE.format(number=1).replace("T3", "trois"))
        given = _send(client, "/patrimoine/imports", {}, files={"fichier": ("p.csv", wrong)})
        import_id = UUID(given.rsplit("/", 1)[1])
        scenario = _scenarios(client, site)
    run_apart(lambda: _analyse(site, import_id))
    run_apart(lambda: _draw(site, scenario))
    with site.visitor("estelle") as client:
        _send(client, "/substitutions", _substitution(site))


def _send(
    client: httpx2.Client,
    address: str,
    typed: dict[str, str],
    files: Mapping[str, tuple[str, bytes] | tuple[str, bytes, str]] | None = None,
) -> str:
    """Where the form leads."""
    same = {"sec-fetch-site": "same-origin"}
    answer = client.post(address, data=typed, files=files, headers=same)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _scenarios(client: httpx2.Client, site: Site) -> UUID:
    """Two, to be compared: one with a change, shown to Chloé and to Estelle, about to be drawn."""
    wanted = {"nom": "Quatre droits de plus", "annee": "2026", "epci": SOURCES_DU_LAC}
    _send(client, "/simulations/nouvelle", wanted | {"nom": "Annexe telle quelle"})
    address = _send(client, "/simulations/nouvelle", wanted)
    change = {
        "revision": "2", "sorte": "droits", "jour": "2026-01-01", "valeur": "20",
        "ligne": f"{SOURCES_DU_LAC}/{site.world.tenants['doussard']}:none",
    }  # fmt: skip
    _send(client, f"{address}/changements", change)
    for reader in ("reservataire", "prefecture"):
        slug = "doussard" if reader == "reservataire" else "prefecture"
        shown = {"lecteur": f"{reader}:{site.world.tenants[slug]}"}
        _send(client, f"{address}/partager", shown)
    _send(client, f"{address}/tirer", {})
    return UUID(address.rpartition("/")[2])


async def _draw(site: Site, scenario_id: UUID) -> None:
    """What the worker does behind the page; nobody writes here the mails of what is shown."""
    with psycopg.connect(site.database.super_dsn) as connection:
        connection.execute("delete from notifications where template = 'scenario.shared'")
    worker = App(site.database.worker_dsn, pool_size=1)
    try:
        await scenarios.draw(worker, scenario_id)
    finally:
        await worker.close()


async def _analyse(site: Site, import_id: UUID) -> None:
    """What the worker does behind the page."""
    worker = App(site.database.worker_dsn, pool_size=1)
    try:
        await imports.analyse(worker, import_id)
    finally:
        await worker.close()


def _annexe() -> dict[str, str]:
    return {"epci": SOURCES_DU_LAC, "annee": "2026", "motif": "Un programme avait été oublié"}


def _convention(site: Site) -> dict[str, str]:
    return {
        "reservataire": str(site.world.tenants["doussard"]),
        "communes": "74104",
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
    }


def _substitution(site: Site) -> dict[str, str]:
    return {
        "commune": str(site.world.tenants["doussard"]),
        "arrete": "Arrêté préfectoral DDT-2026-0101",
        "debut": "2026-12-01",
        "fin": "",
    }
