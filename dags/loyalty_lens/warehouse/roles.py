"""The roles of the warehouse, and what they may do: what `privacy` says, brought about."""

import logging

from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812

NAMES = (
    *("lens_owner", "lens_audit", "lens_steward", "lens_analyst", "lens_marketing", "lens_bi"),
    *("lens_store_manager", "lens_backup"),
)
LOG = logging.getLogger(__name__)


def open_to_roles(connection: Connection) -> None:
    """Makes roles that are missing and brings all rights to what the schema `privacy` says.

    Where this user may not create roles, the warehouse works without; what an administrator has to
    run is printed. Afterwards the next run gives the roles their rights.
    """
    with connection.cursor() as cursor:
        cursor.execute("select privacy.open_all()")
        cursor.execute("select privacy.seal_audit_log(), privacy.open_operations()")
    missing = to_create(connection)
    if missing:
        LOG.warning(
            "roles are missing and this user may not create them; an administrator runs: %s",
            " ".join(missing),
        )


def to_create(connection: Connection) -> list[str]:
    """The statements that create what is missing, one a role."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select role_name, attributes from privacy.roles where not exists"
            " (select from pg_roles where rolname = role_name) order by role_name"
        )
        return [
            sql.SQL("create role {} {};")
            .format(sql.Identifier(name), sql.SQL(attributes))
            .as_string(cursor)
            for name, attributes in cursor.fetchall()
        ]


def make_bare_roles(connection: Connection) -> list[str]:
    """Makes the roles that a backup names, on a server without a warehouse; those still missing."""
    with connection.cursor() as cursor:
        cursor.execute("select rolname from pg_roles where rolname = any(%s)", (list(NAMES),))
        missing = sorted(set(NAMES) - {name for (name,) in cursor.fetchall()})
        try:
            for name in missing:
                cursor.execute(sql.SQL("create role {} nologin").format(sql.Identifier(name)))
        except errors.InsufficientPrivilege:
            connection.rollback()
            return missing
    return []
