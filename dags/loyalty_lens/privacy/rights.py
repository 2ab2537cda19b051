"""The table of role x object x right, read from the database as it stands."""

from psycopg2.extensions import connection as Connection  # noqa: N812

ROLES = (
    "lens_steward",
    "lens_analyst",
    "lens_marketing",
    "lens_bi",
    "lens_store_manager",
    "lens_backup",
)
RIGHTS = """
with relations as (
    select
        pg_class.oid,
        pg_namespace.nspname as schema_name,
        pg_class.relname,
        pg_class.relkind,
        pg_class.relrowsecurity
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where
        pg_class.relkind in ('r', 'v', 'p', 'S')
        and pg_namespace.nspname in (
            'raw', 'reject', 'accepted', 'judge', 'staging', 'clean', 'marts', 'ops', 'privacy',
            'analyst', 'marketing', 'steward'
        )
),

columns as (
    select
        relations.oid,
        count(*) as column_count,
        array_agg(pg_attribute.attnum) as numbers
    from relations
    inner join pg_attribute
        on relations.oid = pg_attribute.attrelid
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
    group by relations.oid
),

cells as (
    select
        relations.*,
        wanted.role_name,
        columns.column_count,
        (
            select count(*) from unnest(columns.numbers) as number
            where has_schema_privilege(wanted.role_name, relations.schema_name, 'usage')
            and has_column_privilege(wanted.role_name, relations.oid, number, 'select')
        ) as readable_count,
        relations.relkind <> 'S' and has_table_privilege(
            wanted.role_name, relations.oid, 'insert, update, delete, truncate'
        ) as is_writable,
        (
            select pg_get_expr(pg_policy.polqual, pg_policy.polrelid)
            from pg_policy
            inner join pg_roles on pg_roles.oid = any(pg_policy.polroles)
            where
                relations.relrowsecurity
                and pg_policy.polrelid = relations.oid
                and pg_roles.rolname = wanted.role_name
        ) as condition
    from relations
    inner join columns on relations.oid = columns.oid
    cross join unnest(%s) as wanted (role_name)
)

select
    schema_name || '.' || relname as relation,
    role_name,
    case
        when is_writable then 'WRITES'
        when readable_count = 0 then ''
        else
            case
                when readable_count = column_count then 'all'
                else readable_count || ' of ' || column_count
            end || case
                when condition is null or condition = 'true' then ''
                when condition like '%%stores_of%%' then ', own stores'
                else ', groups'
            end
    end as cell
from cells
order by schema_name collate "C", relname collate "C"
"""


def rights_table(connection: Connection) -> str:
    """Markdown, one line per relation that some role may read: what each may read of it.

    `all`, or how many of its columns; `own stores`: rows of the stores of privacy.store_access;
    `groups`: rows that count enough customers. What nobody but backups and the pipeline may read is
    one line a schema.
    """
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS, (list(ROLES),))
        found: dict[str, dict[str, str]] = {}
        for relation, role, cell in cursor.fetchall():
            found.setdefault(relation, {})[role] = cell
    lines = [
        "| object | " + " | ".join(role.removeprefix("lens_") for role in ROLES) + " |",
        "|---" * (len(ROLES) + 1) + "|",
    ]
    closed: set[tuple[str, tuple[str, ...]]] = set()
    for relation, cells in found.items():
        row = tuple(cells[role] for role in ROLES)
        if any(row[:-1]):
            lines.append(f"| {relation} | " + " | ".join(row) + " |")
        else:
            closed.add((relation.split(".")[0], row))
    lines += [
        f"| {schema}: everything else | " + " | ".join(row) + " |" for schema, row in sorted(closed)
    ]
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines) + "\n"
