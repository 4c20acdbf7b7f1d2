"""The one spelling of a policy.

Forced row-level security on every tenant table, one policy per role (never an OR over kinds of
actor), settings read once per statement through a sub-select, absent context = no row.
"""

from __future__ import annotations

from alembic import op

TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::uuid)"
CONTINGENTS = "(select string_to_array(current_setting('app.contingents', true), ','))::text[]"
TERRITORY = f"(select t.siren from tenants t where t.id = {TENANT})"

OWN_CONTINGENT = f"reservataire_id = {TENANT} and contingent = any ({CONTINGENTS})"


def protect(table: str) -> None:
    """Enable and force row-level security: from here on nobody sees a row without a policy."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")


def _policy(table: str, role: str, verb: str, clause: str) -> None:
    op.execute(f"create policy {role}_{verb} on {table} for {verb} to portail_{role} {clause}")


def may_read(table: str, role: str, condition: str, *, columns: str = "") -> None:
    """Let `role` select the rows that meet `condition`, all columns or the listed ones."""
    op.execute(f"grant select {columns} on {table} to portail_{role}")
    _policy(table, role, "select", f"using ({condition})")


def may_insert(table: str, role: str, condition: str) -> None:
    op.execute(f"grant insert on {table} to portail_{role}")
    _policy(table, role, "insert", f"with check ({condition})")


def may_update(table: str, role: str, condition: str, *, columns: str) -> None:
    """Let `role` update the listed columns, and nothing else, of the rows that meet `condition`."""
    op.execute(f"grant update {columns} on {table} to portail_{role}")
    _policy(table, role, "update", f"using ({condition}) with check ({condition})")


def may_delete(table: str, role: str, condition: str) -> None:
    op.execute(f"grant delete on {table} to portail_{role}")
    _policy(table, role, "delete", f"using ({condition})")


def private(table: str, *, owner: str = "bailleur_id", update: str = "") -> None:
    """The bailleur that owns the row, and nobody else: reads, inserts, updates `update`."""
    protect(table)
    mine = f"{owner} = {TENANT}"
    may_read(table, "bailleur", mine)
    may_insert(table, "bailleur", mine)
    if update:
        may_update(table, "bailleur", mine, columns=update)


def shared(table: str, readers: dict[str, tuple[str, str]], *, update: str = "") -> None:
    """As `private`, and each named kind reads: `readers` = role → (condition, columns or "")."""
    private(table, update=update)
    for role, (condition, columns) in readers.items():
        may_read(table, role, condition, columns=columns)
