"""Communes, EPCI, territories and the business clock."""

from __future__ import annotations

from alembic import op

revision = "20261123_01_reference"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE epcis (
    siren TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    population INTEGER NOT NULL,
    CONSTRAINT epcis_pkey PRIMARY KEY (siren)
);
CREATE TABLE communes (
    insee TEXT NOT NULL,
    name TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    siren TEXT NOT NULL,
    epci_siren TEXT,
    population INTEGER NOT NULL,
    CONSTRAINT communes_pkey PRIMARY KEY (insee),
    CONSTRAINT communes_epci_siren_fkey FOREIGN KEY(epci_siren) REFERENCES epcis (siren)
);
CREATE INDEX communes_epci_siren_idx ON communes (epci_siren);
CREATE TABLE lec_territories (
    epci_siren TEXT NOT NULL,
    from_on DATE NOT NULL,
    to_on DATE,
    CONSTRAINT lec_territories_pkey PRIMARY KEY (epci_siren, from_on),
    CONSTRAINT lec_territories_epci_siren_fkey FOREIGN KEY(epci_siren) REFERENCES epcis (siren)
);
CREATE TABLE business_clock (
    singleton BOOLEAN DEFAULT true NOT NULL,
    shift INTERVAL NOT NULL,
    CONSTRAINT business_clock_pkey PRIMARY KEY (singleton),
    CONSTRAINT business_clock_single_row_check CHECK (singleton)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
