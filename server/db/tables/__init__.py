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
from server.db.tables.orientations import (
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
from server.db.tables.reference import (
    business_clock,
    communes,
    epcis,
    lec_territories,
)

__all__ = [
    "annexe_communes",
    "annexe_line_communes",
    "annexe_lines",
    "annexe_readers",
    "annexes",
    "api_tokens",
    "bilan_agreements",
    "bilan_deliveries",
    "bilans",
    "business_clock",
    "caleol_invitations",
    "caleol_items",
    "caleol_sessions",
    "candidates",
    "communes",
    "convention_communes",
    "conventions",
    "decisions",
    "dwellings",
    "epcis",
    "journal",
    "lec_territories",
    "login_attempts",
    "memberships",
    "notifications",
    "orientations",
    "persons",
    "sessions",
    "tenant_capacities",
    "tenant_mailboxes",
    "tenants",
    "urgences",
    "vacancies",
]
