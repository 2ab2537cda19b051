"""The role that the pipeline connects as: no superuser, owner of its databases and all in them."""

from contextlib import closing

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import encrypt_password

from loyalty_lens.errors import WarehouseError, first_line
from loyalty_lens.warehouse.connection import connect, shown, with_database

OWNER = "lens_owner"
# It makes databases (the demo's, those of checks) and the roles of the warehouse.
RIGHTS = sql.SQL("login createdb createrole nosuperuser")
DATABASES = "select datname from pg_database where datallowconn and not datistemplate order by 1"
# Roles that were made without it: it lets them in, and whoever made one may do so anyhow.
ROLES = """
select roles.rolname from pg_roles as roles
where not roles.rolsuper and roles.rolname !~ '^pg_' and roles.rolname <> %(owner)s
    and not exists (
        select from pg_auth_members as members
        where members.roleid = roles.oid and members.admin_option
            and members.member = (select oid from pg_roles where rolname = %(owner)s)
    )
order by 1
"""
# What the superuser made in a database; indexes, sequences of columns and the like follow.
OBJECTS = """
select format('schema %I', nspname) from pg_namespace
where nspowner = to_regrole(current_user) and nspname !~ '^pg_' and nspname <> 'information_schema'
union all
select format('table %I.%I', schemas.nspname, relations.relname)
from pg_class as relations
inner join pg_namespace as schemas on relations.relnamespace = schemas.oid
where relations.relowner = to_regrole(current_user)
    and relations.relkind in ('r', 'p', 'v', 'm', 'S')
    and schemas.nspname !~ '^pg_' and schemas.nspname <> 'information_schema'
    and not exists (
        select from pg_depend
        where pg_depend.classid = 'pg_class'::regclass and pg_depend.objid = relations.oid
            and relations.relkind = 'S' and pg_depend.deptype in ('a', 'i')
    )
union all
select format(
    'routine %I.%I(%s)', schemas.nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)
)
from pg_proc inner join pg_namespace as schemas on pronamespace = schemas.oid
where proowner = to_regrole(current_user)
    and schemas.nspname !~ '^pg_' and schemas.nspname <> 'information_schema'
"""
# The audit log is another's: whoever was let in by name must be let in again.
LOG = """
do $$
declare sequence_name text;
begin
    if to_regprocedure('ops.write_audit(text, text, text, bigint, bigint, jsonb)') is not null then
        sequence_name := pg_get_serial_sequence('ops.audit_log', 'entry_id');
        grant select on ops.audit_log to lens_owner;
        execute format('grant select on sequence %s to lens_owner', sequence_name);
        grant execute on function
        ops.write_audit(text, text, text, bigint, bigint, jsonb) to lens_owner;
    end if;
end
$$
"""


def let_in(connection: Connection, role: str, password: str) -> None:
    """The role with its rights and this password, made or changed.

    The password is hashed here, so that no log of the server can hold it.
    """
    hashed = encrypt_password(password, role, connection, "scram-sha-256")
    with connection.cursor() as cursor:
        cursor.execute("select 1 from pg_roles where rolname = %s", (role,))
        verb = sql.SQL("alter" if cursor.fetchone() else "create")
        cursor.execute(
            sql.SQL("{} role {} {} password {}").format(
                verb, sql.Identifier(role), RIGHTS, sql.Literal(hashed)
            )
        )


def hand_over(admin_url: str, password: str) -> None:
    """Makes lens_owner on an embedded server and gives it whatever the superuser owns there.

    `admin_url`: the superuser's. Repeated, it changes nothing but the password.
    Raises WarehouseError; then it is to be done again.
    """
    try:
        with closing(connect(admin_url, autocommit=True)) as connection:
            let_in(connection, OWNER, password)
            owner = sql.Identifier(OWNER)
            with connection.cursor() as cursor:
                # Databases are dropped though dashboards of other roles look at them.
                cursor.execute(sql.SQL("grant pg_signal_backend to {}").format(owner))
                cursor.execute(ROLES, {"owner": OWNER})
                for (role,) in cursor.fetchall():
                    cursor.execute(
                        sql.SQL("grant {} to {} with admin true, inherit false, set false").format(
                            sql.Identifier(role), owner
                        )
                    )
                cursor.execute(DATABASES)
                databases = [name for (name,) in cursor.fetchall()]
                for name in databases:
                    cursor.execute(
                        sql.SQL("alter database {} owner to {}").format(sql.Identifier(name), owner)
                    )
        for name in databases:
            with closing(connect(with_database(admin_url, name))) as connection, connection:
                _give(connection)
    except psycopg2.Error as error:
        raise WarehouseError(f"{shown(admin_url)}: {first_line(error)}; run again") from None


def _give(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OBJECTS)
        for (thing,) in cursor.fetchall():
            cursor.execute(f"alter {thing} owner to {OWNER}")
        cursor.execute(LOG)
