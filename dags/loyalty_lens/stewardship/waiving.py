"""`lens rejects waive`: a steward closes rejects; they stay out and count as rejected."""

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.errors import StewardshipError
from loyalty_lens.stewardship.audit import given_reason
from loyalty_lens.stewardship.selection import Selection
from loyalty_lens.warehouse.connection import connected


def waive(url: str, selection: Selection, reason: str) -> int:
    """Closes the selected open rejects, one entry of the audit log each; how many there were.

    Raises StewardshipError where there is none, naming what stands in the way of a single row.
    """
    reason = given_reason(reason)
    name = selection.data_set.name
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                """
                with chosen as (
                    select rejected._batch_id, rejected._row_number {source} for update of rejected
                ),
                waived as (
                    update {reject} as rejected
                    set status = 'waived', resolved_at = clock_timestamp()
                    from chosen
                    where
                        rejected._batch_id = chosen._batch_id
                        and rejected._row_number = chosen._row_number
                    returning rejected._batch_id, rejected._row_number, rejected.rule_ids
                )
                select ops.write_audit(
                    'waive', {reason}, {name}, waived._batch_id, waived._row_number,
                    jsonb_build_object('rule_ids', waived.rule_ids)
                )
                from waived
                """
            ).format(
                source=selection.source,
                reject=sql.Identifier("reject", name),
                reason=sql.Literal(reason),
                name=sql.Literal(name),
            )
        )
        waived = cursor.rowcount
        if not waived:
            raise StewardshipError(_why_none(cursor, selection))
    return waived


def _why_none(cursor: Cursor, selection: Selection) -> str:
    name = selection.data_set.name
    if selection.row_number is None:
        rule = f" of rule {selection.rule_id}" if selection.rule_id else ""
        batch = f" in batch {selection.batch_id}" if selection.batch_id else ""
        return f"{name}: no open reject{rule}{batch}; lens rejects list {name} shows them"
    where = f"{name}: row {selection.row_number} of batch {selection.batch_id}"
    cursor.execute(
        sql.SQL("select status from {} where _batch_id = %s and _row_number = %s").format(
            sql.Identifier("reject", name)
        ),
        (selection.batch_id, selection.row_number),
    )
    found = cursor.fetchone()
    return f"{where} is {found[0]} already" if found else f"{where} is not among the rejects"
