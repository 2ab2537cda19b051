"""What was counted of a table, kept while its rows are known to be those that were counted.

docs/decisions/0047.
"""

import json
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812

# dbt tells another version in the transaction that changes rows. Whoever changes them past dbt is
# seen by the server's own counts of rows ever written, or by another file of the table; these begin
# anew after a crash (stats_reset), and do not move where the server is told not to count.
STATE = """
select concat_ws(
    ' ', versions.version, tables.oid, tables.relfilenode,
    written.n_tup_ins, written.n_tup_upd, written.n_tup_del, server.stats_reset
)
from ops.relation_versions as versions
inner join pg_class as tables
    on tables.oid = to_regclass(%(relation)s) and tables.relkind = 'r'
inner join pg_stat_all_tables as written on tables.oid = written.relid
cross join pg_stat_bgwriter as server
where
    versions.relation = split_part(%(relation)s, '.', 2)
    and current_setting('track_counts') = 'on'
"""
KEPT = """
select kept.value from ops.counted_tables as kept
where kept.relation = %(relation)s and kept.counted = md5(%(query)s) and kept.state = %(state)s
"""
KEEP = """
insert into ops.counted_tables (relation, counted, state, value)
values (%(relation)s, md5(%(query)s), %(state)s, %(value)s)
on conflict (relation, counted) do update set
    state = excluded.state, value = excluded.value, counted_at = excluded.counted_at
"""


def state_of(connection: Connection, relation: str) -> str | None:
    """Equal where no row of `relation` (schema.table) was changed in between; None: nobody knows.

    A change that another session has made in the last ten seconds may not be told yet: the server
    counts a session's rows when it rests.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATE, {"relation": relation})
        row = cursor.fetchone()
    return row[0] if row else None


def counted(
    connection: Connection, relation: str, query: sql.Composable, *, anew: bool = False
) -> tuple[Any, bool]:
    """The one value of `query`, which reads `relation` alone, and whether it was counted just now.

    `query` gives jsonb. It is asked where the state of the table is unknown or another than when it
    was asked last, or `anew`; the answer is kept. The state is read first: what is written
    meanwhile makes it another.
    """
    state = state_of(connection, relation)
    with connection.cursor() as cursor:
        values = {"relation": relation, "query": query.as_string(cursor), "state": state}
        if not anew and state is not None:
            cursor.execute(KEPT, values)
            if kept := cursor.fetchone():
                return kept[0], False
        cursor.execute(query)
        (value,) = cursor.fetchone() or (None,)
        if state is not None:
            cursor.execute(KEEP, {**values, "value": json.dumps(value)})
    return value, True
