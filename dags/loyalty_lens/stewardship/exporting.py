"""`lens rejects export`: rejects as a CSV file that a spreadsheet opens and `load` takes back."""

import os
from pathlib import Path
from typing import IO, cast

from psycopg2 import sql

from loyalty_lens.errors import StewardshipError
from loyalty_lens.stewardship.audit import given_reason, record
from loyalty_lens.stewardship.selection import Selection
from loyalty_lens.warehouse.connection import connected

REFERENCE = ("_batch_id", "_row_number")
EXPLANATION = ("rule_ids", "messages")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it a spreadsheet takes the file for Windows-1252


def export(url: str, selection: Selection, path: Path, reason: str) -> int:
    """Writes the selected rejects to `path`; how many there are (none: no file).

    Columns: the reference, the rules that failed, their messages, then every contract column as it
    was delivered. Cells that begin like a formula get an apostrophe (`ops.to_spreadsheet`). The
    file may hold personal data and is readable by its owner alone.

    Raises StewardshipError where the file exists or cannot be written.
    """
    reason = given_reason(reason)
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("select count(*) {}").format(selection.source))
        if cursor.fetchone() == (0,):
            return 0
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise StewardshipError(f"{path}: exists already; name another file") from None
        except OSError as error:
            raise StewardshipError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(BYTE_ORDER_MARK)
                cursor.copy_expert(_copy(selection), cast(IO[bytes], stream))
        except OSError as error:
            path.unlink()
            raise StewardshipError(f"{path}: cannot be written ({error.strerror})") from error
        except BaseException:
            path.unlink()
            raise
        rows = int(cursor.rowcount)
        record(
            cursor,
            "export",
            reason,
            data_set=selection.data_set.name,
            batch_id=selection.batch_id,
            details={"rows": rows, "file": path.name, "rule_id": selection.rule_id},
        )
    return rows


def _copy(selection: Selection) -> sql.Composable:
    columns = sql.SQL(", ").join(
        sql.SQL("ops.to_spreadsheet(rejected.{name}) as {name}").format(name=sql.Identifier(name))
        for name in selection.data_set.column_names
    )
    return sql.SQL(
        """
        copy (
            select
                rejected._batch_id,
                rejected._row_number,
                array_to_string(rejected.rule_ids, ', ') as rule_ids,
                ops.to_spreadsheet((
                    select string_agg(errors.error ->> 'message', '; ' order by errors.place)
                    from jsonb_array_elements(rejected.errors)
                        with ordinality as errors (error, place)
                )) as messages,
                {columns}
            {source}
            order by rejected._batch_id, rejected._row_number
        ) to stdout (format csv, header, encoding 'UTF8')
        """
    ).format(columns=columns, source=selection.source)
