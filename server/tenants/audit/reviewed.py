"""What the catalog may hold beside the rule, each exception with its reason: reviewed by hand.

A migration that needs one more exception adds it here, and says why.
"""

from __future__ import annotations

KINDS = ("portail_bailleur", "portail_reservataire", "portail_prefecture", "portail_epci")
ROLES = (*KINDS, "portail_identity", "portail_system", "portail_operator", "portail_demo")
POWERLESS_LOGINS = ("portail_migrate", "portail_app", "portail_worker")

# Tables without row-level security: the same for everybody, nobody's data.
REFERENCE = {"epcis", "communes", "lec_territories", "business_clock", "alembic_version"}
REFERENCE |= {"heartbeats", "outages"}  # the life of the portal itself, of no organisme
REFERENCE |= {"commune_zones", "commune_mergers"}
# Columns that say whose row it is.
TENANT_COLUMNS = {
    *("bailleur_id", "reservataire_id", "tenant_id", "sender_id", "recipient_id"),
    *("actor_tenant_id", "absorbed_id", "into_id", "prefecture_id", "holder_id", "line_party_id"),
}
# Always-true policies: (table, role, verb), r = select, a = insert, w = update, d = delete.
OPEN_POLICIES = {
    # the directory of organismes is public within the portal
    *(("tenants", role, "r") for role in ROLES),
    *(("tenant_capacities", role, "r") for role in ROLES),
    # so are its past names and its mergers, which the operator writes and the sweep applies
    *(
        (table, role, "r")
        for table in ("tenant_names", "tenant_mergers")
        for role in (*KINDS, "portail_system", "portail_operator")
    ),
    *((table, "portail_operator", "a") for table in ("tenant_names", "tenant_mergers")),
    ("tenants", "portail_operator", "w"),  # its name and who absorbed it
    # an arrêté of the préfet is public; the préfecture that takes it alone writes it
    *(("substitutions", role, "r") for role in KINDS),
    *(("charte_versions", role, "r") for role in KINDS),  # so is the charte
    # sign-in happens before anybody is known; no tenant's data is in these tables
    *(
        (table, "portail_identity", "r")
        for table in ("persons", "memberships", "api_tokens", "sessions", "login_attempts")
    ),
    *((table, "portail_identity", "a") for table in ("sessions", "login_attempts")),
    ("sessions", "portail_identity", "w"),
    ("login_attempts", "portail_identity", "d"),
    # so does the call of a machine: its access is looked up, its use and its calls are noted
    *((table, "portail_identity", "r") for table in ("machine_clients", "api_calls")),
    *((table, "portail_identity", "w") for table in ("api_tokens", "machine_clients", "api_calls")),
    ("api_calls", "portail_identity", "a"),
    # the sweep looks for the accesses of machines that end soon, without a name nor a secret
    *((table, "portail_system", "r") for table in ("api_tokens", "machine_clients")),
    # the operator creates organismes and people; only portail_migrate may take its role
    *(
        (table, "portail_operator", "a")
        for table in (
            *("tenants", "tenant_capacities", "tenant_mailboxes"),
            *("persons", "memberships", "api_tokens"),
        )
    ),
    *((table, "portail_operator", "r") for table in ("persons", "memberships", "api_tokens")),
    *((table, "portail_operator", "w") for table in ("persons", "memberships", "api_tokens")),
    # an invitation is accepted before anybody is known: the sign-in attaches who proved herself,
    # and notes when a membership is used; it changes no role (see its columns in the snapshot)
    ("invitations", "portail_identity", "r"),
    ("invitations", "portail_identity", "w"),
    *((table, "portail_identity", "a") for table in ("persons", "memberships", "people_events")),
    ("memberships", "portail_identity", "w"),
    # a diary reads the calendar whose secret address it has: nobody is signed in
    *(("calendar_feeds", "portail_identity", verb) for verb in "rw"),
    # the operator makes the first invitation of an organisme
    *(("invitations", "portail_operator", verb) for verb in "raw"),
    *(("people_events", "portail_operator", verb) for verb in "ra"),
    # the sweep looks for dormant accounts, without a name
    ("memberships", "portail_system", "r"),
    # the préfet reads the flux of the whole departement (domain.md §1.2), without addresses
    *(
        (table, "portail_prefecture", "r")
        for table in (
            *("dwellings", "conventions", "convention_communes", "vacancies", "orientations"),
            *("convention_amendments", "convention_scans"),
            *("state_derogations", "droits_uniques", "droit_unique_uses"),
            *("dwelling_exclusions", "dwelling_qpv_changes"),
            *("ledgers", "ledger_moves", "ledger_entries", "ledger_balances"),
            "urgences",
        )
    ),
    ("urgences", "portail_prefecture", "w"),  # its decision columns only
    # the worker looks for due rows of every tenant, in a few columns (see the snapshot)
    *((table, "portail_system", "r") for table in ("orientations", "urgences", "bilans")),
    # it looks for the conventions whose term comes near, without their content
    *((table, "portail_system", "r") for table in ("conventions", "convention_reminders")),
    # it notes the mails that did not go
    *(("dead_letters", "portail_system", verb) for verb in "raw"),
    # it looks for what is to be recalled or summed up, and for whom
    *(
        (table, "portail_system", "r")
        for table in ("orientation_reminders", "mail_preferences", "person_digests", "digests")
    ),
    ("imports", "portail_system", "r"),  # whose file it is, and nothing else of it
    ("scenario_draws", "portail_system", "r"),  # whose drawn years they are, and nothing else
    ("notifications", "portail_system", "r"),
    ("notifications", "portail_system", "w"),
    ("orientations", "portail_system", "w"),  # that its mail arrived, and nothing else of it
    # the mails of the demonstration; nobody holds this role elsewhere
    ("notifications", "portail_demo", "r"),
    # the dated result of the self-test is shown to all; what it found, to the operator
    *(("isolation_checks", role, "r") for role in (*KINDS, "portail_system")),
    ("isolation_checks", "portail_system", "a"),
}
# Functions that run as their owner: (name, pinned search_path).
DEFINER_FUNCTIONS = {("enqueue_job", "search_path=pg_catalog, pg_temp")}
# They refuse, they tell open pages to look again without data, or they date what changed in the
# row's own tenant, with the rights of whoever changed it.
TRIGGERS = {
    ("orientations", "guard_orientation_answer"),
    ("orientations", "guard_answer_period"),  # refuses a legal date that would come earlier
    ("conventions", "guard_one_convention"),  # refuses two in force for one pair (R441-5)
    ("conventions", "guard_convention_steps"),  # refuses the step of the other party
    # a published annexe 1 never changes, neither its head nor its rows
    ("annexes", "guard_published_annexe"),
    *(
        (table, "guard_published_annexe_rows")
        for table in (
            *("annexe_communes", "annexe_lines", "annexe_line_communes"),
            "annexe_droits_uniques",
        )
    ),
    ("ledger_moves", "guard_ledger_move"),  # refuses what does not add up to zero
    ("dwellings", "date_first_exclusion"),
    ("dwellings", "date_exclusion"),
    ("dwellings", "date_qpv"),
    ("journal", "tell_act"),
    ("notifications", "tell_notification"),
    ("notifications", "tell_bell"),
    ("imports", "tell_import"),
    ("scenario_draws", "tell_scenario"),
    ("memberships", "guard_last_responsable"),  # refuses an organisme without a responsable
}
# Views, all of them security_invoker.
VIEWS: set[str] = set()
# Foreign keys to a protected table without the tenant's column: people belong to no tenant.
PLAIN_FOREIGN_KEYS = {
    ("memberships", "persons"),
    ("sessions", "persons"),
    ("sessions", "memberships"),
    *((table, "persons") for table in ("calendar_feeds", "person_digests", "digests")),
}
DIRECTORY = {"tenants", "communes", "epcis"}
# Unique indexes without a tenant's column: the key is public, or drawn at random.
PLAIN_UNIQUE = {
    "tenants_slug_key",  # the public directory
    "persons_issuer_subject_key",  # one person per identity, whatever her organismes
    "api_tokens_token_hash_key",  # a hash of 256 random bits
    "invitations_secret_hash_key",  # a hash of 256 random bits
    # a client of the issuer that has shown its key: who only names it meets nothing here
    "machine_clients_attached",
    "calendar_feeds_secret_hash_key",  # a hash of 256 random bits
    "charte_versions_from_on_key",  # a public text, one version a day
}
# The demonstration's clock, read at the beginning of each transaction.
PUBLIC_GRANTS = {("business_clock", "SELECT")}
# The settings that policies may read: the context that the application's only door sets.
SETTINGS = {"app.tenant_id", "app.contingents"}
# Who may become what: (login, role). portail_demo is the demonstration's, and looked at apart.
MEMBERSHIPS = {
    *(("portail_app", role) for role in (*KINDS, "portail_identity")),
    *(("portail_worker", role) for role in (*KINDS, "portail_system")),
    ("portail_migrate", "portail_owner"),
    ("portail_migrate", "portail_operator"),
    ("portail_backup", "pg_read_all_data"),
}
# Roles and what sets them apart: logins, and the backup that reads every row for pg_dump.
ATTRIBUTES = {
    *((role, "") for role in (*ROLES, "portail_owner")),
    *((login, "login") for login in POWERLESS_LOGINS),
    ("portail_backup", "login bypassrls inherit"),
}

# What a préfecture reads of the whole departement, whichever its office: (role, table). Elsewhere
# an organisme that does not exist reads nothing at all.
WHOLE_DEPARTEMENT = {
    ("portail_prefecture", table)
    for table in (
        *("annexes", "annexe_communes", "annexe_lines", "annexe_line_communes", "bilans"),
        "annexe_droits_uniques",  # of the annexes 1 that it reads
        *("candidates", "decisions"),  # of households recognised as DALO
        "journal",  # the decisions on urgences
    )
}
