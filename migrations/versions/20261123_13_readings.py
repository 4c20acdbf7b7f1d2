"""Who read nominative data is written, and shown to whom it concerns; the self-test is dated."""

from __future__ import annotations

from alembic import op

from migrations.helpers import OWN_CONTINGENT, TENANT, may_insert, may_read, protect

revision = "20261123_13_readings"
down_revision = "20261123_12_requests"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE nominative_readings (
    id UUID NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor_tenant_id UUID NOT NULL,
    person_name TEXT NOT NULL,
    channel TEXT NOT NULL,
    orientation_id UUID NOT NULL,
    dwelling_id UUID NOT NULL,
    bailleur_id UUID NOT NULL,
    reservataire_id UUID NOT NULL,
    contingent TEXT DEFAULT 'none' NOT NULL,
    CONSTRAINT nominative_readings_pkey PRIMARY KEY (id),
    CONSTRAINT nominative_readings_actor_tenant_id_person_name_orienta_05db UNIQUE (actor_tenant_id, person_name, orientation_id, hour_at),
    CONSTRAINT nominative_readings_orientation_id_bailleur_id_reservat_3dc9 FOREIGN KEY(orientation_id, bailleur_id, reservataire_id, contingent) REFERENCES orientations (id, bailleur_id, reservataire_id, contingent),
    CONSTRAINT nominative_readings_channel_check CHECK (channel in ('page', 'api', 'worker')),
    CONSTRAINT nominative_readings_contingent_check CHECK (contingent in ('none', 'fonctionnaires', 'rs')),
    CONSTRAINT nominative_readings_actor_tenant_id_fkey FOREIGN KEY(actor_tenant_id) REFERENCES tenants (id),
    CONSTRAINT nominative_readings_bailleur_id_fkey FOREIGN KEY(bailleur_id) REFERENCES tenants (id),
    CONSTRAINT nominative_readings_reservataire_id_fkey FOREIGN KEY(reservataire_id) REFERENCES tenants (id)
);
CREATE INDEX nominative_readings_by_bailleur ON nominative_readings (bailleur_id, at, id);
CREATE INDEX nominative_readings_by_reservataire ON nominative_readings (reservataire_id, at, id);
CREATE INDEX nominative_readings_by_actor ON nominative_readings (actor_tenant_id, at, id);
CREATE INDEX nominative_readings_by_orientation ON nominative_readings (orientation_id, at);
CREATE TABLE isolation_checks (
    id UUID NOT NULL,
    ran_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT NOT NULL,
    checks INTEGER NOT NULL,
    probes INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    findings JSONB DEFAULT '[]' NOT NULL,
    CONSTRAINT isolation_checks_pkey PRIMARY KEY (id),
    CONSTRAINT isolation_checks_outcome_check CHECK (outcome in ('passed', 'failed'))
);
CREATE INDEX isolation_checks_by_day ON isolation_checks (ran_at, id);
"""

KINDS = ("bailleur", "reservataire", "prefecture", "epci")
# What was found names tables and roles: for the operator, who reads it in the command's answer.
RESULT = "(id, ran_at, outcome, checks, probes, failures)"


def _readings() -> None:
    """Append-only: the préfecture writes its readings, and the parties to the file read them."""
    protect("nominative_readings")
    readers = {
        "bailleur": f"bailleur_id = {TENANT}",
        "reservataire": OWN_CONTINGENT,
        "prefecture": f"actor_tenant_id = {TENANT}",
    }
    for role, condition in readers.items():
        may_read("nominative_readings", role, condition)
    may_insert("nominative_readings", "prefecture", readers["prefecture"])


def _checks() -> None:
    protect("isolation_checks")
    may_insert("isolation_checks", "system", "true")
    for role in (*KINDS, "system"):
        may_read("isolation_checks", role, "true", columns=RESULT)


# Without the tenant, the order in which PostgreSQL checks (unique, then foreign key) told whoever
# wrote SQL by hand whether another organisme's file had this NUD, this vacancy, this decision.
# The foreign keys give each of these rows one bailleur: what is unique stays unique.
UNIQUE = """
drop index vacancies_open_by_dwelling;
create unique index vacancies_open_by_dwelling on vacancies (dwelling_id, bailleur_id)
  where state = 'open';
drop index orientations_live_by_vacancy;
create unique index orientations_live_by_vacancy on orientations (vacancy_id, bailleur_id)
  where state in ('draft', 'sent', 'searching', 'candidates_complete', 'candidates_partial', 'no_candidate', 'in_caleol', 'attributed');
drop index candidates_nud_by_orientation;
create unique index candidates_nud_by_orientation
  on candidates (orientation_id, nud, bailleur_id, reservataire_id) where withdrawn_at is null;
drop index urgences_pending_by_vacancy;
create unique index urgences_pending_by_vacancy on urgences (vacancy_id, bailleur_id)
  where state = 'requested';
alter table decisions drop constraint decisions_session_id_candidate_id_key;
alter table decisions add constraint decisions_session_id_candidate_id_bailleur_id_key
  unique (session_id, candidate_id, bailleur_id);
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(UNIQUE)
    _readings()
    _checks()
    # A new function is nobody's until it is granted.
    op.execute("alter default privileges revoke execute on functions from public")
