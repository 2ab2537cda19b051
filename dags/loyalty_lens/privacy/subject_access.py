"""`lens subject-access`: all that is held about one person, in one file."""

import json
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.files import new_file
from loyalty_lens.errors import PrivacyError
from loyalty_lens.privacy.blanking import OWNERS
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.warehouse.connection import connected

# Whatever has a customer's key in a column of its own; raw and reject tell it as delivered.
TABLES = """
select columns.table_schema, columns.table_name, columns.column_name
from information_schema.columns
inner join information_schema.tables
    on columns.table_schema = tables.table_schema and columns.table_name = tables.table_name
where tables.table_type = 'BASE TABLE'
    and columns.table_schema in ('raw', 'reject', 'clean', 'marts', 'ops')
    and (
        columns.column_name = 'customer_id'
        or (columns.table_name, columns.column_name) = ('card_transactions', 'customer_number')
    )
order by 1, 2
"""
GUEST_SALES = """
select to_jsonb(rows) from raw.store_sales_header as rows
where ops.read_id(rows.customer_id) is null and ops.read_phone(rows.customer_phone) in (
    select ops.read_phone(details.customer_phone) from raw.customer_details as details
    where ops.read_id(details.customer_id) = %s
)
"""
DELIVERED = sql.SQL("select to_jsonb(rows) from {} as rows where ops.read_id(rows.{}) = %s")
BUILT = sql.SQL("select to_jsonb(rows) from {} as rows where rows.{} = %s")
FILES = """
select jsonb_build_object(
    'batch_id', batch_id, 'data_set', data_set, 'file', source_file, 'loaded_at', loaded_at
) from ops.load_batches where batch_id = any(%s) order by batch_id
"""
AUDIT = """
select to_jsonb(audit_log) from ops.audit_log
where details ->> 'customer_id' = %s or details ->> 'merged_into' = %s order by entry_id
"""


def subject_access(url: str, customer_id: str, path: Path, reason: str) -> dict[str, int]:
    """Writes a JSON file of every row about the customer; rows by table.

    Keys: `customer_id`, `tables` (rows as they are, each raw row with its file and record), `files`
    (which delivery each `_batch_id` is), `audit_log`. Mode 0600; noted in the audit log.
    Raises PrivacyError where nothing is held, or the file exists.
    """
    reason = given_reason(reason)
    if path.exists():
        raise PrivacyError(f"{path}: exists already; name another file")
    with connected(url) as connection, connection.cursor() as cursor:
        found = _tables(cursor, customer_id)
        if not found:
            raise PrivacyError(f"customer {customer_id}: nothing is held about such a customer")
        batches = {row.get("_batch_id") for rows in found.values() for row in rows} - {None}
        answer = {
            "customer_id": customer_id,
            "tables": found,
            "files": _values(cursor, FILES, (sorted(batches),)),
            "audit_log": _values(cursor, AUDIT, (customer_id, customer_id)),
        }
        counts = {table: len(rows) for table, rows in found.items()}
        record(
            cursor, "subject access", reason, details={"customer_id": customer_id, "rows": counts}
        )
        with new_file(path, mark=b"") as file:
            file.stream.write(json.dumps(answer, indent=1, ensure_ascii=False).encode())
            connection.commit()  # known before it can be sent
            file.keep()
    return counts


def _tables(cursor: Cursor, customer_id: str) -> dict[str, list[dict[str, Any]]]:
    cursor.execute(TABLES)
    found = {}
    for schema, table, column in cursor.fetchall():
        if schema in ("raw", "reject") and OWNERS.get(table) != column:
            continue
        form = DELIVERED if schema in ("raw", "reject") else BUILT
        query = form.format(sql.Identifier(schema, table), sql.Identifier(column))
        if rows := _values(cursor, query, (customer_id,)):
            found[f"{schema}.{table}"] = rows
    if found and (rows := _values(cursor, GUEST_SALES, (customer_id,))):
        found["raw.store_sales_header (guest sales by phone)"] = rows
    return found


def _values(cursor: Cursor, query: "str | sql.Composable", values: tuple[Any, ...]) -> list[Any]:
    cursor.execute(query, values)
    return [value for (value,) in cursor.fetchall()]
