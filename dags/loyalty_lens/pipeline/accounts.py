"""Whose points of days already published a run has changed: late, corrected or replayed rows."""

from typing import Any

from psycopg2.extensions import connection as Connection  # noqa: N812

# A hash of the entries of each account up to a date, which knows no order.
CONTENTS = """
select customer_id, sum(hashtextextended(concat_ws('|', entry_id, points, repaid_points), 0))
from marts.points_ledger where business_date <= %s group by customer_id
"""
CHANGED = f"""
select count(*)
from ops.accounts as accounts
full join ({CONTENTS}) as now (customer_id, content) on accounts.customer_id = now.customer_id
where accounts.content is distinct from now.content
"""  # noqa: S608  (our own text)
PUBLISH = f"insert into ops.accounts (customer_id, content) {CONTENTS}"
NAME_DATE = "insert into ops.published_accounts (business_date) values (%s)"


def publish_accounts(connection: Connection) -> dict[str, Any]:
    """Compares the ledger with what was published last, and publishes it.

    Keys: up_to, the business date published before (null in the first run), and customers_changed,
    those whose entries up to that date are others now. A run for an earlier date than was published
    compares and publishes nothing: the next run shows the newest date again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select as_of.business_date, published.business_date from clean.as_of as as_of"
            " left join ops.published_accounts as published on true"
        )
        today, before = cursor.fetchone() or (None, None)
        changed = 0
        if today and before and before <= today:
            cursor.execute(CHANGED, (before,))
            (changed,) = cursor.fetchone() or (0,)
        if today and not (before and before > today):
            cursor.execute("delete from ops.accounts")
            cursor.execute(PUBLISH, (today,))
            cursor.execute("delete from ops.published_accounts")
            cursor.execute(NAME_DATE, (today,))
    return {"up_to": str(before) if before else None, "customers_changed": changed}
