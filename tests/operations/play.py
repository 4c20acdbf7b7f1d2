"""Playing acts by the fixed cast on a world of one's own, and seeing what each one changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from server.domain.deadlines import PARIS
from server.errors import Forbidden, NotFound, PortalError
from server.operations import bilans, caleol, candidates, orientations, urgences, vacancies
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.urgences import RequestUrgence
from server.operations.vacancies import RegisterVacancy
from server.tenants.actors import Actor
from server.tenants.transactions import TenantTransaction
from tests.worlds import Stage

HSH = "haute-savoie-habitat"
DOUSSARD, FAVERGES, PUBLIER = "74104", "74123", "74218"
SOURCES_DU_LAC = "247400773"
LAST_OF_APRIL = datetime(2026, 4, 30, 10, tzinfo=PARIS)
NUDS = tuple(f"0740426{number:011d}" for number in range(1, 9))

Result = TypeVar("Result")
Act = Callable[[TenantTransaction], Awaitable[Result]]
Refusals = Mapping[str, type[PortalError]]

# Who is refused, and how: a stranger finds nothing, a member without the right is told so.
NOT_THE_BAILLEUR: Refusals = {
    "bruno": Forbidden,
    "chloe": Forbidden,
    "denis": NotFound,
    "karine": Forbidden,
    "estelle": Forbidden,
    "farid": Forbidden,
    "doussard machine": Forbidden,
    "leman machine": NotFound,
}
NOT_THE_RESERVATAIRE: Refusals = {
    "alice": Forbidden,
    "bruno": Forbidden,
    "denis": Forbidden,
    "karine": NotFound,
    "pascal": NotFound,
    "estelle": Forbidden,
    "farid": Forbidden,
    "hsh machine": Forbidden,
    "faverges machine": NotFound,
}
MACHINES = {
    "hsh machine": HSH,
    "leman machine": "leman-habitat",
    "doussard machine": "doussard",
    "faverges machine": "faverges-seythenex",
}


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What an act left: lines of the journal, notifications, jobs."""

    acts: list[str]
    told: list[tuple[str, str, str]]
    jobs: list[str]


class Play:
    """A world, the cast, and the business time that each act is given."""

    def __init__(self, stage: Stage, now: datetime = LAST_OF_APRIL) -> None:
        self.stage = stage
        self.now = now
        self._super = psycopg.connect(stage.database.super_dsn, autocommit=True)

    def close(self) -> None:
        self._super.close()

    # --- Who ----------------------------------------------------------------------------------

    def actor(self, who: str) -> Actor:
        world = self.stage.world
        return world.machine(MACHINES[who]) if who in MACHINES else world.actor(who)

    def tenant(self, slug: str) -> UUID:
        return self.stage.world.tenants[slug]

    def home(self, insee: str = DOUSSARD, number: int = 0, bailleur: str = HSH) -> UUID:
        return self.stage.world.dwellings[bailleur, insee][number]

    # --- Acting -------------------------------------------------------------------------------

    async def does(
        self, who: str | Actor, act: Act[Result], *, now: datetime | None = None
    ) -> Result:
        actor = self.actor(who) if isinstance(who, str) else who
        async with self.stage.app.write_transaction(actor, now=now or self.now) as tx:
            return await act(tx)

    async def reads(self, who: str | Actor, act: Act[Result]) -> Result:
        actor = self.actor(who) if isinstance(who, str) else who
        async with self.stage.app.read_transaction(actor) as tx:
            tx.now = self.now
            return await act(tx)

    async def is_refused(
        self,
        who: str | Actor,
        act: Act[Any],
        error: type[PortalError],
        code: str | None = None,
        *,
        now: datetime | None = None,
    ) -> PortalError:
        """Tried and refused, and not one row of any table has changed."""
        before = self.dump()
        with pytest.raises(PortalError) as caught:
            await self.does(who, act, now=now)
        assert type(caught.value) is error, (who, caught.value)
        if code is not None:
            assert code in [motif.code for motif in caught.value.motifs]
        assert all(motif.message.strip() for motif in caught.value.motifs)
        assert self.dump() == before, who
        return caught.value

    async def is_refused_to(self, refusals: Refusals, act: Act[Any]) -> None:
        for who, error in refusals.items():
            await self.is_refused(who, act, error)

    async def performs(self, who: str | Actor, act: Act[Result]) -> tuple[Result, Effects]:
        marks = [self._last("journal", "id"), self._last("notifications", "id")]
        position = self.scalar("select coalesce(max(position), 0) from dramatiq.queue")
        result = await self.does(who, act)
        return result, Effects(
            acts=[
                row[0]
                for row in self.rows("select act from journal where id > %s order by id", marks[0])
            ],
            told=[
                (slug, capacity, template)
                for slug, capacity, template in self.rows(
                    "select t.slug, n.capacity, n.template from notifications n join tenants t"
                    " on t.id = n.recipient_id where n.id > %s order by n.id",
                    marks[1],
                )
            ],
            jobs=[
                row[0]
                for row in self.rows(
                    "select message ->> 'actor_name' from dramatiq.queue where position > %s"
                    " order by position",
                    position,
                )
            ],
        )

    # --- Seeing -------------------------------------------------------------------------------

    def rows(self, question: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        return self._super.execute(question, values).fetchall()

    def scalar(self, question: LiteralString, *values: Any) -> Any:
        return self.rows(question, *values)[0][0]

    def run(self, statement: LiteralString, *values: Any) -> None:
        """Prepare a situation that no act makes: a convention that ended, a mailbox left blank."""
        self._super.execute(statement, values)

    def _last(self, table: str, column: str) -> Any:
        statement = sql.SQL("select {} from {} order by 1 desc limit 1").format(
            sql.Identifier(column), sql.Identifier(table)
        )
        row = self._super.execute(statement).fetchone()
        return row[0] if row else UUID(int=0)

    def dump(self) -> dict[str, tuple[int, str]]:
        """How many rows each table has, and a digest of them all."""
        tables = self.rows(
            "select schemaname, tablename from pg_tables"
            " where schemaname in ('public', 'dramatiq') order by 1, 2"
        )
        one = "select {name}, count(*), md5(string_agg(t::text, '|' order by t::text)) from {t} t"
        statement = sql.SQL(" union all ").join(
            sql.SQL(one).format(name=sql.Literal(name), t=sql.Identifier(schema, name))
            for schema, name in tables
        )
        return {name: (number, digest) for name, number, digest in self._super.execute(statement)}

    def journal(self, subject_id: UUID) -> list[tuple[Any, ...]]:
        return self.rows(
            "select act, from_state, to_state, person_name, channel from journal"
            " where subject_id = %s order by id",
            subject_id,
        )

    def state(self, orientation_id: UUID) -> str:
        return str(self.scalar("select state from orientations where id = %s", orientation_id))

    # --- The way to each situation --------------------------------------------------------------

    async def vacancy(self, home: UUID | None = None, *, who: str = "alice") -> UUID:
        command = RegisterVacancy(
            dwelling_id=home or self.home(), free_on=self.now.date() + timedelta(days=30)
        )
        return await self.does(who, lambda tx: vacancies.register(tx, command))

    async def offer(
        self,
        reservataire: str = "doussard",
        *,
        contingent: str = "none",
        home: UUID | None = None,
        who: str = "alice",
    ) -> UUID:
        """A vacancy offered; the motif covers a choice that is not the first proposal."""
        vacancy_id = await self.vacancy(home, who=who)
        command = SendOrientation(
            vacancy_id=vacancy_id,
            reservataire_id=self.tenant(reservataire),
            contingent=contingent,
            departure_motif="Choix pour l'essai",
        )
        return await self.does(who, lambda tx: orientations.send(tx, command))

    async def search(self, *, home: UUID | None = None) -> UUID:
        """An offer accepted by Chloé."""
        orientation_id = await self.offer(home=home)
        await self.does("chloe", lambda tx: orientations.accept(tx, orientation_id))
        return orientation_id

    async def present(self, orientation_id: UUID, *nuds: str, who: str = "chloe") -> None:
        command = PresentCandidates(
            orientation_id=orientation_id, candidates=tuple(NewCandidate(nud=nud) for nud in nuds)
        )
        await self.does(who, lambda tx: candidates.present(tx, command))

    async def complete(self, *, home: UUID | None = None) -> UUID:
        orientation_id = await self.search(home=home)
        await self.present(orientation_id, *NUDS[:3])
        return orientation_id

    async def reach_candidates(self, orientation_id: UUID, who: str) -> None:
        """The réservataire accepts its offer and presents three candidates."""
        await self.does(who, lambda tx: orientations.accept(tx, orientation_id))
        await self.present(orientation_id, *NUDS[:3], who=who)

    def candidates(self, orientation_id: UUID) -> list[UUID]:
        return [
            row[0]
            for row in self.rows(
                "select id from candidates where orientation_id = %s order by position",
                orientation_id,
            )
        ]

    async def session(self, *orientation_ids: UUID) -> UUID:
        command = self.agenda(*orientation_ids)
        return await self.does("alice", lambda tx: caleol.plan(tx, command))

    def agenda(self, *orientation_ids: UUID) -> caleol.PlanCaleol:
        return caleol.PlanCaleol(
            starts_at=self.now + timedelta(days=7),
            place="Siège, salle du conseil",
            orientation_ids=orientation_ids,
        )

    def decision(self, session_id: UUID, orientation_id: UUID) -> caleol.RecordDecision:
        """The first candidate at rank 1, the others not attributed."""
        first, *others = self.candidates(orientation_id)
        return caleol.RecordDecision(
            session_id=session_id,
            orientation_id=orientation_id,
            decisions=(
                caleol.CandidateDecision(candidate_id=first, outcome="attribution", rank=1),
                *(
                    caleol.CandidateDecision(
                        candidate_id=one, outcome="not_attributed", reason="better_ranked"
                    )
                    for one in others
                ),
            ),
        )

    async def attributed(self, *, home: UUID | None = None) -> UUID:
        orientation_id = await self.complete(home=home)
        session_id = await self.session(orientation_id)
        command = self.decision(session_id, orientation_id)
        self.now += timedelta(days=8)
        await self.does("alice", lambda tx: caleol.record_decision(tx, command))
        return orientation_id

    # --- A row of everything --------------------------------------------------------------------

    async def everything(self) -> None:
        """The whole cycle for Alice and her partners, beside the patrimoine of the others."""
        await self.attributed()
        await self._urgence(await self.offer(home=self.home(number=1)))
        await self._dalo()
        bilan_id = await self.does("alice", lambda tx: bilans.publish(tx, 2026))
        await self.does("alice", lambda tx: bilans.distribute(tx, bilan_id))
        # a territory LEC, so that its EPCI sits in the commission and is told (R441-9)
        self.run("insert into lec_territories values (%s, '2019-01-01', null)", SOURCES_DU_LAC)
        await self.session(await self.complete(home=self.home(number=3)))

    async def _urgence(self, orientation_id: UUID) -> None:
        command = RequestUrgence(
            vacancy_id=self.vacancy_of(orientation_id),
            kind="fire",
            title="Incendie rue du Lac",
            proposed_reservataire_id=self.tenant("doussard"),
        )
        await self.does("alice", lambda tx: urgences.request(tx, command))

    async def _dalo(self) -> None:
        """A DALO household, which the préfecture follows, up to the decision."""
        orientation_id = await self.search(home=self.home(number=2))
        presented = PresentCandidates(
            orientation_id=orientation_id, candidates=(NewCandidate(nud=NUDS[7], is_dalo=True),)
        )
        await self.does("chloe", lambda tx: candidates.present(tx, presented))
        session_id = await self.session(orientation_id)
        command = self.decision(session_id, orientation_id)
        self.now += timedelta(days=8)
        await self.does("alice", lambda tx: caleol.record_decision(tx, command))

    def vacancy_of(self, orientation_id: UUID) -> UUID:
        found: UUID = self.scalar(
            "select vacancy_id from orientations where id = %s", orientation_id
        )
        return found

    def day(self, days: int = 0) -> date:
        return self.now.date() + timedelta(days=days)
