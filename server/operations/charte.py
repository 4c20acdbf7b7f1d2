"""The charte départementale: its versions, a revision by the préfecture, what it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from server.db import charte as rows
from server.db.charte import CharteVersion, RunningConvention
from server.db.ids import new_id
from server.domain import charte as law
from server.domain.charte import Difference, Parameters, Version
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif
from server.operations.journal import Act, record
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

CLASHES = frozenset({"day_taken", "code_taken"})
CLASH = Motif(
    code="day_taken",
    message="Une autre version de la charte vient d'être enregistrée pour ce jour.",
    field="from_on",
)
MOST = 2_000
"""Twice the conventions of a département (domain.md §13)."""


@dataclass(frozen=True, kw_only=True)
class ReachedConvention:
    """A running convention that does not say what the charte says."""

    row: RunningConvention
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """What recording a version would do; nothing is written."""

    version: Version
    replaces: Version
    changes: tuple[str, ...]
    reached: tuple[ReachedConvention, ...]


async def list_versions(tx: TenantTransaction) -> list[CharteVersion]:
    """The oldest first; the charte is public."""
    require(tx.actor, Permission.CONVENTION_READ)
    return await rows.list_versions(tx)


async def year_parameters(tx: TenantTransaction, year: int) -> Parameters:
    """The rules that judge a year, whoever asks: last year's bilan has last year's."""
    return law.of_year(await rows.list_versions(tx), year).parameters


async def reached_by(tx: TenantTransaction, version: Version) -> tuple[ReachedConvention, ...]:
    """The running conventions whose parameters are not this version's, among those one reads."""
    require(tx.actor, Permission.CONVENTION_READ)
    found = await rows.list_differing(tx, version.parameters, local_day(tx.now), limit=MOST)
    return tuple(
        ReachedConvention(row=one, differences=_differences(one, version)) for one in found
    )


def _differences(row: RunningConvention, version: Version) -> tuple[Difference, ...]:
    return law.differences({name: getattr(row, name) for name in law.IN_CONVENTIONS}, version)


async def preview(tx: TenantTransaction, version: Version) -> Revision:
    """Invalid or Conflict says why it is refused."""
    require(tx.actor, Permission.CHARTE_REVISE)
    known: Sequence[Version] = await rows.list_versions(tx)
    motifs = law.revision_motifs(version, known, today=local_day(tx.now))
    if any(one.code in CLASHES for one in motifs):
        raise Conflict(*motifs)
    if motifs:
        raise Invalid(*motifs)
    replaces = law.in_force(known, version.from_on)
    return Revision(
        version=version,
        replaces=replaces,
        changes=law.changes(replaces.parameters, version.parameters),
        reached=await reached_by(tx, version),
    )


async def revise(tx: TenantTransaction, version: Version) -> date:
    """Record a version decided by the comité technique; answer its first day.

    No running convention changes by itself: its parties sign an avenant (art. 8).
    """
    require(tx.actor, Permission.CHARTE_REVISE)
    revision = await preview(tx, version)
    version_id = new_id()
    try:
        await rows.insert_version(
            tx,
            {
                "id": version_id,
                "prefecture_id": tx.actor.tenant_id,
                "code": version.code.strip(),
                "from_on": version.from_on,
                "decision": version.decision.strip(),
                **asdict(version.parameters),
                "recorded_at": tx.now,
                "recorded_by": tx.actor.person_id,
            },
        )
    except IntegrityError as error:
        raise Conflict(CLASH) from error
    await record(
        tx,
        Act(
            act="charte.revised",
            subject_kind="charte",
            subject_id=version_id,
            bailleur_id=tx.actor.tenant_id,
            from_state=revision.replaces.code,
            to_state=version.code.strip(),
            reason=version.decision.strip(),
            facts={"from_on": version.from_on.isoformat(), "changes": _both(revision)},
        ),
    )
    return version.from_on


def _both(revision: Revision) -> dict[str, list[Any]]:
    """Each parameter that changes, before and after."""
    before, after = revision.replaces.parameters, revision.version.parameters
    return {name: [getattr(before, name), getattr(after, name)] for name in revision.changes}
