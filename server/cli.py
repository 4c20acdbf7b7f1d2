"""The `portail` command: reads the command line, calls, and computes nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import Any, NoReturn

import uvicorn

from server.errors import ConfigurationError, Invalid
from server.logs import configure_logs
from server.settings import read_settings

# Resolved when called: a web server has no use for the modules of the demonstration.
CREATE_APP = "server.app:create_app"
WORKER = "workers.main:run"
UPGRADE = "server.db.upgrade:upgrade"
PRINT_SDL = "server.schema:print_sdl"
DEMO = "server.demo.runner:run"
SEED = "server.demo.seed:run"
SCENARIO = "server.demo.scenario:main"
CHECKS = {"isolation": "workers.checking:check_isolation"}
DEADLINE = "server.documents.deadline_receipts:answer"
ANNEXE = "server.documents.plain_annexes:answer"
BENCHES = {
    "flux": "server.bench.flux.command:run",
    "import": "server.bench.imports:run",
    "isolation": "server.bench.isolation:run",
    "pages": "server.bench.pages:run",
    "workflow": "server.bench.workflow:run",
}

ADMIN = "server.admin:run"
IMPORT = "workers.importing:run"
BOUNCE = "workers.bouncing:run"

DRAIN_SECONDS = 3


def _call(name: str, *arguments: Any) -> Any:
    return resolve_name(name)(*arguments)


def demo(_options: argparse.Namespace) -> int:
    return int(_call(DEMO, os.environ))


def demo_seed(_options: argparse.Namespace) -> int:
    _call(SEED, os.environ)
    return 0


def serve(options: argparse.Namespace) -> int:
    configure_logs()
    uvicorn.run(
        _call(CREATE_APP, read_settings(os.environ)),
        host=options.host,
        port=options.port,
        access_log=False,
        server_header=False,
        proxy_headers=options.trusted_proxy is not None,
        forwarded_allow_ips=options.trusted_proxy or "",
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    return 0


def worker(_options: argparse.Namespace) -> int:
    configure_logs()
    _call(WORKER, read_settings(os.environ))
    return 0


def migrate(_options: argparse.Namespace) -> int:
    dsn = os.environ.get("MIGRATE_DATABASE_URL")
    if not dsn:
        raise ConfigurationError(
            "La variable d'environnement MIGRATE_DATABASE_URL est obligatoire : "
            "l'adresse de la base pour le compte portail_migrate."
        )
    _call(UPGRADE, dsn)
    return 0


def export_schema(_options: argparse.Namespace) -> int:
    sys.stdout.write(_call(PRINT_SDL))
    return 0


def annexe(options: argparse.Namespace) -> int:
    print(resolve_name(ANNEXE)(options.file, as_data=options.json))
    return 0


def deadline(options: argparse.Namespace) -> int:
    answer = resolve_name(DEADLINE)
    print(answer(options.sent, zone=options.zone, accepted=options.accepted, as_data=options.json))
    return 0


def admin(options: argparse.Namespace) -> int:
    return int(_call(ADMIN, Parser, options.arguments, os.environ))


def scenario(options: argparse.Namespace) -> int:
    return int(_call(SCENARIO, options.arguments))


def import_file(options: argparse.Namespace) -> int:
    asked = {name: getattr(options, name) for name in ("bailleur", "confirm", "left_on")}
    answer, status = resolve_name(IMPORT)(os.environ, options.file, **asked)
    print(answer)
    return int(status)


def bounce(_options: argparse.Namespace) -> int:
    answer, status = _call(BOUNCE, os.environ, sys.stdin.buffer)
    print(answer)
    return int(status)


def check(options: argparse.Namespace) -> int:
    answer, status = resolve_name(CHECKS[options.what])(os.environ, as_data=options.json)
    print(answer)
    return int(status)


def bench(options: argparse.Namespace) -> int:
    return int(_call(BENCHES[options.what]))


class Parser(argparse.ArgumentParser):
    """argparse, without its English."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **(options | {"add_help": False}))
        self._positionals.title = "commandes"
        self._optionals.title = "options"
        self.add_argument("-h", "--help", action="help", help="affiche cette aide")

    def error(self, message: str) -> NoReturn:
        del message  # English, and it says no more than the usage
        self.print_usage(sys.stderr)
        self.exit(2, "Commande ou option incomprise. Toutes les commandes : portail --help\n")


COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
    "demo": (demo, "démarre tout le portail sur cette machine, avec des données d'essai"),
    "demo-seed": (demo_seed, "remplit une base vide avec les données de la démonstration"),
    "serve": (serve, "sert les pages et l'API"),
    "worker": (worker, "exécute les tâches de fond et relève les échéances"),
    "migrate": (migrate, "met la base à jour (MIGRATE_DATABASE_URL)"),
    "admin": (admin, "crée, renomme, fusionne les organismes, invite : portail admin --help"),
    "export-schema": (export_schema, "écrit le schéma GraphQL sur la sortie"),
    "annexe": (annexe, "calcule l'annexe 1 d'un fichier, sans base de données"),
    "deadline": (deadline, "dit jusqu'à quand répondre à une offre et présenter des candidats"),
    "scenario": (scenario, "déroule tout le cycle par HTTP et vérifie chaque étape"),
    "import": (import_file, "lit le patrimoine d'un bailleur, et l'enregistre avec --confirm"),
    "bounce": (bounce, "lit sur l'entrée un courriel revenu, et note qu'il n'est pas arrivé"),
    "check": (check, "vérifie une base en service : isolation (aucun organisme n'en lit un autre)"),
    "bench": (bench, "mesure le portail, en rapports pris dans un même passage"),
}


def _parser() -> Parser:
    parser = Parser(prog="portail", description="Portail du flux")
    commands = parser.add_subparsers(dest="command", required=True, metavar="commande")
    made = {
        name: commands.add_parser(name, help=help_text, description=help_text)
        for name, (_, help_text) in COMMANDS.items()
    }
    made["serve"].add_argument(
        "--host", default="127.0.0.1", help="adresse d'écoute (boucle locale)"
    )
    made["serve"].add_argument("--port", type=int, default=8074, help="port d'écoute (8074)")
    made["serve"].add_argument(
        "--trusted-proxy", metavar="IP", help="adresse du relais dont on croit les en-têtes"
    )
    made["annexe"].add_argument("file", metavar="FICHIER", help="l'annexe, en JSON (voir README)")
    made["deadline"].add_argument("sent", metavar="ENVOI", help="comme 2026-04-30T10:00 (Paris)")
    made["deadline"].add_argument("--zone", default="74", help="département (74)")
    made["deadline"].add_argument("--accepted", metavar="DATE", help="acceptation expresse")
    made["deadline"].add_argument("--json", action="store_true", help="répond en JSON")
    made["annexe"].add_argument("--json", action="store_true", help="répond en JSON")
    made["import"].add_argument("file", metavar="FICHIER", help="RPLS, CSV, XLSX ou ODS")
    made["import"].add_argument("--bailleur", required=True, metavar="CODE", help="son code court")
    made["import"].add_argument("--confirm", action="store_true", help="enregistre ce qui est lu")
    made["import"].add_argument("--left-on", metavar="DATE", help="sortie des logements absents")
    made["check"].add_argument("what", choices=CHECKS, metavar="QUOI", help="isolation")
    made["check"].add_argument("--json", action="store_true", help="répond en JSON")
    made["bench"].add_argument("what", choices=BENCHES, metavar="QUOI", help=", ".join(BENCHES))
    return parser


def _options(words: list[str]) -> argparse.Namespace:
    """The scenario, which stands apart from the portal, and the operator read their own options."""
    if words[:1] in (["scenario"], ["admin"]):
        return argparse.Namespace(command=words[0], arguments=words[1:])
    return _parser().parse_args(words)


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(sys.argv[1:] if argv is None else list(argv))
    command, _ = COMMANDS[options.command]
    try:
        return command(options)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except Invalid as refusal:
        print("\n".join(motif.message for motif in refusal.motifs), file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read us has gone; say nothing more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
