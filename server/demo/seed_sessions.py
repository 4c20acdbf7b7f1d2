"""The acts that are not an answer: the commission, the urgency, the bilan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from server.demo.seed_stage import Acts, File, Stage
from server.demo.seed_stories import Commission, Publication, Result, Story, Urgency
from server.operations import bilans, caleol, candidates, urgences
from server.tenants.transactions import TenantTransaction

ONE_MINUTE = timedelta(minutes=1)
MINUTES_LATER = timedelta(hours=3)
LEASE_AFTER = timedelta(days=15)
CONDITION_DAYS = timedelta(days=21)


# --- The commission ----------------------------------------------------------------------------


async def sit(stage: Stage, session: Commission) -> Acts:
    yield session.planned_at
    files, stage.ready[session.bailleur] = stage.ready[session.bailleur], []
    if not files:
        return
    manager = stage.manager(session.bailleur)
    async with stage.db.write_transaction(manager, now=session.planned_at) as tx:
        session_id = await caleol.plan(
            tx,
            caleol.PlanCaleol(
                starts_at=session.starts_at,
                place=session.place,
                mode=session.mode,
                orientation_ids=tuple(file.orientation_id for file in files),
                justifications={
                    file.orientation_id: "Aucune autre demande adaptée au logement à ce jour."
                    for file in files
                },
            ),
        )
    decided_at = session.starts_at + MINUTES_LATER
    yield decided_at
    for file in files:
        async with stage.db.write_transaction(manager, now=decided_at) as tx:
            await _decide(tx, session_id, file, decided_at)
    signed_at = decided_at + LEASE_AFTER
    yield signed_at
    for file in files:
        if file.result == "leased":
            async with stage.db.write_transaction(manager, now=signed_at) as tx:
                await caleol.record_lease(tx, file.orientation_id, signed_on=signed_at.date())


async def _decide(
    tx: TenantTransaction, session_id: UUID, file: File, decided_at: datetime
) -> None:
    found = await candidates.list_of(tx, [file.orientation_id])
    decisions = tuple(
        _decision(one.id, position, file.result, decided_at)
        for position, one in enumerate(found[file.orientation_id])
    )
    await caleol.record_decision(
        tx,
        caleol.RecordDecision(
            session_id=session_id, orientation_id=file.orientation_id, decisions=decisions
        ),
    )


def _decision(
    candidate_id: UUID, position: int, result: Result, decided_at: datetime
) -> caleol.CandidateDecision:
    decision = caleol.CandidateDecision(candidate_id=candidate_id, outcome="not_attributed")
    if result == "not_attributed":
        reasons = ("effort_rate", "incomplete_file", "no_answer")
        return replace(decision, reason=reasons[position % len(reasons)])
    if position == 0 and result == "conditional":
        return replace(
            decision,
            outcome="attribution_condition",
            rank=1,
            condition="Dernier avis d'imposition",
            condition_until=(decided_at + CONDITION_DAYS).date(),
        )
    if position <= 1:
        return replace(decision, outcome="attribution_rank", rank=position + 1)
    return replace(decision, reason="better_ranked")


# --- Urgency -----------------------------------------------------------------------------------


async def act_urgently(
    stage: Stage, story: Story, urgency: Urgency, vacancy_id: UUID, at: datetime
) -> Acts:
    yield at
    async with stage.db.write_transaction(stage.manager(story.bailleur), now=at) as tx:
        urgence_id = await urgences.request(
            tx,
            urgences.RequestUrgence(
                vacancy_id=vacancy_id,
                kind=urgency.kind,
                title=urgency.title,
                households=urgency.households,
            ),
        )
    if urgency.verdict is None:
        return
    when = at + timedelta(hours=3)
    yield when
    is_charged = urgency.verdict == "charged"
    async with stage.db.write_transaction(stage.prefecture(), now=when) as tx:
        await urgences.decide(
            tx,
            urgences.DecideUrgence(
                urgence_id=urgence_id,
                is_approved=urgency.verdict != "refused",
                charged_reservataire_id=stage.world.tenants["prefecture"] if is_charged else None,
                charged_contingent="rs" if is_charged else "none",
                is_out_of_flux=urgency.verdict == "out",
                reason=urgency.reason,
            ),
        )
    async with stage.db.write_transaction(stage.portal(story.bailleur), now=when) as tx:
        await urgences.apply(tx, urgence_id)


# --- Bilan -------------------------------------------------------------------------------------


async def publish(stage: Stage, publication: Publication) -> Acts:
    """The worker's part too: nobody would wait two months for its distribution."""
    yield publication.at
    manager, portal = stage.manager(publication.bailleur), stage.portal(publication.bailleur)
    async with stage.db.write_transaction(manager, now=publication.at) as tx:
        bilan_id = await bilans.publish(tx, publication.year)
    async with stage.db.write_transaction(portal, now=publication.at + ONE_MINUTE) as tx:
        await bilans.distribute(tx, bilan_id)
