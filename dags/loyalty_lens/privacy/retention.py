"""How long personal data are kept, a period per data set (LENS_RETENTION), and how that ends."""

import functools
import logging
from collections.abc import Callable

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from loyalty_lens.privacy.blanking import FREE_TEXT, blank_rejects, read_anew, schemas_of
from loyalty_lens.privacy.erasure import certify, erase_all
from loyalty_lens.privacy.pseudonyms import session
from loyalty_lens.settings import Settings
from loyalty_lens.stewardship.audit import record
from loyalty_lens.warehouse.connection import connected

LOG = logging.getLogger(__name__)
REASON = "retention period is over (LENS_RETENTION)"
# Whoever did nothing for so long before the newest business date: no sale, no points event, no new
# version of their record.
INACTIVE = """
with activity as (
    select customer_id, max(business_date) as last_date from clean.sales
    where customer_id is not null group by customer_id
    union all
    select customer_id, max(business_date) from clean.points_events group by customer_id
    union all
    select customer_id, max(delivered_date) from clean.customer_history group by customer_id
)

select activity.customer_id from activity
where not exists (
    select from ops.erasures where erasures.customer_id = activity.customer_id
)
group by activity.customer_id
having max(activity.last_date) < ops.newest_business_date() - %s
order by activity.customer_id
"""
# Phones of guests that belong to no customer: one that does decides whose the sale is.
GUEST_PHONES = """
update raw.store_sales_header as rows set customer_phone = null
from clean.sales
where rows._batch_id = sales._batch_id and rows._row_number = sales._row_number
    and sales.is_guest and rows.customer_phone is not null
    and sales.business_date < ops.newest_business_date() - %s
returning rows._batch_id
"""
MALFORMED = """
delete from reject.malformed_lines as lines using ops.load_batches as batches
where lines._batch_id = batches.batch_id
    and batches.loaded_at < clock_timestamp() - make_interval(days => %s)
"""
# Of files as old as that, by the date that they are of.
DELIVERED = sql.SQL(
    "rows._batch_id in (select batch_id from ops.load_batches"
    " where coalesce(file_date, business_date, cast(loaded_at as date))"
    " < ops.newest_business_date() - %s)"
)
MESSAGES = """
update ops.notifications set subject = 'ended', body = 'ended'
where business_date < ops.newest_business_date() - %s and body not in ('ended', 'erased')
"""


def retain(settings: Settings, url: str) -> dict[str, int]:
    """Ends what LENS_RETENTION says is over; what was ended, by data set (nothing set: nothing).

    `customer_details`: customers without any activity for so many days are erased as by
    `lens erase`, exports aside. `store_sales_header`: phones of guests who are no customers go.
    Of files of so many days ago: free text of `points_events` and `customer_merges`, phones and
    card numbers in the flat records (`flat_sales`, `card_transactions`; what was made of them has
    periods of its own), personal data of `rejects` in reject and raw, `malformed_lines` as a whole.
    `notifications`: what messages said. The next build brings clean and marts up to date. Whoever
    calls holds the warehouse. Raises SettingsError.
    """
    wanted = settings.retention
    if not wanted:
        return {}
    done = {}
    with connected(url, parameters=session(settings)) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('clean.sales') is not null")
        if cursor.fetchone() == (False,):
            return {}
        for name, days in wanted.items():
            done[name] = _STEPS[name](cursor, days)
            if done[name]:
                details = {"days": days, "ended": done[name]}
                record(cursor, "retention", REASON, data_set=name, details=details)
    for name, count in done.items():
        LOG.info("retention of %s: %d days are over for %d", name, wanted[name], count)
    return done


def _customers(cursor: Cursor, days: int) -> int:
    cursor.execute(INACTIVE, (days,))
    customers = [customer_id for (customer_id,) in cursor.fetchall()]
    for customer_id in customers:
        certify(cursor, customer_id, REASON, erase_all(cursor, [customer_id]), ())
    return len(customers)


def _guest_phones(cursor: Cursor, days: int) -> int:
    cursor.execute(GUEST_PHONES, (days,))
    batches = [batch for (batch,) in cursor.fetchall()]
    if batches:
        read_anew(cursor, batches)
    return len(batches)


def _malformed_lines(cursor: Cursor, days: int) -> int:
    cursor.execute(MALFORMED, (days,))
    return cursor.rowcount


def _free_text(name: str, cursor: Cursor, days: int) -> int:
    """Rows of raw; those of reject go with them."""
    columns = FREE_TEXT[name]
    counts = []
    for schema in schemas_of(cursor, name):
        cursor.execute(
            sql.SQL("update {} as rows set {} where {} and num_nonnulls({}) > 0").format(
                sql.Identifier(schema, name),
                sql.SQL(", ").join(
                    sql.SQL("{} = null").format(sql.Identifier(column)) for column in columns
                ),
                DELIVERED,
                sql.SQL(", ").join(map(sql.Identifier, columns)),
            ),
            (days,),
        )
        counts.append(cursor.rowcount)
    if any(counts):
        read_anew(cursor, ())
    return counts[0] if counts else 0


def _rejects(cursor: Cursor, days: int) -> int:
    """Rejected rows of people, as delivered and as rejected: nobody repairs them any more."""
    blanked = blank_rejects(cursor, DELIVERED, days)
    if any(blanked.values()):
        read_anew(cursor, ())
    return sum(blanked.values())


def _notifications(cursor: Cursor, days: int) -> int:
    cursor.execute(MESSAGES, (days,))
    return cursor.rowcount


_STEPS: dict[str, Callable[[Cursor, int], int]] = {
    "customer_details": _customers,
    "store_sales_header": _guest_phones,
    **{name: functools.partial(_free_text, name) for name in FREE_TEXT},
    "rejects": _rejects,
    "malformed_lines": _malformed_lines,
    "notifications": _notifications,
}
