"""The reviews of the people that the responsables of the demonstration have made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from server.demo.seed_stage import Acts, Stage
from server.domain.deadlines import PARIS
from server.operations import people
from server.tenants.actors import Actor, Role

REVIEWED_AT = datetime(2026, 2, 3, 9, 30, tzinfo=PARIS)
"""The next one is due on 3 May, a few days after the demonstration opens."""


def reviews(stage: Stage) -> Iterator[Acts]:
    """One for each organisme, by its first responsable."""
    seen = set()
    for person in stage.world.people.values():
        for one in person.memberships:
            place = (one.tenant_slug, one.capacity)
            if one.role is Role.RESPONSABLE and place not in seen:
                seen.add(place)
                yield _confirm(
                    stage, stage.world.actor(person.slug, one.capacity, tenant=one.tenant_slug)
                )


async def _confirm(stage: Stage, responsable: Actor) -> Acts:
    yield REVIEWED_AT
    async with stage.db.write_transaction(responsable, now=REVIEWED_AT) as tx:
        await people.confirm_review(tx)
