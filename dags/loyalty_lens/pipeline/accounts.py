"""Whose points of days already published a run has changed: late, corrected or replayed rows."""

import datetime as dt
from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.pipeline.counted import state_of

LEDGER = "marts.points_ledger"
DATES = """
select as_of.business_date, published.business_date, published.ledger_state
from clean.as_of as as_of
left join ops.published_accounts as published on true
"""
# A hash of the entries of each account up to a date, which knows no order; and of those up to the
# date that was published before.
CONTENTS = """
create temporary table account_contents on commit drop as
select
    entries.customer_id,
    sum(entries.content) as content,
    sum(entries.content) filter (where entries.business_date <= %(before)s) as published_content
from (
    select
        customer_id,
        business_date,
        hashtextextended(concat_ws('|', entry_id, points, repaid_points), 0) as content
    from marts.points_ledger where business_date <= %(today)s
) as entries
group by entries.customer_id
"""
CHANGED = """
select count(*)
from ops.accounts as accounts
full join account_contents as now on accounts.customer_id = now.customer_id
where accounts.content is distinct from now.published_content
"""
# Only accounts that differ are written: most stand from day to day.
PUBLISH = """
delete from ops.accounts as accounts
where not exists (
    select from account_contents as now where now.customer_id = accounts.customer_id
);
insert into ops.accounts as accounts (customer_id, content)
select now.customer_id, now.content
from account_contents as now
left join ops.accounts as published on now.customer_id = published.customer_id
where published.content is distinct from now.content
on conflict (customer_id) do update set content = excluded.content
"""
NAME_DATE = """
insert into ops.published_accounts (business_date, ledger_state) values (%s, %s)
on conflict (is_only) do update set
    business_date = excluded.business_date, ledger_state = excluded.ledger_state
"""


def publish_accounts(connection: Connection) -> dict[str, Any]:
    """Compares the ledger with what was published last, and publishes it.

    Keys: up_to, the business date published before (null in the first run), and customers_changed,
    those whose entries up to that date are others now. A run for an earlier date than was published
    compares and publishes nothing: the next run shows the newest date again. Nothing is read where
    that date and the ledger's rows are those that were published.
    """
    with connection.cursor() as cursor:
        cursor.execute(DATES)
        today, before, published = cursor.fetchone() or (None, None, None)
    changed = 0
    state = state_of(connection, LEDGER)
    stands = today == before and state is not None and state == published
    if today and not (before and before > today) and not stands:
        changed = _publish(connection, today, before, state)
    return {"up_to": str(before) if before else None, "customers_changed": changed}


def _publish(
    connection: Connection, today: dt.date, before: dt.date | None, state: str | None
) -> int:
    """How many accounts are others up to `before`; 0 where nothing was published before."""
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, {"today": today, "before": before})
        cursor.execute("analyze account_contents")
        changed = 0
        if before:
            cursor.execute(CHANGED)
            (changed,) = cursor.fetchone() or (0,)
        cursor.execute(PUBLISH)
        cursor.execute(NAME_DATE, (today, state))
    return changed
