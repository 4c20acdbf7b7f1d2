"""Who may read and write each row and each column, per kind of actor."""

from __future__ import annotations

from alembic import op

from migrations.helpers import (
    CONTINGENTS,
    OWN_CONTINGENT,
    TENANT,
    TERRITORY,
    may_delete,
    may_insert,
    may_read,
    may_update,
    protect,
    shared,
)

revision = "20261123_06_policies"
down_revision = "20261123_05_acts"
branch_labels = None
depends_on = None

KINDS = ("bailleur", "reservataire", "prefecture", "epci")
EVERYONE = (*KINDS, "identity", "system", "operator", "demo")

MINE = f"bailleur_id = {TENANT}"
IN_TERRITORY = f"insee in (select c.insee from communes c where c.epci_siren = {TERRITORY})"

DWELLING_COLUMNS_WITHOUT_ADDRESS = (
    "(id, bailleur_id, insee, kind, typology, surface_m2, financing, built_year, delivered_on, is_qpv,"
    " exclusion, left_on)"
)
VACANCY_COLUMNS_FOR_COUNTS = "(id, bailleur_id, insee, nature, state, free_on, registered_on)"
CONVENTION_COLUMNS_WITHOUT_MAILBOX = (
    "(id, bailleur_id, reservataire_id, state, starts_on, ended_on, answer_days, candidate_days,"
    " mutation_rate_bp, indicator, charte_version, model_version)"
)
ORIENTATION_COLUMNS_OF_PARTIES = (
    "(id, bailleur_id, reservataire_id, contingent, vacancy_id, dwelling_id, convention_id, insee,"
    " state, rank, version, sent_at, sent_on, answer_due_at, answer_last_day, answer_receipt,"
    " answer_days, candidate_days, extension_count, acceptance_mode, accepted_on, answered_at, refusal_motif, candidates_due_at,"
    " candidates_last_day, searched_by, justification, withdrawal_reason, attributed_candidate_id,"
    " attributed_on, leased_on)"
)
ANSWER_COLUMNS = (
    "(state, version, acceptance_mode, accepted_on, answered_at, refusal_motif, candidates_due_at,"
    " candidates_last_day)"
)

# A réservataire answers an offer; it never moves a legal date that is already set.
GUARD = """
create function guard_orientation_answer() returns trigger language plpgsql as $$
begin
  if current_user <> 'portail_reservataire' then
    return new;
  end if;
  if not (
    (old.state = 'sent' and new.state in ('searching', 'refused'))
    or (old.state = 'searching' and new.state in ('searching', 'candidates_complete', 'renounced'))
    or (old.state = 'candidates_complete' and new.state = 'searching')
  ) then
    raise exception 'transition % -> % is not an answer', old.state, new.state
      using errcode = 'check_violation';
  end if;
  if (old.candidates_due_at is not null and new.candidates_due_at is distinct from old.candidates_due_at)
    or (old.accepted_on is not null and new.accepted_on is distinct from old.accepted_on)
    or (old.candidates_last_day is not null
        and new.candidates_last_day is distinct from old.candidates_last_day)
  then
    raise exception 'a legal date never moves' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger guard_orientation_answer before update on orientations
  for each row execute function guard_orientation_answer();
"""


def _reference() -> None:
    for role in EVERYONE:
        op.execute(f"grant select on epcis, communes, lec_territories to portail_{role}")
    op.execute("grant select on business_clock to public")
    op.execute("grant insert, update on business_clock to portail_demo")


def _identities() -> None:
    for table in ("tenants", "tenant_capacities"):
        protect(table)
        for role in EVERYONE:
            may_read(table, role, "true")
        may_insert(table, "operator", "true")
    protect("tenant_mailboxes")
    for role in KINDS:
        may_read("tenant_mailboxes", role, f"tenant_id = {TENANT} and capacity = '{role}'")
    may_insert("tenant_mailboxes", "operator", "true")
    for table in ("persons", "memberships", "api_tokens", "sessions", "login_attempts"):
        protect(table)
        may_read(table, "identity", "true")
    for table in ("persons", "memberships", "api_tokens"):
        may_read(table, "operator", "true")
        may_insert(table, "operator", "true")
    may_update("persons", "operator", "true", columns="(issuer, subject, name)")
    may_update("memberships", "operator", "true", columns="(role, contingents, revoked_at)")
    may_update("api_tokens", "operator", "true", columns="(revoked_at)")
    may_insert("sessions", "identity", "true")
    may_update("sessions", "identity", "true", columns="(membership_id, last_seen_at, revoked_at)")
    may_insert("login_attempts", "identity", "true")
    may_delete("login_attempts", "identity", "true")


def _patrimoine() -> None:
    shared(
        "dwellings",
        {
            "reservataire": (
                f"id in (select o.dwelling_id from orientations o where o.reservataire_id = {TENANT})",
                "",
            ),
            "prefecture": ("true", DWELLING_COLUMNS_WITHOUT_ADDRESS),
            "epci": (IN_TERRITORY, DWELLING_COLUMNS_WITHOUT_ADDRESS),
        },
        update="(address, sort_address, typology, surface_m2, financing, built_year, delivered_on,"
        " is_qpv, exclusion, left_on)",
    )
    own = f"reservataire_id = {TENANT}"
    shared(
        "conventions",
        {
            "reservataire": (own, ""),
            "prefecture": ("true", ""),
            "epci": (
                "id in (select cc.convention_id from convention_communes cc)",
                CONVENTION_COLUMNS_WITHOUT_MAILBOX,
            ),
        },
        update="(ended_on, mailbox)",
    )
    shared(
        "convention_communes",
        {"reservataire": (own, ""), "prefecture": ("true", ""), "epci": (IN_TERRITORY, "")},
    )
    _annexes()


def _annexes() -> None:
    shared(
        "annexes",
        {
            "reservataire": (
                (
                    "published_at is not null and id in"
                    f" (select r.annexe_id from annexe_readers r where r.tenant_id = {TENANT})"
                ),
                "",
            ),
            "prefecture": ("published_at is not null", ""),
            "epci": (f"published_at is not null and epci_siren = {TERRITORY}", ""),
        },
        update="(published_at)",
    )
    visible = "annexe_id in (select a.id from annexes a)"
    for table in ("annexe_communes", "annexe_lines", "annexe_line_communes"):
        shared(table, dict.fromkeys(("reservataire", "prefecture", "epci"), (visible, "")))
    shared("annexe_readers", {"reservataire": (f"tenant_id = {TENANT}", "")})


def _orientations() -> None:
    shared(
        "vacancies",
        {
            "reservataire": (
                (
                    "(bailleur_id, insee) in"
                    " (select cc.bailleur_id, cc.insee from convention_communes cc)"
                ),
                VACANCY_COLUMNS_FOR_COUNTS,
            ),
            "prefecture": ("true", ""),
        },
        update="(nature, state, closed_on, charged_reservataire_id, charged_contingent, version)",
    )
    shared(
        "orientations",
        {
            "reservataire": (OWN_CONTINGENT, ORIENTATION_COLUMNS_OF_PARTIES),
            "prefecture": ("true", ORIENTATION_COLUMNS_OF_PARTIES),
            "system": ("true", "(id, bailleur_id, state, answer_due_at, candidates_due_at)"),
        },
        update="(state, version, acceptance_mode, accepted_on, candidates_due_at,"
        " candidates_last_day, searched_by, extension_count, justification, withdrawal_reason,"
        " attributed_candidate_id, attributed_on, leased_on)",
    )
    may_update("orientations", "reservataire", OWN_CONTINGENT, columns=ANSWER_COLUMNS)
    op.execute(GUARD)
    shared(
        "candidates",
        {"reservataire": (OWN_CONTINGENT, ""), "prefecture": ("is_dalo", "")},
        update="(withdrawn_at)",
    )
    may_insert("candidates", "reservataire", f"{OWN_CONTINGENT} and presented_by = 'reservataire'")
    may_update("candidates", "reservataire", OWN_CONTINGENT, columns="(withdrawn_at)")


def _caleol() -> None:
    invited = {
        role: (
            (
                "id in (select i.session_id from caleol_invitations i"
                f" where i.tenant_id = {TENANT} and i.capacity = '{role}')"
            ),
            "",
        )
        for role in ("reservataire", "prefecture", "epci")
    }
    shared("caleol_sessions", invited, update="(state, sequence, version, minutes_at)")
    member = ("session_id in (select s.id from caleol_sessions s)", "")
    shared(
        "caleol_items",
        {"reservataire": (OWN_CONTINGENT, ""), "prefecture": member, "epci": member},
    )
    shared(
        "caleol_invitations",
        {
            role: (f"tenant_id = {TENANT} and capacity = '{role}'", "")
            for role in ("reservataire", "prefecture", "epci")
        },
        update="(sequence, invited_at)",
    )
    shared(
        "decisions",
        {"reservataire": (OWN_CONTINGENT, ""), "prefecture": ("is_dalo", "")},
    )


def _urgences() -> None:
    shared(
        "urgences",
        {
            "reservataire": (
                (
                    f"(charged_reservataire_id = {TENANT} and charged_contingent = any ({CONTINGENTS}))"
                    f" or (proposed_reservataire_id = {TENANT}"
                    f" and proposed_contingent = any ({CONTINGENTS}))"
                ),
                "",
            ),
            "prefecture": ("true", ""),
            "epci": (IN_TERRITORY, ""),
        },
        update="(applied_at)",
    )
    may_update(
        "urgences",
        "prefecture",
        "true",
        columns="(state, decided_at, decided_by, decision_reason, charged_reservataire_id,"
        " charged_contingent, version)",
    )


def _bilans() -> None:
    shared("bilan_agreements", {"epci": (f"tenant_id = {TENANT}", "")})
    delivered = {
        role: (
            (
                "state = 'published' and id in (select d.bilan_id from bilan_deliveries d"
                f" where d.tenant_id = {TENANT} and d.capacity = '{role}')"
            ),
            "",
        )
        for role in ("reservataire", "epci")
    }
    shared(
        "bilans",
        {**delivered, "prefecture": ("state = 'published'", "")},
        update="(state, distributed_at, workbook, workbook_hash)",
    )
    recipients = {
        role: (f"tenant_id = {TENANT} and capacity = '{role}'", "")
        for role in ("reservataire", "epci", "prefecture")
    }
    shared("bilan_deliveries", recipients)
    for role, (condition, _) in recipients.items():
        may_update("bilan_deliveries", role, condition, columns="(opened_at)")


def _jobs() -> None:
    """The worker knows an id and asks whose row it is, nothing else."""
    for table in ("urgences", "bilans"):
        may_read(table, "system", "true", columns="(id, bailleur_id)")


def _journal_and_notifications() -> None:
    protect("journal")
    read = {
        "bailleur": MINE,
        "reservataire": OWN_CONTINGENT,
        "prefecture": f"subject_kind = 'urgence' or actor_tenant_id = {TENANT}",
        "epci": f"actor_tenant_id = {TENANT}",
    }
    for role, condition in read.items():
        may_read("journal", role, condition)
        may_insert("journal", role, f"actor_tenant_id = {TENANT} and actor_capacity = '{role}'")
    protect("notifications")
    for role in KINDS:
        received = f"recipient_id = {TENANT} and capacity = '{role}'"
        if role == "reservataire":
            received += f" and contingent = any ({CONTINGENTS})"
        may_read("notifications", role, received)
        may_update("notifications", role, received, columns="(read_at)")
        may_insert("notifications", role, f"sender_id = {TENANT}")
    may_read("notifications", "system", "true")
    may_update(
        "notifications",
        "system",
        "true",
        columns="(state, address, subject, body_text, body_html, calendar, message_id, attempts,"
        " error, processed_at)",
    )
    may_read("notifications", "demo", "true")


def upgrade() -> None:
    _reference()
    _identities()
    _patrimoine()
    _orientations()
    _caleol()
    _urgences()
    _bilans()
    _jobs()
    _journal_and_notifications()
