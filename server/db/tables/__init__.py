"""The tables as the queries see them; the migrations build them, policies and grants included.

Identifiers are UUIDv7 given by the caller. Codes are short lower-case ASCII texts. An instant is a
timestamptz, a legal day a date in Europe/Paris, a deadline (`*_due_at`) an exclusive bound.
Every foreign key between two tenant tables carries the tenant's column.
"""

from server.db.tables.acts import (
    bilan_agreements,
    bilan_deliveries,
    bilans,
    caleol_invitations,
    caleol_items,
    caleol_sessions,
    decisions,
    journal,
    notifications,
    urgences,
)
from server.db.tables.annexes import (
    annexe_droits_uniques,
    droit_unique_uses,
    droits_uniques,
    state_derogations,
)
from server.db.tables.charte import charte_versions, soustraction_forecasts
from server.db.tables.choices import (
    digests,
    mail_preferences,
    orientation_reminders,
    person_digests,
)
from server.db.tables.closures import closures
from server.db.tables.conventions import (
    convention_amendments,
    convention_reminders,
    convention_scans,
)
from server.db.tables.deliveries import dead_letters, heartbeats, outages
from server.db.tables.feeds import calendar_feeds
from server.db.tables.identities import (
    api_tokens,
    login_attempts,
    memberships,
    persons,
    sessions,
    tenant_capacities,
    tenant_mailboxes,
    tenants,
)
from server.db.tables.imports import import_mappings, imports
from server.db.tables.ledgers import ledger_balances, ledger_entries, ledger_moves, ledgers
from server.db.tables.machines import (
    api_calls,
    machine_clients,
)
from server.db.tables.organismes import (
    substitutions,
    tenant_mergers,
    tenant_names,
)
from server.db.tables.orientations import (
    candidate_offers,
    candidates,
    orientations,
    vacancies,
)
from server.db.tables.patrimoine import (
    annexe_communes,
    annexe_line_communes,
    annexe_lines,
    annexe_readers,
    annexes,
    convention_communes,
    conventions,
    dwellings,
)
from server.db.tables.people import (
    answer_link_decisions,
    invitations,
    people_events,
)
from server.db.tables.readings import (
    isolation_checks,
    nominative_readings,
)
from server.db.tables.reference import (
    business_clock,
    communes,
    epcis,
    lec_territories,
)
from server.db.tables.requests import call_budgets, kept_answers
from server.db.tables.scenarios import (
    scenario_draws,
    scenario_figures,
    scenario_shares,
    scenarios,
)
from server.db.tables.stock import (
    commune_mergers,
    commune_zones,
    dwelling_exclusions,
    dwelling_qpv_changes,
)

__all__ = [
    "annexe_communes",
    "annexe_droits_uniques",
    "annexe_line_communes",
    "annexe_lines",
    "annexe_readers",
    "annexes",
    "answer_link_decisions",
    "api_calls",
    "api_tokens",
    "bilan_agreements",
    "bilan_deliveries",
    "bilans",
    "business_clock",
    "calendar_feeds",
    "caleol_invitations",
    "caleol_items",
    "caleol_sessions",
    "call_budgets",
    "candidate_offers",
    "candidates",
    "charte_versions",
    "closures",
    "commune_mergers",
    "commune_zones",
    "communes",
    "convention_amendments",
    "convention_communes",
    "convention_reminders",
    "convention_scans",
    "conventions",
    "dead_letters",
    "decisions",
    "digests",
    "droit_unique_uses",
    "droits_uniques",
    "dwelling_exclusions",
    "dwelling_qpv_changes",
    "dwellings",
    "epcis",
    "heartbeats",
    "import_mappings",
    "imports",
    "invitations",
    "isolation_checks",
    "journal",
    "kept_answers",
    "lec_territories",
    "ledger_balances",
    "ledger_entries",
    "ledger_moves",
    "ledgers",
    "login_attempts",
    "machine_clients",
    "mail_preferences",
    "memberships",
    "nominative_readings",
    "notifications",
    "orientation_reminders",
    "orientations",
    "outages",
    "people_events",
    "person_digests",
    "persons",
    "scenario_draws",
    "scenario_figures",
    "scenario_shares",
    "scenarios",
    "sessions",
    "soustraction_forecasts",
    "state_derogations",
    "substitutions",
    "tenant_capacities",
    "tenant_mailboxes",
    "tenant_mergers",
    "tenant_names",
    "tenants",
    "urgences",
    "vacancies",
]
