"""The role lens_owner, which the pipeline connects as, and its database; made by the superuser."""

from contextlib import closing

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.warehouse.connection import connect, shown
from loyalty_lens.warehouse.formats import parts

# Not a superuser: it makes the demo's database beside its own, and the role lens_bi.
RIGHTS = sql.SQL("login createdb createrole nosuperuser")


def make_owner(admin_url: str, url: str) -> None:
    """Role, password and database of `url`, each only where it is missing or has changed.

    The password is hashed here, so that no log of the server can hold it. Raises WarehouseError.
    """
    wanted = parts(url)
    role, database = sql.Identifier(wanted["user"]), sql.Identifier(wanted["dbname"])
    with closing(connect(admin_url, autocommit=True)) as connection, connection.cursor() as cursor:
        hashed = encrypt_password(wanted["password"], wanted["user"], connection, "scram-sha-256")
        try:
            cursor.execute("select 1 from pg_roles where rolname = %s", (wanted["user"],))
            verb = sql.SQL("alter" if cursor.fetchone() else "create")
            cursor.execute(
                sql.SQL("{} role {} {} password {}").format(verb, role, RIGHTS, sql.Literal(hashed))
            )
            cursor.execute("select 1 from pg_database where datname = %s", (wanted["dbname"],))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create database {} owner {}").format(database, role))
        except psycopg2.Error as error:
            raise WarehouseError(f"{shown(admin_url)}: {first_line(error)}") from None
