"""The role lens_owner, which the pipeline connects as, and its database; made by the superuser."""

from contextlib import closing

import psycopg2
from psycopg2 import sql

from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.warehouse.connection import connect, shown
from loyalty_lens.warehouse.formats import parts
from loyalty_lens.warehouse.owner import let_in


def make_owner(admin_url: str, url: str) -> None:
    """Role, password and database of `url`, each only where it is missing or has changed.

    Raises WarehouseError.
    """
    wanted = parts(url)
    role, database = sql.Identifier(wanted["user"]), sql.Identifier(wanted["dbname"])
    with closing(connect(admin_url, autocommit=True)) as connection, connection.cursor() as cursor:
        try:
            let_in(connection, wanted["user"], wanted["password"])
            cursor.execute("select 1 from pg_database where datname = %s", (wanted["dbname"],))
            if not cursor.fetchone():
                cursor.execute(sql.SQL("create database {} owner {}").format(database, role))
        except psycopg2.Error as error:
            raise WarehouseError(f"{shown(admin_url)}: {first_line(error)}") from None
