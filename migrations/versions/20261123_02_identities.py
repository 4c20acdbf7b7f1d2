"""Tenants, people, sessions and tokens."""

from __future__ import annotations

from alembic import op

revision = "20261123_02_identities"
down_revision = "20261123_01_reference"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE tenants (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    category TEXT NOT NULL,
    siren TEXT NOT NULL,
    insee TEXT,
    CONSTRAINT tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenants_slug_key UNIQUE (slug),
    CONSTRAINT tenants_insee_fkey FOREIGN KEY(insee) REFERENCES communes (insee)
);
CREATE TABLE tenant_capacities (
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    CONSTRAINT tenant_capacities_pkey PRIMARY KEY (tenant_id, capacity),
    CONSTRAINT tenant_capacities_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT tenant_capacities_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE tenant_mailboxes (
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    address TEXT NOT NULL,
    CONSTRAINT tenant_mailboxes_pkey PRIMARY KEY (tenant_id, capacity),
    CONSTRAINT tenant_mailboxes_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT tenant_mailboxes_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE persons (
    id UUID NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT persons_pkey PRIMARY KEY (id),
    CONSTRAINT persons_issuer_subject_key UNIQUE (issuer, subject)
);
CREATE TABLE memberships (
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    role TEXT NOT NULL,
    contingents TEXT[] DEFAULT '{none}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT memberships_pkey PRIMARY KEY (id),
    CONSTRAINT memberships_person_id_tenant_id_capacity_key UNIQUE (person_id, tenant_id, capacity),
    CONSTRAINT memberships_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT memberships_role_check CHECK (role in ('responsable', 'agent', 'lecteur')),
    CONSTRAINT memberships_person_id_fkey FOREIGN KEY(person_id) REFERENCES persons (id),
    CONSTRAINT memberships_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
CREATE TABLE login_attempts (
    state_hash TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    nonce TEXT NOT NULL,
    code_verifier TEXT NOT NULL,
    return_to TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT login_attempts_pkey PRIMARY KEY (state_hash)
);
CREATE TABLE sessions (
    id_hash TEXT NOT NULL,
    person_id UUID NOT NULL,
    membership_id UUID,
    id_token TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT sessions_pkey PRIMARY KEY (id_hash),
    CONSTRAINT sessions_person_id_fkey FOREIGN KEY(person_id) REFERENCES persons (id),
    CONSTRAINT sessions_membership_id_fkey FOREIGN KEY(membership_id) REFERENCES memberships (id)
);
CREATE INDEX sessions_person_id_idx ON sessions (person_id);
CREATE TABLE api_tokens (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    capacity TEXT NOT NULL,
    contingents TEXT[] DEFAULT '{none}' NOT NULL,
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_tokens_capacity_check CHECK (capacity in ('bailleur', 'reservataire', 'prefecture', 'epci')),
    CONSTRAINT api_tokens_tenant_id_fkey FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
