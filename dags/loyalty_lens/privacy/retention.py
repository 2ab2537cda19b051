"""How long personal data are kept, a period per data set (LENS_RETENTION), and how that ends."""

import logging

from psycopg2.extensions import cursor as Cursor  # noqa: N812

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


def retain(settings: Settings, url: str) -> dict[str, int]:
    """Ends what LENS_RETENTION says is over; what was ended, by data set (nothing set: nothing).

    `customer_details`: customers without any activity for so many days are erased as by
    `lens erase`, exports aside. `store_sales_header`: phones of guests who are no customers go.
    `malformed_lines`: lines of files loaded so many days ago go. The next build brings clean and
    marts up to date. Whoever calls holds the warehouse. Raises SettingsError.
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
    cursor.execute(
        "delete from ops.batch_builds where batch_id = any(%s::bigint[])", (sorted(set(batches)),)
    )
    return len(batches)


def _malformed_lines(cursor: Cursor, days: int) -> int:
    cursor.execute(MALFORMED, (days,))
    return cursor.rowcount


_STEPS = {
    "customer_details": _customers,
    "store_sales_header": _guest_phones,
    "malformed_lines": _malformed_lines,
}
