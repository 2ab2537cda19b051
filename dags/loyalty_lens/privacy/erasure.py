"""`lens erase`: a person's data are blanked everywhere, and no old file brings them back."""

import csv
import io
import json
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.campaigns.files import new_file
from loyalty_lens.errors import PrivacyError
from loyalty_lens.privacy.blanking import OWNERS, blank, read_anew
from loyalty_lens.splits import load_layouts
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
# Values by which a line that is no record is known to be about the person.
TRACES = """
select distinct lower(btrim(value)) from raw.customer_details as rows
cross join lateral (
    values (rows.email), (rows.customer_phone), (rows.street)
) as told (value)
where ops.read_id(rows.customer_id) = %s and length(btrim(value)) >= 6
"""
PHONES = """
select distinct ops.read_phone(rows.customer_phone) from {} as rows
where ops.read_id(rows.customer_id) = any(%s) and ops.read_phone(rows.customer_phone) is not null
"""
# Guests who left the phone: their sales follow the customer, so the phone becomes another.
OF_GUESTS = """
select distinct ops.read_phone(rows.customer_phone) from raw.store_sales_header as rows
where ops.read_id(rows.customer_id) is null and ops.read_phone(rows.customer_phone) = any(%s)
and not exists (
    select from raw.customer_details as others
    where ops.read_phone(others.customer_phone) = ops.read_phone(rows.customer_phone)
    and ops.read_id(others.customer_id) <> all(%s)
)
"""
OF_NOBODY_ELSE = """
select phones.phone from unnest(%s::text[]) as phones (phone)
where not exists (
    select from raw.customer_details as others
    where ops.read_phone(others.customer_phone) = phones.phone
    and ops.read_id(others.customer_id) <> all(%s)
)
"""
HOLDERS = """
select rows._batch_id, rows._row_number from raw.customer_details as rows
where ops.read_id(rows.customer_id) = any(%s) and ops.read_phone(rows.customer_phone) = %s
"""
REMEMBERED = """
select tables.relname, bool_or(attributes.attname = 'customer_id') as has_key
from pg_attribute as attributes
inner join pg_class as tables on attributes.attrelid = tables.oid
where tables.relnamespace = 'judge'::regnamespace and tables.relkind = 'r'
    and attributes.attname in ('customer_phone', 'customer_id') and attributes.attnum > 0
group by tables.relname having bool_or(attributes.attname = 'customer_phone')
"""


@dataclass(frozen=True)
class Certificate:
    """What was blanked, in rows by place; it names the customer's key and nothing else of them."""

    customer_id: str
    reason: str
    rows: dict[str, int]
    exports: tuple[str, ...]
    erased_at: str
    left: str = (
        "backups made before hold the data until they are replaced (a restore erases again); files"
        " that were sent away and"
        " files in the landing folder are with whoever sent or received them"
    )

    def as_dict(self) -> dict[str, Any]:
        return {
            "customer_id": self.customer_id,
            "reason": self.reason,
            "erased_at": self.erased_at,
            "rows_blanked": self.rows,
            "exports_rewritten": list(self.exports),
            "not_reached": self.left,
        }


def erase(
    url: str, customer_id: str, reason: str, exports: Path, session: Mapping[str, str]
) -> Certificate:
    """Blanks a customer's personal data in raw, reject, the gate's memory, messages and exports.

    Keys, dates of the programme and amounts stay, so that totals do not change; the build after it
    brings clean and marts up to date. Whoever calls holds the warehouse (`only_run`). An erased
    customer is blanked again: nothing is left over. `session`: parameters with the key by which
    their phones are known again (`pseudonyms.session`).
    Raises PrivacyError where nothing is held about the customer.
    """
    reason = given_reason(reason)
    with connected(url, parameters=session) as connection, connection.cursor() as cursor:
        if not _is_known(cursor, customer_id):
            raise PrivacyError(f"customer {customer_id}: nothing is held about such a customer")
        rows = erase_all(cursor, [customer_id])
        files = _from_exports(exports, customer_id)
        certificate = certify(cursor, customer_id, reason, rows, files)
    LOG.info("customer %s erased: %s rows", customer_id, f"{sum(rows.values()):,}")
    return certificate


def erase_all(cursor: Cursor, customers: Sequence[str]) -> dict[str, int]:
    """Blanks everything in the database about the customers; rows by table. One transaction.

    The session has the key of pseudonyms.
    """
    keys = list(customers)
    traces = [value for key in keys for value in _column(cursor, TRACES, (key,))]
    phones = _phones(cursor, keys)
    guests = _column(cursor, OF_GUESTS, (phones, keys))
    holders = {phone: _holders(cursor, keys, phone) for phone in guests}
    batches = _header_batches(cursor, keys, phones)
    of_nobody_else = _column(cursor, OF_NOBODY_ELSE, (phones, keys))
    rows = blank(cursor, keys)
    for phone in of_nobody_else:
        surrogate = None
        if phone in holders:
            surrogate = "000" + "".join(secrets.choice("0123456789") for _ in range(12))
            _exchange(cursor, phone, surrogate, holders[phone])
        _remember(cursor, phone, surrogate)
    _add(rows, "judge", _forget_in_judge(cursor, keys, set(phones) - set(guests)))
    _add(rows, "reject.malformed_lines", _malformed(cursor, keys, traces))
    cursor.execute(
        "update ops.notifications set subject = 'erased', body = 'erased'"
        " where customer_id = any(%s)",
        (keys,),
    )
    _add(rows, "ops.notifications", cursor.rowcount)
    read_anew(cursor, batches)
    return rows


def _remember(cursor: Cursor, phone: str, surrogate: str | None) -> None:
    """That no file brings the phone back; one that is made up itself gives way to the newer."""
    cursor.execute(
        "update ops.erased_phones set surrogate = coalesce(%s, surrogate) where surrogate = %s",
        (surrogate, phone),
    )
    if not cursor.rowcount:
        cursor.execute("select privacy.note_erased_phone(%s, %s)", (phone, surrogate))


def certify(
    cursor: Cursor, customer_id: str, reason: str, rows: dict[str, int], files: Sequence[str]
) -> Certificate:
    """Notes the erasure in ops.erasures and the audit log, in the transaction of the erasure."""
    (erased_at,) = _column(cursor, "select cast(clock_timestamp() as text)", ())
    certificate = Certificate(customer_id, reason, rows, tuple(files), erased_at)
    cursor.execute(
        "insert into ops.erasures (customer_id, reason, certificate) values (%s, %s, %s)"
        " on conflict (customer_id) do update set reason = excluded.reason,"
        " certificate = excluded.certificate, erased_at = clock_timestamp()",
        (customer_id, reason, json.dumps(certificate.as_dict())),
    )
    record(cursor, "erase", reason, details={"customer_id": customer_id, "rows": rows})
    return certificate


def _is_known(cursor: Cursor, customer_id: str) -> bool:
    for name, owner in OWNERS.items():
        cursor.execute("select to_regclass(%s) is not null", (f"raw.{name}",))
        if name in load_layouts() and cursor.fetchone() == (True,):
            cursor.execute(
                sql.SQL("select exists (select from {} where ops.read_id({}) = %s)").format(
                    sql.Identifier("raw", name), sql.Identifier(owner)
                ),
                (customer_id,),
            )
            if cursor.fetchone() == (True,):
                return True
    return False


def _phones(cursor: Cursor, keys: list[str]) -> list[str]:
    tables = [sql.Identifier("raw", name) for name in ("customer_details", "store_sales_header")]
    found = {
        phone
        for table in tables
        for phone in _column(cursor, sql.SQL(PHONES).format(table), (keys,))
    }
    return sorted(found)


def _header_batches(cursor: Cursor, keys: list[str], phones: list[str]) -> list[int]:
    return _column(
        cursor,
        "select distinct _batch_id from raw.store_sales_header where ops.read_id(customer_id)"
        " = any(%s) or ops.read_phone(customer_phone) = any(%s)",
        (keys, phones),
    )


def _holders(cursor: Cursor, keys: list[str], phone: str) -> list[tuple[int, int]]:
    cursor.execute(HOLDERS, (keys, phone))
    return cursor.fetchall()


def _exchange(
    cursor: Cursor, phone: str, surrogate: str, holders: Sequence[tuple[int, int]]
) -> None:
    """The customer's rows and those of their guest sales get one number that is nobody's."""
    for schema in ("raw", "reject"):
        for batch_id, row_number in holders:
            cursor.execute(
                sql.SQL(
                    "update {} set customer_phone = %s where _batch_id = %s and _row_number = %s"
                ).format(sql.Identifier(schema, "customer_details")),
                (surrogate, batch_id, row_number),
            )
    tables = [sql.Identifier(schema, "store_sales_header") for schema in ("raw", "reject")]
    tables.append(sql.Identifier("raw", "flat_sales"))
    cursor.execute(REMEMBERED)
    tables += [sql.Identifier("judge", name) for name, _ in cursor.fetchall()]
    for table in tables:
        cursor.execute(
            sql.SQL(
                "update {} set customer_phone = %s where ops.read_phone(customer_phone) = %s"
            ).format(table),
            (surrogate, phone),
        )


def _forget_in_judge(cursor: Cursor, keys: list[str], phones: set[str]) -> int:
    """What the gate remembers: phones in rows of the customer; elsewhere it may be another's."""
    cursor.execute(REMEMBERED)
    count = 0
    for name, has_key in cursor.fetchall():
        if has_key:
            cursor.execute(
                sql.SQL(
                    "update {} set customer_phone = null"
                    " where customer_id = any(%s) and customer_phone = any(%s)"
                ).format(sql.Identifier("judge", name)),
                (keys, sorted(phones)),
            )
            count += cursor.rowcount
    return count


def _malformed(cursor: Cursor, keys: list[str], traces: list[str]) -> int:
    """Lines that hold an address or phone of the customer, or the key as a field."""
    cursor.execute(
        "update reject.malformed_lines set line = 'erased' where line <> 'erased' and ("
        " exists (select from unnest(%s::text[]) as trace where position(trace in lower(line)) > 0)"
        " or regexp_split_to_array(line, '[,;|\\t\"]') && %s::text[])",
        (traces, keys),
    )
    return cursor.rowcount


def _from_exports(folder: Path, customer_id: str) -> list[str]:
    """Takes the customer's line out of every list below LENS_EXPORTS; the files concerned."""
    changed = []
    for path in sorted(folder.rglob("*.csv")) if folder.is_dir() else ():
        if path.is_symlink():
            continue
        text = path.read_text("utf-8-sig", errors="surrogateescape")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        if not rows or "customer_id" not in rows[0]:
            continue
        place = rows[0].index("customer_id")
        kept = [row for row in rows if len(row) <= place or row[place] != customer_id]
        if len(kept) == len(rows):
            continue
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator="\n").writerows(kept)
        with new_file(path) as file:
            file.stream.write(written.getvalue().encode(errors="surrogateescape"))
            file.keep()
        changed.append(str(path.relative_to(folder)))
    return changed


def _column(cursor: Cursor, query: "str | sql.Composable", values: tuple[Any, ...]) -> list[Any]:
    cursor.execute(query, values)
    return [value for (value,) in cursor.fetchall()]


def _add(rows: dict[str, int], name: str, count: int) -> None:
    if count:
        rows[name] = rows.get(name, 0) + count
