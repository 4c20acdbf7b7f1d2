"""Brings a database to the newest migration, then refreshes the reference data that ships."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.dialects.postgresql import insert

from server.db.tables import commune_mergers, commune_zones, communes, epcis, lec_territories
from server.reference import (
    load_communes,
    load_epcis,
    load_lec_territories,
    load_mergers,
    load_zones,
)

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def sync_url(dsn: str) -> str:
    """The address of a libpq URL for SQLAlchemy's psycopg dialect."""
    return dsn.replace("postgresql://", "postgresql+psycopg://", 1)


def upgrade(dsn: str) -> None:
    """Migrate and load the reference data; `dsn` is portail_migrate's."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("prepend_sys_path", str(MIGRATIONS.parent))
    engine = create_engine(sync_url(dsn), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with engine.begin() as connection:
            connection.execute(text("set local role portail_owner"))
            _load_reference(connection)
    finally:
        engine.dispose()


def _load_reference(connection: Connection) -> None:
    for table, key, rows in (
        (epcis, ("siren",), load_epcis()),
        (communes, ("insee",), load_communes()),
        (lec_territories, ("epci_siren", "from_on"), load_lec_territories()),
        (commune_zones, ("insee", "from_on"), load_zones()),
        (commune_mergers, ("old_insee",), load_mergers()),
    ):
        statement = insert(table)
        changed = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in key
        }
        connection.execute(
            statement.on_conflict_do_update(index_elements=list(key), set_=changed), rows
        )
