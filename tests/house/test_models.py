"""The tables that the queries see are the ones that the migrations build, to the constraint."""

from __future__ import annotations

from typing import Any

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, text

from server.db import tables
from server.db.columns import metadata
from server.db.upgrade import sync_url
from tests.databases import Database, Databases

CATALOG = {
    "constraints": (
        "select c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid)"
        " from pg_constraint c where c.connamespace = 'public'::regnamespace"
        " and c.contype <> 't'"  # a deferred trigger is reviewed with the other triggers
    ),
    "indexes": (
        "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'"
    ),
    "columns": (
        "select table_name, column_name, data_type, udt_name, is_nullable,"
        " column_default, numeric_precision, numeric_scale"
        " from information_schema.columns where table_schema = 'public'"
    ),
}
OF_ALEMBIC = "alembic_version"


def catalog(dsn: str, question: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(CATALOG[question].encode()).fetchall()
    return {tuple(row) for row in rows if row[0] != OF_ALEMBIC}


def test_alembic_has_nothing_to_add(database: Database) -> None:
    engine = create_engine(sync_url(database.migrate_dsn), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("set role portail_owner"))
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_constraints_indexes_and_columns_are_the_same(
    database: Database, databases: Databases
) -> None:
    """CHECK constraints included, which alembic does not compare."""
    drawn = databases.clone("template0")
    engine = create_engine(sync_url(drawn.super_dsn), poolclass=NullPool)
    metadata.create_all(engine)
    engine.dispose()
    for question in CATALOG:
        migrated, expected = (catalog(one.super_dsn, question) for one in (database, drawn))
        assert migrated - expected == set(), question
        assert expected - migrated == set(), question
    databases.discard(drawn)


def test_every_table_is_exported() -> None:
    """The room of the queries sees each table by its name."""
    assert {table.name for table in metadata.sorted_tables} == set(tables.__all__)
