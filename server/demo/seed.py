"""`portail demo-seed`: fill an empty database with the demonstration, once.

The world, then a year of history played by the real operations, then the business clock on
Thursday 30 April 2026 at nine. `people.json`, written last, is the proof that all of it is there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.db import notifications, postmaster, tenants
from server.demo.seed_play import play
from server.demo.seed_stage import Stage
from server.demo.seed_stories import OPENING
from server.demo.world import World, build
from server.errors import ConfigurationError
from server.tenants.actors import Role
from server.tenants.transactions import Database

HALF_DONE = (
    "Les données de démonstration sont incomplètes : leur préparation a été interrompue, ou le "
    "fichier des personnes et des jetons a disparu. Repartez de zéro : make demo RESET=1."
)
ROLES = {Role.RESPONSABLE: "responsable", Role.AGENT: "agent", Role.LECTEUR: "lecture seule"}


def run(environment: Mapping[str, str]) -> None:
    """Seed, unless it is already done; ConfigurationError if it was left half done."""
    people_file = Path(environment["PORTAIL_DATA"]) / "people.json"
    if asyncio.run(_is_empty(environment["MIGRATE_DATABASE_URL"])):
        people_file.unlink(missing_ok=True)
        _write(people_file, directory_of(asyncio.run(_seed(environment))))
    elif not people_file.exists():
        raise ConfigurationError(HALF_DONE)
    else:
        asyncio.run(_follow_provider(environment))


async def _is_empty(operator_dsn: str) -> bool:
    operator = Database(operator_dsn, pool_size=1)
    try:
        async with operator.operator_transaction() as tx:
            return not await tenants.list_tenants(tx, "bailleur")
    finally:
        await operator.close()


async def _follow_provider(environment: Mapping[str, str]) -> None:
    """The development provider's address holds the port, which may change between two starts."""
    operator = Database(environment["MIGRATE_DATABASE_URL"], pool_size=1)
    try:
        async with operator.operator_transaction() as tx:
            await tenants.change_issuer(tx, environment["OIDC_ISSUER"])
    finally:
        await operator.close()


async def _seed(environment: Mapping[str, str]) -> World:
    operator = Database(environment["MIGRATE_DATABASE_URL"], pool_size=1)
    app = Database(environment["DATABASE_URL"], pool_size=1)
    try:
        return await seed(operator, app, issuer=environment["OIDC_ISSUER"])
    finally:
        await operator.close()
        await app.close()


async def seed(operator: Database, app: Database, *, issuer: str) -> World:
    """The world, its history and its clock, in an empty migrated database."""
    world = await build(operator, app, now=datetime.now(UTC), issuer=issuer)
    await play(Stage(db=app, world=world))
    async with app.demo_transaction() as tx:
        await notifications.set_clock(tx, OPENING)
    return world


def directory_of(world: World) -> dict[str, Any]:
    """Who one can be, and one API token per organisme."""
    return {
        "people": [
            {
                "slug": person.slug,
                "name": person.name,
                "organisme": ", ".join(
                    _place(world, one.tenant_slug, one.contingents) for one in person.memberships
                ),
                "role": ROLES[person.memberships[0].role],
            }
            for person in world.people.values()
        ],
        "tokens": {token.name: token.plain for token in world.tokens},
    }


def _place(world: World, slug: str, contingents: frozenset[str]) -> str:
    contingent = "".join(f", contingent {one}" for one in sorted(contingents - {"none"}))
    return world.tenant_names[slug] + contingent.replace("rs", "RS")


def _write(path: Path, content: dict[str, Any]) -> None:
    with postmaster.writable(path.parent):
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        draft.replace(path)
