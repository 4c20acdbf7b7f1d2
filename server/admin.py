"""`portail admin …`: what the operator of the portal does, on the server, without a developer."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

from server.db import jobs
from server.db import letters as failed
from server.db.organismes import Organisme
from server.db.people import KeptAsleep
from server.domain import labels
from server.domain.deadlines import local_day
from server.domain.organismes import CATEGORIES, STATE_CONTINGENTS
from server.errors import ConfigurationError, PortalError
from server.operations import administration
from server.operations.administration import CreateTenant, InvitePerson, Substitute
from server.operations.letters import replay_any
from server.tenants.actors import Capacity, Role
from server.tenants.transactions import Database, Transaction

Options = argparse.Namespace
Answer = tuple[str, Any]
"""The sentence for a person, the data for a program (`--json`)."""

OWNER = "MIGRATE_DATABASE_URL"
WEB = "DATABASE_URL"
WORKER = "WORKER_DATABASE_URL"
REFUSED = 2


def run(parser: type[argparse.ArgumentParser], words: Sequence[str], env: Mapping[str, str]) -> int:
    """Do what is asked, whole or not at all; 2 when it is refused, with the reasons in French."""
    options = _parser(parser).parse_args(list(words))
    try:
        with redirect_stdout(sys.stderr):  # the log is not the answer
            sentence, data = asyncio.run(ACTS[options.act](options, env))
    except PortalError as error:
        sys.stderr.writelines(f"{motif.message}\n" for motif in error.motifs)
        return REFUSED
    answer = json.dumps(data, ensure_ascii=False, default=str) if options.json else sentence
    sys.stdout.write(f"{answer}\n")
    return 0


# --- The acts -------------------------------------------------------------------------------------


def _setting(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"La variable d'environnement {name} est obligatoire.")
    return value


async def _as_operator(
    env: Mapping[str, str], act: Callable[[Transaction], Awaitable[Answer]]
) -> Answer:
    database = Database(_setting(env, OWNER), pool_size=1)
    try:
        async with database.operator_transaction() as tx:
            return await act(tx)
    finally:
        await database.close()


async def create_tenant(options: Options, env: Mapping[str, str]) -> Answer:
    command = CreateTenant(
        name=options.name,
        category=options.category,
        siren=options.siren.replace(" ", ""),
        capacities=tuple(dict.fromkeys(options.capacity)),
        insee=options.insee,
        mailboxes=tuple(_mailbox(text) for text in options.mailbox),
    )

    async def act(tx: Transaction) -> Answer:
        made = await administration.create_tenant(tx, command)
        sentence = (
            f"Organisme créé : {made.name} ({made.slug}). Invitez son responsable :\n"
            f"  portail admin invite --tenant {made.slug} --capacity {made.capacities[0]} "
            "--role responsable --name …"
        )
        return sentence, asdict(made)

    return await _as_operator(env, act)


def _mailbox(text: str) -> tuple[str, str]:
    """« adresse » for every capacity, « qualité=adresse » for one."""
    capacity, equals, address = text.partition("=")
    return (capacity, address) if equals else ("", text)


async def invite(options: Options, env: Mapping[str, str]) -> Answer:
    command = InvitePerson(
        slug=options.tenant,
        capacity=options.capacity,
        role=options.role,
        name=options.name,
        contingents=tuple(dict.fromkeys(options.contingent)),
    )
    public_url = _setting(env, "PUBLIC_URL").rstrip("/")

    async def act(tx: Transaction) -> Answer:
        invited = await administration.invite(tx, command, public_url=public_url)
        until = labels.french_instant(invited.expires_at)
        sentence = (
            f"{invited.link}\n"
            f"À transmettre à {command.name}, {command.role} de {invited.organisme}. Ce lien sert "
            f"une seule fois, jusqu'au {until} ; il n'est conservé nulle part."
        )
        return sentence, asdict(invited)

    return await _as_operator(env, act)


async def rename(options: Options, env: Mapping[str, str]) -> Answer:
    async def act(tx: Transaction) -> Answer:
        one = await administration.rename(
            tx, options.tenant, name=options.name, valid_from=options.start
        )
        day = labels.french_day(options.start)
        return f"{one.slug} s'appelle « {options.name} » à partir du {day}.", asdict(one)

    return await _as_operator(env, act)


async def merge(options: Options, env: Mapping[str, str]) -> Answer:
    async def act(tx: Transaction) -> Answer:
        one = await administration.merge(
            tx, options.absorbed, into=options.into, on_date=options.day
        )
        day = labels.french_day(options.day)
        return f"{one.name} est absorbé par {options.into} le {day}.", asdict(one)

    return await _as_operator(env, act)


async def list_all(options: Options, env: Mapping[str, str]) -> Answer:
    del options

    async def act(tx: Transaction) -> Answer:
        found = await administration.list_all(tx)
        return "\n".join(map(_line, found)), [asdict(one) for one in found]

    return await _as_operator(env, act)


def _line(one: Organisme) -> str:
    place = f", INSEE {one.insee}" if one.insee else ""
    absorbed = f", absorbé par {one.absorbed_into}" if one.absorbed_into else ""
    capacities = ", ".join(one.capacities)
    return f"{one.slug:32} {one.name} ({capacities}), SIREN {one.siren}{place}{absorbed}"


async def list_dormant(options: Options, env: Mapping[str, str]) -> Answer:
    del options

    async def act(tx: Transaction) -> Answer:
        found = await administration.list_dormant(tx)
        sentence = "\n".join(map(_dormant_line, found)) or "Aucun organisme n'est dans ce cas."
        return sentence, [asdict(one) for one in found]

    return await _as_operator(env, act)


def _dormant_line(one: KeptAsleep) -> str:
    used = labels.french_day(local_day(one.used_at))
    return f"{one.tenant_slug:32} {one.tenant_name} ({one.capacity}) : {one.person_name}, {used}"


async def substitute(options: Options, env: Mapping[str, str]) -> Answer:
    command = Substitute(
        slug=options.tenant, decree=options.decree, starts_on=options.start, ends_on=options.end
    )
    database = Database(_setting(env, WEB), pool_size=1)
    try:
        made = await administration.substitute(database, command)
    finally:
        await database.close()
    day = labels.french_day(options.start)
    sentence = (
        f"Le préfet est substitué à {options.tenant} à partir du {day} (arrêté {options.decree}). "
        "La commune et les bailleurs concernés sont prévenus ; la préfecture y met fin sur "
        "/substitutions."
    )
    return sentence, {"id": str(made)}


async def letters(options: Options, env: Mapping[str, str]) -> Answer:
    """What did not go and the jobs given up; `--renvoyer` sends one again."""
    dsn = _setting(env, WORKER)
    database = Database(dsn, pool_size=1)
    try:
        async with database.system_transaction("admin") as tx:
            if options.replay is not None:
                return await _replay(tx, dsn, options.replay)
            found = await failed.list_letters(tx)
    finally:
        await database.close()
    rejected = jobs.list_rejected(dsn)
    lines = [
        *(f"{one.notification_id}  courriel  {one.template}  {one.sender_name} → "
          f"{one.recipient_name} : {one.error}" for one in found),
        *(f"{one.id}  travail   {one.actor_name}" for one in rejected),
    ]  # fmt: skip
    data = {"mails": [asdict(one) for one in found], "jobs": [asdict(one) for one in rejected]}
    return "\n".join(lines) or "Aucun courriel en échec, aucun travail rejeté.", data


async def _replay(tx: Transaction, dsn: str, asked: UUID) -> Answer:
    done = await replay_any(tx, asked) or jobs.replay_rejected(dsn, asked)
    sentence = "Renvoyé." if done else f"Rien à renvoyer sous {asked}, ou cela repart déjà."
    return sentence, {"id": str(asked), "replayed": done}


Act = Callable[[Options, Mapping[str, str]], Coroutine[Any, Any, Answer]]
ACTS: Mapping[str, Act] = {
    "courriers": letters,
    "create-tenant": create_tenant,
    "dormant": list_dormant,
    "invite": invite,
    "list": list_all,
    "merge": merge,
    "rename": rename,
    "substitute": substitute,
}
HELP = {
    "courriers": "liste les courriels en échec et les travaux rejetés (WORKER_DATABASE_URL)",
    "create-tenant": "crée un organisme (MIGRATE_DATABASE_URL)",
    "dormant": "donne les derniers responsables qui ne se connectent plus (MIGRATE_DATABASE_URL)",
    "invite": "donne un lien d'invitation, à usage unique (MIGRATE_DATABASE_URL, PUBLIC_URL)",
    "list": "donne tous les organismes (MIGRATE_DATABASE_URL)",
    "merge": "fait absorber un organisme par un autre, à une date (MIGRATE_DATABASE_URL)",
    "rename": "donne un autre nom à un organisme, à partir d'une date (MIGRATE_DATABASE_URL)",
    "substitute": "substitue le préfet à une commune carencée (DATABASE_URL)",
}


# --- The words ------------------------------------------------------------------------------------


def _parser(parser: type[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    whole = parser(prog="portail admin", description="Administration du portail")
    acts = whole.add_subparsers(dest="act", required=True, metavar="acte")
    made = {name: acts.add_parser(name, help=text, description=text) for name, text in HELP.items()}
    for one in made.values():
        one.add_argument("--json", action="store_true", help="répond en JSON")
    made["courriers"].add_argument(
        "--renvoyer", dest="replay", type=UUID, metavar="ID", help="renvoie celui-ci"
    )
    _creating(made["create-tenant"])
    _inviting(made["invite"])
    _at_a_date(made)
    return whole


def _creating(one: argparse.ArgumentParser) -> None:
    one.add_argument("--name", required=True, metavar="NOM", help="nom de l'organisme")
    one.add_argument("--category", required=True, metavar="CATÉGORIE", help=", ".join(CATEGORIES))
    one.add_argument("--siren", required=True, help="neuf chiffres")
    one.add_argument(
        "--capacity", required=True, action="append", metavar="QUALITÉ",
        help=f"{', '.join(Capacity)} ; se répète",
    )  # fmt: skip
    one.add_argument("--insee", metavar="CODE", help="commune ou CCAS : code de la commune")
    one.add_argument(
        "--mailbox", action="append", default=[], metavar="ADRESSE",
        help="adresse générique, ou qualité=adresse ; se répète",
    )  # fmt: skip


def _inviting(one: argparse.ArgumentParser) -> None:
    people = (Role.RESPONSABLE, Role.AGENT, Role.LECTEUR)
    one.add_argument("--tenant", required=True, metavar="ORGANISME", help="voir portail admin list")
    one.add_argument("--capacity", required=True, metavar="QUALITÉ", choices=list(Capacity))
    one.add_argument("--role", default="responsable", metavar="RÔLE", choices=list(people),
                     help="responsable (par défaut), agent ou lecteur")  # fmt: skip
    one.add_argument("--name", required=True, metavar="NOM", help="la personne attendue")
    one.add_argument(
        "--contingent", action="append", default=[], metavar="CONTINGENT",
        choices=STATE_CONTINGENTS, help="État réservataire : fonctionnaires, rs ; se répète",
    )  # fmt: skip


def _at_a_date(made: Mapping[str, argparse.ArgumentParser]) -> None:
    """Days are written 2027-01-01."""
    rename_to, substituted, merged = made["rename"], made["substitute"], made["merge"]
    for one in (rename_to, substituted):
        one.add_argument("--tenant", required=True, metavar="ORGANISME")
        one.add_argument(
            "--from", dest="start", required=True, type=date.fromisoformat, metavar="DATE",
            help="premier jour, comme 2027-01-01",
        )  # fmt: skip
    rename_to.add_argument("--name", required=True, metavar="NOM", help="nouveau nom")
    substituted.add_argument("--decree", required=True, metavar="ARRÊTÉ", help="numéro et date")
    substituted.add_argument(
        "--until", dest="end", type=date.fromisoformat, metavar="DATE", help="dernier jour, compris"
    )
    merged.add_argument("--from", dest="absorbed", required=True, metavar="ORGANISME")
    merged.add_argument("--into", required=True, metavar="ORGANISME", help="qui le reprend")
    merged.add_argument(
        "--on", dest="day", required=True, type=date.fromisoformat, metavar="DATE",
        help="premier jour sous le nouvel organisme",
    )  # fmt: skip
