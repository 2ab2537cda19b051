"""Revenue by day of all stores together, and of the stores that sell most, from the marts."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from psycopg2.extensions import connection as Connection  # noqa: N812

from loyalty_lens.models.likelihood import Array

MOST_STORES = 20  # a fit takes a tenth of a second, and a store is judged on one more
RECENT_DAYS = 90
ALL, STORE = "all", "store"
QUERY = """
with series as (
    select scope, store_id, sum(net_amount) as recent_amount
    from marts.sales_trends
    where period = 'day' and period_date > %(business_date)s - %(recent_days)s
    group by scope, store_id
),
chosen as (
    select scope, store_id
    from series
    order by scope, recent_amount desc, store_id collate "C"
    limit %(most)s
)
select scope, store_id, min(period_date),
    array_agg(cast(net_amount as double precision) order by period_date)
from chosen
inner join marts.sales_trends as days using (scope, store_id)
where days.period = 'day'
group by scope, store_id
order by scope, store_id collate "C"
"""


@dataclass(frozen=True)
class Series:
    """Revenue of every day from the first sale to the business date; `store_id` empty for all."""

    scope: str
    store_id: str
    first_date: dt.date
    amounts: Array

    def __len__(self) -> int:
        return len(self.amounts)

    def date(self, place: int) -> dt.date:
        """The day of a place; beyond the end: a day to come."""
        return self.first_date + dt.timedelta(days=place)


def business_date(connection: Connection) -> dt.date | None:
    """The date on which the marts stand; None while nothing was sold."""
    with connection.cursor() as cursor:
        cursor.execute("select max(business_date) from marts.calendar")
        ((found,),) = cursor.fetchall()
    date: dt.date | None = found
    return date


def read_series(connection: Connection, date: dt.date) -> list[Series]:
    """The series to foretell: all stores first, then those with the most revenue lately."""
    asked = {"business_date": date, "recent_days": RECENT_DAYS, "most": 1 + MOST_STORES}
    with connection.cursor() as cursor:
        cursor.execute(QUERY, asked)
        return [
            Series(scope, store, first, np.array(amounts, dtype=np.float64))
            for scope, store, first, amounts in cursor.fetchall()
        ]
