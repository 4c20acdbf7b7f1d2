"""Presenting candidates: three, or one if DALO (convention, art. 5.3 and 6.3; R441-3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.db import candidates as rows
from server.db.ids import new_id
from server.db.orientations import Orientation
from server.domain import candidates as law
from server.domain import orientations as workflow
from server.domain.candidates import Candidate, FirstQuartile, Presenter
from server.domain.deadlines import local_day
from server.errors import Conflict, Invalid, Motif, NotFound
from server.operations import orientations, readings
from server.tenants.actors import Capacity
from server.tenants.permissions import Permission, require
from server.tenants.transactions import TenantTransaction

DALO_ORIGINS = ("prefet", "reservataire")
INPUT_CODES = frozenset({"nud_invalid", "criterion_unknown", "candidates_empty"})


@dataclass(frozen=True, kw_only=True)
class NewCandidate:
    """What a réservataire types of a household: its NUD and its priority, nothing else."""

    nud: str
    is_dalo: bool = False
    dalo_origin: str | None = None
    first_quartile: str = "unknown"
    criterion: str | None = None


@dataclass(frozen=True, kw_only=True)
class PresentCandidates:
    """Candidates added to an offer; `is_final`: there will be no other one."""

    orientation_id: UUID
    candidates: tuple[NewCandidate, ...]
    is_final: bool = False
    expected_version: int | None = None


async def list_of(
    tx: TenantTransaction, orientation_ids: list[UUID]
) -> dict[UUID, list[rows.Candidate]]:
    """Candidates by orientation, as far as the actor may read them."""
    require(tx.actor, Permission.CANDIDATES_READ)
    return await readings.candidates_of(tx, orientation_ids)


async def count_elsewhere(tx: TenantTransaction, orientation_id: UUID) -> rows.Elsewhere:
    """Households of this list that another offer has, or housed: a warning, never a refusal."""
    require(tx.actor, Permission.CANDIDATES_READ)
    return await rows.count_elsewhere(tx, orientation_id)


def _presenter(tx: TenantTransaction) -> Presenter:
    if tx.actor.capacity is Capacity.BAILLEUR:
        require(tx.actor, Permission.CANDIDATES_COMPLETE)
        return Presenter.BAILLEUR
    require(tx.actor, Permission.CANDIDATES_PRESENT)
    return Presenter.RESERVATAIRE


def _stored(row: rows.Candidate) -> Candidate:
    return Candidate(
        nud=row.nud,
        presented_by=Presenter(row.presented_by),
        is_dalo=row.is_dalo,
        first_quartile=FirstQuartile(row.first_quartile),
        criteria=frozenset({row.criterion} if row.criterion else ()),
    )


def _typed(one: NewCandidate, presenter: Presenter) -> Candidate:
    return Candidate(
        nud=one.nud,
        presented_by=presenter,
        is_dalo=one.is_dalo,
        first_quartile=FirstQuartile(one.first_quartile),
        criteria=frozenset({one.criterion} if one.criterion else ()),
    )


def _code_motifs(command: PresentCandidates) -> Iterator[Motif]:
    """Codes that no form of ours offers; the law checks what a household may be."""
    for index, one in enumerate(command.candidates):
        if one.first_quartile not in {code.value for code in FirstQuartile}:
            message = "Indiquez si le ménage relève du premier quartile : oui, non, inconnu."
            field = f"candidates.{index}.first_quartile"
            yield Motif(code="first_quartile_invalid", message=message, field=field)
        if one.dalo_origin is not None and one.dalo_origin not in DALO_ORIGINS:
            message = "Indiquez qui désigne le ménage DALO : le préfet ou le réservataire."
            field = f"candidates.{index}.dalo_origin"
            yield Motif(code="dalo_origin_invalid", message=message, field=field)


def _raise(motifs: tuple[Motif, ...]) -> None:
    if any(motif.code in INPUT_CODES for motif in motifs):
        raise Invalid(*motifs)
    raise Conflict(*motifs)


async def present(tx: TenantTransaction, command: PresentCandidates) -> Orientation:
    """Add the candidates, all or none; a complete list ends the search (T8)."""
    presenter = _presenter(tx)
    unknown = tuple(_code_motifs(command))
    if unknown:
        raise Invalid(*unknown)
    row = await orientations.locked(tx, command.orientation_id)
    facts = orientations.facts_of(row)
    motifs = workflow.presenting_motifs(facts, now=tx.now, presenter=presenter)
    if motifs:
        raise Conflict(*motifs)
    if command.expected_version not in (None, row.version):
        raise Conflict(orientations.STALE)
    existing = (await rows.list_candidates(tx, [row.id])).get(row.id, [])
    presented = law.present(
        [_stored(one) for one in existing],
        [_typed(one, presenter) for one in command.candidates],
        on=local_day(tx.now),
    )
    if isinstance(presented, tuple):
        _raise(presented)
    else:
        row = await orientations.catch_up(tx, row)
        await _insert(tx, row, command, presented, presenter, first=len(existing) + 1)
    return await _close_if_whole(tx, row.id, is_final=command.is_final)


async def _insert(
    tx: TenantTransaction,
    row: Orientation,
    command: PresentCandidates,
    presented: law.Presentation,
    presenter: Presenter,
    *,
    first: int,
) -> None:
    values = [
        {
            "id": new_id(),
            "orientation_id": row.id,
            "bailleur_id": row.bailleur_id,
            "reservataire_id": row.reservataire_id,
            "contingent": row.contingent,
            "nud": one.nud,
            "is_dalo": one.has_dalo,
            "dalo_origin": (typed.dalo_origin or "reservataire") if one.has_dalo else None,
            "first_quartile": one.first_quartile.value,
            "criterion": typed.criterion,
            "position": first + index,
            "presented_by": presenter.value,
            "presented_at": tx.now,
        }
        for index, (one, typed) in enumerate(zip(presented.added, command.candidates, strict=True))
    ]
    try:
        await rows.insert_candidates(tx, values)
    except IntegrityError as error:
        message = "Ce numéro unique est déjà présenté pour ce logement."
        raise Conflict(Motif(code="nud_already_presented", message=message)) from error


async def _close_if_whole(
    tx: TenantTransaction, orientation_id: UUID, *, is_final: bool
) -> Orientation:
    row = await orientations.get(tx, orientation_id)
    if row.state != workflow.State.SEARCHING:
        return row
    if law.is_complete(row.candidate_count, has_dalo=row.has_dalo):
        row, entry = await orientations.perform(
            tx, row, lambda facts: workflow.complete(facts, now=tx.now)
        )
    elif is_final and row.searched_by == Presenter.BAILLEUR:
        row, entry = await orientations.perform(
            tx, row, lambda facts: workflow.close_candidates(facts, now=tx.now, is_final=True)
        )
    else:
        return row
    await orientations.tell_both(tx, entry, row, "orientation.complete")
    return row


async def withdraw(tx: TenantTransaction, orientation_id: UUID, candidate_id: UUID) -> None:
    """Take a candidate back while the search is open: it may then be replaced."""
    require(tx.actor, Permission.CANDIDATES_PRESENT)
    row = await orientations.locked(tx, orientation_id)
    if orientations.effective_state(row, tx.now) is not workflow.State.SEARCHING:
        message = "Un candidat ne se retire que pendant la recherche de candidats."
        raise Conflict(Motif(code="wrong_state", message=message))
    if not await rows.withdraw_candidate(tx, orientation_id, candidate_id, tx.now):
        raise NotFound
