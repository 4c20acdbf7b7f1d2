"""Playing acts by the fixed cast on a world of one's own, and seeing what each one changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from server.domain.deadlines import PARIS
from server.domain.scenarios import Change, ChangeKind
from server.errors import Forbidden, NotFound, PortalError
from server.operations import (
    bilans,
    caleol,
    candidates,
    orientations,
    people,
    scenarios,
    substitutions,
    urgences,
    vacancies,
)
from server.operations.candidates import NewCandidate, PresentCandidates
from server.operations.orientations import SendOrientation
from server.operations.people import InvitePerson
from server.operations.scenarios import NewScenario
from server.operations.substitutions import DeclareSubstitution
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

    def sets_clock(self, now: datetime) -> None:
        """The business clock of the portal, for what reads it itself: the sweep."""
        self.run(
            "insert into business_clock values (true, %s - now())"
            " on conflict (singleton) do update set shift = excluded.shift",
            now,
        )

    def rewrite(self, statement: LiteralString, *values: Any) -> None:
        """The same on what nobody may change any more: a published annexe."""
        self.run("set session_replication_role = replica")
        self.run(statement, *values)
        self.run("set session_replication_role = default")

    def _last(self, table: str, column: str) -> Any:
        statement = sql.SQL("select {} from {} order by 1 desc limit 1").format(
            sql.Identifier(column), sql.Identifier(table)
        )
        row = self._super.execute(statement).fetchone()
        return row[0] if row else UUID(int=0)

    def dump(self) -> dict[str, tuple[int, str]]:
        """How many rows each table has, and a digest of them all; a call that is refused has been
        counted all the same, a visit keeps its session awake, and both leave nothing else.
        """
        tables = self.rows(
            "select schemaname, tablename from pg_tables"
            " where schemaname in ('public', 'dramatiq') and tablename <> 'call_budgets'"
            " order by 1, 2"
        )
        one = "select {name}, count(*), md5(string_agg({row}, '|' order by {row})) from {t} t"
        asleep = "(to_jsonb(t) - 'last_seen_at')::text"
        statement = sql.SQL(" union all ").join(
            sql.SQL(one).format(
                name=sql.Literal(name),
                row=sql.SQL(asleep if name == "sessions" else "t::text"),
                t=sql.Identifier(schema, name),
            )
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
        orientation_id = await self.does(who, lambda tx: orientations.send(tx, command))
        self.arrive(orientation_id)
        return orientation_id

    def arrive(self, orientation_id: UUID) -> None:
        """The worker has sent the mail of this offer: without it, silence says nothing."""
        self.run(
            "update orientations set delivery = 'delivered', delivered_at = sent_at where id = %s",
            orientation_id,
        )

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
        for responsable in ("alice", "chloe", "estelle", "farid"):
            await self._expected_by(responsable)
        await self._organismes()
        self._machines()
        self._calls()
        self._agreements()
        self._imports()
        self._stock()
        self._droits_uniques()
        self._watched()
        await self._scenarios()
        self._told()
        self._feeds()
        self._closures()
        self._mails()

    async def _scenarios(self) -> None:
        """Two of Alice's and one of Denis'; hers are shown to Chloé and to Estelle, undrawn yet."""
        for who, name in (("alice", "Première"), ("alice", "Seconde"), ("denis", "Troisième")):
            wanted = NewScenario(name=name, year=self.now.year + 1)
            made = await self.does(who, partial(scenarios.create, command=wanted))
            change = Change(
                kind=ChangeKind.MUTATION_SHARE, from_on=date(wanted.year, 7, 1), rate_bp=500
            )
            await self.does(
                who,
                partial(scenarios.add_change, scenario_id=made, revision=2, change=change),
            )
            self.run(
                "insert into scenario_draws (scenario_id, bailleur_id, state, revision, seed,"
                " wanted, asked_at, asked_by) select id, bailleur_id, 'cancelled', 2, 1, 1000, %s,"
                " 'Essai' from scenarios where id = %s",
                self.now,
                made,
            )
        self.run(
            "insert into scenario_shares select uuidv7(), id, bailleur_id, %s, 'reservataire', %s,"
            " 'Essai', %s from scenarios where bailleur_id = %s",
            self.tenant("publier"),
            self.now,
            self.now,
            self.tenant(HSH),
        )
        for slug, capacity in (("doussard", "reservataire"), ("prefecture", "prefecture")):
            self.run(
                "insert into scenario_shares select uuidv7(), id, bailleur_id, %s, %s, %s, 'Essai',"
                " null from scenarios where bailleur_id = %s",
                self.tenant(slug),
                capacity,
                self.now,
                self.tenant(HSH),
            )

    def _told(self) -> None:
        """The candidate that has each dwelling attributed has accepted it; links may answer."""
        self.run(
            "insert into candidate_offers select gen_random_uuid(), id, attributed_candidate_id,"
            " bailleur_id, reservataire_id, contingent, 1, attributed_on, now(), attributed_on,"
            " '{}', now(), 'accepted', attributed_on, 'Essai' from orientations"
            " where state = 'attributed'"
        )
        self.run(
            "insert into answer_link_decisions select gen_random_uuid(), tenant_id, true, now(),"
            " null, 'Essai' from tenant_capacities where capacity = 'reservataire'"
        )

    def _stock(self) -> None:
        """An exclusion that is over, a quartier entered and left, a forecast: nothing of today."""
        home = self.home()
        self.run(
            "insert into dwelling_exclusions select uuidv7(), id, bailleur_id, 'sante',"
            " '2020-01-01', '2021-01-01' from dwellings where id = %s",
            home,
        )
        for _ in ("entered", "left"):
            self.run("update dwellings set is_qpv = not is_qpv where id = %s", home)
        self.run(
            "insert into soustraction_forecasts select id, 2026, 'mutation', 12, now() from tenants"
            " where slug in ('haute-savoie-habitat', 'leman-habitat')"
        )

    def _droits_uniques(self) -> None:
        """One right, used; those of each annexe published; a derogation that is over."""
        self.run(
            "with granted as (insert into droits_uniques (id, bailleur_id, reservataire_id, insee,"
            " programme, origin, granted_on, granted, consumed) select gen_random_uuid(), %s, %s,"
            " %s, 'Essai', 'programme', '2020-01-01', 1, 1 returning *)"
            " insert into droit_unique_uses (id, droit_unique_id, bailleur_id, reservataire_id,"
            " orientation_id, state, reserved_at, ended_at) select gen_random_uuid(), g.id,"
            " g.bailleur_id, g.reservataire_id, o.id, 'consumed', now(), now() from granted g"
            " join orientations o using (bailleur_id, reservataire_id)"
            " where o.state = 'attributed' order by o.id limit 1",
            *(self.tenant(HSH), self.tenant("doussard"), DOUSSARD),
        )
        self.rewrite(
            "insert into annexe_droits_uniques select id, bailleur_id, 1, %s, 'Essai', 1"
            " from annexes where published_at is not null",
            self.tenant("doussard"),
        )
        self.run(
            "insert into state_derogations select gen_random_uuid(), tenant_id, 'Essai',"
            " '2020-01-01', '2020-12-31', now(), 'Essai' from tenant_capacities"
            " where capacity = 'bailleur'"
        )

    def _feeds(self) -> None:
        """Each organisme is followed from a diary, in each of its capacities."""
        self.run(
            "insert into calendar_feeds (id, tenant_id, capacity, contingents, secret_hash,"
            " created_at, made_by) select gen_random_uuid(), tenant_id, capacity,"
            " '{none,fonctionnaires,rs}', md5(tenant_id::text || capacity), now(), 'Essai'"
            " from tenant_capacities"
        )

    def _closures(self) -> None:
        """Each réservataire has said when it is closed."""
        self.run(
            "insert into closures (id, tenant_id, first_day, last_day, reason, declared_at,"
            " declared_by) select gen_random_uuid(), tenant_id, '2030-08-01', '2030-08-15',"
            " 'congés', now(), 'Essai' from tenant_capacities where capacity = 'reservataire'"
        )

    def _mails(self) -> None:
        """Each organisme has chosen, has had a digest and has a mail that did not go."""
        self.run(
            "insert into mail_preferences (tenant_id, capacity, digest, changed_at, changed_by)"
            " select tenant_id, capacity, true, now(), 'Essai' from tenant_capacities"
        )
        self.run(
            "insert into person_digests (person_id, tenant_id, capacity, address, changed_at)"
            " select distinct on (tenant_id, capacity) person_id, tenant_id, capacity,"
            " 'essai@portail.invalid', now() from memberships where revoked_at is null"
        )
        self.run(
            "insert into digests (id, tenant_id, capacity, contingent, day) select"
            " gen_random_uuid(), tenant_id, capacity, 'none', '2026-04-01' from tenant_capacities"
        )
        self.run(
            "insert into dead_letters (notification_id, sender_id, recipient_id, template,"
            " subject_kind, subject_id, state, error, failed_at) select gen_random_uuid(), id, id,"
            " 'machine.expiring', 'machine', id, 'failed', 'Essai', now() from tenants"
        )
        self.run(
            "insert into orientation_reminders select id, bailleur_id, reservataire_id,"
            " contingent, answer_last_day, 'last_day', now() from orientations"
        )

    def _watched(self) -> None:
        """Estelle has read the files that she may; the self-test has run."""
        self.run(
            "insert into nominative_readings (id, at, hour_at, actor_tenant_id, person_name,"
            " channel, orientation_id, dwelling_id, bailleur_id, reservataire_id, contingent)"
            " select gen_random_uuid(), now(), date_trunc('hour', now()), %s, 'Estelle', 'page',"
            " o.id, v.dwelling_id, o.bailleur_id, o.reservataire_id, o.contingent"
            " from orientations o join vacancies v on v.id = o.vacancy_id",
            self.actor("estelle").tenant_id,
        )
        self.run("insert into outages values ('2020-01-02 09:00+01', '2020-01-02 10:00+01')")
        self.run(
            "insert into isolation_checks (id, ran_at, outcome, checks, probes, failures)"
            " values (gen_random_uuid(), now(), 'passed', 1, 1, 0)"
        )

    def _imports(self) -> None:
        """Each bailleur has sent a file that is to be mended, and its columns are known."""
        layout = (
            '{"kind":"table","header_line":1,"header":["a"],"columns":{},"missing":[],"unknown":[]}'
        )
        self.run(
            "insert into imports (id, bailleur_id, state, file_name, sha256, size, content,"
            " received_at, received_by, layout, annotated)"
            " select gen_random_uuid(), tenant_id, 'blocked', 'stock.csv', md5('a'), 1, 'a', now(),"
            " 'Essai', cast(%s as jsonb), 'b' from tenant_capacities where capacity = 'bailleur'",
            layout,
        )
        self.run(
            "insert into import_mappings (bailleur_id, columns, kept_at)"
            " select tenant_id, '{}', now() from tenant_capacities where capacity = 'bailleur'"
        )

    def _agreements(self) -> None:
        """Each convention has an avenant to sign, a signed paper, a reminder given."""
        self.run(
            "insert into convention_amendments (id, convention_id, bailleur_id, reservataire_id,"
            " number, reason, summary, changes, proposed_on)"
            " select gen_random_uuid(), id, bailleur_id, reservataire_id, 1, 'substantial',"
            " 'Essai', '[]', '2026-01-05' from conventions"
        )
        self.run(
            "insert into convention_scans (id, convention_id, bailleur_id, reservataire_id, kind,"
            " sha256, size, content, kept_at, kept_by_id)"
            " select gen_random_uuid(), id, bailleur_id, reservataire_id, 'convention',"
            " md5(id::text), 5, '%%PDF-', now(), bailleur_id from conventions"
        )
        self.run(
            "insert into convention_reminders (convention_id, bailleur_id, reservataire_id,"
            " turn_on, months, given_at) select id, bailleur_id, reservataire_id, starts_on + 365,"
            " 3, now() from conventions"
        )

    def _calls(self) -> None:
        """Each organisme has called the API, and keeps an answer in each of its capacities."""
        self.run(
            "insert into call_budgets (tenant_id, caller, points, charged, refilled_at)"
            " select id, '', 1000, 1, now() from tenants"
        )
        self.run(
            "insert into kept_answers (tenant_id, capacity, client, key, input_hash, answer)"
            " select tenant_id, capacity, 'outil', 'cle', md5(tenant_id::text), '{}'"
            " from tenant_capacities"
        )

    def _machines(self) -> None:
        """Each organisme has a client at an issuer beside its token, and its token has called."""
        self.run(
            "insert into machine_clients (id, tenant_id, capacity, contingents, name, issuer,"
            " client_id, attachment_hash, attached_at, scopes, created_at, expires_at)"
            " select gen_random_uuid(), tenant_id, capacity, contingents, name,"
            " 'https://identite.invalid', id::text, md5(id::text), now(), scopes, created_at,"
            " expires_at from api_tokens"
        )
        self.run(
            "insert into api_calls (id, tenant_id, capacity, contingents, caller_id, caller_name,"
            " day, operation, outcome, last_at)"
            " select gen_random_uuid(), tenant_id, capacity, contingents, id, name, current_date,"
            " 'me', 'ok', now() from api_tokens"
        )

    async def _organismes(self) -> None:
        """A commune that is substituted, a name and a merger to come."""
        command = DeclareSubstitution(
            tenant_id=self.tenant("publier"), decree="n° 2026-0001", starts_on=self.day()
        )
        await self.does("estelle", lambda tx: substitutions.declare(tx, command))
        vilogia, semcoda = self.tenant("vilogia"), self.tenant("semcoda")
        self.run("insert into tenant_names values (%s, '2099-01-01', 'Vilogia A', now())", vilogia)
        merger = vilogia, semcoda
        self.run("insert into tenant_mergers values (%s, %s, '2099-01-01', now())", *merger)

    async def _expected_by(self, responsable: str) -> None:
        """Somebody invited in her organisme, who has not come yet."""
        command = InvitePerson(name="Théo Attendu", role="lecteur")
        await self.does(responsable, lambda tx: people.invite(tx, command))

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
