"""Small pieces of the cycle, played through the real operations on the base world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from server.operations import caleol, candidates, orientations, urgences, vacancies
from server.operations.caleol import CandidateDecision, PlanCaleol, RecordDecision
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.urgences import DecideUrgence, RequestUrgence
from server.operations.vacancies import RegisterVacancy
from server.settings import Settings
from server.tenants.actors import Actor
from tests.databases import Database
from tests.worlds import Stage

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 4, 30, 9, tzinfo=PARIS)
HSH, DOUSSARD_INSEE = "haute-savoie-habitat", "74104"
NUDS = ("074040612345611111", "074040612345622222", "074040612345633333")


def settings_of(database: Database, *, smtp_url: str | None = None) -> Settings:
    return Settings(
        mode="production" if smtp_url else "demo",
        database_url=database.app_dsn,
        worker_database_url=database.worker_dsn,
        public_url="https://portail.invalid",
        secret_key="secret",
        oidc_issuer="https://identite.invalid",
        oidc_client_id="portail",
        oidc_client_secret="secret",
        smtp_url=smtp_url,
        mail_from="Portail du flux <portail@portail.invalid>",
    )


def rows_of(database: Database, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What is really stored, seen by nobody's role."""
    with psycopg.connect(database.super_dsn, autocommit=True) as connection:
        return connection.execute(query.encode(), values).fetchall()


def jobs_of(database: Database, actor_name: str) -> list[str]:
    """Ids queued for an actor, in order."""
    return [
        row[0]
        for row in rows_of(
            database,
            "select message->'args'->>0 from dramatiq.queue"
            " where message->>'actor_name' = %s order by position",
            actor_name,
        )
    ]


@dataclass
class Play:
    """One freed dwelling of Doussard and what its parties do; `now` is the business time."""

    stage: Stage
    now: datetime = START
    turn: int = 0

    def later(self, **spans: int) -> None:
        self.now += timedelta(**spans)

    @property
    def alice(self) -> Actor:
        return self.stage.world.actor("alice")

    @property
    def chloe(self) -> Actor:
        return self.stage.world.actor("chloe")

    async def vacancy(self, insee: str = DOUSSARD_INSEE) -> UUID:
        homes = self.stage.world.dwellings[HSH, insee]
        self.turn += 1
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            free_on = (self.now + timedelta(days=30)).date()
            command = RegisterVacancy(dwelling_id=homes[self.turn], free_on=free_on)
            return await vacancies.register(tx, command)

    async def keep(self, vacancy_id: UUID, nature: str) -> None:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            await vacancies.keep(tx, vacancy_id, nature=nature, reason="essai")

    def offer(self, vacancy_id: UUID, slug: str = "doussard") -> SendOrientation:
        return SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=self.stage.world.tenants[slug],
            departure_motif="essai",
        )

    async def send(self, vacancy_id: UUID, slug: str = "doussard") -> UUID:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            return await orientations.send(tx, self.offer(vacancy_id, slug))

    async def accept(self, orientation_id: UUID) -> None:
        async with self.stage.app.write_transaction(self.chloe, now=self.now) as tx:
            await orientations.accept(tx, orientation_id)

    async def refuse(self, orientation_id: UUID) -> None:
        async with self.stage.app.write_transaction(self.chloe, now=self.now) as tx:
            await orientations.refuse(tx, orientation_id, motif="Madame Secret refuse l'étage")

    async def present(self, orientation_id: UUID) -> None:
        async with self.stage.app.write_transaction(self.chloe, now=self.now) as tx:
            households = tuple(NewCandidate(nud=nud) for nud in NUDS)
            await candidates.present(
                tx, PresentCandidates(orientation_id=orientation_id, candidates=households)
            )

    async def plan(self, *orientation_ids: UUID) -> UUID:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            command = PlanCaleol(
                starts_at=self.now + timedelta(days=7),
                place="Siège, salle des commissions",
                orientation_ids=orientation_ids,
            )
            return await caleol.plan(tx, command)

    async def attribute(self, session_id: UUID, orientation_id: UUID) -> None:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            found = (await candidates.list_of(tx, [orientation_id]))[orientation_id]
            decisions = tuple(
                CandidateDecision(
                    candidate_id=one.id,
                    outcome="attribution_rank" if rank > 1 else "attribution",
                    rank=rank,
                )
                for rank, one in enumerate(found, 1)
            )
            await caleol.record_decision(
                tx,
                RecordDecision(
                    session_id=session_id, orientation_id=orientation_id, decisions=decisions
                ),
            )

    async def lease(self, orientation_id: UUID) -> None:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            await caleol.record_lease(tx, orientation_id, signed_on=self.now.date())

    async def leased(self) -> UUID:
        """The whole cycle of one dwelling."""
        orientation_id = await self.send(await self.vacancy())
        self.later(hours=2)
        await self.accept(orientation_id)
        await self.present(orientation_id)
        session_id = await self.plan(orientation_id)
        self.later(days=8)
        await self.attribute(session_id, orientation_id)
        self.later(days=10)
        await self.lease(orientation_id)
        return orientation_id

    async def request_urgence(self, vacancy_id: UUID) -> UUID:
        async with self.stage.app.write_transaction(self.alice, now=self.now) as tx:
            command = RequestUrgence(
                vacancy_id=vacancy_id, kind="fire", title="Incendie chez Madame Secret"
            )
            return await urgences.request(tx, command)

    async def approve_urgence(self, urgence_id: UUID, slug: str = "doussard") -> None:
        estelle = self.stage.world.actor("estelle")
        async with self.stage.app.write_transaction(estelle, now=self.now) as tx:
            command = DecideUrgence(
                urgence_id=urgence_id,
                is_approved=True,
                charged_reservataire_id=self.stage.world.tenants[slug],
                reason="essai",
            )
            await urgences.decide(tx, command)
