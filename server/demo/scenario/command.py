"""`portail scenario`: chooses the demonstration, plays the steps, stops at the first false one."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx2

from server.demo.scenario import (
    bilan,
    candidates,
    closed,
    commission,
    flux,
    following,
    mails,
    offers,
    refusals,
    urgency,
)
from server.demo.scenario.browser import Machine
from server.demo.scenario.launch import ROOT, Directory, is_alive, own_demo, read_directory
from server.demo.scenario.players import BAILLEUR, COMMUNE, DOUSSARD, FAVERGES, NOW, Stage
from server.demo.scenario.players import open_stage as opened
from server.demo.scenario.report import NotAsAgreed, Report

FIRST_DAY, FIRST_HOUR = "2026-04-30", 10
STEPS = (
    ("L'annexe 1, sur la page et par l'API", flux.read_annexe),
    ("Une libération à Doussard et la proposition du portail", offers.register_and_read_advice),
    ("L'offre part, avec son échéance", offers.send_by_page),
    (
        "Une seconde offre, par l'API, que la commune laissera sans réponse",
        lambda stage: offers.offer_by_api(stage, DOUSSARD, COMMUNE, "silent"),
    ),
    ("La commune accepte", offers.accept_by_page),
    ("Trois candidats, et ce qui est refusé", candidates.present_three),
    ("Ce qui appartient à un autre paraît absent", refusals.strangers_see_nothing),
    ("Ce qui est mal formé est refusé", refusals.malformed_is_refused),
    ("La CALEOL est programmée", commission.plan),
    ("L'invitation, par courriel et pour l'agenda", commission.read_invitation),
    ("Pas de décision trop tôt", commission.too_early),
    (
        "Une offre à Faverges, et une crise qui a besoin du logement",
        lambda stage: offers.offer_by_api(
            stage, FAVERGES, "Commune de Faverges-Seythenex", "urgent"
        ),
    ),
    ("Le bailleur demande une affectation d'urgence", urgency.ask),
    ("La préfecture décide, la décision s'applique", urgency.decide),
    ("Le silence accepte, à sa date", offers.silence_accepts),
    ("Le reçu des délais, à imprimer", closed.print_receipt),
    ("La CALEOL décide", commission.decide),
    ("Le candidat de rang 1 refuse, le rang 2 a le logement", following.first_rank_refuses),
    ("Le bail est signé", commission.sign_lease),
    ("Personne n'a été présenté pour l'offre sans réponse", commission.nobody_presented),
    ("Un délai supplémentaire, puis la commune renonce", following.more_days_then_renounced),
    ("Le logement est réorienté, une erreur rectifiée", following.reoriented_and_rectified),
    ("Rappel, et réponse par le lien du courriel, sans compte", following.answered_by_link),
    ("Une liste incomplète, justifiée devant la CALEOL", following.short_list_justified),
    ("Le candidat se tait : aucun bail, logement libre", following.nobody_takes_it),
    ("La mairie déclare une fermeture, puis refuse une offre", closed.declare_then_refuse),
    (
        "Un refus sur papier, une recherche pour compte, un retrait",
        following.on_behalf_then_withdrawn,
    ),
    ("Le bilan est publié et distribué", bilan.publish),
    ("L'EPCI ouvre le bilan et son classeur", bilan.open_as_epci),
    ("Les courriels de la démonstration", mails.keep_all),
)


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(list(argv))
    report = Report(options.dossier.expanduser().resolve())
    begun = time.monotonic()
    try:
        with _demo(options) as directory:
            print(f"Le cycle entier, par HTTP, sur {directory.url}", flush=True)
            with opened(directory, report) as stage:
                play(stage)
    except (NotAsAgreed, httpx2.HTTPError) as error:
        print(f"\n✗ {error}\n\nLe scénario s'arrête là.", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nScénario interrompu.", file=sys.stderr, flush=True)
        return 130
    seconds = time.monotonic() - begun
    print(
        f"\nTout est conforme : {report.proofs} preuves en {seconds:.0f} s. "
        f"Bilan, agenda et courriels dans {report.folder}",
        flush=True,
    )
    return 0


def play(stage: Stage) -> None:
    if stage.now().hour < FIRST_HOUR:  # the clock never goes back
        stage.set_clock(f"{FIRST_DAY}T{FIRST_HOUR}:00")
    for title, step in STEPS:
        with stage.report.step(title):
            step(stage)


class _Parser(argparse.ArgumentParser):
    """argparse, without its English."""

    def error(self, message: str) -> NoReturn:
        del message  # English, and it says no more than the usage
        self.print_usage(sys.stderr)
        self.exit(2, "Option incomprise. Toutes les options : portail scenario --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="portail scenario",
        description="Déroule tout le cycle par HTTP et vérifie chaque étape.",
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="affiche cette aide")
    data = Path(os.environ.get("PORTAIL_DATA") or ROOT / ".data")
    parser.add_argument(
        "--url", help="adresse de la démonstration, si ce n'est pas celle du fichier"
    )
    parser.add_argument(
        "--fichier", type=Path, default=data / "demo.json", help="demo.json de la démonstration"
    )
    parser.add_argument(
        "--dossier", type=Path, default=data / "scenario", help="où écrire bilan, agenda, courriels"
    )
    parser.add_argument(
        "--neuf", action="store_true", help="démarre sa propre démonstration dans tous les cas"
    )
    return parser


@contextmanager
def _demo(options: argparse.Namespace) -> Iterator[Directory]:
    """The one that runs and is still on its first day, else one of our own."""
    running = None if options.neuf else _running(options)
    if running is not None:
        yield running
        return
    if options.url:
        raise NotAsAgreed(f"Aucune démonstration utilisable ne répond à {options.url}.")
    print("Démarrage d'une démonstration neuve, arrêtée à la fin…", flush=True)
    with own_demo() as directory:
        yield directory


def _running(options: argparse.Namespace) -> Directory | None:
    if not options.fichier.exists():
        return None
    directory = read_directory(options.fichier, options.url)
    if not is_alive(directory.url):
        return None
    machine = Machine(directory.graphql, BAILLEUR, directory.tokens[BAILLEUR])
    today = machine.ask(NOW)["me"]["today"]
    if today == FIRST_DAY:
        return directory
    print(f"La démonstration en cours est au {today}, le scénario part du {FIRST_DAY}.", flush=True)
    return None
