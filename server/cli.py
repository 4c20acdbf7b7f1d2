"""The `portail` command: reads the command line, calls, and computes nothing."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import Any, NoReturn

import uvicorn

from server.errors import ConfigurationError
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
BENCHES = {"pages": "server.bench.pages:run"}

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


def scenario(options: argparse.Namespace) -> int:
    return int(_call(SCENARIO, options.arguments))


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
    "export-schema": (export_schema, "écrit le schéma GraphQL sur la sortie"),
    "scenario": (scenario, "déroule tout le cycle par HTTP et vérifie chaque étape"),
    "bench": (bench, "mesure le portail : pages (temps d'une page rapporté à celui de son SQL)"),
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
    made["bench"].add_argument("what", choices=BENCHES, metavar="pages", help="ce qui est mesuré")
    return parser


def _options(words: list[str]) -> argparse.Namespace:
    """The scenario reads its own options: it stands apart from the portal."""
    if words[:1] == ["scenario"]:
        return argparse.Namespace(command="scenario", arguments=words[1:])
    return _parser().parse_args(words)


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(sys.argv[1:] if argv is None else list(argv))
    command, _ = COMMANDS[options.command]
    try:
        return command(options)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read us has gone; say nothing more, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
