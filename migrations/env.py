"""Runs the migrations as the owner, alone (advisory lock), never waiting long for a lock."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

ADVISORY_LOCK = 7_404_441


def run(connection: Connection) -> None:
    connection.execute(text("set role portail_owner"))
    connection.execute(text("set lock_timeout = '5s'"))
    connection.execute(text("set statement_timeout = '60s'"))
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("select pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()


run(context.config.attributes["connection"])
